/* unit-store.c - tests of the KV store. */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "tests/store-data.h"

typedef struct {
    char *path;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
    f->path = make_store_path();
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    remove_store(f->path);
    g_free(f->path);
}

static void
put_chain(Store *store, const char *name, gsize n)
{
    g_autofree guint8 *keys = chain(name, n);
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < n; i++)
        g_assert_true(put(store, name, keys, i, &error));
    g_assert_true(store_flush(store, &error));
    g_assert_no_error(error);
}

static gsize
found(Store *store, const char *name, gsize n)
{
    g_autofree guint8 *keys = chain(name, n);
    g_autoptr(GError) error = NULL;
    gsize count = store_find(store, keys, n, &error);

    g_assert_no_error(error);
    return count;
}

static StoreStatus
status_of(Store *store)
{
    StoreStatus status;
    g_autoptr(GError) error = NULL;

    g_assert_true(store_status(store, &status, &error));
    return status;
}

static void
verify(Store *store, guint64 checked, guint64 bad)
{
    g_autoptr(GError) error = NULL;
    guint64 c, b;
    gboolean ok = store_verify(store, NULL, NULL, &c, &b, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpuint(c, ==, checked);
    g_assert_cmpuint(b, ==, bad);
}

/* SQL on the file behind the store's back. */
static void
sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void
test_round_trip(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    StoreStatus status;
    GArray *roots;
    struct stat st;
    g_autofree char *sub = g_path_get_dirname(f->path);

    g_assert_cmpuint(found(store, "a", 4), ==, 0);
    put_chain(store, "a", 10);
    put_chain(store, "b", 3);
    g_assert_cmpuint(found(store, "a", 20), ==, 10);
    g_assert_cmpuint(readable(store, "a", 20, FALSE), ==, 10);
    g_assert_cmpuint(readable(store, "b", 3, FALSE), ==, 3);
    put_chain(store, "a", 12);
    store_close(store);

    store = open_limited(f->path, 0);
    g_assert_cmpuint(found(store, "a", 20), ==, 12);
    g_assert_cmpuint(readable(store, "a", 12, FALSE), ==, 12);
    status = status_of(store);
    g_assert_cmpuint(status.blocks, ==, 15);
    g_assert_cmpuint(status.bytes, ==, 15 * BLOCK_SIZE);
    g_assert_cmpuint(status.written, ==, 15);
    g_assert_cmpuint(status.hits, ==, 10 + 3 + 12);
    g_assert_cmpuint(status.hit_bytes, ==, 25 * BLOCK_SIZE);
    g_assert_cmpuint(status.file_bytes, >, status.bytes);
    roots = store_roots(store, NULL);
    g_assert_cmpuint(roots->len, ==, 2);
    g_assert_cmpstr(g_array_index(roots, StoreRoot, 0).note, ==, "tiny, int8");
    g_array_unref(roots);
    verify(store, 15, 0);
    store_close(store);
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpint(stat(sub, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0700);
}

/* A block without its parent would never be found and is not kept. */
static void
test_no_parent(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_limited(f->path, 0);
    g_autofree guint8 *keys = chain("a", 3);

    g_assert_true(put(store, "a", keys, 0, NULL));
    g_assert_true(put(store, "a", keys, 2, NULL));
    g_assert_true(store_flush(store, NULL));
    g_assert_cmpuint(status_of(store).blocks, ==, 1);
    g_assert_cmpuint(found(store, "a", 3), ==, 1);
}

static void
test_damaged_part(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_limited(f->path, 0);
    g_autofree guint8 *keys = chain("a", 6);

    put_chain(store, "a", 6);
    put_chain(store, "b", 2);
    sql(f->path, "UPDATE part SET bytes = zeroblob(20000) WHERE id >> 12 = 3 AND id & 4095 = 1");
    g_assert_cmpuint(found(store, "a", 6), ==, 6);
    g_assert_false(reads_well(store, keys + 2 * STORE_KEY_BYTES, FALSE));
    /* It went with all that hangs on it; what stands before it stayed. */
    g_assert_cmpuint(found(store, "a", 6), ==, 2);
    g_assert_cmpuint(status_of(store).dropped, ==, 4);
    put_chain(store, "a", 6);
    g_assert_cmpuint(readable(store, "a", 6, FALSE), ==, 6);
    /* A part under another number is no part of this block. */
    sql(f->path, "UPDATE part SET bytes = (SELECT bytes FROM part WHERE id >> 12 = 1 AND id & 4095 = 0),"
        " checksum = (SELECT checksum FROM part WHERE id >> 12 = 1 AND id & 4095 = 0)"
        " WHERE id >> 12 = 2 AND id & 4095 = 0");
    verify(store, 8, 1);
    g_assert_cmpuint(readable(store, "a", 6, FALSE), ==, 1);
    g_assert_cmpuint(readable(store, "b", 2, FALSE), ==, 2);
    verify(store, 3, 0);
}

static void
test_eviction(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 10 * BLOCK_SIZE);
    g_autoptr(GError) error = NULL;
    StoreStatus status;

    put_chain(store, "old", 4);
    store_close(store);
    store = open_limited(f->path, 10 * BLOCK_SIZE);
    put_chain(store, "new", 4);
    store_close(store);
    store = open_limited(f->path, 10 * BLOCK_SIZE);
    put_chain(store, "third", 5);
    status = status_of(store);
    g_assert_cmpuint(status.bytes, <=, 10 * BLOCK_SIZE);
    g_assert_cmpuint(status.evicted, ==, 3);
    g_assert_cmpuint(found(store, "third", 5), ==, 5);
    g_assert_cmpuint(found(store, "new", 4), ==, 4);
    g_assert_cmpuint(found(store, "old", 4), ==, 1);
    verify(store, 10, 0);
    /* All is in use by this process now: no room, said once, then silence. */
    {
        g_autofree guint8 *keys = chain("fourth", 2);

        g_assert_true(put(store, "fourth", keys, 0, NULL));
        g_assert_false(store_flush(store, &error));
        g_assert_error(error, FAILURE, FAILURE_CACHE);
        g_assert_true(put(store, "fourth", keys, 0, NULL));
        g_assert_true(store_flush(store, NULL));
    }
    store_close(store);
    store = open_limited(f->path, 10 * BLOCK_SIZE);
    put_chain(store, "fourth", 2);
    g_assert_cmpuint(status_of(store).blocks, ==, 10);
    verify(store, 10, 0);
    store_close(store);
}

/* Blocks of conversations go before older ones of documents, but not before those that are much older. */
static void
test_turns(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);

    put_chain(store, "old", 3);
    put_chain(store, "turn", 3);
    store_close(store);
    sql(f->path, "UPDATE block SET last_used = (SELECT clock FROM state) - 5000000 WHERE turn = 0;"
        "UPDATE block SET last_used = (SELECT clock FROM state) - 1000000 WHERE turn = 1");
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 4 * BLOCK_SIZE, NULL, NULL));
    g_assert_cmpuint(found(store, "old", 3), ==, 3);
    g_assert_cmpuint(found(store, "turn", 3), ==, 1);
    store_close(store);

    sql(f->path, "UPDATE block SET last_used = (SELECT clock FROM state) - 500000000 WHERE turn = 0;"
        "UPDATE block SET last_used = (SELECT clock FROM state) - 1000000 WHERE turn = 1");
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 2 * BLOCK_SIZE, NULL, NULL));
    g_assert_cmpuint(found(store, "old", 3), ==, 1);
    g_assert_cmpuint(found(store, "turn", 3), ==, 1);
    store_close(store);
}

