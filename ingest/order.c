/* order.c - words to lines in the order in which a reader takes them.
 *
 * Words without a wide gap make segments.  A region of segments is cut at a gutter when text on
 * both sides reads like prose; segments that cross the gutter (titles, wide figures' captions)
 * cut the region into bands, each read left column first.  What no gutter cuts is read
 * row by row: a paragraph, or a table, whose cells must stay on their row.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"
#include "ingest/table.h"

/* In units of the font's size: a wider gap between two words ends the segment. */
static const float SEGMENT_GAP = 0.75f;
/* In a row, a wider gap parts two cells of a table. */
static const float CELL_GAP = 1.4f;
/* Lines on either side that make a gutter believable. */
enum { GUTTER_LINES = 3, CANDIDATES = 64, DEPTH = 12 };

typedef struct {
    PageLayout *layout;
    GArray *found;          /* Segment, with first/count into order */
    GArray *prose;          /* guint: visible letters if the segment reads like prose, else 0 */
    GArray *letters;        /* guint: visible characters of each segment */
    GArray *fill;           /* float: see find_fill */
    guint regions;
} Order;

static const Segment *segment(const Order *o, guint i)
{
    return &g_array_index(o->found, Segment, i);
}

static gboolean is_wide_script(gunichar c)
{
    return g_unichar_iswide(c);
}

/* Counts what a segment holds; prose has several words, mostly of letters. */
static void weigh(Order *o, Segment *s)
{
    guint letters = 0, visible = 0, wide = 0, words = 0, digits = 0;
    for (guint i = 0; i < s->count; i++) {
        const Word *w = &g_array_index(o->layout->words, Word, g_array_index(o->layout->order, guint, s->first + i));
        const char *p = o->layout->text + w->start, *end = p + w->length;
        words += w->space;
        for (; p < end; p = clean_next(p)) {
            gunichar c = g_utf8_get_char(p);
            visible++;
            letters += g_unichar_isalpha(c);
            digits += g_unichar_isdigit(c);
            wide += is_wide_script(c);
        }
    }
    gboolean prose = letters * 10 >= visible * 7 && (words >= 3 || wide >= 6);
    guint weight = prose ? visible : 0;
    /* "12.5", "(3)", "-" */
    s->numeric = digits >= letters && (digits || visible <= 2);
    const Word *first = &g_array_index(o->layout->words, Word, g_array_index(o->layout->order, guint, s->first));
    gunichar start = g_utf8_get_char(o->layout->text + first->start);
    s->continues = g_unichar_islower(start) || start == '(';
    g_array_append_val(o->prose, weight);
    g_array_append_val(o->letters, visible);
}

static int by_x(gconstpointer a, gconstpointer b, gpointer data)
{
    const Word *words = data;
    float d = words[*(const guint *) a].box.x0 - words[*(const guint *) b].box.x0;
    return d < 0 ? -1 : d > 0 ? 1 : *(const guint *) a < *(const guint *) b ? -1 : 1;
}

typedef struct {
    GArray *members;        /* guint: words */
    Box box, last;
    float size;
} Chain;

static void chain_clear(gpointer data)
{
    g_array_unref(((Chain *) data)->members);
}

/* The chain that WORD goes on with: on its line and ending close before it. */
static Chain *find_chain(GArray *chains, const Word *word)
{
    Chain *best = NULL;
    float nearest = G_MAXFLOAT;
    for (guint i = chains->len; i-- > 0; ) {
        Chain *c = &g_array_index(chains, Chain, i);
        float size = MIN(c->size, word->size), gap = word->box.x0 - c->box.x1;
        if (gap > SEGMENT_GAP * size || gap < -0.6f * size || word->box.x0 < c->last.x0)
            continue;
        if (box_overlap_y(&c->last, &word->box) < 0.5f && box_overlap_y(&c->box, &word->box) < 0.6f)
            continue;
        float off = ABS(c->last.y1 - word->box.y1) + MAX(gap, 0);
        if (off < nearest) {
            nearest = off;
            best = c;
        }
    }
    return best;
}

static int compare_rtl(gconstpointer a, gconstpointer b, gpointer data)
{
    return -by_x(a, b, data);
}

/* In a right-to-left line, words of left-to-right scripts keep their own order. */
static void order_rtl(GArray *members, Word *words)
{
    g_array_sort_with_data(members, compare_rtl, words);
    guint *m = (guint *) (gpointer) members->data;
    for (guint i = 0; i < members->len; ) {
        guint j = i;
        while (j < members->len && !words[m[j]].rtl)
            j++;
        for (guint a = i, b = j; a + 1 < b; a++, b--) {
            guint swap = m[a];
            m[a] = m[b - 1];
            m[b - 1] = swap;
        }
        i = MAX(j, i + 1);
    }
}

