/* unit-engine.c - the engine against the reference vectors, and its promises.
 *
 * Golden files (tests/data/golden, format in golden_read) hold logits computed in float64
 * from exactly dequantised weights.  Bounds: reference README, "Comparing".
 */
#include "config.h"
#include <glib.h>
#include <math.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/kernel/kernel.h"
#include "src/model/engine.h"

typedef struct {
    guint8 *file;
    guint32 n, vocabulary, greedy_n;
    const gint32 *prompt, *greedy;
    const float *logits, *margin;
} Golden;

static char *data_path(const char *folder, const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "data", folder, name, NULL);
}

/* "GLMG", then little-endian: u32 version, n_prompt, vocabulary, layers, hidden, n_greedy; u32 prompt[]; f32
 * logits[]; f32 hidden[layers + 2][hidden]; f64 sum[layers + 2], sumsq[layers + 2], nll;
 * u32 greedy[]; f32 margin[]; f32 end[vocabulary]. */
static Golden *golden_read(const char *model, int n)
{
    g_autofree char *name = g_strdup_printf("%s.n%d.golden", model, n), *path = data_path("golden", name);
    Golden *g = g_new0(Golden, 1);
    gsize length;

    if (!g_file_get_contents(path, (char **) &g->file, &length, NULL)) {
        g_free(g);
        return NULL;
    }
    const guint32 *h = (const guint32 *) (const void *) (g->file + 4);
    const guint8 *p = g->file + 28;
    g_assert_cmpuint(h[0], ==, 1);
    g->n = h[1];
    g->vocabulary = h[2];
    g->greedy_n = h[5];
    g->prompt = (const gint32 *) (const void *) p;
    p += 4 * h[1];
    g->logits = (const float *) (const void *) p;
    p += 4 * h[2] + 4 * (h[3] + 2) * h[4] + 16 * (h[3] + 2) + 8;
    g->greedy = (const gint32 *) (const void *) p;
    g->margin = (const float *) (const void *) (p + 4 * h[5]);
    g_assert_cmpuint((gsize) (p - g->file) + 8 * h[5] + 4 * h[2], ==, length);
    return g;
}

static void golden_free(Golden *g)
{
    g_free(g->file);
    g_free(g);
}

static Engine *open_model(const char *name, const char *isa, int threads)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = data_path("models", name);
    EngineOptions options = { .isa = isa, .threads = threads };
    Engine *engine = engine_open(path, &options, &error);

    g_assert_no_error(error);
    return engine;
}

static Session *new_session(const Engine *engine, KvType type, gsize capacity)
{
    g_autoptr(GError) error = NULL;
    Session *s = session_new(engine, type, capacity, &error);

    g_assert_no_error(error);
    return s;
}

static void append(Session *s, const gint32 *tokens, gsize n)
{
    g_autoptr(GError) error = NULL;

    session_append(s, tokens, n, NULL, NULL, &error);
    g_assert_no_error(error);
}

static gint32 best(const float *logits, guint32 n)
{
    guint32 b = 0;

    for (guint32 i = 1; i < n; i++)
        if (logits[i] > logits[b])
            b = i;
    return (gint32) b;
}

/* Greedy tokens up to the first step that the expected error could turn. */
static void check_greedy(Session *s, const Golden *g, double error)
{
    for (guint32 i = 0; i < g->greedy_n && (double) g->margin[i] >= 2 * error; i++) {
        gint32 id = best(session_logits(s), g->vocabulary);
        g_assert_cmpint(id, ==, g->greedy[i]);
        append(s, &id, 1);
    }
}

/* LONGEST keeps the slow set to the short cases: the sets are equal to the byte. */
static void check_golden(const char *model, const char *isa, KvType kv, int longest, double bound, double rms_bound)
{
    static const int lengths[] = { 1, 7, 64, 300, 2000 };
    g_autofree char *file = g_strdup_printf("%s.gguf", model);
    g_autoptr(Engine) engine = open_model(file, isa, 2);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths) && lengths[i] <= longest; i++) {
        Golden *g = golden_read(model, lengths[i]);
        double worst = 0, square = 0;

        g_assert_nonnull(g);
        g_autoptr(Session) s = new_session(engine, kv, g->n + g->greedy_n);
        append(s, g->prompt, g->n);
        const float *logits = session_logits(s);
        for (guint32 j = 0; j < g->vocabulary; j++) {
            double e = fabs((double) logits[j] - (double) g->logits[j]);
            worst = MAX(worst, e);
            square += e * e;
        }
        double rms = sqrt(square / g->vocabulary);
        /* Float32 over 2000 positions of the real head size blurs a little more. */
        double allowed = bound < 1e-3 && g_str_has_prefix(model, "tiny-b") && g->n == 2000 ? 3 * bound : bound;
        g_test_message("%s n=%u %s %s: max %.2e rms %.2e", model, g->n, engine_isa(engine), kv_type_name(kv), worst, rms);
        g_assert_cmpfloat(worst, <=, allowed);
        g_assert_cmpfloat(rms, <=, rms_bound);
        check_greedy(s, g, allowed);
        golden_free(g);
    }
}

