/* draft.c - guesses of the next tokens, looked up in what was read so far. */
#include "config.h"
#include <string.h>

#include "src/answer/draft.h"

#define CANDIDATES 32           /* earlier places that are compared */
#define LONGEST 64              /* ids compared backwards at each */
#define CLASSES 8               /* of matches, by their length */
#define MEMORY 16               /* guesses, or batches, that an average remembers */
#define UNKNOWN 0.5             /* part of a step that a guess is taken to cost at first */
#define WORTH 1.03              /* times as fast must an answer become: guesses are no certainties */

struct Draft {
    GArray *ids;                /* gint32 */
    GArray *previous;           /* guint32: place of the last gram of the same hash, + 1; a place is a gram's end */
    guint32 *newest;            /* by hash, + 1; 0: none */
    guint32 mask;
    gsize place, match;         /* where what follows may stand, and how many ids before it match; 0: nowhere */
    double right[CLASSES];      /* share of guesses that were right, by the length of their match */
    double single;              /* seconds of a batch of one token; 0: not known yet */
    double more;                /* what each further token of a batch costs, as a part of that */
};

static guint32 gram_hash(const Draft *d, gsize end)
{
    const gint32 *ids = &g_array_index(d->ids, gint32, end + 1 - DRAFT_GRAM);
    guint64 h = 0;

    for (int i = 0; i < DRAFT_GRAM; i++)
        h = (h ^ (guint32) ids[i]) * 0x9E3779B97F4A7C15u;
    return (guint32) (h >> 32) & d->mask;
}

static void index_push(Draft *d, gint32 id)
{
    gsize end = d->ids->len;
    guint32 before = 0;

    g_array_append_val(d->ids, id);
    if (end + 1 >= DRAFT_GRAM) {
        guint32 *slot = &d->newest[gram_hash(d, end)];
        before = *slot;
        *slot = (guint32) end + 1;
    }
    g_array_append_val(d->previous, before);
}

/* How many ids before and at END equal those before and at the last one. */
static gsize match_length(const Draft *d, gsize end)
{
    const gint32 *ids = &g_array_index(d->ids, gint32, 0);
    gsize last = d->ids->len - 1, n = 0;

    while (n < LONGEST && n <= end && ids[end - n] == ids[last - n])
        n++;
    return n;
}

/* Looks up the longest match, of several the last. */
static void find(Draft *d)
{
    gsize n = d->ids->len;

    d->place = d->match = 0;
    if (n <= DRAFT_GRAM)
        return;
    guint32 at = g_array_index(d->previous, guint32, n - 1);
    for (int i = 0; at && i < CANDIDATES; i++, at = g_array_index(d->previous, guint32, at - 1)) {
        gsize length = match_length(d, at - 1);
        if (length > d->match) {
            d->match = length;
            d->place = at;
        }
    }
    if (d->match < DRAFT_GRAM)      /* of another gram with the same hash */
        d->place = d->match = 0;
}

/* 3, 4, 5, 6-7, 8-11, 12-19, 20-35 ids, or more. */
static int match_class(gsize match)
{
    gsize most = DRAFT_GRAM;
    int i = 0;

    for (; i < CLASSES - 1 && match > most; i++)
        most += i ? (gsize) 1 << (i - 1) : 1;
    return i;
}

void draft_push(Draft *d, gint32 id)
{
    if (d->match) {
        double *right = &d->right[match_class(d->match)];
        *right += ((g_array_index(d->ids, gint32, d->place) == id) - *right) / MEMORY;
    }
    index_push(d, id);
    find(d);
}

Draft *draft_new(const gint32 *ids, gsize n)
{
    static const double right[CLASSES] = { 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95 };
    Draft *d = g_new0(Draft, 1);
    guint32 size = 1 << 10;

    while (size < 2 * n)
        size *= 2;
    d->mask = size - 1;
    d->newest = g_new0(guint32, size);
    d->ids = g_array_sized_new(FALSE, FALSE, sizeof(gint32), (guint) n + 1024);
    d->previous = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint) n + 1024);
    memcpy(d->right, right, sizeof right);
    d->more = UNKNOWN;
    for (gsize i = 0; i < n; i++)
        index_push(d, ids[i]);
    find(d);
    return d;
}

void draft_free(Draft *d)
{
    if (!d)
        return;
    g_array_unref(d->ids);
    g_array_unref(d->previous);
    g_free(d->newest);
    g_free(d);
}

gsize draft_propose(const Draft *d, gsize room, gint32 ids[DRAFT_MAX])
{
    gsize most = MIN(MIN(room, (gsize) DRAFT_MAX), d->ids->len - d->place), count = 0;
    double reached = 1, tokens = 1, best = WORTH;

    if (d->match == 0)
        return 0;
    for (gsize i = 0; i < most; i++) {
        reached *= d->right[match_class(d->match + i)];
        tokens += reached;
        double faster = tokens / (1 + d->more * (double) (i + 1));
        if (faster > best) {
            best = faster;
            count = i + 1;
        }
    }
    for (gsize i = 0; i < count; i++)
        ids[i] = g_array_index(d->ids, gint32, d->place + i);
    return count;
}

/* Times are those of a busy machine: one that is far off counts little. */
void draft_cost(Draft *d, gsize n, double seconds)
{
    if (n == 1) {
        d->single += d->single > 0 ? (MIN(seconds, 2 * d->single) - d->single) / MEMORY : seconds;
    } else if (d->single > 0) {
        double more = (seconds / d->single - 1) / (double) (n - 1);
        d->more += (CLAMP(more, 0.02, 0.9) - d->more) / MEMORY;
    }
}

void draft_set_cost(Draft *d, double more)
{
    d->more = more;
}

void draft_costs_note(DraftCosts *costs, gsize answers, gsize guesses, double seconds)
{
    double *plain = &costs->plain[answers];

    if (guesses == 0) {
        *plain += *plain > 0 ? (MIN(seconds, 2 * *plain) - *plain) / MEMORY : seconds;
    } else if (*plain > 0) {
        double share = *plain / (double) answers, guess = CLAMP((seconds - *plain) / (double) guesses, 0.02 * share, share);
        costs->guess += costs->guess > 0 ? (guess - costs->guess) / MEMORY : guess;
    }
}

double draft_costs_more(const DraftCosts *costs, gsize answers)
{
    double plain = costs->plain[answers];

    if (plain <= 0)
        return 1;
    return costs->guess > 0 ? costs->guess * (double) answers / plain : UNKNOWN;
}
