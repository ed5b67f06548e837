/* store_status.c - what is stored: counts, models, corpora, and what it took to compute. */
#include "config.h"
#include "cache/store_internal.h"

#include <glib/gstdio.h>
#include <string.h>

/* Blocks that the pace is taken from. */
#define PACE_BLOCKS "512"
/* Without blocks at such different depths there is no slope; it is then that of GLM-4-9B: see store_evict.c. */
#define PACE_SPREAD 16
#define PACE_DEPTH 96

static guint64
size_of(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    GStatBuf st;

    return g_stat(name, &st) == 0 ? (guint64) st.st_size : 0;
}

gboolean
store_status(Store *store, StoreStatus *status, GError **error)
{
    StoreState state;
    Database *reader = store_reader(store, error);
    gboolean ok = reader && store_load_state(reader, &state, error);

    if (reader)
        store_reader_return(store, reader);
    if (!ok)
        return FALSE;
    memset(status, 0, sizeof *status);
    status->blocks = (guint64) MAX(state.blocks, 0);
    status->bytes = (guint64) MAX(state.bytes, 0);
    status->written = (guint64) MAX(state.written, 0);
    status->evicted = (guint64) MAX(state.evicted, 0);
    status->dropped = (guint64) MAX(state.dropped, 0);
    status->limit = store->limit;
    status->file_bytes = size_of(store->db.path, "") + size_of(store->db.path, "-wal");
    g_mutex_lock(&store->readers_lock);
    status->hits = (guint64) MAX(state.hits, 0) + store->hits;
    status->hit_bytes = (guint64) MAX(state.hit_bytes, 0) + store->hit_bytes;
    status->saved = (double) (MAX(state.saved, 0) + (gint64) store->saved) / G_USEC_PER_SEC;
    g_mutex_unlock(&store->readers_lock);
    return TRUE;
}

/* The line through N points from their sums; times and slope are not negative. */
static StorePace
fit(double n, double d, double dd, double t, double dt, double spread)
{
    StorePace pace = { .known = n > 0 };
    double det = n * dd - d * d;

    if (!pace.known)
        return pace;
    if (spread >= PACE_SPREAD && det > 0) {
        pace.b = CLAMP((n * dt - d * t) / det, 0, dt / dd);
        pace.a = MAX((t - pace.b * d) / n, 0);
    } else {
        pace.b = t / (n * PACE_DEPTH + d);
        pace.a = pace.b * PACE_DEPTH;
    }
    return pace;
}

gboolean
store_pace_find(Database *db, gint64 root, StorePace *pace, GError **error)
{
    sqlite3_stmt *s;
    int row;

    *pace = (StorePace) { 0 };
    if (db->version < 2)
        return TRUE;
    s = database_query(db, error, "SELECT count(*), sum(depth), sum(depth * depth), sum(cost), sum(depth * cost),"
                       " max(depth) - min(depth) FROM (SELECT depth, cost / 1e6 AS cost FROM block"
                       " WHERE root = ? AND cost > 0 ORDER BY id DESC LIMIT " PACE_BLOCKS ")", "i", root);
    row = s ? database_step(db, s, error) : -1;
    if (row < 1)
        return row == 0;
    *pace = fit(sqlite3_column_double(s, 0), sqlite3_column_double(s, 1), sqlite3_column_double(s, 2),
                sqlite3_column_double(s, 3), sqlite3_column_double(s, 4), sqlite3_column_double(s, 5));
    database_reset(s);
    return TRUE;
}

double
store_estimate(Store *store, const guint8 root[STORE_KEY_BYTES], double first, double n)
{
    Database *reader = store_reader(store, NULL);
    StorePace pace = { 0 };
    gint64 id;

    if (reader && database_begin_read(reader, NULL)
        && database_get(reader, 0, &id, NULL, "SELECT id FROM root WHERE key = ?", "k", root))
        store_pace_find(reader, id, &pace, NULL);
    if (reader)
        store_reader_return(store, reader);
    return pace.known ? n * (pace.a + pace.b * (first + (n - 1) / 2)) : -1;
}

static void
clear_root(gpointer root)
{
    g_free(((StoreRoot *) root)->note);
}

#define ROOTS_SQL(turn, cost) \
    "SELECT root.key, root.note, count(*), sum(parts * part_size), max(last_used), block.root," \
    " sum(" turn " <> 0), sum((" turn " <> 0) * parts * part_size)," \
    " sum(" cost ") / 1e6, sum(" cost " = 0), sum((" cost " = 0) * depth)" \
    " FROM block JOIN root ON root.id = block.root GROUP BY block.root ORDER BY 5 DESC"

double
store_pace_seconds(const StorePace *pace, double seconds, double unknown, double depths)
{
    if (unknown > 0 && !pace->known)
        return -1;
    return seconds + pace->a * unknown + pace->b * depths;
}

static gboolean
add_root(Database *reader, sqlite3_stmt *s, GArray *roots, GError **error)
{
    StoreRoot root = { .blocks = (guint64) sqlite3_column_int64(s, 2), .bytes = (guint64) sqlite3_column_int64(s, 3),
                       .last_used = sqlite3_column_int64(s, 4) / G_USEC_PER_SEC,
                       .turns = (guint64) sqlite3_column_int64(s, 6),
                       .turn_bytes = (guint64) sqlite3_column_int64(s, 7) };
    const char *note = (const char *) sqlite3_column_text(s, 1);
    StorePace pace;

    if (!store_pace_find(reader, sqlite3_column_int64(s, 5), &pace, error))
        return FALSE;
    if (sqlite3_column_bytes(s, 0) == STORE_KEY_BYTES)
        memcpy(root.root, sqlite3_column_blob(s, 0), STORE_KEY_BYTES);
    root.note = note ? g_utf8_make_valid(note, -1) : NULL;
    root.seconds = store_pace_seconds(&pace, sqlite3_column_double(s, 8), sqlite3_column_double(s, 9),
                               sqlite3_column_double(s, 10));
    g_array_append_val(roots, root);
    return TRUE;
}

GArray *
store_roots(Store *store, GError **error)
{
    Database *reader = store_reader(store, error);
    GArray *roots = g_array_new(FALSE, TRUE, sizeof(StoreRoot));
    sqlite3_stmt *s = NULL;
    int row = -1;

    g_array_set_clear_func(roots, clear_root);
    if (reader)
        s = reader->version < 2 ? database_query(reader, error, ROOTS_SQL("0", "0"), "")
                                : database_query(reader, error, ROOTS_SQL("turn", "cost"), "");
    if (s)
        row = database_step(reader, s, error);
    for (; row == 1; row = database_step(reader, s, error)) {
        if (!add_root(reader, s, roots, error)) {
            database_reset(s);
            row = -1;
            break;
        }
    }
    if (reader)
        store_reader_return(store, reader);
    if (row < 0)
        g_clear_pointer(&roots, g_array_unref);
    return roots;
}
