/* draft.c - guesses of the next tokens, looked up in what was read so far. */
#include "config.h"
#include "src/answer/draft.h"

#define CANDIDATES 32           /* earlier places that are compared */
#define LONGEST 64              /* ids compared backwards at each */

struct Draft {
    GArray *ids;                /* gint32 */
    GArray *previous;           /* guint32: place of the last gram of the same hash, + 1; a place is a gram's end */
    guint32 *newest;            /* by hash, + 1; 0: none */
    guint32 mask;
    gsize length;               /* ids to propose */
    gsize needed;               /* ids that must match before it proposes */
};

static guint32 gram_hash(const Draft *d, gsize end)
{
    const gint32 *ids = &g_array_index(d->ids, gint32, end + 1 - DRAFT_GRAM);
    guint64 h = 0;

    for (int i = 0; i < DRAFT_GRAM; i++)
        h = (h ^ (guint32) ids[i]) * 0x9E3779B97F4A7C15u;
    return (guint32) (h >> 32) & d->mask;
}

void draft_push(Draft *d, gint32 id)
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

Draft *draft_new(const gint32 *ids, gsize n)
{
    Draft *d = g_new0(Draft, 1);
    guint32 size = 1 << 10;

    while (size < 2 * n)
        size *= 2;
    d->mask = size - 1;
    d->newest = g_new0(guint32, size);
    d->ids = g_array_sized_new(FALSE, FALSE, sizeof(gint32), (guint) n + 1024);
    d->previous = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint) n + 1024);
    d->length = 4;
    d->needed = DRAFT_GRAM;
    for (gsize i = 0; i < n; i++)
        draft_push(d, ids[i]);
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

/* How many ids before and at END equal those before and at the last one. */
static gsize match_length(const Draft *d, gsize end)
{
    const gint32 *ids = &g_array_index(d->ids, gint32, 0);
    gsize last = d->ids->len - 1, n = 0;

    while (n < LONGEST && n <= end && ids[end - n] == ids[last - n])
        n++;
    return n;
}

gsize draft_propose(const Draft *d, gsize room, gint32 ids[DRAFT_MAX])
{
    gsize n = d->ids->len, best = 0, place = 0;

    if (n <= DRAFT_GRAM)
        return 0;
    guint32 at = g_array_index(d->previous, guint32, n - 1);
    for (int i = 0; at && i < CANDIDATES; i++, at = g_array_index(d->previous, guint32, at - 1)) {
        gsize length = match_length(d, at - 1);
        if (length > best) {
            best = length;
            place = at;
        }
    }
    if (best < d->needed)
        return 0;
    gsize count = MIN(MIN(d->length, room), MIN(n - place, (gsize) DRAFT_MAX));
    for (gsize i = 0; i < count; i++)
        ids[i] = g_array_index(d->ids, gint32, place + i);
    return count;
}

void draft_learn(Draft *d, gsize proposed, gsize accepted)
{
    if (accepted == proposed) {
        d->length = MIN(2 * d->length, (gsize) DRAFT_MAX);
        d->needed = DRAFT_GRAM;
    } else if (accepted == 0) {
        d->length = MAX(d->length / 2, (gsize) 2);
        d->needed = MIN(d->needed + 2, (gsize) LONGEST / 2);
    }
}
