/* source.h - where documents come from: files and folders, or a corpus in the catalogue. */
#ifndef KVASIR_ANSWER_SOURCE_H
#define KVASIR_ANSWER_SOURCE_H

#include "cache/catalogue.h"
#include "ingest/bibliography.h"
#include "ingest/document.h"
#include "ingest/pack.h"

/* How a file is before it is read. */
typedef struct {
    gint64 taken;               /* seconds since 1970 */
    gint64 size, mtime_ns;
} SourceStamp;

/* Takes the stamp of PATH; FAILURE_INPUT when there is no such file. */
gboolean source_stamp(const char *path, SourceStamp *stamp, GError **error);
/* What the catalogue keeps of DOCUMENT, which was read from PATH (absolute) after STAMP was taken. */
CatalogueDocument *source_row(const Document *document, const char *path, const SourceStamp *stamp);
/* ROW, which needs its pages, as a document. */
Document *source_from_catalogue(const CatalogueDocument *row);

/* All documents of CORPUS in pack order, GPtrArray of Document* with free function.
 * FAILURE_USAGE when there is no such corpus or it is empty. */
GPtrArray *source_corpus(Catalogue *catalogue, const char *corpus, GError **error);

/* Adds to BIBLIOGRAPHY what CORPUS has of one. */
gboolean source_bibliography(Catalogue *catalogue, const char *corpus, Bibliography *bibliography, GError **error);

/* Whether the file of ROW surely is as it was when it was read: same size and time, and not so
 * young then that it could have been written again within the clock's grain. */
gboolean source_unchanged(const CatalogueDocument *row);

/* Packs DOCUMENTS in order. */
Pack *source_pack(const GPtrArray *documents, PackEncodeFunc encode, gpointer data);

#endif