static const char *const float_models[] = {
    "tiny-a-f32", "tiny-a-f16", "tiny-1m-f32", "tiny-0414-f32", "tiny-32b-f32", "tiny-edge-f32",
};
static const char *const quantised_models[] = {
    "tiny-a-q8_0", "tiny-a-q4_0", "tiny-a-q5_0", "tiny-a-q5_1", "tiny-b-q4_k_m", "tiny-b-q5_k", "tiny-b-q6_k",
};

static void test_golden_float(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(float_models); i++) {
        check_golden(float_models[i], "c", KV_F32, 300, 5e-5, 2e-5);
        check_golden(float_models[i], "blas", KV_F32, 2000, 5e-5, 2e-5);
    }
}

static void test_golden_quantised(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(quantised_models); i++) {
        check_golden(quantised_models[i], "blas", KV_F32, 300, 5e-5, 2e-5);
        check_golden(quantised_models[i], "avx512", KV_F32, 300, 0.35, 0.1);
    }
}

static void test_golden_kv(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(float_models); i++) {
        check_golden(float_models[i], "avx512", KV_INT8, 2000, 0.15, 0.05);
        check_golden(float_models[i], "blas", KV_F16, 300, 0.01, 0.004);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(quantised_models); i++)
        check_golden(quantised_models[i], NULL, KV_INT8, 2000, 0.35, 0.1);
}

/* The same tokens in other pieces, on other sets and threads: the same bytes. */
static void test_invariance(void)
{
    static const char *const models[] = { "tiny-b-q4_k_m", "tiny-a-q8_0", "tiny-0414-f32" };
    static const KvType types[] = { KV_INT8, KV_F16, KV_F32 };

    for (gsize m = 0; m < G_N_ELEMENTS(models); m++) {
        Golden *g = golden_read(models[m], 2000);
        g_autofree char *file = g_strdup_printf("%s.gguf", models[m]);
        gsize n = m ? 300 : 1300;   /* once beyond a segment of keys */

        for (gsize k = 0; k < G_N_ELEMENTS(types); k++) {
            g_autoptr(Engine) engine = open_model(file, "c", 1);
            g_autoptr(Session) whole = new_session(engine, types[k], 2048);
            append(whole, g->prompt, n);
            g_autofree float *want = g_memdup2(session_logits(whole), g->vocabulary * sizeof(float));

            for (const Kernels *const *set = kernels_available(); *set; set++) {
                g_autoptr(Engine) other = open_model(file, (*set)->name, 1 + g_test_rand_int_range(0, 3));
                g_autoptr(Session) s = new_session(other, types[k], 2048);
                for (gsize done = 0; done < n;) {
                    gsize piece = (gsize) g_test_rand_int_range(1, g_test_rand_bit() ? 9 : 300);
                    piece = MIN(piece, n - done);
                    append(s, g->prompt + done, piece);
                    done += piece;
                }
                g_test_message("%s %s %s, %d threads", models[m], kv_type_name(types[k]), (*set)->name, engine_threads(other));
                g_assert_cmpmem(want, g->vocabulary * sizeof(float), session_logits(s), g->vocabulary * sizeof(float));
            }
        }
        golden_free(g);
    }
}

/* Blocks taken out of one session and put into another; truncation and going on. */
static void check_blocks(const char *file, const char *isa, KvType type, const Golden *g)
{
    g_autoptr(Engine) engine = open_model(file, isa, 2);
    int layers = engine_info(engine)->layers;
    g_autoptr(Session) a = new_session(engine, type, 2048), b = new_session(engine, type, 2048);
    gsize bytes = session_layer_bytes(a), n = 900, blocks = n / ENGINE_BLOCK;
    g_autofree guint8 *buffer = g_malloc(bytes * (gsize) layers);

    append(a, g->prompt, n);
    g_autofree float *want = g_memdup2(session_logits(a), g->vocabulary * sizeof(float));
    for (gsize i = 0; i < blocks; i++) {
        session_export_layers(a, i, 0, layers, buffer);
        for (int l = layers - 1; l >= 0; l--)
            session_import_layers(b, i, l, 1, buffer + (gsize) l * bytes);
    }
    session_adopt_blocks(b, g->prompt, blocks);
    g_assert_null(session_logits(b));
    append(b, g->prompt + session_length(b), n - session_length(b));
    g_assert_cmpmem(want, g->vocabulary * sizeof(float), session_logits(b), g->vocabulary * sizeof(float));

    if (!g_strcmp0(isa, "blas"))
        return;
    /* Back and forth: wherever it stops, the way there again gives the same. */
    for (int i = 0; i < 12; i++) {
        gsize to = (gsize) g_test_rand_int_range(i % 3 ? 700 : 1, (gint32) n), kept = session_truncate(b, to);
        g_assert_cmpuint(kept, <=, to);
        append(b, g->prompt + kept, n - kept);
        g_assert_cmpmem(want, g->vocabulary * sizeof(float), session_logits(b), g->vocabulary * sizeof(float));
    }
}

