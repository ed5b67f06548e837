/* hparams.c - hyper-parameters from GGUF metadata or from a config.json. */
#include "config.h"
#include "src/model/hparams.h"

#include <math.h>
#include <string.h>

/* Far above any model there is, and low enough that products of three of
 * these fit 64 bits. */
#define MAX_LAYERS 1024
#define MAX_WIDTH (1 << 20)
#define MAX_HEADS 4096
#define MAX_HEAD_DIM 4096
#define MAX_CONTEXT (1 << 30)

/* What holds for both sources once the fields are there. */
static gboolean hparams_check(const ModelInfo *info, const char *path, GError **error)
{
    if (info->heads % info->kv_heads != 0)
        return model_fail(error, path, "%d query heads cannot share %d KV heads evenly", info->heads, info->kv_heads);
    if (info->rotary_dim % 2 != 0 || info->rotary_dim > info->head_dim)
        return model_fail(error, path, "the rotary dimension %d is odd or larger than the head size %d",
                          info->rotary_dim, info->head_dim);
    if (!(info->rope_theta >= 1 && info->rope_theta <= 1e20))
        return model_fail(error, path, "the RoPE base %g is not between 1 and 1e20", info->rope_theta);
    if (!(info->norm_eps > 0 && info->norm_eps < 1))
        return model_fail(error, path, "the epsilon %g of the norms is not between 0 and 1", info->norm_eps);
    return TRUE;
}

void hparams_warn(const ModelInfo *info, GPtrArray *warnings)
{
    gboolean is_9b = strcmp(info->architecture, "chatglm") == 0 && info->layers == 40 && info->hidden == 4096 &&
                     info->vocabulary == 151552;

    if (is_9b && (info->rope_theta <= 10000 || info->norm_eps > 5e-6))
        g_ptr_array_add(warnings, g_strdup_printf(
            "the RoPE base %g, epsilon %g and context %d are not those of GLM-4-9B-Chat (5e+06, 1.5625e-07, 131072): "
            "files converted from a native checkpoint carry wrong metadata and give wrong answers; "
            "get a file converted from the remote-code checkpoint, or correct chatglm.rope.freq_base and "
            "chatglm.attention.layer_norm_rms_epsilon with gguf-set-metadata (the base model GLM-4-9B has 10000 by right)",
            info->rope_theta, info->norm_eps, info->context));
    if (strcmp(info->architecture, "glm4") == 0 && info->rotary_dim == info->head_dim)
        g_ptr_array_add(warnings, g_strdup_printf(
            "the rotary dimension is the whole head (%d), but GLM-4-0414 rotates half of it: early files carry a wrong "
            "glm4.rope.dimension_count and give wrong answers; get a newer file or set it to %d with gguf-set-metadata",
            info->rotary_dim, info->head_dim / 2));
}

/* ---------------------------------------------------------------- GGUF */

typedef struct {
    const Gguf *gguf;
    const char *architecture;
    GError **error;
} Source;

/* The key with the architecture in front. */
static char *full_key(const Source *s, const char *key)
{
    return g_strdup_printf("%s.%s", s->architecture, key);
}

static gboolean has(const Source *s, const char *key)
{
    g_autofree char *full = full_key(s, key);

    return gguf_find(s->gguf, full) != NULL;
}

/* An integer in 1 .. MAX. */
static gboolean get_int(const Source *s, const char *key, int max, int *value)
{
    g_autofree char *full = full_key(s, key);
    gint64 wide;

    if (!gguf_get_integer(s->gguf, full, 1, max, &wide, s->error))
        return FALSE;
    *value = (int) wide;
    return TRUE;
}

static gboolean get_number(const Source *s, const char *key, double *value)
{
    g_autofree char *full = full_key(s, key);

    return gguf_get_number(s->gguf, full, value, s->error);
}

