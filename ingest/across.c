/* across.c - tables that have lines across only: one above the head, one below it, one at the end, or one below each row.
 *
 * Rules of the same width make a table where the words between two of them stand in columns.  Where nothing stands between two columns
 * the side of a cell is put, as if it were drawn; grid.c does the rest.  The rows between two rules far from each other are left to
 * the words: what is ruled there is the table's head.
 */
#include "config.h"

#include "ingest/ruled.h"

/* Points: the width of a table; so far the ends and heights of its rules may differ; room between two columns. */
static const float LEAST_WIDTH = 80, SAME_END = 4, LEAST_ROOM = 4;
/* Points: gaps between the pieces of a rule that has one for each column. */
static const float PIECE_GAP = 12;
/* In heights of a line: one whose foot is further below the last one's stands apart. */
static const float APART = 1.5f;
/* A line that is wider than this share of the table spans it. */
static const float SPANNING = 0.7f;
enum { HEAD_LINES = 5, ROW_LINES = 10, RULES_LEAST = 3, ROWS_LEAST = 3 };
/* More is no table. */
enum { RULES_MAX = 500, COLUMNS_MAX = 60, BOXES_MAX = 500 };

/* From FROM to TO across the page. */
typedef struct {
    float from, to;
} Span;

/* What stands between two rules. */
typedef struct {
    float top, bottom;
    GArray *boxes;          /* Box: segments, by height */
    GArray *lines;          /* guint: how many of them each line has */
    guint several;          /* lines that have more than one */
    guint numbers;          /* segments that are numbers */
} Band;

static void band_free(gpointer data)
{
    Band *band = data;
    g_array_unref(band->boxes);
    g_array_unref(band->lines);
    g_free(band);
}

static int by_middle(gconstpointer a, gconstpointer b)
{
    const Box *s = a, *t = b;
    float d = s->y0 + s->y1 - t->y0 - t->y1;
    return d < 0 ? -1 : d > 0;
}

static int by_place(gconstpointer a, gconstpointer b)
{
    const Rule *r = a, *s = b;
    return r->at < s->at ? -1 : r->at > s->at;
}

static const Box *box_at(const Band *band, guint i)
{
    return &g_array_index(band->boxes, Box, i);
}

static void find_lines(Band *band)
{
    Box line = { 0 };
    guint n = 0;
    g_array_sort(band->boxes, by_middle);
    for (guint i = 0; i < band->boxes->len; i++) {
        if (n && box_overlap_y(&line, box_at(band, i)) < 0.45f) {
            g_array_append_val(band->lines, n);
            band->several += n >= 2;
            n = 0;
        }
        if (n++ == 0)
            line = *box_at(band, i);
    }
    if (n)
        g_array_append_val(band->lines, n);
    band->several += n >= 2;
}

static void add_box(Band *band, const Segment *s)
{
    g_array_append_val(band->boxes, s->box);
    band->numbers += s->numeric;
}

/* What stands between TOP and BOTTOM from WIDTH's one end to its other. */
static Band *band_new(const PageLayout *layout, float top, float bottom, Span width)
{
    Band *band = g_new0(Band, 1);
    *band = (Band) { .top = top, .bottom = bottom, .boxes = g_array_new(FALSE, FALSE, sizeof(Box)),
                     .lines = g_array_new(FALSE, FALSE, sizeof(guint)) };
    for (guint i = 0; i < layout->segments->len; i++) {
        const Segment *s = &g_array_index(layout->segments, Segment, i);
        const Word *first = &g_array_index(layout->words, Word, g_array_index(layout->order, guint, s->first));
        float x = (s->box.x0 + s->box.x1) / 2, y = (s->box.y0 + s->box.y1) / 2;
        if (first->run == layout->run && y > top && y < bottom && x > width.from && x < width.to)
            add_box(band, s);
    }
    find_lines(band);
    return band;
}

static gboolean is_tabular(const Band *band)
{
    return band->several > 0 && band->several * 2 >= band->lines->len;
}

/* The rules of ACROSS that are as wide as the one with the number FIRST, from the top down (of Rule); marks them in TAKEN. */
static GArray *equal_rules(const GArray *across, guint first, gboolean *taken)
{
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    const Rule *like = &g_array_index(across, Rule, first);
    for (guint i = first; i < across->len; i++) {
        const Rule *r = &g_array_index(across, Rule, i);
        if (taken[i] || ABS(r->from - like->from) > SAME_END || ABS(r->to - like->to) > SAME_END)
            continue;
        taken[i] = TRUE;
        g_array_append_val(rules, *r);
    }
    g_array_sort(rules, by_place);
    return rules;
}

