/* unit-sample.c - choosing the next token. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "src/model/sample.h"

#define N 200

static gint32 once(double temperature, double top_p, guint64 seed, const float *logits, gint32 limit)
{
    g_autoptr(Sampler) sampler = sampler_new(&(SampleOptions) { temperature, top_p, seed }, limit);

    return sampler_next(sampler, logits);
}

static void test_greedy(void)
{
    const float a[] = { 1, 5, NAN, 5, 9 }, all_nan[] = { NAN, NAN }, low[] = { NAN, -INFINITY, -INFINITY };

    g_assert_cmpint(once(0, 1, 1, a, 5), ==, 4);
    g_assert_cmpint(once(0, 1, 1, a, 4), ==, 1);        /* the limit; a tie goes to the lower id */
    g_assert_cmpint(once(-1, 1, 1, a, 4), ==, 1);
    g_assert_cmpint(once(NAN, 1, 1, a, 4), ==, 1);
    g_assert_cmpint(once(0, 1, 1, all_nan, 2), ==, -1);
    g_assert_cmpint(once(1, 0.5, 1, all_nan, 2), ==, -1);
    g_assert_cmpint(once(0, 1, 1, low, 3), ==, 1);
    g_assert_cmpint(once(1, 1, 1, low, 3), ==, 1);
}

static void test_odd_options(void)
{
    const float a[] = { 0, 3, NAN, INFINITY, 1 }, b[] = { 0, 3, NAN, -INFINITY, 1 };

    g_assert_cmpint(once(1, 1, 1, a, 5), ==, 3);
    for (guint64 seed = 0; seed < 50; seed++) {
        gint32 id = once(INFINITY, 1, seed, b, 5);

        g_assert_cmpint(once(1, 0, seed, b, 5), ==, 1);
        g_assert_cmpint(once(1, -5, seed, b, 5), ==, 1);
        g_assert_cmpint(once(1e-300, 1, seed, b, 5), ==, 1);
        g_assert_true(id == 0 || id == 1 || id == 4);
    }
}

/* Shares of 100000 draws against the definition of softmax with temperature. */
static void test_shares(void)
{
    const float logits[] = { 0.5f, -1, 2, 0, NAN, 1.25f };
    const double temperature = 0.8;
    double expected[6], total = 0;
    guint counts[6] = { 0 };
    g_autoptr(Sampler) sampler = sampler_new(&(SampleOptions) { temperature, 1, 7 }, 6);

    for (int i = 0; i < 6; i++)
        total += expected[i] = isnan(logits[i]) ? 0 : exp((double) logits[i] / temperature);
    for (int i = 0; i < 100000; i++)
        counts[sampler_next(sampler, logits)]++;
    for (int i = 0; i < 6; i++)
        g_assert_cmpfloat(fabs(counts[i] / 1e5 - expected[i] / total), <, 0.006);
    g_assert_cmpuint(counts[4], ==, 0);
}

typedef struct {
    double p;
    gint32 id;
} Share;

static int by_share(const void *a, const void *b)
{
    const Share *x = a, *y = b;

    return x->p != y->p ? (x->p > y->p ? -1 : 1) : x->id - y->id;
}

/* Draws stay inside the nucleus found by sorting everything, and reach all of it. */
static void test_nucleus(void)
{
    for (guint round = 0; round < 20; round++) {
        float logits[N];
        Share shares[N];
        gboolean inside[N] = { FALSE }, seen[N] = { FALSE };
        double total = 0, sum = 0, top_p = g_test_rand_double_range(0.1, 0.9);
        g_autoptr(Sampler) sampler = sampler_new(&(SampleOptions) { 1, top_p, round }, N);
        guint size = 0, n_seen = 0;

        for (gint32 i = 0; i < N; i++) {
            logits[i] = (float) g_test_rand_double_range(-4, 4) * (round % 2 ? 3 : 1);
            shares[i] = (Share) { exp((double) logits[i]), i };
            total += shares[i].p;
        }
        qsort(shares, N, sizeof(Share), by_share);
        for (; size == 0 || sum < top_p * total; size++) {
            sum += shares[size].p;
            inside[shares[size].id] = TRUE;
        }
        for (int i = 0; i < 2000; i++) {
            gint32 id = sampler_next(sampler, logits);

            g_assert_true(inside[id]);
            n_seen += !seen[id];
            seen[id] = TRUE;
        }
        /* Rare members need not come in so few draws, but much of the nucleus must. */
        g_assert_cmpuint(n_seen, >, size / 4);
    }
}

/* Shares .4 .3 .2 .1: the nucleus ends with the token that reaches top_p. */
static void test_nucleus_border(void)
{
    static const struct {
        double top_p;
        gint32 size;
    } cases[] = { { 0.35, 1 }, { 0.45, 2 }, { 0.65, 2 }, { 0.75, 3 }, { 0.85, 3 }, { 0.95, 4 } };
    const float logits[] = { logf(0.1f), logf(0.2f), logf(0.4f), logf(0.3f) };
    static const gint32 order[] = { 2, 3, 1, 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Sampler) sampler = sampler_new(&(SampleOptions) { 1, cases[i].top_p, i }, 4);
        gboolean seen[4] = { FALSE };

        for (int draw = 0; draw < 500; draw++)
            seen[sampler_next(sampler, logits)] = TRUE;
        for (gint32 j = 0; j < 4; j++)
            g_assert_cmpint(seen[order[j]], ==, j < cases[i].size);
    }
}

/* The very ids, so that a change of the arithmetic or of the generator is seen. */
static void test_seed(void)
{
    static const gint32 expected[] = { 27, 99, 198, 20, 33, 14, 165, 126, 20, 73, 132, 152 };
    float logits[N];
    g_autoptr(Sampler) a = sampler_new(&(SampleOptions) { 0.8, 0.8, 42 }, N);
    g_autoptr(Sampler) b = sampler_new(&(SampleOptions) { 0.8, 0.8, 43 }, N);
    guint differ = 0;

    for (gint32 i = 0; i < N; i++)
        logits[i] = (float) ((i * 7919) % 1009) / 128.0f;
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        gint32 id = sampler_next(a, logits);

        g_test_message("%d", id);
        g_assert_cmpint(id, ==, expected[i]);
        differ += sampler_next(b, logits) != id;
    }
    g_assert_cmpuint(differ, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sample/greedy", test_greedy);
    g_test_add_func("/sample/odd-options", test_odd_options);
    g_test_add_func("/sample/shares", test_shares);
    g_test_add_func("/sample/nucleus", test_nucleus);
    g_test_add_func("/sample/nucleus-border", test_nucleus_border);
    g_test_add_func("/sample/seed", test_seed);
    return g_test_run();
}
