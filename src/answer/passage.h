/* passage.h - where words stand in the documents, exactly or nearly.
 *
 * Texts are compared as tokens: words, single wide characters (Chinese, Japanese, Korean) and punctuation.
 * White space, quotation marks, asterisks and backquotes do not count; ligatures and full-width forms are
 * their letters; a hyphen within a word does not count, so that one at the end of a line does not
 * either; all dashes are alike.  Case counts but for the first word.  An ellipsis ("...", "[…]") in what
 * is looked for stands for words left out.
 *
 * The index is a hash table over every two consecutive tokens with chains of places.
 */
#ifndef KVASIR_ANSWER_PASSAGE_H
#define KVASIR_ANSWER_PASSAGE_H

#include <glib.h>

/* The least likeness of a passage that counts as what was meant: 1 - edits / length, in characters. */
#define PASSAGE_LIKENESS 0.8

typedef struct {
    guint document;         /* from 0 */
    guint first, last;      /* pages from 0, both inclusive */
    gsize begin, end;       /* byte offsets: in the text of the first page, in that of the last */
    double likeness;        /* 1: exact */
} Passage;

typedef struct PassageIndex PassageIndex;

/* DOCUMENTS: GPtrArray of Document*; must stay as long as the index. */
PassageIndex *passage_index_new(const GPtrArray *documents);
void passage_index_free(PassageIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PassageIndex, passage_index_free)

/* Looks for TEXT.  WANTED (GArray of Citation, may be empty): pages on which it is preferred; else the first
 * place counts. */
gboolean passage_find_exact(PassageIndex *index, const char *text, const GArray *wanted, Passage *passage);
/* The likeliest passage, if its likeness is at least PASSAGE_LIKENESS. */
gboolean passage_find_near(PassageIndex *index, const char *text, const GArray *wanted, Passage *passage);
/* Whether PASSAGE touches a page of WANTED. */
gboolean passage_is_on(const Passage *passage, const GArray *wanted);
/* The text of PASSAGE as it stands; free with g_free. */
char *passage_text(const Passage *passage, const GPtrArray *documents);

#endif
