/* selection.h - some pages of a list of documents, shown to the model in place of all.
 *
 * Documents and pages keep the numbers that they have among all, so that a mark 【12:3】 means the same in every prompt
 * about the same documents.
 */
#ifndef KVASIR_ANSWER_SELECTION_H
#define KVASIR_ANSWER_SELECTION_H

#include "ingest/document.h"
#include "ingest/pack.h"

/* Pages FIRST .. LAST (from 0) of DOCUMENT (from 0).  A selection is a GArray of these, ascending, without overlap. */
typedef struct {
    guint document, first, last;
} PageRun;

/* Adds a page; those before it were added before. */
void selection_add(GArray *selection, guint document, guint page);

/* "1:1-12,14 3:4", counted from 1; g_free. */
char *selection_to_text(const GArray *selection);
/* The reverse.  NULL when TEXT is not of that form, or names a page that DOCUMENTS (of Document*) do not have. */
GArray *selection_from_text(const char *text, const GPtrArray *documents);

/* As many documents as DOCUMENTS has, of which only the selected pages have text; a document of which nothing is
 * selected has no pages at all.  Borrows from DOCUMENTS, which must stay; free with g_ptr_array_unref(). */
GPtrArray *selection_view(const GPtrArray *documents, const GArray *selection);
/* Whether PAGE of DOCUMENT is there: not one that a view leaves out. */
gboolean selection_shows(const Document *document, guint page);
/* Packs a view: what is not selected leaves no trace in it. */
Pack *selection_pack(const GPtrArray *view, PackEncodeFunc encode, gpointer data);

#endif
