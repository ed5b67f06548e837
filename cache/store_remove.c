/* store_remove.c - takes a corpus out of the store: its blocks, and all that was computed behind them.
 *
 * What hangs on the blocks of a corpus (conversations about it, answers with more files) was computed from its text and goes with
 * them.  What another noted corpus has stays, with what hangs on that one's end.
 */
#include "config.h"
#include "cache/store_internal.h"

#include <stdlib.h>
#include <string.h>

/* Blocks that go in one transaction. */
#define REMOVE_STEP 16

/* Of a block. */
enum {
    OWN = 1,                    /* of a chain that goes */
    OWN_TIP = 2,                /* the last one of such */
    KEPT = 4,                   /* of another noted chain */
    KEPT_TIP = 8,
    DOOMED = 16,
    SPARE = 32,                 /* before the documents: goes if nothing else hangs on it */
};

typedef struct {
    gint64 id, parent, depth;
    guint flags;
} Node;

static int
by_id(const void *left, const void *right)
{
    gint64 a = ((const Node *) left)->id, b = ((const Node *) right)->id;

    return (a > b) - (a < b);
}

/* NODES are in order of their ids; NULL: there is no such block. */
static Node *
find_node(const GArray *nodes, gint64 id)
{
    const Node key = { .id = id };

    return nodes->len ? bsearch(&key, nodes->data, nodes->len, sizeof key, by_id) : NULL;
}

/* All blocks under the root. */
static gboolean
load_nodes(Database *db, const guint8 *root, GArray *nodes, GError **error)
{
    sqlite3_stmt *s = database_query(db, error, "SELECT id, ifnull(parent, 0), depth FROM block WHERE root ="
                                     " (SELECT id FROM root WHERE key = ?) ORDER BY id", "k", root);
    int row = s ? database_step(db, s, error) : -1;

    for (; row == 1; row = database_step(db, s, error)) {
        const Node node = { sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2), 0 };
        g_array_append_val(nodes, node);
    }
    return row == 0;
}

/* A parent has a smaller id, or the file is damaged. */
static void
mark_chain(const GArray *nodes, gint64 tip, guint flag, guint tip_flag)
{
    Node *node = find_node(nodes, tip);

    if (node)
        node->flags |= tip_flag;
    while (node) {
        gint64 parent = node->parent < node->id ? node->parent : 0;
        node->flags |= flag;
        node = find_node(nodes, parent);
    }
}

/* The chains that were noted: those that go, and the others. */
static gboolean
mark_noted(Database *db, const StoreRemoval *what, const GArray *nodes, GError **error)
{
    sqlite3_stmt *s = database_query(db, error, "SELECT name, tip FROM corpus WHERE root ="
                                     " (SELECT id FROM root WHERE key = ?)", "k", what->root);
    int row = s ? database_step(db, s, error) : -1;

    for (; row == 1; row = database_step(db, s, error)) {
        gboolean own = g_strv_contains(what->names, (const char *) sqlite3_column_text(s, 0));
        mark_chain(nodes, sqlite3_column_int64(s, 1), own ? OWN : KEPT, own ? OWN_TIP : KEPT_TIP);
    }
    return row == 0;
}

/* The chain that is given by its keys, as far as it is stored. */
static gboolean
mark_keys(Database *db, const StoreRemoval *what, const GArray *nodes, GError **error)
{
    gint64 id = 0, tip = 0;

    for (gsize i = 0; i < what->n; i++) {
        if (!database_get(db, 0, &id, error, "SELECT id FROM block WHERE key = ?", "k", what->keys + i * STORE_KEY_BYTES))
            return FALSE;
        if (!id)
            break;
        tip = id;
    }
    mark_chain(nodes, tip, OWN, OWN_TIP);
    return TRUE;
}

/* In order of the ids, so that a block comes behind the one that it hangs on. */
static void
doom(const StoreRemoval *what, const GArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        Node *node = &g_array_index(nodes, Node, i);
        const Node *parent = find_node(nodes, node->parent);
        gboolean follows = parent && ((parent->flags & DOOMED)
                                      || ((parent->flags & OWN_TIP) && !(parent->flags & KEPT_TIP)
                                          && parent->depth >= (gint64) what->first));

        if (node->flags & KEPT)
            continue;
        if (follows || ((node->flags & OWN) && node->depth >= (gint64) what->first))
            node->flags |= DOOMED;
        else if (node->flags & OWN)
            node->flags |= SPARE;
    }
}

/* Deletes what is doomed from *LEFT - 1 down, unless something has come to hang on it meanwhile. */
static gboolean
remove_step(Store *store, const GArray *nodes, guint *left, guint64 *removed, GError **error)
{
    StoreState state;
    gboolean ok;

    g_mutex_lock(&store->lock);
    ok = store_begin(store, &state, error);
    for (int count = 0; ok && *left > 0 && count < REMOVE_STEP; --*left) {
        const Node *node = &g_array_index(nodes, Node, *left - 1);
        gint64 children;

        if (!(node->flags & (DOOMED | SPARE)))
            continue;
        ok = database_get(&store->db, -1, &children, error, "SELECT children FROM block WHERE id = ?", "i", node->id)
             && (children != 0 || store_delete_block(store, &state, node->id, error));
        *removed += ok && children == 0;
        count++;
    }
    if (ok)
        ok = store_commit(store, &state, error);
    if (!ok)
        database_rollback(&store->db);
    g_mutex_unlock(&store->lock);
    return ok;
}

static gboolean
forget(Store *store, const StoreRemoval *what, GError **error)
{
    gboolean ok = TRUE;

    g_mutex_lock(&store->lock);
    for (const char *const *name = what->names; ok && *name; name++)
        ok = database_do(&store->db, error, "DELETE FROM corpus WHERE name = ? AND root = (SELECT id FROM root WHERE key = ?)",
                         "tk", *name, what->root);
    g_mutex_unlock(&store->lock);
    return ok;
}

gboolean
store_remove(Store *store, const StoreRemoval *what, guint64 *removed, GError **error)
{
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    guint64 count = 0;
    gboolean ok;
    guint left;

    if (store->read_only)
        return database_fail(&store->db, SQLITE_READONLY, error);
    if (!store_flush(store, error))
        return FALSE;
    g_mutex_lock(&store->lock);
    ok = database_begin_read(&store->db, error) && load_nodes(&store->db, what->root, nodes, error)
         && mark_noted(&store->db, what, nodes, error) && mark_keys(&store->db, what, nodes, error);
    database_rollback(&store->db);
    g_mutex_unlock(&store->lock);
    doom(what, nodes);
    ok = ok && database_run(&store->db, "PRAGMA secure_delete = ON", error);
    for (left = nodes->len; ok && left > 0; )
        ok = remove_step(store, nodes, &left, &count, error);
    if (removed)
        *removed = count;
    return ok && forget(store, what, error) && store_vacuum(store, error)
           && database_run(&store->db, "PRAGMA secure_delete = FAST", error);
}
