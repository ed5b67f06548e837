/* refusal.h - whether a sentence says that the documents do not say.
 *
 * In the languages that GLM-4 writes: a table of phrases.  A phrase is strong when it names the documents ("the text does not
 * mention"), weak when it does not ("is not mentioned"): a sentence with a page mark may tell of something that is not,
 * and is a refusal only by a strong phrase.  What stands in quotation marks does not count.
 */
#ifndef KVASIR_ANSWER_REFUSAL_H
#define KVASIR_ANSWER_REFUSAL_H

#include <glib.h>

typedef enum { REFUSAL_NONE, REFUSAL_WEAK, REFUSAL_STRONG } Refusal;

/* SENTENCE: LENGTH bytes of UTF-8. */
Refusal refusal_of(const char *sentence, gsize length);

#endif
