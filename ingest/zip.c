/* zip.c - a zip archive in memory whose members are asked for by name. */
#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "ingest/unpack.h"
#include "ingest/zip.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

/* More members than any book has. */
enum { MEMBERS_MAX = 65536 };

struct Zip {
    char *path;
    const guint8 *bytes;
    gsize length;
    GHashTable *names;      /* of all members */
    GHashTable *members;    /* name -> GByteArray, those that were loaded */
    gsize unpacked;
};

static gboolean fail(const Zip *zip, GError **error, const char *what)
{
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", zip->path, what);
    return FALSE;
}

static struct archive *open_archive(const Zip *zip)
{
    struct archive *a = archive_read_new();
    if (!a)
        g_error("no memory");
    archive_read_support_format_zip(a);
    if (archive_read_open_memory(a, zip->bytes, zip->length) == ARCHIVE_OK)
        return a;
    archive_read_free(a);
    return NULL;
}

static void free_bytes(gpointer bytes)
{
    g_byte_array_unref(bytes);
}

/* In any locale: the name in UTF-8 where it can be had, else its bytes. */
static const char *name_of(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname_utf8(entry);
    return name ? name : archive_entry_pathname(entry);
}

Zip *zip_open(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    g_autoptr(Zip) zip = g_new0(Zip, 1);
    struct archive_entry *entry;
    int result = ARCHIVE_FATAL;
    zip->path = g_strdup(path);
    zip->bytes = bytes;
    zip->length = length;
    zip->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    zip->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_bytes);
    struct archive *a = open_archive(zip);
    while (a && g_hash_table_size(zip->names) <= MEMBERS_MAX
           && ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)) {
        const char *name = name_of(entry);
        if (name)
            g_hash_table_add(zip->names, g_strdup(name));
    }
    if (a)
        archive_read_free(a);
    if (g_hash_table_size(zip->names) > MEMBERS_MAX)
        fail(zip, error, "has more than 65,536 files in it");
    else if (result != ARCHIVE_EOF || g_hash_table_size(zip->names) == 0)
        fail(zip, error, "is a damaged zip archive");
    else
        return g_steal_pointer(&zip);
    return NULL;
}

void zip_close(Zip *zip)
{
    if (!zip)
        return;
    g_free(zip->path);
    g_hash_table_unref(zip->names);
    g_hash_table_unref(zip->members);
    g_free(zip);
}

gboolean zip_has(const Zip *zip, const char *name)
{
    return g_hash_table_contains(zip->names, name);
}

static gboolean load_member(Zip *zip, struct archive *a, struct archive_entry *entry, const char *name, GError **error)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    gssize n;
    if (archive_entry_is_encrypted(entry) > 0)
        return fail(zip, error, "is encrypted");
    do {
        guint8 buffer[65536];
        n = archive_read_data(a, buffer, sizeof buffer);
        if (n < 0)
            return fail(zip, error, "is damaged, a file in it cannot be unpacked");
        zip->unpacked += (gsize) n;
        if (zip->unpacked > UNPACK_MAX)
            return fail(zip, error, "holds more than 256 MiB of text when unpacked");
        g_byte_array_append(content, buffer, (guint) n);
    } while (n > 0 && !interrupt_check(error));
    if (n > 0)
        return FALSE;
    g_hash_table_insert(zip->members, g_strdup(name), g_steal_pointer(&content));
    return TRUE;
}

gboolean zip_load(Zip *zip, GHashTable *names, GError **error)
{
    struct archive *a = open_archive(zip);
    struct archive_entry *entry;
    gboolean ok = a != NULL || fail(zip, error, "is a damaged zip archive");
    int result;
    while (ok && ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN)) {
        const char *name = name_of(entry);
        if (name && g_hash_table_contains(names, name) && !g_hash_table_contains(zip->members, name))
            ok = load_member(zip, a, entry, name, error);
    }
    if (a)
        archive_read_free(a);
    return ok;
}

gboolean zip_load_one(Zip *zip, const char *name, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(names, (gpointer) (guintptr) name);
    return zip_load(zip, names, error);
}

const GByteArray *zip_member(const Zip *zip, const char *name)
{
    return g_hash_table_lookup(zip->members, name);
}

char *zip_resolve(const char *base, const char *reference)
{
    g_autofree char *bare = g_strndup(reference, strcspn(reference, "?#"));
    g_autofree char *plain = g_uri_unescape_string(bare, NULL);
    const char *slash = strrchr(base, '/');
    if (!plain || !*plain || *plain == '/' || g_uri_peek_scheme(bare))
        return NULL;
    g_autofree char *joined = slash ? g_strdup_printf("%.*s/%s", (int) (slash - base), base, plain) : g_strdup(plain);
    g_auto(GStrv) parts = g_strsplit(joined, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (char **part = parts; *part; part++) {
        if (!strcmp(*part, "..") && kept->len == 0)
            return NULL;
        if (!strcmp(*part, ".."))
            g_ptr_array_set_size(kept, (int) kept->len - 1);
        else if (**part && strcmp(*part, "."))
            g_ptr_array_add(kept, *part);
    }
    if (kept->len == 0)
        return NULL;
    g_ptr_array_add(kept, NULL);
    return g_strjoinv("/", (char **) kept->pdata);
}
