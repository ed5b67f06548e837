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
    if (!(info->rope_theta >= 1 && info->rope_theta <= 1e15))
        return model_fail(error, path, "the RoPE base %g is not between 1 and 1e15", info->rope_theta);
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
            "chatglm.attention.layer_norm_rms_epsilon with gguf-set-metadata",
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
