/* command.c - what the commands share: options, errors, the end. */
#include "config.h"
#include "src/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/output.h"
#include "src/cli/reading.h"
#include "src/cli/settings.h"

static int count_separators(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++)
        n += strcmp(argv[i], "--") == 0;
    return n;
}

/* GOption leaves the "--" where it is if an argument behind it begins with "-".  BEFORE: how many
 * there were. */
static void drop_separator(int before, int *argc, char **argv)
{
    int at = 1;

    if (before == 0 || count_separators(*argc, argv) < before)
        return;
    while (strcmp(argv[at], "--") != 0)
        at++;
    (*argc)--;
    for (int i = at; i < *argc; i++)
        argv[i] = argv[i + 1];
    argv[*argc] = NULL;
}

int command_parse(const Command *command, const GOptionEntry *entries, gboolean with_engine,
                  int *argc, char ***argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(command->usage);
    g_autofree char *name = g_strconcat("kvasir ", command->name, NULL);
    g_autofree char *summary = g_strconcat("kvasir ", command->name, ": ", command->summary, ".", NULL);
    g_autofree char *details = g_strconcat("\"man kvasir-", command->name, "\" tells more.", NULL);
    gboolean help = FALSE;
    int separators = count_separators(*argc, *argv);
    const GOptionEntry common[] = {
        { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL },
        { NULL },
    };
    GError *error = NULL;

    g_set_prgname(name);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, details);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    if (command->reads)
        g_option_context_add_main_entries(context, reading_entries(), NULL);
    if (with_engine)
        g_option_context_add_main_entries(context, settings_entries(), NULL);
    g_option_context_add_main_entries(context, common, NULL);

    if (!g_option_context_parse(context, argc, argv, &error)) {
        int status = command_fail(command, error);
        output_note("usage: %s [OPTION...] %s\n", name, command->usage);
        return status;
    }
    drop_separator(separators, argc, *argv);
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        return command_finish(command, 0);
    }
    if (!settings_load(&error) || !settings_apply(&error))
        return command_fail(command, error);
    return -1;
}

int command_fail(const Command *command, GError *error)
{
    int status = failure_exit_status(error);

    fflush(stdout);
    if (command != NULL)
        output_note("kvasir %s: %s\n", command->name, error->message);
    else
        output_note("kvasir: %s\n", error->message);
    g_error_free(error);
    return status;
}

int command_finish(const Command *command, int status)
{
    gboolean flushed = fflush(stdout) == 0;

    if (flushed && !ferror(stdout))
        return status;
    /* What failed before has left its mark on the stream, but its reason is forgotten. */
    return command_fail(command, g_error_new(FAILURE, FAILURE_SYSTEM, "cannot write to standard output: %s",
                                             flushed ? "a part of the output is lost" : g_strerror(errno)));
}
