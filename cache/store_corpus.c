/* store_corpus.c - which chain belongs to which corpus: a name for its last stored block.
 *
 * The store does not know documents; a caller notes a corpus's chain when it has filled it.  The note follows the chain as
 * blocks are evicted from its end, and goes with the last of them.
 */
#include "config.h"
#include "cache/store_internal.h"

#include <string.h>

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

/* A stored block of a corpus. */
typedef struct {
    gint64 id, bytes, depth;
    double cost;                    /* seconds; 0: not known */
} Link;

/* The stored blocks of a corpus, from its tip up.  A parent has a smaller id, or the file is damaged. */
static gboolean
walk(Database *db, gint64 tip, GArray *links, GError **error)
{
    for (gint64 id = tip, before = G_MAXINT64; id > 0 && id < before;) {
        sqlite3_stmt *s = database_query(db, error, "SELECT parts * part_size, depth, cost / 1e6, parent FROM block"
                                         " WHERE id = ?", "i", id);
        int row = s ? database_step(db, s, error) : -1;

        if (row < 1)
            return row == 0;
        const Link link = { id, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_double(s, 2) };
        before = id;
        id = sqlite3_column_int64(s, 3);
        database_reset(s);
        g_array_append_val(links, link);
    }
    return TRUE;
}

static void
clear_corpus(gpointer data)
{
    StoreCorpus *corpus = data;

    g_free(corpus->name);
    g_free(corpus->note);
}

static void
free_links(gpointer links)
{
    g_array_unref(links);
}

/* The rows of the table, and for each the links of its chain. */
static gboolean
load_corpora(Database *db, GArray *corpora, GPtrArray *chains, GArray *root_ids, GError **error)
{
    g_autoptr(GArray) tips = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *s = database_query(db, error, "SELECT corpus.name, tip, blocks, root.key, root.note, root.id FROM corpus"
                                     " JOIN root ON root.id = corpus.root ORDER BY corpus.name, noted DESC", "");
    int row = s ? database_step(db, s, error) : -1;

    for (; row == 1; row = database_step(db, s, error)) {
        const char *name = (const char *) sqlite3_column_text(s, 0), *note = (const char *) sqlite3_column_text(s, 4);
        StoreCorpus corpus = { .name = g_utf8_make_valid(name, -1), .blocks = (guint64) sqlite3_column_int64(s, 2),
                               .note = note ? g_utf8_make_valid(note, -1) : NULL };
        gint64 tip = sqlite3_column_int64(s, 1), root = sqlite3_column_int64(s, 5);

        if (sqlite3_column_bytes(s, 3) == STORE_KEY_BYTES)
            memcpy(corpus.root, sqlite3_column_blob(s, 3), STORE_KEY_BYTES);
        g_array_append_val(corpora, corpus);
        g_array_append_val(tips, tip);
        g_array_append_val(root_ids, root);
    }
    for (guint i = 0; row == 0 && i < tips->len; i++) {
        GArray *links = g_array_new(FALSE, FALSE, sizeof(Link));

        g_ptr_array_add(chains, links);
        if (!walk(db, g_array_index(tips, gint64, i), links, error))
            row = -1;
    }
    return row == 0;
}

/* How many of the chains have each block. */
static GHashTable *
count_users(const GPtrArray *chains)
{
    GHashTable *users = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint c = 0; c < chains->len; c++) {
        GArray *links = chains->pdata[c];

        for (guint i = 0; i < links->len; i++) {
            gint64 *id = &g_array_index(links, Link, i).id;
            guint n = GPOINTER_TO_UINT(g_hash_table_lookup(users, id));

            g_hash_table_insert(users, id, GUINT_TO_POINTER(n + 1));
        }
    }
    return users;
}

static void
add_up(StoreCorpus *corpus, const GArray *links, GHashTable *users, const StorePace *pace)
{
    double seconds = 0, unknown = 0, depths = 0;

    for (guint i = 0; i < links->len; i++) {
        const Link *link = &g_array_index(links, Link, i);
        gboolean shared = GPOINTER_TO_UINT(g_hash_table_lookup(users, &link->id)) > 1;

        corpus->cached++;
        corpus->bytes += (guint64) MAX(link->bytes, 0);
        corpus->shared += shared;
        corpus->shared_bytes += shared ? (guint64) MAX(link->bytes, 0) : 0;
        seconds += link->cost;
        unknown += link->cost <= 0;
        depths += link->cost <= 0 ? (double) link->depth : 0;
    }
    corpus->blocks = MAX(corpus->blocks, corpus->cached);
    corpus->seconds = store_pace_seconds(pace, seconds, unknown, depths);
}

GArray *
store_corpora(Store *store, GError **error)
{
    Database *reader = store_reader(store, error);
    GArray *corpora = g_array_new(FALSE, TRUE, sizeof(StoreCorpus));
    g_autoptr(GArray) roots = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GPtrArray) chains = g_ptr_array_new_with_free_func(free_links);
    gboolean ok = reader != NULL;

    g_array_set_clear_func(corpora, clear_corpus);
    if (ok && reader->version >= 2) {
        ok = database_begin_read(reader, error) && load_corpora(reader, corpora, chains, roots, error);
        g_autoptr(GHashTable) users = count_users(chains);
        for (guint i = 0; ok && i < corpora->len; i++) {
            StorePace pace;

            ok = store_pace_find(reader, g_array_index(roots, gint64, i), &pace, error);
            if (ok)
                add_up(&g_array_index(corpora, StoreCorpus, i), chains->pdata[i], users, &pace);
        }
    }
    if (reader)
        store_reader_return(store, reader);
    if (!ok)
        g_clear_pointer(&corpora, g_array_unref);
    return corpora;
}
