/* unit-crash.c - the KV store under kill, full disk, I/O errors and flipped bits.
 *
 * Longer runs: KVASIR_TEST_KILLS and KVASIR_TEST_FLIPS set how many.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "tests/fault-vfs.h"
#include "tests/store-data.h"

static guint
count_of(const char *variable, guint usual)
{
    const char *text = g_getenv(variable);

    return text ? (guint) atoi(text) : usual;
}

/* One chain with what the child said to be committed. */
typedef struct { guint number, blocks; } Note;

#define LIMIT (40 * BLOCK_SIZE)

/* What a child does until it is killed.  Work on "kept" chains is told through FD once it is committed. */
static void
write_for_ever(const char *path, guint round, int fd)
{
    Store *store = open_limited(path, 0);

    for (guint n = 0; ; n++) {
        g_autofree char *name = g_strdup_printf("kept %u", round);
        g_autofree guint8 *keys = chain(name, n + 1);
        Note note = { round, n + 1 };

        if (!put(store, name, keys, n, NULL) || !store_flush(store, NULL)
            || write(fd, &note, sizeof note) != (ssize_t) sizeof note)
            _exit(1);
    }
}

/* Writes that evict, and between them trim, verify, clear and drops. */
static void
churn_for_ever(const char *path, guint round)
{
    GRand *random = g_rand_new_with_seed(round);

    for (;;) {
        Store *store = open_limited(path, LIMIT);
        g_autofree char *name = g_strdup_printf("chain %u", g_rand_int(random) % 12);
        gsize n = 1 + g_rand_int(random) % 12;
        g_autofree guint8 *keys = chain(name, n);
        guint64 checked, bad;
        guint8 root[STORE_KEY_BYTES] = { 0 };

        store_find(store, keys, n, NULL);
        for (gsize i = 0; i < n; i++)
            put(store, name, keys, i, NULL);
        switch (g_rand_int(random) % 8) {
        case 0: store_trim(store, LIMIT / 2, NULL, NULL); break;
        case 1: store_verify(store, NULL, NULL, &checked, &bad, NULL); break;
        case 2:
            g_strlcpy((char *) root, name, sizeof root);
            store_clear(store, root, NULL);
            break;
        default: break;
        }
        store_close(store);
    }
}

static pid_t
start(const char *path, guint round, gboolean keep, int fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (keep)
            write_for_ever(path, round, fd);
        churn_for_ever(path, round);
    }
    return pid;
}

