/* database.h - an SQLite file of ours: opened with care, errors as sentences.
 *
 * Both databases (catalogue and KV store) are files of one SqliteFormat:
 * application id and version in the header, an exact schema, and a remedy for
 * the day when the file is damaged.  A file of a newer version, or one that is
 * not ours, is refused and left as it is.
 *
 * A Database is used by one thread at a time.
 */
#ifndef KVASIR_CACHE_DATABASE_H
#define KVASIR_CACHE_DATABASE_H

#include <glib.h>
#include <sqlite3.h>

typedef struct {
    const char *what;           /* "the KV store" */
    const char *remedy;         /* what to do when it is damaged: "remove it with ..." */
    gint32 application_id;      /* of the header, as is the next */
    gint32 version;
    const char *setup;          /* pragmas that must come before the first table */
    /* Of each version from 1 to VERSION, the CREATE statements and first rows that make it of the version before (of
     * nothing).  An older file is upgraded when it is opened for writing, and read as it is otherwise. */
    const char *const *steps;
    const char *connect;        /* pragmas of each connection */
} DatabaseFormat;

typedef struct {
    sqlite3 *db;
    const DatabaseFormat *format;
    char *path;
    gint32 version;             /* of the file; less than the format's only for reading */
    GHashTable *statements;     /* prepared, by the address of their text */
} Database;

typedef enum {
    DATABASE_CREATE,            /* read and write, made when missing */
    DATABASE_WRITE,             /* read and write, must be there */
    DATABASE_READ,              /* read only, must be there */
} DatabaseMode;

/* Fills *DATABASE (zeroed before).  On failure nothing is left to close. */
gboolean database_open(Database *database, const char *path, const DatabaseFormat *format,
                       DatabaseMode mode, GError **error);
void database_close(Database *database);

/* Sets ERROR to the sentence for SQLite's result RC.  Always returns FALSE. */
gboolean database_fail(Database *database, int rc, GError **error);

/* Runs statements without parameters or results. */
gboolean database_run(Database *database, const char *sql, GError **error);

/* Prepares SQL (a string literal: it is cached by address), binds, and leaves it to be stepped by
 * database_step().  TYPES has a letter for each parameter:
 *   i gint64    t const char * or NULL    k 32 bytes of a key (const guint8 *)
 *   b const void *, gsize   (not copied: must stay until the statement has ended)
 * NULL on error. */
sqlite3_stmt *database_query(Database *database, GError **error, const char *sql, const char *types, ...);
/* 1: a row; 0: no more rows, and the statement is reset; -1: error, likewise reset. */
int database_step(Database *database, sqlite3_stmt *statement, GError **error);
/* Ends a statement before its last row. */
void database_reset(sqlite3_stmt *statement);
/* database_query() and stepped to its end, results ignored. */
gboolean database_do(Database *database, GError **error, const char *sql, const char *types, ...);
/* First column of the first row; *VALUE is MISSING when there is none. */
gboolean database_get(Database *database, gint64 missing, gint64 *value, GError **error,
                      const char *sql, const char *types, ...);

/* A transaction that may write from its start, one that only reads.  The first fails (FAILURE_CACHE) when the file has
 * become one of another format since it was opened. */
gboolean database_begin(Database *database, GError **error);
gboolean database_begin_read(Database *database, GError **error);
gboolean database_commit(Database *database, GError **error);
void database_rollback(Database *database);

/* How long statements wait for another process's transaction: as usual, or not for long,
 * where waiting would cost more than what is asked for is worth. */
void database_be_patient(Database *database, gboolean patient);

/* Damage to the file's structure, as opposed to no space, locks and the like. */
gboolean database_is_corrupt(int rc);

#endif
