/* quotation.h - the quotations of an answer, compared with the documents.
 *
 * A quotation stands in "…", “…”, '…', ‘…’, ‚…‘, ‹…›, ›…‹, „…“, «…», »…«, 「…」 or 『…』, or is a block of lines that begin with ">".
 * It has at least three words, twelve letters, or six Chinese, Japanese or Korean characters; less is
 * a name or a manner of speaking.  passage.h says what counts as exact.
 *
 * The pages that the answer cites for a quotation are those of the marks "[n]" right behind it; if there are
 * none, of all marks in its sentence, before or behind.
 */
#ifndef KVASIR_ANSWER_QUOTATION_H
#define KVASIR_ANSWER_QUOTATION_H

#include <glib.h>

typedef enum {
    QUOTATION_VERIFIED,         /* exact, and on a cited page if the answer cites one for it */
    QUOTATION_REPAIRED,         /* a passage is nearly so, with a likeness of PASSAGE_LIKENESS or more */
    QUOTATION_MISATTRIBUTED,    /* exact, but only on pages other than those cited for it */
    QUOTATION_NOT_FOUND,
} QuotationStatus;

typedef struct {
    char *text;                 /* as the answer has it, without its marks; owned */
    QuotationStatus status;
    guint document;             /* from 0; this and the following mean nothing if not found */
    guint first, last;          /* pages from 0, both inclusive */
    gsize begin, end;           /* byte offsets: in the text of the first page, in that of the last */
    char *source;               /* the passage as it stands in the document, or NULL; owned */
    double likeness;            /* 1: exact; 0: not found */
} Quotation;

/* An empty array of Quotation that frees its elements. */
GArray *quotation_list_new(void);

/* The quotations of ANSWER in their order, such an array.  ANSWER is as
 * CitationReader shows it; CITATIONS is its list; DOCUMENTS: GPtrArray of Document*.  Without quotations the
 * documents are not looked at. */
GArray *quotation_check(const char *answer, const GPtrArray *documents, const GArray *citations);

/* Whether TEXT says enough to be a quotation. */
gboolean quotation_is_long_enough(const char *text);

/* "verified", "repaired", "misattributed", "not_found". */
const char *quotation_status_name(QuotationStatus status);

#endif