static gboolean gguf_architecture(const Gguf *gguf, ModelInfo *info, GError **error)
{
    info->architecture = gguf_get_string(gguf, "general.architecture", error);
    if (info->architecture == NULL)
        return FALSE;
    info->sandwich_norms = strcmp(info->architecture, "glm4") == 0;
    if (!info->sandwich_norms && strcmp(info->architecture, "chatglm") != 0)
        return model_fail(error, gguf->path, "the architecture is %s; kvasir runs chatglm (GLM-4-9B-Chat and its "
                          "relatives) and glm4 (GLM-4-0414)", info->architecture);
    if (gguf_find(gguf, "split.count")) {
        gint64 count;
        if (!gguf_get_integer(gguf, "split.count", 0, G_MAXINT32, &count, error))
            return FALSE;
        if (count > 1)
            return model_fail(error, gguf->path, "is one of %" G_GINT64_FORMAT " parts of a split model; join them "
                              "with llama-gguf-split --merge", count);
    }
    return TRUE;
}

static gboolean gguf_heads(const Source *s, ModelInfo *info)
{
    if (!get_int(s, "attention.head_count", MAX_HEADS, &info->heads))
        return FALSE;
    info->kv_heads = info->heads;
    if (has(s, "attention.head_count_kv") &&
        !get_int(s, "attention.head_count_kv", MAX_HEADS, &info->kv_heads))
        return FALSE;
    if (has(s, "attention.key_length")) {
        if (!get_int(s, "attention.key_length", MAX_HEAD_DIM, &info->head_dim))
            return FALSE;
    } else {
        if (info->hidden % info->heads != 0)
            return model_fail(s->error, s->gguf->path, "%s.embedding_length %d is no multiple of the %d heads",
                              s->architecture, info->hidden, info->heads);
        info->head_dim = info->hidden / info->heads;
    }
    int value_length = info->head_dim;
    if (has(s, "attention.value_length") &&
        !get_int(s, "attention.value_length", MAX_HEAD_DIM, &value_length))
        return FALSE;
    if (value_length != info->head_dim)
        return model_fail(s->error, s->gguf->path, "%s.attention.value_length %d differs from the key length %d, "
                          "which is not supported", s->architecture, value_length, info->head_dim);
    return TRUE;
}

static gboolean gguf_rope(const Source *s, ModelInfo *info)
{
    if (!get_int(s, "rope.dimension_count", MAX_HEAD_DIM, &info->rotary_dim))
        return FALSE;
    info->rope_theta = 10000;
    if (has(s, "rope.freq_base") && !get_number(s, "rope.freq_base", &info->rope_theta))
        return FALSE;
    if (has(s, "rope.scaling.type")) {
        g_autofree char *key = full_key(s, "rope.scaling.type");
        g_autofree char *type = gguf_get_string(s->gguf, key, s->error);
        if (type == NULL)
            return FALSE;
        if (strcmp(type, "none") != 0)
            return model_fail(s->error, s->gguf->path, "%s is %s; kvasir has no RoPE scaling", key, type);
    }
    return TRUE;
}

gboolean hparams_from_gguf(const Gguf *gguf, ModelInfo *info, HparamHints *hints, GError **error)
{
    *hints = (HparamHints) { HPARAM_UNSAID, HPARAM_UNSAID, FALSE };
    if (!gguf_architecture(gguf, info, error))
        return FALSE;
    if (gguf_find(gguf, "general.name")) {
        info->name = gguf_get_string(gguf, "general.name", error);
        if (info->name == NULL)
            return FALSE;
    }
    Source s = { gguf, info->architecture, error };
    return get_int(&s, "block_count", MAX_LAYERS, &info->layers) &&
           get_int(&s, "context_length", MAX_CONTEXT, &info->context) &&
           get_int(&s, "embedding_length", MAX_WIDTH, &info->hidden) &&
           get_int(&s, "feed_forward_length", MAX_WIDTH, &info->ffn) &&
           get_number(&s, "attention.layer_norm_rms_epsilon", &info->norm_eps) &&
           gguf_heads(&s, info) && gguf_rope(&s, info) && hparams_check(info, gguf->path, error);
}

/* ---------------------------------------------------------------- config.json */

typedef struct {
    JsonObject *object;
    const char *path;
    GError **error;
} Config;

