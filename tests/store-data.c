/* store-data.c - chains of blocks with known bytes, for the tests of the store. */
#include "config.h"
#include "tests/store-data.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"

char *
make_store_path(void)
{
    /* In memory where there is such a place: these tests would wait for the disk most of their time. */
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir();
    g_autofree char *folder = g_build_filename(base, "kvasir-store-XXXXXX", NULL);

    g_assert_nonnull(g_mkdtemp(folder));
    return g_build_filename(folder, "sub", "kv.db", NULL);
}

void
remove_store(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-users" };
    g_autofree char *sub = g_path_get_dirname(path), *folder = g_path_get_dirname(sub);

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(path, suffixes[i], NULL);

        g_unlink(name);
    }
    g_rmdir(sub);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

Store *
open_limited(const char *path, guint64 limit)
{
    g_autoptr(GError) error = NULL;
    StoreOptions options = { .limit = limit, .note = "tiny, int8" };
    Store *store = store_open(path, &options, &error);

    g_assert_no_error(error);
    return store;
}

guint8 *
chain(const char *name, gsize n)
{
    guint8 *keys = g_malloc(n * STORE_KEY_BYTES);
    guint8 root[STORE_KEY_BYTES] = { 0 };

    g_strlcpy((char *) root, name, sizeof root);
    for (gsize i = 0; i < n; i++) {
        gint32 id = (gint32) i;

        store_chain_key(i ? keys + (i - 1) * STORE_KEY_BYTES : root, &id, 1, keys + i * STORE_KEY_BYTES);
    }
    return keys;
}

guint8 *
bytes_of(const guint8 *key)
{
    guint8 *bytes = g_malloc(BLOCK_SIZE);

    for (gsize i = 0; i < BLOCK_SIZE; i++)
        bytes[i] = (guint8) (key[i % STORE_KEY_BYTES] + i / 7);
    return bytes;
}

gboolean
put(Store *store, const char *name, const guint8 *keys, gsize i, GError **error)
{
    guint8 root[STORE_KEY_BYTES] = { 0 };
    const StoreBlock block = {
        .root = root, .parent = i ? keys + (i - 1) * STORE_KEY_BYTES : NULL, .key = keys + i * STORE_KEY_BYTES,
        .depth = i, .part_size = PART_SIZE, .parts = PARTS, .cost = 1000, .turn = g_str_has_prefix(name, "turn"),
    };

    g_strlcpy((char *) root, name, sizeof root);
    return store_write(store, &block, bytes_of(block.key), error);
}

gboolean
reads_well(Store *store, const guint8 *key, gboolean lenient)
{
    g_autofree guint8 *out = g_malloc(PART_SIZE), *want = bytes_of(key);

    for (guint part = 0; part < PARTS; part++) {
        g_autoptr(GError) error = NULL;
        gboolean ok = store_read(store, key, part, out, PART_SIZE, &error);

        if (!lenient)
            g_assert_no_error(error);
        if (!ok)
            return FALSE;
        g_assert_no_error(error);
        g_assert_cmpmem(out, PART_SIZE, want + part * PART_SIZE, PART_SIZE);
    }
    return TRUE;
}

gsize
readable(Store *store, const char *name, gsize n, gboolean lenient)
{
    g_autofree guint8 *keys = chain(name, n);
    gsize i = 0;

    while (i < n && reads_well(store, keys + i * STORE_KEY_BYTES, lenient))
        i++;
    return i;
}
