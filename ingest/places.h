/* places.h - where on its pages a passage of a PDF's text stands. */
#ifndef KVASIR_INGEST_PLACES_H
#define KVASIR_INGEST_PLACES_H

#include "ingest/document.h"

/* A passage: its bytes in the text of its first page, and in that of its last; pages from 0, both inclusive. */
typedef struct {
    guint first, last;
    gsize begin, end;
} PagePlace;

/* What a line of a page has of a passage; units as in PageWord. */
typedef struct {
    guint page;             /* from 0 */
    guint32 x0, y0, x1, y1;
} PageRectangle;

/* The rectangles (PageRectangle, a new array) of PLACE in PAGES (of Page): one for each line that has words of it.  None when it
 * cannot be found word for word, or when words of one of its pages are not known. */
GArray *places_find(const PagePlace *place, const GPtrArray *pages);

#endif
