/* unit-weights.c - models from GGUF and safetensors: right ones give the right
 * tensors, wrong and damaged ones give a sentence that names the field. */
#include "config.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/model/fingerprint.h"
#include "src/model/hparams.h"
#include "src/model/safetensors.h"
#include "src/model/weights.h"
#include "tests/gguf-maker.h"

static char *model_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "data", "models", name, NULL);
}

/* The folder of reference models that are too large for a release; NULL if there is none. */
static char *shared_model_path(const char *name)
{
    const char *shared = g_getenv("KVASIR_SHARED");
    g_autofree char *path = g_build_filename(shared ? shared : "", "reference", "models", name, NULL);

    return shared && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static Weights *open_model(const char *name)
{
    g_autofree char *path = model_path(name);
    g_autoptr(GError) error = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_free(path);
        path = shared_model_path(name);
    }
    Weights *weights = weights_open(path, &error);

    g_assert_no_error(error);
    g_assert_nonnull(weights);
    return weights;
}

/* ERROR is a FAILURE_MODEL that contains WANTED. */
static void assert_says(GError *error, const char *what, const char *wanted)
{
    if (error == NULL)
        g_error("\"%s\" was accepted; wanted an error with \"%s\"", what, wanted);
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    if (strstr(error->message, wanted) == NULL)
        g_error("\"%s\" gave \"%s\"; wanted \"%s\"", what, error->message, wanted);
}

/* ---------------------------------------------------------------- right models */

typedef struct {
    const char *name, *architecture, *types;
    int layers, hidden, heads, kv_heads, head_dim, ffn, vocabulary, context, rotary_dim;
    double theta, eps;
    gboolean bias, sandwich, tied;
    int tokens;
} Expected;

static const Expected expected[] = {
    { "tiny-a-f32.gguf", "chatglm", "F32 24", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-f16.gguf", "chatglm", "F16 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-bf16.gguf", "chatglm", "BF16 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-q8_0.gguf", "chatglm", "Q8_0 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-q4_0.gguf", "chatglm", "Q4_0 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-q5_0.gguf", "chatglm", "Q5_0 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-a-q5_1.gguf", "chatglm", "Q5_1 14, F32 10", 3, 128, 8, 2, 16, 160, 320, 131072, 8, 5e6, 1.5625e-7, 1, 0, 0, 320 },
    { "tiny-b-q4_k_m.gguf", "chatglm", "Q4_K 6, Q6_K 2, Q8_0 1, Q5_0 1, F32 7", 2, 512, 4, 2, 128, 128, 272, 131072, 64, 5e6, 1.5625e-7, 1, 0, 0, 272 },
    { "tiny-b-q5_k.gguf", "chatglm", "Q5_K 8, Q5_1 2, F32 7", 2, 512, 4, 2, 128, 128, 272, 131072, 64, 5e6, 1.5625e-7, 1, 0, 0, 272 },
    { "tiny-b-q6_k.gguf", "chatglm", "Q6_K 8, Q8_0 2, F32 7", 2, 512, 4, 2, 128, 128, 272, 131072, 64, 5e6, 1.5625e-7, 1, 0, 0, 272 },
    { "tiny-1m-f32.gguf", "chatglm", "F32 25", 2, 64, 8, 4, 8, 96, 288, 1048576, 4, 1e8, 1.5625e-7, 1, 0, 0, 288 },
    { "tiny-0414-f32.gguf", "glm4", "F32 29", 2, 64, 4, 2, 16, 96, 288, 32768, 8, 1e4, 1e-5, 1, 1, 0, 288 },
    { "tiny-32b-f32.gguf", "glm4", "F32 23", 2, 64, 6, 2, 16, 96, 288, 32768, 8, 1e4, 1e-5, 0, 1, 0, 288 },
    { "tiny-edge-f32.gguf", "chatglm", "F32 18", 2, 64, 4, 2, 16, 96, 288, 8192, 8, 1e4, 1e-5, 0, 0, 1, 288 },
    { "tiny-1m-hf-remote", "chatglm", "BF16 17", 2, 64, 8, 4, 8, 96, 288, 1048576, 4, 1e8, 1.5625e-7, 1, 0, 0, -1 },
    { "tiny-1m-hf-native", "chatglm", "BF16 25", 2, 64, 8, 4, 8, 96, 288, 1048576, 4, 1e8, 1.5625e-7, 1, 0, 0, -1 },
    { "tiny-0414-hf-native", "glm4", "BF16 29", 2, 64, 4, 2, 16, 96, 288, 32768, 8, 1e4, 1e-5, 1, 1, 0, -1 },
    { "tiny-edge-hf-native", "chatglm", "BF16 18", 2, 64, 4, 2, 16, 96, 288, 8192, 8, 1e4, 1e-5, 0, 0, 1, -1 },
};

static void assert_shape(const Tensor *tensor, gint64 rows, gint64 columns)
{
    g_assert_nonnull(tensor->data);
    g_assert_cmpint(tensor->rows, ==, rows);
    g_assert_cmpint(tensor->columns, ==, columns);
    g_assert_cmpint(tensor->columns % (gint64) type_block(tensor->type), ==, 0);
}

/* An optional F32 vector. */
static void assert_vector(const Tensor *tensor, gboolean there, gint64 length)
{
    g_assert_cmpint(tensor->data != NULL, ==, there);
    if (!there)
        return;
    assert_shape(tensor, 1, length);
    g_assert_cmpint(tensor->type, ==, TYPE_F32);
    g_assert_cmpuint((guintptr) tensor->data % sizeof(float), ==, 0);
}

static void assert_layer(const LayerWeights *layer, const Expected *e)
{
    gint64 q = e->heads * e->head_dim, kv = e->kv_heads * e->head_dim;

    assert_vector(&layer->attn_norm, TRUE, e->hidden);
    assert_vector(&layer->ffn_norm, TRUE, e->hidden);
    assert_vector(&layer->post_attn_norm, e->sandwich, e->hidden);
    assert_vector(&layer->post_ffn_norm, e->sandwich, e->hidden);
    assert_vector(&layer->q_bias, e->bias, q);
    assert_vector(&layer->k_bias, e->bias, kv);
    assert_vector(&layer->v_bias, e->bias, kv);
    assert_shape(&layer->q, q, e->hidden);
    assert_shape(&layer->k, kv, e->hidden);
    assert_shape(&layer->v, kv, e->hidden);
    assert_shape(&layer->o, e->hidden, q);
    assert_shape(&layer->gate, e->ffn, e->hidden);
    assert_shape(&layer->up, e->ffn, e->hidden);
    assert_shape(&layer->down, e->hidden, e->ffn);
}

static void assert_info(const ModelInfo *info, const Expected *e)
{
    g_assert_cmpstr(info->architecture, ==, e->architecture);
    g_assert_cmpstr(info->weight_types, ==, e->types);
    g_assert_cmpstr(info->format, ==, g_str_has_suffix(e->name, ".gguf") ? "GGUF" : "safetensors");
    g_assert_cmpint(info->layers, ==, e->layers);
    g_assert_cmpint(info->hidden, ==, e->hidden);
    g_assert_cmpint(info->heads, ==, e->heads);
    g_assert_cmpint(info->kv_heads, ==, e->kv_heads);
    g_assert_cmpint(info->head_dim, ==, e->head_dim);
    g_assert_cmpint(info->ffn, ==, e->ffn);
    g_assert_cmpint(info->vocabulary, ==, e->vocabulary);
    g_assert_cmpint(info->context, ==, e->context);
    g_assert_cmpint(info->rotary_dim, ==, e->rotary_dim);
    g_assert_cmpfloat_with_epsilon(info->rope_theta, e->theta, 1e-3);
    g_assert_cmpfloat_with_epsilon(info->norm_eps, e->eps, e->eps * 1e-6);
    g_assert_cmpint(info->qkv_bias, ==, e->bias);
    g_assert_cmpint(info->sandwich_norms, ==, e->sandwich);
    g_assert_cmpint(info->tied_output, ==, e->tied);
    g_assert_cmpuint(strlen(info->fingerprint), ==, 64);
    g_assert_cmpuint(g_strv_length(info->warnings), ==, 0);
}

static void test_models(void)
{
    g_autoptr(GHashTable) fingerprints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        const Expected *e = &expected[i];
        g_test_message("%s", e->name);
        g_autoptr(Weights) w = open_model(e->name);
        assert_info(&w->info, e);
        for (int n = 0; n < e->layers; n++)
            assert_layer(&w->layers[n], e);
        assert_shape(&w->embedding, e->vocabulary, e->hidden);
        assert_shape(&w->output, e->vocabulary, e->hidden);
        assert_vector(&w->output_norm, TRUE, e->hidden);
        g_assert_cmpint(w->output.data == w->embedding.data, ==, e->tied);
        g_assert_cmpint(w->tokenizer ? (int) tokenizer_size(w->tokenizer) : -1, ==, e->tokens);
        if (w->tokenizer)
            g_assert_cmpint(tokenizer_special(w->tokenizer, "<|user|>"), ==, e->tokens - 7);
        g_assert_true(g_hash_table_add(fingerprints, g_strdup(w->info.fingerprint)));
        /* once more: the fingerprint is a property of the model */
        g_autoptr(Weights) again = open_model(e->name);
        g_assert_cmpstr(again->info.fingerprint, ==, w->info.fingerprint);
    }
}

