/* bench-store.c - how fast the KV store is: look-up, writing, reading back.
 *
 *     make tests/bench-store && tests/bench-store [FOLDER [GIGABYTES]]
 *
 * Not run by "make check".  FOLDER should be on the disk that is of interest.
 */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache/store.h"

/* Blocks as GLM-4-9B has them in int8: 8 parts of 5 layers. */
#define PARTS 8
#define PART_SIZE 686080

#define LOOKUP_BLOCKS 100000
#define CHAIN 512

static char *path;

static void
fail(const char *what, const GError *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? error->message : "failed");
    exit(1);
}

static Store *
open_store(void)
{
    GError *error = NULL;
    Store *store = store_open(path, NULL, &error);

    if (!store)
        fail(path, error);
    return store;
}

static void
remove_files(void)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-users" };

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(path, suffixes[i], NULL);

        g_unlink(name);
    }
}

static guint8 *
make_chain(gint32 seed, gsize n)
{
    guint8 *keys = g_malloc0(n * STORE_KEY_BYTES);
    guint8 root[STORE_KEY_BYTES] = { 0 };

    for (gsize i = 0; i < n; i++) {
        gint32 ids[2] = { seed, (gint32) i };

        store_chain_key(i ? keys + (i - 1) * STORE_KEY_BYTES : root, ids, 2, keys + i * STORE_KEY_BYTES);
    }
    return keys;
}

static double
ms_since(gint64 start)
{
    return (double) (g_get_monotonic_time() - start) / 1000;
}

