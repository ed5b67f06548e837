/* database.c - an SQLite file of ours: opened with care, errors as sentences. */
#include "config.h"
#include "cache/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/failure.h"

/* How long to wait for another process's transaction. */
#define BUSY_MS 30000
#define BUSY_SHORT_MS 1000
#define BUSY_STEP_MS 10

gboolean
database_is_corrupt(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

void
database_be_patient(Database *database, gboolean patient)
{
    sqlite3_busy_timeout(database->db, patient ? BUSY_MS : BUSY_SHORT_MS);
}

gboolean
database_fail(Database *database, int rc, GError **error)
{
    const char *path = database->path, *what = database->format->what;

    /* A full disk comes as the one or the other, by what was to be written. */
    if ((rc & 0xff) == SQLITE_IOERR && database->db && sqlite3_system_errno(database->db) == ENOSPC)
        rc = SQLITE_FULL;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        g_set_error(error, FAILURE, FAILURE_SYSTEM,
                    "cannot write %s %s: no space left on the device", what, path);
        break;
    case SQLITE_NOTADB:
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s is not %s (it is no SQLite database); "
                    "move it away or delete it if it is not needed", path, what);
        break;
    case SQLITE_CORRUPT:
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s %s is damaged; %s",
                    what, path, database->format->remedy);
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        g_set_error(error, FAILURE, FAILURE_CACHE,
                    "%s %s is locked by another process; try again when that has ended", what, path);
        break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        g_set_error(error, FAILURE, FAILURE_CACHE,
                    "cannot open %s %s for writing; check its permissions and its folder's", what, path);
        break;
    case SQLITE_NOMEM:
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "no memory left while using %s %s", what, path);
        break;
    default: {
        int number = database->db ? sqlite3_system_errno(database->db) : 0;

        g_set_error(error, FAILURE, (rc & 0xff) == SQLITE_IOERR ? FAILURE_SYSTEM : FAILURE_CACHE,
                    "cannot use %s %s: %s%s%s", what, path,
                    database->db ? sqlite3_errmsg(database->db) : sqlite3_errstr(rc),
                    number ? ", " : "", number ? g_strerror(number) : "");
    }
    }
    return FALSE;
}

gboolean
database_run(Database *database, const char *sql, GError **error)
{
    int rc = sqlite3_exec(database->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK || database_fail(database, rc, error);
}

static void
finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

static sqlite3_stmt *
prepared(Database *database, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(database->statements, sql);

    if (!statement) {
        int rc = sqlite3_prepare_v3(database->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

        if (rc != SQLITE_OK) {
            database_fail(database, rc, error);
            return NULL;
        }
        /* The address is only a key; it is never written through. */
        g_hash_table_insert(database->statements, (gpointer) (guintptr) sql, statement);
    }
    return statement;
}

static sqlite3_stmt *
query(Database *database, GError **error, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *statement = prepared(database, sql, error);

    if (!statement)
        return NULL;
    for (int i = 1; *types; types++, i++) {
        int rc;

        if (*types == 'i') {
            rc = sqlite3_bind_int64(statement, i, va_arg(values, gint64));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_STATIC);
        } else {
            const void *bytes = va_arg(values, const void *);
            gsize size = *types == 'k' ? 32 : va_arg(values, gsize);

            rc = sqlite3_bind_blob64(statement, i, bytes, size, SQLITE_STATIC);
        }
        if (rc != SQLITE_OK) {
            database_fail(database, rc, error);
            database_reset(statement);
            return NULL;
        }
    }
    return statement;
}

sqlite3_stmt *
database_query(Database *database, GError **error, const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *statement;

    va_start(values, types);
    statement = query(database, error, sql, types, values);
    va_end(values);
    return statement;
}

void
database_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int
database_step(Database *database, sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        database_fail(database, rc, error);
    database_reset(statement);
    return rc == SQLITE_DONE ? 0 : -1;
}

gboolean
database_do(Database *database, GError **error, const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *statement;
    int rc;

    va_start(values, types);
    statement = query(database, error, sql, types, values);
    va_end(values);
    if (!statement)
        return FALSE;
    do {
        rc = database_step(database, statement, error);
    } while (rc == 1);
    return rc == 0;
}

gboolean
database_get(Database *database, gint64 missing, gint64 *value, GError **error,
             const char *sql, const char *types, ...)
{
    va_list values;
    sqlite3_stmt *statement;
    int rc;

    va_start(values, types);
    statement = query(database, error, sql, types, values);
    va_end(values);
    if (!statement)
        return FALSE;
    rc = database_step(database, statement, error);
    *value = rc == 1 ? sqlite3_column_int64(statement, 0) : missing;
    if (rc == 1)
        database_reset(statement);
    return rc >= 0;
}

gboolean
database_begin(Database *database, GError **error)
{
    gint64 version;

    if (!database_do(database, error, "BEGIN IMMEDIATE", ""))
        return FALSE;
    /* A newer program may have taken the file over since it was opened: what this one would write might not fit. */
    if (database_get(database, 0, &version, error, "PRAGMA user_version", "")) {
        if (version == database->version)
            return TRUE;
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s %s was changed meanwhile by another version of kvasir, or emptied; "
                    "start again", database->format->what, database->path);
    }
    database_rollback(database);
    return FALSE;
}

