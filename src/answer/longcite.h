/* longcite.h - the form of LongCite-glm4-9b: sentences of the documents have marks, and the answer cites ranges of them.
 *
 * The prompt is the published one: "<C0>First sentence. <C1>Second ..." between [Document Start] and [Document End].  The
 * answer is "<statement>It rained.<cite>[3-5][8-8]</cite></statement>", a <cite> without ranges where nothing is cited.
 * A pack of this form (Pack.chunks is set) makes prompt.h write that prompt, and citation.h read that answer.
 */
#ifndef KVASIR_ANSWER_LONGCITE_H
#define KVASIR_ANSWER_LONGCITE_H

#include "ingest/pack.h"

/* Whether a model of that name answers in this form. */
gboolean longcite_is(const char *name);

/* DOCUMENTS in order with a mark before each sentence, counted from 0 through all of them. */
Pack *longcite_pack(const GPtrArray *documents, PackEncodeFunc encode, gpointer data);

/* What stands before the documents and behind them, before the question. */
extern const char longcite_preface[], longcite_lead[];

/* A range of sentences, both inclusive, as the model wrote it. */
typedef struct {
    guint64 first, last;
} LongciteRange;

/* The ranges between <cite> and </cite>: "[3-5]", and what models make of it: "[3]", "[3–5, 8]", "<C3>-<C5>".  Array of
 * LongciteRange. */
GArray *longcite_ranges(const char *inner);

/* What TEXT begins with.  LONGCITE_UNSURE: it may become a tag with more text. */
typedef enum {
    LONGCITE_TEXT, LONGCITE_UNSURE, LONGCITE_STATEMENT, LONGCITE_STATEMENT_END, LONGCITE_CITE, LONGCITE_CITE_END,
} LongciteTag;
LongciteTag longcite_tag(const char *text, gsize *length);

#endif
