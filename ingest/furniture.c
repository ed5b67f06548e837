/* furniture.c - running heads and feet and page numbers, found by comparing pages.
 *
 * A line near the top or bottom edge is furniture when other pages have the same line, its
 * numbers aside, at the same height.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* Lines from each edge that are looked at; the share of the page that is edge. */
enum { EDGE_LINES = 3, LEAST_PAGES = 3 };
static const float EDGE_SHARE = 0.14f;

typedef struct {
    guint page;
    Line *line;
    char *key;              /* the text with numbers as "#", and height and side */
} Edge;

static void edge_clear(gpointer data)
{
    g_free(((Edge *) data)->key);
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

static void add_edge(GArray *edges, guint page, const PageLayout *layout, Line *line)
{
    g_autofree char *text = shape(layout, line);
    /* Top or bottom, at this height to within the hair's breadth of rounding. */
    int height = (int) (line->box.y1 / 4 + 0.5f);
    Edge edge = { page, line, g_strdup_printf("%d %s", height, text) };
    g_array_append_val(edges, edge);
}

/* Lines in the top and bottom margins of PAGE, only those with few lines between them and the edge. */
static void collect(GArray *edges, guint page, PageLayout *layout)
{
    for (guint i = 0; i < layout->lines->len; i++) {
        Line *line = &g_array_index(layout->lines, Line, i);
        guint above = 0, below = 0;
        float top = EDGE_SHARE * (float) layout->height, bottom = (float) layout->height - top;
        if (line->box.y0 > top && line->box.y1 < bottom)
            continue;
        for (guint k = 0; k < layout->lines->len; k++) {
            const Line *other = &g_array_index(layout->lines, Line, k);
            above += other->box.y1 < line->box.y0 + 0.5f * box_height(&line->box);
            below += other->box.y0 > line->box.y1 - 0.5f * box_height(&line->box);
        }
        if (above < EDGE_LINES || below < EDGE_LINES)
            add_edge(edges, page, layout, line);
    }
}

static guint *count_of(GHashTable *counts, const char *key)
{
    guint *count = g_hash_table_lookup(counts, key);
    if (!count) {
        count = g_new0(guint, 1);
        g_hash_table_insert(counts, g_strdup(key), count);
    }
    return count;
}

void furniture_mark(const GPtrArray *layouts)
{
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(Edge));
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_array_set_clear_func(edges, edge_clear);
    for (guint i = 0; i < layouts->len; i++)
        if (g_ptr_array_index(layouts, i))
            collect(edges, i, g_ptr_array_index(layouts, i));
    for (guint i = 0; i < edges->len; i++)
        ++*count_of(counts, g_array_index(edges, Edge, i).key);
    for (guint i = 0; i < edges->len; i++) {
        Edge *edge = &g_array_index(edges, Edge, i);
        if (*count_of(counts, edge->key) >= LEAST_PAGES)
            edge->line->furniture = TRUE;
    }
}
