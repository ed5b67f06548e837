/* drawing.h - a page as it looks, drawn when somebody first needs that (internal to ingest). */
#ifndef KVASIR_INGEST_DRAWING_H
#define KVASIR_INGEST_DRAWING_H

#include "ingest/layout.h"

typedef struct {
    PopplerPage *page;          /* borrowed */
    double width, height;       /* of the page, points */
    guint *left;                /* pages of the document that may be drawn yet; counted down */
    gboolean tried;
    cairo_surface_t *surface;   /* RGB24, NULL until made */
    double scale;               /* dots to the point */
} Drawing;

/* Draws the page on white unless that has been tried; FALSE: it cannot be drawn, or too many were. */
gboolean drawing_make(Drawing *drawing);
/* The dot at (X, Y) and those right of it, 0xRRGGBB each in four bytes; Y is below the surface's height. */
const guint8 *drawing_row(const Drawing *drawing, int y);
void drawing_clear(Drawing *drawing);

#endif
