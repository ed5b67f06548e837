/* places.c - where on its pages a passage of a PDF's text stands.
 *
 * Text and words are compared by their letters and digits alone, in compatibility form: white space, hyphens, marks of
 * tables and headings do not count.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* A word of the pages that are looked at. */
typedef struct {
    gsize begin, end;       /* of its letters, in those of all words */
    guint page, line;
    Box box;                /* on the page as it is seen */
} Spot;

/* Appends the letters and digits of TEXT; FALSE if it is no UTF-8. */
static gboolean append_letters(GString *out, const char *text, gsize length)
{
    g_autofree char *plain = g_utf8_normalize(text, (gssize) length, G_NORMALIZE_NFKC);
    for (const char *p = plain; p && *p; p = clean_next(p))
        if (g_unichar_isalnum(g_utf8_get_char(p)))
            g_string_append_unichar(out, g_utf8_get_char(p));
    return plain != NULL;
}

static void add_line(const PageLayout *layout, guint page, guint index, GString *letters, GArray *spots)
{
    const Line *line = &g_array_index(layout->lines, Line, index);
    for (guint s = 0; s < line->count; s++) {
        const Segment *segment = &g_array_index(layout->segments, Segment, line->first + s);
        for (guint i = 0; i < segment->count; i++) {
            guint at = g_array_index(layout->order, guint, segment->first + i);
            const Word *word = &g_array_index(layout->words, Word, at);
            Spot spot = { .begin = letters->len, .page = page, .line = index, .box = word_box(layout, word) };
            append_letters(letters, layout->text + word->start, word->length);
            spot.end = letters->len;
            g_array_append_val(spots, spot);
        }
    }
}

/* All words of page PAGE in reading order. */
static void add_page(const PageLayout *layout, guint page, GString *letters, GArray *spots)
{
    for (guint i = 0; layout && i < layout->lines->len; i++)
        if (!g_array_index(layout->lines, Line, i).furniture)
            add_line(layout, page, i, letters, spots);
}

/* The letters of PLACE, and *BEFORE, how many bytes of them its first page has before it; FALSE: there is no such place. */
static gboolean place_letters(const PagePlace *place, const GPtrArray *pages, GString *out, gsize *before)
{
    if (place->first > place->last || place->last >= pages->len)
        return FALSE;
    const Page *first = g_ptr_array_index(pages, place->first), *last = g_ptr_array_index(pages, place->last);
    if (place->begin > first->length || place->end > last->length || (first == last && place->begin > place->end))
        return FALSE;
    g_autoptr(GString) head = g_string_new(NULL);
    gboolean ok = append_letters(head, first->text, place->begin);
    *before = head->len;
    for (guint i = place->first; ok && i <= place->last; i++) {
        const Page *page = g_ptr_array_index(pages, i);
        gsize from = i == place->first ? place->begin : 0, to = i == place->last ? place->end : page->length;
        ok = append_letters(out, page->text + from, to - from);
    }
    return ok && out->len > 0;
}

/* Where WANTED is in LETTERS, nearest to NEAR; NULL: nowhere. */
static const char *find_nearest(const GString *letters, const GString *wanted, gsize near)
{
    const char *best = NULL;
    gsize distance = G_MAXSIZE;
    for (const char *at = letters->str; (at = strstr(at, wanted->str)); at++) {
        gsize offset = (gsize) (at - letters->str), apart = offset > near ? offset - near : near - offset;
        if (apart >= distance)
            break;
        distance = apart;
        best = at;
    }
    return best;
}

static guint32 hundredths(float points, double most)
{
    return (guint32) lround(CLAMP((double) points, 0, most) * 100);
}

static void add_rectangle(GArray *out, guint place, const Spot *spot, const Box *box, const PageLayout *layout)
{
    double width = CLAMP(layout->width, 0, PLACE_MOST), height = CLAMP(layout->height, 0, PLACE_MOST);
    PageRectangle r = { .place = place, .page = spot->page,
        .x0 = hundredths(box->x0, width), .y0 = hundredths(box->y0, height),
        .x1 = hundredths(box->x1, width), .y1 = hundredths(box->y1, height) };
    g_array_append_val(out, r);
}

/* A rectangle for each line that has one of the letters from BEGIN to END. */
static void add_rectangles(GArray *out, guint place, const GArray *spots, gsize begin, gsize end, const GPtrArray *layouts)
{
    const Spot *line = NULL;
    Box box = { 0 };
    for (guint i = 0; i < spots->len; i++) {
        const Spot *spot = &g_array_index(spots, Spot, i);
        if (spot->end <= begin || spot->begin >= end || spot->begin == spot->end)
            continue;
        if (line && line->page == spot->page && line->line == spot->line) {
            box_join(&box, &spot->box);
            continue;
        }
        if (line)
            add_rectangle(out, place, line, &box, g_ptr_array_index(layouts, line->page));
        line = spot;
        box = spot->box;
    }
    if (line)
        add_rectangle(out, place, line, &box, g_ptr_array_index(layouts, line->page));
}

GArray *places_find(const GArray *places, const GPtrArray *pages, const GPtrArray *layouts)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(PageRectangle));
    for (guint i = 0; i < places->len; i++) {
        const PagePlace *place = &g_array_index(places, PagePlace, i);
        g_autoptr(GString) wanted = g_string_new(NULL), letters = g_string_new(NULL);
        g_autoptr(GArray) spots = g_array_new(FALSE, FALSE, sizeof(Spot));
        gsize before;
        if (!place_letters(place, pages, wanted, &before))
            continue;
        for (guint p = place->first; p <= place->last; p++)
            add_page(g_ptr_array_index(layouts, p), p, letters, spots);
        const char *at = find_nearest(letters, wanted, before);
        if (at) {
            gsize begin = (gsize) (at - letters->str);
            add_rectangles(out, i, spots, begin, begin + wanted->len, layouts);
        }
    }
    return out;
}
