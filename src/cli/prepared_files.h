/* prepared_files.h - the room that prepared weights take in the cache, and when they give way.
 *
 * cache-limit is for the blocks of the KV store and the files of prepared weights together.  Prepared weights are written again
 * in a minute, blocks in hours: so where room is needed those files go first, the one that was not used for the longest time
 * before the others, but none that a running process uses.  A file that would take more than half of the limit is not written.
 */
#ifndef KVASIR_CLI_PREPARED_FILES_H
#define KVASIR_CLI_PREPARED_FILES_H

#include "cache/store.h"
#include "src/model/engine.h"

/* Bytes of the files there are, finished or not; *N (may be NULL): how many. */
guint64 prepared_files_bytes(guint *n);

/* Removes files that nobody uses until at least NEED bytes are free, or there are no more; returns how many bytes the
 * others take.  With NEED 0 nothing is removed.  A StoreOthers. */
guint64 prepared_files_give_way(guint64 need, gpointer unused);

/* Before ENGINE's weights are prepared: makes room among the other files.  FAILURE_CACHE when the limit is too small. */
gboolean prepared_files_admit(const Engine *engine, GError **error);
/* Afterwards: the blocks keep to what is left of the limit. */
void prepared_files_settle(void);

#endif
