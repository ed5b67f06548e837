/* sentence.h - sentences, their words, and how alike they are: enough to find the part of a page that a statement is about. */
#ifndef KVASIR_ANSWER_SENTENCE_H
#define KVASIR_ANSWER_SENTENCE_H

#include <glib.h>

/* g_utf8_next_char() without its cast. */
const char *sentence_next_char(const char *p);
gboolean sentence_is_end_mark(gunichar c);

/* Length of the first sentence of TEXT (LENGTH bytes), with the space behind it. */
gsize sentence_length(const char *text, gsize length);
/* Length of the first passage: a paragraph if it is short, else a sentence. */
gsize sentence_passage_length(const char *text, gsize length);

/* The words of TEXT in lower case, a set; of scripts without spaces, pairs of characters. */
GHashTable *sentence_words(const char *text, gsize length);
/* How alike a statement of these words and a passage are: shared words over the root of the passage's number of words. */
double sentence_likeness(GHashTable *statement, const char *passage, gsize length);

#endif
