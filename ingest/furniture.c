/* furniture.c - running heads and feet and page numbers, which are no part of the text.
 *
 * In a document of several pages a line at the top or bottom edge is furniture when other pages
 * have the same line, its numbers aside, at the same height, and when it is set apart from the text
 * (a table's title that recurs is not).  A page on its own shows less: there, only small print,
 * page numbers, notices of publishers, and lines in three parts (left, middle, right) that are set apart at the very edge
 * are left out.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* Lines from each edge that are looked at; pages that must agree. */
enum { EDGE_LINES = 3, LEAST_PAGES = 3, PLACE_PAGES = 5 };
/* The share of the page's height that is edge; the same for a page on its own. */
static const float EDGE_SHARE = 0.14f, LONE_EDGE_SHARE = 0.09f;
/* The gap to the text, in heights of the line. */
static const float APART = 0.8f, LONE_APART = 1.3f, NOTICE_APART = 0.1f, PARTS_APART = 0.4f, PLACE_APART = 1.0f;

typedef struct {
    PageLayout *layout;
    Line *line;
    char *key;              /* the text with numbers as "#", and height */
    char *place;            /* height and size alone */
    gboolean top, outermost, apart;
} Edge;

static void edge_clear(gpointer data)
{
    g_free(((Edge *) data)->key);
    g_free(((Edge *) data)->place);
}

/* A number, also as Roman digits. */
static gboolean is_roman(const char *p, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (!strchr("ivxlcIVXLC", p[i]))
            return FALSE;
    return n > 0;
}

/* The line's text, each number as "#"; a line of only a Roman number, too. */
static char *shape(const PageLayout *layout, const Line *line)
{
    GString *key = g_string_new(NULL);
    for (guint i = 0; i < line->count; i++) {
        const Segment *s = &g_array_index(layout->segments, Segment, line->first + i);
        for (guint k = 0; k < s->count; k++) {
            const Word *w = &g_array_index(layout->words, Word, g_array_index(layout->order, guint, s->first + k));
            const char *p = layout->text + w->start;
            if (line->count == 1 && s->count == 1 && is_roman(p, w->length)) {
                g_string_append_c(key, '#');
                continue;
            }
            for (guint b = 0; b < w->length; b++)
                if (!g_ascii_isdigit(p[b]))
                    g_string_append_c(key, p[b]);
                else if (!key->len || key->str[key->len - 1] != '#')
                    g_string_append_c(key, '#');
        }
    }
    return g_string_free(key, FALSE);
}

static Line *line_at(const PageLayout *layout, guint i)
{
    return &g_array_index(layout->lines, Line, i);
}

/* The first segment's first word tells how the line runs. */
static Run run_of(const PageLayout *layout, const Line *line)
{
    const Segment *s = &g_array_index(layout->segments, Segment, line->first);
    return (Run) g_array_index(layout->words, Word, g_array_index(layout->order, guint, s->first)).run;
}

static float page_height(const PageLayout *layout, Run run)
{
    return (float) (run == RUN_UP || run == RUN_DOWN ? layout->width : layout->height);
}

/* Lines between LINE and the edge of the page, and the gap to the nearest line on the other side. */
static guint lines_outside(const PageLayout *layout, const Line *line, gboolean top, float *gap)
{
    guint outside = 0;
    *gap = G_MAXFLOAT;
    for (guint i = 0; i < layout->lines->len; i++) {
        const Line *other = line_at(layout, i);
        if (other == line || run_of(layout, other) != run_of(layout, line)
            || box_overlap_y(&line->box, &other->box) > 0.3f)
            continue;
        gboolean is_outside = top == (other->box.y1 < line->box.y1);
        outside += is_outside && !other->furniture;
        if (!is_outside)
            *gap = MIN(*gap, top ? other->box.y0 - line->box.y1 : line->box.y0 - other->box.y1);
    }
    return outside;
}

/* Whether the line lies in the share SHARE of the page at its top or bottom. */
static gboolean at_edge(const PageLayout *layout, const Line *line, float share, gboolean *top)
{
    float height = page_height(layout, run_of(layout, line));
    *top = line->box.y1 < share * height;
    return *top || line->box.y0 > (1 - share) * height;
}

enum { SIZES = 128 };

