/* outline.h - the headings that a PDF's outline (its bookmarks) names, marked in the text (internal to ingest). */
#ifndef KVASIR_INGEST_OUTLINE_H
#define KVASIR_INGEST_OUTLINE_H

#include <poppler.h>

typedef struct Outline Outline;

/* Of a document of PAGES pages; NULL when it has none that leads to a page. */
Outline *outline_new(PopplerDocument *pdf, guint pages);
void outline_free(Outline *outline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outline, outline_free)

/* TEXT of page INDEX (from 0), which it takes, with "#" before the lines that are headings, one for each level of the outline, and
 * empty lines around them. */
char *outline_mark(const Outline *outline, guint index, char *text);

#endif
