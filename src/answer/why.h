/* why.h - what each sentence of an answer looked at: pages and passages by attention.
 *
 * While an answer is made, the engine tells for some heads (heads.h) how much of their attention fell on each tile of 64 keys.
 * The average over heads and over the tokens of a sentence, without those of page marks, is what the sentence looked at.
 * From it is taken what every question gets: the average at the words that stand between the documents and the question ("These
 * were the documents ..."), which know nothing of it yet; of the last two tiles no more than of the
 * others, for there those words look at their neighbours.  What remains above nothing is summed by page.
 *
 * A page stands out when it has WHY_LEAST of what remains on all pages, and at least the share of the whole attention that
 * calibration found between answers that stand in the documents and answers that do not.  Without calibration nothing stands out.
 */
#ifndef KVASIR_ANSWER_WHY_H
#define KVASIR_ANSWER_WHY_H

#include "ingest/pack.h"
#include "src/answer/heads.h"
#include "src/answer/prompt.h"

#define WHY_PLACES 5            /* that a sentence has at most */
#define WHY_LEAST 0.25          /* of what fell on pages: from here on a page stands out, or is attached */
#define WHY_AGREES 0.1          /* cited pages that have less than this together are told to disagree */

typedef struct {
    guint document, page;       /* from 0 */
    double share;               /* of what fell on all pages, background taken off */
    double attention;           /* the same as a share of all attention */
    gsize begin, end;           /* bytes of the passage in the page's text */
} WhyPlace;

typedef struct {
    gsize begin, end;           /* bytes of the answer's text */
    WhyPlace places[WHY_PLACES];
    guint n;                    /* of them, best first */
    gboolean stands_out;        /* the first place does */
    gboolean cited;             /* there are page marks in it */
    gboolean disagrees;         /* it stands out, and what is cited does not have WHY_AGREES */
} WhySentence;

/* A range of pages that a sentence cites. */
typedef struct {
    gsize at;                   /* byte of the answer's text where its mark is */
    gsize end;                  /* and ends */
    gboolean known;             /* it names pages */
    guint document, first, last;
} WhyMark;

typedef struct Why Why;

/* For an answer to PROMPT about PACK, which is made of DOCUMENTS.  All must stay until why_finish(). */
Why *why_new(const Heads *heads, const Tokenizer *tokenizer, const Prompt *prompt, const Pack *pack,
             const GPtrArray *documents);
void why_free(Why *why);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Why, why_free)

/* What goes on below: N shares of one row of attention, averaged over heads, before the question (BACKGROUND: one call for all of it)
 * or for a token. */
void why_note(Why *why, const float *shares, gsize n, gsize length);
void why_note_background(Why *why, const float *shares, gsize n);

/* A token was chosen from what SESSION computed in row ROW of its last call; LENGTH: bytes of the answer's text so far. */
void why_token(Why *why, Session *session, gsize row, gsize length);
/* The answer is over.  MARKS (of WhyMark): the page marks in TEXT, ascending. */
void why_finish(Why *why, const char *text, const GArray *marks);

/* Where the sentence that begins at BEGIN of TEXT ends, with the MARKS (of WhyMark) behind it: at the latest at its line's end. */
gsize why_sentence_end(const char *text, gsize begin, const GArray *marks);

/* Array of WhySentence, in order; empty before why_finish().  Owned. */
const GArray *why_sentences(const Why *why);
const Heads *why_heads(const Why *why);

/* What it looked at, of all tokens since the last question's first: for calibration.  The best page, its share of the whole
 * attention, or -1 when nothing was noted. */
double why_best(const Why *why, guint *document, guint *page);

#endif
