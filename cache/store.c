/* store.c - the KV store: opening, look-up, reading. */
#include "config.h"
#include "cache/store_internal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_XXH_DISPATCH
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#include "src/base/failure.h"

/* More idle readers than this are closed. */
#define READERS_KEPT 16
#define FIND_TRIES 5
/* A page of the file. */
#define STREAM_STEP ((gsize) 65536)

static gboolean
is_writable(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_access(path, W_OK) == 0 && g_access(folder, W_OK) == 0;
}

/* A store on a full disk can still be read. */
static gboolean
open_database(Store *store, const char *path, gboolean or_read_only, GError **error)
{
    GError *problem = NULL;

    if (database_open(&store->db, path, &store_format, store->read_only ? DATABASE_READ : DATABASE_CREATE, &problem))
        return TRUE;
    if (!store->read_only && or_read_only && g_error_matches(problem, FAILURE, FAILURE_SYSTEM)
        && database_open(&store->db, path, &store_format, DATABASE_READ, NULL)) {
        g_error_free(problem);
        store->read_only = TRUE;
        return TRUE;
    }
    g_propagate_error(error, problem);
    return FALSE;
}

Store *
store_open(const char *path, const StoreOptions *options, GError **error)
{
    Store *store = g_new0(Store, 1);

    store->limit = options ? MIN(options->limit, (guint64) G_MAXINT64) : 0;
    store->others = options ? options->others : NULL;
    store->others_data = options ? options->others_data : NULL;
    store->read_only = options && (options->read_only
                                   || (options->or_read_only && g_access(path, R_OK) == 0 && !is_writable(path)));
    store->note = g_strdup(options ? options->note : NULL);
    store->users_fd = -1;
    g_mutex_init(&store->lock);
    g_mutex_init(&store->readers_lock);
    g_queue_init(&store->readers);
    store_writer_init(&store->writer);
    if (!open_database(store, path, options && options->or_read_only, error)) {
        store_close(store);
        return NULL;
    }
    if (!store->read_only)
        store_user_join(store);
    return store;
}

static void
free_reader(gpointer reader)
{
    database_close(reader);
    g_free(reader);
}

/* Brings the hits since the last commit into the file; their loss does not matter. */
static void
save_hits(Store *store)
{
    StoreState state;

    if (store->read_only || (!store->hits && !store->hit_bytes))
        return;
    g_mutex_lock(&store->lock);
    if (store_begin(store, &state, NULL))
        store_commit(store, &state, NULL);
    g_mutex_unlock(&store->lock);
}

void
store_close(Store *store)
{
    if (!store)
        return;
    store_writer_clear(store);
    if (store->db.db) {
        database_be_patient(&store->db, FALSE);
        save_hits(store);
        store_user_leave(store);
    }
    g_queue_clear_full(&store->readers, free_reader);
    database_close(&store->db);
    g_mutex_clear(&store->lock);
    g_mutex_clear(&store->readers_lock);
    g_free(store->note);
    g_free(store);
}

Database *
store_reader(Store *store, GError **error)
{
    Database *reader;

    g_mutex_lock(&store->readers_lock);
    reader = g_queue_pop_head(&store->readers);
    g_mutex_unlock(&store->readers_lock);
    if (reader)
        return reader;
    reader = g_new0(Database, 1);
    if (!database_open(reader, store->db.path, &store_format, DATABASE_READ, error)) {
        g_free(reader);
        return NULL;
    }
    /* Pages of blocks pass through once: what does not fit into L2 only costs time. */
    if (!database_run(reader, "PRAGMA cache_size = -2048", error)) {
        free_reader(reader);
        return NULL;
    }
    return reader;
}

void
store_reader_return(Store *store, Database *reader)
{
    gboolean keep;

    database_rollback(reader);
    g_mutex_lock(&store->readers_lock);
    keep = g_queue_get_length(&store->readers) < READERS_KEPT;
    if (keep)
        g_queue_push_head(&store->readers, reader);
    g_mutex_unlock(&store->readers_lock);
    if (!keep)
        free_reader(reader);
}

void
store_chain_key(const guint8 parent[STORE_KEY_BYTES], const gint32 *ids, gsize n, guint8 key[STORE_KEY_BYTES])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = STORE_KEY_BYTES;

    g_checksum_update(sum, parent, STORE_KEY_BYTES);
    for (gsize i = 0; i < n; i += 256) {
        gint32 little[256];
        gsize count = MIN(n - i, G_N_ELEMENTS(little));

        for (gsize j = 0; j < count; j++)
            little[j] = GINT32_TO_LE(ids[i + j]);
        g_checksum_update(sum, (const guchar *) little, (gssize) (count * sizeof *little));
    }
    g_checksum_get_digest(sum, key, &length);
}

