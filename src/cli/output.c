/* output.c - what several commands write on standard output in the same way. */
#include "config.h"
#include "src/cli/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/failure.h"

void output_json(JsonBuilder *builder, gboolean pretty)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, pretty);

    puts(text);
}

/* Length of the control character that P begins with, 0 if it is none.  U+0080 to U+009F are some, too: terminals obey them. */
static gsize control_length(const char *p)
{
    if ((guchar) p[0] == 0xc2 && (guchar) p[1] >= 0x80 && (guchar) p[1] < 0xa0)
        return 2;
    return g_ascii_iscntrl(*p) ? 1 : 0;
}

char *output_visible(const char *text, const char *keep)
{
    GString *out = g_string_new(NULL);

    for (const char *p = text; *p != '\0'; p++) {
        gsize control = control_length(p);

        if (control == 0 || strchr(keep, *p) != NULL) {
            g_string_append_c(out, *p);
            continue;
        }
        for (gsize i = 0; i < control; i++)
            g_string_append_printf(out, "\\%03o", (guint) (guchar) p[i]);
        p += control - 1;
    }
    return g_string_free(out, FALSE);
}

static void G_GNUC_PRINTF(2, 0) write_visible(FILE *out, const char *format, va_list values)
{
    g_autofree char *text = g_strdup_vprintf(format, values);
    g_autofree char *visible = output_visible(text, "\n\t");

    fputs(visible, out);
}

void output_print(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_visible(stdout, format, values);
    va_end(values);
}

void output_note(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_visible(stderr, format, values);
    va_end(values);
}

void output_line(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        gsize control = control_length(p);

        putchar(control > 0 ? ' ' : *p);
        p += control > 1 ? control - 1 : 0;
    }
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

/* The standard stream that writes to the file PATH, "/dev/stdout" say, or NULL. */
static FILE *stream_of(const char *path)
{
    FILE *const streams[] = { stdout, stderr };
    GStatBuf there, here;

    for (guint i = 0; i < G_N_ELEMENTS(streams); i++)
        if (g_stat(path, &there) == 0 && fstat(fileno(streams[i]), &here) == 0 && there.st_dev == here.st_dev &&
            there.st_ino == here.st_ino)
            return streams[i];
    return NULL;
}

gboolean output_can_write(const char *path)
{
    char *real = realpath(path, NULL);
    g_autofree char *folder = g_path_get_dirname(real != NULL ? real : path);
    gboolean device = real != NULL && !g_file_test(real, G_FILE_TEST_IS_REGULAR);

    free(real);
    if (path[0] == '\0' || g_file_test(path, G_FILE_TEST_IS_DIR))
        return FALSE;
    return stream_of(path) != NULL || g_access(device ? path : folder, W_OK) == 0;
}

gboolean output_file(const char *path, const char *data, gsize length, GError **error)
{
    g_autoptr(GError) local = NULL;
    FILE *stream = stream_of(path);
    char *real;
    gboolean ok;

    /* What the stream has written so far stays before it. */
    if (stream != NULL) {
        ok = fwrite(data, 1, length, stream) == length && fflush(stream) == 0;
        if (!ok)
            g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write to %s: %s", path, g_strerror(errno));
        return ok;
    }
    real = realpath(path, NULL);
    /* To put a new file in the place of a device, or of a link to a file that is not there yet, would be the end of that. */
    if (real != NULL ? !g_file_test(real, G_FILE_TEST_IS_REGULAR) : g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        free(real);
        return write_to(path, data, length, error);
    }
    ok = g_file_set_contents_full(real != NULL ? real : path, data, (gssize) length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local);
    free(real);
    if (!ok) {
        /* GLib's sentence is about a file of a made-up name and ends with the reason. */
        const char *reason = strrchr(local->message, ':');

        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write to %s%s", path, reason != NULL ? reason : "");
    }
    return ok;
}

gboolean output_terminal(int fd)
{
    const char *term = g_getenv("TERM");

    return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

gboolean output_styled(int fd)
{
    const char *plain = g_getenv("NO_COLOR");

    return output_terminal(fd) && (plain == NULL || plain[0] == '\0');
}

char *output_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}
