/* table.c - rows of tables whose cells have several lines.
 *
 * A leaf region comes as lines.  Two neighbouring lines belong to the same row of a table when
 * they stand closer together than the table's rows do, when they are staggered (cells centred
 * on the row), when the second has only a rest of text and nothing in the first column, or when
 * they are the lines of a head.  Merging must not make one cell out of two.
 */
#include "config.h"

#include <stdlib.h>

#include "ingest/table.h"

/* In units of the font's size: the pitch of lines set without extra space; in units of the row's
 * pitch: closer lines belong together. */
static const float TIGHT_PITCH = 1.35f, CLOSE_PITCH = 0.86f;
/* In units of the font's size: cells of two columns may reach that far into each other. */
static const float TOUCH = 0.3f;
/* Lines of a head; rows with cells side by side that make a table. */
enum { HEAD_LINES = 5, ROWS_LEAST = 3 };

Row *table_row_new(void)
{
    Row *row = g_new0(Row, 1);
    row->members = g_array_new(FALSE, FALSE, sizeof(guint));
    return row;
}

void table_row_free(gpointer data)
{
    Row *row = data;
    g_array_unref(row->members);
    g_free(row);
}

void table_row_add(Row *row, guint index, const Segment *segment)
{
    if (row->members->len == 0)
        row->box = segment->box;
    else
        box_join(&row->box, &segment->box);
    row->cells++;
    row->numbers += segment->numeric;
    g_array_append_val(row->members, index);
}

static const Segment *member(const Row *row, guint i, const Segment *segments)
{
    return &segments[g_array_index(row->members, guint, i)];
}

/* The baseline of most of the row's cells: beside a table, larger text may stand on the same line. */
static float base_of(const Row *row, const Segment *segments)
{
    float base[64] = { 0 };
    guint n = 0;
    for (guint i = 0; i < row->members->len && n < G_N_ELEMENTS(base); i++, n++) {
        float y = member(row, i, segments)->box.y1;
        guint k = n;
        for (; k > 0 && base[k - 1] > y; k--)
            base[k] = base[k - 1];
        base[k] = y;
    }
    return base[n / 2];
}

static void set_bases(GPtrArray *rows, const Segment *segments)
{
    for (guint i = 0; i < rows->len; i++) {
        Row *row = g_ptr_array_index(rows, i);
        row->base = row->foot = base_of(row, segments);
        float size = member(row, 0, segments)->size;
        for (guint k = 0; k < row->members->len; k++) {
            const Segment *s = member(row, k, segments);
            if (ABS(s->size - size) < 0.05f * size)
                row->foot = MAX(row->foot, s->box.y1);
        }
    }
}

static int by_left(gconstpointer a, gconstpointer b, gpointer data)
{
    const Segment *segments = data;
    float d = segments[*(const guint *) a].box.x0 - segments[*(const guint *) b].box.x0;
    return d < 0 ? -1 : d > 0;
}

static int by_line(gconstpointer a, gconstpointer b, gpointer data)
{
    const Segment *s = (const Segment *) data + *(const guint *) a;
    const Segment *t = (const Segment *) data + *(const guint *) b;
    float d = s->box.y1 - t->box.y1;
    if (ABS(d) < 0.4f * s->size)
        d = s->box.x0 - t->box.x0;
    return d < 0 ? -1 : d > 0;
}

/* The number of columns that the members of both rows make together (B may be NULL): groups of
 * segments that overlap in x. */
static guint count_columns(const Row *a, const Row *b, const Segment *segments)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_vals(all, a->members->data, a->members->len);
    if (b)
        g_array_append_vals(all, b->members->data, b->members->len);
    g_array_sort_with_data(all, by_left, (gpointer) (gsize) segments);
    guint columns = 0;
    float right = -G_MAXFLOAT;
    for (guint i = 0; i < all->len; i++) {
        const Box *box = &segments[g_array_index(all, guint, i)].box;
        columns += box->x0 > right;
        right = MAX(right, box->x1);
    }
    return columns;
}

static gboolean overlaps_x(const Box *a, const Box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1;
}

/* Whether a segment of B stands in the same column as one of A. */
static gboolean shares_column(const Row *a, const Row *b, const Segment *segments)
{
    for (guint i = 0; i < a->members->len; i++)
        for (guint k = 0; k < b->members->len; k++)
            if (overlaps_x(&member(a, i, segments)->box, &member(b, k, segments)->box))
                return TRUE;
    return FALSE;
}