static XXH64_hash_t
seed_of(const guint8 *key, guint part, guint parts, gsize size)
{
    guint8 place[STORE_KEY_BYTES + 16];
    guint32 number = GUINT32_TO_LE(part), count = GUINT32_TO_LE(parts);
    guint64 length = GUINT64_TO_LE((guint64) size);

    memcpy(place, key, STORE_KEY_BYTES);
    memcpy(place + STORE_KEY_BYTES, &number, 4);
    memcpy(place + STORE_KEY_BYTES + 4, &count, 4);
    memcpy(place + STORE_KEY_BYTES + 8, &length, 8);
    return XXH3_64bits(place, sizeof place);
}

gint64
store_checksum(const guint8 key[STORE_KEY_BYTES], guint part, guint parts, const guint8 *bytes, gsize size)
{
    return (gint64) XXH3_64bits_withSeed(bytes, size, seed_of(key, part, parts, size));
}

/* How many of KEYS are stored from the first on, one indexed query each, and
 * the id of the last of them. */
static gboolean
find_prefix(Store *store, const guint8 *keys, gsize n, gsize *found, gint64 *last, GError **error)
{
    gboolean ok;
    gint64 id = 0;

    g_mutex_lock(&store->lock);
    ok = database_begin_read(&store->db, error);
    for (*found = 0; ok && *found < n; *last = id, ++*found) {
        ok = database_get(&store->db, 0, &id, error, "SELECT id FROM block WHERE key = ?", "k",
                          keys + *found * STORE_KEY_BYTES);
        if (!ok || id == 0)
            break;
    }
    database_rollback(&store->db);
    g_mutex_unlock(&store->lock);
    return ok;
}

/* Marks block ID as used now and in use.  *THERE: whether it still is there. */
static gboolean
touch(Store *store, gint64 id, const guint8 *key, gboolean *there, GError **error)
{
    StoreState state;
    gboolean ok;

    g_mutex_lock(&store->lock);
    database_be_patient(&store->db, FALSE);
    ok = store_begin(store, &state, error);
    database_be_patient(&store->db, TRUE);
    if (ok) {
        ok = database_do(&store->db, error, "UPDATE block SET last_used = ? WHERE id = ? AND key = ?", "iik",
                         store_tick(&state), id, key);
        *there = ok && sqlite3_changes(store->db.db) > 0;
        if (ok && (!*there || store_mark(store, id, error)))
            ok = store_commit(store, &state, error);
        else
            ok = FALSE;
        if (!ok)
            database_rollback(&store->db);
    }
    g_mutex_unlock(&store->lock);
    return ok;
}

gsize
store_find(Store *store, const guint8 *keys, gsize n, GError **error)
{
    gsize found = 0;
    gint64 last = 0;
    gboolean there = FALSE;

    /* Between look-up and mark another process may evict: look again then.  In a damaged
     * file the index may go on naming a row that is not there: store_read tells. */
    for (int tries = 0; !there && tries < FIND_TRIES; tries++) {
        if (!find_prefix(store, keys, n, &found, &last, error))
            return 0;
        if (found == 0 || store->read_only)
            break;
        /* A store that cannot be marked (full disk, lock) can still be read. */
        if (!touch(store, last, keys + (found - 1) * STORE_KEY_BYTES, &there, NULL))
            break;
    }
    return found;
}

/* Streams the bytes of an open part into places of PLACE_SIZE bytes each, the last of which may be shorter, and through
 * the checksum.  A step is about a page of the file, which the checksum then finds in the CPU's cache. */
static int
stream_blob(sqlite3_blob *blob, XXH3_state_t *sum, guint8 *const *places, gsize place_size, gsize size)
{
    for (gsize at = 0; at < size;) {
        gsize place = at / place_size, inside = at % place_size;
        gsize n = MIN(MIN(place_size - inside, STREAM_STEP), size - at);
        int rc = sqlite3_blob_read(blob, places[place] + inside, (int) n, (int) at);

        if (rc != SQLITE_OK)
            return rc;
        XXH3_64bits_update(sum, places[place] + inside, n);
        at += n;
    }
    return SQLITE_OK;
}

/* As store_read_part(), into places; *BLOB is what the last part was read with, or NULL. */
static gboolean
read_places(Database *db, sqlite3_blob **blob, gint64 id, const guint8 *key, guint part, guint parts,
            guint8 *const *places, gsize place_size, gsize size, gboolean *good, GError **error)
{
    gint64 row = id << STORE_PART_BITS | part, checksum;
    sqlite3_stmt *s = database_query(db, error, "SELECT checksum FROM part WHERE id = ?", "i", row);
    XXH3_state_t *sum;
    int rc;

    *good = FALSE;
    if (!s)
        return FALSE;
    rc = sqlite3_step(s);
    checksum = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    database_reset(s);
    if (rc == SQLITE_DONE)
        return TRUE;
    if (rc == SQLITE_ROW)
        rc = *blob ? sqlite3_blob_reopen(*blob, row)
                   : sqlite3_blob_open(db->db, "main", "part", "bytes", row, 0, blob);
    if (rc == SQLITE_OK && (gsize) sqlite3_blob_bytes(*blob) == size) {
        sum = XXH3_createState();
        XXH3_64bits_reset_withSeed(sum, seed_of(key, part, parts, size));
        rc = stream_blob(*blob, sum, places, place_size, size);
        *good = rc == SQLITE_OK && (gint64) XXH3_64bits_digest(sum) == checksum;
        XXH3_freeState(sum);
    }
    if (rc == SQLITE_OK || rc == SQLITE_ERROR || database_is_corrupt(rc) || (rc & 0xff) == SQLITE_IOERR)
        return TRUE;
    return database_fail(db, rc, error);
}

