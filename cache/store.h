/* store.h - the KV store: blocks of a prefix cache under chained keys, in SQLite.
 *
 * A block is opaque bytes in PARTS parts.  Its key is a SHA-256 that the
 * caller chains (store_chain_key): parent's key and own token ids, so a key stands for a whole
 * prefix.  A block is never without its parent: blocks are added behind their
 * parent and evicted leaves first.  Every part carries an XXH3 checksum that
 * is verified on read; a bad block is dropped with everything that hangs on it, and the
 * read says "not there".  Several processes may use one store at once.
 * All data here is derived: losing it costs time only.
 */
#ifndef KVASIR_CACHE_STORE_H
#define KVASIR_CACHE_STORE_H

#include <glib.h>

#include "src/base/progress.h"

#define STORE_KEY_BYTES 32

typedef struct Store Store;

/* What other files take of a limit.  With NEED more than 0 it may remove some first, of NEED bytes or more.  From any thread. */
typedef guint64 (*StoreOthers)(guint64 need, gpointer data);

typedef struct {
    guint64 limit;          /* bytes of blocks, and of others, to keep; 0: no limit */
    StoreOthers others;     /* or NULL: there are none */
    gpointer others_data;
    gboolean read_only;
    gboolean or_read_only;  /* read only when the file is there but may not be written */
    const char *note;       /* what new roots stand for, shown by status ("GLM-4-9B-Chat, int8"); or NULL */
} StoreOptions;

/* Opens or makes the database file PATH (folder 0700, file 0600).  FAILURE_CACHE when it is not
 * a store, is of a newer format (left untouched), or cannot be written.  With read_only it must
 * be there; a folder or file system that cannot be written is no obstacle then, nothing is marked as
 * used, bad blocks are not dropped, and the functions that change the store fail. */
Store *store_open(const char *path, const StoreOptions *options, GError **error);
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)

/* key = SHA-256(parent || little-endian int32 ids). */
void store_chain_key(const guint8 parent[STORE_KEY_BYTES], const gint32 *ids, gsize n,
                     guint8 key[STORE_KEY_BYTES]);

/* How many of the N keys (N * STORE_KEY_BYTES bytes, a chain from its first block) are
 * stored, counted from the first without a gap.  Marks them as used now, and as
 * in use by this process until store_close (they are not evicted). */
gsize store_find(Store *store, const guint8 *keys, gsize n, GError **error);

/* Reads part PART of block KEY into OUT (SIZE bytes, must be its exact size).  FALSE without ERROR: not there any more, or bad
 * and now dropped.  May be called from several threads at once. */
gboolean store_read(Store *store, const guint8 key[STORE_KEY_BYTES], guint part,
                    guint8 *out, gsize size, GError **error);

/* Reads all of block KEY, PARTS parts of PART_SIZE bytes, into PLACES: its bytes in order, PLACE_SIZE (which divides
 * PART_SIZE) in each.  They go there at once, not through a buffer; what stands there after FALSE is not defined.  Else as
 * store_read(), and less work than that for each part. */
gboolean store_read_block(Store *store, const guint8 key[STORE_KEY_BYTES], guint parts, gsize part_size,
                          guint8 *const *places, gsize place_size, GError **error);

/* At most this many parts in a block. */
#define STORE_MAX_PARTS 4096

/* How many parts of which size block KEY has.  FALSE without ERROR: not there. */
gboolean store_shape(Store *store, const guint8 key[STORE_KEY_BYTES], guint *parts, gsize *part_size, GError **error);

/* A block to be written. */
typedef struct {
    const guint8 *root;     /* the state key that the chain began with */
    const guint8 *parent;   /* NULL for the first block */
    const guint8 *key;
    guint64 depth;          /* its place in the chain, from 0 */
    gsize part_size;        /* bytes */
    guint parts;
    guint64 cost;           /* microseconds that it took to compute; 0: not known */
    gboolean turn;          /* of a conversation, not of documents: goes earlier when room is needed */
} StoreBlock;

/* Notes that the prefix of corpus NAME under ROOT is the chain of these N keys, as much of it as is stored (at least one
 * block); it replaces what was noted before.  For display: nothing else depends on it. */
gboolean store_note_corpus(Store *store, const guint8 root[STORE_KEY_BYTES], const char *name,
                           const guint8 *keys, gsize n, GError **error);

/* The writer: a thread that commits one block a transaction.  store_write
 * takes BYTES (BLOCK->parts * part_size of them) over (g_free), whatever it returns, and queues it,
 * waiting while more than a few blocks are queued.  A block that is there already is left as it is; one
 * whose parent is not there (any more) is passed over.  Older blocks make room within the limit.
 * FALSE when an earlier write failed: the error (disk full, say; FAILURE_SYSTEM or FAILURE_CACHE) is
 * reported once, and the store goes on without writing: later calls return TRUE and do nothing.
 * Nothing is written to a read-only store either. */
