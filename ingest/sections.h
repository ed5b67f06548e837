/* sections.h - pages of a format that has none: cut at its top-level headings
 * (internal to ingest). */
#ifndef KVASIR_INGEST_SECTIONS_H
#define KVASIR_INGEST_SECTIONS_H

#include "ingest/reader.h"

typedef struct {
    gsize start;            /* where the heading's line begins in the text */
    gsize label, length;    /* the heading itself, inside that text */
    int level;              /* 1 (highest) .. 6 */
} Heading;

/* Adds TEXT to DOCUMENT, a page for each heading of the highest level that occurs at least twice
 * (a lone higher one is the document's title) and one for what stands before.  HEADINGS: Heading,
 * ascending. */
void sections_add(Document *document, const char *text, gsize length, const GArray *headings);
/* Adds TEXT, a file of several that make a document: as one page under LABEL (NULL: its first heading, else the number), or
 * if that would be very long, as sections_add() cuts it. */
void sections_add_part(Document *document, const char *label, const char *text, gsize length, const GArray *headings);

#endif
