/* line.h - lines that somebody types, with GNU readline on a terminal; else the lines of standard input. */
#ifndef KVASIR_CLI_LINE_H
#define KVASIR_CLI_LINE_H

#include <glib.h>

typedef struct Line Line;

/* Standard input.  On a terminal the lines typed before are those of the file HISTORY (NULL: of this process only), which
 * line_free() brings up to date.  COMMANDS (NULL-terminated, must stay): what Tab completes at the start of a line. */
Line *line_new(const char *history, const char *const *commands);
void line_free(Line *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Line, line_free)

gboolean line_is_terminal(const Line *line);

/* The next line without its end, g_free; NULL at the end of the input, or when a signal came while there is no
 * terminal.  On a terminal, Ctrl-C gives "" and leaves the signal to interrupt_clear(). */
char *line_read(Line *line, const char *prompt);

#endif
