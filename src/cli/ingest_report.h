/* ingest_report.h - what became of each file that ingest was given. */
#ifndef KVASIR_CLI_INGEST_REPORT_H
#define KVASIR_CLI_INGEST_REPORT_H

#include <json-glib/json-glib.h>

#include "ingest/document.h"
#include "src/cli/naming.h"

typedef struct {
    guint new, changed, same, duplicates;   /* files that are in the corpus */
    guint partly;                           /* of them, with pages that could not be read */
    guint unreadable;
    gboolean named;                         /* a bibliography was taken */
    NamingCounts names;                     /* what it names */
    JsonBuilder *files, *near;              /* NULL: only the counts are wanted */
} IngestReport;

void ingest_report_begin(IngestReport *report, gboolean json);
void ingest_report_clear(IngestReport *report);

/* Files that are in the corpus by now. */
guint ingest_report_read(const IngestReport *report);
/* Counts (one of the numbers above) and notes the file PATH.  DOCUMENT: NULL if it was not read; DUPLICATE_OF: the path of the document
 * that stands for it, or NULL; WHY: why it could not be read, or NULL. */
void ingest_report_add(IngestReport *report, guint *count, const char *path, const Document *document, const char *duplicate_of,
                       const char *why);
/* Notes that the document at PATH is nearly the same as the one at LIKE. */
void ingest_report_add_near(IngestReport *report, const char *path, const char *like, guint percent);
/* On standard output: a line, or one JSON object. */
void ingest_report_print(IngestReport *report, const char *corpus);

#endif
