/* store_write.c - the writer: a thread that commits one block a transaction. */
#include "config.h"
#include "cache/store_internal.h"

#include <string.h>

#include "src/base/failure.h"

/* Blocks that may wait (a block of GLM-4-9B is 5 MB). */
#define QUEUE_LENGTH 4

void
store_writer_init(StoreWriter *writer)
{
    g_mutex_init(&writer->lock);
    g_cond_init(&writer->changed);
    g_queue_init(&writer->jobs);
}

static void
free_job(gpointer data)
{
    StoreJob *job = data;

    g_free(job->bytes);
    g_free(job->checksums);
    g_free(job);
}

/* The id of ROOT's row, made when new. */
static gboolean
root_id(Store *store, const StoreJob *job, gint64 *id, GError **error)
{
    return database_do(&store->db, error, "INSERT OR IGNORE INTO root (key, note) VALUES (?, ?)", "kt",
                       job->root, store->note)
           && database_get(&store->db, 0, id, error, "SELECT id FROM root WHERE key = ?", "k", job->root);
}

/* A number above every block's and part's: ids ascend along a chain. */
static gboolean
next_id(Store *store, gint64 *id, GError **error)
{
    gint64 block, part;

    if (!database_get(&store->db, 0, &block, error, "SELECT max(id) FROM block", "")
        || !database_get(&store->db, 0, &part, error, "SELECT max(id) FROM part", ""))
        return FALSE;
    *id = MAX(block, part >> STORE_PART_BITS) + 1;
    return TRUE;
}

static gboolean
insert(Store *store, StoreState *state, const StoreJob *job, gint64 parent, GError **error)
{
    Database *db = &store->db;
    gint64 id, root;

    if (!root_id(store, job, &root, error) || !next_id(store, &id, error)
        || !database_do(db, error, "INSERT INTO block (id, key, root, parent, depth, last_used, children, parts, part_size,"
                        " turn, cost) VALUES (?, ?, ?, nullif(?, 0), ?, ?, 0, ?, ?, ?, ?)", "ikiiiiiiii",
                        id, job->key, root, parent, (gint64) job->depth, store_tick(state), (gint64) job->parts,
                        (gint64) job->part_size, (gint64) job->turn, (gint64) job->cost)
        || (parent && !database_do(db, error, "UPDATE block SET children = children + 1 WHERE id = ?", "i", parent)))
        return FALSE;
    for (guint i = 0; i < job->parts; i++) {
        if (!database_do(db, error, "INSERT INTO part VALUES (?, ?, ?)", "iib", id << STORE_PART_BITS | i,
                         job->checksums[i], job->bytes + i * job->part_size, job->part_size))
            return FALSE;
    }
    state->blocks++;
    state->written++;
    state->bytes += (gint64) (job->parts * job->part_size);
    /* The mark moves along the chain: the parent is no leaf any more. */
    return store_mark(store, id, error) && (!parent || store_unmark(store, parent, error));
}

/* What is left of the limit for blocks, when WANTED bytes of them are to be stored: others give way first. */
static gint64
limit_for_blocks(const Store *store, gint64 wanted)
{
    gint64 limit = (gint64) store->limit, others;

    if (!store->others)
        return limit;
    others = (gint64) MIN(store->others(0, store->others_data), store->limit);
    if (others > 0 && wanted > limit - others)
        others = (gint64) MIN(store->others((guint64) (wanted - (limit - others)), store->others_data), store->limit);
    return limit - others;
}