static float *values_of(const Tensor *tensor)
{
    gsize n = (gsize) (tensor->rows * tensor->columns);
    float *values = g_new(float, n);

    type_to_float(tensor->type, tensor->data, values, n);
    return values;
}

/* All of A within TOLERANCE times B's largest value. */
static void assert_near(const Tensor *a, const Tensor *b, double tolerance)
{
    g_assert_cmpint(a->data == NULL, ==, b->data == NULL);
    if (a->data == NULL)
        return;
    g_assert_cmpint(a->rows, ==, b->rows);
    g_assert_cmpint(a->columns, ==, b->columns);
    g_autofree float *left = values_of(a), *right = values_of(b);
    double largest = 0, worst = 0;
    for (gint64 i = 0; i < a->rows * a->columns; i++) {
        largest = fmax(largest, fabs((double) right[i]));
        worst = fmax(worst, fabs((double) left[i] - (double) right[i]));
    }
    g_assert_cmpfloat(worst, <=, tolerance * largest);
}

static void assert_same_model(const char *one, const char *other, double tolerance)
{
    g_autoptr(Weights) a = open_model(one);
    g_autoptr(Weights) b = open_model(other);

    g_test_message("%s and %s", one, other);
    g_assert_cmpint(a->info.layers, ==, b->info.layers);
    g_assert_cmpuint(a->info.parameters, ==, b->info.parameters);
    assert_near(&a->embedding, &b->embedding, tolerance);
    assert_near(&a->output, &b->output, tolerance);
    assert_near(&a->output_norm, &b->output_norm, 0);
    for (int n = 0; n < a->info.layers; n++) {
        const LayerWeights *x = &a->layers[n], *y = &b->layers[n];
        const Tensor *exact[][2] = {
            { &x->attn_norm, &y->attn_norm }, { &x->ffn_norm, &y->ffn_norm }, { &x->q_bias, &y->q_bias },
            { &x->k_bias, &y->k_bias }, { &x->v_bias, &y->v_bias }, { &x->post_attn_norm, &y->post_attn_norm },
            { &x->post_ffn_norm, &y->post_ffn_norm },
        };
        const Tensor *matrices[][2] = {
            { &x->q, &y->q }, { &x->k, &y->k }, { &x->v, &y->v }, { &x->o, &y->o }, { &x->gate, &y->gate },
            { &x->up, &y->up }, { &x->down, &y->down },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(exact); i++)
            assert_near(exact[i][0], exact[i][1], 0);
        for (gsize i = 0; i < G_N_ELEMENTS(matrices); i++)
            assert_near(matrices[i][0], matrices[i][1], tolerance);
    }
}

/* The same weights through every layout, type and way of cutting fused matrices. */
static void test_layouts_agree(void)
{
    assert_same_model("tiny-a-bf16.gguf", "tiny-a-f32.gguf", 0);
    assert_same_model("tiny-a-f16.gguf", "tiny-a-f32.gguf", 1e-3);
    assert_same_model("tiny-a-q8_0.gguf", "tiny-a-f32.gguf", 0.006);
    assert_same_model("tiny-a-q5_0.gguf", "tiny-a-f32.gguf", 0.07);
    assert_same_model("tiny-a-q5_1.gguf", "tiny-a-f32.gguf", 0.07);
    assert_same_model("tiny-a-q4_0.gguf", "tiny-a-f32.gguf", 0.13);
    assert_same_model("tiny-b-q5_k.gguf", "tiny-b-q6_k.gguf", 0.08);
    assert_same_model("tiny-b-q4_k_m.gguf", "tiny-b-q6_k.gguf", 0.12);
    assert_same_model("tiny-1m-hf-remote", "tiny-1m-f32.gguf", 0);
    assert_same_model("tiny-1m-hf-native", "tiny-1m-f32.gguf", 0);
    assert_same_model("tiny-0414-hf-native", "tiny-0414-f32.gguf", 0);
    assert_same_model("tiny-edge-hf-native", "tiny-edge-f32.gguf", 0);
}

/* The reference folders that are not in the release. */
static void test_shared_layouts(void)
{
    g_autofree char *shared = shared_model_path("tiny-a-hf-remote");

    if (shared == NULL) {
        g_test_skip("no reference models in $KVASIR_SHARED");
        return;
    }
    assert_same_model("tiny-a-hf-remote", "tiny-a-f32.gguf", 0);
    assert_same_model("tiny-a-hf-native", "tiny-a-f32.gguf", 0);
    assert_same_model("tiny-32b-hf-native", "tiny-32b-f32.gguf", 0);
}

/* ---------------------------------------------------------------- edited GGUF files */

static Weights *open_edited(const char *edit, GError **error);

static double value_at(const Tensor *tensor, gsize i)
{
    g_autofree float *values = values_of(tensor);

    return (double) values[i];
}

