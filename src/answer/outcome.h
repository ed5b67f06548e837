/* outcome.h - what became of a question: whether its answer stands on the documents.
 *
 * Decided, in this order, from
 *   - the model's words: a sentence says that the documents do not say (refusal.h);
 *   - the check of its quotations: none of them stands in the documents, and nothing else speaks for the answer;
 *   - its citations, the model's own or found word for word;
 *   - attention, if the heads are calibrated: a page stands out for a sentence that cites none; or, with a limit known, none does
 *     for any sentence, and no cited page has a word of the sentence that cites it.
 */
#ifndef KVASIR_ANSWER_OUTCOME_H
#define KVASIR_ANSWER_OUTCOME_H

#include <glib.h>

typedef enum {
    OUTCOME_SUPPORTED,          /* pages stand behind it */
    OUTCOME_PARTLY,             /* for a part; of another it says that it is not there */
    OUTCOME_BY_ATTENTION,       /* it cites nothing, but attention was on pages */
    OUTCOME_UNSUPPORTED,        /* an answer, but nothing in the documents stands behind it */
    OUTCOME_NOT_THERE,          /* it says that the documents do not say */
} Outcome;

/* "supported", "partly_supported", "by_attention", "unsupported", "not_in_documents". */
const char *outcome_name(Outcome outcome);
/* Whether there is an answer with something behind it. */
gboolean outcome_found(Outcome outcome);

#endif
