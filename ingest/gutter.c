/* gutter.c - where a region is cut into columns.
 *
 * A gutter is a place that few lines cross and that has text on both sides that reads like prose: labels beside their values are
 * no columns.
 */
#include "config.h"

#include "ingest/order.h"

/* Lines on either side that make a gutter believable. */
enum { GUTTER_LINES = 3, CANDIDATES = 64 };

Side side_of(const Segment *s, float x)
{
    float slack = 0.1f * s->size;
    return s->box.x1 <= x + slack ? LEFT : s->box.x0 >= x - slack ? RIGHT : ACROSS;
}

/* What stands on one side of a gutter. */
typedef struct {
    guint prose, letters;
    GArray *members;        /* guint */
} Half;

/* Sets the fill of each of MEMBERS (sorted by y): its width as a share of the widest of the lines
 * next to it in its column.  Prose fills its column, labels and cells do not. */
static void find_fill(Order *o, const GArray *members)
{
    for (guint i = 0; i < members->len; i++) {
        const Segment *s = segment(o, g_array_index(members, guint, i));
        float width = s->box.x1 - s->box.x0, widest = width;
        for (int step = -1; step <= 1; step += 2)
            for (guint k = i + (guint) step; k < members->len; k += (guint) step) {
                const Segment *t = segment(o, g_array_index(members, guint, k));
                if (ABS(t->box.y1 - s->box.y1) > 2.8f * s->size)
                    break;
                if (!is_block(t) && ABS(t->box.x0 - s->box.x0) < 1.5f * s->size)
                    widest = MAX(widest, t->box.x1 - t->box.x0);
            }
        g_array_index(o->fill, float, g_array_index(members, guint, i)) = width / MAX(widest, 1);
    }
}

static float mean_fill(const Order *o, const GArray *members)
{
    float sum = 0;
    for (guint i = 0; i < members->len; i++)
        sum += g_array_index(o->fill, float, g_array_index(members, guint, i));
    return sum / (float) members->len;
}

/* The share of the lines of RIGHT that stand on a line of LEFT.  Both sorted by y. */
static float aligned(const Order *o, const GArray *left, const GArray *right)
{
    guint hits = 0;
    for (guint i = 0, k = 0; i < right->len; i++) {
        const Segment *r = segment(o, g_array_index(right, guint, i));
        while (k < left->len && segment(o, g_array_index(left, guint, k))->box.y1 < r->box.y1 - 0.2f * r->size)
            k++;
        if (k < left->len)
            hits += segment(o, g_array_index(left, guint, k))->box.y1 <= r->box.y1 + 0.2f * r->size;
    }
    return (float) hits / (float) right->len;
}

/* The stretch FROM .. TO of MEMBERS in which a gutter at X has most lines side by side, each line
 * that crosses it counted against it; returns what is left. */
static int best_stretch(const Order *o, const GArray *members, float x, guint *from, guint *to)
{
    guint n[2] = { 0, 0 }, start = 0, band = 0;
    int sum = 0, best = 0;
    for (guint i = 0; i <= members->len; i++) {
        Side side = i < members->len ? side_of(segment(o, g_array_index(members, guint, i)), x) : ACROSS;
        if (side != ACROSS) {
            n[side]++;
            continue;
        }
        int both = (int) MIN(n[0], n[1]);
        if (both && sum <= 0) {
            sum = 0;
            start = band;
        }
        sum += both;
        if (sum > best) {
            best = sum;
            *from = start;
            *to = i;
        }
        sum--;
        n[0] = n[1] = 0;
        band = i + 1;
    }
    return best;
}

/* The share of the lines of LEFT whose neighbour on the same line of RIGHT is a number: a table's
 * labels and values.  Both sorted by y. */
static float valued(const Order *o, const GArray *left, const GArray *right)
{
    guint hits = 0;
    for (guint i = 0, from = 0; i < left->len; i++) {
        const Segment *l = segment(o, g_array_index(left, guint, i)), *nearest = NULL;
        while (from < right->len && segment(o, g_array_index(right, guint, from))->box.y1 < l->box.y0)
            from++;
        for (guint k = from; k < right->len; k++) {
            const Segment *r = segment(o, g_array_index(right, guint, k));
            if (r->box.y0 > l->box.y1)
                break;
            if (ABS(r->box.y1 - l->box.y1) < 0.25f * l->size && (!nearest || r->box.x0 < nearest->box.x0))
                nearest = r;
        }
        hits += nearest && nearest->numeric;
    }
    return (float) hits / (float) left->len;
}

static void halve(const Order *o, const GArray *members, float x, guint from, guint to, Half half[2])
{
    for (guint i = from; i < to; i++) {
        guint index = g_array_index(members, guint, i);
        Side side = side_of(segment(o, index), x);
        if (side == ACROSS)
            continue;
        half[side].prose += g_array_index(o->prose, guint, index);
        half[side].letters += g_array_index(o->letters, guint, index);
        g_array_append_val(half[side].members, index);
    }
}

/* Whether the text on both sides of the gutter reads like prose. */
static gboolean is_gutter(const Order *o, const GArray *members, const Gutter *gutter)
{
    Half half[2] = { { .members = g_array_new(FALSE, FALSE, sizeof(guint)) },
                     { .members = g_array_new(FALSE, FALSE, sizeof(guint)) } };
    gboolean good = TRUE;
    halve(o, members, gutter->x, gutter->from, gutter->to, half);
    for (int h = 0; h < 2 && good; h++)
        good = half[h].prose * 10 >= half[h].letters * 6;
    if (good) {
        gboolean rows = MIN(aligned(o, half[0].members, half[1].members),
                            aligned(o, half[1].members, half[0].members)) > 0.6f;
        float least = MIN(mean_fill(o, half[0].members), mean_fill(o, half[1].members));
        good = least > (rows ? 0.72f : 0.5f) && valued(o, half[0].members, half[1].members) < 0.3f;
    }
    g_array_unref(half[0].members);
    g_array_unref(half[1].members);
    return good;
}

gboolean find_gutter(Order *o, const GArray *members, Gutter *best)
{
    float candidate[CANDIDATES];
    guint n = 0;
    best->score = 0;
    if (members->len < 2 * GUTTER_LINES)
        return FALSE;
    find_fill(o, members);
    for (guint i = 0; i < members->len; i++) {
        const Segment *s = segment(o, g_array_index(members, guint, i));
        float x = s->box.x0 - 0.25f * s->size;
        guint k = 0;
        while (k < n && ABS(candidate[k] - x) > 2)
            k++;
        if (k == n && n < CANDIDATES)
            candidate[n++] = x;
    }
    for (guint k = 0; k < n; k++) {
        Gutter gutter = { .x = candidate[k] };
        gutter.score = best_stretch(o, members, gutter.x, &gutter.from, &gutter.to);
        if (gutter.score > best->score && gutter.score >= GUTTER_LINES && is_gutter(o, members, &gutter))
            *best = gutter;
    }
    return best->score > 0;
}