gboolean store_write(Store *store, const StoreBlock *block, guint8 *bytes, GError **error);
/* Waits until all that was queued is committed; FALSE as above. */
gboolean store_flush(Store *store, GError **error);

/* Claims: so that two processes with the same prompt do not compute the same block twice.  Before it
 * computes a block a process claims its key; who does not get the claim waits for the block and reads
 * it.  A claim ends with the block's commit, with store_release(), or with the process, however that ends.
 * They are advice: nothing breaks when they are not asked for.
 *
 * TRUE: this process is to compute the block (also when claims cannot be made).  FALSE: it is stored
 * already, or another running process computes it. */
gboolean store_claim(Store *store, const guint8 key[STORE_KEY_BYTES]);

typedef enum {
    STORE_WAIT_STORED,      /* the block is there now */
    STORE_WAIT_FREE,        /* nobody computes it (any more): claim it */
    STORE_WAIT_TIMEOUT,     /* neither, in the time given; interrupt_requested() counts as this */
} StoreWait;

StoreWait store_wait(Store *store, const guint8 key[STORE_KEY_BYTES], guint timeout_ms);
/* Gives up all claims of this process: it stops computing. */
void store_release(Store *store);

typedef struct {
    guint64 blocks, bytes;          /* stored now */
    guint64 file_bytes;             /* of the database, with its log */
    guint64 limit;
    guint64 hits, hit_bytes;        /* blocks and bytes read back since it was made */
    double saved;                   /* seconds that computing those had taken */
    guint64 written, evicted, dropped;  /* blocks, since it was made */
} StoreStatus;

gboolean store_status(Store *store, StoreStatus *status, GError **error);

/* One row per root: what the blocks of one model, KV type and arithmetic take. */
typedef struct {
    guint8 root[STORE_KEY_BYTES];
    char *note;
    guint64 blocks, bytes;
    guint64 turns, turn_bytes;      /* of them, those of conversations */
    double seconds;                 /* that computing them takes: as they took, or as others did; negative: not known */
    gint64 last_used;               /* seconds since 1970 */
} StoreRoot;
/* Array of StoreRoot with a clear function; free with g_array_unref. */
GArray *store_roots(Store *store, GError **error);

/* A corpus of which something is stored, under one root: as it was when store_note_corpus() was last called for it. */
typedef struct {
    char *name;
    guint8 root[STORE_KEY_BYTES];
    char *note;                     /* of the root, or NULL */
    guint64 blocks;                 /* whole ones of its prefix */
    guint64 cached, bytes;          /* of them, stored now */
    guint64 shared, shared_bytes;   /* of those, in the prefix of another corpus, too */
    double seconds;                 /* that computing the stored ones takes; negative: not known */
} StoreCorpus;
/* Array of StoreCorpus by name, with a clear function; free with g_array_unref. */
GArray *store_corpora(Store *store, GError **error);

/* Seconds that computing N blocks (a fraction is a part of one) of a chain under ROOT takes, the first of them at depth FIRST,
 * by what the last ones took here.  Negative: nothing is known yet. */
double store_estimate(Store *store, const guint8 root[STORE_KEY_BYTES], double first, double n);

/* Checks every block and the file's structure; bad blocks are dropped with what hangs on them
 * and counted in *BAD.  Stops with FAILURE_INTERRUPTED when interrupt_requested(), and the next call goes on
 * from there.  FAILURE_CACHE when the structure is damaged beyond repair. */
gboolean store_verify(Store *store, ProgressFunc progress, gpointer data,
                      guint64 *checked, guint64 *bad, GError **error);
/* Evicts until at most LIMIT bytes are stored (blocks in use stay) and gives the space back to the
 * file system, in small steps between which others can write. */
gboolean store_trim(Store *store, guint64 limit, guint64 *evicted, GError **error);
/* Removes everything (or, with ROOT, what hangs on it), overwrites it and shrinks the file.  Also what is in use. */
gboolean store_clear(Store *store, const guint8 *root, GError **error);

/* A corpus that is to be removed, under one root. */
typedef struct {
    const guint8 *root;
    const char *const *names;       /* NULL-terminated: what its chains were noted under */
    const guint8 *keys;             /* one more chain, as its prefix would be now; N may be 0 */
    gsize n, first;                 /* FIRST: depth of the first block that has text of it */
} StoreRemoval;
/* Removes, overwrites and gives back the blocks of these chains and all that hangs on them, such as conversations, also what is in
 * use; but not what another noted corpus has, and what hangs on its end.  The notes go, too.  *REMOVED (may be NULL): how many
 * blocks. */
gboolean store_remove(Store *store, const StoreRemoval *what, guint64 *removed, GError **error);

/* Makes the damaged store PATH, which store_open() refuses, an empty one.  FAILURE_CACHE, and
 * nothing is changed, when the file is none of ours or of a newer format. */
gboolean store_reset(const char *path, GError **error);

#endif
