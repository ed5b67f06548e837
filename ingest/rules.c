/* rules.c - the straight lines of a page, and the edges of its grounds.
 *
 * Where the shade changes along a long straight run there is a line, drawn thin (then there are two such runs, which count as
 * one), or an area's edge.  Runs inside of words are letters.
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ingest/ruled.h"

/* Shades of 255 that make an edge, and that a seam between two areas has at most. */
enum { EDGE = 10, SEAM = 22 };
/* Points: runs of dots that count, across (letters have none so long) and down; breaks in a rule; its breadth; its length across. */
static const float LEAST_ACROSS = 16, LEAST_DOWN = 7, BREAK = 4, BREADTH = 3, LENGTH_ACROSS = 30;
/* More than these and it is no table. */
enum { RUNS_MAX = 6000 };

/* What is looked through. */
typedef struct {
    int width, height;
    const guint8 *dots;     /* 0xRRGGBB each in four bytes */
    gssize stride;          /* of a row of them, bytes */
    guint8 *inked;          /* of each dot, 1: inside of a word */
    float scale;            /* dots to the point */
} Picture;

/* How to go through a picture: along the runs that are looked for, of LEAST dots, and beside them. */
typedef struct {
    gssize along, beside;   /* bytes to the next dot */
    gsize ink_along, ink_beside;        /* the same in the picture's ink */
    int length, breadth;    /* of the picture, dots */
    int least;
} Way;

/* Marks the insides of LAYOUT's words. */
static void mark_words(Picture *picture, const PageLayout *layout)
{
    picture->inked = g_malloc0((gsize) picture->width * (gsize) picture->height);
    for (guint i = 0; i < layout->words->len; i++) {
        const Box box = word_box(layout, &g_array_index(layout->words, Word, i));
        int x0 = (int) CLAMP(box.x0 * picture->scale, 0, (float) picture->width);
        int x1 = (int) CLAMP(box.x1 * picture->scale + 2, 0, (float) picture->width);
        int y0 = (int) CLAMP(box.y0 * picture->scale + 1.5f, 0, (float) picture->height);
        int y1 = (int) CLAMP(box.y1 * picture->scale - 0.5f, 0, (float) picture->height);
        for (int y = y0; y < y1 && x0 < x1; y++)
            memset(picture->inked + (gsize) y * (gsize) picture->width + x0, 1, (gsize) (x1 - x0));
    }
}

static inline guint32 color(const guint8 *dot)
{
    guint32 p;
    memcpy(&p, dot, sizeof p);
    return p & 0xffffff;
}

static inline int lightness(const guint8 *dot)
{
    guint32 p = color(dot);
    return (int) ((2 * (p >> 16) + 5 * (p >> 8 & 255) + (p & 255)) / 8);
}

/* Whether there is an edge between the dots before and at DOT, STEP bytes apart.  A faint light line between two areas of the same
 * shade is none: areas that meet let the paper through. */
static inline gboolean is_edge(const guint8 *dot, gssize step)
{
    if (color(dot) == color(dot - step))
        return FALSE;
    int a = lightness(dot - step), b = lightness(dot);
    if (ABS(a - b) < EDGE)
        return FALSE;
    if (b > a && b - a < SEAM)
        return ABS(lightness(dot + step) - a) >= EDGE;
    if (a > b && a - b < SEAM)
        return ABS(lightness(dot - 2 * step) - b) >= EDGE;
    return TRUE;
}

/* The run of dots with an edge beside them at the place AT that has dot I for its first multiple of LEAST: appended to RUNS if it is
 * long enough and not of a word. */
static void add_run(const Picture *p, const Way *way, int at, int i, GArray *runs)
{
    const guint8 *line = p->dots + at * way->beside, *inked = p->inked + (gsize) at * way->ink_beside;
    int from = i, to = i + 1, ink = 0;
    while (from > 0 && i - from < way->least && is_edge(line + (from - 1) * way->along, way->beside))
        from--;
    if (i - from >= way->least)
        return;
    while (to < way->length && is_edge(line + to * way->along, way->beside))
        to++;
    if (to - from < way->least)
        return;
    for (int k = from; k < to; k++)
        ink += inked[(gsize) k * way->ink_along];
    Rule rule = { (float) at / p->scale, (float) from / p->scale, (float) to / p->scale, FALSE };
    if (ink * 2 <= to - from)
        g_array_append_val(runs, rule);
}

/* Looks at the dot I of the place AT.  Any run of LEAST dots or more has one that is a multiple of LEAST: only those are looked at, and
 * what is around them. */
static inline void try_dot(const Picture *p, const Way *way, int at, int i, GArray *runs)
{
    if (is_edge(p->dots + at * way->beside + i * way->along, way->beside))
        add_run(p, way, at, i, runs);
}

/* The dots that a run of POINTS has at least. */
static int least_dots(const Picture *p, float points)
{
    return MAX((int) ceilf(points * p->scale), 2);
}

/* Both go through the picture row by row, as it lies in memory. */
static void find_across(const Picture *p, GArray *runs)
{
    const Way way = { 4, p->stride, 1, (gsize) p->width, p->width, p->height, least_dots(p, LEAST_ACROSS) };
    for (int at = 2; at + 1 < way.breadth; at++)
        for (int i = 0; i < way.length && runs->len < RUNS_MAX; i += way.least)
            try_dot(p, &way, at, i, runs);
}

