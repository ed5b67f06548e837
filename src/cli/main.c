/* main.c - one table of commands; finds the one asked for and runs it. */
#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ingest/pool.h"
#include "src/base/interrupt.h"
#include "src/base/mapped.h"
#include "src/cli/command.h"
#include "src/cli/output.h"

static int help_run(int argc, char **argv);
static int version_run(int argc, char **argv);

static const Command command_help = { "help", "show this list, or the options of a command", "[COMMAND]", help_run };
static const Command command_version = { "version", "show the version and the licence", "", version_run };

/* In the order that "kvasir help" shows. */
static const Command *const commands[] = {
    &command_ask,
    &command_chat,
    &command_ingest,
    &command_corpus,
    &command_search,
    &command_history,
    &command_show,
    &command_verify,
    &command_text,
    &command_cache,
    &command_model,
    &command_tokens,
    &command_logits,
    &command_plan,
    &command_bench,
    &command_help,
    &command_version,
};

static const Command *find_command(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_commands(FILE *out)
{
    fputs("usage: kvasir COMMAND [OPTION...] [ARGUMENT...]\n"
          "\n"
          "Answers questions about your documents, offline.\n"
          "\n", out);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "\"kvasir COMMAND --help\" shows the options of a command; \"man kvasir\" tells the rest.\n", out);
}

/* Edit distance of two short names (Levenshtein, and swapped neighbours count once). */
static guint edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 32 };
    guint d[LONGEST + 1][LONGEST + 1];
    gsize na = strlen(a), nb = strlen(b);

    if (na > LONGEST || nb > LONGEST)
        return G_MAXUINT;
    for (gsize i = 0; i <= na; i++) {
        for (gsize j = 0; j <= nb; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (guint) (i + j);
                continue;
            }
            guint change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            guint best = MIN(change, MIN(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    }
    return d[na][nb];
}

static int unknown_command(const char *name)
{
    const char *near = NULL;
    guint nearest = 3;

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        guint distance = edit_distance(name, commands[i]->name);
        if (distance < nearest && distance < strlen(commands[i]->name)) {
            nearest = distance;
            near = commands[i]->name;
        }
    }
    output_note("kvasir: there is no command \"%s\"", name);
    if (near != NULL)
        output_note("; did you mean \"%s\"?\n", near);
    else
        fputs("; \"kvasir help\" lists them\n", stderr);
    return 2;
}

static int help_run(int argc, char **argv)
{
    g_autofree char *option = g_strdup("--help");
    char *call[] = { NULL, option, NULL };      /* GOption takes what it knows out of it */
    const Command *command;

    if (argc < 2 || strcmp(argv[1], "help") == 0 || argv[1][0] == '-') {
        print_commands(stdout);
        return command_finish(&command_help, 0);
    }
    command = find_command(argv[1]);
    call[0] = argv[1];
    return command != NULL ? command->run(2, call) : unknown_command(argv[1]);
}

static int version_run(int argc, char **argv)
{
    puts(PACKAGE_STRING "\n"
         "Licence: GPL-3.0-or-later.  There is no warranty, to the extent permitted by law.");
    return command_finish(&command_version, 0);
}

/* A standard stream that the caller has closed would lend its number to the next file that is opened, a database say, and
 * what is printed would go there.  Something that cannot be used as that stream takes its place: reading and writing fail as before. */
static void occupy_closed_streams(void)
{
    static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless[fd]) < 0)
            _exit(4);
}

int main(int argc, char **argv)
{
    const Command *command;

    /* Only these two: numbers are read and written with a point everywhere. */
    setlocale(LC_CTYPE, "");
    setlocale(LC_MESSAGES, "");
    if (argc > 0 && strcmp(argv[0], POOL_WORKER) == 0)
        return pool_work(argc, argv);
    occupy_closed_streams();
    interrupt_install();
    mapped_install();

    if (argc < 2) {
        print_commands(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        argv[1] = g_strdup("help");
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        argv[1] = g_strdup("version");
    command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