static void close_chain(Order *o, const Chain *chain)
{
    PageLayout *layout = o->layout;
    Word *words = (Word *) (gpointer) layout->words->data;
    Segment s = { .box = chain->box, .first = layout->order->len, .count = chain->members->len };
    guint rtl = 0, mono = 0, bold = 0, bytes = 0;
    for (guint i = 0; i < s.count; i++) {
        const Word *w = &words[g_array_index(chain->members, guint, i)];
        bytes += w->length;
        rtl += w->rtl ? w->length : 0;
        mono += w->mono ? w->length : 0;
        bold += w->bold ? w->length : 0;
        s.size = MAX(s.size, w->size);
    }
    s.rtl = rtl * 2 > bytes;
    s.mono = mono * 2 > bytes;
    s.bold = bold * 2 > bytes;
    if (s.rtl)
        order_rtl(chain->members, words);
    g_array_append_vals(layout->order, chain->members->data, s.count);
    weigh(o, &s);
    g_array_append_val(o->found, s);
}

/* Words that run in one direction to segments. */
static void find_segments(Order *o, Run run)
{
    GArray *words = o->layout->words;
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) chains = g_array_new(FALSE, FALSE, sizeof(Chain));
    g_array_set_clear_func(chains, chain_clear);
    for (guint i = 0; i < words->len; i++)
        if (g_array_index(words, Word, i).run == run)
            g_array_append_val(members, i);
    g_array_sort_with_data(members, by_x, words->data);
    for (guint i = 0; i < members->len; i++) {
        guint index = g_array_index(members, guint, i);
        const Word *w = &g_array_index(words, Word, index);
        Chain *c = find_chain(chains, w);
        if (c) {
            box_join(&c->box, &w->box);
            c->size = MAX(c->size, w->size);
        } else {
            Chain fresh = { g_array_new(FALSE, FALSE, sizeof(guint)), w->box, w->box, w->size };
            g_array_append_val(chains, fresh);
            c = &g_array_index(chains, Chain, chains->len - 1);
        }
        c->last = w->box;
        g_array_append_val(c->members, index);
    }
    for (guint i = 0; i < chains->len; i++)
        close_chain(o, &g_array_index(chains, Chain, i));
}

static int by_y(gconstpointer a, gconstpointer b, gpointer data)
{
    const Order *o = data;
    const Segment *s = segment(o, *(const guint *) a), *t = segment(o, *(const guint *) b);
    float d = (s->box.y0 + s->box.y1) - (t->box.y0 + t->box.y1);
    if (d == 0)
        d = s->box.x0 - t->box.x0;
    return d < 0 ? -1 : d > 0 ? 1 : 0;
}

static void append_line(Order *o, Row *row, Box column)
{
    PageLayout *layout = o->layout;
    Line line = { .first = layout->segments->len, .count = row->members->len, .box = row->box,
                  .cells = 1, .region = o->regions, .left = column.x0, .right = column.x1,
                  .mono = TRUE, .bold = TRUE };
    guint rtl = 0;
    for (guint i = 0; i < line.count; i++)
        rtl += segment(o, g_array_index(row->members, guint, i))->rtl;
    line.rtl = rtl * 2 >= line.count;
    table_arrange(row, (const Segment *) (gpointer) o->found->data, line.rtl);
    const Box *before = NULL;
    for (guint i = 0; i < line.count; i++) {
        const Segment *s = segment(o, g_array_index(row->members, guint, i));
        if (before)
            line.cells += MAX(s->box.x0 - before->x1, before->x0 - s->box.x1) > CELL_GAP * s->size;
        before = &s->box;
        line.size = MAX(line.size, s->size);
        line.mono &= s->mono;
        line.bold &= s->bold;
        g_array_append_val(layout->segments, *s);
    }
    if (row->merged)
        line.cells = MAX(row->cells, 2);
    g_array_append_val(layout->lines, line);
}

static Box bounds(const Order *o, const GArray *members)
{
    Box box = segment(o, g_array_index(members, guint, 0))->box;
    for (guint i = 1; i < members->len; i++)
        box_join(&box, &segment(o, g_array_index(members, guint, i))->box);
    return box;
}

/* Whether S stands on the line that the segments of ROW make. */
static gboolean on_row(const Order *o, const Row *row, const Segment *s)
{
    for (guint i = 0; i < row->members->len; i++) {
        const Segment *r = segment(o, g_array_index(row->members, guint, i));
        /* Side by side, or a raised mark over the row. */
        if (box_overlap_y(&r->box, &s->box) >= 0.45f)
            return TRUE;
    }
    return FALSE;
}

