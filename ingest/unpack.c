/* unpack.c - compressed files: gzip, xz, zstd and bzip2. */
#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "ingest/unpack.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

const char *unpack_kind(const guint8 *bytes, gsize length)
{
    static const struct { const char *magic; gsize length; const char *kind; } KINDS[] = {
        { "\x1f\x8b", 2, "gzip" }, { "\xfd" "7zXZ", 6, "xz" }, { "\x28\xb5\x2f\xfd", 4, "zstd" }, { "BZh", 3, "bzip2" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++)
        if (length > KINDS[i].length && !memcmp(bytes, KINDS[i].magic, KINDS[i].length))
            return KINDS[i].kind;
    return NULL;
}

char *unpack_inner_name(const char *path)
{
    static const char *const ENDINGS[] = { ".gz", ".xz", ".zst", ".bz2" };
    gsize n = strlen(path);
    for (gsize i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
        gsize m = strlen(ENDINGS[i]);
        if (n > m + 1 && !g_ascii_strcasecmp(path + n - m, ENDINGS[i]) && path[n - m - 1] != '/')
            return g_strndup(path, n - m);
    }
    return g_strdup(path);
}

/* A reader of one stream of bytes; ARCHIVE_OK alone: with ARCHIVE_WARN a filter would be another program. */
static struct archive *open_stream(const guint8 *bytes, gsize length)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    if (!a)
        g_error("no memory");
    archive_read_support_format_raw(a);
    if (archive_read_support_filter_gzip(a) == ARCHIVE_OK && archive_read_support_filter_xz(a) == ARCHIVE_OK
        && archive_read_support_filter_zstd(a) == ARCHIVE_OK && archive_read_support_filter_bzip2(a) == ARCHIVE_OK
        && archive_read_open_memory(a, bytes, length) == ARCHIVE_OK
        && archive_read_next_header(a, &entry) == ARCHIVE_OK)
        return a;
    archive_read_free(a);
    return NULL;
}

GByteArray *unpack(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    struct archive *a = open_stream(bytes, length);
    const char *wrong = a ? NULL : "cannot be unpacked, it is damaged";
    gssize n = 0;

    while (!wrong) {
        guint8 buffer[65536];
        if (interrupt_check(error))
            break;
        n = archive_read_data(a, buffer, sizeof buffer);
        if (n <= 0) {
            wrong = n < 0 ? "cannot be unpacked to its end, it is damaged" : NULL;
            break;
        }
        if (out->len + (gsize) n > UNPACK_MAX)
            wrong = "holds more than 256 MiB when unpacked; unpack it yourself if you trust it";
        else
            g_byte_array_append(out, buffer, (guint) n);
    }
    if (a)
        archive_read_free(a);
    if (wrong)
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", path, wrong);
    return !wrong && n == 0 ? g_steal_pointer(&out) : NULL;
}

GByteArray *unpack_head(const guint8 *bytes, gsize length, gsize most)
{
    GByteArray *out = g_byte_array_new();
    struct archive *a = open_stream(bytes, length);
    guint8 buffer[4096];
    gssize n = 1;
    while (a && n > 0 && out->len < most) {
        n = archive_read_data(a, buffer, MIN(sizeof buffer, most - out->len));
        if (n > 0)
            g_byte_array_append(out, buffer, (guint) n);
    }
    if (a)
        archive_read_free(a);
    return out;
}
