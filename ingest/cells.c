/* cells.c - lines of a table's cells and its labels, before lines are merged to rows.
 *
 * Justified text in a narrow cell has gaps as wide as those between columns.  A neighbouring line that fills
 * the cell from the same left to the same right edge without such a gap tells that they are none.
 */
#include "config.h"

#include "ingest/table.h"

/* In units of the font's size: wider gaps are not from justifying; lines further apart are not of one cell. */
static const float JUSTIFIED_GAP = 2.2f, CELL_PITCH = 1.5f;
/* Lines above and below that are looked at. */
enum { NEIGHBOURS = 6 };

static const Segment *member(const Row *row, guint i, const GArray *segments)
{
    return &g_array_index(segments, Segment, g_array_index(row->members, guint, i));
}

static int by_left(gconstpointer a, gconstpointer b, gpointer data)
{
    const GArray *segments = data;
    float d = g_array_index(segments, Segment, *(const guint *) a).box.x0
        - g_array_index(segments, Segment, *(const guint *) b).box.x0;
    return d < 0 ? -1 : d > 0;
}

/* Whether a segment of ROW runs from the left edge to the right edge of BOX. */
static gboolean fills(const Row *row, const Box *box, float size, const GArray *segments)
{
    for (guint i = 0; i < row->members->len; i++) {
        const Segment *s = member(row, i, segments);
        if (ABS(s->box.x0 - box->x0) < 0.3f * size && ABS(s->box.x1 - box->x1) < 0.5f * size)
            return TRUE;
    }
    return FALSE;
}

/* Whether a line next to ROWS[AT], or next to that one and so on, fills BOX. */
static gboolean is_filled(const GPtrArray *rows, guint at, const Box *box, float size, const GArray *segments)
{
    for (int step = -1; step <= 1; step += 2) {
        const Row *last = g_ptr_array_index(rows, at);
        for (int k = 1; k <= NEIGHBOURS; k++) {
            int i = (int) at + k * step;
            if (i < 0 || i >= (int) rows->len)
                break;
            const Row *row = g_ptr_array_index(rows, (guint) i);
            if (ABS(row->box.y1 - last->box.y1) > CELL_PITCH * size)
                break;
            if (fills(row, box, size, segments))
                return TRUE;
            last = row;
        }
    }
    return FALSE;
}

/* Replaces the members FROM .. TO of ROW by one segment. */
static void join(Row *row, guint from, guint to, GArray *segments, GArray *order)
{
    Segment all = *member(row, from, segments);
    all.first = order->len;
    all.count = 0;
    for (guint i = from; i <= to; i++) {
        const Segment s = *member(row, i, segments);
        box_join(&all.box, &s.box);
        for (guint k = 0; k < s.count; k++) {
            guint word = g_array_index(order, guint, s.first + k);
            g_array_append_val(order, word);
        }
        all.count += s.count;
    }
    g_array_index(row->members, guint, from) = segments->len;
    g_array_append_val(segments, all);
    g_array_remove_range(row->members, from + 1, to - from);
    row->cells -= to - from;
}

/* Joins what begins with the member FROM of ROWS[AT], as far as it goes. */
static void join_from(GPtrArray *rows, guint at, guint from, GArray *segments, GArray *order)
{
    Row *row = g_ptr_array_index(rows, at);
    Box box[NEIGHBOURS * 2];
    guint to = from;
    box[0] = member(row, from, segments)->box;
    for (; to + 1 < row->members->len && to + 1 - from < G_N_ELEMENTS(box); to++) {
        const Segment *s = member(row, to, segments), *t = member(row, to + 1, segments);
        if (s->cell != t->cell || s->rtl || s->numeric || t->numeric || t->box.x0 < s->box.x1
            || t->box.x0 - s->box.x1 > JUSTIFIED_GAP * s->size)
            break;
        box[to + 1 - from] = box[to - from];
        box_join(&box[to + 1 - from], &t->box);
    }
    float size = member(row, from, segments)->size;
    for (; to > from; to--)
        if (is_filled(rows, at, &box[to - from], size, segments)) {
            join(row, from, to, segments, order);
            return;
        }
}

void cells_join(GPtrArray *rows, GArray *segments, GArray *order)
{
    for (guint i = 0; i < rows->len; i++)
        g_array_sort_with_data(((Row *) g_ptr_array_index(rows, i))->members, by_left, segments);
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = g_ptr_array_index(rows, i);
        for (guint from = 0; from + 1 < row->members->len; from++)
            join_from(rows, i, from, segments, order);
    }
}
