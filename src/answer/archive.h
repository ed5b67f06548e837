/* archive.h - a corpus and its cached blocks as one file, to be taken elsewhere.
 *
 * The file is a tar archive (kvasir-cache(5) describes it):
 *
 *   kvasir.json              format version, corpus, model, shape of the blocks
 *   tokens.bin               the ids of all whole blocks, int32 little-endian
 *   documents/000000.json    one for each document, with its pages
 *   blocks/000000.bin        one for each cached block, from the first without a gap
 *   MANIFEST.sha256          the SHA-256 of each of the above, as sha256sum(1) writes it
 *
 * An import reads it twice: the first time to check everything, the second to take
 * it.  Keys are not in it; they follow from the model and the ids.
 */
#ifndef KVASIR_ANSWER_ARCHIVE_H
#define KVASIR_ANSWER_ARCHIVE_H

#include "cache/catalogue.h"
#include "cache/store.h"
#include "src/base/progress.h"
#include "src/model/engine.h"

typedef struct {
    Catalogue *catalogue;
    const Engine *engine;       /* NULL: texts alone */
    Store *store;               /* NULL: texts alone */
    KvType kv;
    ProgressFunc progress;      /* or NULL */
    gpointer data;
} Archive;

typedef struct {
    char *corpus;               /* name it has here */
    guint documents;
    gsize blocks;               /* in the archive */
    gsize written;              /* import: blocks that the store did not have */
    gsize prefix_blocks;        /* export: whole blocks of the corpus's prefix, cached or not */
} ArchiveReport;

/* The keys of all whole blocks of the prefix that a corpus with these DOCUMENTS (CatalogueDocument*, with
 * pages, in order) has with ENGINE and KV: *N of them, free with g_free; *FIRST and *IDS (may be NULL): the first block that has
 * text of a document, and the prefix's ids.  NULL on error. */
guint8 *archive_corpus_keys(const Engine *engine, KvType kv, const GPtrArray *documents,
                            gsize *n, gsize *first, GArray **ids, GError **error);

void archive_report_clear(ArchiveReport *report);

/* Writes CORPUS to the file PATH (0600), which appears when it is complete. */
gboolean archive_export(const Archive *archive, const char *corpus, const char *path,
                        ArchiveReport *report, GError **error);

/* Takes the archive PATH in, under the name CORPUS or (NULL) its own.  FAILURE_INPUT when it is no archive or
 * damaged, FAILURE_MODEL when its blocks were made by other weights or arithmetic, FAILURE_USAGE when
 * there is a different corpus of that name: nothing is changed in any of these cases. */
gboolean archive_import(const Archive *archive, const char *path, const char *corpus,
                        ArchiveReport *report, GError **error);

#endif
