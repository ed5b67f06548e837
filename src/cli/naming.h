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

/* Makes BIBLIOGRAPHY that of CORPUS, in the place of one before, and tells what it names and what it does not.  FAILURE_USAGE
 * when there is no such corpus. */
gboolean naming_keep(const Command *command, Catalogue *catalogue, const char *corpus, const Bibliography *bibliography,
                     GError **error);

#endif
