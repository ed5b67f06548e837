/* input.c - text and token ids from a file or standard input. */
#include "config.h"
#include "src/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"

#define INPUT_MAX ((gsize) 256 << 20)

static gboolean is_stdin(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

static const char *name_of(const char *path)
{
    return is_stdin(path) ? "standard input" : path;
}

GString *input_read(const char *path, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    char buffer[65536];
    gssize n = -1;
    int fd;

    /* A pipe that nobody writes to is waited for. */
    do
        fd = is_stdin(path) ? STDIN_FILENO : g_open(path, O_RDONLY | O_CLOEXEC, 0);
    while (fd < 0 && errno == EINTR && !interrupt_requested());
    if (fd < 0 && interrupt_check(error))
        return NULL;
    while (fd >= 0 && all->len <= INPUT_MAX && !interrupt_check(error)) {
        n = read(fd, buffer, sizeof buffer);
        if (n > 0)
            g_string_append_len(all, buffer, n);
        else if (n == 0 || errno != EINTR)
            break;
    }
    if (all->len > INPUT_MAX)
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: longer than 256 MiB; divide it", name_of(path));
    else if (n < 0 && (error == NULL || *error == NULL))
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", name_of(path), g_strerror(errno));
    if (fd >= 0 && fd != STDIN_FILENO)
        close(fd);
    return n == 0 ? g_steal_pointer(&all) : NULL;
}

GArray *input_parse_ids(const char *path, const GString *text, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    const char *p = text->str, *end = p + text->len;

    for (;;) {
        gint64 value = 0;
        const char *start;

        while (p < end && g_ascii_isspace(*p))
            p++;
        if (p == end)
            return g_steal_pointer(&ids);
        for (start = p; p < end && g_ascii_isdigit(*p) && value <= G_MAXINT32; p++)
            value = value * 10 + (*p - '0');
        if (p == start || (p < end && !g_ascii_isspace(*p)) || value > G_MAXINT32) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: number %u is not a token id", name_of(path), ids->len + 1);
            return NULL;
        }
        g_array_append_val(ids, (gint32) { (gint32) value });
    }
}
