/* ingest_near.h - documents that say nearly what another one says: another version of it, perhaps. */
#ifndef KVASIR_CLI_INGEST_NEAR_H
#define KVASIR_CLI_INGEST_NEAR_H

#include "cache/catalogue.h"
#include "src/cli/ingest_report.h"

/* Tells of the documents of CORPUS whose paths are in FRESH (a set) which other one each is most like, on standard error and in REPORT.
 * Reads the texts of all documents, unless FRESH is empty.  FAILURE_INTERRUPTED as usual: all are kept by then. */
gboolean ingest_near_tell(Catalogue *catalogue, const char *corpus, GHashTable *fresh, IngestReport *report, GError **error);

#endif
