/* drawing.c - a page as it looks.
 *
 * poppler-glib tells words and images but no lines, grounds or colours of areas: they are seen by drawing the page, with a dot to
 * the point.
 */
#include "config.h"

#include <math.h>

#include "ingest/drawing.h"

/* No page has more dots than this. */
static const double DOTS_MAX = 4e6;

gboolean drawing_make(Drawing *drawing)
{
    double dots = drawing->width * drawing->height;
    if (drawing->tried)
        return drawing->surface != NULL;
    drawing->tried = TRUE;
    if (!(drawing->width > 0 && drawing->height > 0) || *drawing->left == 0)
        return FALSE;
    --*drawing->left;
    drawing->scale = dots > DOTS_MAX ? sqrt(DOTS_MAX / dots) : 1;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int) MAX(drawing->width * drawing->scale, 1),
                                                          (int) MAX(drawing->height * drawing->scale, 1));
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, drawing->scale, drawing->scale);
    poppler_page_render(drawing->page, cairo);
    cairo_surface_flush(surface);
    if (cairo_status(cairo) == CAIRO_STATUS_SUCCESS && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        drawing->surface = cairo_surface_reference(surface);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return drawing->surface != NULL;
}

const guint8 *drawing_row(const Drawing *drawing, int y)
{
    return cairo_image_surface_get_data(drawing->surface)
        + (gsize) y * (gsize) cairo_image_surface_get_stride(drawing->surface);
}

void drawing_clear(Drawing *drawing)
{
    g_clear_pointer(&drawing->surface, cairo_surface_destroy);
}