/* Which rows are which: all queries, keys, values; gate before up.  Value i of a made tensor is i/64. */
static void test_slices(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = open_edited("", &error);

    g_assert_no_error(error);
    const LayerWeights *l = &w->layers[0];
    g_assert_cmpfloat(value_at(&l->q, 0), ==, 0);
    g_assert_cmpfloat(value_at(&l->k, 0), ==, 32 * 32 / 64.0);
    g_assert_cmpfloat(value_at(&l->v, 0), ==, 48 * 32 / 64.0);
    g_assert_cmpfloat(value_at(&l->q_bias, 31), ==, 31 / 64.0);
    g_assert_cmpfloat(value_at(&l->k_bias, 0), ==, 32 / 64.0);
    g_assert_cmpfloat(value_at(&l->v_bias, 15), ==, 63 / 64.0);
    g_assert_cmpfloat(value_at(&l->gate, 0), ==, 0);
    g_assert_cmpfloat(value_at(&l->up, 0), ==, 64 * 32 / 64.0);
}

static Weights *open_edited(const char *edit, GError **error)
{
    g_autoptr(Maker) maker = maker_standard();

    if (*edit)
        maker_edit(maker, edit);
    g_autoptr(GBytes) bytes = maker_finish(maker, NULL);
    return weights_from_gguf(bytes, "made.gguf", error);
}

static void test_edits_accepted(void)
{
    static const char *const edits[] = {
        "",
        "set chatglm.rope.freq_base u32 10000",
        "set chatglm.rope.freq_base f64 10000",
        "set chatglm.block_count u64 1",
        "set chatglm.block_count f32 1",
        "set general.alignment u32 32",
        "set split.count u16 1",
        "set chatglm.attention.key_length u32 16; set chatglm.attention.value_length u32 16",
        "set tokenizer.ggml.pre str glm4",
        "drop chatglm.rope.freq_base",
        "drop general.name",
        "tokentype 271 3",
        "tokentype 271 4",
        /* padding by an older converter, and a hole in the middle */
        "tokentype 270 4; tokentype 260 5",
        "add rotary_pos_emb.inv_freq 8",
        "add blk.0.attn_rotary.inv_freq 8",
        "remove output.weight",
        "remove blk.0.attn_qkv.bias",
        "remove blk.0.ffn_up.weight; add blk.0.ffn_up.weight 32 64; add blk.0.ffn_gate.weight 32 64",
        "remove blk.0.attn_qkv.weight; remove blk.0.attn_qkv.bias; add blk.0.attn_q.weight 32 32; "
        "add blk.0.attn_k.weight 32 16; add blk.0.attn_v.weight 32 16",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Weights) w = open_edited(edits[i], &error);
        if (w == NULL)
            g_error("\"%s\" was refused: %s", edits[i], error->message);
        g_assert_cmpuint(tokenizer_size(w->tokenizer), ==, 270);
        g_assert_cmpint(tokenizer_special(w->tokenizer, "<|observation|>"), ==, 265);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = open_edited("drop tokenizer.ggml.model; drop tokenizer.ggml.tokens", &error);
    g_assert_no_error(error);
    g_assert_null(w->tokenizer);
}

static void test_versions(void)
{
    static const struct { guint32 version; const char *wanted; } cases[] = {
        { 2, NULL }, { 3, NULL }, { 1, "version 1" }, { 4, "version 4" }, { 0, "version 0" },
        { 0x03000000, "big-endian" }, { 0x02000000, "big-endian" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Maker) maker = maker_standard();
        g_autoptr(GError) error = NULL;
        maker->version = cases[i].version;
        g_autoptr(GBytes) bytes = maker_finish(maker, NULL);
        g_autoptr(Weights) w = weights_from_gguf(bytes, "made.gguf", &error);
        if (cases[i].wanted)
            assert_says(error, "version", cases[i].wanted);
        else
            g_assert_no_error(error);
    }
}

