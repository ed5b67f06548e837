/* lamalef.c - the Arabic lam-alef ligature, which poppler spells in the order of the eye.
 *
 * Poppler gives a ligature's letters from left to right, so that each lam-alef of the page reads
 * alef-lam.  That pair also occurs by right, above all as the article at the beginning of words;
 * what tells them apart is the width: a ligature's letters share one glyph, so each is as wide
 * as half of it, and not as wide as the lam of the article.
 */
#include "config.h"

#include <string.h>

#include "ingest/layout.h"

/* Two widths (in units of the font's size) that are the same letter's. */
static const float SAME_WIDTH = 0.012f;

static int compare_floats(gconstpointer a, gconstpointer b)
{
    float x = *(const float *) a, y = *(const float *) b;
    return x < y ? -1 : x > y;
}

static gboolean is_plain_alef(const char *p)
{
    return !strncmp(p, "\330\247", 2);
}

gboolean lamalef_is_pair(const char *p)
{
    return p[0] == '\330' && ((guchar) p[1] == 0xa2 || (guchar) p[1] == 0xa3 || (guchar) p[1] == 0xa5
                              || (guchar) p[1] == 0xa7) && !strncmp(p + 2, "\331\204", 2);
}

/* The lam's width in the article, that is, of pairs at the beginning of longer words; 0: none. */
static float article_width(const char *text, const GArray *pairs)
{
    g_autoptr(GArray) widths = g_array_new(FALSE, FALSE, sizeof(float));
    for (guint i = 0; i < pairs->len; i++) {
        const LamAlef *pair = &g_array_index(pairs, LamAlef, i);
        if (pair->initial && !pair->final && is_plain_alef(text + pair->at))
            g_array_append_val(widths, pair->lam);
    }
    if (widths->len < 3)
        return 0;
    g_array_sort(widths, compare_floats);
    return g_array_index(widths, float, widths->len / 2);
}

static gboolean is_ligature(const char *text, const LamAlef *pair, float article)
{
    const char *p = text + pair->at;
    gboolean plain = is_plain_alef(p);
    /* No word has an alef before an alef with hamza; the article does not stand alone. */
    if (!plain && !pair->initial && is_plain_alef(p - 2))
        return TRUE;
    if (plain && pair->initial)
        return pair->final;
    if (article > 0)
        return ABS(pair->lam - article) > SAME_WIDTH;
    return ABS(pair->lam - pair->alef) < SAME_WIDTH / 4;
}

void lamalef_turn(char *text, const GArray *pairs)
{
    float article = article_width(text, pairs);
    for (guint i = 0; i < pairs->len; i++) {
        const LamAlef *pair = &g_array_index(pairs, LamAlef, i);
        char *p = text + pair->at;
        if (!lamalef_is_pair(p) || !is_ligature(text, pair, article))
            continue;
        char alef[2];
        memcpy(alef, p, 2);
        memcpy(p, p + 2, 2);
        memcpy(p + 2, alef, 2);
    }
}
