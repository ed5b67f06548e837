/* line.c - lines that somebody types. */
#include "config.h"
#include "src/cli/line.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "src/base/interrupt.h"

#define HISTORY_MOST 1000

struct Line {
    gboolean terminal;
    char *history;
    int added;                  /* lines that the file does not have yet */
};

/* Readline has no place for these in its calls. */
static const char *const *completions;

/* Readline's own would go on waiting for a key after Ctrl-C: what was typed is thrown away, and the empty line ends. */
static int get_key(FILE *in)
{
    for (;;) {
        guchar key;
        gssize n = read(fileno(in), &key, 1);

        if (n == 1)
            return key;
        if (n == 0 || errno != EINTR)
            return EOF;
        rl_check_signals();             /* its handler has only taken a note so far */
        if (interrupt_requested()) {
            rl_replace_line("", 0);
            return '\n';
        }
    }
}

static char *next_command(const char *text, int state)
{
    static guint at;

    if (state == 0)
        at = 0;
    while (completions != NULL && completions[at] != NULL) {
        const char *name = completions[at++];
        if (g_str_has_prefix(name, text))
            return strdup(name);        /* readline frees it */
    }
    return NULL;
}

/* Commands at the start of the line; behind them, readline's own: names of files. */
static char **complete(const char *text, int start, int end)
{
    (void) end;
    if (start > 0) {
        rl_attempted_completion_over = rl_line_buffer[0] != '/';
        return NULL;
    }
    rl_attempted_completion_over = 1;
    return text[0] == '/' ? rl_completion_matches(text, next_command) : NULL;
}

Line *line_new(const char *history, const char *const *commands)
{
    Line *line = g_new0(Line, 1);

    line->terminal = isatty(STDIN_FILENO);
    if (!line->terminal)
        return line;
    completions = commands;
    rl_readline_name = "kvasir";
    rl_outstream = stderr;              /* standard output is for answers */
    rl_getc_function = get_key;
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " ";
    using_history();
    stifle_history(HISTORY_MOST);
    if (history != NULL) {
        line->history = g_strdup(history);
        read_history(history);
    }
    return line;
}

/* That what was typed is not remembered is no reason to say anything. */
static void save_history(const Line *line)
{
    g_autofree char *folder = g_path_get_dirname(line->history);

    if (line->added == 0 || g_mkdir_with_parents(folder, 0700) != 0)
        return;
    if (!g_file_test(line->history, G_FILE_TEST_EXISTS))
        g_file_set_contents_full(line->history, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
    if (append_history(MIN(line->added, HISTORY_MOST), line->history) == 0)
        history_truncate_file(line->history, HISTORY_MOST);
}

void line_free(Line *line)
{
    if (line == NULL)
        return;
    if (line->history != NULL)
        save_history(line);
    g_free(line->history);
    g_free(line);
}

gboolean line_is_terminal(const Line *line)
{
    return line->terminal;
}

static char *read_plain(void)
{
    char *text = NULL, *copy = NULL;
    size_t size = 0;
    ssize_t n = interrupt_requested() ? -1 : getline(&text, &size, stdin);

    if (n > 0 && text[n - 1] == '\n')
        n--;
    /* A NUL would end the question before its end; so it is one that is no text. */
    for (char *nul = text; n > 0 && (nul = memchr(nul, '\0', (gsize) (text + n - nul))) != NULL; )
        *nul = '\xff';
    if (n >= 0)
        copy = g_strndup(text, (gsize) n);
    free(text);
    return copy;
}

char *line_read(Line *line, const char *prompt)
{
    char *text, *copy;

    if (!line->terminal)
        return read_plain();
    fflush(stdout);
    text = readline(prompt);
    if (text == NULL) {
        fputc('\n', stderr);            /* Ctrl-D */
        return NULL;
    }
    if (text[strspn(text, " \t")] != '\0') {
        add_history(text);
        line->added++;
    }
    copy = g_strdup(text);
    free(text);
    return copy;
}