static void
note(Store *store, const char *root_name, const char *name, gsize n)
{
    g_autofree guint8 *keys = chain(root_name, n);
    guint8 root[STORE_KEY_BYTES] = { 0 };

    g_strlcpy((char *) root, root_name, sizeof root);
    g_assert_true(store_note_corpus(store, root, name, keys, n, NULL));
}

/* A corpus's note follows its chain as that is evicted, and goes with it. */
static void
test_corpora(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    const StoreCorpus *corpus;
    GArray *corpora;

    put_chain(store, "a", 6);
    put_chain(store, "b", 2);
    note(store, "a", "thesis", 8);
    note(store, "a", "half", 3);
    note(store, "b", "thesis", 2);
    note(store, "c", "nothing", 2);
    corpora = store_corpora(store, NULL);
    g_assert_cmpuint(corpora->len, ==, 3);
    corpus = &g_array_index(corpora, StoreCorpus, 0);
    g_assert_cmpstr(corpus->name, ==, "half");
    g_assert_cmpuint(corpus->cached, ==, 3);
    g_assert_cmpuint(corpus->shared, ==, 3);
    corpus = &g_array_index(corpora, StoreCorpus, 2);
    g_assert_cmpstr(corpus->name, ==, "thesis");
    g_assert_cmpuint(corpus->blocks, ==, 8);
    g_assert_cmpuint(corpus->cached, ==, 6);
    g_assert_cmpuint(corpus->shared, ==, 3);
    g_assert_cmpuint(corpus->shared_bytes, ==, 3 * BLOCK_SIZE);
    g_assert_cmpfloat(ABS(corpus->seconds - 0.006), <, 1e-9);
    g_array_unref(corpora);
    store_close(store);

    store = open_limited(f->path, 0);
    g_assert_cmpuint(found(store, "b", 2), ==, 2);
    g_assert_true(store_trim(store, 4 * BLOCK_SIZE, NULL, NULL));
    corpora = store_corpora(store, NULL);
    g_assert_cmpuint(corpora->len, ==, 3);
    g_assert_cmpuint(g_array_index(corpora, StoreCorpus, 0).cached, ==, 2);
    g_array_unref(corpora);
    g_assert_true(store_trim(store, 2 * BLOCK_SIZE, NULL, NULL));
    corpora = store_corpora(store, NULL);
    g_assert_cmpuint(corpora->len, ==, 1);
    g_array_unref(corpora);
    store_close(store);
}