/* The largest part of WITHIN where none of the boxes of BAND between TOP and BOTTOM stands; FALSE: there is none. */
static gboolean free_part(const Band *band, float top, float bottom, Span within, Span *part)
{
    gboolean found = FALSE;
    *part = (Span) { 0, 0 };
    /* It begins where WITHIN or behind one of the boxes. */
    for (guint k = 0; k <= band->boxes->len; k++) {
        Span free = { k < band->boxes->len ? box_at(band, k)->x1 : within.from, within.to };
        if (free.from < within.from || free.from >= within.to)
            continue;
        for (guint i = 0; i < band->boxes->len; i++) {
            const Box *b = box_at(band, i);
            float y = (b->y0 + b->y1) / 2;
            if (y > top && y < bottom && b->x1 > free.from && b->x0 < free.to)
                free.to = MAX(b->x0, free.from);
        }
        if (free.to - free.from > part->to - part->from) {
            *part = free;
            found = TRUE;
        }
    }
    return found;
}

static int by_left(gconstpointer a, gconstpointer b)
{
    const Box *s = a, *t = b;
    return s->x0 < t->x0 ? -1 : s->x0 > t->x0;
}

/* The room between the columns of BANDS (of Band*) FROM .. TO, from left to right (of Span): what no line with cells side by side
 * covers. */
static GArray *find_rooms(const GPtrArray *bands, guint from, guint to, Span width)
{
    GArray *rooms = g_array_new(FALSE, FALSE, sizeof(Span));
    g_autoptr(GArray) cells = g_array_new(FALSE, FALSE, sizeof(Box));
    for (guint i = from; i < to; i++) {
        const Band *band = g_ptr_array_index(bands, i);
        for (guint line = 0, first = 0; line < band->lines->len; line++) {
            guint n = g_array_index(band->lines, guint, line);
            for (guint k = first; k < first + n && n >= 2; k++)
                if (box_at(band, k)->x1 - box_at(band, k)->x0 < SPANNING * (width.to - width.from))
                    g_array_append_val(cells, *box_at(band, k));
            first += n;
        }
    }
    g_array_sort(cells, by_left);
    float end = 0;          /* of the columns so far */
    for (guint i = 0; i < cells->len; i++) {
        const Box *b = &g_array_index(cells, Box, i);
        const Span room = { end, b->x0 };
        if (i && room.to - room.from >= LEAST_ROOM && rooms->len < COLUMNS_MAX)
            g_array_append_val(rooms, room);
        end = i ? MAX(end, b->x1) : b->x1;
    }
    return rooms;
}

/* The rules of ACROSS inside of BAND that are not as wide as the table, from the top down (of Rule). */
static GArray *partial_rules(const GArray *across, const Band *band, Span width)
{
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    for (guint i = 0; i < across->len; i++) {
        const Rule *r = &g_array_index(across, Rule, i);
        if (r->line && r->at > band->top + SAME_END && r->at < band->bottom - SAME_END && r->from > width.from - SAME_END
            && r->to < width.to + SAME_END && r->to - r->from < width.to - width.from - SAME_END)
            g_array_append_val(rules, *r);
    }
    g_array_sort(rules, by_place);
    return rules;
}

/* Where the rules of PARTIAL leave BAND in rows: their heights, each once, and its ends (of float). */
static GArray *row_places(const Band *band, const GArray *partial)
{
    GArray *y = g_array_new(FALSE, FALSE, sizeof(float));
    g_array_append_val(y, band->top);
    for (guint i = 0; i < partial->len; i++) {
        float at = g_array_index(partial, Rule, i).at;
        if (at - g_array_index(y, float, y->len - 1) > SAME_END)
            g_array_append_val(y, at);
    }
    g_array_append_val(y, band->bottom);
    return y;
}

/* Whether one rule of PARTIAL that stands at BOTTOM goes on through ROOM: the cells on its sides are under one label. */
static gboolean is_spanned(const GArray *partial, float bottom, Span room)
{
    for (guint i = 0; i < partial->len; i++) {
        const Rule *r = &g_array_index(partial, Rule, i);
        if (ABS(r->at - bottom) <= SAME_END && r->from < room.from && r->to > room.to)
            return TRUE;
    }
    return FALSE;
}

/* Appends the sides of the cells in BAND to DOWN, and to ACROSS its own two rules, of which there may be pieces alone, and its partial
 * ones as wide as the cells above and below them. */
