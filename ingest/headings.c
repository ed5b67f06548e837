/* headings.c - the headings of a PDF without an outline, told by their font.
 *
 * A style is a size and a weight.  It is one of headings when it is clearly larger than the text, or a little larger and bold, when
 * little is written in it, nearly all of that in short lines of their own that do not end as sentences do, and when it recurs on
 * several pages.  The largest of these styles is the first level.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* A style's size is told in halves of a point. */
enum { SIZES = 128, STYLES = 2 * SIZES, LEVELS = 6 };
/* Bytes of a heading's line, lines of a heading, headings of a style, pages that have them. */
enum { BYTES_MAX = 120, LINES_MAX = 3, LEAST_HEADINGS = 3, LEAST_PAGES = 2 };
/* In units of the text's size. */
static const float LARGER = 1.15f, LARGER_BOLD = 1.05f;
/* The least size of a heading's words in units of its largest: a large initial makes no heading. */
static const float EVEN = 0.85f;
/* In units of the size: lines of a heading are not further apart. */
static const float LINE_GAP = 0.8f;

typedef struct {
    guint bytes, bytes_alike;   /* all, and those of lines that look like headings */
    guint headings, pages;
    guint last;                 /* the page counted last, from 1 */
    guint8 level;               /* 0: no style of headings */
} Style;

static Line *line_at(const PageLayout *layout, guint i)
{
    return &g_array_index(layout->lines, Line, i);
}

static guint style_of(const Line *line)
{
    return 2 * (guint) CLAMP(2 * line->size + 0.5f, 0, SIZES - 1) + (line->bold != 0);
}

static const Word *word_at(const PageLayout *layout, const Segment *s, guint i)
{
    return &g_array_index(layout->words, Word, g_array_index(layout->order, guint, s->first + i));
}

static guint line_bytes(const PageLayout *layout, const Line *line)
{
    guint bytes = 0;
    for (guint i = 0; i < line->count; i++) {
        const Segment *s = &g_array_index(layout->segments, Segment, line->first + i);
        for (guint k = 0; k < s->count; k++)
            bytes += word_at(layout, s, k)->length;
    }
    return bytes;
}

static guint letters(const char *p, const char *end)
{
    guint n = 0;
    for (; p < end; p = clean_next(p))
        n += g_unichar_isalpha(g_utf8_get_char(p)) != 0;
    return n;
}

/* Whether LINE could be one of a heading, its style aside: short, even, of letters, and no sentence. */
static gboolean looks_alike(const PageLayout *layout, const Line *line)
{
    const Word *w = NULL;
    guint bytes = 0, alpha = 0;
    if (line->cells > 1 || line->mono || line->furniture)
        return FALSE;
    for (guint i = 0; i < line->count; i++) {
        const Segment *s = &g_array_index(layout->segments, Segment, line->first + i);
        for (guint k = 0; k < s->count; k++) {
            w = word_at(layout, s, k);
            bytes += w->length;
            alpha += letters(layout->text + w->start, layout->text + w->start + w->length);
            if (w->size < EVEN * line->size || w->run != layout->run)
                return FALSE;
        }
    }
    return w && alpha >= 2 && bytes <= BYTES_MAX && !strchr(".,;:-", layout->text[w->start + w->length - 1]);
}

/* Whether the line NEXT goes on with the heading whose last line is LINE. */
static gboolean goes_on(const Line *line, const Line *next)
{
    return next->region == line->region && style_of(next) == style_of(line)
        && next->box.y0 - line->box.y1 < LINE_GAP * line->size && next->box.y0 > line->box.y0;
}

/* Whether the lines from FROM on that stand together, of which there are N, look like a heading. */
static gboolean heading_at(const PageLayout *layout, guint from, guint *n)
{
    gboolean alike = looks_alike(layout, line_at(layout, from));
    guint i = from + 1;
    for (; i < layout->lines->len && goes_on(line_at(layout, i - 1), line_at(layout, i)); i++)
        alike = alike && looks_alike(layout, line_at(layout, i));
    *n = i - from;
    return alike && *n <= LINES_MAX;
}

/* Counts the styles of LAYOUT, which is page PAGE, from 1. */
static void count_page(const PageLayout *layout, guint page, Style *styles)
{
    for (guint i = 0, n; i < layout->lines->len; i += n) {
        Style *style = &styles[style_of(line_at(layout, i))];
        gboolean heading = heading_at(layout, i, &n);
        for (guint k = i; k < i + n; k++) {
            guint bytes = line_at(layout, k)->furniture ? 0 : line_bytes(layout, line_at(layout, k));
            style->bytes += bytes;
            style->bytes_alike += heading ? bytes : 0;
        }
        style->headings += heading;
        style->pages += heading && style->last != page;
        style->last = heading ? page : style->last;
    }
}

/* Twice the size that most is written in. */
static guint text_size(const Style *styles)
{
    guint most = 0, size = 0;
    for (guint i = 0; i < SIZES; i++) {
        guint bytes = styles[2 * i].bytes + styles[2 * i + 1].bytes;
        if (bytes > most) {
            most = bytes;
            size = i;
        }
    }
    return size;
}

/* Gives the styles of headings their levels; FALSE: there are none. */
static gboolean set_levels(Style *styles)
{
    const float text = (float) text_size(styles);
    guint64 all = 0;
    guint8 level = 0;
    for (guint i = 0; i < STYLES; i++)
        all += styles[i].bytes;
    for (guint i = STYLES; i-- > 0; ) {
        Style *style = &styles[i];
        const float size = (float) (i / 2);
        if (size < (i % 2 ? LARGER_BOLD : LARGER) * text || size <= text)
            continue;
        if (style->headings < LEAST_HEADINGS || style->pages < LEAST_PAGES)
            continue;
        /* A tenth of the document at most, and hardly anything that is no heading. */
        if ((guint64) style->bytes * 10 > all || (guint64) style->bytes_alike * 10 < (guint64) style->bytes * 9)
            continue;
        style->level = level = MIN(level + 1, LEVELS);
    }
    return level > 0;
}

static void mark_page(PageLayout *layout, const Style *styles)
{
    for (guint i = 0, n; i < layout->lines->len; i += n) {
        const guint8 level = styles[style_of(line_at(layout, i))].level;
        if (!heading_at(layout, i, &n) || !level)
            continue;
        for (guint k = 0; k < n; k++) {
            line_at(layout, i + k)->heading = level;
            line_at(layout, i + k)->rest = k > 0;
        }
    }
}

void headings_mark(const GPtrArray *layouts)
{
    g_autofree Style *styles = g_new0(Style, STYLES);
    for (guint i = 0; i < layouts->len; i++)
        if (g_ptr_array_index(layouts, i))
            count_page(g_ptr_array_index(layouts, i), i + 1, styles);
    if (!set_levels(styles))
        return;
    for (guint i = 0; i < layouts->len; i++)
        if (g_ptr_array_index(layouts, i))
            mark_page(g_ptr_array_index(layouts, i), styles);
}
