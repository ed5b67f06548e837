/* places.c - where on its pages a passage of a PDF's text stands.
 *
 * Text and words are compared by their letters and digits alone, in compatibility form: white space, hyphens, marks of
 * tables and headings do not count.
 */
#include "config.h"
#include "ingest/places.h"

#include <math.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* Appends the letters and digits of TEXT; FALSE if it is no UTF-8. */
static gboolean append_letters(GString *out, const char *text, gsize length)
{
    g_autofree char *plain = g_utf8_normalize(text, (gssize) length, G_NORMALIZE_NFKC);
    for (const char *p = plain; p && *p; p = clean_next(p))
        if (g_unichar_isalnum(g_utf8_get_char(p)))
            g_string_append_unichar(out, g_utf8_get_char(p));
    return plain != NULL;
}

/* From 0 to MOST, also for what is no number. */
static guint32 hundredths(float points, double most)
{
    return points > 0 ? (guint32) lround(MIN((double) points, most) * 100) : 0;
}

static void add_word(const PageLayout *layout, const Word *word, guint line, GString *letters, GArray *words)
{
    double width = layout->width > 0 ? MIN(layout->width, PLACE_MOST) : 0;
    double height = layout->height > 0 ? MIN(layout->height, PLACE_MOST) : 0;
    Box box = word_box(layout, word);
    PageWord out = { .line = line, .x0 = hundredths(box.x0, width), .y0 = hundredths(box.y0, height),
        .x1 = hundredths(box.x1, width), .y1 = hundredths(box.y1, height) };
    out.x1 = MAX(out.x0, out.x1);
    out.y1 = MAX(out.y0, out.y1);
    gsize before = letters->len;
    append_letters(letters, layout->text + word->start, word->length);
    out.end = (guint32) letters->len;
    if (letters->len > before)
        g_array_append_val(words, out);
}

PageWords *page_words(const PageLayout *layout)
{
    PageWords *out = g_new0(PageWords, 1);
    g_autoptr(GString) letters = g_string_new(NULL);
    out->words = g_array_new(FALSE, FALSE, sizeof(PageWord));
    for (guint i = 0; i < layout->lines->len; i++) {
        const Line *line = &g_array_index(layout->lines, Line, i);
        for (guint s = 0; s < line->count && !line->furniture; s++) {
            const Segment *segment = &g_array_index(layout->segments, Segment, line->first + s);
            for (guint k = 0; k < segment->count; k++)
                add_word(layout, &g_array_index(layout->words, Word, g_array_index(layout->order, guint, segment->first + k)), i,
                         letters, out->words);
        }
    }
    out->letters = g_strdup(letters->str);
    return out;
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

/* A rectangle for each line of PAGE that has one of its letters BEGIN to END, which may be beyond them. */
static void add_rectangles(GArray *out, guint page, const PageWords *words, gsize begin, gsize end)
{
    PageRectangle *last = NULL;
    guint32 line = 0, at = 0;
    for (guint i = 0; i < words->words->len; i++) {
        const PageWord *word = &g_array_index(words->words, PageWord, i);
        guint32 from = at;
        at = word->end;
        if (word->end <= begin || from >= end)
            continue;
        if (last && line == word->line) {
            last->x0 = MIN(last->x0, word->x0);
            last->y0 = MIN(last->y0, word->y0);
            last->x1 = MAX(last->x1, word->x1);
            last->y1 = MAX(last->y1, word->y1);
            continue;
        }
        PageRectangle r = { page, word->x0, word->y0, word->x1, word->y1 };
        g_array_append_val(out, r);
        last = &g_array_index(out, PageRectangle, out->len - 1);
        line = word->line;
    }
}

GArray *places_find(const PagePlace *place, const GPtrArray *pages)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(PageRectangle));
    g_autoptr(GString) wanted = g_string_new(NULL), letters = g_string_new(NULL);
    gsize before, begin, end;
    const char *at;
    if (!place_letters(place, pages, wanted, &before))
        return out;
    for (guint p = place->first; p <= place->last; p++) {
        const Page *page = g_ptr_array_index(pages, p);
        if (!page->words)
            return out;
        g_string_append(letters, page->words->letters);
    }
    if (!(at = find_nearest(letters, wanted, before)))
        return out;
    begin = (gsize) (at - letters->str);
    end = begin + wanted->len;
    for (guint p = place->first; p <= place->last; p++) {
        const PageWords *words = ((const Page *) g_ptr_array_index(pages, p))->words;
        gsize length = strlen(words->letters);
        if (begin < length && end > 0)
            add_rectangles(out, p, words, begin, end);
        begin -= MIN(begin, length);
        end -= MIN(end, length);
    }
    return out;
}
