/* store_schema.c - the KV store's format (kvasir-cache(5)) and its state row. */
#include "config.h"
#include "cache/store_internal.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"

/* A clock that is further ahead of the system's than this was damaged. */
#define CLOCK_SANE_US (G_GINT64_CONSTANT(20) * 365 * 86400 * G_USEC_PER_SEC)

static const char *const tables[] = {
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 0), clock INTEGER NOT NULL, blocks INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, hits INTEGER NOT NULL, hit_bytes INTEGER NOT NULL, written INTEGER NOT NULL,"
    " evicted INTEGER NOT NULL, dropped INTEGER NOT NULL, verified INTEGER NOT NULL);"
    "INSERT INTO state VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);"
    "CREATE TABLE root (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, note TEXT);"
    "CREATE TABLE block (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, root INTEGER NOT NULL,"
    " parent INTEGER, depth INTEGER NOT NULL, last_used INTEGER NOT NULL, children INTEGER NOT NULL,"
    " parts INTEGER NOT NULL, part_size INTEGER NOT NULL);"
    "CREATE INDEX leaf ON block (last_used, depth) WHERE children = 0;"
    "CREATE TABLE part (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE in_use (user INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (user, block)) WITHOUT ROWID;"
    "CREATE TABLE claim (key BLOB PRIMARY KEY NOT NULL, user INTEGER NOT NULL) WITHOUT ROWID;",
    /* Version 2 knows conversations, what blocks took to compute, and where the corpora end. */
    "ALTER TABLE state ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE block ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE block ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX turn_leaf ON block (last_used) WHERE children = 0 AND turn = 1;"
    "CREATE TABLE corpus (name TEXT NOT NULL, root INTEGER NOT NULL, tip INTEGER NOT NULL, blocks INTEGER NOT NULL,"
    " noted INTEGER NOT NULL, PRIMARY KEY (name, root)) WITHOUT ROWID;"
    "CREATE INDEX corpus_tip ON corpus (tip);",
};

const DatabaseFormat store_format = {
    .what = "the KV store",
    .remedy = "it holds nothing that cannot be computed again: empty it with 'kvasir cache clear', or delete the file",
    .application_id = 0x4b56534b,       /* "KVSK" */
    .version = 2,
    .setup =
        "PRAGMA page_size = 65536;"
        "PRAGMA auto_vacuum = INCREMENTAL;"
        "PRAGMA journal_mode = WAL",
    .steps = tables,
    /* Derived data: a power cut may cost the last commits, never the structure.  No mmap: a sector that
     * cannot be read must be an error for one block, not a signal for the process. */
    .connect =
        "PRAGMA synchronous = NORMAL;"
        "PRAGMA secure_delete = FAST;"
        "PRAGMA wal_autocheckpoint = 256;"
        "PRAGMA journal_size_limit = 33554432;"
        "PRAGMA cache_size = -16384;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA mmap_size = 0",
};

gboolean
store_load_state(Database *db, StoreState *state, GError **error)
{
    /* A file of version 1 that is only read: nothing was noted. */
    sqlite3_stmt *s = db->version < 2
        ? database_query(db, error, "SELECT clock, blocks, bytes, hits, hit_bytes, written, evicted,"
                         " dropped, verified, 0 FROM state WHERE id = 0", "")
        : database_query(db, error, "SELECT clock, blocks, bytes, hits, hit_bytes, written, evicted,"
                         " dropped, verified, saved FROM state WHERE id = 0", "");
    gint64 *field[] = { &state->clock, &state->blocks, &state->bytes, &state->hits, &state->hit_bytes,
                        &state->written, &state->evicted, &state->dropped, &state->verified, &state->saved };
    int row = s ? database_step(db, s, error) : -1;

    if (row == 0)
        return database_fail(db, SQLITE_CORRUPT, error);
    if (row < 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(field); i++)
        *field[i] = sqlite3_column_int64(s, (int) i);
    database_reset(s);
    return TRUE;
}

gboolean
store_begin(Store *store, StoreState *state, GError **error)
{
    if (store->read_only)
        return database_fail(&store->db, SQLITE_READONLY, error);
    if (!database_begin(&store->db, error))
        return FALSE;
    if (!store_load_state(&store->db, state, error)) {
        database_rollback(&store->db);
        return FALSE;
    }
    return TRUE;
}

gboolean
store_commit(Store *store, const StoreState *state, GError **error)
{
    guint64 hits, hit_bytes, saved;

    g_mutex_lock(&store->readers_lock);
    hits = store->hits;
    hit_bytes = store->hit_bytes;
    saved = store->saved;
    g_mutex_unlock(&store->readers_lock);
    if (!database_do(&store->db, error, "UPDATE state SET clock = ?, blocks = ?, bytes = ?, hits = ?, hit_bytes = ?,"
                     " saved = ?, written = ?, evicted = ?, dropped = ?, verified = ? WHERE id = 0", "iiiiiiiiii",
                     state->clock, state->blocks, state->bytes, state->hits + (gint64) hits,
                     state->hit_bytes + (gint64) hit_bytes, state->saved + (gint64) saved, state->written,
                     state->evicted, state->dropped, state->verified)) {
        database_rollback(&store->db);
        return FALSE;
    }
    if (!database_commit(&store->db, error))
        return FALSE;
    g_mutex_lock(&store->readers_lock);
    store->hits -= hits;
    store->hit_bytes -= hit_bytes;
    store->saved -= saved;
    g_mutex_unlock(&store->readers_lock);
    return TRUE;
}

gint64
store_tick(StoreState *state)
{
    gint64 now = g_get_real_time();

    if (state->clock - now > CLOCK_SANE_US)
        state->clock = 0;
    state->clock = MAX(now, state->clock + 1);
    return state->clock;
}

/* Whether the file's header is that of a store of a format that we know. */
static gboolean
is_ours(const char *path)
{
    /* Offsets of SQLite's file format: user version at 60, application id at 68, big-endian. */
    enum { VERSION_AT = 60, APPLICATION_AT = 68, HEADER = 100 };
    guint8 header[HEADER];
    guint32 version, application;
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    gboolean read_all = fd >= 0 && read(fd, header, HEADER) == HEADER;

    if (fd >= 0)
        close(fd);
    if (!read_all || memcmp(header, "SQLite format 3", 16) != 0)
        return FALSE;
    memcpy(&version, header + VERSION_AT, 4);
    memcpy(&application, header + APPLICATION_AT, 4);
    return GUINT32_FROM_BE(application) == (guint32) store_format.application_id
           && GUINT32_FROM_BE(version) <= (guint32) store_format.version;
}

gboolean
store_reset(const char *path, GError **error)
{
    Database database = { .format = &store_format, .path = g_canonicalize_filename(path, NULL) };
    int rc = SQLITE_NOTADB;

    /* SQLite empties even a file that it cannot read, under its locks, so that others may have it open. */
    if (is_ours(path))
        rc = sqlite3_open_v2(database.path, &database.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(database.db, 30000);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(database.db, SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(database.db, "VACUUM", NULL, NULL, NULL);
        sqlite3_db_config(database.db, SQLITE_DBCONFIG_RESET_DATABASE, 0, NULL);
    }
    if (rc != SQLITE_OK)
        database_fail(&database, rc, error);
    sqlite3_close(database.db);
    g_free(database.path);
    return rc == SQLITE_OK;
}
