/* find.h - the search index, kept up with the catalogue. */
#ifndef KVASIR_ANSWER_FIND_H
#define KVASIR_ANSWER_FIND_H

#include "cache/catalogue.h"
#include "cache/search.h"
#include "src/base/progress.h"

/* Adds the documents of CORPUS (rows as catalogue_documents() lists them, with or without pages) that the index lacks.
 * Between documents it stops with FAILURE_INTERRUPTED when asked to; what was added stays.  PROGRESS may be NULL. */
gboolean find_add(SearchIndex *index, Catalogue *catalogue, const char *corpus, const GPtrArray *rows,
                  ProgressFunc progress, gpointer data, GError **error);

/* Removes what no corpus has any more. */
gboolean find_forget(SearchIndex *index, Catalogue *catalogue, GError **error);

#endif