gboolean
database_begin_read(Database *database, GError **error)
{
    return database_do(database, error, "BEGIN", "");
}

gboolean
database_commit(Database *database, GError **error)
{
    if (database_do(database, error, "COMMIT", ""))
        return TRUE;
    database_rollback(database);
    return FALSE;
}

void
database_rollback(Database *database)
{
    /* Some errors (a full disk) have rolled back already. */
    if (!sqlite3_get_autocommit(database->db))
        sqlite3_exec(database->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Makes the file, so that SQLite does not choose its permissions. */
static gboolean
make_file(Database *database, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(database->path);
    int fd;

    if (g_mkdir_with_parents(folder, 0700)) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "cannot make the folder %s for %s: %s",
                    folder, database->format->what, g_strerror(errno));
        return FALSE;
    }
    /* O_EXCL: to open and close a file that this process uses already would drop its locks. */
    fd = g_open(database->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return TRUE;
    if (fd < 0) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "cannot open %s %s: %s",
                    database->format->what, database->path, g_strerror(errno));
        return FALSE;
    }
    close(fd);
    return TRUE;
}

static gboolean
check_kind(Database *database, DatabaseMode mode, GError **error)
{
    struct stat st;

    if (stat(database->path, &st)) {
        if (errno == ENOENT && mode == DATABASE_CREATE)
            return make_file(database, error);
        g_set_error(error, FAILURE, FAILURE_CACHE, "cannot open %s %s: %s",
                    database->format->what, database->path, g_strerror(errno));
        return FALSE;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s is not %s: it is no regular file",
                    database->path, database->format->what);
        return FALSE;
    }
    return TRUE;
}

static gboolean
pragma_int(Database *database, const char *sql, gint64 *value, GError **error)
{
    return database_get(database, 0, value, error, sql, "");
}

/* All CREATE texts of the file in one string, in a stable order. */
static char *
schema_text(sqlite3 *db, int *rc)
{
    sqlite3_stmt *statement = NULL;
    GString *text = g_string_new(NULL);

    *rc = sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
                             "AND name NOT LIKE 'sqlite_stat%' ORDER BY name", -1, &statement, NULL);
    while (*rc == SQLITE_OK || *rc == SQLITE_ROW) {
        *rc = sqlite3_step(statement);
        if (*rc == SQLITE_ROW) {
            const unsigned char *sql = sqlite3_column_text(statement, 0);

            g_string_append_printf(text, "%s;", sql ? (const char *) sql : "");
        }
    }
    if (*rc == SQLITE_DONE)
        *rc = SQLITE_OK;
    sqlite3_finalize(statement);
    return g_string_free(text, FALSE);
}

