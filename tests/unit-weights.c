/* unit-weights.c - models from GGUF files: right ones give the right tensors (those of the same model in a folder), wrong and
 * damaged ones give a sentence that names the field. */
#include "config.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>

#include "src/base/failure.h"
#include "src/model/fingerprint.h"
#include "src/model/hparams.h"
#include "src/model/prepared.h"
#include "src/model/synthetic.h"
#include "src/model/weights.h"
#include "tests/gguf-maker.h"
#include "tests/test-weights.h"

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

/* ---------------------------------------------------------------- prepared weights */

/* All of the file is what preparing in memory gives, although it is written in pieces that are no matrices. */
static void test_prepared(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("unit-weights-XXXXXX", NULL), *path = g_build_filename(folder, "w", NULL);
    EngineShape shape;

    g_assert_true(engine_shape_find("tiny", &shape));
    shape.type = "q4_k_m";
    shape.hidden = 1024;
    shape.ffn = 5000 / 32 * 32;
    g_autoptr(Weights) memory = synthetic_weights(&shape, &error), file = synthetic_weights(&shape, &error);
    const Kernels *kernels = kernels_select(NULL);

    g_assert_no_error(error);
    prepared_in_memory(memory, kernels, 2);
    g_assert_true(prepared_write(file, kernels, 2, path, NULL, NULL, &error));
    g_assert_true(prepared_attach(file, path, &error));
    g_assert_true(prepared_verify(file, path, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(prepared_bytes(file), >, 16 << 20);
    for (int i = 0; i < shape.layers; i++) {
        const LayerWeights *m = &memory->layers[i], *f = &file->layers[i];
        const Tensor *pairs[][2] = { { &m->q, &f->q }, { &m->down, &f->down }, { &m->gate, &f->gate },
                                     { &memory->output, &file->output } };

        for (gsize j = 0; j < G_N_ELEMENTS(pairs); j++) {
            gsize panel = kernel_panel_bytes(pairs[j][0]->type, (gsize) pairs[j][0]->columns);
            gsize bytes = ((gsize) pairs[j][0]->rows + KERNEL_PANEL - 1) / KERNEL_PANEL * panel;

            g_assert_cmpmem(pairs[j][0]->panels, bytes, pairs[j][1]->panels, bytes);
        }
    }
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

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
    g_test_add_func("/weights/prepared", test_prepared);
    return g_test_run();
}
