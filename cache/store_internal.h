/* store_internal.h - what the store's files share.
 *
 *   store.c         open, close, find, read
 *   store_schema.c  the format and its state row
 *   store_write.c   the writer thread
 *   store_evict.c   eviction, trim, clear, dropping of bad blocks
 *   store_verify.c  check of everything
 *   store_users.c   marks of running processes
 *   store_corpus.c  which chain belongs to which corpus
 *   store_status.c  what is stored, and what it took
 *
 * One connection writes (`db`, under `lock`); the writer thread and all
 * maintenance take turns on it.  Reading uses a pool of connections, each
 * lent to one thread at a time.
 */
#ifndef KVASIR_CACHE_STORE_INTERNAL_H
#define KVASIR_CACHE_STORE_INTERNAL_H

#include "cache/database.h"
#include "cache/store.h"

/* part.id = block.id << STORE_PART_BITS | number of the part */
#define STORE_PART_BITS 12
G_STATIC_ASSERT(STORE_MAX_PARTS == 1 << STORE_PART_BITS);

extern const DatabaseFormat store_format;

/* One block on its way to disk. */
typedef struct {
    guint8 root[STORE_KEY_BYTES], parent[STORE_KEY_BYTES], key[STORE_KEY_BYTES];
    gboolean first;             /* no parent */
    gboolean turn;
    guint64 depth, cost;
    guint8 *bytes;
    gsize part_size;
    guint parts;
    gint64 *checksums;          /* of the parts; made by the writer */
} StoreJob;

typedef struct {
    GThread *thread;            /* NULL: none yet */
    GMutex lock;                /* of all below */
    GCond changed;
    GQueue jobs;                /* StoreJob*, the one being written included */
    gboolean closing;
    gboolean failed;            /* no more writing */
    GError *failure;            /* not reported yet, or NULL */
} StoreWriter;

struct Store {
    guint64 limit;
    StoreOthers others;         /* or NULL */
    gpointer others_data;
    gboolean read_only;
    char *note;
    Database db;                /* writes; under lock */
    GMutex lock;
    GQueue readers;             /* idle Database*; under readers_lock */
    GMutex readers_lock;
    gint64 user;                /* this process's mark; 0: none */
    int users_fd;               /* the file whose locked bytes are the living users; -1: none */
    StoreWriter writer;
    guint64 hits, hit_bytes, saved;     /* not yet in the state row; under readers_lock */
};

/* The state row: read at the start of a transaction that changes it, written at its end. */
typedef struct {
    gint64 clock;               /* last_used of the latest use; ascends even if the system's clock does not */
    gint64 blocks, bytes;
    gint64 hits, hit_bytes, saved, written, evicted, dropped;
    gint64 verified;            /* block.id where an interrupted verify goes on, 0: at the start */
} StoreState;

/* Opens a write transaction (lock held) and loads the state, adding the hits that were counted in memory. */
gboolean store_begin(Store *store, StoreState *state, GError **error);
/* Saves the state and commits; rolls back on failure. */
gboolean store_commit(Store *store, const StoreState *state, GError **error);
gboolean store_load_state(Database *db, StoreState *state, GError **error);
/* A new, later time in state->clock: microseconds since 1970 where the system's clock is sane. */
gint64 store_tick(StoreState *state);

/* Borrows a reading connection; NULL on error. */
Database *store_reader(Store *store, GError **error);
void store_reader_return(Store *store, Database *reader);

/* A part's checksum covers its place too, so that no other part passes for it. */
gint64 store_checksum(const guint8 key[STORE_KEY_BYTES], guint part, guint parts, const guint8 *bytes, gsize size);
/* Reads part PART of block ID into OUT; *GOOD tells whether all its bytes were there and have their
 * checksum.  FALSE with ERROR only for troubles other than damage. */
gboolean store_read_part(Database *db, gint64 id, const guint8 key[STORE_KEY_BYTES], guint part, guint parts,
                         guint8 *out, gsize size, gboolean *good, GError **error);

/* Users: see store_users.c.  The lock is held and, but for store_user_join, a write transaction is open. */
void store_user_join(Store *store);
void store_user_leave(Store *store);
gboolean store_mark(Store *store, gint64 block, GError **error);
gboolean store_unmark(Store *store, gint64 block, GError **error);
/* Deletes the marks of processes that have ended. */
gboolean store_purge_users(Store *store, GError **error);

/* Block ID is about to go: the corpora that ended with it end with PARENT (0: with nothing).  Inside a write transaction. */
gboolean store_corpus_moved(Store *store, gint64 id, gint64 parent, GError **error);

/* Seconds that a block at depth d takes are a + b d, by least squares over the last blocks of a root whose time is known. */
typedef struct {
    double a, b;
    gboolean known;
} StorePace;

gboolean store_pace_find(Database *db, gint64 root, StorePace *pace, GError **error);
/* What SECONDS of blocks whose time is known and UNKNOWN others, at DEPTHS together, take; negative if that is not known. */
double store_pace_seconds(const StorePace *pace, double seconds, double unknown, double depths);

/* Evicts leaves until state->bytes <= TARGET, at most MOST of them.  *DONE: the target was
 * reached; FALSE in it with TRUE returned: what is left is in use, or MOST was reached.  Inside a write transaction. */
gboolean store_evict(Store *store, StoreState *state, gint64 target, guint most, gboolean *done, GError **error);
/* Gives free pages back to the file system, in small steps, and empties the log.  Takes the lock. */
gboolean store_vacuum(Store *store, GError **error);
/* Deletes block ID, which is there, with its parts and marks; nothing may hang on it any more.  Inside a write transaction. */
gboolean store_delete_block(Store *store, StoreState *state, gint64 id, GError **error);
/* If block KEY is bad still: drops it and all that hangs on it.  Takes the lock. */
gboolean store_drop_bad(Store *store, const guint8 key[STORE_KEY_BYTES], GError **error);

void store_writer_init(StoreWriter *writer);
/* Ends the thread after the last job, and frees. */
void store_writer_clear(Store *store);

#endif