static gboolean json_is_number(JsonNode *node)
{
    GType type = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

/* An integer in 1 .. MAX. */
static gboolean json_int(const Config *c, const char *name, int max, int *value)
{
    JsonNode *node = json_text_member(c->object, name);

    if (node == NULL)
        return model_fail(c->error, c->path, "%s is missing", name);
    if (!json_is_number(node))
        return model_fail(c->error, c->path, "%s is not a number", name);
    double number = json_node_get_double(node);
    if (!(number >= 1 && number <= max) || floor(number) < number)
        return model_fail(c->error, c->path, "%s is %g, not a whole number between 1 and %d", name, number, max);
    *value = (int) number;
    return TRUE;
}

/* A finite number of any JSON type; FALLBACK when the member is missing (NAN: it must be there). */
static gboolean json_number(const Config *c, const char *name, double fallback, double *value)
{
    JsonNode *node = json_text_member(c->object, name);

    if (node == NULL && isnan(fallback))
        return model_fail(c->error, c->path, "%s is missing", name);
    if (node && !json_is_number(node))
        return model_fail(c->error, c->path, "%s is not a number", name);
    *value = node ? json_node_get_double(node) : fallback;
    if (!isfinite(*value))
        return model_fail(c->error, c->path, "%s is not a finite number", name);
    return TRUE;
}

static gboolean json_answer(const Config *c, const char *name, HparamAnswer *answer)
{
    JsonNode *node = json_text_member(c->object, name);

    if (node && (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN))
        return model_fail(c->error, c->path, "%s is neither true nor false", name);
    *answer = node == NULL ? HPARAM_UNSAID : json_node_get_boolean(node) ? HPARAM_YES : HPARAM_NO;
    return TRUE;
}

/* A switch that this program computes in one position only. */
static gboolean json_expect(const Config *c, const char *name, gboolean wanted)
{
    HparamAnswer answer;

    if (!json_answer(c, name, &answer))
        return FALSE;
    if (answer != HPARAM_UNSAID && answer != (wanted ? HPARAM_YES : HPARAM_NO))
        return model_fail(c->error, c->path, "%s is %s, which is not supported", name, wanted ? "false" : "true");
    return TRUE;
}

static const char *json_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_text_member(object, name);

    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

/* THUDM's remote code: model_type chatglm. */
static gboolean json_remote(const Config *c, ModelInfo *info, HparamHints *hints)
{
    HparamAnswer grouped;
    double ratio;

    info->architecture = g_strdup("chatglm");
    hints->remote = TRUE;
    if (!json_int(c, "num_layers", MAX_LAYERS, &info->layers) ||
        !json_int(c, "hidden_size", MAX_WIDTH, &info->hidden) ||
        !json_int(c, "ffn_hidden_size", MAX_WIDTH, &info->ffn) ||
        !json_int(c, "num_attention_heads", MAX_HEADS, &info->heads) ||
        !json_int(c, "kv_channels", MAX_HEAD_DIM, &info->head_dim) ||
        !json_int(c, "seq_length", MAX_CONTEXT, &info->context) ||
        !json_int(c, "padded_vocab_size", G_MAXINT, &info->vocabulary) ||
        !json_number(c, "layernorm_epsilon", (double) NAN, &info->norm_eps) ||
        !json_number(c, "rope_ratio", 1, &ratio) ||
        !json_answer(c, "add_qkv_bias", &hints->qkv_bias) ||
        !json_answer(c, "multi_query_attention", &grouped))
        return FALSE;
    info->rope_theta = 10000 * ratio;
    info->rotary_dim = info->head_dim / 2;
    info->kv_heads = info->heads;
    if (grouped == HPARAM_YES && !json_int(c, "multi_query_group_num", MAX_HEADS, &info->kv_heads))
        return FALSE;
    return json_expect(c, "add_bias_linear", FALSE) && json_expect(c, "rmsnorm", TRUE) &&
           json_expect(c, "post_layer_norm", TRUE) &&
           json_expect(c, "apply_residual_connection_post_layernorm", FALSE);
}

/* rope_theta and partial_rotary_factor, inside rope_parameters in newer files. */
static gboolean json_rope(const Config *c, ModelInfo *info)
{
    Config inner = *c;
    JsonNode *parameters = json_text_member(c->object, "rope_parameters");
    double factor;

    if (parameters) {
        if (!JSON_NODE_HOLDS_OBJECT(parameters))
            return model_fail(c->error, c->path, "rope_parameters is not an object");
        inner.object = json_node_get_object(parameters);
        if (json_text_member(inner.object, "rope_type") &&
            g_strcmp0(json_text(inner.object, "rope_type"), "default") != 0)
            return model_fail(c->error, c->path, "rope_parameters: rope_type is not default; kvasir has no RoPE scaling");
    }
    if (json_text_member(c->object, "rope_scaling"))
        return model_fail(c->error, c->path, "rope_scaling is set; kvasir has no RoPE scaling");
    const Config *theta = parameters && json_text_member(inner.object, "rope_theta") ? &inner : c;
    const Config *share = parameters && json_text_member(inner.object, "partial_rotary_factor") ? &inner : c;
    if (!json_number(theta, "rope_theta", 10000, &info->rope_theta) ||
        !json_number(share, "partial_rotary_factor", 0.5, &factor))
        return FALSE;
    if (!(factor > 0 && factor <= 1))
        return model_fail(c->error, c->path, "partial_rotary_factor is %g, not between 0 and 1", factor);
    info->rotary_dim = (int) (info->head_dim * factor);
    if (info->rotary_dim < 2)
        return model_fail(c->error, c->path, "partial_rotary_factor %g leaves nothing of the head size %d to rotate",
                          factor, info->head_dim);
    return TRUE;
}

/* Hugging Face's own code: model_type glm or glm4. */
static gboolean json_native(const Config *c, gboolean sandwich, ModelInfo *info, HparamHints *hints)
{
    const char *activation = json_text(c->object, "hidden_act");

    info->architecture = g_strdup(sandwich ? "glm4" : "chatglm");
    info->sandwich_norms = sandwich;
    if (activation && strcmp(activation, "silu") != 0)
        return model_fail(c->error, c->path, "hidden_act is not silu, which is not supported");
    if (!json_int(c, "num_hidden_layers", MAX_LAYERS, &info->layers) ||
        !json_int(c, "hidden_size", MAX_WIDTH, &info->hidden) ||
        !json_int(c, "intermediate_size", MAX_WIDTH, &info->ffn) ||
        !json_int(c, "num_attention_heads", MAX_HEADS, &info->heads) ||
        !json_int(c, "num_key_value_heads", MAX_HEADS, &info->kv_heads) ||
        !json_int(c, "max_position_embeddings", MAX_CONTEXT, &info->context) ||
        !json_int(c, "vocab_size", G_MAXINT, &info->vocabulary) ||
        !json_number(c, "rms_norm_eps", (double) NAN, &info->norm_eps) ||
        !json_answer(c, "attention_bias", &hints->qkv_bias) ||
        !json_answer(c, "tie_word_embeddings", &hints->tied_output))
        return FALSE;
    if (json_text_member(c->object, "head_dim")) {
        if (!json_int(c, "head_dim", MAX_HEAD_DIM, &info->head_dim))
            return FALSE;
    } else {
        if (info->hidden % info->heads != 0)
            return model_fail(c->error, c->path, "hidden_size %d is no multiple of the %d heads", info->hidden,
                              info->heads);
        info->head_dim = info->hidden / info->heads;
    }
    return json_rope(c, info);
}

static gboolean json_is_quantised(JsonObject *config)
{
    JsonNode *bits = json_text_member(config, "quantization_bit");

    return json_text_member(config, "quantization_config") || (bits && json_is_number(bits) && json_node_get_int(bits));
}

gboolean hparams_from_json(JsonObject *config, const char *path, ModelInfo *info, HparamHints *hints, GError **error)
{
    Config c = { config, path, error };
    const char *type = json_text(config, "model_type");
    gboolean good;

    *hints = (HparamHints) { HPARAM_UNSAID, HPARAM_UNSAID, FALSE };
    if (type == NULL)
        return model_fail(error, path, "model_type is missing or not a string");
    if (json_is_quantised(config))
        return model_fail(error, path, "the checkpoint is quantised (quantization_config or quantization_bit); "
                          "use a GGUF file or the original checkpoint");
    if (strcmp(type, "chatglm") == 0)
        good = json_remote(&c, info, hints);
    else if (strcmp(type, "glm") == 0 || strcmp(type, "glm4") == 0)
        good = json_native(&c, strcmp(type, "glm4") == 0, info, hints);
    else {
        g_autofree char *escaped = g_strescape(type, NULL);
        return model_fail(error, path, "model_type is %.40s; kvasir runs chatglm, glm and glm4", escaped);
    }
    return good && hparams_check(info, path, error);
}
