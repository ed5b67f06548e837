/* unseen.c - words of a PDF page that nobody sees: written for programs, not for readers.
 *
 * Too small for any eye, or white on white.  Whether a white word has a ground is seen by drawing the page; words on an image need no
 * drawing, images are seldom white.  The render mode of text is not told by poppler-glib: text of a scan's invisible layer is
 * read, as it should be.  What is off the page poppler leaves out.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ingest/drawing.h"
#include "ingest/unseen.h"

/* Points: a font and a line of it that are smaller are no print. */
static const float TINY = 1;
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

/* Whether all of BOX is white. */
static gboolean is_white(const Drawing *drawing, const Box *box)
{
    int columns = cairo_image_surface_get_width(drawing->surface), rows = cairo_image_surface_get_height(drawing->surface);
    double scale = drawing->scale;
    int x0 = (int) CLAMP((double) box->x0 * scale, 0, columns), x1 = (int) CLAMP(ceil((double) box->x1 * scale), 0, columns);
    int y0 = (int) CLAMP((double) box->y0 * scale, 0, rows), y1 = (int) CLAMP(ceil((double) box->y1 * scale), 0, rows);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            guint32 p;
            memcpy(&p, drawing_row(drawing, y) + 4 * (gsize) x, sizeof p);
            if ((p >> 16 & 255) < WHITE || (p >> 8 & 255) < WHITE || (p & 255) < WHITE)
                return FALSE;
        }
    return TRUE;
}

/* Clears pale where a ground shows the word. */
static void settle_pale(Drawing *drawing, PageLayout *layout)
{
    GList *images = poppler_page_get_image_mapping(drawing->page);
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        if (!w->pale)
            continue;
        Box box = word_box(layout, w);
        w->pale = !on_image(images, &box) && drawing_make(drawing) && is_white(drawing, &box);
    }
    poppler_page_free_image_mapping(images);
}

char *unseen_take(Drawing *drawing, PageLayout *layout)
{
    g_autoptr(GString) hidden = g_string_new(NULL);
    gboolean pale = FALSE;
    guint kept = 0;
    for (guint i = 0; i < layout->words->len && !pale; i++)
        pale = g_array_index(layout->words, Word, i).pale;
    if (pale)
        settle_pale(drawing, layout);
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
