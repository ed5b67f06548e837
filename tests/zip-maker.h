/* zip-maker.h - zip archives for tests. */
#ifndef KVASIR_TESTS_ZIP_MAKER_H
#define KVASIR_TESTS_ZIP_MAKER_H

#include <archive.h>
#include <archive_entry.h>
#include <glib.h>
#include <string.h>

/* A zip archive of NAME, CONTENT, NAME, CONTENT, ..., NULL. */
static inline GByteArray *make_zip(const char *const *members)
{
    GByteArray *zip = g_byte_array_sized_new(1 << 22);
    struct archive *a = archive_write_new();
    size_t used = 0;
    archive_write_set_format_zip(a);
    archive_write_open_memory(a, zip->data, 1 << 22, &used);
    for (; members[0]; members += 2) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[0]);
        archive_entry_set_size(entry, (gint64) strlen(members[1]));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        if (!strcmp(members[0], "mimetype"))
            archive_write_zip_set_compression_store(a);
        else
            archive_write_zip_set_compression_deflate(a);
        g_assert_cmpint(archive_write_header(a, entry), >=, ARCHIVE_WARN);
        archive_write_data(a, members[1], strlen(members[1]));
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
    zip->len = (guint) used;
    return zip;
}

#endif
