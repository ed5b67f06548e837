/* output.h - what several commands write on standard output in the same way. */
#ifndef KVASIR_CLI_OUTPUT_H
#define KVASIR_CLI_OUTPUT_H

#include <json-glib/json-glib.h>

/* What BUILDER has, and a line feed; PRETTY: over many lines, for people too. */
void output_json(JsonBuilder *builder, gboolean pretty);

/* TEXT as the rest of a line: line breaks and other control characters become spaces. */
void output_line(const char *text);

/* Puts the LENGTH bytes at DATA into the file PATH: all or nothing.  A symbolic link to a file stays one; only its owner may read a
 * new file.  What is no regular file (a device, a pipe) is written to and stays what it is.  FAILURE_SYSTEM. */
gboolean output_file(const char *path, const char *data, gsize length, GError **error);

/* Whether FD is a terminal that knows escape sequences. */
gboolean output_terminal(int fd);

/* "2026-01-31 17:05", local time; g_free. */
char *output_time(gint64 seconds);

#endif
