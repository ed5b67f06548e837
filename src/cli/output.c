/* output.c - what several commands write on standard output in the same way. */
#include "config.h"
#include "src/cli/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"

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

static gboolean write_to(const char *path, const char *data, gsize length, GError **error)
{
    FILE *file = g_fopen(path, "wbe");
    gboolean ok = file != NULL && fwrite(data, 1, length, file) == length;

    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write to %s: %s", path, g_strerror(errno));
    return ok;
}

gboolean output_file(const char *path, const char *data, gsize length, GError **error)
{
    g_autoptr(GError) local = NULL;
    char *real;
    gboolean ok;

    real = realpath(path, NULL);
    /* To put a new file in the place of a device, or of a link to a file that is not there yet, would be the end of that. */
    if (real != NULL ? !g_file_test(real, G_FILE_TEST_IS_REGULAR) : g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        free(real);
        return write_to(path, data, length, error);
    }
    ok = g_file_set_contents_full(real != NULL ? real : path, data, (gssize) length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local);
    free(real);
    if (!ok)
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", local->message);
    return ok;
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
