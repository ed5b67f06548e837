/* store_evict.c - what goes: eviction within the limit, trim, clear, bad blocks.
 *
 * Only leaves go, so no block is ever without its parent.  A use is noted at the deepest block
 * alone; when a leaf goes, its parent inherits the time, which makes a
 * block's time that of the latest use of anything below it.  Among the leaves the one with the largest
 * age / cost goes, where cost is what the block takes to compute again.  A conversation's block serves that
 * conversation alone, documents any number of them: it counts as if it were older.
 */
#include "config.h"
#include "cache/store_internal.h"

#include "src/base/failure.h"
#include "src/base/interrupt.h"

/* With GLM-4-9B the attention of a block this deep costs as much as its
 * linear layers, so computing a block costs about (COST_DEPTH + depth). */
#define COST_DEPTH "96"

/* Only the oldest leaves, and the oldest of conversations, are compared: the work does not grow with the store. */
#define CANDIDATES "256"

/* Of a block, as of the time ?1.  In a damaged row turn may be anything. */
#define SCORE "(?1 - last_used) * (1.0 + 15 * (turn <> 0)) / (" COST_DEPTH " + depth)"
#define FREE_LEAF "children = 0 AND id NOT IN (SELECT block FROM in_use)"

/* Blocks deleted and pages moved in one transaction: others write in between. */
#define EVICT_STEP 16
#define VACUUM_SQL "PRAGMA incremental_vacuum(64)"

gboolean
store_delete_block(Store *store, StoreState *state, gint64 id, GError **error)
{
    Database *db = &store->db;
    sqlite3_stmt *s = database_query(db, error, "SELECT parts * part_size, parent, last_used FROM block WHERE id = ?",
                                     "i", id);
    int row = s ? database_step(db, s, error) : -1;
    gint64 bytes, parent, used;

    /* The caller has just seen it, in an index: that or the table is wrong. */
    if (row == 0)
        return database_fail(db, SQLITE_CORRUPT, error);
    if (row < 0)
        return FALSE;
    bytes = sqlite3_column_int64(s, 0);
    parent = sqlite3_column_int64(s, 1);
    used = sqlite3_column_int64(s, 2);
    database_reset(s);
    state->bytes = MAX(state->bytes - bytes, 0);
    state->blocks = MAX(state->blocks - 1, 0);
    return database_do(db, error, "DELETE FROM part WHERE id BETWEEN ? AND ?", "ii",
                       id << STORE_PART_BITS, ((id + 1) << STORE_PART_BITS) - 1)
           && database_do(db, error, "DELETE FROM block WHERE id = ?", "i", id)
           && database_do(db, error, "DELETE FROM in_use WHERE block = ?", "i", id)
           && store_corpus_moved(store, id, parent, error)
           && database_do(db, error, "UPDATE block SET children = max(children - 1, 0), last_used = max(last_used, ?)"
                          " WHERE id = ?", "ii", used, parent);
}

typedef struct { gint64 id; double score; } Victim;

/* The two leaves that are cheapest to lose; id 0 where there is none. */
static gboolean
cheapest(Store *store, gint64 now, Victim victims[2], GError **error)
{
    sqlite3_stmt *s = database_query(&store->db, error,
                                     "SELECT id, " SCORE " FROM block WHERE id IN"
                                     " (SELECT id FROM (SELECT id FROM block WHERE " FREE_LEAF
                                     " ORDER BY last_used LIMIT " CANDIDATES ")"
                                     " UNION SELECT id FROM (SELECT id FROM block WHERE " FREE_LEAF " AND turn = 1"
                                     " ORDER BY last_used LIMIT " CANDIDATES "))"
                                     " ORDER BY 2 DESC, id LIMIT 2", "i", now);
    int row = s ? database_step(&store->db, s, error) : -1;

    victims[0] = victims[1] = (Victim) { 0, 0 };
    for (int i = 0; row == 1; row = database_step(&store->db, s, error), i++)
        victims[i] = (Victim) { sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1) };
    return row == 0;
}

