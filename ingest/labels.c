/* labels.c - labels of a table that stand beside several of its rows.
 *
 * Such a label belongs to the first of its rows.  It is found in two ways: its second line is closer to the first
 * than the rows are to each other, or it stands in the middle of its rows and the whole table is made so.
 */
#include "config.h"

#include "ingest/table.h"

/* In units of the font's size: the pitch of a label's lines. */
static const float LABEL_PITCH = 1.35f;

static const Segment *member(const Row *row, guint i, const Segment *segments)
{
    return &segments[g_array_index(row->members, guint, i)];
}

/* Moves the first member of FROM to the row TO, which keeps its height: gaps between rows are measured by it. */
static void move_label(Row *from, Row *to, const Segment *segments)
{
    guint index = g_array_index(from->members, guint, 0);
    g_array_remove_index(from->members, 0);
    from->cells--;
    g_array_append_val(to->members, index);
    to->box.x0 = MIN(to->box.x0, segments[index].box.x0);
    to->merged = TRUE;
}

/* Whether another line of a label of several lines is in ROW (its own: MINE), below T. */
static gboolean goes_on_below(const Row *row, gboolean mine, const Segment *t, const Segment *segments)
{
    if (!row || (!mine && row->members->len > 2))
        return FALSE;
    for (guint i = mine; i < row->members->len; i++) {
        const Segment *s = member(row, i, segments);
        if (ABS(s->box.x0 - t->box.x0) < t->size && ABS(s->box.y1 - t->box.y1) < LABEL_PITCH * t->size)
            return TRUE;
    }
    return FALSE;
}

/* Whether B begins with the second line of A's label: it stands above its row, close to the label, and is no first
 * line of a label in the middle of B.  C is the line behind B, or NULL. */
static gboolean ends_label(const Row *a, const Row *b, const Row *c, const Segment *segments)
{
    if (a->members->len < 3 || b->members->len < 3)
        return FALSE;
    const Segment *s = member(a, 0, segments), *t = member(b, 0, segments);
    if (goes_on_below(b, TRUE, t, segments) || goes_on_below(c, FALSE, t, segments))
        return FALSE;
    float size = t->size, step = t->box.y1 - s->box.y1;
    return ABS(t->box.x0 - s->box.x0) < 0.3f * size && ABS(s->box.y1 - a->base) < 0.15f * size
        && t->box.y1 < b->base - 0.25f * size && step > 0.7f * size && step < LABEL_PITCH * size;
}

static void join_ends(GPtrArray *rows, const Segment *segments)
{
    for (guint i = 0; i + 1 < rows->len; i++) {
        Row *a = g_ptr_array_index(rows, i), *b = g_ptr_array_index(rows, i + 1);
        const Row *c = i + 2 < rows->len ? g_ptr_array_index(rows, i + 2) : NULL;
        if (ends_label(a, b, c, segments))
            move_label(b, a, segments);
    }
}

/* A column of labels: where it ends, and how far apart the labels are, in rows. */
typedef struct {
    float right;
    guint every;
} Column;

static gboolean has_values(const Row *row)
{
    return row->cells >= 3 && row->numbers * 2 >= row->cells - 1;
}

/* Whether ROWS[AT] has a label in COLUMN and the rows around it, half of those up to the next label
 * on either side, have none. */
static gboolean is_central(const GPtrArray *rows, guint at, const Column *column, const Segment *segments)
{
    guint half = column->every / 2;
    if (at < half || at + half >= rows->len)
        return FALSE;
    for (guint i = at - half; i <= at + half; i++) {
        const Row *row = g_ptr_array_index(rows, i);
        if (!has_values(row) || (member(row, 0, segments)->box.x1 <= column->right) != (i == at))
            return FALSE;
    }
    return TRUE;
}

/* Moves the labels of a table that stand in the middle of EVERY rows each, beginning with ROWS[AT], which
 * has one; returns the number of labels. */
static guint raise_labels(GPtrArray *rows, guint at, guint every, const Segment *segments)
{
    Column column = { member(g_ptr_array_index(rows, at - 1), 0, segments)->box.x0, every };
    guint n = 0;
    while (is_central(rows, at + n * every, &column, segments))
        n++;
    for (guint k = 0; n >= 2 && k < n; k++) {
        guint i = at + k * every;
        move_label(g_ptr_array_index(rows, i), g_ptr_array_index(rows, i - every / 2), segments);
    }
    return n >= 2 ? n : 0;
}

void labels_settle(GPtrArray *rows, const Segment *segments)
{
    enum { EVERY_MAX = 9 };
    join_ends(rows, segments);
    for (guint i = 1; i + 1 < rows->len; i++)
        for (guint every = 3; every <= EVERY_MAX; every += 2) {
            guint n = raise_labels(rows, i, every, segments);
            if (n) {
                i += n * every - every / 2 - 1;
                break;
            }
        }
}