/* Each edit and a part of the message: the field, and where it matters the remedy. */
static const struct { const char *edit, *wanted; } refused[] = {
    { "drop general.architecture", "general.architecture is missing" },
    { "set general.architecture u32 1", "general.architecture is not a string" },
    { "set general.architecture str llama", "architecture is llama; kvasir runs chatglm" },
    { "set split.count u16 3", "llama-gguf-split --merge" },
    { "drop chatglm.block_count", "chatglm.block_count is missing" },
    { "set chatglm.block_count u32 0", "chatglm.block_count is 0, not between 1" },
    { "set chatglm.block_count u32 4294967295", "chatglm.block_count is 4294967295" },
    { "set chatglm.block_count u64 18446744073709551615", "chatglm.block_count is" },
    { "set chatglm.block_count i32 -1", "chatglm.block_count is -1" },
    { "set chatglm.block_count i8 -1", "chatglm.block_count is -1" },
    { "set chatglm.block_count f32 1.5", "chatglm.block_count is not a whole number" },
    { "set chatglm.block_count f32 nan", "chatglm.block_count is not a whole number" },
    { "set chatglm.block_count f64 inf", "chatglm.block_count is not a whole number" },
    { "set chatglm.block_count str many", "chatglm.block_count is not a whole number" },
    { "set chatglm.block_count u32 2", "blk.1.attn_norm.weight is missing" },
    { "set chatglm.block_count u32 900", "claims 900 layers" },
    { "set chatglm.block_count bad 1", "chatglm.block_count has the unknown type 99" },
    { "double chatglm.block_count", "chatglm.block_count occurs twice" },
    { "set chatglm.context_length u32 0", "chatglm.context_length" },
    { "set chatglm.embedding_length u32 0", "chatglm.embedding_length" },
    { "set chatglm.embedding_length u32 64", "tensor token_embd.weight is 272 x 32" },
    { "set chatglm.embedding_length u32 33", "embedding_length 33 is no multiple of the 2 heads" },
    { "set chatglm.feed_forward_length u32 65", "blk.0.ffn_up.weight is 128 x 32, but the hyper-parameters demand 130 x 32" },
    { "set chatglm.feed_forward_length u32 4000000000", "chatglm.feed_forward_length" },
    { "set chatglm.attention.head_count u32 0", "chatglm.attention.head_count is 0" },
    { "set chatglm.attention.head_count_kv u32 0", "chatglm.attention.head_count_kv is 0" },
    { "set chatglm.attention.head_count u32 8; set chatglm.attention.head_count_kv u32 3", "8 query heads" },
    { "set chatglm.attention.key_length u32 16; set chatglm.attention.value_length u32 8", "value_length 8" },
    { "set chatglm.attention.key_length u32 32", "blk.0.attn_qkv.weight is 64 x 32" },
    { "set chatglm.attention.layer_norm_rms_epsilon f32 nan", "layer_norm_rms_epsilon is not a finite number" },
    { "set chatglm.attention.layer_norm_rms_epsilon f32 0", "epsilon 0" },
    { "set chatglm.attention.layer_norm_rms_epsilon f32 -1e-5", "epsilon -1e-05" },
    { "drop chatglm.attention.layer_norm_rms_epsilon", "layer_norm_rms_epsilon is missing" },
    { "drop chatglm.rope.dimension_count", "rope.dimension_count is missing" },
    { "set chatglm.rope.dimension_count u32 18", "rotary dimension 18" },
    { "set chatglm.rope.dimension_count u32 7", "rotary dimension 7" },
    { "set chatglm.rope.freq_base f32 inf", "rope.freq_base is not a finite number" },
    { "set chatglm.rope.freq_base f32 0", "RoPE base 0" },
    { "set chatglm.rope.scaling.type str yarn", "chatglm.rope.scaling.type is yarn" },
    { "set general.alignment u32 48", "general.alignment is 48, no power of two" },
    { "set general.alignment u32 0", "general.alignment is 0" },
    { "set general.alignment str x", "general.alignment is not a whole number" },
    { "set general.alignment u32 2097152", "general.alignment is 2097152" },
    { "type blk.0.ffn_down.weight 11", "blk.0.ffn_down.weight has type Q3_K" },
    { "type blk.0.ffn_down.weight 20", "has type IQ4_NL, which kvasir does not read; use a file of type Q4_K_M" },
    { "type blk.0.ffn_down.weight 77", "has type number 77" },
    { "type blk.0.ffn_down.weight 12", "blk.0.ffn_down.weight has rows of 64 values, which is no multiple of the 256" },
    { "dims blk.0.ffn_down.weight 32 64", "blk.0.ffn_down.weight is 64 x 32" },
    { "dims blk.0.ffn_down.weight 0 64", "blk.0.ffn_down.weight has a dimension of 0" },
    { "dims blk.0.ffn_down.weight 64 0", "blk.0.ffn_down.weight has a dimension of 0" },
    { "dims blk.0.ffn_down.weight 4294967296 4294967296", "the shape of tensor blk.0.ffn_down.weight is too large" },
    { "dims blk.0.ffn_down.weight 64 18446744073709551615", "the shape of tensor blk.0.ffn_down.weight is too large" },
    { "dims blk.0.ffn_down.weight 2147483648 2147483648 2147483648", "is too large" },
    { "dims output.weight 32 100000000", "data of tensor output.weight lies behind the end" },
    { "dims blk.0.ffn_down.weight 1 1 1 1 1", "blk.0.ffn_down.weight has 5 dimensions" },
    { "dims blk.0.ffn_down.weight", "blk.0.ffn_down.weight has 0 dimensions" },
    { "repeat blk.0.ffn_down.weight", "tensor blk.0.ffn_down.weight occurs twice" },
    { "rename blk.0.ffn_down.weight \\033[31m", "printable" },
    { "rename blk.0.ffn_down.weight other", "tensor blk.0.ffn_down.weight is missing" },
    { "remove output_norm.weight", "tensor output_norm.weight is missing" },
    { "remove token_embd.weight", "tensor token_embd.weight is missing" },
    { "offset blk.0.ffn_down.weight 1", "offset of tensor blk.0.ffn_down.weight is no multiple of the alignment 32" },
    { "offset blk.0.ffn_down.weight 32", "overlap" },
    { "offset blk.0.ffn_down.weight 18446744073709551584", "overlap" },
    { "offset output.weight 1048576", "data of tensor output.weight lies behind the end" },
    { "offset output.weight 9223372036854775808", "data of tensor output.weight lies behind the end" },
    { "poison blk.0.ffn_norm.weight", "blk.0.ffn_norm.weight holds a value that is not finite" },
    { "poison blk.0.attn_qkv.bias", "blk.0.attn_qkv.bias holds a value that is not finite" },
    { "add blk.0.attn_q_norm.weight 16", "blk.0.attn_q_norm.weight has no place" },
    { "add blk.0.attn_output.bias 32", "blk.0.attn_output.bias has no place" },
    { "add blk.0.post_ffw_norm.weight 32", "blk.0.post_ffw_norm.weight has no place" },
    { "add blk.0.attn_q.weight 32 32", "blk.0.attn_q.weight has no place" },
    { "add blk.1.attn_norm.weight 32", "blk.1.attn_norm.weight has no place" },
    { "add blk.0.ffn_gate.weight 32 64", "blk.0.ffn_up.weight is 128 x 32" },
    { "remove blk.0.attn_qkv.bias; add blk.0.attn_q.bias 32; add blk.0.attn_v.bias 16", "blk.0.attn_k.bias is missing" },
    { "set tokenizer.ggml.model str llama", "tokenizer.ggml.model is llama" },
    { "drop tokenizer.ggml.model", "tokenizer.ggml.model is missing" },
    { "drop tokenizer.ggml.tokens", "tokenizer.ggml.tokens is missing" },
    { "drop tokenizer.ggml.token_type", "tokenizer.ggml.token_type is missing" },
    { "set tokenizer.ggml.tokens u32 5", "tokenizer.ggml.tokens is not an array" },
    { "set tokenizer.ggml.token_type str x", "tokenizer.ggml.token_type is not an array" },
    { "tokens 1000000000000", "tokenizer.ggml.tokens claims 1000000000000 elements" },
    { "tokens 18446744073709551615", "tokenizer.ggml.tokens claims" },
    { "dims token_embd.weight 32 271; dims output.weight 32 271", "lists 272 tokens, but token_embd.weight has 271" },
    { "token 65 x", "tokenizer.ggml.tokens" },
    { "token 65 \xe4\xbd\xa0", "token 65 holds characters that stand for no byte" },
    { "token 65 ", "token 65 is empty" },
    { "tokentype 65 0", "token 65 has the unknown type 0" },
    { "tokentype 65 7", "token 65 has the unknown type 7" },
};

static void test_edits_refused(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Weights) w = open_edited(refused[i].edit, &error);
        assert_says(w ? NULL : error, refused[i].edit, refused[i].wanted);
        g_assert_true(g_str_has_prefix(error->message, "made.gguf: "));
    }
}

/* ---------------------------------------------------------------- warnings and fingerprints */

static guint count_warnings(const char *edit, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = open_edited(edit, &error);
    guint n = 0;

    g_assert_no_error(error);
    for (char **warning = w->info.warnings; *warning; warning++) {
        g_assert_nonnull(strstr(*warning, wanted));
        n++;
    }
    return n;
}

