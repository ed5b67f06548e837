/* chain.c - a long cached prefix that was never computed. */
#include "config.h"
#include "src/cli/chain.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/store.h"
#include "src/answer/prefix.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

#define PART_BYTES (1u << 20)   /* as prefix.c cuts blocks */

struct Chain {
    const Engine *engine;
    KvType kv;
    char *path;
    gint32 *ids;
    guint8 root[STORE_KEY_BYTES], *keys;
    gsize blocks, part_size;
    guint parts;
};

int chain_open_cold(const char *path)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);

    if (fd >= 0 && fsync(fd) == 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return fd;
}

Chain *chain_new(const Engine *engine, KvType kv, const char *folder, gsize bytes, GError **error)
{
    const ModelInfo *info = engine_info(engine);
    g_autoptr(Session) session = session_new(engine, kv, ENGINE_BLOCK, error);
    int together = info->layers;
    gsize most = (gsize) info->context / ENGINE_BLOCK;
    Chain *chain;

    if (session == NULL)
        return NULL;
    chain = g_new0(Chain, 1);
    chain->engine = engine;
    chain->kv = kv;
    while (together > 1 && (info->layers % together || (gsize) together * session_layer_bytes(session) > PART_BYTES))
        together--;
    chain->part_size = (gsize) together * session_layer_bytes(session);
    chain->parts = (guint) (info->layers / together);
    chain->blocks = CLAMP(bytes / (chain->part_size * chain->parts), 1, MAX(most, 1));
    chain->ids = g_new(gint32, chain->blocks * ENGINE_BLOCK);
    chain->keys = g_malloc(chain->blocks * STORE_KEY_BYTES);
    chain->path = g_build_filename(folder, "kv.db", NULL);
    engine_state_key(engine, kv, chain->root);
    for (gsize i = 0; i < chain->blocks * ENGINE_BLOCK; i++)
        chain->ids[i] = (gint32) (i / ENGINE_BLOCK % (gsize) info->vocabulary);
    for (gsize i = 0; i < chain->blocks; i++)
        store_chain_key(i > 0 ? chain->keys + (i - 1) * STORE_KEY_BYTES : chain->root, chain->ids + i * ENGINE_BLOCK,
                        ENGINE_BLOCK, chain->keys + i * STORE_KEY_BYTES);
    return chain;
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-users" };

    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(path, suffixes[i], NULL);
        g_unlink(name);
    }
}

void chain_free(Chain *chain)
{
    if (chain == NULL)
        return;
    remove_store(chain->path);
    g_free(chain->path);
    g_free(chain->ids);
    g_free(chain->keys);
    g_free(chain);
}

gsize chain_tokens(const Chain *chain)
{
    return chain->blocks * ENGINE_BLOCK;
}

gsize chain_bytes(const Chain *chain)
{
    return chain->blocks * chain->part_size * chain->parts;
}

double chain_write(Chain *chain, GError **error)
{
    gsize bytes = chain->part_size * chain->parts;
    gint64 start;

    remove_store(chain->path);
    g_autoptr(Store) store = store_open(chain->path, NULL, error);
    start = g_get_monotonic_time();
    for (gsize i = 0; store != NULL && i < chain->blocks; i++) {
        const guint8 *key = chain->keys + i * STORE_KEY_BYTES;
        const StoreBlock row = { .root = chain->root, .parent = i > 0 ? key - STORE_KEY_BYTES : NULL, .key = key,
                                 .depth = i, .part_size = chain->part_size, .parts = chain->parts };
        guint8 *block = g_malloc(bytes);

        memset(block, (int) (i & 0xff), bytes);
        if (interrupt_check(error)) {
            g_free(block);
            return -1;
        }
        if (!store_write(store, &row, block, error))
            return -1;
    }
    if (store == NULL || !store_flush(store, error))
        return -1;
    return (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
}

double chain_read_warm(Chain *chain, GError **error)
{
    gsize n = chain_tokens(chain);
    gint64 start = g_get_monotonic_time();
    g_autoptr(Store) store = store_open(chain->path, NULL, error);
    g_autoptr(Session) session = store != NULL ? session_new(chain->engine, chain->kv, n, error) : NULL;
    g_auto(PrefixReport) report = { 0 };

    if (session == NULL ||
        !prefix_fill(session, chain->engine, chain->kv, store, chain->ids, n, n, NULL, NULL, &report, error))
        return -1;
    if (report.cached == n)
        return (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
    g_set_error(error, FAILURE, FAILURE_CACHE, "%s: a block that was just written is not there", chain->path);
    return -1;
}

double chain_read_cold(Chain *chain, GError **error)
{
    int fd = chain_open_cold(chain->path);

    if (fd >= 0)
        close(fd);
    return chain_read_warm(chain, error);
}
