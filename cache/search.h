/* search.h - the full-text index: which pages hold which words, in SQLite's FTS5.
 *
 * Derived from the catalogue and keyed by the content of documents (their hash), not by corpus: it can be deleted at any
 * time and is made again.  It lives in the cache folder (0700/0600).  A document that two corpora share is indexed once.
 *
 * Words: FTS5's unicode61 (case and accents do not count) with Porter's stemmer, which changes English words only to
 * a small extent and others consistently.  Scripts that are written without spaces (Chinese, Japanese, Korean, Thai,
 * Lao, Khmer, Burmese) are indexed letter by letter; several letters in a row are looked for as a phrase.
 */
#ifndef KVASIR_CACHE_SEARCH_H
#define KVASIR_CACHE_SEARCH_H

#include <glib.h>

#include "cache/catalogue.h"

typedef struct SearchIndex SearchIndex;

typedef struct {
    char *hash;             /* of the document */
    guint page;             /* from 0 */
    double score;           /* BM25, higher is better; comparable within one result only */
    char *snippet;          /* one line of the page's text; matched words stand between SEARCH_OPEN and SEARCH_CLOSE */
} SearchHit;

/* Control characters that no text of ours contains. */
#define SEARCH_OPEN '\001'
#define SEARCH_CLOSE '\002'

/* Opens or makes the file PATH.  FAILURE_CACHE when it is damaged, foreign or of a newer format. */
SearchIndex *search_open(const char *path, GError **error);
void search_close(SearchIndex *index);
/* Deletes the file PATH and what belongs to it, which no process may be using. */
void search_delete(const char *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchIndex, search_close)

/* *HAS: whether the document of HASH is in the index. */
gboolean search_has(SearchIndex *index, const char *hash, gboolean *has, GError **error);
/* Adds DOCUMENT (with its pages, of which those without text are left out) unless it is there; one transaction. */
gboolean search_add(SearchIndex *index, const CatalogueDocument *document, GError **error);
/* Removes the documents whose hash is not in HASHES (a set of char *), and what is left of their words in the file.
 * *REMOVED (may be NULL): how many. */
gboolean search_keep(SearchIndex *index, GHashTable *hashes, guint *removed, GError **error);

/* The best LIMIT pages of the documents of HASHES (GPtrArray of char *) for EXPRESSION (see search_query.h), best
 * first; array of SearchHit that frees its elements. */
GArray *search_find(SearchIndex *index, const char *expression, const GPtrArray *hashes, guint limit, GError **error);

#endif
