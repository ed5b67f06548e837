/* draft.h - guesses of the next tokens, looked up in what was read so far.
 *
 * Answers about documents repeat them.  The last tokens are looked up in the
 * prompt and the answer so far; what followed there is proposed, and the engine
 * verifies all of it in one batch (prompt lookup decoding, Saxena 2023).  The index is a
 * hash table over every DRAFT_GRAM consecutive ids with chains of earlier
 * places: it costs O(1) a token to build and to extend.
 *
 * How many tokens are worth a guess depends on how often such guesses were right and on what a longer batch
 * costs here.  The former is learnt from every token, proposed or not, by the length of the match; the
 * latter from the times of the batches (draft_cost).  Neither changes the answer, only how fast it comes.
 */
#ifndef KVASIR_ANSWER_DRAFT_H
#define KVASIR_ANSWER_DRAFT_H

#include <glib.h>

#define DRAFT_GRAM 3            /* ids that must match at least */
#define DRAFT_MAX 15            /* ids proposed at most */
#define DRAFT_TOGETHER 16       /* answers that share a batch at most */

typedef struct Draft Draft;

/* An index over the N ids of the prompt. */
Draft *draft_new(const gint32 *ids, gsize n);
void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* One more token of the answer. */
void draft_push(Draft *draft, gint32 id);
/* Proposes up to MIN(ROOM, DRAFT_MAX) ids to follow the last one, as many as make the answer fastest; returns
 * their number. */
gsize draft_propose(const Draft *draft, gsize room, gint32 ids[DRAFT_MAX]);
/* A batch of N tokens of this answer alone took SECONDS. */
void draft_cost(Draft *draft, gsize n, double seconds);
/* The same from elsewhere: a further token costs MORE of what a step costs this answer. */
void draft_set_cost(Draft *draft, double more);

/* What batches cost that several answers share, learnt as they go.  All zero at first. */
typedef struct {
    double plain[DRAFT_TOGETHER + 1];   /* seconds of a batch without guesses, by the answers in it; 0: not known yet */
    double guess;                       /* seconds that a guess adds; 0: not known yet */
} DraftCosts;

/* A batch of ANSWERS (1 .. DRAFT_TOGETHER) answers with GUESSES in all took SECONDS. */
void draft_costs_note(DraftCosts *costs, gsize answers, gsize guesses, double seconds);
/* What a guess costs as a part of what a batch costs each of ANSWERS; so high that there will be none where
 * no batch without guesses was seen. */
double draft_costs_more(const DraftCosts *costs, gsize answers);

#endif