/* Whether each segment of B stands under exactly one of A and no two under the same. */
static gboolean stacks(const Row *a, const Row *b, const Segment *segments)
{
    for (guint k = 0; k < b->members->len; k++) {
        guint over = 0;
        for (guint i = 0; i < a->members->len; i++)
            over += overlaps_x(&member(a, i, segments)->box, &member(b, k, segments)->box);
        if (over > 1)
            return FALSE;
    }
    for (guint i = 0; i < a->members->len; i++) {
        guint under = 0;
        for (guint k = 0; k < b->members->len; k++)
            under += overlaps_x(&member(a, i, segments)->box, &member(b, k, segments)->box);
        if (under > 1)
            return FALSE;
    }
    return TRUE;
}

static gboolean is_data(const Row *row)
{
    return row->cells >= 2 && row->numbers * 2 >= row->cells - 1 && row->numbers > 0;
}

static int compare_floats(gconstpointer a, gconstpointer b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return x < y ? -1 : x > y;
}

/* The usual distance between two neighbouring rows of data; 0: too few to tell. */
static float row_pitch(const GPtrArray *rows)
{
    g_autoptr(GArray) pitches = g_array_new(FALSE, FALSE, sizeof(float));
    for (guint i = 1; i < rows->len; i++) {
        const Row *a = g_ptr_array_index(rows, i - 1), *b = g_ptr_array_index(rows, i);
        float pitch = b->base - a->base;
        if (is_data(a) && is_data(b))
            g_array_append_val(pitches, pitch);
    }
    if (pitches->len < 2)
        return 0;
    g_array_sort(pitches, compare_floats);
    return g_array_index(pitches, float, pitches->len / 2);
}

/* Whether the row of data ROWS[I] has no label though the next one has: years, units, notes of a head. */
static gboolean lacks_label(const GPtrArray *rows, guint i, const Segment *segments)
{
    const Row *row = g_ptr_array_index(rows, i), *next = i + 1 < rows->len ? g_ptr_array_index(rows, i + 1) : NULL;
    if (!next || !is_data(next) || next->cells <= row->cells)
        return FALSE;
    return member(next, 0, segments)->box.x1 < member(row, 0, segments)->box.x0;
}

/* Where the head of the table ends whose first line is ROWS[FROM]: its first row of data, or FROM. */
static guint head_end(const GPtrArray *rows, guint from, const Segment *segments)
{
    for (guint i = from; i < rows->len && i <= from + HEAD_LINES; i++) {
        const Row *row = g_ptr_array_index(rows, i);
        if (is_data(row) && (i == from || !lacks_label(rows, i, segments)))
            return i;
        if (row->numbers * 2 > row->cells && !is_data(row))
            break;
    }
    return from;
}

/* Whether the first cells of both begin at about the same place. */
static gboolean columns_agree(const Row *a, const Row *b, const Segment *segments)
{
    const Segment *s = member(a, 0, segments), *t = member(b, 0, segments);
    return ABS(s->box.x0 - t->box.x0) < 2.5f * s->size;
}

typedef struct {
    const Segment *segments;
    float pitch;            /* of rows of data, or 0 */
    guint doubts;           /* lines close together that may be one row or two */
} Table;

/* Whether line B is the first one of a tall cell whose neighbours stand half a line lower, in the row NEXT. */
static gboolean is_staggered(const Table *t, const Row *b, const Row *next)
{
    const Segment *first = member(b, 0, t->segments);
    return next && next->base - b->base < 0.75f * first->size && !shares_column(b, next, t->segments);
}

/* Whether ROW has cells side by side, not just a bullet before its text, or code. */
static gboolean has_cells(const Row *row, const Segment *segments)
{
    const Segment *first = member(row, 0, segments);
    guint marked = first->box.x1 - first->box.x0 < 2 * first->size;
    gboolean mono = TRUE;
    for (guint i = 0; i < row->members->len; i++)
        mono &= member(row, i, segments)->mono;
    return row->members->len >= 2 + marked && !mono;
}