/* The parent of ID if it has become a leaf that is no better than SCORE once ID is gone; else 0. */
static gboolean
next_up(Store *store, gint64 parent, gint64 now, double score, gint64 *id, GError **error)
{
    sqlite3_stmt *s = database_query(&store->db, error,
                                     "SELECT " SCORE " FROM block WHERE id = ?2 AND " FREE_LEAF, "ii", now, parent);
    int row = s ? database_step(&store->db, s, error) : -1;

    *id = row == 1 && sqlite3_column_double(s, 0) >= score ? parent : 0;
    if (row == 1)
        database_reset(s);
    return row >= 0;
}

/* Evicts a leaf and on upwards while what becomes a leaf is as cheap as the second best. */
static gboolean
evict_branch(Store *store, StoreState *state, gint64 target, guint *most, const Victim victims[2], GError **error)
{
    gint64 id = victims[0].id, parent;

    while (id && *most > 0 && state->bytes > target) {
        if (!database_get(&store->db, 0, &parent, error, "SELECT parent FROM block WHERE id = ?", "i", id)
            || !store_delete_block(store, state, id, error))
            return FALSE;
        state->evicted++;
        --*most;
        if (!next_up(store, parent, state->clock, victims[1].id ? victims[1].score : -G_MAXDOUBLE, &id, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
store_evict(Store *store, StoreState *state, gint64 target, guint most, gboolean *done, GError **error)
{
    Victim victims[2];

    *done = state->bytes <= target;
    if (*done)
        return TRUE;
    store_tick(state);
    if (!store_purge_users(store, error))
        return FALSE;
    while (state->bytes > target && most > 0) {
        if (!cheapest(store, state->clock, victims, error))
            return FALSE;
        if (!victims[0].id)
            break;
        if (!evict_branch(store, state, target, &most, victims, error))
            return FALSE;
    }
    *done = state->bytes <= target;
    return TRUE;
}

gboolean
store_vacuum(Store *store, GError **error)
{
    gint64 pages = 0, before;
    gboolean ok;

    do {
        g_mutex_lock(&store->lock);
        before = pages;
        ok = database_run(&store->db, VACUUM_SQL, error)
             && database_get(&store->db, 0, &pages, error, "PRAGMA freelist_count", "");
        g_mutex_unlock(&store->lock);
        if (ok && interrupt_check(error))
            ok = FALSE;
    } while (ok && pages > 0 && pages != before);
    /* Best effort: a reader may hold on to the log for a moment. */
    g_mutex_lock(&store->lock);
    if (ok)
        sqlite3_wal_checkpoint_v2(store->db.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    g_mutex_unlock(&store->lock);
    return ok;
}

/* One transaction of a trim.  *MORE: it did something and the target is not reached. */
static gboolean
trim_step(Store *store, gint64 target, guint64 *evicted, gboolean *more, GError **error)
{
    StoreState state;
    gint64 before;
    gboolean done, ok;

    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        before = state.evicted;
        ok = store_evict(store, &state, target, EVICT_STEP, &done, error);
        if (!ok)
            database_rollback(&store->db);
        else if ((ok = store_commit(store, &state, error))) {
            *more = !done && state.evicted > before;
            *evicted += (guint64) (state.evicted - before);
        }
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

gboolean
store_trim(Store *store, guint64 limit, guint64 *evicted, GError **error)
{
    gint64 target = (gint64) MIN(limit, (guint64) G_MAXINT64);
    gboolean more = TRUE;
    guint64 count = 0;
    gboolean ok = store_flush(store, error);

    while (ok && more) {
        ok = trim_step(store, target, &count, &more, error);
        if (ok && more && interrupt_check(error))
            ok = FALSE;
    }
    if (evicted)
        *evicted = count;
    return ok && store_vacuum(store, error);
}

/* Deletes the block FROM and all that hangs on it: children have greater ids than
 * their parents, so one pass upwards collects them.  Deleted from the far end. */
static gboolean
delete_tree(Store *store, StoreState *state, gint64 from, GError **error)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *s = database_query(&store->db, error, "SELECT id, parent FROM block WHERE id > ? ORDER BY id", "i", from);
    int row = s ? database_step(&store->db, s, error) : -1;

    g_array_append_val(ids, from);
    g_hash_table_add(set, g_memdup2(&from, sizeof from));
    for (; row == 1; row = database_step(&store->db, s, error)) {
        gint64 id = sqlite3_column_int64(s, 0), parent = sqlite3_column_int64(s, 1);

        if (g_hash_table_contains(set, &parent)) {
            g_array_append_val(ids, id);
            g_hash_table_add(set, g_memdup2(&id, sizeof id));
        }
    }
    for (guint i = ids->len; row == 0 && i-- > 0; state->dropped++) {
        if (!store_delete_block(store, state, g_array_index(ids, gint64, i), error))
            row = -1;
    }
    return row == 0;
}

/* Reads all parts of a block.  *GOOD FALSE: one is damaged. */
static gboolean
check_block(Database *db, gint64 id, const guint8 *key, gboolean *good, GError **error)
{
    gint64 parts = 0, part_size = 0;
    g_autofree guint8 *bytes = NULL;

    *good = FALSE;
    if (!database_get(db, 0, &parts, error, "SELECT parts FROM block WHERE id = ?", "i", id)
        || !database_get(db, 0, &part_size, error, "SELECT part_size FROM block WHERE id = ?", "i", id))
        return FALSE;
    if (parts < 1 || parts > STORE_MAX_PARTS || part_size < 1 || part_size > G_MAXINT32 / 2)
        return TRUE;
    bytes = g_try_malloc((gsize) part_size);
    *good = bytes != NULL;
    for (guint i = 0; *good && i < parts; i++) {
        if (!store_read_part(db, id, key, i, (guint) parts, bytes, (gsize) part_size, good, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
store_drop_bad(Store *store, const guint8 key[STORE_KEY_BYTES], GError **error)
{
    StoreState state;
    gint64 id = 0;
    gboolean good = TRUE, ok;

    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        /* Another process may have replaced it by now. */
        ok = database_get(&store->db, 0, &id, error, "SELECT id FROM block WHERE key = ?", "k", key)
             && (!id || check_block(&store->db, id, key, &good, error))
             && (good || delete_tree(store, &state, id, error));
        if (ok && !good)
            ok = store_commit(store, &state, error);
        else
            database_rollback(&store->db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

/* Deletes up to EVICT_STEP blocks, the youngest (deepest) first, of ROOT or of all. */
static gboolean
clear_step(Store *store, const guint8 *root, gboolean *more, GError **error)
{
    StoreState state;
    gint64 id;
    gboolean ok;
    int count = 0;

    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    for (*more = TRUE; ok && *more && count < EVICT_STEP; count++) {
        if (root)
            ok = database_get(&store->db, 0, &id, error, "SELECT max(id) FROM block WHERE root ="
                              " (SELECT id FROM root WHERE key = ?)", "k", root);
        else
            ok = database_get(&store->db, 0, &id, error, "SELECT max(id) FROM block", "");
        *more = ok && id != 0;
        if (*more)
            ok = store_delete_block(store, &state, id, error);
    }
    if (ok && !*more)
        ok = database_do(&store->db, error, "DELETE FROM root WHERE id NOT IN (SELECT root FROM block)", "");
    if (ok && !*more && !root)
        ok = database_do(&store->db, error, "DELETE FROM part", "")
             && database_do(&store->db, error, "DELETE FROM corpus", "");
    if (ok)
        ok = store_commit(store, &state, error);
    if (!ok)
        database_rollback(&store->db);
    g_mutex_unlock(&store->lock);
    return ok;
}

gboolean
store_clear(Store *store, const guint8 *root, GError **error)
{
    gboolean more = TRUE, ok = store_flush(store, error)
                               && database_run(&store->db, "PRAGMA secure_delete = ON", error);

    while (ok && more)
        ok = clear_step(store, root, &more, error);
    return ok && store_vacuum(store, error) && database_run(&store->db, "PRAGMA secure_delete = FAST", error);
}
