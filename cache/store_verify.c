/* store_verify.c - the check of every block and of the file's structure.
 *
 * Blocks are read by several threads, each with a connection of its own; the calling thread
 * reports progress and drops what they find bad.  They take
 * the blocks in ascending order of id, so an interrupted run knows where to go on.
 */
#include "config.h"
#include "cache/store_internal.h"

#include <string.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"

#define MAX_THREADS 4
#define REPORT_US 100000

typedef struct {
    gint64 id;
    guint8 key[STORE_KEY_BYTES];
    gint64 parts, part_size;
} Item;

typedef struct {
    Store *store;
    GArray *items;          /* Item, ascending */
    GMutex lock;            /* of all below */
    GCond changed;
    guint next;             /* index of the first that nobody has taken */
    guint done, running;
    gboolean stop;
    GQueue bad;             /* Item* into items, not yet dropped */
    GError *error;
} Check;

static gboolean
load_items(Store *store, Check *check, gint64 after, guint *before, GError **error)
{
    Database *reader = store_reader(store, error);
    sqlite3_stmt *s = NULL;
    int row = -1;

    if (reader)
        s = database_query(reader, error, "SELECT id, key, parts, part_size FROM block ORDER BY id", "");
    if (s)
        row = database_step(reader, s, error);
    for (*before = 0; row == 1; row = database_step(reader, s, error)) {
        Item item = { .id = sqlite3_column_int64(s, 0), .parts = sqlite3_column_int64(s, 2),
                      .part_size = sqlite3_column_int64(s, 3) };

        if (item.id <= after) {
            ++*before;
            continue;
        }
        if (sqlite3_column_bytes(s, 1) == STORE_KEY_BYTES)
            memcpy(item.key, sqlite3_column_blob(s, 1), STORE_KEY_BYTES);
        else
            item.parts = 0;     /* no key: bad */
        g_array_append_val(check->items, item);
    }
    if (reader)
        store_reader_return(store, reader);
    return row == 0;
}

/* One block in one snapshot.  A block that has gone since is good. */
static gboolean
check_item(Database *reader, const Item *item, GByteArray *buffer, gboolean *good, GError **error)
{
    gint64 id;

    if (!database_begin_read(reader, error)
        || !database_get(reader, 0, &id, error, "SELECT id FROM block WHERE id = ? AND key = ?", "ik", item->id, item->key))
        return FALSE;
    *good = id == 0 || (item->parts >= 1 && item->parts <= STORE_MAX_PARTS
                        && item->part_size >= 1 && item->part_size <= G_MAXINT32 / 2);
    if (id && *good && (gint64) buffer->len < item->part_size)
        g_byte_array_set_size(buffer, (guint) item->part_size);
    for (guint i = 0; id && *good && i < item->parts; i++) {
        if (!store_read_part(reader, id, item->key, i, (guint) item->parts, buffer->data, (gsize) item->part_size,
                             good, error))
            return FALSE;
    }
    database_rollback(reader);
    return TRUE;
}

static gpointer
check_main(gpointer data)
{
    Check *check = data;
    GError *problem = NULL;
    Database *reader = store_reader(check->store, &problem);
    g_autoptr(GByteArray) buffer = g_byte_array_new();

    g_mutex_lock(&check->lock);
    while (!problem && !check->stop && check->next < check->items->len) {
        Item *item = &g_array_index(check->items, Item, check->next++);
        gboolean good = TRUE;

        g_mutex_unlock(&check->lock);
        check_item(reader, item, buffer, &good, &problem);
        g_mutex_lock(&check->lock);
        check->done++;
        if (!good && !problem) {
            g_queue_push_tail(&check->bad, item);
            g_cond_signal(&check->changed);
        }
    }
    if (problem && !check->error)
        check->error = g_steal_pointer(&problem);
    g_clear_error(&problem);
    check->stop = check->stop || check->error;
    check->running--;
    g_cond_signal(&check->changed);
    g_mutex_unlock(&check->lock);
    if (reader)
        store_reader_return(check->store, reader);
    return NULL;
}

