/* unit-witness.c - what heads looked at, against attention computed in double from the session's keys. */
#include "config.h"
#include <glib.h>
#include <math.h>
#include <string.h>

#include "src/model/session.h"
#include "tests/test-engine.h"

#define MOST 1400

static void random_ids(gint32 *ids, gsize n)
{
    for (gsize i = 0; i < n; i++)
        ids[i] = g_test_rand_int_range(0, 512);
}

static void append(Session *s, const gint32 *ids, gsize n)
{
    g_autoptr(GError) error = NULL;

    session_append(s, ids, n, NULL, NULL, &error);
    g_assert_no_error(error);
}

/* Shares of the tiles in the attention of token T of the batch just computed, HEAD of the last layer, f32 KV. */
static void exact_shares(const Session *s, gsize t, int head, double *share)
{
    const ModelInfo *info = &s->engine->weights->info;
    gsize dim = (gsize) info->head_dim, per_kv = (gsize) (info->heads / info->kv_heads), h = (gsize) head;
    gsize last = s->batch->place[t].position;
    const float *q = s->batch->q + ((h / per_kv * s->batch->tokens + t) * per_kv + h % per_kv) * dim;
    double sum = 0;

    memset(share, 0, (last / 64 + 1) * sizeof *share);
    for (gsize j = 0; j <= last; j++) {
        const float *k = (const float *) (const void *) session_tile(s, info->layers - 1, j / 64, head / (int) per_kv);
        double dot = 0;

        for (gsize d = 0; d < dim; d++)
            dot += (double) q[d] * (double) k[d * 64 + j % 64];
        share[j / 64] += exp2(dot);
        sum += exp2(dot);
    }
    for (gsize i = 0; i <= last / 64; i++)
        share[i] /= sum;
}

static const WitnessHead heads[] = { { 1, 0 }, { 1, 3 }, { 0, 2 }, { 1, 2 } };

static void check_shares(const Session *s, gsize token, gsize keys)
{
    double share[MOST / 64 + 1];

    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
        gsize n = 0;
        const float *mass = session_witness_mass(s, token, i, &n);
        double sum = 0;

        g_assert_nonnull(mass);
        g_assert_cmpuint(n, ==, (keys + 63) / 64);
        if (heads[i].layer == 1)
            exact_shares(s, token, heads[i].head, share);
        for (gsize j = 0; j < n; j++) {
            sum += (double) mass[j];
            if (heads[i].layer == 1)
                g_assert_cmpfloat_with_epsilon((double) mass[j], share[j], 1e-5);
        }
        g_assert_cmpfloat_with_epsilon(sum, 1, 1e-5);
        g_assert_cmpfloat_with_epsilon(witness_between(mass, keys, 0, keys), 1, 1e-5);
    }
}

static void test_shares(void)
{
    g_autoptr(Engine) engine = test_engine(NULL, 2);
    g_autoptr(Session) s = test_session(engine, KV_F32, MOST);
    gint32 ids[MOST];
    gsize n;

    random_ids(ids, MOST);
    session_witness(s, heads, G_N_ELEMENTS(heads));
    g_assert_null(session_witness_mass(s, 0, 0, &n));
    append(s, ids, 5);
    check_shares(s, 0, 1);
    check_shares(s, 4, 5);
    append(s, ids, 65);                         /* too many to be noted */
    g_assert_null(session_witness_mass(s, 0, 0, &n));
    append(s, ids, 954);
    for (gsize i = 0; i < 20; i++) {            /* into the second segment of keys */
        gsize length = session_length(s), step = (gsize) g_test_rand_int_range(1, 20);

        append(s, ids + i, MIN(step, 256 - length % 256));
        for (gsize t = 0; t < session_length(s) - length; t++)
            check_shares(s, t, length + t + 1);
    }
    g_assert_null(session_witness_mass(s, 0, G_N_ELEMENTS(heads), &n));
    g_assert_null(session_witness_mass(s, 64, 0, &n));
    session_witness(s, NULL, 0);
    append(s, ids, 1);
    g_assert_null(session_witness_mass(s, 0, 0, &n));
}

/* With a witness and without, one session or several, a batch that is shortened again: the same bytes,
 * and each token's shares whichever way it was appended. */
static void check_unchanged(KvType type)
{
    g_autoptr(Engine) engine = test_engine(NULL, 2);
    gsize row = (gsize) engine_info(engine)->vocabulary;
    g_autoptr(Session) plain = test_session(engine, type, MOST), watched = test_session(engine, type, MOST);
    g_autofree float *a = g_new(float, 2 * ENGINE_BATCH * row), *b = g_new(float, 2 * ENGINE_BATCH * row);
    g_autoptr(GError) error = NULL;
    gint32 ids[MOST];

    random_ids(ids, MOST);
    session_witness(watched, heads, G_N_ELEMENTS(heads));
    append(plain, ids, 1000);
    append(watched, ids, 1000);
    g_assert_true(session_append_logits(plain, ids + 1000, 40, a, &error));
    g_assert_true(session_append_logits(watched, ids + 1000, 40, b, &error));
    g_assert_cmpmem(a, 40 * row * sizeof *a, b, 40 * row * sizeof *b);
    session_truncate(watched, 1030);
    float *noted[40];
    for (gsize t = 0; t < 40; t++) {            /* the call crossed a block; its shares are all there */
        gsize n;
        const float *mass = session_witness_mass(watched, t, 1, &n);
        g_assert_nonnull(mass);
        g_assert_cmpuint(n, ==, (1000 + t) / 64 + 1);
        noted[t] = g_memdup2(mass, n * sizeof *mass);
    }
    session_truncate(plain, 1030);
    g_autoptr(Session) again = session_fork(watched, 0, &error);
    g_assert_no_error(error);
    session_witness(again, heads, G_N_ELEMENTS(heads));
    Session *both[] = { plain, again };
    gsize each[] = { 1, 1 };
    for (gsize t = 30; t < 40; t++) {
        gint32 two[] = { ids[1000 + t], ids[1000 + t] };
        gsize n;

        g_assert_true(engine_step_group(both, each, 2, two, b, &error));
        g_assert_cmpmem(a + t * row, row * sizeof *a, b, row * sizeof *b);
        g_assert_cmpmem(a + t * row, row * sizeof *a, b + row, row * sizeof *b);
        const float *mass = session_witness_mass(again, 0, 1, &n);
        g_assert_cmpmem(noted[t], ((1000 + t) / 64 + 1) * sizeof *mass, mass, n * sizeof *mass);
        g_clear_pointer(&noted[t], g_free);
        g_assert_null(session_witness_mass(plain, 0, 1, &n));
    }
    for (gsize t = 0; t < 30; t++)
        g_clear_pointer(&noted[t], g_free);
}

static void test_unchanged(void)
{
    for (KvType type = KV_INT8; type <= KV_F32; type++)
        check_unchanged(type);
}

static void test_between(void)
{
    static const float mass[] = { 0.5f, 0.25f, 0.25f };     /* of 150 keys: 64, 64, 22 */

    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 0, 150), 1, 1e-9);
    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 0, 1000), 1, 1e-9);
    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 32, 96), 0.25 + 0.125, 1e-9);
    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 139, 150), 0.125, 1e-9);
    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 70, 70), 0, 1e-9);
    g_assert_cmpfloat_with_epsilon(witness_between(mass, 150, 200, 300), 0, 1e-9);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/witness/shares", test_shares);
    g_test_add_func("/witness/unchanged", test_unchanged);
    g_test_add_func("/witness/between", test_between);
    return g_test_run();
}