static void test_blocks(void)
{
    Golden *g = golden_read("tiny-b-q4_k_m", 2000);

    for (KvType type = KV_INT8; type <= KV_F32; type++) {
        check_blocks("tiny-b-q4_k_m.gguf", "c", type, g);
        check_blocks("tiny-b-q4_k_m.gguf", "blas", type, g);
    }
    golden_free(g);
}

/* Logits behind each token of a batch are those of single steps; taking
 * tokens back again leaves no trace. */
static void check_batch(const char *file, KvType type, const Golden *g)
{
    g_autoptr(Engine) engine = open_model(file, NULL, 2);
    g_autoptr(Session) a = new_session(engine, type, 600), b = new_session(engine, type, 600);
    gsize n = 520, row = g->vocabulary * sizeof(float);
    g_autofree float *rows = g_malloc(ENGINE_BATCH * row);
    g_autoptr(GError) error = NULL;

    append(a, g->prompt, 200);
    append(b, g->prompt, 200);
    for (gsize done = 200; done < n;) {
        gsize batch = MIN((gsize) g_test_rand_int_range(1, 20), n - done);

        session_append_logits(b, g->prompt + done, batch, rows, &error);
        g_assert_no_error(error);
        gsize keep = (gsize) g_test_rand_int_range(1, (gint32) batch + 1);
        g_assert_cmpuint(session_truncate(b, done + keep), ==, done + keep);
        for (gsize i = 0; i < keep; i++) {
            append(a, g->prompt + done + i, 1);
            g_assert_cmpmem(session_logits(a), row, (guint8 *) rows + i * row, row);
        }
        done += keep;
    }
}

static void test_batch(void)
{
    Golden *g = golden_read("tiny-b-q4_k_m", 2000);

    for (KvType type = KV_INT8; type <= KV_F32; type++)
        check_batch("tiny-b-q4_k_m.gguf", type, g);
    golden_free(g);
}

static void test_state_key(void)
{
    guint8 a[ENGINE_KEY_BYTES], b[ENGINE_KEY_BYTES];
    g_autoptr(Engine) c = open_model("tiny-a-q8_0.gguf", "c", 1), fast = open_model("tiny-a-q8_0.gguf", NULL, 2);
    g_autoptr(Engine) blas = open_model("tiny-a-q8_0.gguf", "blas", 1), other = open_model("tiny-a-q4_0.gguf", "c", 1);

    engine_state_key(c, KV_INT8, a);
    engine_state_key(fast, KV_INT8, b);
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
    engine_state_key(c, KV_F16, b);
    g_assert_cmpint(memcmp(a, b, sizeof a), !=, 0);
    engine_state_key(blas, KV_INT8, b);
    g_assert_cmpint(memcmp(a, b, sizeof a), !=, 0);
    engine_state_key(other, KV_INT8, b);
    g_assert_cmpint(memcmp(a, b, sizeof a), !=, 0);
}

static void test_limits(void)
{
    g_autoptr(Engine) engine = open_model("tiny-a-q8_0.gguf", NULL, 1);
    g_autoptr(Session) s = new_session(engine, KV_INT8, 10);
    g_autoptr(GError) error = NULL;
    gint32 ids[11] = { 0 };

    g_assert_null(session_logits(s));
    g_assert_false(session_append(s, ids, 11, NULL, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    ids[3] = engine_info(engine)->vocabulary;
    g_assert_false(session_append(s, ids, 5, NULL, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    ids[3] = -1;
    g_clear_error(&error);
    g_assert_false(session_append(s, ids, 5, NULL, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_assert_cmpuint(session_length(s), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/golden/float", test_golden_float);
    g_test_add_func("/engine/golden/quantised", test_golden_quantised);
    g_test_add_func("/engine/golden/kv", test_golden_kv);
    g_test_add_func("/engine/invariance", test_invariance);
    g_test_add_func("/engine/blocks", test_blocks);
    g_test_add_func("/engine/batch", test_batch);
    g_test_add_func("/engine/state-key", test_state_key);
    g_test_add_func("/engine/limits", test_limits);
    return g_test_run();
}