static void count_sizes(const PageLayout *layout, guint bytes[SIZES])
{
    for (guint i = 0; i < layout->words->len; i++) {
        const Word *w = &g_array_index(layout->words, Word, i);
        bytes[(guint) CLAMP(2 * w->size + 0.5f, 0, SIZES - 1)] += w->length;
    }
}

/* The size that most of the page's letters have. */
static float body_size(const PageLayout *layout)
{
    guint bytes[SIZES] = { 0 }, most = 0;
    count_sizes(layout, bytes);
    for (guint size = 1; size < SIZES; size++)
        if (bytes[size] > bytes[most])
            most = size;
    return (float) most / 2;
}

/* The size that nine letters of ten do not exceed: text, not headings, even where most is code. */
static float text_size(const GPtrArray *layouts)
{
    guint bytes[SIZES] = { 0 }, size = 0;
    guint64 all = 0, sum = 0;
    for (guint i = 0; i < layouts->len; i++)
        if (g_ptr_array_index(layouts, i))
            count_sizes(g_ptr_array_index(layouts, i), bytes);
    for (guint k = 0; k < SIZES; k++)
        all += bytes[k];
    while (size < SIZES - 1 && (sum += bytes[size]) * 10 < all * 9)
        size++;
    return (float) size / 2;
}

/* BODY is the size of the document's text. */
static void collect(GArray *edges, PageLayout *layout, float body)
{
    for (guint i = 0; i < layout->lines->len; i++) {
        Line *line = line_at(layout, i);
        Edge edge = { .layout = layout, .line = line };
        float gap;
        guint outside;
        if (!at_edge(layout, line, EDGE_SHARE, &edge.top)
            || (outside = lines_outside(layout, line, edge.top, &gap)) >= EDGE_LINES)
            continue;
        edge.outermost = outside == 0;
        edge.apart = gap > PLACE_APART * box_height(&line->box) && line->size <= 1.1f * body;
        g_autofree char *text = shape(layout, line);
        /* The height to within the breadth of rounding. */
        edge.key = g_strdup_printf("%d %s", (int) (line->box.y1 / 4 + 0.5f), text);
        edge.place = g_strdup_printf("%d %d", (int) (2 * line->box.y1 + 0.5f), (int) (2 * line->size + 0.5f));
        g_array_append_val(edges, edge);
    }
}

static void count_key(GHashTable *counts, const char *key)
{
    guint *count = g_hash_table_lookup(counts, key);
    if (!count) {
        count = g_new0(guint, 1);
        g_hash_table_insert(counts, g_strdup(key), count);
    }
    ++*count;
}

/* Whether the next line inwards is furniture, too: a head of two lines. */
static gboolean next_is_furniture(const Edge *edge)
{
    const Line *nearest = NULL;
    for (guint i = 0; i < edge->layout->lines->len; i++) {
        const Line *other = line_at(edge->layout, i);
        if (other == edge->line || box_overlap_y(&edge->line->box, &other->box) > 0.3f
            || edge->top != (other->box.y1 > edge->line->box.y1))
            continue;
        if (!nearest || edge->top == (other->box.y1 < nearest->box.y1))
            nearest = other;
    }
    return nearest && nearest->furniture;
}

/* Marks lines that stand where many pages have a line set apart, and where hardly any has text: heads
 * that change from section to section. */
static void mark_places(GArray *edges, guint pages)
{
    g_autoptr(GHashTable) apart = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < edges->len; i++) {
        const Edge *edge = &g_array_index(edges, Edge, i);
        if (edge->outermost && edge->apart)
            count_key(apart, edge->place);
        if (edge->outermost)
            count_key(all, edge->place);
    }
    for (guint i = 0; i < edges->len; i++) {
        Edge *edge = &g_array_index(edges, Edge, i);
        const guint *there = g_hash_table_lookup(apart, edge->place), *any = g_hash_table_lookup(all, edge->place);
        if (edge->outermost && edge->apart && *there >= PLACE_PAGES && *there * 4 >= pages && *there * 10 >= *any * 9)
            edge->line->furniture = TRUE;
    }
}