/* Runs the steps that take a database of version FROM to version TO. */
static int
run_steps(sqlite3 *db, const DatabaseFormat *format, gint32 from, gint32 to)
{
    int rc = SQLITE_OK;

    for (gint32 v = from; rc == SQLITE_OK && v < to; v++)
        rc = sqlite3_exec(db, format->steps[v], NULL, NULL, NULL);
    return rc;
}

/* Whether the file's schema is letter for letter the one of its version: a
 * flipped bit in a name would otherwise go on as some other table. */
static gboolean
check_schema(Database *database, GError **error)
{
    g_autofree char *have = NULL, *want = NULL;
    sqlite3 *memory = NULL;
    int rc = sqlite3_open_v2(":memory:", &memory,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);

    if (rc == SQLITE_OK)
        rc = run_steps(memory, database->format, 0, database->version);
    if (rc == SQLITE_OK)
        want = schema_text(memory, &rc);
    sqlite3_close(memory);
    if (rc == SQLITE_OK)
        have = schema_text(database->db, &rc);
    if (rc == SQLITE_OK && strcmp(have, want) != 0)
        rc = SQLITE_CORRUPT;
    return rc == SQLITE_OK || database_fail(database, rc, error);
}

/* Checks what the header says.  *EMPTY: a database without anything in it. */
static gboolean
check_header(Database *database, gboolean *empty, GError **error)
{
    gint64 id, version, objects;
    const DatabaseFormat *format = database->format;

    if (!pragma_int(database, "PRAGMA application_id", &id, error)
        || !pragma_int(database, "PRAGMA user_version", &version, error)
        || !pragma_int(database, "SELECT count(*) FROM sqlite_schema", &objects, error))
        return FALSE;
    *empty = id == 0 && version == 0 && objects == 0;
    if (*empty)
        return TRUE;
    if (id != format->application_id) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s is not %s (it is some other SQLite database); "
                    "move it away or delete it if it is not needed", database->path, format->what);
        return FALSE;
    }
    if (version > format->version) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s %s has format %" G_GINT64_FORMAT
                    ", which is newer than this program's %d; use a newer kvasir (the file was left as it is)",
                    format->what, database->path, version, format->version);
        return FALSE;
    }
    database->version = (gint32) version;
    return version >= 1 ? check_schema(database, error) : database_fail(database, SQLITE_CORRUPT, error);
}

/* The same as of one moment: between two statements another process may make the tables. */
static gboolean
check_header_at_once(Database *database, gboolean *empty, GError **error)
{
    gboolean ok;

    if (!database_begin_read(database, error))
        return FALSE;
    ok = check_header(database, empty, error);
    database_rollback(database);
    return ok;
}

/* The change of the journal's mode does not wait for others by itself. */
static gboolean
run_setup(Database *database, GError **error)
{
    int rc;

    for (int waited = 0; ; waited += BUSY_STEP_MS) {
        rc = sqlite3_exec(database->db, database->format->setup, NULL, NULL, NULL);
        if ((rc & 0xff) != SQLITE_BUSY || waited >= BUSY_MS)
            break;
        g_usleep(BUSY_STEP_MS * 1000);
    }
    return rc == SQLITE_OK || database_fail(database, rc, error);
}

/* Makes the tables, or those that an older file lacks; all or nothing, and only if no other process has just done it. */
static gboolean
make_tables(Database *database, GError **error)
{
    const DatabaseFormat *format = database->format;
    g_autofree char *header = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                              format->application_id, format->version);
    gboolean empty, ok;
    int rc;

    if (!database_do(database, error, "BEGIN IMMEDIATE", ""))
        return FALSE;
    ok = check_header(database, &empty, error);
    if (ok && (empty || database->version < format->version)) {
        rc = run_steps(database->db, format, empty ? 0 : database->version, format->version);
        ok = (rc == SQLITE_OK || database_fail(database, rc, error)) && database_run(database, header, error);
    }
    if (!ok) {
        database_rollback(database);
        return FALSE;
    }
    database->version = format->version;
    return database_commit(database, error);
}

