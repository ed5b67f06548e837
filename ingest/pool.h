/* pool.h - documents read in other processes, several at a time.
 *
 * A file may crash its parser, keep it busy for ever or take all memory.  So each is read in a process
 * of its own (this program again, see sandbox.h for what that one may do), which costs at worst that
 * file: it ends, pool_next() says why in a sentence, and another process takes the next file.  Results
 * come in the order in which files were added, whatever was read first.
 */
#ifndef KVASIR_INGEST_POOL_H
#define KVASIR_INGEST_POOL_H

#include "ingest/document.h"
#include "src/base/progress.h"

typedef struct {
    guint processes;        /* 0: one for each core */
    guint seconds;          /* of processor time for a document; 0: POOL_SECONDS */
    guint64 memory;         /* bytes for a process; 0: POOL_MEMORY */
} PoolLimits;

#define POOL_SECONDS 60
#define POOL_MEMORY (G_GUINT64_CONSTANT(4) << 30)

typedef struct Pool Pool;

/* LIMITS and OPTIONS (either may be NULL) are copied.  Nothing is started yet. */
Pool *pool_new(const PoolLimits *limits, const DocumentOptions *options);
/* Ends all processes, whatever they are doing. */
void pool_free(Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pool, pool_free)

/* Adds the file PATH, or content under a name that stands for it in messages. */
void pool_add(Pool *pool, const char *path);
void pool_add_bytes(Pool *pool, const char *name, GBytes *bytes);

/* The next document in the order of adding, or NULL with what document_read() would say,
 * FAILURE_INPUT when a limit was exceeded or the process crashed, FAILURE_SYSTEM when none can be started,
 * FAILURE_INTERRUPTED.  Calls PROGRESS (may be NULL) while it waits, in files.  Only while pool_left() > 0. */
Document *pool_next(Pool *pool, ProgressFunc progress, gpointer data, GError **error);
/* Files that pool_next() has not given out yet, or of which it has parts left: it gives those of a web archive one after the other. */
guint pool_left(const Pool *pool);

/* The other end.  A process whose argv[0] is POOL_WORKER calls it first of all; returns its exit status. */
#define POOL_WORKER "kvasir-reader"
int pool_work(int argc, char **argv);

#endif
