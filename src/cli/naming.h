/* naming.h - the bibliography of a corpus: kept in the catalogue, and what it says about the documents. */
#ifndef KVASIR_CLI_NAMING_H
#define KVASIR_CLI_NAMING_H

#include "cache/catalogue.h"
#include "ingest/bibliography.h"
#include "src/cli/command.h"

typedef struct {
    Bibliography *bibliography;
    GPtrArray *documents;       /* Document *, owned: of the corpus in its order, with their names */
    GPtrArray *unused;          /* const BibEntry *: entries without a document */
} Naming;

/* ROWS: CatalogueDocument * of CORPUS, with their pages.  NULL with ERROR.  A corpus without a bibliography has an empty one. */
Naming *naming_new(Catalogue *catalogue, const char *corpus, const GPtrArray *rows, GError **error);
void naming_free(Naming *naming);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Naming, naming_free)

/* What a bibliography names of a corpus. */
typedef struct {
    guint entries, documents, named;    /* of the documents */
} NamingCounts;

/* Makes BIBLIOGRAPHY that of CORPUS, in the place of one before, and tells on stderr what it does not name.  FAILURE_USAGE
 * when there is no such corpus. */
gboolean naming_keep(const Command *command, Catalogue *catalogue, const char *corpus, const Bibliography *bibliography,
                     NamingCounts *counts, GError **error);

/* Tells people on stdout what COUNTS say. */
void naming_print(const char *corpus, const NamingCounts *counts);

#endif
