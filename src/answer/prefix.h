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
 *
 * Conversations.  What is said behind the documents is a prefix too, of the next turn.  A chat keeps one session and calls, turn
 * by turn:
 *
 *     prefix_talk(session, ..., ids, n, documents, ...)    ids: the whole conversation up to <|assistant|>
 *     reply_generate(session, ...)
 *     prefix_keep(session, ..., documents, ...)            the blocks that the answer has filled
 *
 * prefix_talk leaves in the session what is there and agrees with the ids, so the second turn computes only what was said since, and
 * an undone turn is simply not among the ids.  With an empty session (a chat that is taken up again) it reads back all blocks, the
 * documents' and the conversation's, and computes what is behind the last of them: fewer than 256 tokens, unless the cache has lost
 * some.  Two conversations about the same documents share their blocks: the chain branches where they differ.
 *
 * A conversation's blocks are marked in the store and go first when room is needed: age counts sixteenfold for them, so
 * one of an hour ago goes before documents that nobody asked about since yesterday evening, but not before those of last week.
 * A running chat's blocks are never evicted.  With the "blas" set the bytes of decoded tokens depend on how they were computed; then
 * prefix_keep keeps nothing, and prefix_talk reads and stores only for an empty session.
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
    gsize begun;                /* prefix_talk: of them in the session already */
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

/* What the store has of a prompt, before it is filled. */
typedef struct {
    gsize cached;               /* tokens of the prefix that need not be computed */
    double seconds;             /* that the rest will take, by what the last blocks took here; negative: not known */
} PrefixOutlook;

/* Of the N ids of which the first PREFIX are looked up; cheap, and nothing fails: without STORE nothing is there. */
PrefixOutlook prefix_look(const Engine *engine, KvType type, Store *store, const gint32 *ids, gsize n, gsize prefix);

/* Fills SESSION with the N ids of a conversation, of which the first DOCUMENTS do not depend on it; the last position has
 * logits then.  SESSION may be empty or hold an earlier state of this or another conversation.  Else as prefix_fill(). */
gboolean prefix_talk(Session *session, const Engine *engine, KvType type, Store *store,
                     const gint32 *ids, gsize n, gsize documents,
                     ProgressFunc progress, gpointer data, PrefixReport *report, GError **error);

/* Hands the whole blocks of SESSION that STORE (may be NULL) does not have to it: after an answer, also an interrupted one.
 * DOCUMENTS as above.  REPORT's `stored` and `warning` are set. */
void prefix_keep(const Session *session, const Engine *engine, KvType type, Store *store, gsize documents,
                 PrefixReport *report);

/* Notes in STORE (may be NULL) that the first PREFIX of IDS are those of the corpus NAME, so that "cache status" can say
 * what is stored of it.  Best effort; after prefix_fill(). */
void prefix_note_corpus(const Engine *engine, KvType type, Store *store, const gint32 *ids, gsize prefix, const char *name);

#endif