/* MEMBERS (sorted by y) as rows, top down. */
static void emit_rows(Order *o, const GArray *members)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(table_row_free);
    Row *row = NULL;
    for (guint i = 0; i < members->len; i++) {
        guint index = g_array_index(members, guint, i);
        const Segment *s = segment(o, index);
        if (!row || !on_row(o, row, s)) {
            row = table_row_new();
            g_ptr_array_add(rows, row);
        }
        table_row_add(row, index, s);
    }
    cells_join(rows, o->found, o->layout->order);
    table_merge(rows, (const Segment *) (gpointer) o->found->data);
    Box column = bounds(o, members);
    for (guint i = 0; i < rows->len; i++)
        append_line(o, g_ptr_array_index(rows, i), column);
    o->regions++;
}

typedef enum { LEFT, RIGHT, ACROSS } Side;

static Side side_of(const Segment *s, float x)
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
                if (ABS(t->box.x0 - s->box.x0) < 1.5f * s->size)
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

/* A place to cut columns: at X, the members FROM .. TO. */
typedef struct {
    float x;
    guint from, to;
    int score;
} Gutter;

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

/* The best place to cut MEMBERS (sorted by y) into columns; FALSE: there is none. */
static gboolean find_gutter(Order *o, const GArray *members, Gutter *best)
{
    float candidate[CANDIDATES];
    guint n = 0;
    best->score = 0;
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

static void emit(Order *o, GArray *members, int depth);

/* A band between two segments that cross the gutter: left column, then right. */
static void emit_band(Order *o, GArray *side[2], int depth)
{
    gboolean rtl = FALSE;
    for (int h = 0; h < 2; h++)
        for (guint i = 0; i < side[h]->len; i++)
            rtl |= segment(o, g_array_index(side[h], guint, i))->rtl;
    for (int h = 0; h < 2; h++) {
        GArray *column = side[rtl ? 1 - h : h];
        if (column->len)
            emit(o, column, depth + 1);
        g_array_set_size(column, 0);
    }
}

static void emit_columns(Order *o, const GArray *members, const Gutter *gutter, int depth)
{
    GArray *side[2], *across = g_array_new(FALSE, FALSE, sizeof(guint));
    side[0] = g_array_new(FALSE, FALSE, sizeof(guint));
    side[1] = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = gutter->from; i < gutter->to; i++) {
        guint index = g_array_index(members, guint, i);
        Side s = side_of(segment(o, index), gutter->x);
        if (s == ACROSS) {
            emit_band(o, side, depth);
            g_array_append_val(across, index);
            continue;
        }
        if (across->len) {
            emit(o, across, depth + 1);
            g_array_set_size(across, 0);
        }
        g_array_append_val(side[s], index);
    }
    if (across->len)
        emit(o, across, depth + 1);
    emit_band(o, side, depth);
    g_array_unref(side[0]);
    g_array_unref(side[1]);
    g_array_unref(across);
}

/* The members FROM .. TO of a region, above or below its columns. */
static void emit_part(Order *o, const GArray *members, guint from, guint to, int depth)
{
    g_autoptr(GArray) part = g_array_new(FALSE, FALSE, sizeof(guint));
    if (to > from) {
        g_array_append_vals(part, &g_array_index(members, guint, from), to - from);
        emit(o, part, depth + 1);
    }
}

/* MEMBERS, sorted by y, not empty. */
static void emit(Order *o, GArray *members, int depth)
{
    Gutter gutter;
    if (depth >= DEPTH || members->len < 2 * GUTTER_LINES || !find_gutter(o, members, &gutter)) {
        emit_rows(o, members);
        return;
    }
    emit_part(o, members, 0, gutter.from, depth);
    emit_columns(o, members, &gutter, depth);
    emit_part(o, members, gutter.to, members->len, depth);
}

void order_find(PageLayout *layout)
{
    Order o = { .layout = layout };
    guint count[RUNS] = { 0 };
    o.found = g_array_new(FALSE, FALSE, sizeof(Segment));
    o.prose = g_array_new(FALSE, FALSE, sizeof(guint));
    o.letters = g_array_new(FALSE, FALSE, sizeof(guint));
    o.fill = g_array_new(FALSE, FALSE, sizeof(float));
    for (guint i = 0; i < layout->words->len; i++)
        count[g_array_index(layout->words, Word, i).run] += g_array_index(layout->words, Word, i).length;
    /* The direction of most of the text first, then what stands across it. */
    for (int pass = 0; pass < RUNS; pass++) {
        int most = 0;
        for (int run = 1; run < RUNS; run++)
            if (count[run] > count[most])
                most = run;
        if (count[most] == 0)
            break;
        guint from = o.found->len;
        find_segments(&o, (Run) most);
        g_array_set_size(o.fill, o.found->len);
        g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
        for (guint i = from; i < o.found->len; i++)
            g_array_append_val(members, i);
        g_array_sort_with_data(members, by_y, &o);
        if (members->len)
            emit(&o, members, 0);
        count[most] = 0;
    }
    g_array_unref(o.found);
    g_array_unref(o.prose);
    g_array_unref(o.letters);
    g_array_unref(o.fill);
}
