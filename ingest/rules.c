/* rules.c - the straight lines of a page, and the edges of its grounds.
 *
 * Where the shade changes along a long straight run there is a line, drawn thin (then there are two such runs, which count as
 * one), or an area's edge.  Runs inside of words are letters.
 */
#include "config.h"

#include <string.h>

#include "ingest/ruled.h"

/* Shades of 255 that make an edge, and that a seam between two areas has at most. */
enum { EDGE = 10, SEAM = 22 };
/* Points: runs of dots that count, across (letters have none so long) and down; breaks in a rule; its breadth; its length across. */
static const float LEAST_ACROSS = 16, LEAST_DOWN = 7, BREAK = 4, BREADTH = 3, LENGTH_ACROSS = 30;
/* More than these and it is no table. */
enum { RUNS_MAX = 6000 };

/* The lightness of each dot, in rows of WIDTH. */
static guint8 *shades(const Drawing *drawing, int width, int height)
{
    guint8 *shade = g_malloc((gsize) width * (gsize) height);
    for (int y = 0; y < height; y++) {
        const guint8 *row = drawing_row(drawing, y);
        for (int x = 0; x < width; x++) {
            guint32 p;
            memcpy(&p, row + 4 * (gsize) x, sizeof p);
            shade[(gsize) y * (gsize) width + (gsize) x]
                = (guint8) ((2 * (p >> 16 & 255) + 5 * (p >> 8 & 255) + (p & 255)) / 8);
        }
    }
    return shade;
}

/* What is looked through. */
typedef struct {
    int width, height;
    guint8 *shade;          /* of each dot */
    guint8 *inked;          /* of each dot, 1: inside of a word */
    float scale;            /* dots to the point */
} Picture;

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

/* Whether there is an edge between the dots before and at DOT, in steps of STEP dots.  A faint light line between two areas of the
 * same shade is none: areas that meet let the paper through. */
static gboolean is_edge(const guint8 *dot, gssize step)
{
    int a = dot[-step], b = dot[0];
    if (ABS(a - b) < EDGE)
        return FALSE;
    if (b > a && b - a < SEAM)
        return ABS(dot[step] - a) >= EDGE;
    if (a > b && a - b < SEAM)
        return ABS(dot[-2 * step] - b) >= EDGE;
    return TRUE;
}

/* Whether 8 dots are as those STEP dots before them: most of a page is paper. */
static gboolean is_plain(const guint8 *dot, gssize step)
{
    guint64 here, before;
    memcpy(&here, dot, sizeof here);
    memcpy(&before, dot - step, sizeof before);
    return here == before;
}

/* A run of dots that differ from those beside them, from FROM to before TO; INK of them are inside of words. */
typedef struct {
    int from, to, ink;
} Stroke;

/* Appends RUN to RUNS if it is of LEAST points and not of a word. */
static void end_run(GArray *runs, int at, const Stroke *run, float scale, float least)
{
    int dots = run->to - run->from;
    if (dots >= 2 && (float) dots >= least * scale && run->ink * 2 <= dots) {
        Rule rule = { (float) at / scale, (float) run->from / scale, (float) run->to / scale };
        g_array_append_val(runs, rule);
    }
}

/* Adds the dot at I to RUN, which ends before if that is not the next one. */
static inline void add_dot(GArray *runs, int at, Stroke *run, int i, guint8 ink, float scale, float least)
{
    if (run->to != i) {
        end_run(runs, at, run, scale, least);
        *run = (Stroke) { i, i, 0 };
    }
    run->to++;
    run->ink += ink;
}

static void find_across(const Picture *p, GArray *runs)
{
    for (int y = 2; y + 1 < p->height && runs->len < RUNS_MAX; y++) {
        const guint8 *row = p->shade + (gsize) y * (gsize) p->width, *inked = p->inked + (gsize) y * (gsize) p->width;
        Stroke run = { 0, 0, 0 };
        for (int x = 0; x < p->width; x++)
            if (x + 8 <= p->width && is_plain(row + x, p->width))
                x += 7;
            else if (is_edge(row + x, p->width))
                add_dot(runs, y, &run, x, inked[x], p->scale, LEAST_ACROSS);
        end_run(runs, y, &run, p->scale, LEAST_ACROSS);
    }
}

static void find_down(const Picture *p, GArray *runs)
{
    g_autofree Stroke *run = g_new0(Stroke, p->width);
    for (int y = 0; y < p->height && runs->len < RUNS_MAX; y++) {
        const guint8 *row = p->shade + (gsize) y * (gsize) p->width, *inked = p->inked + (gsize) y * (gsize) p->width;
        for (int x = 2; x + 1 < p->width; x++)
            if (x + 8 <= p->width && is_plain(row + x, 1))
                x += 7;
            else if (is_edge(row + x, 1))
                add_dot(runs, x, &run[x], y, inked[x], p->scale, LEAST_DOWN);
    }
    for (int x = 2; x + 1 < p->width && runs->len < RUNS_MAX; x++)
        end_run(runs, x, &run[x], p->scale, LEAST_DOWN);
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

/* The rules of PICTURE; FALSE: too many. */
static gboolean look(const Picture *picture, GArray *across, GArray *down)
{
    g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(Rule));
    find_across(picture, runs);
    if (runs->len >= RUNS_MAX)
        return FALSE;
    join_runs(runs, LENGTH_ACROSS, across);
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
                        .height = cairo_image_surface_get_height(drawing->surface), .scale = (float) drawing->scale };
    picture.shade = shades(drawing, picture.width, picture.height);
    mark_words(&picture, layout);
    gboolean found = look(&picture, across, down);
    g_free(picture.shade);
    g_free(picture.inked);
    return found;
}

/* Turns each of RULES about the middle of a page that is FAR and LONG in the direction of AT and along the rules, as is asked. */
static void mirror(GArray *rules, gboolean at, float far, gboolean along, float length)
{
    for (guint i = 0; i < rules->len; i++) {
        Rule *r = &g_array_index(rules, Rule, i);
        *r = (Rule) { at ? far - r->at : r->at, along ? length - r->to : r->from, along ? length - r->from : r->to };
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
