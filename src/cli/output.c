/* output.c - what several commands write on standard output in the same way. */
#include "config.h"
#include "src/cli/output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void output_json(JsonBuilder *builder, gboolean pretty)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, pretty);

    puts(text);
}

void output_line(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        putchar(g_ascii_iscntrl(*c) ? ' ' : *c);
    putchar('\n');
}

gboolean output_terminal(int fd)
{
    const char *term = g_getenv("TERM");

    return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

char *output_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}