static void test_warnings(void)
{
    g_autoptr(GError) error = NULL;
    /* names go to terminals */
    g_autoptr(Weights) w = open_edited("set general.name str a\033[31m\xc2\x9b\xffz", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(w->info.name, ==, "a [31m \xef\xbf\xbdz");
    g_assert_cmpuint(count_warnings("", "?"), ==, 0);
    g_assert_cmpuint(count_warnings("set tokenizer.ggml.pre str gpt-2", "tokenizer.ggml.pre is gpt-2"), ==, 1);
    /* the whole head of a chatglm model may be rotated (a converted llama) */
    g_assert_cmpuint(count_warnings("set chatglm.rope.dimension_count u32 16", "?"), ==, 0);
}

/* Known wrong metadata of real models, too large to be made here. */
static void test_wrong_metadata(void)
{
    char chatglm[] = "chatglm", glm4[] = "glm4";
    ModelInfo chat = { .architecture = chatglm, .layers = 40, .hidden = 4096, .vocabulary = 151552, .head_dim = 128,
                       .rotary_dim = 64, .rope_theta = 5e6, .norm_eps = 1.5625e-7, .context = 131072 };
    ModelInfo native = chat, new_glm = chat;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

    hparams_warn(&chat, warnings);
    new_glm.architecture = glm4;
    new_glm.rope_theta = 10000;
    hparams_warn(&new_glm, warnings);
    g_assert_cmpuint(warnings->len, ==, 0);
    native.rope_theta = 10000;
    native.norm_eps = 1e-5;
    native.context = 4096;
    hparams_warn(&native, warnings);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_nonnull(strstr(warnings->pdata[0], "chatglm.rope.freq_base"));
    new_glm.rotary_dim = 128;
    hparams_warn(&new_glm, warnings);
    g_assert_cmpuint(warnings->len, ==, 2);
    g_assert_nonnull(strstr(warnings->pdata[1], "glm4.rope.dimension_count"));
}

static char *fingerprint_of(const char *edit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = open_edited(edit, &error);

    g_assert_no_error(error);
    return g_strdup(w->info.fingerprint);
}

static void test_fingerprint(void)
{
    static const char *const same[] = {
        "set general.name str other", "set general.note str added", "drop tokenizer.ggml.pre",
        "tokentype 271 3", "add rotary_pos_emb.inv_freq 8",
    };
    static const char *const other[] = {
        "set chatglm.rope.freq_base f32 10001", "set chatglm.attention.layer_norm_rms_epsilon f32 1.1e-5",
        "set chatglm.context_length u32 2048", "set chatglm.rope.dimension_count u32 6",
        "set chatglm.attention.head_count u32 4; set chatglm.attention.key_length u32 8; "
        "set chatglm.attention.head_count_kv u32 2; set chatglm.attention.value_length u32 8",
        "remove blk.0.attn_qkv.bias", "remove output.weight", "token 262 <|USER|>",
        "poison blk.0.ffn_down.weight", "type blk.0.ffn_down.weight 1",
    };
    g_autofree char *base = fingerprint_of("");

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *got = fingerprint_of(same[i]);
        if (strcmp(got, base) != 0)
            g_error("\"%s\" changed the fingerprint", same[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(other); i++) {
        g_autofree char *got = fingerprint_of(other[i]);
        if (strcmp(got, base) == 0)
            g_error("\"%s\" left the fingerprint as it was", other[i]);
    }
}

/* A model above FINGERPRINT_WHOLE bytes: the samples reach from the first byte to the last. */
static void test_fingerprint_sampled(void)
{
    const gsize bytes = FINGERPRINT_WHOLE + 8 * 1000 * 1000;
    guint8 *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char name[] = "big", path[] = "path", type[] = "F32", architecture[] = "chatglm";
    StoredTensor tensor = { name, path, type, TRUE, TYPE_F32, 1, { bytes / 4, 1, 1, 1 }, data, bytes };
    ModelInfo info = { .architecture = architecture };
    g_autoptr(GPtrArray) tensors = g_ptr_array_new();
    const gsize seen[] = { 0, FINGERPRINT_PAGE - 1, bytes - 1, bytes - FINGERPRINT_PAGE };

    g_assert_true(data != MAP_FAILED);
    g_ptr_array_add(tensors, &tensor);
    g_autofree char *base = fingerprint_compute(&info, tensors, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(seen); i++) {
        data[seen[i]] = 1;
        g_autofree char *changed = fingerprint_compute(&info, tensors, NULL);
        data[seen[i]] = 0;
        g_assert_cmpstr(changed, !=, base);
    }
    /* a change in every row, here of 2 KB, is seen wherever the samples lie */
    for (gsize at = 0; at < bytes; at += 2048)
        data[at] = 1;
    g_autofree char *everywhere = fingerprint_compute(&info, tensors, NULL);
    g_assert_cmpstr(everywhere, !=, base);
    munmap(data, bytes);
}

/* ---------------------------------------------------------------- damage */

/* Reads what a user of W would read: the first and the last byte of every matrix. */
static void touch(const Weights *w)
{
    volatile guint8 sink = 0;

    for (int n = 0; n < w->info.layers; n++) {
        const LayerWeights *l = &w->layers[n];
        const Tensor *all[] = { &l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down, &w->embedding, &w->output };
        for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
            gsize bytes = type_row_bytes(all[i]->type, (size_t) all[i]->columns) * (gsize) all[i]->rows;
            sink ^= all[i]->data[0] ^ all[i]->data[bytes - 1];
        }
    }
}

/* A copy of exactly N bytes on the heap, so that a sanitizer sees every byte read too many. */
static GBytes *exact_copy(GBytes *bytes, gsize n)
{
    return g_bytes_new(g_bytes_get_data(bytes, NULL), n);
}

static void test_gguf_truncated(void)
{
    g_autoptr(Maker) maker = maker_standard();
    gsize header;
    g_autoptr(GBytes) whole = maker_finish(maker, &header);

    /* every length within the header, and some within the data */
    for (gsize n = 0; n < g_bytes_get_size(whole); n += n <= header + 64 ? 1 : 997) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) part = exact_copy(whole, n);
        g_autoptr(Weights) w = weights_from_gguf(part, "part.gguf", &error);
        assert_says(w ? NULL : error, "a truncated file", n < 4 ? "part.gguf: " : "fetch it again");
    }
}

static void test_gguf_flipped(void)
{
    g_autoptr(Maker) maker = maker_standard();
    gsize header, size;
    g_autoptr(GBytes) whole = maker_finish(maker, &header);
    guint opened = 0;

    for (guint i = 0; i < 4000; i++) {
        g_autoptr(GError) error = NULL;
        guint8 *copy = g_memdup2(g_bytes_get_data(whole, &size), g_bytes_get_size(whole));
        for (int flips = g_test_rand_int_range(1, 4); flips > 0; flips--)
            copy[g_test_rand_int_range(0, (gint32) header)] ^= (guint8) (1 << g_test_rand_int_range(0, 8));
        g_autoptr(GBytes) bytes = g_bytes_new_take(copy, size);
        g_autoptr(Weights) w = weights_from_gguf(bytes, "flipped.gguf", &error);
        if (w) {
            opened++;
            touch(w);
        } else {
            g_assert_error(error, FAILURE, FAILURE_MODEL);
        }
    }
    g_test_message("%u of 4000 flipped headers still open", opened);
}

/* ---------------------------------------------------------------- safetensors */

static GBytes *make_safetensors(const char *header, gsize data)
{
    GByteArray *out = g_byte_array_new();
    guint64 length = GUINT64_TO_LE(strlen(header));
    g_autofree guint8 *zeros = g_malloc0(data + 1);

    g_byte_array_append(out, (const guint8 *) &length, 8);
    g_byte_array_append(out, (const guint8 *) header, (guint) strlen(header));
    g_byte_array_append(out, zeros, (guint) data);
    return g_byte_array_free_to_bytes(out);
}