static void add_sides(const Band *band, const GArray *rooms, GArray *across, GArray *down, Span width)
{
    const Rule above = { band->top, width.from, width.to, TRUE }, below = { band->bottom, width.from, width.to, TRUE };
    g_autoptr(GArray) partial = partial_rules(across, band, width);
    g_autoptr(GArray) y = row_places(band, partial);
    for (guint row = 0; row + 1 < y->len; row++) {
        float top = g_array_index(y, float, row), bottom = g_array_index(y, float, row + 1);
        for (guint i = 0; i < rooms->len; i++) {
            const Span room = g_array_index(rooms, Span, i);
            Span part;
            if (is_spanned(partial, bottom, room) || !free_part(band, top, bottom, room, &part))
                continue;
            Rule side = { (part.from + part.to) / 2, top, bottom, TRUE };
            g_array_append_val(down, side);
        }
    }
    for (guint i = 0; i < partial->len; i++) {
        Rule r = g_array_index(partial, Rule, i);
        Span wide = width;
        for (guint k = 0; k < rooms->len; k++) {
            const Span *room = &g_array_index(rooms, Span, k);
            if (room->from <= r.from + SAME_END)
                wide.from = room->from;
            if (room->to >= r.to - SAME_END && room->to < wide.to)
                wide.to = room->to;
        }
        Rule wider = { r.at, MIN(r.from, wide.from), MAX(r.to, wide.to), TRUE };
        g_array_append_val(across, wider);
    }
    g_array_append_val(across, above);
    g_array_append_val(across, below);
}

/* Whether a segment left of FROM stands on the line of BOX. */
static gboolean stands_left(const PageLayout *layout, const Box *box, float from)
{
    for (guint i = 0; i < layout->segments->len; i++) {
        const Segment *s = &g_array_index(layout->segments, Segment, i);
        if (s->box.x1 < from + SAME_END && ABS(s->box.y1 - box->y1) < 0.25f * box_height(box))
            return TRUE;
    }
    return FALSE;
}

/* Whether most lines of the BANDS FROM .. TO begin left of WIDTH: the table's first column has no rules. */
static gboolean has_labels_outside(const PageLayout *layout, const GPtrArray *bands, guint from, guint to, Span width)
{
    guint lines = 0, labelled = 0;
    for (guint i = from; i < to; i++) {
        const Band *band = g_ptr_array_index(bands, i);
        for (guint k = 0, first = 0; k < band->lines->len; first += g_array_index(band->lines, guint, k++)) {
            lines++;
            labelled += stands_left(layout, box_at(band, first), width.from);
        }
    }
    return labelled * 2 > lines;
}

/* Whether a line of BAND stands apart from the one above it; FIRST_ONLY: one that is alone in the first column, which ends before END,
 * as a heading is before the next rule. */
static gboolean has_gap(const Band *band, gboolean first_only, float end)
{
    for (guint k = 1, i = g_array_index(band->lines, guint, 0); k < band->lines->len; k++) {
        guint n = g_array_index(band->lines, guint, k);
        const Box *box = box_at(band, i), *above = box_at(band, i - 1);
        if (box->y1 - above->y1 > APART * box_height(box) && (!first_only || (n == 1 && box->x0 < end)))
            return TRUE;
        i += n;
    }
    return FALSE;
}

/* Whether all BANDS FROM .. TO have a row each, with no heading of what comes next in them. */
static gboolean is_ruled_by_row(const GPtrArray *bands, guint from, guint to, float first_end)
{
    guint single = 0, few = 0;
    for (guint i = from; i < to; i++) {
        const Band *band = g_ptr_array_index(bands, i);
        guint lines = band->lines->len;
        if (lines > ROW_LINES || band->boxes->len > BOXES_MAX || has_gap(band, TRUE, first_end))
            return FALSE;
        single += lines == 1;
        few += lines <= 2;
    }
    return to - from > ROWS_LEAST && (single * 2 >= to - from || few * 3 >= (to - from) * 2);
}

/* Whether the first of the BANDS FROM .. TO is a head of several lines: above all rows, or these and a last one of sums. */
static gboolean is_head(const GPtrArray *bands, guint from, guint to)
{
    const Band *head = g_ptr_array_index(bands, from), *body = g_ptr_array_index(bands, from + 1);
    const Band *last = g_ptr_array_index(bands, to - 1);
    return head->lines->len > 1 && !has_gap(head, FALSE, 0) && body->lines->len > 1
        && (to - from == 2 || (to - from == 3 && last->lines->len <= 2));
}

