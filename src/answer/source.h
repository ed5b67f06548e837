/* source.h - where documents come from: files and folders, or a corpus in the catalogue. */
#ifndef KVASIR_ANSWER_SOURCE_H
#define KVASIR_ANSWER_SOURCE_H

#include "cache/catalogue.h"
#include "ingest/document.h"
#include "ingest/pack.h"

/* Turns PATH into absolute paths of files, appended to FILES (of char*): a file stands for itself; a folder for all
 * files of the kinds we read in it and its subfolders, in the order of their names (bytes), without
 * hidden ones; symbolic links to folders are not followed.  FAILURE_INPUT when PATH is missing or a
 * folder cannot be listed. */
gboolean source_collect(const char *path, GPtrArray *files, GError **error);

/* Reads PATH (absolute) as document_read() does: *DOCUMENT, and as result what the catalogue keeps of it. */
CatalogueDocument *source_read(const char *path, const DocumentOptions *options, Document **document, GError **error);
/* ROW, which needs its pages, as a document. */
Document *source_from_catalogue(const CatalogueDocument *row);

/* All documents of CORPUS in pack order, GPtrArray of Document* with free function.
 * FAILURE_USAGE when there is no such corpus or it is empty. */
GPtrArray *source_corpus(Catalogue *catalogue, const char *corpus, GError **error);

/* Whether the file of ROW surely is as it was when it was read: same size and time, and not so
 * young then that it could have been written again within the clock's grain. */
gboolean source_unchanged(const CatalogueDocument *row);

/* Packs DOCUMENTS in order. */
Pack *source_pack(const GPtrArray *documents, PackEncodeFunc encode, gpointer data);

#endif