static const char good_header[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"a\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,24]},"
    "\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[24,32]}}   ";

static void test_safetensors_good(void)
{
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    g_autoptr(GBytes) bytes = make_safetensors(good_header, 32);
    g_autoptr(GError) error = NULL;

    safetensors_add_bytes(checkpoint, bytes, "made", &error);
    g_assert_no_error(error);
    const StoredTensor *a = checkpoint_find(checkpoint, "a"), *c = checkpoint_find(checkpoint, "c");
    g_assert_cmpuint(a->dims[0], ==, 2);
    g_assert_cmpuint(a->dims[1], ==, 3);
    g_assert_cmpint(a->type, ==, TYPE_BF16);
    g_assert_cmpuint(a->bytes, ==, 12);
    g_assert_false(c->supported);
    g_assert_null(c->data);
}

#define T(rest) "{\"a\":{\"dtype\":\"F32\"," rest "}}"

static void test_safetensors_refused(void)
{
    static const struct { const char *header, *wanted; } cases[] = {
        { "", "JSON" },
        { "[]", "not an object" },
        { "{", "not valid JSON" },
        { "{\"a\":1}", "tensor a: the header's entry is not an object" },
        { "{\"a\":{}}", "tensor a: dtype is missing" },
        { "{\"a\":{\"dtype\":3}}", "tensor a: dtype is missing or not a string" },
        { "{\"\":{}}", "tensor name '' is empty" },
        { "{\"\\u001b[31m\":{}}", "not printable" },
        { T("\"shape\":[2],\"data_offsets\":[0,12]"), "span 12 bytes, but shape and dtype need 8" },
        { T("\"shape\":[2],\"data_offsets\":[8,0]"), "tensor a: data_offsets lie behind the end" },
        { T("\"shape\":[2],\"data_offsets\":[30,38]"), "tensor a: data_offsets lie behind the end" },
        { T("\"shape\":[2],\"data_offsets\":[0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[-8,0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[0.0,8.0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[18446744073709551608,0]"), "tensor a: data_offsets" },
        { T("\"shape\":[2]"), "tensor a: data_offsets" },
        { T("\"shape\":[-2],\"data_offsets\":[0,8]"), "tensor a: shape holds something other than counts" },
        { T("\"shape\":[\"2\"],\"data_offsets\":[0,8]"), "tensor a: shape holds something other than counts" },
        { T("\"shape\":2,\"data_offsets\":[0,8]"), "tensor a: shape is missing or not an array" },
        { T("\"shape\":[0],\"data_offsets\":[0,0]"), "tensor a has a dimension of 0" },
        { T("\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]"), "the shape of tensor a is too large" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", "overlap" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "occurs twice" },
        { "{\"a\":/*\"*/1}", "unexpected character" },
        { "{\"a\":'b'}", "unexpected character" },
        { "{\"a\":\"\xff\"}", "not UTF-8" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GBytes) bytes = make_safetensors(cases[i].header, 32);
        g_autoptr(GError) error = NULL;
        gboolean good = safetensors_add_bytes(checkpoint, bytes, "made", &error);
        assert_says(good ? NULL : error, cases[i].header, cases[i].wanted);
    }
    g_autofree char *nested = g_strnfill(1000000, '[');
    g_autofree char *deep = g_strdup_printf("{\"a\":%s", nested);
    g_autoptr(GBytes) bytes = make_safetensors(deep, 32);
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    g_autoptr(GError) error = NULL;
    safetensors_add_bytes(checkpoint, bytes, "made", &error);
    assert_says(error, "a million brackets", "nests deeper");
}

static void test_safetensors_damaged(void)
{
    g_autoptr(GBytes) whole = make_safetensors(good_header, 32);
    gsize size;
    const guint8 *data = g_bytes_get_data(whole, &size);

    for (gsize n = 0; n < size; n++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GBytes) part = exact_copy(whole, n);
        g_autoptr(GError) error = NULL;
        g_assert_false(safetensors_add_bytes(checkpoint, part, "part", &error));
        g_assert_error(error, FAILURE, FAILURE_MODEL);
    }
    for (guint i = 0; i < 5000; i++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GError) error = NULL;
        guint8 *copy = g_memdup2(data, size);
        for (int flips = g_test_rand_int_range(1, 4); flips > 0; flips--)
            copy[g_test_rand_int_range(0, (gint32) size - 32)] ^= (guint8) (1 << g_test_rand_int_range(0, 8));
        g_autoptr(GBytes) bytes = g_bytes_new_take(copy, size);
        if (!safetensors_add_bytes(checkpoint, bytes, "flipped", &error))
            g_assert_error(error, FAILURE, FAILURE_MODEL);
    }
}

/* ---------------------------------------------------------------- folders */

typedef struct {
    char *path;
} Folder;

static void folder_set_up(Folder *folder, gconstpointer data)
{
    folder->path = g_dir_make_tmp("kvasir-weights-XXXXXX", NULL);
    g_assert_nonnull(folder->path);
}

static void folder_tear_down(Folder *folder, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder->path, name, NULL);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_free(folder->path);
}

static void put_file(const Folder *folder, const char *name, const void *data, gsize n)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);

    g_assert_true(g_file_set_contents(path, data, (gssize) n, NULL));
}

static GBytes *get_model_file(const char *model, const char *name)
{
    g_autofree char *folder = model_path(model);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *data;
    gsize n;

    g_assert_true(g_file_get_contents(path, &data, &n, NULL));
    return g_bytes_new_take(data, n);
}