static void find_down(const Picture *p, GArray *runs)
{
    const Way way = { p->stride, 4, (gsize) p->width, 1, p->height, p->width, least_dots(p, LEAST_DOWN) };
    for (int i = 0; i < way.length; i += way.least)
        for (int at = 2; at + 1 < way.breadth && runs->len < RUNS_MAX; at++)
            try_dot(p, &way, at, i, runs);
}

static int by_place(gconstpointer a, gconstpointer b)
{
    const Rule *r = a, *s = b;
    float d = r->at != s->at ? r->at - s->at : r->from - s->from;
    return d < 0 ? -1 : d > 0;
}

/* Joins what of RUNS from FROM on touches RULE, which begins there; FALSE: nothing does. */
static gboolean absorb(GArray *runs, guint from, Rule *rule, float *breadth)
{
    gboolean any = FALSE;
    for (guint k = from; k < runs->len; k++) {
        Rule *other = &g_array_index(runs, Rule, k);
        if (other->at - rule->at > BREADTH)
            break;
        if (other->to < other->from || other->to < rule->from - BREAK || other->from > rule->to + BREAK)
            continue;
        rule->from = MIN(rule->from, other->from);
        rule->to = MAX(rule->to, other->to);
        *breadth = MAX(*breadth, other->at - rule->at);
        other->to = other->from - 1;        /* no rule of its own any more */
        any = TRUE;
    }
    return any;
}

/* Joins RUNS that are sides or pieces of the same rule, and appends those of LEAST points to RULES. */
static void join_runs(GArray *runs, float least, GArray *rules)
{
    g_array_sort(runs, by_place);
    for (guint i = 0; i < runs->len; i++) {
        Rule rule = g_array_index(runs, Rule, i);
        float breadth = 0;
        if (rule.to < rule.from)
            continue;
        while (absorb(runs, i + 1, &rule, &breadth))
            ;
        rule.at += breadth / 2;
        if (rule.to - rule.from >= least)
            g_array_append_val(rules, rule);
    }
}

/* The lightness of the dot at (X, Y), or of the nearest one. */
static int shade(const Picture *p, int x, int y)
{
    return lightness(p->dots + CLAMP(y, 0, p->height - 1) * p->stride + 4 * CLAMP(x, 0, p->width - 1));
}

/* Whether RULE, which goes across, is darker than what is above it and what is below; otherwise it is the edge of a ground. */
static gboolean is_line(const Picture *p, const Rule *rule)
{
    enum { SAMPLES = 16, REACH = 2, BESIDE = 4 };
    int at = (int) lroundf(rule->at * p->scale), dark = 0;
    for (int i = 0; i < SAMPLES; i++) {
        int x = (int) ((rule->from + (rule->to - rule->from) * ((float) i + 0.5f) / SAMPLES) * p->scale), least = 255;
        for (int y = at - REACH; y <= at + REACH; y++)
            least = MIN(least, shade(p, x, y));
        dark += least + EDGE <= MIN(shade(p, x, at - BESIDE), shade(p, x, at + BESIDE));
    }
    return dark * 2 > SAMPLES;
}

/* The rules of PICTURE; FALSE: too many. */
static gboolean look(const Picture *picture, GArray *across, GArray *down)
{
    g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(Rule));
    find_across(picture, runs);
    if (runs->len >= RUNS_MAX)
        return FALSE;
    join_runs(runs, LENGTH_ACROSS, across);
    for (guint i = 0; i < across->len; i++)
        g_array_index(across, Rule, i).line = is_line(picture, &g_array_index(across, Rule, i));
    g_array_set_size(runs, 0);
    if (across->len)
        find_down(picture, runs);
    join_runs(runs, LEAST_DOWN, down);
    return across->len > 0 && runs->len < RUNS_MAX;
}

gboolean rules_find(Drawing *drawing, const PageLayout *layout, GArray *across, GArray *down)
{
    if (!drawing_make(drawing))
        return FALSE;
    Picture picture = { .width = cairo_image_surface_get_width(drawing->surface),
                        .height = cairo_image_surface_get_height(drawing->surface),
                        .dots = drawing_row(drawing, 0), .stride = cairo_image_surface_get_stride(drawing->surface),
                        .scale = (float) drawing->scale };
    mark_words(&picture, layout);
    gboolean found = look(&picture, across, down);
    g_free(picture.inked);
    return found;
}

/* Turns each of RULES about the middle of a page that is FAR and LONG in the direction of AT and along the rules, as is asked. */
static void mirror(GArray *rules, gboolean at, float far, gboolean along, float length)
{
    for (guint i = 0; i < rules->len; i++) {
        Rule *r = &g_array_index(rules, Rule, i);
        *r = (Rule) { at ? far - r->at : r->at, along ? length - r->to : r->from, along ? length - r->from : r->to, r->line };
    }
}

void rules_turn(GArray **across, GArray **down, const PageLayout *layout)
{
    const float width = (float) layout->width, height = (float) layout->height;
    const Run run = layout->run;
    /* As word_box() does, the other way. */
    mirror(*across, run == RUN_UP || run == RUN_LEFT, height, run == RUN_DOWN || run == RUN_LEFT, width);
    mirror(*down, run == RUN_DOWN || run == RUN_LEFT, width, run == RUN_UP || run == RUN_LEFT, height);
    if (run == RUN_UP || run == RUN_DOWN) {
        GArray *swap = *across;
        *across = *down;
        *down = swap;
    }
}