gboolean
store_read_part(Database *db, gint64 id, const guint8 key[STORE_KEY_BYTES], guint part, guint parts,
                guint8 *out, gsize size, gboolean *good, GError **error)
{
    sqlite3_blob *blob = NULL;
    gboolean ok = read_places(db, &blob, id, key, part, parts, &out, size, size, good, error);

    sqlite3_blob_close(blob);
    return ok;
}

/* What a reader wants of a block. */
typedef struct {
    const guint8 *key;
    guint first, n;             /* parts */
    guint parts;                /* that it must have; 0: more than FIRST */
    gsize part_size;
    guint8 *const *places;      /* for the first of the parts and those behind it */
    gsize place_size;           /* divides PART_SIZE */
} Wanted;

/* In one snapshot of the database.  *COST: microseconds that computing the block took. */
static gboolean
read_wanted(Database *reader, const Wanted *w, gboolean *there, gboolean *good, gint64 *cost, GError **error)
{
    sqlite3_stmt *s;
    sqlite3_blob *blob = NULL;
    gint64 id, parts, part_size;
    gboolean ok = TRUE;
    int row;

    if (!database_begin_read(reader, error))
        return FALSE;
    s = reader->version < 2
        ? database_query(reader, error, "SELECT id, parts, part_size, 0 FROM block WHERE key = ?", "k", w->key)
        : database_query(reader, error, "SELECT id, parts, part_size, cost FROM block WHERE key = ?", "k", w->key);
    row = s ? database_step(reader, s, error) : -1;
    *there = row == 1;
    if (row < 1)
        return row == 0;
    id = sqlite3_column_int64(s, 0);
    parts = sqlite3_column_int64(s, 1);
    part_size = sqlite3_column_int64(s, 2);
    *cost = sqlite3_column_int64(s, 3);
    database_reset(s);
    /* Another shape than the caller's: the key covers the model, so the row is wrong. */
    *good = part_size > 0 && (gsize) part_size == w->part_size && w->first < parts && parts <= STORE_MAX_PARTS
            && (w->parts == 0 || parts == w->parts);
    for (guint i = 0; ok && *good && i < w->n; i++)
        ok = read_places(reader, &blob, id, w->key, w->first + i, (guint) parts,
                         w->places + i * (w->part_size / w->place_size), w->place_size, w->part_size, good, error);
    sqlite3_blob_close(blob);
    return ok;
}

static gboolean
read_back(Store *store, const Wanted *w, GError **error)
{
    Database *reader = store_reader(store, error);
    gboolean there = FALSE, good = FALSE, ok;
    gint64 cost = 0;

    if (!reader)
        return FALSE;
    ok = read_wanted(reader, w, &there, &good, &cost, error);
    store_reader_return(store, reader);
    if (ok && good) {
        g_mutex_lock(&store->readers_lock);
        store->hits += w->first == 0;
        store->saved += w->first == 0 && cost > 0 ? (guint64) cost : 0;
        store->hit_bytes += w->n * w->part_size;
        g_mutex_unlock(&store->readers_lock);
        return TRUE;
    }
    if (ok && there && !store->read_only)
        store_drop_bad(store, w->key, error);
    return FALSE;
}

gboolean
store_read(Store *store, const guint8 key[STORE_KEY_BYTES], guint part, guint8 *out, gsize size, GError **error)
{
    const Wanted wanted = { .key = key, .first = part, .n = 1, .part_size = size, .places = &out, .place_size = size };

    return read_back(store, &wanted, error);
}

gboolean
store_read_block(Store *store, const guint8 key[STORE_KEY_BYTES], guint parts, gsize part_size,
                 guint8 *const *places, gsize place_size, GError **error)
{
    const Wanted wanted = { .key = key, .n = parts, .parts = parts, .part_size = part_size, .places = places,
                            .place_size = place_size };

    return read_back(store, &wanted, error);
}

gboolean
store_shape(Store *store, const guint8 key[STORE_KEY_BYTES], guint *parts, gsize *part_size, GError **error)
{
    Database *reader = store_reader(store, error);
    gint64 p = 0, size = 0;
    gboolean ok;

    if (!reader)
        return FALSE;
    ok = database_begin_read(reader, error)
         && database_get(reader, 0, &p, error, "SELECT parts FROM block WHERE key = ?", "k", key)
         && database_get(reader, 0, &size, error, "SELECT part_size FROM block WHERE key = ?", "k", key);
    store_reader_return(store, reader);
    if (!ok || p < 1 || p > STORE_MAX_PARTS || size < 1 || size > G_MAXINT32 / 2)
        return FALSE;
    *parts = (guint) p;
    *part_size = (gsize) size;
    return TRUE;
}