/* Rows of blocks without parts are enough for a look-up; one transaction writes them all. */
static void
fill_rows(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    gint64 id = 0;

    store_close(open_store());
    if (sqlite3_open(path, &db) != SQLITE_OK
        || sqlite3_exec(db, "INSERT INTO root VALUES (1, zeroblob(32), 'bench'); BEGIN", NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db, "INSERT INTO block (id, key, root, parent, depth, last_used, children, parts,"
                              " part_size) VALUES (?, ?, 1, ?, ?, 1, ?, 8, 686080)", -1, &s, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db), NULL);
    for (gint32 c = 0; id < LOOKUP_BLOCKS; c++) {
        g_autofree guint8 *keys = make_chain(c, CHAIN);

        for (int i = 0; i < CHAIN && id < LOOKUP_BLOCKS; i++) {
            sqlite3_bind_int64(s, 1, ++id);
            sqlite3_bind_blob(s, 2, keys + i * STORE_KEY_BYTES, STORE_KEY_BYTES, SQLITE_STATIC);
            if (i)
                sqlite3_bind_int64(s, 3, id - 1);
            else
                sqlite3_bind_null(s, 3);
            sqlite3_bind_int(s, 4, i);
            sqlite3_bind_int(s, 5, i < CHAIN - 1);
            sqlite3_step(s);
            sqlite3_reset(s);
        }
    }
    sqlite3_finalize(s);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

static void
bench_lookup(void)
{
    gint64 start;
    Store *store;

    fill_rows();
    start = g_get_monotonic_time();
    store = open_store();
    printf("open a store of %d blocks: %.2f ms\n", LOOKUP_BLOCKS, ms_since(start));
    for (gint32 c = 0; c < 5; c++) {
        g_autofree guint8 *keys = make_chain(c * 31, CHAIN);
        gsize found;

        start = g_get_monotonic_time();
        found = store_find(store, keys, CHAIN, NULL);
        printf("find and mark %" G_GSIZE_FORMAT " blocks: %.2f ms\n", found, ms_since(start));
    }
    store_close(store);
    remove_files();
}

static guint64
bench_write(gsize blocks)
{
    Store *store = open_store();
    g_autofree guint8 *keys = make_chain(-1, blocks), *content = g_malloc(PARTS * PART_SIZE);
    guint8 root[STORE_KEY_BYTES] = { 0 };
    GError *error = NULL;
    gint64 start;
    double ms;
    StoreStatus status;

    for (gsize i = 0; i < PARTS * PART_SIZE; i++)
        content[i] = (guint8) g_random_int();
    start = g_get_monotonic_time();
    for (gsize i = 0; i < blocks; i++) {
        const StoreBlock block = { .root = root, .parent = i ? keys + (i - 1) * STORE_KEY_BYTES : NULL,
                                   .key = keys + i * STORE_KEY_BYTES, .depth = i, .part_size = PART_SIZE, .parts = PARTS };

        if (!store_write(store, &block, g_memdup2(content, PARTS * PART_SIZE), &error))
            fail("write", error);
    }
    if (!store_flush(store, &error))
        fail("flush", error);
    ms = ms_since(start);
    store_status(store, &status, NULL);
    store_close(store);
    printf("write %" G_GSIZE_FORMAT " blocks: %.2f ms a block, %.2f GB/s; file %.4f of the blocks' bytes (with log)\n",
           blocks, ms / (double) blocks, (double) status.bytes / ms / 1e6,
           (double) status.file_bytes / (double) status.bytes);
    return status.bytes;
}

typedef struct { Store *store; const guint8 *keys; gsize blocks; gint next; } Reading;

static gpointer
read_parts(gpointer data)
{
    Reading *r = data;
    g_autofree guint8 *out = g_malloc(PART_SIZE);

    for (;;) {
        gsize i = (gsize) g_atomic_int_add(&r->next, 1);

        if (i >= r->blocks * PARTS)
            return NULL;
        if (!store_read(r->store, r->keys + i / PARTS * STORE_KEY_BYTES, (guint) (i % PARTS), out, PART_SIZE, NULL))
            fail("read", NULL);
    }
}

static void
bench_read(gsize blocks, guint threads, const char *how)
{
    Store *store = open_store();
    g_autofree guint8 *keys = make_chain(-1, blocks);
    Reading r = { store, keys, blocks, 0 };
    GThread *t[8];
    gint64 start = g_get_monotonic_time();
    clock_t cpu = clock();
    double ms;

    for (guint i = 0; i < threads; i++)
        t[i] = g_thread_new("read", read_parts, &r);
    for (guint i = 0; i < threads; i++)
        g_thread_join(t[i]);
    ms = ms_since(start);
    printf("read back, %s, %u thread%s: %.2f GB/s (%.2f per second of CPU time)\n", how, threads,
           threads > 1 ? "s" : "", (double) (blocks * PARTS * PART_SIZE) / ms / 1e6,
           (double) (blocks * PARTS * PART_SIZE) / 1e9 / ((double) (clock() - cpu) / CLOCKS_PER_SEC));
    store_close(store);
}

/* Takes the file out of the page cache. */
static void
forget(const char *name)
{
    int fd = g_open(name, O_RDONLY, 0);

    if (fd < 0 || fdatasync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
        fail(name, NULL);
    close(fd);
}

/* The same bytes from a plain file, for comparison. */
static void
bench_plain(void)
{
    g_autofree guint8 *buffer = g_malloc(PART_SIZE);
    int fd = g_open(path, O_RDONLY, 0);
    gint64 start = g_get_monotonic_time();
    guint64 total = 0;
    gssize n;

    while ((n = read(fd, buffer, PART_SIZE)) > 0)
        total += (guint64) n;
    close(fd);
    printf("plain read of the file, cold: %.2f GB/s\n", (double) total / ms_since(start) / 1e6);
}

int
main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    double gigabytes = argc > 2 ? atof(argv[2]) : 0.5;
    gsize blocks = MAX((gsize) (gigabytes * 1e9 / (PARTS * PART_SIZE)), 4);

    path = g_build_filename(folder, "bench-store.db", NULL);
    remove_files();
    bench_lookup();
    bench_write(blocks);
    bench_read(blocks, 1, "warm");
    bench_read(blocks, 2, "warm");
    forget(path);
    bench_plain();
    forget(path);
    bench_read(blocks, 1, "cold");
    forget(path);
    bench_read(blocks, 2, "cold");
    remove_files();
    g_free(path);
    return 0;
}
