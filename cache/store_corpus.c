/* store_corpus.c - which chain belongs to which corpus: a name for its last stored block.
 *
 * The store does not know documents; a caller notes a corpus's chain when it has filled it.  The note follows the chain as
 * blocks are evicted from its end, and goes with the last of them.
 */
#include "config.h"
#include "cache/store_internal.h"

gboolean
store_corpus_moved(Store *store, gint64 id, gint64 parent, GError **error)
{
    if (parent)
        return database_do(&store->db, error, "UPDATE corpus SET tip = ? WHERE tip = ?", "ii", parent, id);
    return database_do(&store->db, error, "DELETE FROM corpus WHERE tip = ?", "i", id);
}

/* The id of the last block of the chain that is stored, 0: none. */
static gboolean
last_stored(Store *store, const guint8 *keys, gsize n, gint64 *last, GError **error)
{
    gint64 id = 0;

    for (*last = 0; n > 0; n--, keys += STORE_KEY_BYTES, *last = id) {
        if (!database_get(&store->db, 0, &id, error, "SELECT id FROM block WHERE key = ?", "k", keys))
            return FALSE;
        if (!id)
            break;
    }
    return TRUE;
}

gboolean
store_note_corpus(Store *store, const guint8 root[STORE_KEY_BYTES], const char *name,
                  const guint8 *keys, gsize n, GError **error)
{
    StoreState state;
    gint64 tip;
    gboolean ok;

    if (store->read_only)
        return TRUE;
    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    if (ok) {
        ok = last_stored(store, keys, n, &tip, error)
             && (!tip || database_do(&store->db, error, "INSERT OR REPLACE INTO corpus (name, root, tip, blocks, noted)"
                                     " SELECT ?, id, ?, ?, ? FROM root WHERE key = ?", "tiiik", name, tip, (gint64) n,
                                     store_tick(&state), root))
             && store_commit(store, &state, error);
        if (!ok)
            database_rollback(&store->db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}
