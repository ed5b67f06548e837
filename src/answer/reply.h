/* reply.h - the model's turn: tokens until it stops, as a stream of text. */
#ifndef KVASIR_ANSWER_REPLY_H
#define KVASIR_ANSWER_REPLY_H

#include "src/model/engine.h"
#include "src/model/sample.h"

typedef enum {
    REPLY_STOPPED,          /* the model ended its turn */
    REPLY_LENGTH,           /* as many tokens as were allowed */
    REPLY_FULL,             /* the session is full */
    REPLY_INTERRUPTED,      /* by a signal, or an error */
} ReplyEnd;

/* "end_turn", "max_tokens", "context_full", "interrupted". */
const char *reply_end_name(ReplyEnd end);

/* TEXT is well-formed UTF-8, whole characters, LENGTH bytes, not terminated. */
typedef void (*ReplyTextFunc)(const char *text, gsize length, gpointer data);

/* A token was chosen: its text comes next.  What the heads of session_witness() looked at when SESSION computed it is row
 * ROW of session_witness_mass(). */
typedef void (*ReplyTokenFunc)(Session *session, gsize row, gpointer data);

/* Who chooses the tokens instead of the sampler alone. */
typedef struct {
    /* The next token of the reply; appends to TEXT what it adds to the text (bytes, UTF-8 in the end).  LOGITS as for SAMPLER. */
    gint32 (*choose)(gpointer data, Sampler *sampler, const float *logits, GString *text);
    /* Guesses up to ROOM tokens behind the last one chosen; their number. */
    gsize (*propose)(gpointer data, gsize room, gint32 *ids);
    gpointer data;
} ReplyGuide;

typedef struct {
    SampleOptions sample;
    gsize max_tokens;
    gboolean no_drafts;     /* one token a step: the same answer, slower where it quotes */
    const ReplyGuide *guide;    /* NULL: the model is free */
    ReplyTextFunc text;     /* may be NULL */
    ReplyTokenFunc token;   /* may be NULL; DATA is the same */
    GArray *ids;            /* NULL, or gint32: gets the tokens generated, a stop token too */
    gpointer data;
} ReplyOptions;

typedef struct {
    gsize tokens;           /* generated; a stop token counts */
    gsize drafted;          /* of them, guessed from the documents and found right */
    ReplyEnd end;
    double seconds;
} Reply;

/* Continues SESSION, whose last position must have logits.  White space before the first
 * word is left out (the model begins its turn with a line break); ill-formed bytes become U+FFFD, and
 * control characters other than line breaks and tabs are left out.
 * FAILURE_INTERRUPTED when a signal stops it; REPLY then tells what was generated. */
gboolean reply_generate(Session *session, const Engine *engine, const ReplyOptions *options,
                        Reply *reply, GError **error);

/* The same in steps, for those who compute several replies at once:
 *
 *     turn = reply_turn_new(session, ...);
 *     while (reply_turn_take(turn, logits)) {
 *         batch = reply_turn_batch(turn, &n);
 *         append BATCH to the session; LOGITS are then its N rows
 *     }
 *     reply_turn_end(turn, &reply);
 *
 * LOGITS are at first those behind the session's last token.  SESSION and what OPTIONS point to stay as long as the turn. */
#define REPLY_BATCH 16          /* tokens of a batch at most */
typedef struct ReplyTurn ReplyTurn;
ReplyTurn *reply_turn_new(Session *session, const Engine *engine, const ReplyOptions *options);
void reply_turn_free(ReplyTurn *turn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReplyTurn, reply_turn_free)

/* Takes the tokens that follow, as far as LOGITS say; FALSE when the reply is over. */
gboolean reply_turn_take(ReplyTurn *turn, const float *logits);
/* What is to be appended now: the last token taken, and guesses of what follows. */
const gint32 *reply_turn_batch(const ReplyTurn *turn, gsize *n);
/* A guess in the next batches costs MORE of what a step costs this answer (draft.h): for callers that compute batches of several. */
void reply_turn_set_cost(ReplyTurn *turn, double more);
/* Gives out the text that was held back, shortens the session to what was taken, and says how it ended; also when
 * the batch could not be appended (REPLY_INTERRUPTED). */
void reply_turn_end(ReplyTurn *turn, Reply *reply);

#endif