/* Deletes a row that no look-up by its key would find. */
static gboolean
drop(Store *store, const Item *item, GError **error)
{
    StoreState state;
    gint64 id = 0;
    gboolean ok;

    if (!store_drop_bad(store, item->key, error))
        return FALSE;
    if (item->parts > 0)
        return TRUE;
    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        ok = database_get(&store->db, 0, &id, error, "SELECT id FROM block WHERE id = ? AND length(key) <> 32", "i",
                          item->id)
             && (!id || store_delete_block(store, &state, id, error));
        state.dropped += id != 0;
        if (ok)
            ok = store_commit(store, &state, error);
        else
            database_rollback(&store->db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

/* Reports, drops and waits until the threads have ended; with check->lock held. */
static void
attend(Check *check, guint before, ProgressFunc progress, gpointer data, guint64 *bad)
{
    for (;;) {
        Item *item = g_queue_pop_head(&check->bad);
        Progress now = { .phase = "verify", .unit = "blocks", .start = before, .done = before + check->done,
                         .total = before + check->items->len };

        if (!item && check->running == 0)
            break;
        g_mutex_unlock(&check->lock);
        if (progress)
            progress(&now, data);
        if (item) {
            GError *problem = NULL;

            ++*bad;
            if (!check->store->read_only)
                drop(check->store, item, &problem);
            g_mutex_lock(&check->lock);
            if (problem && check->error)
                g_error_free(problem);
            else if (problem)
                check->error = problem;
            check->stop = check->stop || check->error;
            continue;
        }
        g_mutex_lock(&check->lock);
        check->stop = check->stop || interrupt_requested();
        if (check->running > 0 && g_queue_is_empty(&check->bad))
            g_cond_wait_until(&check->changed, &check->lock, g_get_monotonic_time() + REPORT_US);
    }
}

static void
run_threads(Check *check, guint before, ProgressFunc progress, gpointer data, guint64 *bad)
{
    GThread *threads[MAX_THREADS];
    guint n = MIN(g_get_num_processors(), MAX_THREADS);

    check->running = n;
    for (guint i = 0; i < n; i++)
        threads[i] = g_thread_new("store-verify", check_main, check);
    g_mutex_lock(&check->lock);
    attend(check, before, progress, data, bad);
    g_mutex_unlock(&check->lock);
    for (guint i = 0; i < n; i++)
        g_thread_join(threads[i]);
}

/* Whether SQLite finds the small tables' structure sound (part's rows were all read). */
static gboolean
structure_is_sound(Database *db, gboolean *sound, GError **error)
{
    static const char *const checks[] = {
        "PRAGMA integrity_check(block)", "PRAGMA integrity_check(root)", "PRAGMA integrity_check(state)",
        "PRAGMA integrity_check(in_use)", "PRAGMA integrity_check(claim)",
    };

    *sound = TRUE;
    for (guint i = 0; *sound && i < G_N_ELEMENTS(checks); i++) {
        sqlite3_stmt *s = database_query(db, error, checks[i], "");
        int row = s ? database_step(db, s, error) : -1;

        if (row < 0)
            return FALSE;
        *sound = row == 1 && g_strcmp0((const char *) sqlite3_column_text(s, 0), "ok") == 0;
        if (row == 1)
            database_reset(s);
    }
    return TRUE;
}

static gboolean
check_structure(Store *store, GError **error)
{
    gboolean sound = FALSE, ok;

    g_mutex_lock(&store->lock);
    ok = structure_is_sound(&store->db, &sound, error);
    if (ok && !sound && !store->read_only)
        ok = database_run(&store->db, "REINDEX", error) && structure_is_sound(&store->db, &sound, error);
    if (ok && !sound)
        ok = database_fail(&store->db, SQLITE_CORRUPT, error);
    g_mutex_unlock(&store->lock);
    return ok;
}

/* Removes parts without a block.  The search reads the whole table: outside of a write transaction. */
static gboolean
drop_lone_parts(Store *store, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    Database *reader = store->read_only ? NULL : store_reader(store, error);
    sqlite3_stmt *s = NULL;
    int row = -1;

    if (store->read_only)
        return TRUE;
    if (reader)
        s = database_query(reader, error, "SELECT id FROM part WHERE id >> 12 NOT IN (SELECT id FROM block)", "");
    if (s)
        row = database_step(reader, s, error);
    for (; row == 1; row = database_step(reader, s, error)) {
        gint64 id = sqlite3_column_int64(s, 0);

        g_array_append_val(ids, id);
    }
    if (reader)
        store_reader_return(store, reader);
    g_mutex_lock(&store->lock);
    for (guint i = 0; row == 0 && i < ids->len; i++) {
        /* A number is not given twice while its part is there. */
        if (!database_do(&store->db, error, "DELETE FROM part WHERE id = ? AND id >> 12 NOT IN (SELECT id FROM block)",
                         "i", g_array_index(ids, gint64, i)))
            row = -1;
    }
    g_mutex_unlock(&store->lock);
    return row == 0;
}

/* Makes the sums and counts of the state and of the blocks what they should be. */
static gboolean
settle(Store *store, gint64 verified, GError **error)
{
    StoreState state;
    gboolean ok;
    Database *db = &store->db;

    if (store->read_only)
        return TRUE;
    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        state.verified = verified;
        ok = database_get(db, 0, &state.blocks, error, "SELECT count(*) FROM block", "")
             && database_get(db, 0, &state.bytes, error, "SELECT sum(parts * part_size) FROM block", "")
             && database_do(db, error, "CREATE TEMP TABLE child AS SELECT parent AS id, count(*) AS n FROM main.block"
                            " WHERE parent IS NOT NULL GROUP BY parent", "")
             && database_do(db, error, "UPDATE block SET children = ifnull((SELECT n FROM temp.child"
                            " WHERE child.id = block.id), 0) WHERE children IS NOT"
                            " ifnull((SELECT n FROM temp.child WHERE child.id = block.id), 0)", "")
             && database_do(db, error, "DROP TABLE temp.child", "")
             && database_do(db, error, "DELETE FROM in_use WHERE block NOT IN (SELECT id FROM block)", "")
             && database_do(db, error, "DELETE FROM corpus WHERE tip NOT IN (SELECT id FROM block)", "");
        if (ok)
            ok = store_commit(store, &state, error);
        else
            database_rollback(db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

/* Blocks whose parent is missing (a flipped bit in a number) cannot be found by a
 * chain any more. */
static gboolean
drop_orphans(Store *store, guint64 *bad, GError **error)
{
    gint64 id = 0;
    gboolean ok = TRUE;

    if (store->read_only)
        return TRUE;
    /* Ends: each turn deletes a row or fails. */
    do {
        StoreState state;

        g_mutex_lock(&store->lock);
        ok = store_begin(store, &state, error);
        if (ok) {
            ok = database_get(&store->db, 0, &id, error, "SELECT max(id) FROM block WHERE parent IS NOT NULL"
                              " AND (parent >= id OR parent NOT IN (SELECT id FROM block))", "")
                 && (!id || store_delete_block(store, &state, id, error));
            state.dropped += id != 0;
            *bad += id != 0;
            if (ok)
                ok = store_commit(store, &state, error);
            else
                database_rollback(&store->db);
        }
        g_mutex_unlock(&store->lock);
    } while (ok && id);
    return ok;
}

/* The blocks from *AFTER on; *AFTER becomes where to go on when not *COMPLETE, else 0. */
static gboolean
check_blocks(Store *store, gint64 *after, gboolean *complete, ProgressFunc progress, gpointer data,
             guint64 *checked, guint64 *bad, GError **error)
{
    Check check = { .store = store, .items = g_array_new(FALSE, FALSE, sizeof(Item)) };
    guint before = 0;
    gboolean ok = load_items(store, &check, *after, &before, error);

    g_mutex_init(&check.lock);
    g_cond_init(&check.changed);
    g_queue_init(&check.bad);
    if (ok)
        run_threads(&check, before, progress, data, bad);
    *checked = check.done;
    *complete = check.next >= check.items->len;
    if (*complete)
        *after = 0;
    else if (check.next > 0)
        *after = g_array_index(check.items, Item, check.next - 1).id;
    if (check.error) {
        g_propagate_error(error, check.error);
        ok = FALSE;
    }
    g_array_unref(check.items);
    g_mutex_clear(&check.lock);
    g_cond_clear(&check.changed);
    return ok;
}

gboolean
store_verify(Store *store, ProgressFunc progress, gpointer data, guint64 *checked, guint64 *bad, GError **error)
{
    StoreState state;
    gboolean ok, complete = FALSE;

    *checked = *bad = 0;
    if (!store_flush(store, error))
        return FALSE;
    g_mutex_lock(&store->lock);
    ok = store_load_state(&store->db, &state, error);
    g_mutex_unlock(&store->lock);
    if (!ok || !check_structure(store, error)
        || !check_blocks(store, &state.verified, &complete, progress, data, checked, bad, error)
        || !drop_orphans(store, bad, error) || !drop_lone_parts(store, error)
        || !settle(store, state.verified, error))
        return FALSE;
    return complete || !interrupt_check(error);
}
