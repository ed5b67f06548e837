/* answer.h - an answer while it is made, and when it is there: text, tokens, pages, quotations. */
#ifndef KVASIR_ANSWER_ANSWER_H
#define KVASIR_ANSWER_ANSWER_H

#include "src/answer/citation.h"
#include "src/answer/outcome.h"
#include "src/answer/prefix.h"
#include "src/answer/quotation.h"
#include "src/answer/quote.h"
#include "src/answer/reply.h"
#include "src/answer/why.h"

/* Gets what was added to the text as people see it, with citation_label() for marks; not terminated. */
typedef void (*AnswerShowFunc)(const char *text, gsize length, gpointer data);

/* What prompts and the answers to them took. */
typedef struct {
    gsize prompt, cached, stored;   /* tokens, as of PrefixReport */
    gsize output, drafted;          /* and of Reply */
    double read_seconds, compute_seconds, decode_seconds;
} AnswerCost;

typedef struct {
    const GPtrArray *documents;     /* of Document*, in pack order; not owned */
    CitationReader *citations;
    GArray *quotations;             /* of Quotation; empty until answer_finish() */
    GString *text;                  /* as shown, with [n] for marks */
    GArray *ids;                    /* gint32: the tokens, with the stop token if there was one */
    gboolean verbatim;              /* the citations were found, not given by the model */
    Why *why;                       /* what its sentences looked at, or NULL */
    Quote *quote;                   /* owned; NULL: the model writes the answer */
    Outcome outcome;                /* what became of the question; set by answer_finish() */
    PrefixReport prefix;            /* what the prompt cost */
    Reply reply;
    AnswerCost before;              /* of other prompts that led to it */
    const GArray *volumes;          /* of Volume, that all documents are cut into, or NULL; not owned */
    double seconds;                 /* all of it; set by the caller */
    AnswerShowFunc show;            /* may be NULL */
    gpointer data;
} Answer;

Answer *answer_new(const GPtrArray *documents, AnswerShowFunc show, gpointer data);
void answer_free(Answer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answer, answer_free)

/* Before it is generated: the answer is in the form that PACK asks for (Pack.chunks), and PACK stays as long. */
void answer_use_pack(Answer *answer, const Pack *pack);

/* Before SESSION is filled with PROMPT, which ends with the question, about PACK: from now on HEADS are watched.  All
 * of them must stay until answer_finish(). */
void answer_watch(Answer *answer, Session *session, const Engine *engine, const Heads *heads, const Prompt *prompt,
                  const Pack *pack);

/* From now on the answer consists of quotations alone (quote.h); PACK is what the prompt has, and stays while it is made. */
void answer_quote(Answer *answer, const Engine *engine, const Pack *pack);

/* Lets the model answer to what SESSION holds (reply_generate() with OPTIONS, whose text, data and ids are those of
 * ANSWER).  The text is complete also when this fails, as far as the model came. */
gboolean answer_generate(Answer *answer, Session *session, const Engine *engine, const ReplyOptions *options, GError **error);

/* Gives all of the text to SHOW, as people see it. */
void answer_show(const Answer *answer, AnswerShowFunc show, gpointer data);

/* For those who generate otherwise: OPTIONS with text, data and ids of ANSWER; a ReplyTextFunc, and the end of what it gets. */
ReplyOptions answer_options(Answer *answer, const ReplyOptions *options);
void answer_feed(const char *text, gsize length, gpointer answer);
void answer_end(Answer *answer);

/* Looks up in the documents what the answer quotes and, if it cites nothing, where it stands word for word; sums up what its
 * sentences looked at, and decides what became of the question. */
void answer_finish(Answer *answer);

/* Adds to COST what one prompt and its reply took. */
void answer_cost_add(AnswerCost *cost, const PrefixReport *prefix, const Reply *reply);
/* Of ANSWER and all prompts before. */
AnswerCost answer_cost(const Answer *answer);

/* The last of these, once all others are done; MARKS (of WhyMark) are those of its text. */
Outcome answer_judge(const Answer *answer, const GArray *marks);

#endif
