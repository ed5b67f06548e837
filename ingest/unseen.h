/* unseen.h - words of a page that nobody sees (internal to ingest). */
#ifndef KVASIR_INGEST_UNSEEN_H
#define KVASIR_INGEST_UNSEEN_H

#include "ingest/drawing.h"

/* Takes the words out of LAYOUT, which has no lines yet, that nobody sees who looks at the page: those too small, and pale ones on
 * nothing darker, for which it is drawn; pale words of a page that cannot be drawn are seen.  Their text, to be freed, or NULL. */
char *unseen_take(Drawing *drawing, PageLayout *layout);

#endif
