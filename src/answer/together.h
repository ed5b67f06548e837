/* together.h - several answers over one prefix at once.
 *
 * All prompts begin with what the session BASE holds.  Each answer has a fork of it, and all of them step together
 * (engine_step_group()): one reading of the weights and of the shared keys serves all.  When one ends, the next
 * question takes its place.  With the integer sets an answer has the bytes that it has alone.
 */
#ifndef KVASIR_ANSWER_TOGETHER_H
#define KVASIR_ANSWER_TOGETHER_H

#include "src/answer/answer.h"

#define TOGETHER_MAX (ENGINE_GROUP / REPLY_BATCH)   /* answers at once at most */

/* The next prompt: its ids, which begin with those of BASE and have at least one more, and the answer to be filled.  Both
 * stay until they are given to the done function. */
typedef struct {
    const GArray *ids;          /* gint32 */
    Answer *answer;
    gpointer tag;               /* of the caller */
} TogetherItem;

/* Sets ITEM to the next one; FALSE when there is none left. */
typedef gboolean (*TogetherNextFunc)(TogetherItem *item, gpointer data);
/* SESSION will hold the prompt of ITEM and its answer: time for answer_watch(). */
typedef void (*TogetherSeatFunc)(const TogetherItem *item, Session *session, gpointer data);
/* The answer of ITEM is there (answer_finish() is left to this function).  FALSE with ERROR stops all. */
typedef gboolean (*TogetherDoneFunc)(const TogetherItem *item, gpointer data, GError **error);

/* Answers all that NEXT gives (SEAT may be NULL), MOST (1 .. TOGETHER_MAX) at a time, with OPTIONS (whose text, data and ids are those of
 * the answers).  BASE is only read but for scratch memory.  Errors as of engine_step_group(); answers that were not done by then
 * are left as they are. */
gboolean together_run(Session *base, const Engine *engine, const ReplyOptions *options, gsize most,
                      TogetherNextFunc next, TogetherSeatFunc seat, TogetherDoneFunc done, gpointer data, GError **error);

#endif