/* Whether line B goes on with the row A, whose last line is LAST; NEXT is the line behind B, or NULL. */
static gboolean goes_on(Table *t, const Row *a, const Row *last, const Row *b, const Row *next, gboolean head)
{
    const Segment *first = member(b, 0, t->segments);
    float size = MAX(first->size, 1), step = b->base - last->foot;
    guint columns = count_columns(a, NULL, t->segments), both = count_columns(a, b, t->segments);
    if (both < 2 || both < columns || both < b->cells || step > TIGHT_PITCH * size)
        return FALSE;
    if (has_cells(a, t->segments) || has_cells(b, t->segments))
        t->doubts += !(is_data(a) && is_data(b) && a->cells == b->cells);
    if (step < 0.75f * size && !shares_column(last, b, t->segments))
        return !(is_data(a) && is_data(b));
    if (is_staggered(t, b, next))
        return FALSE;
    if (head && stacks(last, b, t->segments) && last->cells >= 2)
        return TRUE;
    /* Behind a row that has its values, a capital under its label begins the next one. */
    gboolean fresh = is_data(a) && !first->continues && overlaps_x(&member(a, 0, t->segments)->box, &first->box);
    if (t->pitch > 0 && step < CLOSE_PITCH * t->pitch && !(is_data(a) && is_data(b)) && !fresh)
        return TRUE;
    /* A label of two lines, the second one in lower case; the values stand on either. */
    gboolean below = b->cells == 1 && is_data(a) && (last->cells > 1 || a->labelled);
    gboolean above = a->cells == 1 && !a->numbers && is_data(b);
    if ((below || above) && first->continues && overlaps_x(&member(a, 0, t->segments)->box, &first->box)
        && columns_agree(a, b, t->segments))
        return TRUE;
    /* A rest of text under a cell that is not the first. */
    return a->cells >= 2 && b->cells * 2 <= a->cells && b->numbers == 0 && b->box.x0 > a->box.x0 + size
        && columns == both && !overlaps_x(&member(a, 0, t->segments)->box, &first->box);
}

static void join_rows(Row *a, const Row *b)
{
    g_array_append_vals(a->members, b->members->data, b->members->len);
    box_join(&a->box, &b->box);
    a->labelled = b->cells == 1 && ABS(b->box.x0 - a->box.x0) < 1;
    a->base = b->base;
    a->foot = b->foot;
    a->cells = MAX(a->cells, b->cells);
    a->numbers = MAX(a->numbers, b->numbers);
    a->merged = TRUE;
}

gboolean table_merge(GPtrArray *rows, const Segment *segments)
{
    guint head = 0;
    set_bases(rows, segments);
    labels_settle(rows, segments);
    Table table = { segments, row_pitch(rows), 0 };
    guint side_by_side = 0;
    for (guint i = 0; i < rows->len; i++)
        side_by_side += has_cells(g_ptr_array_index(rows, i), segments);
    for (guint i = 0; i < rows->len; i++) {
        Row *row = g_ptr_array_index(rows, i);
        if (i >= head)
            head = head_end(rows, i, segments);
        Row last = *row;
        last.members = g_array_ref(row->members);
        while (i + 1 < rows->len) {
            Row *next = g_ptr_array_index(rows, i + 1);
            const Row *behind = i + 2 < rows->len ? g_ptr_array_index(rows, i + 2) : NULL;
            if (!goes_on(&table, row, &last, next, behind, i + 1 < head))
                break;
            g_array_unref(last.members);
            last = *next;
            last.members = g_array_ref(next->members);
            join_rows(row, next);
            g_ptr_array_remove_index(rows, i + 1);
            head -= head > i + 1;
        }
        g_array_unref(last.members);
    }
    return table.doubts > 0 && side_by_side >= ROWS_LEAST;
}

void table_arrange(Row *row, const Segment *segments, gboolean rtl)
{
    GArray *all = row->members;
    g_array_sort_with_data(all, by_left, (gpointer) (gsize) segments);
    if (row->merged) {
        row->cells = 0;
        for (guint from = 0; from < all->len; row->cells++) {
            float right = member(row, from, segments)->box.x1;
            guint to = from + 1;
            for (; to < all->len; to++) {
                const Segment *s = member(row, to, segments);
                if (s->box.x0 >= right - TOUCH * s->size)
                    break;
                right = MAX(right, s->box.x1);
            }
            g_autoptr(GArray) column = g_array_new(FALSE, FALSE, sizeof(guint));
            g_array_append_vals(column, &g_array_index(all, guint, from), to - from);
            g_array_sort_with_data(column, by_line, (gpointer) (gsize) segments);
            for (guint i = from; i < to; i++)
                g_array_index(all, guint, i) = g_array_index(column, guint, i - from);
            from = to;
        }
    }
    if (rtl)
        for (guint i = 0, k = all->len; i + 1 < k; i++, k--) {
            guint swap = g_array_index(all, guint, i);
            g_array_index(all, guint, i) = g_array_index(all, guint, k - 1);
            g_array_index(all, guint, k - 1) = swap;
        }
}