/* The table that the BANDS FROM .. TO make: the sides of its cells, unless the words alone tell all. */
static void add_table(const GPtrArray *bands, guint from, guint to, GArray *across, GArray *down, Span width)
{
    const Band *head = g_ptr_array_index(bands, from);
    g_autoptr(GArray) rooms = find_rooms(bands, from + 1, to, width);
    /* A table that begins with numbers has its head above the first rule: then the words tell where. */
    if (rooms->len == 0 || head->lines->len > HEAD_LINES || head->boxes->len > BOXES_MAX || head->numbers * 2 > head->boxes->len)
        return;
    gboolean by_row = is_ruled_by_row(bands, from, to, g_array_index(rooms, Span, 0).to);
    if (by_row || is_head(bands, from, to))
        add_sides(head, rooms, across, down, width);
    for (guint i = from + 1; i < to && by_row; i++)
        add_sides(g_ptr_array_index(bands, i), rooms, across, down, width);
}

/* Looks for tables between RULES (of Rule), all of the same width. */
static void look_between(const PageLayout *layout, const GArray *rules, GArray *across, GArray *down)
{
    g_autoptr(GPtrArray) bands = g_ptr_array_new_with_free_func(band_free);
    const Rule *first = &g_array_index(rules, Rule, 0);
    const Span width = { first->from, first->to };
    for (guint i = 0; i + 1 < rules->len; i++)
        g_ptr_array_add(bands, band_new(layout, g_array_index(rules, Rule, i).at, g_array_index(rules, Rule, i + 1).at, width));
    for (guint from = 0, to; from < bands->len; from = to + 1) {
        for (to = from; to < bands->len && is_tabular(g_ptr_array_index(bands, to)); to++)
            ;
        if (to - from >= 2 && !has_labels_outside(layout, bands, from + 1, to, width))
            add_table(bands, from, to, across, down, width);
    }
}

/* Joins a line of ACROSS that is not TAKEN and goes on with RULE, at its height and close to its end, to it; FALSE: there is none. */
static gboolean absorb(const GArray *across, gboolean *taken, Rule *rule)
{
    for (guint i = 0; i < across->len; i++) {
        const Rule *r = &g_array_index(across, Rule, i);
        if (taken[i] || !r->line || ABS(r->at - rule->at) > SAME_END || r->from > rule->to + PIECE_GAP || r->to < rule->from - PIECE_GAP)
            continue;
        rule->from = MIN(rule->from, r->from);
        rule->to = MAX(rule->to, r->to);
        taken[i] = TRUE;
        return TRUE;
    }
    return FALSE;
}

/* Those of ACROSS that are lines, with those made one that each column has its own piece of (of Rule). */
static GArray *join_pieces(const GArray *across)
{
    GArray *rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    g_autofree gboolean *taken = g_new0(gboolean, across->len);
    for (guint i = 0; i < across->len; i++) {
        Rule rule = g_array_index(across, Rule, i);
        if (taken[i] || !rule.line)
            continue;
        taken[i] = TRUE;
        while (absorb(across, taken, &rule))
            ;
        g_array_append_val(rules, rule);
    }
    return rules;
}

/* Whether a rule of DOWN that is drawn parts what is below or above RULE. */
static gboolean is_parted(const Rule *rule, const GArray *down)
{
    for (guint i = 0; i < down->len; i++) {
        const Rule *d = &g_array_index(down, Rule, i);
        if (d->at > rule->from + SAME_END && d->at < rule->to - SAME_END && rule->at > d->from - SAME_END
            && rule->at < d->to + SAME_END)
            return TRUE;
    }
    return FALSE;
}

void across_find(const PageLayout *layout, GArray *across, GArray *down)
{
    if (across->len > RULES_MAX)
        return;
    g_autoptr(GArray) wide = join_pieces(across);
    g_autofree gboolean *taken = g_new0(gboolean, wide->len);
    for (guint i = 0; i < wide->len; i++) {
        const Rule *r = &g_array_index(wide, Rule, i);
        taken[i] = r->to - r->from < LEAST_WIDTH || is_parted(r, down);
    }
    for (guint i = 0; i < wide->len; i++) {
        if (taken[i])
            continue;
        g_autoptr(GArray) rules = equal_rules(wide, i, taken);
        if (rules->len >= RULES_LEAST)
            look_between(layout, rules, across, down);
    }
}
