/* unseen.c - words of a PDF page that nobody sees: written for programs, not for readers.
 *
 * Too small for any eye, or white on white.  Whether a white word has a ground is seen by drawing the page; words on an image need no
 * drawing, images are seldom white.  The render mode of text is not told by poppler-glib: text of a scan's invisible layer is
 * read, as it should be.  What is off the page poppler leaves out.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ingest/layout.h"

/* Points: a font and a line of it that are smaller are no print. */
static const float TINY = 1;
/* A page is drawn with a dot to the point, but with no more dots than this. */
static const double DOTS_MAX = 4e6;
/* A shade of each colour from which on it is white. */
enum { WHITE = 0xd8 };

static gboolean is_tiny(const Word *w)
{
    return w->size < TINY && box_height(&w->box) < TINY;
}

static gboolean is_within(const Box *b, const PopplerRectangle *area)
{
    double x = (double) (b->x0 + b->x1) / 2, y = (double) (b->y0 + b->y1) / 2;
    return x >= area->x1 && x <= area->x2 && y >= MIN(area->y1, area->y2) && y <= MAX(area->y1, area->y2);
}

static gboolean on_image(GList *images, const Box *box)
{
    for (GList *l = images; l; l = l->next)
        if (is_within(box, &((const PopplerImageMapping *) l->data)->area))
            return TRUE;
    return FALSE;
}

typedef struct {
    cairo_surface_t *surface;
    double scale;
} Drawing;

/* PAGE on white; surface NULL when it cannot be drawn. */
static Drawing draw(PopplerPage *page, const PageLayout *layout)
{
    Drawing drawing = { .scale = 1 };
    double dots = layout->width * layout->height;
    if (!(layout->width > 0 && layout->height > 0))
        return drawing;
    if (dots > DOTS_MAX)
        drawing.scale = sqrt(DOTS_MAX / dots);
    drawing.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int) MAX(layout->width * drawing.scale, 1),
                                                 (int) MAX(layout->height * drawing.scale, 1));
    cairo_t *cairo = cairo_create(drawing.surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, drawing.scale, drawing.scale);
    poppler_page_render(page, cairo);
    cairo_surface_flush(drawing.surface);
    if (cairo_status(cairo) != CAIRO_STATUS_SUCCESS || cairo_surface_status(drawing.surface) != CAIRO_STATUS_SUCCESS)
        g_clear_pointer(&drawing.surface, cairo_surface_destroy);
    cairo_destroy(cairo);
    return drawing;
}

/* Whether all of BOX is white. */
static gboolean is_white(const Drawing *drawing, const Box *box)
{
    int columns = cairo_image_surface_get_width(drawing->surface), rows = cairo_image_surface_get_height(drawing->surface);
    int stride = cairo_image_surface_get_stride(drawing->surface);
    const guint8 *pixels = cairo_image_surface_get_data(drawing->surface);
    double scale = drawing->scale;
    int x0 = (int) CLAMP((double) box->x0 * scale, 0, columns), x1 = (int) CLAMP(ceil((double) box->x1 * scale), 0, columns);
    int y0 = (int) CLAMP((double) box->y0 * scale, 0, rows), y1 = (int) CLAMP(ceil((double) box->y1 * scale), 0, rows);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            guint32 p;
            memcpy(&p, pixels + (gsize) y * (gsize) stride + 4 * (gsize) x, sizeof p);
            if ((p >> 16 & 255) < WHITE || (p >> 8 & 255) < WHITE || (p & 255) < WHITE)
                return FALSE;
        }
    return TRUE;
}

/* Clears pale where a ground shows the word. */
static void settle_pale(PopplerPage *page, PageLayout *layout, guint *left)
{
    GList *images = poppler_page_get_image_mapping(page);
    Drawing drawing = { 0 };
    gboolean drawn = FALSE;
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        if (!w->pale)
            continue;
        Box box = word_box(layout, w);
        w->pale = !on_image(images, &box);
        if (w->pale && !drawn && *left > 0) {
            drawing = draw(page, layout);
            drawn = TRUE;
            --*left;
        }
        w->pale = w->pale && drawing.surface && is_white(&drawing, &box);
    }
    poppler_page_free_image_mapping(images);
    g_clear_pointer(&drawing.surface, cairo_surface_destroy);
}

char *unseen_take(PopplerPage *page, PageLayout *layout, guint *left)
{
    g_autoptr(GString) hidden = g_string_new(NULL);
    gboolean pale = FALSE;
    guint kept = 0;
    for (guint i = 0; i < layout->words->len && !pale; i++)
        pale = g_array_index(layout->words, Word, i).pale;
    if (pale)
        settle_pale(page, layout, left);
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        if (!w->pale && !is_tiny(w)) {
            g_array_index(layout->words, Word, kept++) = *w;
            continue;
        }
        if (hidden->len && w->space)
            g_string_append_c(hidden, ' ');
        g_string_append_len(hidden, layout->text + w->start, w->length);
    }
    g_array_set_size(layout->words, kept);
    return hidden->len ? g_string_free(g_steal_pointer(&hidden), FALSE) : NULL;
}
