/* output.h - what several commands write on standard output in the same way. */
#ifndef KVASIR_CLI_OUTPUT_H
#define KVASIR_CLI_OUTPUT_H

#include <json-glib/json-glib.h>

/* What BUILDER has, and a line feed; PRETTY: over many lines, for people too. */
void output_json(JsonBuilder *builder, gboolean pretty);

/* TEXT as the rest of a line: line breaks and other control characters become spaces. */
void output_line(const char *text);

/* Whether FD is a terminal that knows escape sequences. */
gboolean output_terminal(int fd);

/* "2026-01-31 17:05", local time; g_free. */
char *output_time(gint64 seconds);

#endif
