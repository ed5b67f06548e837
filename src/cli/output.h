/* output.h - what several commands write in the same way.
 *
 * Names of files, titles and old questions come from strangers, and a terminal obeys what control characters in them say.
 * Whatever is written for people goes through these functions, but for text that has none (an answer, reply.h).
 */
#ifndef KVASIR_CLI_OUTPUT_H
#define KVASIR_CLI_OUTPUT_H

#include <json-glib/json-glib.h>

/* What BUILDER has, and a line feed; PRETTY: over many lines, for people too. */
void output_json(JsonBuilder *builder, gboolean pretty);

/* TEXT with control characters as escapes ("\033"), but for those in KEEP; g_free. */
char *output_visible(const char *text, const char *keep);
/* printf() to stdout and to stderr, with control characters other than line feeds and tabs as escapes. */
void output_print(const char *format, ...) G_GNUC_PRINTF(1, 2);
void output_note(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* TEXT as the rest of a line: line breaks and other control characters become spaces. */
void output_line(const char *text);

/* Whether output_file() can hope to write to PATH: its folder can be written, or itself when it is a device, a pipe or a standard
 * stream. */
gboolean output_can_write(const char *path);
/* Puts the LENGTH bytes at DATA into the file PATH: all or nothing.  A symbolic link to a file stays one; only its owner may read a
 * new file.  What is no regular file (a device, a pipe) is written to and stays what it is; a file that
 * standard output or standard error goes to ("/dev/stdout") gets it behind what is there.  FAILURE_SYSTEM. */
gboolean output_file(const char *path, const char *data, gsize length, GError **error);

/* Whether FD is a terminal that knows escape sequences. */
gboolean output_terminal(int fd);
/* The same, and nobody asked for plain text with NO_COLOR (bold is no colour, but who sets it wants none either). */
gboolean output_styled(int fd);

/* "2026-01-31 17:05", local time; g_free. */
char *output_time(gint64 seconds);

#endif