/* Evicts what is needed for SIZE more bytes.  The parent is marked, so that it stays. */
static gboolean
make_room(Store *store, StoreState *state, gint64 size, GError **error)
{
    gint64 limit;
    gboolean done = TRUE;
    g_autofree char *text = NULL;

    if (store->limit == 0)
        return TRUE;
    limit = limit_for_blocks(store, state->bytes + size);
    if (state->bytes + size <= limit)
        return TRUE;
    if (size <= limit && !store_evict(store, state, limit - size, G_MAXUINT, &done, error))
        return FALSE;
    if (size <= limit && done)
        return TRUE;
    text = g_format_size_full(store->limit, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error(error, FAILURE, FAILURE_CACHE, "the cache limit of %s leaves no room for this prompt: "
                "the rest of it is not kept; raise cache-limit in kvasir.conf", text);
    return FALSE;
}

/* The transaction's inside; *KEEP: something was changed. */
static gboolean
write_inside(Store *store, StoreState *state, const StoreJob *job, gboolean *keep, GError **error)
{
    Database *db = &store->db;
    gint64 id, parent = 0;

    *keep = FALSE;
    if (!database_get(db, 0, &id, error, "SELECT id FROM block WHERE key = ?", "k", job->key))
        return FALSE;
    if (!job->first && !database_get(db, 0, &parent, error, "SELECT id FROM block WHERE key = ?", "k", job->parent))
        return FALSE;
    if (!id && !job->first && !parent)
        return TRUE;            /* it would hang on nothing */
    *keep = TRUE;
    if (!database_do(db, error, "DELETE FROM claim WHERE key = ?", "k", job->key))
        return FALSE;
    if (id)                     /* another process was faster: this one uses it too */
        return store_mark(store, id, error) && (!parent || store_unmark(store, parent, error));
    if (parent && !store_mark(store, parent, error))
        return FALSE;
    return make_room(store, state, (gint64) (job->parts * job->part_size), error)
           && insert(store, state, job, parent, error);
}

static gboolean
write_block(Store *store, StoreJob *job, GError **error)
{
    StoreState state;
    gboolean keep, ok;

    job->checksums = g_new(gint64, job->parts);
    for (guint i = 0; i < job->parts; i++)
        job->checksums[i] = store_checksum(job->key, i, job->parts, job->bytes + i * job->part_size, job->part_size);
    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        ok = write_inside(store, &state, job, &keep, error);
        if (ok && keep)
            ok = store_commit(store, &state, error);
        else
            database_rollback(&store->db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

static gpointer
writer_main(gpointer data)
{
    Store *store = data;
    StoreWriter *writer = &store->writer;

    g_mutex_lock(&writer->lock);
    for (;;) {
        StoreJob *job = g_queue_peek_head(&writer->jobs);
        gboolean failed = writer->failed;
        GError *problem = NULL;

        if (!job && writer->closing)
            break;
        if (!job) {
            g_cond_wait(&writer->changed, &writer->lock);
            continue;
        }
        g_mutex_unlock(&writer->lock);
        if (!failed && !write_block(store, job, &problem))
            store_release(store);       /* others must not wait for what will not come */
        g_mutex_lock(&writer->lock);
        free_job(g_queue_pop_head(&writer->jobs));
        if (problem) {
            writer->failed = TRUE;
            writer->failure = problem;
        }
        g_cond_broadcast(&writer->changed);
    }
    g_mutex_unlock(&writer->lock);
    return NULL;
}

/* Reports a failure once; with the writer's lock held. */
static gboolean
report(StoreWriter *writer, GError **error)
{
    if (!writer->failure)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&writer->failure));
    return FALSE;
}

gboolean
store_write(Store *store, const StoreBlock *block, guint8 *bytes, GError **error)
{
    StoreWriter *writer = &store->writer;
    StoreJob *job;
    gboolean ok;

    if (store->read_only || block->part_size == 0 || block->part_size > G_MAXINT32 / 2 || block->parts == 0
        || block->parts > STORE_MAX_PARTS) {
        g_free(bytes);
        if (!store->read_only)
            g_set_error(error, FAILURE, FAILURE_CACHE, "%s cannot keep blocks of %u parts of %" G_GSIZE_FORMAT
                        " bytes", store->db.path, block->parts, block->part_size);
        return store->read_only;
    }
    job = g_new0(StoreJob, 1);
    memcpy(job->root, block->root, STORE_KEY_BYTES);
    memcpy(job->key, block->key, STORE_KEY_BYTES);
    if (block->parent)
        memcpy(job->parent, block->parent, STORE_KEY_BYTES);
    job->first = !block->parent;
    job->turn = block->turn != FALSE;
    job->depth = block->depth;
    job->cost = MIN(block->cost, (guint64) G_MAXINT64);
    job->bytes = bytes;
    job->part_size = block->part_size;
    job->parts = block->parts;

    g_mutex_lock(&writer->lock);
    if (!writer->thread)
        writer->thread = g_thread_new("store-writer", writer_main, store);
    while (g_queue_get_length(&writer->jobs) >= QUEUE_LENGTH)
        g_cond_wait(&writer->changed, &writer->lock);
    if (writer->failed)
        free_job(job);
    else
        g_queue_push_tail(&writer->jobs, job);
    g_cond_broadcast(&writer->changed);
    ok = report(writer, error);
    g_mutex_unlock(&writer->lock);
    return ok;
}

gboolean
store_flush(Store *store, GError **error)
{
    StoreWriter *writer = &store->writer;
    gboolean ok;

    g_mutex_lock(&writer->lock);
    while (!g_queue_is_empty(&writer->jobs))
        g_cond_wait(&writer->changed, &writer->lock);
    ok = report(writer, error);
    g_mutex_unlock(&writer->lock);
    return ok;
}

void
store_writer_clear(Store *store)
{
    StoreWriter *writer = &store->writer;

    if (writer->thread) {
        g_mutex_lock(&writer->lock);
        writer->closing = TRUE;
        g_cond_broadcast(&writer->changed);
        g_mutex_unlock(&writer->lock);
        g_thread_join(writer->thread);
    }
    g_clear_error(&writer->failure);
    g_mutex_clear(&writer->lock);
    g_cond_clear(&writer->changed);
}
