/* fuzz-ignore.c - a path (up to the first NUL) and the lines of an ignore file (behind it).
 *
 * Whatever the lines say, one more that names just this path decides: "/path" leaves it out, "!/path" takes it back in. */
#include "config.h"

#include <string.h>

#include "ingest/ignore.h"
#include "tests/fuzz/fuzz.h"

/* A line that means PATH and nothing else. */
static void append_exactly(GString *lines, const char *prefix, const char *path)
{
    g_string_append_printf(lines, "\n%s/", prefix);
    for (const char *p = path; *p; p++) {
        if (strchr("*?[]\\ \t\r!#", *p))
            g_string_append_c(lines, '\\');
        g_string_append_c(lines, *p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, 0, size);
    if (!end)
        return 0;
    g_autofree char *path = g_strndup((const char *) data, (gsize) (end - data));
    g_autoptr(GString) lines = g_string_new_len((const char *) end + 1, (gssize) (size - (gsize) (end - data) - 1));
    g_autoptr(Ignore) ignore = ignore_new(lines->str, lines->len);
    ignore_match(ignore, path, FALSE);
    ignore_match(ignore, path, TRUE);
    /* What can be the path of a file in a folder. */
    if (!*path || strchr(path, '\n') || *path == '/' || g_str_has_suffix(path, "/") || strstr(path, "//"))
        return 0;
    append_exactly(lines, "", path);
    g_autoptr(Ignore) drop = ignore_new(lines->str, lines->len);
    g_assert_cmpint(ignore_match(drop, path, FALSE), ==, IGNORE_DROP);
    append_exactly(lines, "!", path);
    g_autoptr(Ignore) keep = ignore_new(lines->str, lines->len);
    g_assert_cmpint(ignore_match(keep, path, FALSE), ==, IGNORE_KEEP);
    return 0;
}