static void copy_file(const Folder *folder, const char *model, const char *name)
{
    g_autoptr(GBytes) bytes = get_model_file(model, name);

    put_file(folder, name, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* config.json of MODEL with the first FROM replaced by TO. */
static void put_config(const Folder *folder, const char *model, const char *from, const char *to)
{
    g_autoptr(GBytes) bytes = get_model_file(model, "config.json");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) parts = g_strsplit(text, from, 2);

    if (g_strv_length(parts) != 2)
        g_error("%s has no %s", model, from);
    g_autofree char *edited = g_strjoinv(to, parts);
    put_file(folder, "config.json", edited, strlen(edited));
}

static void test_config_refused(Folder *folder, gconstpointer data)
{
    static const struct { const char *model, *from, *to, *wanted; } cases[] = {
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 0", "config.json: num_layers is 0" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"x\": 2", "num_layers is missing" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": \"2\"", "num_layers is not a number" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 2, \"num_layers\": 3", "occurs twice" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 3", "layers.2.input_layernorm.weight is missing" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 1", "layers.1." },
        { "tiny-1m-hf-remote", "\"hidden_size\": 64", "\"hidden_size\": 1e99", "hidden_size is 1e+99" },
        { "tiny-1m-hf-remote", "\"multi_query_group_num\": 4", "\"multi_query_group_num\": 3", "8 query heads" },
        { "tiny-1m-hf-remote", "\"multi_query_attention\": true", "\"multi_query_attention\": 1", "neither true nor false" },
        { "tiny-1m-hf-remote", "\"multi_query_attention\": true", "\"multi_query_attention\": false", "192 x 64" },
        { "tiny-1m-hf-remote", "\"rmsnorm\": true", "\"rmsnorm\": false", "rmsnorm is false, which is not supported" },
        { "tiny-1m-hf-remote", "\"add_bias_linear\": false", "\"add_bias_linear\": true", "add_bias_linear is true" },
        { "tiny-1m-hf-remote", "\"add_qkv_bias\": true", "\"add_qkv_bias\": false", "no bias, but the tensors have one" },
        { "tiny-1m-hf-remote", "\"padded_vocab_size\": 288", "\"padded_vocab_size\": 300", "embeddings.weight is 288 x 64" },
        { "tiny-1m-hf-remote", "\"rope_ratio\": 10000", "\"rope_ratio\": -1", "RoPE base -10000" },
        { "tiny-1m-hf-remote", "\"use_cache\": true", "\"quantization_bit\": 4", "quantised" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": \"llama\"", "model_type is llama" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": null", "model_type is missing" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": \"glm4\"", "post_self_attn_layernorm.weight is missing" },
        { "tiny-0414-hf-native", "\"model_type\": \"glm4\"", "\"model_type\": \"glm\"", "has no place in a chatglm model" },
        { "tiny-1m-hf-native", "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act is not silu" },
        { "tiny-1m-hf-native", "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\": 0", "partial_rotary_factor is 0" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_scaling\": {\"type\": \"yarn\"}", "rope_scaling is set" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_parameters\": {\"rope_type\": \"yarn\"}", "rope_type is not default" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"quantization_config\": {}", "quantised" },
        { "tiny-1m-hf-native", "\"attention_bias\": true", "\"attention_bias\": false", "no bias, but the tensors have one" },
        { "tiny-edge-hf-native", "\"attention_bias\": false", "\"attention_bias\": true", "a bias, but the tensors have none" },
        { "tiny-edge-hf-native", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "lm_head.weight is missing" },
        { "tiny-1m-hf-native", "{", "", "JSON" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        put_config(folder, cases[i].model, cases[i].from, cases[i].to);
        copy_file(folder, cases[i].model, "model.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        assert_says(w ? NULL : error, cases[i].to, cases[i].wanted);
    }
}

static void test_config_accepted(Folder *folder, gconstpointer data)
{
    static const struct { const char *model, *from, *to; } cases[] = {
        { "tiny-1m-hf-remote", "\"rope_ratio\": 10000", "\"rope_ratio\": 10000.0" },
        { "tiny-1m-hf-remote", "\"add_qkv_bias\": true", "\"quantization_bit\": 0" },
        /* as newer versions of transformers write it */
        { "tiny-1m-hf-native", "\"rope_theta\": 100000000.0",
          "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 100000000, \"partial_rotary_factor\": 0.5}" },
        { "tiny-1m-hf-native", "\"head_dim\": 8,", "" },
        { "tiny-1m-hf-native", "\"tie_word_embeddings\": false,", "" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_scaling\": null" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        put_config(folder, cases[i].model, cases[i].from, cases[i].to);
        copy_file(folder, cases[i].model, "model.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        g_assert_no_error(error);
        g_assert_cmpfloat(w->info.rope_theta, ==, 1e8);
        g_assert_cmpint(w->info.rotary_dim, ==, 4);
        g_assert_cmpint(w->info.kv_heads, ==, 4);
    }
}

/* The single file of tiny-1m-hf-remote as two shards, without "transformer." when BARE. */
static void put_shards(const Folder *folder, gboolean bare, const char *first_file)
{
    g_autoptr(GBytes) bytes = get_model_file("tiny-1m-hf-remote", "model.safetensors");
    const char *data = g_bytes_get_data(bytes, NULL);
    guint64 length;

    memcpy(&length, data, 8);
    g_autofree char *header = g_strndup(data + 8, GUINT64_FROM_LE(length));
    g_auto(GStrv) pieces = g_strsplit(header, "transformer.", -1);
    if (bare) {
        g_free(header);
        header = g_strjoinv("", pieces);
    }
    /* Cut the list of entries behind the seventh tensor; both shards keep all the data. */
    g_auto(GStrv) entries = g_strsplit(g_strchomp(header), "]},", -1);
    g_autoptr(GString) one = g_string_new(NULL), two = g_string_new("{");
    g_autoptr(GString) map = g_string_new("{\"weight_map\":{");
    for (guint i = 0; entries[i]; i++) {
        GString *part = i < 7 ? one : two;
        const char *name = strchr(entries[i], '"');
        if (i == 0)
            name = strchr(strstr(entries[i], "},") ? strstr(entries[i], "},") : entries[i], '"');
        g_string_append_printf(part, "%s%s", entries[i], i == 6 ? "]}}" : entries[i + 1] ? "]}," : "");
        g_string_append_printf(map, "%s%.*s\":\"%s\"", i ? "," : "", (int) (strchr(name + 1, '"') - name), name,
                               i < 7 ? first_file : "model-2.safetensors");
    }
    g_string_append(map, "}}");
    gsize payload = g_bytes_get_size(bytes) - 8 - GUINT64_FROM_LE(length);
    GString *parts[] = { one, two };
    for (int i = 0; i < 2; i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        guint64 n = GUINT64_TO_LE(parts[i]->len);
        g_byte_array_append(out, (const guint8 *) &n, 8);
        g_byte_array_append(out, (const guint8 *) parts[i]->str, (guint) parts[i]->len);
        g_byte_array_append(out, (const guint8 *) data + 8 + GUINT64_FROM_LE(length), (guint) payload);
        put_file(folder, i ? "model-2.safetensors" : "model-1.safetensors", out->data, out->len);
    }
    put_file(folder, "model.safetensors.index.json", map->str, map->len);
    copy_file(folder, "tiny-1m-hf-remote", "config.json");
}

static void test_shards(Folder *folder, gconstpointer data)
{
    g_autoptr(Weights) single = open_model("tiny-1m-hf-remote");

    for (int bare = 0; bare < 2; bare++) {
        g_autoptr(GError) error = NULL;
        put_shards(folder, bare, "model-1.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        g_assert_no_error(error);
        assert_near(&w->layers[1].v, &single->layers[1].v, 0);
        assert_near(&w->output, &single->output, 0);
        if (!bare)
            g_assert_cmpstr(w->info.fingerprint, ==, single->info.fingerprint);
        g_autofree char *index = g_build_filename(folder->path, "model.safetensors.index.json", NULL);
        g_autoptr(Weights) by_index = weights_open(index, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(w->info.fingerprint, ==, by_index->info.fingerprint);
    }
}

static void test_index_refused(Folder *folder, gconstpointer data)
{
    static const char *const outside[] = {
        "../model-1.safetensors", "/etc/passwd", "x/model-1.safetensors", "..", "", ".safetensors",
        "model-1.safetensors.exe", "a\\\\model-1.safetensors", "\\u0000.safetensors",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autoptr(GError) error = NULL;
        put_shards(folder, FALSE, outside[i]);
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        assert_says(w ? NULL : error, outside[i], "weight_map: the file '");
    }
    g_autoptr(GError) missing = NULL;
    put_shards(folder, FALSE, "model-3.safetensors");
    g_autoptr(Weights) w = weights_open(folder->path, &missing);
    assert_says(missing, "a missing shard", "model-3.safetensors: cannot open");
    g_clear_error(&missing);
    put_shards(folder, FALSE, "model-2.safetensors");
    w = weights_open(folder->path, &missing);
    assert_says(missing, "a wrong shard", "which does not hold it");
    g_clear_error(&missing);
    put_file(folder, "model.safetensors.index.json", "{}", 2);
    w = weights_open(folder->path, &missing);
    assert_says(missing, "an empty index", "weight_map is missing");
}

/* Things that are no model at all; a FIFO must not block. */
static void test_no_models(Folder *folder, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(folder->path, "fifo", NULL);
    g_autofree char *empty = g_build_filename(folder->path, "empty", NULL);
    g_autofree char *text = g_build_filename(folder->path, "text", NULL);
    g_autofree char *nothing = g_build_filename(folder->path, "nothing", NULL);
    const struct { const char *path, *wanted; } cases[] = {
        { folder->path, "has no config.json" }, { fifo, "not a regular file" }, { "/dev/null", "not a regular file" },
        { empty, "ends inside the magic number" }, { text, "is not a GGUF file" }, { nothing, "No such file" },
    };

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    put_file(folder, "empty", "", 0);
    put_file(folder, "text", "hello, world", 12);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Weights) w = weights_open(cases[i].path, &error);
        assert_says(w ? NULL : error, cases[i].path, cases[i].wanted);
        g_assert_true(g_str_has_prefix(error->message, cases[i].path));
    }
    put_file(folder, "config.json", "{\"model_type\":\"glm\"}", 20);
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    assert_says(error, "a folder", "config.json: num_hidden_layers is missing");
    g_clear_error(&error);
    copy_file(folder, "tiny-1m-hf-native", "config.json");
    w = weights_open(folder->path, &error);
    assert_says(error, "a folder", "has neither model.safetensors nor");
}

/* A tokenizer.model in the folder is used; one with too many tokens is refused. */
static void test_folder_tokenizer(Folder *folder, gconstpointer data)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 256; i++) {
        guint8 byte = (guint8) i;
        g_autofree char *text = g_base64_encode(&byte, 1);
        g_string_append_printf(lines, "%s %u\n", text, i);
    }
    copy_file(folder, "tiny-1m-hf-native", "config.json");
    copy_file(folder, "tiny-1m-hf-native", "model.safetensors");
    put_file(folder, "tokenizer.model", lines->str, lines->len);
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tokenizer_size(w->tokenizer), ==, 270);
    g_autoptr(Weights) without = open_model("tiny-1m-hf-native");
    g_assert_cmpstr(w->info.fingerprint, !=, without->info.fingerprint);
    for (guint i = 256; i < 288; i++) {
        guint8 bytes[2] = { 'a', (guint8) i };
        g_autofree char *text = g_base64_encode(bytes, 2);
        g_string_append_printf(lines, "%s %u\n", text, i);
    }
    put_file(folder, "tokenizer.model", lines->str, lines->len);
    g_autoptr(Weights) too_many = weights_open(folder->path, &error);
    assert_says(error, "too many tokens", "tokenizer.model: has 302 tokens, but the model's vocabulary only 288");
}

#define GLM_PATTERN \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}" \
    "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

/* A tokenizer.json of 258 tokens, one of them named merges, and 14 specials; FROM is replaced by TO. */
static char *make_tokenizer_json(const char *from, const char *to)
{
    g_autoptr(GString) text = g_string_new("{\"version\":\"1.0\",\"added_tokens\":[");

    for (guint i = 0; i < 14; i++) {
        g_autofree char *name = maker_token(256 + i);
        g_string_append_printf(text, "%s{\"id\":%u,\"content\":\"%s\",\"special\":true}", i ? "," : "", 258 + i, name);
    }
    g_string_append(text, "],\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":"
                    "{\"Regex\":\"" GLM_PATTERN "\"}}]},\"model\":{\"type\":\"BPE\",\"vocab\":{");
    for (guint i = 0; i < 256; i++) {
        g_autofree char *name = maker_token(i);
        g_string_append_printf(text, "\"%s%s\":%u,", *name == '"' || *name == '\\' ? "\\" : "", name, i);
    }
    g_string_append(text, "\"merges\":256,\"ab\":257},\"merges\": [[\"a\",\"]\"],\"m e\",[\"[\",\"\\\"\"]],\"dropout\":null}}");
    g_string_replace(text, from, to, 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Native folders have a tokenizer.json; a tokenizer.model goes first. */
static void test_folder_tokenizer_json(Folder *folder, gconstpointer data)
{
    static const struct { const char *from, *to, *wanted; } cases[] = {
        { "\"BPE\"", "\"Unigram\"", "model.type is not BPE" },
        { "\"vocab\"", "\"words\"", "model.vocab is missing" },
        { "\"merges\":256", "\"merges\":300", "not below the vocabulary of 288" },
        { "\"merges\":256", "\"merges\":-1", "not below the vocabulary of 288" },
        { "\"merges\":256", "\"merges\":255", "token 255 occurs twice" },
        { "\"merges\":256", "\"mergesz\":280", "token 256 is missing" },
        { "\"merges\":256", "\"\u4f60\":256", "token 256 holds characters" },
        { "\"merges\":256", "\"\":256", "token 256 is empty" },
        { "\"added_tokens\":[", "\"added_tokens\":[3,", "added_tokens holds something other" },
        { "\"added_tokens\":[", "\"added_tokens\":[{\"id\":9},", "token 9 is empty" },
        { "{\"version\"", "[\"version\"", "tokenizer.json: " },
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = make_tokenizer_json("1.0", "1.0");
    gsize length;

    copy_file(folder, "tiny-1m-hf-native", "config.json");
    copy_file(folder, "tiny-1m-hf-native", "model.safetensors");
    put_file(folder, "tokenizer.json", text, strlen(text));
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tokenizer_size(w->tokenizer), ==, 272);
    g_assert_cmpint(tokenizer_special(w->tokenizer, "<|user|>"), ==, 265);
    g_assert_cmpmem(tokenizer_bytes(w->tokenizer, 256, &length), 6, "merges", 6);
    g_assert_cmpuint(g_strv_length(w->info.warnings), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *bad = make_tokenizer_json(cases[i].from, cases[i].to);
        put_file(folder, "tokenizer.json", bad, strlen(bad));
        g_autoptr(Weights) none = weights_open(folder->path, &error);
        assert_says(none ? NULL : error, cases[i].to, cases[i].wanted);
        g_clear_error(&error);
    }
    g_autofree char *other = make_tokenizer_json("{1,3}", "{1,2}");
    put_file(folder, "tokenizer.json", other, strlen(other));
    g_autoptr(Weights) warned = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(warned->info.warnings), ==, 1);
    for (gsize n = 0; n < strlen(text); n += 7) {
        put_file(folder, "tokenizer.json", text, n);
        g_autoptr(Weights) none = weights_open(folder->path, &error);
        assert_says(none ? NULL : error, "a cut tokenizer.json", "tokenizer.json: ");
        g_clear_error(&error);
    }
}

#define ADD_FOLDER(name, function) \
    g_test_add("/weights/" name, Folder, NULL, folder_set_up, function, folder_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/weights/models", test_models);
    g_test_add_func("/weights/layouts-agree/own", test_layouts_agree);
    g_test_add_func("/weights/layouts-agree/shared", test_shared_layouts);
    g_test_add_func("/weights/gguf/slices", test_slices);
    g_test_add_func("/weights/gguf/accepted", test_edits_accepted);
    g_test_add_func("/weights/gguf/versions", test_versions);
    g_test_add_func("/weights/gguf/refused", test_edits_refused);
    g_test_add_func("/weights/gguf/truncated", test_gguf_truncated);
    g_test_add_func("/weights/gguf/flipped", test_gguf_flipped);
    g_test_add_func("/weights/warnings", test_warnings);
    g_test_add_func("/weights/wrong-metadata", test_wrong_metadata);
    g_test_add_func("/weights/fingerprint/whole", test_fingerprint);
    g_test_add_func("/weights/fingerprint/sampled", test_fingerprint_sampled);
    g_test_add_func("/weights/safetensors/good", test_safetensors_good);
    g_test_add_func("/weights/safetensors/refused", test_safetensors_refused);
    g_test_add_func("/weights/safetensors/damaged", test_safetensors_damaged);
    ADD_FOLDER("folder/config-refused", test_config_refused);
    ADD_FOLDER("folder/config-accepted", test_config_accepted);
    ADD_FOLDER("folder/shards", test_shards);
    ADD_FOLDER("folder/index-refused", test_index_refused);
    ADD_FOLDER("folder/no-models", test_no_models);
    ADD_FOLDER("folder/tokenizer-model", test_folder_tokenizer);
    ADD_FOLDER("folder/tokenizer-json", test_folder_tokenizer_json);
    return g_test_run();
}
