/* quote.h - answers that are quotations, right by construction.
 *
 * The model chooses passages, it does not write them: it may begin where a line or a sentence of a page begins, and from then on
 * only tokens are allowed that continue a passage of the documents (an index over the pack's ids).  Where it would go on otherwise, at
 * the page's end, and after QUOTE_TOKENS, the quotation is closed, at the end of a word, and the mark of its page is put behind it.
 * Then it may begin another or stop; no passage is quoted twice.  Instead of all that it may say prompt_not_found, which is not shown
 * before it is complete.
 *
 * The answer has a block for each, and the ordinary check of quotations would find it as it is:
 *
 *     > The rate is 0.003 in all runs.
 *     [1]
 *
 * Text that looks like a page mark is never part of a quotation.
 */
#ifndef KVASIR_ANSWER_QUOTE_H
#define KVASIR_ANSWER_QUOTE_H

#include "ingest/pack.h"
#include "src/answer/quotation.h"
#include "src/answer/reply.h"

#define QUOTE_TOKENS 256        /* of a quotation, but for the end of its last word */
#define QUOTE_MOST 8            /* quotations of an answer */

typedef struct Quote Quote;

/* PACK of DOCUMENTS (of Document*), as the prompt has it; both must stay as long as the answer is generated. */
Quote *quote_new(const Engine *engine, const GPtrArray *documents, const Pack *pack);
void quote_free(Quote *quote);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quote, quote_free)

/* What chooses the tokens of the reply; owned by QUOTE. */
const ReplyGuide *quote_guide(const Quote *quote);
/* The reply is over: appends what closes a quotation that was cut off, or nothing. */
void quote_end(Quote *quote, GString *text);
/* The quotations, as quotation_check() gives them. */
GArray *quote_take(Quote *quote);

#endif
