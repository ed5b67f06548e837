/* sample.c - the next token from logits.
 *
 * Chance must not depend on the machine: exponentials are computed here with
 * nothing but IEEE additions and multiplications in a fixed order (libm's
 * exp() differs in the last bit between CPUs), and sums run in a fixed order.
 */
#include "config.h"
#include "src/model/sample.h"

#include <math.h>
#include <stdlib.h>

/* A million tokens at exp(-50) together are less than the resolution of a draw. */
#define NEGLIGIBLE (-50.0)

typedef struct {
    double weight;              /* relative to the likeliest: 0 to 1 */
    gint32 id;
} Candidate;

struct Sampler {
    SampleOptions options;
    guint64 state;
    gint32 limit;
    Candidate *candidates;      /* limit of them */
};

Sampler *sampler_new(const SampleOptions *options, gint32 limit)
{
    Sampler *sampler = g_new0(Sampler, 1);

    sampler->options = *options;
    sampler->options.top_p = MAX(options->top_p, 0);
    sampler->state = options->seed;
    sampler->limit = limit;
    return sampler;
}

void sampler_free(Sampler *sampler)
{
    if (!sampler)
        return;
    g_free(sampler->candidates);
    g_free(sampler);
}

static gint32 greedy(const float *logits, gint32 limit)
{
    gint32 best = -1;

    for (gint32 i = 0; i < limit; i++)
        if (!isnan(logits[i]) && (best < 0 || logits[i] > logits[best]))
            best = i;
    return best;
}

/* SplitMix64: the next of the seed's sequence, as a number in [0, 1). */
static double next_uniform(Sampler *sampler)
{
    guint64 z = sampler->state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
    z ^= z >> 31;
    return (double) (z >> 11) * 0x1p-53;
}

/* exp(X) for X <= 0, within a few units of the last place; 0 below NEGLIGIBLE. */
static double exponential(double x)
{
    static const double inverse_factorials[] = {    /* 1/13! ... 1/0! */
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1,
    };
    double n, r, sum = 0;

    if (!(x > NEGLIGIBLE))
        return 0.0;
    n = floor(x * 1.4426950408889634 + 0.5);
    r = x - n * 6.93147180369123816490e-01;     /* ln 2 in two parts: the first has few bits */
    r -= n * 1.90821492927058770002e-10;
    for (gsize i = 0; i < G_N_ELEMENTS(inverse_factorials); i++)
        sum = sum * r + inverse_factorials[i];
    return ldexp(sum, (int) n);
}

/* Likeliest first; among equals the lower id. */
static int compare(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* Fills in the candidates, in order of id, and the sum of their weights. */
static gint32 collect(Sampler *sampler, const float *logits, float top, double *total)
{
    gint32 n = 0;

    *total = 0;
    for (gint32 i = 0; i < sampler->limit; i++) {
        double weight;

        if (isnan(logits[i]))
            continue;
        weight = exponential(((double) logits[i] - (double) top) / sampler->options.temperature);
        if (weight > 0) {
            sampler->candidates[n++] = (Candidate) { weight, i };
            *total += weight;
        }
    }
    return n;
}

/* Keeps the fewest likeliest candidates whose weights reach the share top_p. */
static gint32 keep_nucleus(Sampler *sampler, gint32 n, double *total)
{
    double want = sampler->options.top_p * *total, sum = 0;
    /* All candidates below this together are less than what may be left out: they need no sorting. */
    double floor_weight = (*total - want) / n * (1 - 1e-9);
    gint32 kept = 0, used = 0;

    for (gint32 i = 0; i < n; i++)
        if (sampler->candidates[i].weight >= floor_weight)
            sampler->candidates[kept++] = sampler->candidates[i];
    qsort(sampler->candidates, (gsize) kept, sizeof(Candidate), compare);
    do
        sum += sampler->candidates[used++].weight;
    while (used < kept && sum < want);
    *total = sum;
    return used;
}

gint32 sampler_next(Sampler *sampler, const float *logits)
{
    gint32 best = greedy(logits, sampler->limit), n;
    double total, point;

    if (!(sampler->options.temperature > 0) || best < 0 || isinf(logits[best]))
        return best;
    if (!sampler->candidates)
        sampler->candidates = g_new(Candidate, sampler->limit);
    n = collect(sampler, logits, logits[best], &total);
    if (sampler->options.top_p < 1)
        n = keep_nucleus(sampler, n, &total);
    point = next_uniform(sampler) * total;
    for (gint32 i = 0; i < n; i++) {
        point -= sampler->candidates[i].weight;
        if (point < 0)
            return sampler->candidates[i].id;
    }
    return sampler->candidates[n - 1].id;
}
