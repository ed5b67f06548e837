/* bench-store.c - how fast the KV store is: look-up, writing, reading back.
 *
 *     make tests/bench-store && tests/bench-store [FOLDER [GIGABYTES [ROUNDS]]]
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

#define LAYERS 40
#define LAYER_SIZE ((gsize) PARTS * PART_SIZE / LAYERS)

#define LOOKUP_BLOCKS 100000
#define CHAIN 512

static char *path, *plain_path;

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

static double
cpu_ms(clock_t start)
{
    return (double) (clock() - start) * 1000 / CLOCKS_PER_SEC;
}

static void
bench_lookup(void)
{
    clock_t cpu;
    gint64 start;
    Store *store;

    fill_rows();
    start = g_get_monotonic_time();
    cpu = clock();
    store = open_store();
    printf("open a store of %d blocks: %.2f ms, %.2f of CPU time\n", LOOKUP_BLOCKS, ms_since(start), cpu_ms(cpu));
    for (gint32 c = 0; c < 5; c++) {
        g_autofree guint8 *keys = make_chain(c * 31, CHAIN);
        gsize found;

        start = g_get_monotonic_time();
        cpu = clock();
        found = store_find(store, keys, CHAIN, NULL);
        printf("find and mark %" G_GSIZE_FORMAT " blocks: %.2f ms, %.2f of CPU time\n", found, ms_since(start), cpu_ms(cpu));
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

/* Ways to bring the bytes of the blocks, or as many of a file, into TARGET, where a layer's blocks lie side by side as in a
 * session. */
typedef enum { TO_PLACE, THROUGH_BUFFER, PLAIN, MAPPED, WAYS } Way;

static const char *const way_names[] = {
    "store, to its place", "store, through a buffer", "a plain file, read", "a plain file, mapped and copied",
};

typedef struct {
    Store *store;
    const guint8 *keys;
    gsize blocks;
    guint8 *target;
    gint next;
} Reading;

static guint8 *
place_of(const Reading *r, gsize block, guint layer)
{
    return r->target + (layer * r->blocks + block) * LAYER_SIZE;
}

static gboolean
read_block(const Reading *r, gsize block, Way way, guint8 *buffer)
{
    const guint8 *key = r->keys + block * STORE_KEY_BYTES;
    guint8 *places[LAYERS];

    for (guint l = 0; l < LAYERS; l++)
        places[l] = place_of(r, block, l);
    if (way == TO_PLACE)
        return store_read_block(r->store, key, PARTS, PART_SIZE, places, LAYER_SIZE, NULL);
    for (guint part = 0; part < PARTS; part++) {
        if (!store_read(r->store, key, part, buffer, PART_SIZE, NULL))
            return FALSE;
        for (guint l = 0; l < LAYERS / PARTS; l++)
            memcpy(places[part * (LAYERS / PARTS) + l], buffer + l * LAYER_SIZE, LAYER_SIZE);
    }
    return TRUE;
}

static Way way_at_work;

static gpointer
read_blocks(gpointer data)
{
    Reading *r = data;
    g_autofree guint8 *buffer = g_malloc(PART_SIZE);

    for (;;) {
        gsize i = (gsize) g_atomic_int_add(&r->next, 1);

        if (i >= r->blocks)
            return NULL;
        if (!read_block(r, i, way_at_work, buffer))
            fail("read", NULL);
    }
}

static void
read_store(Reading *r, guint threads)
{
    GThread *t[8];

    r->store = open_store();
    r->next = 0;
    for (guint i = 0; i < threads; i++)
        t[i] = g_thread_new("read", read_blocks, r);
    for (guint i = 0; i < threads; i++)
        g_thread_join(t[i]);
    store_close(r->store);
}

static void
read_file(const Reading *r, Way way)
{
    g_autoptr(GMappedFile) mapping = way == MAPPED ? g_mapped_file_new(plain_path, FALSE, NULL) : NULL;
    gsize size = r->blocks * PARTS * PART_SIZE;
    int fd = way == PLAIN ? g_open(plain_path, O_RDONLY, 0) : -1;

    if (way == MAPPED)
        memcpy(r->target, g_mapped_file_get_contents(mapping), size);
    for (gsize at = 0; way == PLAIN && at < size;) {
        gssize n = read(fd, r->target + at, MIN(size - at, (gsize) 1 << 20));

        if (n <= 0)
            fail(plain_path, NULL);
        at += (gsize) n;
    }
    if (fd >= 0)
        close(fd);
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

/* Round by round, each way in turn, so that what else the machine does falls on all alike. */
static void
bench_read(gsize blocks, guint threads, gboolean cold, guint rounds)
{
    g_autofree guint8 *keys = make_chain(-1, blocks);
    Reading r = { .keys = keys, .blocks = blocks, .target = g_malloc0(blocks * PARTS * PART_SIZE) };
    double gigabytes = (double) (blocks * PARTS * PART_SIZE) / 1e9, best[WAYS] = { 0 }, cpu[WAYS] = { 0 };

    memset(r.target, 1, blocks * PARTS * PART_SIZE);
    for (guint i = 0; i < rounds * WAYS; i++) {
        Way way = i % WAYS;
        gint64 start;
        clock_t clocks;

        if (cold)
            forget(way < PLAIN ? path : plain_path);
        way_at_work = way;
        start = g_get_monotonic_time();
        clocks = clock();
        if (way < PLAIN)
            read_store(&r, threads);
        else
            read_file(&r, way);
        best[way] = MAX(best[way], gigabytes / ms_since(start) * 1000);
        cpu[way] = MAX(cpu[way], gigabytes / ((double) (clock() - clocks) / CLOCKS_PER_SEC));
    }
    printf("read, %s, %u thread%s, the best of %u:\n", cold ? "cold" : "warm", threads, threads > 1 ? "s" : "", rounds);
    for (Way way = 0; way < WAYS; way++)
        printf("    %-32s %5.2f GB/s, %5.2f GB per second of CPU time\n", way_names[way], best[way], cpu[way]);
    g_free(r.target);
}

/* As many bytes as BLOCKS have, in a plain file. */
static void
write_plain(gsize blocks)
{
    g_autofree guint8 *content = g_malloc(PART_SIZE);
    FILE *file = fopen(plain_path, "wbe");
    gboolean ok = file != NULL;

    for (gsize i = 0; i < PART_SIZE; i++)
        content[i] = (guint8) g_random_int();
    for (gsize i = 0; ok && i < blocks * PARTS; i++)
        ok = fwrite(content, PART_SIZE, 1, file) == 1;
    if (!ok || fclose(file) != 0)
        fail(plain_path, NULL);
}

int
main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    double gigabytes = argc > 2 ? atof(argv[2]) : 0.5;
    gsize blocks = MAX((gsize) (gigabytes * 1e9 / (PARTS * PART_SIZE)), 4);

    guint rounds = argc > 3 ? (guint) atoi(argv[3]) : 5;

    path = g_build_filename(folder, "bench-store.db", NULL);
    plain_path = g_build_filename(folder, "bench-store.plain", NULL);
    remove_files();
    bench_lookup();
    bench_write(blocks);
    write_plain(blocks);
    for (guint threads = 1; threads <= 2; threads++)
        bench_read(blocks, threads, FALSE, rounds);
    for (guint threads = 1; threads <= 2; threads++)
        bench_read(blocks, threads, TRUE, rounds);
    g_unlink(plain_path);
    g_free(plain_path);
    remove_files();
    g_free(path);
    return 0;
}
