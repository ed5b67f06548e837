/* prefix.h - a session filled with a prompt, from the KV store as far as it reaches.
 *
 * The prefix (what does not depend on the question) is cut into blocks of
 * ENGINE_BLOCK tokens.  Blocks that the store has are read back; each further one is
 * computed and handed to the store at once, so that an interruption costs at most one block.
 * A block that another process is computing at the time is waited for and read.
 *
 * Cold = warm = resumed.  The state is the same to the bit however many blocks came from
 * the store, because the calls to session_append are cut the same way each time: one
 * call for each whole block of the prefix, then one call for all the rest.
 */
#ifndef KVASIR_ANSWER_PREFIX_H
#define KVASIR_ANSWER_PREFIX_H

#include "cache/store.h"
#include "src/base/progress.h"
#include "src/model/engine.h"

typedef struct {
    gsize tokens;               /* of the prompt */
    gsize cached;               /* of them read back */
    gsize stored;               /* of them now newly in the store */
    double read_seconds, compute_seconds;
    GError *warning;            /* why the store was not written or read to the end (disk full, say), or NULL */
} PrefixReport;

void prefix_report_clear(PrefixReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrefixReport, prefix_report_clear)

/* Fills the empty SESSION of ENGINE and TYPE with the N ids at IDS, the first PREFIX of which are
 * looked up in and added to STORE (NULL: all is computed).  When PREFIX is N, the tokens behind the last
 * whole block are not computed: that is what ingest wants.
 *
 * REPORT, zeroed by the caller, is filled in also on failure.  FAILURE_INTERRUPTED: blocks computed so
 * far are on disk.  A damaged or vanished block is computed again; trouble with the store while
 * running is a warning in REPORT and costs only the caching. */
gboolean prefix_fill(Session *session, const Engine *engine, KvType type, Store *store,
                     const gint32 *ids, gsize n, gsize prefix,
                     ProgressFunc progress, gpointer data, PrefixReport *report, GError **error);

#endif
