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
#include "ingest/order.h"
#include "ingest/table.h"

/* In units of the font's size: a wider gap between two words ends the segment. */
static const float SEGMENT_GAP = 0.75f;
/* In a row, a wider gap parts two cells of a table. */
static const float CELL_GAP = 1.4f;
enum { DEPTH = 12 };

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
    guint cell;
} Chain;

static void chain_clear(gpointer data)
{
    g_array_unref(((Chain *) data)->members);
}

/* The chain that WORD goes on with: on its line and ending close before it.  OPEN has the numbers of those that may go on; words come
 * from left to right, so one that ends too far left for WORD does for all that follow. */
static Chain *find_chain(GArray *chains, GArray *open, const Word *word)
{
    Chain *best = NULL;
    float nearest = G_MAXFLOAT;
    guint n = 0;
    for (guint i = 0; i < open->len; i++) {
        const Chain *c = &g_array_index(chains, Chain, g_array_index(open, guint, i));
        if (word->box.x0 - c->box.x1 <= SEGMENT_GAP * c->size)
            g_array_index(open, guint, n++) = g_array_index(open, guint, i);
    }
    g_array_set_size(open, n);
    for (guint i = open->len; i-- > 0; ) {
        Chain *c = &g_array_index(chains, Chain, g_array_index(open, guint, i));
        float size = MIN(c->size, word->size), gap = word->box.x0 - c->box.x1;
        if (gap > SEGMENT_GAP * size || gap < -0.6f * size || word->box.x0 < c->last.x0 || word->cell != c->cell)
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
    Segment s = { .box = chain->box, .first = layout->order->len, .count = chain->members->len,
                  .cell = chain->cell };
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
    g_autoptr(GArray) chains = g_array_new(FALSE, FALSE, sizeof(Chain)), open = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_set_clear_func(chains, chain_clear);
    for (guint i = 0; i < words->len; i++)
        if (g_array_index(words, Word, i).run == run)
            g_array_append_val(members, i);
    g_array_sort_with_data(members, by_x, words->data);
    for (guint i = 0; i < members->len; i++) {
        guint index = g_array_index(members, guint, i);
        const Word *w = &g_array_index(words, Word, index);
        Chain *c = find_chain(chains, open, w);
        if (c) {
            box_join(&c->box, &w->box);
            c->size = MAX(c->size, w->size);
        } else {
            Chain fresh = { g_array_new(FALSE, FALSE, sizeof(guint)), w->box, w->box, w->size, w->cell };
            guint number = chains->len;
            g_array_append_val(chains, fresh);
            g_array_append_val(open, number);
            c = &g_array_index(chains, Chain, number);
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

void order_append(Order *o, const Row *row, Box column)
{
    PageLayout *layout = o->layout;
    Line line = { .first = layout->segments->len, .count = row->members->len, .box = row->box,
                  .cells = 1, .region = o->regions, .left = column.x0, .right = column.x1,
                  .mono = TRUE, .bold = TRUE };
    guint rtl = 0;
    for (guint i = 0; i < line.count; i++)
        rtl += segment(o, g_array_index(row->members, guint, i))->rtl;
    line.rtl = rtl * 2 >= line.count;
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

GPtrArray *order_rows(const Order *o, const GArray *members)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(table_row_free);
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
    return rows;
}

void order_emit_rows(Order *o, const GArray *members)
{
    g_autoptr(GPtrArray) rows = order_rows(o, members);
    cells_join(rows, o->found, o->layout->order);
    /* What was joined has its own numbers now; the others' stay in step. */
    g_array_set_size(o->prose, o->found->len);
    g_array_set_size(o->letters, o->found->len);
    g_array_set_size(o->fill, o->found->len);
    o->unsure |= table_merge(rows, (const Segment *) (gpointer) o->found->data);
    Box column = bounds(o, members);
    for (guint i = 0; i < rows->len; i++) {
        Row *row = g_ptr_array_index(rows, i);
        guint rtl = 0;
        for (guint k = 0; k < row->members->len; k++)
            rtl += segment(o, g_array_index(row->members, guint, k))->rtl;
        table_arrange(row, (const Segment *) (gpointer) o->found->data, rtl * 2 >= row->members->len);
        order_append(o, row, column);
    }
    o->regions++;
}

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
            order_emit(o, column, depth + 1);
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
            order_emit(o, across, depth + 1);
            g_array_set_size(across, 0);
        }
        g_array_append_val(side[s], index);
    }
    if (across->len)
        order_emit(o, across, depth + 1);
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
        order_emit(o, part, depth + 1);
    }
}

/* Emits MEMBERS but for BLOCK: what stands above it, left of it, itself, right of it, below. */
static void emit_around(Order *o, const GArray *members, guint block, int depth)
{
    const Box box = segment(o, block)->box;
    g_autoptr(GArray) above = g_array_new(FALSE, FALSE, sizeof(guint)), left = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) right = g_array_new(FALSE, FALSE, sizeof(guint)), below = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < members->len; i++) {
        guint index = g_array_index(members, guint, i);
        const Box *b = &segment(o, index)->box;
        float y = (b->y0 + b->y1) / 2;
        if (index != block)
            g_array_append_val(*(y < box.y0 ? &above : y > box.y1 ? &below : b->x0 + b->x1 < box.x0 + box.x1 ? &left : &right),
                               index);
    }
    order_emit(o, above, depth);
    order_emit(o, left, depth);
    ruled_emit(o, block, depth);
    order_emit(o, right, depth);
    order_emit(o, below, depth);
}

void order_emit(Order *o, const GArray *members, int depth)
{
    Gutter gutter;
    if (depth < DEPTH && find_gutter(o, members, &gutter)) {
        emit_part(o, members, 0, gutter.from, depth);
        emit_columns(o, members, &gutter, depth);
        emit_part(o, members, gutter.to, members->len, depth);
        return;
    }
    for (guint i = 0; i < members->len; i++)
        if (is_block(segment(o, g_array_index(members, guint, i)))) {
            emit_around(o, members, g_array_index(members, guint, i), depth);
            return;
        }
    if (members->len)
        order_emit_rows(o, members);
}

gboolean order_find(PageLayout *layout)
{
    Order o = { .layout = layout };
    guint count[RUNS] = { 0 };
    g_array_set_size(layout->order, 0);
    g_array_set_size(layout->segments, 0);
    g_array_set_size(layout->lines, 0);
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
        if (pass == 0)
            layout->run = (Run) most;
        guint from = o.found->len;
        find_segments(&o, (Run) most);
        g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
        for (guint i = from; i < o.found->len; i++)
            if (segment(&o, i)->cell == 0)
                g_array_append_val(members, i);
        ruled_blocks(&o, from, members);
        g_array_set_size(o.fill, o.found->len);
        g_array_sort_with_data(members, by_y, &o);
        if (members->len)
            order_emit(&o, members, 0);
        count[most] = 0;
    }
    g_array_unref(o.found);
    g_array_unref(o.prose);
    g_array_unref(o.letters);
    g_array_unref(o.fill);
    return o.unsure;
}