/* Puts N blocks of the root "a" behind block AT of its chain; SALT tells them from those and from others.  Their keys from the
 * first of the chain on. */
static guint8 *
put_branch(Store *store, gsize at, gsize n, gint32 salt)
{
    guint8 *keys = g_realloc(chain("a", at + 1), (at + 1 + n) * STORE_KEY_BYTES);
    g_autoptr(GError) error = NULL;

    for (gsize i = at + 1; i <= at + n; i++) {
        gint32 id = salt + (gint32) i;

        store_chain_key(keys + (i - 1) * STORE_KEY_BYTES, &id, 1, keys + i * STORE_KEY_BYTES);
        g_assert_true(put(store, "a", keys, i, &error));
    }
    g_assert_true(store_flush(store, &error));
    return keys;
}

/* EXPECTED: how many blocks go with the corpus "thesis", the first of whose own is at depth FIRST. */
static void
remove_thesis(Store *store, gsize first, guint64 expected)
{
    static const char *const names[] = { "thesis", "thesis (volume 2)", NULL };
    guint8 root[STORE_KEY_BYTES] = "a";
    const StoreRemoval what = { .root = root, .names = names, .first = first };
    g_autoptr(GError) error = NULL;
    guint64 removed;

    g_assert_true(store_remove(store, &what, &removed, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(removed, ==, expected);
}

/* What hangs on a corpus goes with it; what another one has stays, and what hangs on that one's end. */
static void
test_remove(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_limited(f->path, 0);
    guint8 root[STORE_KEY_BYTES] = "a";
    g_autofree guint8 *chat = NULL, *other = NULL, *inner = NULL, *volume = NULL, *others_chat = NULL;
    GArray *corpora;

    put_chain(store, "a", 6);
    put_chain(store, "b", 2);
    chat = put_branch(store, 5, 2, 100);            /* behind the end */
    inner = put_branch(store, 3, 2, 200);           /* another prompt that begins alike */
    other = put_branch(store, 1, 3, 300);           /* another corpus with the first two blocks */
    others_chat = put_branch(store, 0, 1, 400);     /* behind what is before the documents */
    volume = put_branch(store, 0, 2, 500);
    note(store, "a", "thesis", 6);
    note(store, "b", "thesis", 2);
    g_assert_true(store_note_corpus(store, root, "other", other, 5, NULL));
    g_assert_true(store_note_corpus(store, root, "thesis (volume 2)", volume, 3, NULL));
    remove_thesis(store, 1, 4 + 2 + 2 + 2);
    g_assert_cmpuint(found(store, "a", 6), ==, 2);
    g_assert_cmpuint(store_find(store, other, 5, NULL), ==, 5);
    g_assert_cmpuint(store_find(store, others_chat, 2, NULL), ==, 2);
    g_assert_cmpuint(found(store, "b", 2), ==, 2);
    g_assert_cmpuint(status_of(store).blocks, ==, 2 + 3 + 1 + 2);
    corpora = store_corpora(store, NULL);
    g_assert_cmpuint(corpora->len, ==, 2);          /* "other", and "thesis" under the other root */
    g_array_unref(corpora);
    /* Two names for the same: a conversation may be about either. */
    g_free(chat);
    chat = put_branch(store, 1, 1, 600);
    note(store, "a", "thesis", 2);
    note(store, "a", "twin", 2);
    remove_thesis(store, 1, 0);
    note(store, "a", "thesis", 2);
    g_assert_true(store_note_corpus(store, root, "twin", other, 5, NULL));
    remove_thesis(store, 1, 1);
    g_assert_cmpuint(store_find(store, other, 5, NULL), ==, 5);
    remove_thesis(store, 1, 0);
}

/* What blocks took is what others like them will take. */
static void
test_estimate(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_limited(f->path, 0);
    guint8 root[STORE_KEY_BYTES] = "a";

    g_assert_cmpfloat(store_estimate(store, root, 0, 10), <, 0);
    put_chain(store, "a", 40);
    sql(f->path, "UPDATE block SET cost = 2000000 + 10000 * depth");
    /* Ten blocks at depths 100 to 109. */
    g_assert_cmpfloat(ABS(store_estimate(store, root, 100, 10) - (20 + 0.01 * 1045)), <, 1e-3);
    g_assert_cmpfloat(ABS(store_estimate(store, root, 0, 0.5) - 1), <, 0.1);
    sql(f->path, "UPDATE block SET cost = 0");
    g_assert_cmpfloat(store_estimate(store, root, 0, 10), <, 0);
}

/* A store of version 1 is read as it is, and upgraded when it is opened for writing; the blocks stay. */
static void
test_upgrade(Fixture *f, gconstpointer data)
{
    const StoreOptions reading = { .read_only = TRUE };
    Store *store = open_limited(f->path, 0);
    StoreStatus status;
    GArray *roots;

    put_chain(store, "a", 5);
    store_close(store);
    sql(f->path, "DROP INDEX turn_leaf; DROP INDEX corpus_tip; DROP TABLE corpus; ALTER TABLE block DROP COLUMN turn;"
        "ALTER TABLE block DROP COLUMN cost; ALTER TABLE state DROP COLUMN saved; PRAGMA user_version = 1");
    store = store_open(f->path, &reading, NULL);
    g_assert_nonnull(store);
    g_assert_cmpuint(found(store, "a", 5), ==, 5);
    g_assert_cmpuint(readable(store, "a", 5, FALSE), ==, 5);
    verify(store, 5, 0);
    g_assert_cmpfloat(status_of(store).saved, ==, 0);
    g_assert_cmpfloat(g_array_index(roots = store_roots(store, NULL), StoreRoot, 0).seconds, <, 0);
    g_array_unref(roots);
    g_assert_cmpuint((roots = store_corpora(store, NULL))->len, ==, 0);
    g_array_unref(roots);
    store_close(store);

    store = open_limited(f->path, 0);
    g_assert_cmpuint(readable(store, "a", 5, FALSE), ==, 5);
    put_chain(store, "a", 7);
    store_close(store);
    store = open_limited(f->path, 0);
    g_assert_cmpuint(readable(store, "a", 7, FALSE), ==, 7);
    status = status_of(store);
    g_assert_cmpuint(status.blocks, ==, 7);
    g_assert_cmpfloat(status.saved, ==, 2 * 0.001);
    verify(store, 7, 0);
    store_close(store);
}

/* A use of a chain's end keeps all of it, and of equally old leaves the shallow one goes first. */
static void
test_eviction_order(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    guint64 evicted;

    put_chain(store, "a", 3);
    put_chain(store, "b", 3);
    store_close(store);
    store = open_limited(f->path, 0);
    g_assert_cmpuint(found(store, "a", 3), ==, 3);
    store_close(store);
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 3 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(evicted, ==, 3);
    g_assert_cmpuint(readable(store, "a", 3, FALSE), ==, 3);
    g_assert_cmpuint(readable(store, "b", 3, FALSE), ==, 0);
    put_chain(store, "deep", 200);
    store_close(store);
    /* Equal ages from here on. */
    sql(f->path, "UPDATE block SET last_used = 1000000");
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 200 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(readable(store, "a", 3, FALSE), ==, 0);
    g_assert_cmpuint(readable(store, "deep", 200, FALSE), ==, 200);
    store_close(store);
}

/* What a use of a block's end was worth stays with what is left of it. */
static void
test_eviction_inherits(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0), *holder;
    guint64 evicted;

    put_chain(store, "a", 3);
    put_chain(store, "b", 3);
    g_assert_cmpuint(found(store, "a", 3), ==, 3);
    store_close(store);
    sql(f->path, "UPDATE block SET last_used = last_used - 1000000000 WHERE id <> 3; "
        "UPDATE block SET last_used = last_used - 1000000000 WHERE id < 3");
    holder = open_limited(f->path, 0);
    g_assert_cmpuint(found(holder, "b", 3), ==, 3);
    sql(f->path, "UPDATE block SET last_used = (SELECT last_used FROM block WHERE id = 5) WHERE id = 6");
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 5 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(readable(store, "a", 3, FALSE), ==, 2);
    store_close(holder);
    g_assert_true(store_trim(store, 4 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(readable(store, "a", 3, FALSE), ==, 2);
    g_assert_cmpuint(readable(store, "b", 3, FALSE), ==, 2);
    store_close(store);
}

static void
test_trim_and_clear(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    guint64 evicted;
    guint8 root[STORE_KEY_BYTES] = "b";
    g_autofree char *text = NULL;
    gsize length;

    put_chain(store, "a", 40);
    put_chain(store, "b", 20);
    g_assert_true(store_trim(store, 0, &evicted, NULL));
    g_assert_cmpuint(evicted, ==, 0);       /* in use here */
    g_assert_true(store_clear(store, root, NULL));
    g_assert_cmpuint(found(store, "b", 20), ==, 0);
    g_assert_cmpuint(found(store, "a", 40), ==, 40);
    store_close(store);
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 10 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(evicted, ==, 30);
    g_assert_cmpuint(status_of(store).file_bytes, <, 10 * BLOCK_SIZE + 16 * 65536);
    g_assert_cmpuint(readable(store, "a", 40, FALSE), ==, 10);
    verify(store, 10, 0);
    g_assert_true(store_clear(store, NULL, NULL));
    g_assert_cmpuint(status_of(store).blocks, ==, 0);
    g_assert_cmpuint(found(store, "a", 40), ==, 0);
    store_close(store);
    g_assert_true(g_file_get_contents(f->path, &text, &length, NULL));
    {
        g_autofree guint8 *keys = chain("a", 1), *bytes = bytes_of(keys);

        g_assert_null(memmem(text, length, bytes + 1000, 64));
        g_assert_null(memmem(text, length, keys, STORE_KEY_BYTES));
    }
}

/* The process that marked it is dead: its mark is void; while it lives the block stays. */
static void
test_marks(Fixture *f, gconstpointer data)
{
    int to_child[2], to_parent[2];
    char byte = 0;
    guint64 evicted;
    pid_t pid;
    Store *store;

    store = open_limited(f->path, 0);
    put_chain(store, "a", 5);
    store_close(store);
    g_assert_cmpint(pipe(to_child), ==, 0);
    g_assert_cmpint(pipe(to_parent), ==, 0);
    pid = fork();
    if (pid == 0) {
        store = open_limited(f->path, 0);
        if (found(store, "a", 5) != 5 || write(to_parent[1], "x", 1) != 1 || read(to_child[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    g_assert_cmpint(read(to_parent[0], &byte, 1), ==, 1);
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 0, &evicted, NULL));
    g_assert_cmpuint(evicted, ==, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_assert_true(store_trim(store, 0, &evicted, NULL));
    g_assert_cmpuint(evicted, ==, 5);
    store_close(store);
    close(to_child[0]);
    close(to_child[1]);
    close(to_parent[0]);
    close(to_parent[1]);
}

/* What another process computes is waited for, until it is stored or that process is dead. */
static void
test_claims(Fixture *f, gconstpointer data)
{
    g_autofree guint8 *keys = chain("a", 2);
    int to_child[2], to_parent[2];
    char byte = 0;
    pid_t pid;
    Store *store;

    store_close(open_limited(f->path, 0));
    g_assert_cmpint(pipe(to_child), ==, 0);
    g_assert_cmpint(pipe(to_parent), ==, 0);
    pid = fork();
    if (pid == 0) {
        store = open_limited(f->path, 0);
        if (!store_claim(store, keys) || !store_claim(store, keys + STORE_KEY_BYTES)
            || write(to_parent[1], "x", 1) != 1 || read(to_child[0], &byte, 1) != 1)
            _exit(1);
        g_usleep(100000);
        put(store, "a", keys, 0, NULL);
        store_flush(store, NULL);
        pause();
    }
    g_assert_cmpint(read(to_parent[0], &byte, 1), ==, 1);
    store = open_limited(f->path, 0);
    g_assert_false(store_claim(store, keys));
    g_assert_cmpint(store_wait(store, keys, 10), ==, STORE_WAIT_TIMEOUT);
    g_assert_cmpint(write(to_child[1], "x", 1), ==, 1);
    g_assert_cmpint(store_wait(store, keys, 20000), ==, STORE_WAIT_STORED);
    g_assert_cmpuint(readable(store, "a", 2, FALSE), ==, 1);
    g_assert_false(store_claim(store, keys));
    g_assert_false(store_claim(store, keys + STORE_KEY_BYTES));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_assert_cmpint(store_wait(store, keys + STORE_KEY_BYTES, 0), ==, STORE_WAIT_FREE);
    g_assert_true(store_claim(store, keys + STORE_KEY_BYTES));
    g_assert_true(store_claim(store, keys + STORE_KEY_BYTES));
    store_close(store);
    close(to_child[0]);
    close(to_child[1]);
    close(to_parent[0]);
    close(to_parent[1]);
}

typedef struct { sqlite3 *db; guint ms; } Holder;

static gpointer
let_go(gpointer data)
{
    Holder *holder = data;

    g_usleep(holder->ms * 1000);
    g_assert_cmpint(sqlite3_exec(holder->db, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
    return NULL;
}

/* While another process is in the middle of a transaction: reading goes on, marks are
 * given up after a moment, writing waits. */
static void
test_locked(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    g_autofree guint8 *keys = chain("a", 4);
    g_autoptr(GError) error = NULL;
    Holder holder = { NULL, 2500 };
    gint64 start;
    GThread *thread;

    put_chain(store, "a", 3);
    g_assert_cmpint(sqlite3_open(f->path, &holder.db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(holder.db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    thread = g_thread_new("let-go", let_go, &holder);
    start = g_get_monotonic_time();
    g_assert_cmpuint(readable(store, "a", 3, FALSE), ==, 3);
    g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);
    g_assert_cmpuint(found(store, "a", 4), ==, 3);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
    g_assert_true(put(store, "a", keys, 3, &error));
    g_assert_true(store_flush(store, &error));
    g_thread_join(thread);
    g_assert_cmpuint(found(store, "a", 4), ==, 4);
    sqlite3_close(holder.db);
    store_close(store);
}

static void
interrupt_it(const Progress *progress, gpointer data)
{
    if (!interrupt_requested())     /* the second one would end the process */
        raise(SIGINT);
}

/* An interrupted verify is gone on with, not begun again. */
static void
test_verify_resumes(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    guint64 checked, bad;
    int status;
    pid_t pid;

    put_chain(store, "a", 60);
    put_chain(store, "b", 60);
    store_close(store);
    pid = fork();
    if (pid == 0) {
        g_autoptr(GError) error = NULL;

        interrupt_install();
        store = open_limited(f->path, 0);
        if (store_verify(store, interrupt_it, NULL, &checked, &bad, &error))
            checked = 0;        /* it was through before the signal came */
        else if (!g_error_matches(error, FAILURE, FAILURE_INTERRUPTED))
            _exit(255);
        store_close(store);
        _exit((int) checked);
    }
    waitpid(pid, &status, 0);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), <, 120);
    g_test_message("interrupted after %d blocks", WEXITSTATUS(status));
    store = open_limited(f->path, 0);
    verify(store, 120 - (guint64) WEXITSTATUS(status), 0);
    verify(store, 120, 0);
    store_close(store);
}

/* Several processes create the file, and write the same and other blocks, at once. */
static void
test_processes(Fixture *f, gconstpointer data)
{
    pid_t pids[6];
    Store *store;

    for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            g_autofree char *own = g_strdup_printf("own%u", i);

            store = open_limited(f->path, 0);
            put_chain(store, "shared", 20);
            put_chain(store, own, 5);
            if (readable(store, "shared", 20, FALSE) != 20 || readable(store, own, 5, FALSE) != 5)
                _exit(1);
            store_close(store);
            _exit(0);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
        int status;

        waitpid(pids[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    store = open_limited(f->path, 0);
    g_assert_cmpuint(status_of(store).blocks, ==, 20 + 6 * 5);
    verify(store, 50, 0);
    store_close(store);
}

static gpointer
read_all(gpointer store)
{
    for (int i = 0; i < 5; i++)
        g_assert_cmpuint(readable(store, "a", 30, FALSE), ==, 30);
    return NULL;
}

static void
test_threads(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_limited(f->path, 0);
    GThread *threads[4];

    put_chain(store, "a", 30);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("reader", read_all, store);
    put_chain(store, "b", 30);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(readable(store, "b", 30, FALSE), ==, 30);
}

static void
refused(Fixture *f, const char *fragment)
{
    StoreOptions read_only = { .read_only = TRUE };
    g_autofree char *before = NULL, *after = NULL;
    gsize size_before, size_after;

    g_assert_true(g_file_get_contents(f->path, &before, &size_before, NULL));
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        Store *store = store_open(f->path, i ? &read_only : NULL, &error);

        g_assert_null(store);
        g_assert_error(error, FAILURE, FAILURE_CACHE);
        g_assert_nonnull(strstr(error->message, fragment));
        g_assert_nonnull(strstr(error->message, "kv.db"));
    }
    g_assert_true(g_file_get_contents(f->path, &after, &size_after, NULL));
    g_assert_cmpmem(before, size_before, after, size_after);
}

static void
test_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *sub = g_path_get_dirname(f->path), *garbage = g_malloc(100000);
    Store *store;
    g_autoptr(GError) error = NULL;

    g_mkdir(sub, 0700);
    memset(garbage, 'x', 100000);
    g_assert_true(g_file_set_contents(f->path, garbage, 100000, NULL));
    refused(f, "is not the KV store");
    g_assert_true(g_file_set_contents(f->path, "short", 5, NULL));
    refused(f, "is not the KV store");
    g_unlink(f->path);
    sql(f->path, "CREATE TABLE notes (text)");
    refused(f, "some other SQLite database");
    g_unlink(f->path);
    store = open_limited(f->path, 0);
    put_chain(store, "a", 1);
    store_close(store);
    sql(f->path, "PRAGMA user_version = 1000");
    refused(f, "newer");
    sql(f->path, "PRAGMA user_version = 2; DROP INDEX leaf");
    refused(f, "damaged");
    g_unlink(f->path);
    g_assert_cmpint(mkfifo(f->path, 0600), ==, 0);
    g_assert_null(store_open(f->path, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_clear_error(&error);
    g_unlink(f->path);
    g_mkdir(f->path, 0700);
    g_assert_null(store_open(f->path, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_rmdir(f->path);
}

/* A damaged file can be emptied; one that is not ours cannot. */
static void
test_reset(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Store *store = open_limited(f->path, 0);
    int fd;

    put_chain(store, "a", 5);
    store_close(store);
    fd = g_open(f->path, O_WRONLY, 0);
    g_assert_cmpint(pwrite(fd, "damage, damage", 14, 100), ==, 14);
    close(fd);
    g_assert_null(store_open(f->path, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_clear_error(&error);
    g_assert_true(store_reset(f->path, &error));
    store = open_limited(f->path, 0);
    g_assert_cmpuint(status_of(store).blocks, ==, 0);
    put_chain(store, "a", 5);
    g_assert_cmpuint(readable(store, "a", 5, FALSE), ==, 5);
    store_close(store);
    sql(f->path, "PRAGMA user_version = 1000");
    g_assert_false(store_reset(f->path, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    refused(f, "newer");
}

/* No byte of the file and no other file changes. */
static void
test_read_only(Fixture *f, gconstpointer data)
{
    StoreOptions options = { .read_only = TRUE };
    g_autoptr(GError) error = NULL;
    Store *store = store_open(f->path, &options, &error);
    g_autofree char *before = NULL, *after = NULL;
    gsize size_before, size_after;
    const guint8 root[STORE_KEY_BYTES] = { 0 };
    const StoreBlock block = { .root = root, .key = root, .part_size = 8, .parts = 1 };

    g_assert_null(store);
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_clear_error(&error);
    store = open_limited(f->path, 0);
    put_chain(store, "a", 5);
    store_close(store);
    g_assert_true(g_file_get_contents(f->path, &before, &size_before, NULL));
    store = store_open(f->path, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found(store, "a", 9), ==, 5);
    g_assert_cmpuint(readable(store, "a", 5, FALSE), ==, 5);
    g_assert_true(store_write(store, &block, g_malloc(8), &error));
    g_assert_true(store_flush(store, &error));
    verify(store, 5, 0);
    g_assert_false(store_trim(store, 0, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    store_close(store);
    g_assert_true(g_file_get_contents(f->path, &after, &size_after, NULL));
    g_assert_cmpmem(before, size_before, after, size_after);
}

/* What the clock says does not matter to the order of use. */
static void
test_clock(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    guint64 evicted;

    put_chain(store, "a", 2);
    store_close(store);
    /* A year ahead: the system's clock was put back since. */
    sql(f->path, "UPDATE state SET clock = clock + 31536000000000; UPDATE block SET last_used = (SELECT clock FROM state)");
    store = open_limited(f->path, 0);
    put_chain(store, "b", 2);
    store_close(store);
    store = open_limited(f->path, 0);
    g_assert_true(store_trim(store, 2 * BLOCK_SIZE, &evicted, NULL));
    g_assert_cmpuint(readable(store, "b", 2, FALSE), ==, 2);
    g_assert_cmpuint(readable(store, "a", 2, FALSE), ==, 0);
    store_close(store);
}

/* Reads a block as kvasir-cache(5) describes it, with nothing but SQLite and XXH3. */
static void
test_documented(Fixture *f, gconstpointer data)
{
    Store *store = open_limited(f->path, 0);
    g_autofree guint8 *keys = chain("a", 3), *want = bytes_of(keys + 2 * STORE_KEY_BYTES);
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    put_chain(store, "a", 3);
    store_close(store);
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT part.bytes, part.checksum, block.parts, block.part_size, block.depth"
                                       " FROM block JOIN part ON part.id = block.id * 4096 + ?2 WHERE block.key = ?1",
                                       -1, &s, NULL), ==, SQLITE_OK);
    for (guint32 part = 0; part < PARTS; part++) {
        guint8 place[48];
        guint32 parts = PARTS;
        guint64 size = PART_SIZE;

        memcpy(place, keys + 2 * STORE_KEY_BYTES, 32);
        memcpy(place + 32, &part, 4);
        memcpy(place + 36, &parts, 4);
        memcpy(place + 40, &size, 8);
        sqlite3_bind_blob(s, 1, keys + 2 * STORE_KEY_BYTES, STORE_KEY_BYTES, SQLITE_STATIC);
        sqlite3_bind_int(s, 2, (int) part);
        g_assert_cmpint(sqlite3_step(s), ==, SQLITE_ROW);
        g_assert_cmpmem(sqlite3_column_blob(s, 0), sqlite3_column_bytes(s, 0), want + part * PART_SIZE, PART_SIZE);
        g_assert_cmpint(sqlite3_column_int64(s, 1), ==,
                        (gint64) XXH3_64bits_withSeed(want + part * PART_SIZE, PART_SIZE, XXH3_64bits(place, 48)));
        g_assert_cmpint(sqlite3_column_int(s, 2), ==, PARTS);
        g_assert_cmpint(sqlite3_column_int(s, 3), ==, PART_SIZE);
        g_assert_cmpint(sqlite3_column_int(s, 4), ==, 2);
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static void
test_chain_key(void)
{
    /* SHA-256 of 32 zero bytes and 01 00 00 00 ff ff ff ff, by sha256sum. */
    static const char expected[] = "a06d47ee4010defac62a5e1bafd0ba1ab49dc60528b34f931ff526194b809cc3";
    guint8 parent[STORE_KEY_BYTES] = { 0 }, key[STORE_KEY_BYTES];
    const gint32 ids[] = { 1, -1 };
    g_autoptr(GString) hex = g_string_new(NULL);

    store_chain_key(parent, ids, 2, key);
    for (int i = 0; i < STORE_KEY_BYTES; i++)
        g_string_append_printf(hex, "%02x", (guint) key[i]);
    g_assert_cmpstr(hex->str, ==, expected);
}

int
main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(Fixture *, gconstpointer); } tests[] = {
        { "/store/round-trip", test_round_trip }, { "/store/no-parent", test_no_parent },
        { "/store/damaged-part", test_damaged_part }, { "/store/eviction", test_eviction },
        { "/store/eviction-order", test_eviction_order }, { "/store/trim-and-clear", test_trim_and_clear },
        { "/store/eviction-inherits", test_eviction_inherits },
        { "/store/marks", test_marks }, { "/store/claims", test_claims },
        { "/store/locked", test_locked }, { "/store/verify-resumes", test_verify_resumes },
        { "/store/processes", test_processes },
        { "/store/threads", test_threads }, { "/store/refused", test_refused },
        { "/store/read-only", test_read_only }, { "/store/clock", test_clock },
        { "/store/corpora", test_corpora }, { "/store/estimate", test_estimate },
        { "/store/turns", test_turns }, { "/store/upgrade", test_upgrade },
        { "/store/reset", test_reset }, { "/store/remove", test_remove }, { "/store/documented", test_documented },
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/chain-key", test_chain_key);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
