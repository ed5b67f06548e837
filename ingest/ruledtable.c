/* ruledtable.c - the rows of a table whose cells are known from its drawn lines.
 *
 * A row is the cells that begin at the same height, from left to right, each from top to bottom.  Two kinds of cells are no cells:
 * where only the head and the foot are ruled, a column of lines is one for each row, and the words must tell these; and what holds
 * as much as a page's part is read on its own.
 */
#include "config.h"

#include "ingest/order.h"

/* Lines that a cell has at most, or it is read on its own. */
enum { LINES_MAX = 10 };
/* In units of the font's size: the room at the sides of a cell. */
static const float PADDING = 0.8f;

static const Cell *cell_at(const Order *o, guint cell)
{
    return &g_array_index(o->layout->cells, Cell, cell - 1);
}

void ruled_blocks(Order *o, guint from, GArray *members)
{
    guint end = o->found->len;
    g_autofree guint *blocks = g_new0(guint, o->layout->tables);
    for (guint i = from; i < end; i++) {
        const Segment *s = segment(o, i);
        if (!s->cell)
            continue;
        guint table = cell_at(o, s->cell)->table;
        if (blocks[table]) {
            box_join(&g_array_index(o->found, Segment, blocks[table]).box, &s->box);
            continue;
        }
        Segment block = { .box = s->box, .size = s->size, .rtl = s->rtl, .cell = s->cell };
        blocks[table] = o->found->len;
        g_array_append_val(members, blocks[table]);
        g_array_append_val(o->found, block);
        g_array_set_size(o->prose, o->found->len);
        g_array_set_size(o->letters, o->found->len);
        g_array_index(o->prose, guint, blocks[table]) = g_array_index(o->letters, guint, blocks[table]) = 0;
    }
}

/* The lines of a cell. */
typedef struct {
    guint cell;
    GArray *members;        /* guint: segments, sorted by y */
    GPtrArray *lines;       /* of Row* */
} Content;

static void content_free(gpointer data)
{
    Content *content = data;
    g_array_unref(content->members);
    g_clear_pointer(&content->lines, g_ptr_array_unref);
    g_free(content);
}

static int by_middle(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *o = data;
    const Box *s = &segment(o, *(const guint *) a)->box, *t = &segment(o, *(const guint *) b)->box;
    float d = s->y0 + s->y1 - t->y0 - t->y1;
    return d < 0 ? -1 : d > 0;
}

static int by_left(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *o = data;
    float d = segment(o, *(const guint *) a)->box.x0 - segment(o, *(const guint *) b)->box.x0;
    return d < 0 ? -1 : d > 0;
}

/* Whether S stands on the line ROW: lines may be set so close that they overlap. */
static gboolean on_line(const Order *o, const Row *row, const Segment *s)
{
    const Segment *first = segment(o, g_array_index(row->members, guint, 0));
    float size = MAX(first->size, s->size);
    /* A raised mark, or a letter before its index. */
    if (MIN(first->size, s->size) < 0.85f * size)
        return box_overlap_y(&first->box, &s->box) >= 0.45f;
    return ABS(s->box.y1 - first->box.y1) < 0.4f * size;
}

/* MEMBERS, sorted by y, as lines. */
static GPtrArray *lines_of(Order *o, const GArray *members)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(table_row_free);
    Row *line = NULL;
    for (guint i = 0; i < members->len; i++) {
        guint index = g_array_index(members, guint, i);
        const Segment *s = segment(o, index);
        if (!line || !on_line(o, line, s)) {
            line = table_row_new();
            g_ptr_array_add(lines, line);
        }
        table_row_add(line, index, s);
    }
    for (guint i = 0; i < lines->len; i++)
        g_array_sort_with_data(((Row *) g_ptr_array_index(lines, i))->members, by_left, o);
    return lines;
}

/* The cells of TABLE that have words, in their order (of Content*). */
static GPtrArray *contents(Order *o, guint table)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(content_free);
    g_autofree Content **of = g_new0(Content *, o->layout->cells->len + 1);
    for (guint i = 0; i < o->found->len; i++) {
        const Segment *s = segment(o, i);
        if (!s->cell || is_block(s) || cell_at(o, s->cell)->table != table)
            continue;
        if (!of[s->cell]) {
            of[s->cell] = g_new0(Content, 1);
            of[s->cell]->cell = s->cell;
            of[s->cell]->members = g_array_new(FALSE, FALSE, sizeof(guint));
        }
        g_array_append_val(of[s->cell]->members, i);
    }
    for (guint i = 1; i <= o->layout->cells->len; i++) {
        Content *content = of[i];
        if (!content)
            continue;
        g_array_sort_with_data(content->members, by_middle, o);
        content->lines = lines_of(o, content->members);
        g_ptr_array_add(all, content);
    }
    return all;
}

