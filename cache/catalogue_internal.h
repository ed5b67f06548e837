/* catalogue_internal.h - inside the catalogue: what its files share. */
#ifndef KVASIR_CACHE_CATALOGUE_INTERNAL_H
#define KVASIR_CACHE_CATALOGUE_INTERNAL_H

#include <xxhash.h>

#include "cache/catalogue.h"
#include "cache/database.h"

/* The documents of a corpus, summed up; see catalogue_seal.c. */
typedef struct {
    gint64 documents;
    guint64 sum;
} CatalogueSeal;

struct Catalogue {
    Database db;
    CatalogueSeal seal;         /* of the corpus that this transaction changes */
};

/* Checksums of rows: strings with their terminator (a byte 1 stands for NULL), numbers as 8 bytes, little-endian.
 * OWNER is the row that a row belongs to, so that none is taken for another. */
XXH3_state_t *catalogue_sum_begin(gint64 owner);
void catalogue_sum_text(XXH3_state_t *sum, const char *text);
void catalogue_sum_int(XXH3_state_t *sum, gint64 value);
/* Frees SUM. */
gint64 catalogue_sum_end(XXH3_state_t *sum);

gint64 catalogue_document_checksum(const CatalogueDocument *d, gint64 corpus, gint64 position, gint64 pages);
gint64 catalogue_page_checksum(gint64 document, gint64 number, const char *label, gint64 state, const char *text);
/* *ID is 0 when there is no such corpus. */
gboolean catalogue_corpus_id(Catalogue *catalogue, const char *name, gint64 *id, GError **error);

/* Whether the row of CORPUS and those of all its documents are those that were sealed; FAILURE_CACHE if not. */
gboolean catalogue_seal_check(Catalogue *catalogue, const char *name, gint64 corpus, GError **error);
/* A change begins with the first, which takes up the seal of CORPUS (FAILURE_CACHE when it is broken: no change may hide that);
 * each row of a document that comes is added with its checksum, and before one goes or is written anew it is taken away
 * (none of that number: nothing is); a change ends with the last.  All in one transaction. */
gboolean catalogue_seal_begin(Catalogue *catalogue, const char *name, gint64 corpus, GError **error);
void catalogue_seal_add(Catalogue *catalogue, gint64 document, gint64 checksum);
gboolean catalogue_seal_take(Catalogue *catalogue, gint64 document, GError **error);
gboolean catalogue_seal_end(Catalogue *catalogue, gint64 corpus, GError **error);

/* A column as a string (g_free), or NULL. */
char *catalogue_column_text(sqlite3_stmt *s, int column);

/* Gives what was removed (and overwritten) back and empties the log, which still has the old text. */
gboolean catalogue_shrink(Catalogue *catalogue, GError **error);

#endif