/* The store as it is right after a kill: sound, and its sums true. */
static void
check_sound(const char *path)
{
    Store *store = open_limited(path, 0);
    StoreStatus before, after;
    g_autoptr(GError) error = NULL;
    guint64 checked, bad;

    g_assert_true(store_status(store, &before, &error));
    g_assert_true(store_verify(store, NULL, NULL, &checked, &bad, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(bad, ==, 0);
    g_assert_true(store_status(store, &after, &error));
    g_assert_cmpuint(before.blocks, ==, checked);
    g_assert_cmpuint(before.blocks, ==, after.blocks);
    g_assert_cmpuint(before.bytes, ==, after.bytes);
    store_close(store);
}

/* Two processes at a time are killed at random moments: one that only adds and one that churns. */
static void
test_kill_writer(void)
{
    g_autofree char *path = make_store_path();
    guint rounds = count_of("KVASIR_TEST_KILLS", 20);
    guint64 committed = 0;

    for (guint round = 0; round < rounds; round++) {
        int pipe_fds[2];
        Note note = { 0, 0 }, last = { 0, 0 };
        pid_t pid;
        Store *store;
        g_autofree char *name = g_strdup_printf("kept %u", round);

        g_assert_cmpint(pipe(pipe_fds), ==, 0);
        pid = start(path, round, TRUE, pipe_fds[1]);
        close(pipe_fds[1]);
        g_usleep((gulong) g_test_rand_int_range(1000, 60000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(pipe_fds[0], &note, sizeof note) == (ssize_t) sizeof note)
            last = note;
        close(pipe_fds[0]);
        if (round % 5 == 4)
            check_sound(path);
        store = open_limited(path, 0);
        g_assert_cmpuint(readable(store, name, last.blocks + 2, FALSE), >=, last.blocks);
        /* The next run goes on where that one ended. */
        store_clear(store, NULL, NULL);
        store_close(store);
        committed += last.blocks;
    }
    g_test_message("%u kills, %" G_GUINT64_FORMAT " committed blocks, none lost", rounds, committed);
    g_assert_cmpuint(committed, >, 0);
    remove_store(path);
}

static void
test_kill_churn(void)
{
    g_autofree char *path = make_store_path();
    guint rounds = count_of("KVASIR_TEST_KILLS", 20);

    for (guint round = 0; round < rounds; round++) {
        pid_t pids[2] = { start(path, 2 * round, FALSE, -1), start(path, 2 * round + 1, FALSE, -1) };

        g_usleep((gulong) g_test_rand_int_range(1000, 100000));
        for (guint i = 0; i < G_N_ELEMENTS(pids); i++)
            kill(pids[i], SIGKILL);
        for (guint i = 0; i < G_N_ELEMENTS(pids); i++)
            waitpid(pids[i], NULL, 0);
        check_sound(path);
    }
    remove_store(path);
}

/* Opens, writes, evicts, reads; FALSE when something said an error.  Whatever is read must be right. */
static gboolean
scenario(const char *path)
{
    StoreOptions options = { .limit = 8 * BLOCK_SIZE };
    g_autoptr(GError) error = NULL;
    Store *store = store_open(path, &options, &error);
    g_autofree guint8 *keys = chain("a", 6), *others = chain("b", 6);
    gboolean ok = store != NULL;

    for (gsize i = 0; ok && i < 6; i++)
        ok = put(store, "a", keys, i, &error);
    ok = ok && store_flush(store, &error);
    if (store) {
        store_find(store, keys, 6, NULL);
        readable(store, "a", 6, TRUE);
        store_close(store);
        store = store_open(path, &options, ok ? &error : NULL);
        ok = ok && store;
    }
    for (gsize i = 0; ok && i < 6; i++)
        ok = put(store, "b", others, i, &error);
    ok = ok && store_flush(store, &error) && store_trim(store, 4 * BLOCK_SIZE, NULL, &error);
    store_close(store);
    if (!ok) {
        g_assert_nonnull(error);
        g_assert_cmpint((int) error->domain, ==, (int) FAILURE);
    }
    return ok;
}

/* The n-th operation fails, for every STEP-th n from a random first, until the scenario has no n-th. */
static void
inject(FaultKind kind, gboolean for_ever, gint step)
{
    gint n;

    for (n = g_test_rand_int_range(1, 1 + step); n < 100000; n += step) {
        g_autofree char *path = make_store_path();
        Store *store;
        gboolean hit, ok;

        fault_vfs_arm(kind, n, for_ever);
        ok = scenario(path);
        hit = fault_vfs_hits() > 0;
        fault_vfs_arm(kind, 0, FALSE);
        g_assert_true(hit || ok);
        check_sound(path);
        store = open_limited(path, 0);
        g_assert_cmpuint(readable(store, "a", 6, FALSE), <=, 6);
        store_close(store);
        remove_store(path);
        if (!hit)
            break;
    }
    g_test_message("%d operations", n);
    g_assert_cmpint(n, >, 10);
}

static void
test_full(void)
{
    inject(FAULT_FULL, TRUE, 10);
    inject(FAULT_FULL, FALSE, 10);
}

static void
test_short_write(void)
{
    inject(FAULT_SHORT, FALSE, 10);
}

static void
test_sync(void)
{
    inject(FAULT_SYNC, TRUE, 1);
}

static void
test_read_error(void)
{
    inject(FAULT_READ, FALSE, 5);
}

/* What the disk is given for a chain that grows: each block once into the file, once into the log, and hardly more,
 * however long the chain is already.  Blocks as those of GLM-4-9B, of fewer parts. */
static void
test_bytes_written(void)
{
    enum { FEW = 2, SIZE = 686080, BLOCKS = 12 };
    g_autofree char *path = make_store_path();
    g_autofree guint8 *keys = chain("a", 2 * BLOCKS);
    const guint8 root[STORE_KEY_BYTES] = { 0 };
    const double content = (double) BLOCKS * FEW * SIZE;
    double into_file[2], into_log[2];
    g_autoptr(GError) error = NULL;

    for (gsize half = 0; half < 2; half++) {
        guint64 file = fault_vfs_written(FALSE), log = fault_vfs_written(TRUE);
        Store *store = open_limited(path, 0);

        for (gsize i = half * BLOCKS; i < (half + 1) * BLOCKS; i++) {
            const StoreBlock block = { .root = root, .parent = i ? keys + (i - 1) * STORE_KEY_BYTES : NULL,
                                       .key = keys + i * STORE_KEY_BYTES, .depth = i, .part_size = SIZE, .parts = FEW };

            g_assert_true(store_write(store, &block, g_malloc0(FEW * SIZE), &error));
        }
        g_assert_true(store_flush(store, &error));
        store_close(store);     /* brings the log into the file */
        into_file[half] = (double) (fault_vfs_written(FALSE) - file) / content;
        into_log[half] = (double) (fault_vfs_written(TRUE) - log) / content;
        g_test_message("half %d: %.3f of the content into the file, %.3f into the log", (int) half, into_file[half],
                       into_log[half]);
        g_assert_cmpfloat(into_file[half], <=, 1.30);
        g_assert_cmpfloat(into_log[half], <=, 1.50);
    }
    g_assert_cmpfloat(into_file[1], <=, 1.05 * into_file[0]);
    g_assert_cmpfloat(into_log[1], <=, 1.05 * into_log[0]);
    remove_store(path);
}

/* A full disk is said once, and the process goes on without writing. */
static void
test_full_is_said(void)
{
    g_autofree char *path = make_store_path();
    Store *store = open_limited(path, 0);
    g_autofree guint8 *keys = chain("a", 9);
    g_autoptr(GError) error = NULL;

    g_assert_true(put(store, "a", keys, 0, &error));
    g_assert_true(store_flush(store, &error));
    fault_vfs_arm(FAULT_FULL, 1, TRUE);
    g_assert_true(put(store, "a", keys, 1, &error));
    g_assert_false(store_flush(store, &error));
    g_assert_error(error, FAILURE, FAILURE_SYSTEM);
    g_assert_nonnull(strstr(error->message, "no space left"));
    g_assert_true(put(store, "a", keys, 2, NULL));
    g_assert_true(store_flush(store, NULL));
    g_assert_cmpuint(store_find(store, keys, 9, NULL), ==, 1);
    g_assert_true(reads_well(store, keys, FALSE));
    store_close(store);
    fault_vfs_arm(FAULT_FULL, 0, FALSE);
    check_sound(path);
    remove_store(path);
}

static void
write_file(const char *path, const char *bytes, gsize size)
{
    FILE *out = fopen(path, "w");

    g_assert_cmpuint(fwrite(bytes, 1, size, out), ==, size);
    g_assert_cmpint(fclose(out), ==, 0);
}

/* What the flip of one bit leads to: right bytes, missing blocks or an error; never wrong bytes. */
static gboolean
flip(const char *path, const char *good, gsize size, gsize bit, gboolean verify)
{
    g_autofree char *bad = g_memdup2(good, size), *wal = g_strconcat(path, "-wal", NULL);
    g_autofree char *shm = g_strconcat(path, "-shm", NULL);
    g_autofree guint8 *keys = chain("a", 5);
    g_autoptr(GError) error = NULL;
    Store *store;
    gboolean all;
    guint64 checked, dropped;

    bad[bit / 8] = (char) (bad[bit / 8] ^ 1 << bit % 8);
    g_unlink(wal);
    g_unlink(shm);
    write_file(path, bad, size);
    store = store_open(path, NULL, &error);
    if (!store) {
        g_assert_cmpint((int) error->domain, ==, (int) FAILURE);
        return FALSE;
    }
    all = store_find(store, keys, 5, NULL) == 5 && readable(store, "a", 5, TRUE) == 5;
    all = readable(store, "b", 3, TRUE) == 3 && all;
    /* After a verify without error it is sound, whatever it found. */
    if (verify && store_verify(store, NULL, NULL, &checked, &dropped, NULL)) {
        g_assert_true(store_verify(store, NULL, NULL, &checked, &dropped, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(dropped, ==, 0);
    }
    store_close(store);
    return all;
}

static void
test_bit_flips(void)
{
    g_autofree char *path = make_store_path(), *good = NULL;
    guint flips = count_of("KVASIR_TEST_FLIPS", 300), found = 0;
    gsize size;
    Store *store = open_limited(path, 0);

    for (guint i = 0; i < 8; i++) {
        const char *name = i < 5 ? "a" : "b";
        gsize number = i < 5 ? i : i - 5;
        g_autofree guint8 *keys = chain(name, number + 1);

        g_assert_true(put(store, name, keys, number, NULL));
    }
    store_close(store);
    g_assert_true(g_file_get_contents(path, &good, &size, NULL));
    for (guint i = 0; i < flips; i++) {
        gsize bit = (gsize) g_test_rand_int_range(0, (gint32) (size * 8));

        /* Half of them where SQLite's own structure is dense: the start of a page. */
        if (i % 2)
            bit = bit / (65536 * 8) * (65536 * 8) + bit % (64 * 8);
        found += !flip(path, good, size, bit, i % 8 == 0);
    }
    g_test_message("%u of %u flips were found, the others harmless", found, flips);
    g_assert_cmpuint(found, >, flips / 10);
    remove_store(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fault_vfs_install();
    g_test_add_func("/crash/kill-writer", test_kill_writer);
    g_test_add_func("/crash/kill-churn", test_kill_churn);
    g_test_add_func("/crash/bytes-written", test_bytes_written);
    g_test_add_func("/crash/full", test_full);
    g_test_add_func("/crash/full-is-said", test_full_is_said);
    g_test_add_func("/crash/short-write", test_short_write);
    g_test_add_func("/crash/sync", test_sync);
    g_test_add_func("/crash/read-error", test_read_error);
    g_test_add_func("/crash/bit-flips", test_bit_flips);
    return g_test_run();
}