static const Row *line_at(const Content *content, guint i)
{
    return g_ptr_array_index(content->lines, i);
}

/* Whether all of several lines are numbers. */
static gboolean is_numeric(const Content *content)
{
    guint lines = 0;
    for (guint i = 0; i < content->lines->len; i++)
        lines += line_at(content, i)->numbers == line_at(content, i)->cells;
    return content->lines->len >= 2 && lines == content->lines->len;
}

/* Whether most of the content's lines end though the next word would have had room: each says something of its own. */
static gboolean is_list(const Order *o, const Content *content)
{
    const GArray *order = o->layout->order;
    guint free_ends = 0;
    for (guint i = 0; i + 1 < content->lines->len; i++) {
        const Segment *next = segment(o, g_array_index(line_at(content, i + 1)->members, guint, 0));
        const Box *word = &g_array_index(o->layout->words, Word, g_array_index(order, guint, next->first)).box;
        float room = cell_at(o, content->cell)->right - line_at(content, i)->box.x1 - PADDING * next->size;
        free_ends += room > word->x1 - word->x0 + 0.3f * next->size;
    }
    return content->lines->len >= 3 && free_ends * 3 >= (content->lines->len - 1) * 2;
}

/* Whether most lines of B stand on one of A. */
static gboolean keeps_step(const Content *a, const Content *b)
{
    guint hits = 0;
    for (guint i = 0; i < b->lines->len; i++) {
        gboolean hit = FALSE;
        for (guint k = 0; k < a->lines->len && !hit; k++)
            hit = box_overlap_y(&line_at(a, k)->box, &line_at(b, i)->box) > 0.6f;
        hits += hit;
    }
    return hits * 3 >= b->lines->len * 2;
}

/* Whether the cells FROM .. TO of ALL, one row of the grid, hold several rows of the table, one below the other. */
static gboolean is_stack(const Order *o, const GPtrArray *all, guint from, guint to)
{
    const Content *first = g_ptr_array_index(all, from);
    gboolean list = is_list(o, first) || is_numeric(first);
    for (guint i = from; i < to; i++) {
        const Content *content = g_ptr_array_index(all, i);
        if (i > from && list && is_list(o, content) && keeps_step(first, content))
            return TRUE;
        for (guint k = from; k < to && is_numeric(content); k++) {
            const Content *other = g_ptr_array_index(all, k);
            if (k != i && other->lines->len >= content->lines->len && keeps_step(other, content))
                return TRUE;
        }
    }
    return FALSE;
}

/* All of these cells together as lines, whose rows are found by the words. */
static void emit_stack(Order *o, const GPtrArray *all, guint from, guint to)
{
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = from; i < to; i++) {
        const Content *content = g_ptr_array_index(all, i);
        g_array_append_vals(members, content->members->data, content->members->len);
    }
    g_array_sort_with_data(members, by_middle, o);
    order_emit_rows(o, members);
}

static void emit_row(Order *o, const GPtrArray *all, guint from, guint to, Box column)
{
    Row *row = table_row_new();
    guint rtl = 0;
    for (guint i = from; i < to; i++) {
        const Content *content = g_ptr_array_index(all, i);
        rtl += segment(o, g_array_index(content->members, guint, 0))->rtl;
    }
    for (guint i = from; i < to; i++) {
        const Content *content = g_ptr_array_index(all, rtl * 2 >= to - from ? from + to - 1 - i : i);
        for (guint k = 0; k < content->lines->len; k++) {
            const GArray *line = line_at(content, k)->members;
            for (guint m = 0; m < line->len; m++) {
                guint index = g_array_index(line, guint, rtl * 2 >= to - from ? line->len - 1 - m : m);
                table_row_add(row, index, segment(o, index));
            }
        }
    }
    row->cells = to - from;
    row->merged = TRUE;
    order_append(o, row, column);
    table_row_free(row);
}

void ruled_emit(Order *o, guint block, int depth)
{
    const Box column = segment(o, block)->box;
    g_autoptr(GPtrArray) all = contents(o, cell_at(o, segment(o, block)->cell)->table);
    for (guint from = 0, to; from < all->len; from = to) {
        const guint row = cell_at(o, ((Content *) g_ptr_array_index(all, from))->cell)->row;
        guint most = 0;
        for (to = from; to < all->len; to++) {
            const Content *content = g_ptr_array_index(all, to);
            if (cell_at(o, content->cell)->row != row)
                break;
            most = MAX(most, content->lines->len);
        }
        if (is_stack(o, all, from, to)) {
            emit_stack(o, all, from, to);
        } else if (most > LINES_MAX) {
            for (guint i = from; i < to; i++)
                order_emit(o, ((Content *) g_ptr_array_index(all, i))->members, depth + 1);
        } else {
            emit_row(o, all, from, to, column);
        }
    }
    o->regions++;
}