/* Marks what repeats, from the edge inwards as far as the last line that is set apart. */
static void mark_repeated(GArray *edges, GHashTable *counts)
{
    for (int round = 0; round < EDGE_LINES; round++)
        for (guint i = 0; i < edges->len; i++) {
            Edge *edge = &g_array_index(edges, Edge, i);
            guint *count = g_hash_table_lookup(counts, edge->key);
            if (*count >= LEAST_PAGES && lines_outside(edge->layout, edge->line, edge->top, &(float) { 0 }) == 0)
                edge->line->furniture = TRUE;
        }
    for (int round = 0; round < EDGE_LINES; round++)
        for (guint i = 0; i < edges->len; i++) {
            Edge *edge = &g_array_index(edges, Edge, i);
            float gap;
            if (!edge->line->furniture)
                continue;
            lines_outside(edge->layout, edge->line, edge->top, &gap);
            if (gap < APART * box_height(&edge->line->box) && !next_is_furniture(edge))
                edge->line->furniture = FALSE;
        }
}

/* What publishers and libraries print at the edge of somebody's page. */
static gboolean is_notice(const char *shape)
{
    static const char *const SIGNS[] = { "www.", "http", "downloaded", "doi:", "doi.org", "publishedby",
        "©", "allrightsreserved", "arxiv:", "|", NULL };
    for (int i = 0; SIGNS[i]; i++)
        if (strcasestr(shape, SIGNS[i]))
            return TRUE;
    return !strcmp(shape, "#") || !strcasecmp(shape, "page#") || !strcasecmp(shape, "page#of#")
        || !strcmp(shape, "-#-");
}

/* LINE has three segments.  One at the left, one in the middle, one at the right, far from each other: no text is set so. */
static gboolean in_three_parts(const PageLayout *layout, const Line *line)
{
    const Segment *s = &g_array_index(layout->segments, Segment, line->first);      /* and the two behind it */
    float width = line->box.x1 - line->box.x0;
    float middle = (s[1].box.x0 + s[1].box.x1) / 2, expected = (line->box.x0 + line->box.x1) / 2;

    if (width < 0.6f * (float) layout->width || (s[0].numeric && s[1].numeric && s[2].numeric))
        return FALSE;
    return fabsf(middle - expected) < 0.03f * width && s[1].box.x0 - s[0].box.x1 > 0.2f * width
        && s[2].box.x0 - s[1].box.x1 > 0.2f * width;
}

static void mark_lone(PageLayout *layout)
{
    float body = body_size(layout);
    for (guint i = 0; i < layout->lines->len; i++) {
        Line *line = line_at(layout, i);
        gboolean top, across = run_of(layout, line) != run_of(layout, line_at(layout, 0));
        float gap;
        gboolean parts = line->count == 3 && in_three_parts(layout, line);
        if (!at_edge(layout, line, parts ? EDGE_SHARE : LONE_EDGE_SHARE, &top))
            continue;
        g_autofree char *text = shape(layout, line);
        gboolean small = line->size < 0.92f * body || across || parts, notice = is_notice(text);
        if (lines_outside(layout, line, top, &gap) == 0 && (small || notice) && line->size <= 1.5f * body
            && gap > (notice ? NOTICE_APART : parts ? PARTS_APART : LONE_APART) * box_height(&line->box))
            line->furniture = TRUE;
    }
}

/* A page of nothing but furniture has it for its text. */
static void keep_only_text(PageLayout *layout)
{
    for (guint i = 0; i < layout->lines->len; i++)
        if (!line_at(layout, i)->furniture)
            return;
    for (guint i = 0; i < layout->lines->len; i++)
        line_at(layout, i)->furniture = FALSE;
}

void furniture_mark(const GPtrArray *layouts)
{
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(Edge));
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_array_set_clear_func(edges, edge_clear);
    float body = text_size(layouts);
    for (guint i = 0; i < layouts->len; i++) {
        PageLayout *layout = g_ptr_array_index(layouts, i);
        if (layout && layouts->len < LEAST_PAGES)
            for (int round = 0; round < EDGE_LINES; round++)
                mark_lone(layout);
        else if (layout)
            collect(edges, layout, body);
    }
    for (guint i = 0; i < edges->len; i++)
        count_key(counts, g_array_index(edges, Edge, i).key);
    mark_places(edges, layouts->len);
    mark_repeated(edges, counts);
    for (guint i = 0; i < layouts->len; i++)
        if (g_ptr_array_index(layouts, i))
            keep_only_text(g_ptr_array_index(layouts, i));
}