static gboolean
set_up(Database *database, DatabaseMode mode, GError **error)
{
    gboolean empty;
    int rc = sqlite3_busy_timeout(database->db, BUSY_MS);

    if (rc != SQLITE_OK)
        return database_fail(database, rc, error);
    sqlite3_extended_result_codes(database->db, 1);
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (!check_header_at_once(database, &empty, error))
        return FALSE;
    /* SQLite falls back to reading when the file may not be written. */
    if (mode != DATABASE_READ && sqlite3_db_readonly(database->db, "main") == 1)
        return database_fail(database, SQLITE_READONLY, error);
    if (empty && mode == DATABASE_READ) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s %s is empty",
                    database->format->what, database->path);
        return FALSE;
    }
    if (empty && !(run_setup(database, error) && make_tables(database, error)))
        return FALSE;
    return database_run(database, database->format->connect, error)
           && (mode == DATABASE_READ || database->version == database->format->version || make_tables(database, error));
}

static gboolean
open_as(Database *database, const char *name, int flags, DatabaseMode mode, GError **error)
{
    int rc = sqlite3_open_v2(name, &database->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    database->statements = g_hash_table_new_full(NULL, NULL, NULL, finalize);
    if (rc == SQLITE_OK && set_up(database, mode, error))
        return TRUE;
    if (rc != SQLITE_OK)
        database_fail(database, rc, error);
    g_clear_pointer(&database->statements, g_hash_table_unref);
    sqlite3_close(database->db);
    database->db = NULL;
    return FALSE;
}

/* A folder or file system that cannot be written: SQLite needs its -shm file
 * there, unless it is told that nobody writes. */
static gboolean
open_immutable(Database *database, GError **error)
{
    g_autofree char *wal = g_strconcat(database->path, "-wal", NULL);
    g_autofree char *escaped = g_uri_escape_string(database->path, "/", FALSE);
    g_autofree char *uri = g_strdup_printf("file:%s?immutable=1", escaped);
    struct stat st;

    if (stat(wal, &st) == 0 && st.st_size > 0) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "cannot read %s %s: its log %s holds changes "
                    "and its folder cannot be written", database->format->what, database->path, wal);
        return FALSE;
    }
    return open_as(database, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, DATABASE_READ, error);
}

gboolean
database_open(Database *database, const char *path, const DatabaseFormat *format,
              DatabaseMode mode, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gboolean opened;

    database->format = format;
    /* An absolute name: SQLite must not take "file:..." for a URI. */
    database->path = g_canonicalize_filename(path, NULL);
    opened = check_kind(database, mode, &problem)
             && open_as(database, database->path, mode == DATABASE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE,
                        mode, &problem);
    if (!opened && mode == DATABASE_READ && g_file_test(database->path, G_FILE_TEST_IS_REGULAR)) {
        g_autofree char *folder = g_path_get_dirname(database->path);

        /* On a full disk there is no room for the -shm file; where that is missing nobody writes. */
        if (access(folder, W_OK) != 0 || g_error_matches(problem, FAILURE, FAILURE_SYSTEM)) {
            g_clear_error(&problem);
            opened = open_immutable(database, &problem);
        }
    }
    if (!opened) {
        g_propagate_error(error, g_steal_pointer(&problem));
        g_clear_pointer(&database->path, g_free);
    }
    return opened;
}

void
database_close(Database *database)
{
    if (database->db) {
        g_hash_table_unref(database->statements);
        sqlite3_close(database->db);
    }
    g_free(database->path);
    memset(database, 0, sizeof *database);
}
