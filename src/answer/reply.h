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

typedef struct {
    SampleOptions sample;
    gsize max_tokens;
    gboolean no_drafts;     /* one token a step: the same answer, slower where it quotes */
    ReplyTextFunc text;     /* may be NULL */
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

#endif
