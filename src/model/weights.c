/* weights.c - a model's tensors and hyper-parameters.
 *
 * The three layouts (GGUF, remote code, native) differ in names only, so each is a row of
 * names.  Every tensor is looked up by name, compared with the
 * shape that the hyper-parameters demand, and cut into the parts that weights.h promises.
 */
#include "config.h"
#include "src/model/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/model/checkpoint.h"
#include "src/model/hparams.h"
#include "src/model/fingerprint.h"
#include "src/model/gguf.h"
#include "src/model/safetensors.h"
#include "src/model/vocabulary.h"

#define VECTOR_ALIGNMENT 64
#define MAX_VOCABULARY (1 << 24)

/* Names without ".weight" and ".bias"; NULL where a layout has no such tensor. */
typedef struct {
    const char *embedding, *output_norm, *output;
    const char *layer;          /* followed by the number, a dot and one of the names below */
    const char *attn_norm, *qkv, *q, *k, *v, *o, *post_attn_norm;
    const char *ffn_norm, *gate_up, *gate, *up, *down, *post_ffn_norm;
} Names;

static const Names gguf_names = {
    "token_embd", "output_norm", "output",
    "blk.",
    "attn_norm", "attn_qkv", "attn_q", "attn_k", "attn_v", "attn_output", "post_attention_norm",
    "ffn_norm", "ffn_up", "ffn_gate", "ffn_up", "ffn_down", "post_ffw_norm",
};

static const Names native_names = {
    "model.embed_tokens", "model.norm", "lm_head",
    "model.layers.",
    "input_layernorm", "self_attn.qkv_proj", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
    "self_attn.o_proj", "post_self_attn_layernorm",
    "post_attention_layernorm", "mlp.gate_up_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
    "post_mlp_layernorm",
};

/* Remote code; its files come with and without "transformer." in front. */
#define REMOTE_NAMES(root) { \
    root "embedding.word_embeddings", root "encoder.final_layernorm", root "output_layer", \
    root "encoder.layers.", \
    "input_layernorm", "self_attention.query_key_value", NULL, NULL, NULL, "self_attention.dense", NULL, \
    "post_attention_layernorm", "mlp.dense_h_to_4h", NULL, NULL, "mlp.dense_4h_to_h", NULL, \
}
static const Names remote_names = REMOTE_NAMES("transformer.");
static const Names bare_remote_names = REMOTE_NAMES("");

typedef struct {
    Weights *weights;
    const char *path;
    const Checkpoint *checkpoint;
    const Names *names;
    const HparamHints *hints;
    GHashTable *used;           /* StoredTensor -> itself */
    GPtrArray *used_list;       /* the same in the order of use */
    GError **error;
} Loader;

/* ---------------------------------------------------------------- one tensor */

/* The name of a tensor of layer N, or of the model when N is negative. */
static char *full_name(const Loader *l, int n, const char *base, const char *suffix)
{
    return n < 0 ? g_strdup_printf("%s.%s", base, suffix)
                 : g_strdup_printf("%s%d.%s.%s", l->names->layer, n, base, suffix);
}

static gboolean exists(const Loader *l, int n, const char *base, const char *suffix)
{
    if (base == NULL)
        return FALSE;
    g_autofree char *name = full_name(l, n, base, suffix);
    return checkpoint_find(l->checkpoint, name) != NULL;
}

static guint64 stored_rows(const StoredTensor *stored)
{
    guint64 rows = 1;

    for (guint i = 0; i + 1 < stored->n_dims; i++)
        rows *= stored->dims[i];
    return rows;
}

/* Finds a tensor of ROWS x COLUMNS (ROWS 0: any number); NULL and an error otherwise. */
static const StoredTensor *demand(Loader *l, int n, const char *base, const char *suffix, gint64 rows, gint64 columns)
{
    g_autofree char *name = full_name(l, n, base, suffix);
    const StoredTensor *stored = checkpoint_find(l->checkpoint, name);

    if (stored == NULL) {
        model_fail(l->error, l->path, "tensor %s is missing", name);
        return NULL;
    }
    if (!stored->supported) {
        model_fail(l->error, stored->path, "tensor %s has type %s, which kvasir does not read; use a file of type "
                   "Q4_K_M, Q5_K_M, Q6_K, Q8_0, BF16, F16 or F32", name, stored->type_text);
        return NULL;
    }
    guint64 have_rows = stored_rows(stored), have_columns = stored->dims[stored->n_dims - 1];
    if ((rows != 0 && have_rows != (guint64) rows) || have_columns != (guint64) columns) {
        g_autofree char *want = rows ? g_strdup_printf("%" G_GINT64_FORMAT, rows) : g_strdup("any");
        model_fail(l->error, stored->path, "tensor %s is %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT
                   ", but the hyper-parameters demand %s x %" G_GINT64_FORMAT, name, have_rows, have_columns, want,
                   columns);
        return NULL;
    }
    if (g_hash_table_add(l->used, (gpointer) (guintptr) stored))
        g_ptr_array_add(l->used_list, (gpointer) (guintptr) stored);
    return stored;
}

static gboolean take_matrix(Loader *l, int n, const char *base, gint64 rows, gint64 columns, Tensor *matrix)
{
    const StoredTensor *stored = demand(l, n, base, "weight", rows, columns);

    if (stored == NULL)
        return FALSE;
    *matrix = (Tensor) { stored->data, stored->type, (gint64) stored_rows(stored), columns, NULL };
    return TRUE;
}

/* A norm or bias as an aligned F32 copy that WEIGHTS owns. */
static gboolean take_vector(Loader *l, int n, const char *base, const char *suffix, gint64 length, Tensor *vector)
{
    const StoredTensor *stored = demand(l, n, base, suffix, 1, length);

    if (stored == NULL)
        return FALSE;
    gsize bytes = ((gsize) length * sizeof(float) + VECTOR_ALIGNMENT - 1) / VECTOR_ALIGNMENT * VECTOR_ALIGNMENT;
    float *values = aligned_alloc(VECTOR_ALIGNMENT, bytes);
    if (values == NULL)
        g_error("out of memory: %" G_GSIZE_FORMAT " bytes", bytes);
    type_to_float(stored->type, stored->data, values, (size_t) length);
    g_ptr_array_add(l->weights->owned, g_bytes_new_with_free_func(values, bytes, free, values));
    for (gint64 i = 0; i < length; i++)
        if (!isfinite(values[i]))
            return model_fail(l->error, stored->path, "tensor %s holds a value that is not finite", stored->name);
    *vector = (Tensor) { (const guint8 *) values, TYPE_F32, 1, length, NULL };
    return TRUE;
}

/* Rows FIRST .. FIRST+N-1 of a matrix. */
static Tensor slice_rows(const Tensor *matrix, gint64 first, gint64 n)
{
    gsize row = type_row_bytes(matrix->type, (size_t) matrix->columns);

    return (Tensor) { matrix->data + row * (gsize) first, matrix->type, n, matrix->columns, NULL };
}

/* Elements FIRST .. FIRST+N-1 of an F32 vector. */
static Tensor slice_vector(const Tensor *vector, gint64 first, gint64 n)
{
    return (Tensor) { vector->data + sizeof(float) * (gsize) first, TYPE_F32, 1, n, NULL };
}

/* ---------------------------------------------------------------- one layer */

static gboolean take_qkv_weights(Loader *l, int n, LayerWeights *layer)
{
    const ModelInfo *info = &l->weights->info;
    const Names *names = l->names;
    gint64 q = (gint64) info->heads * info->head_dim, kv = (gint64) info->kv_heads * info->head_dim;
    Tensor fused;

    if (names->q && !exists(l, n, names->qkv, "weight"))
        return take_matrix(l, n, names->q, q, info->hidden, &layer->q) &&
               take_matrix(l, n, names->k, kv, info->hidden, &layer->k) &&
               take_matrix(l, n, names->v, kv, info->hidden, &layer->v);
    if (!take_matrix(l, n, names->qkv, q + 2 * kv, info->hidden, &fused))
        return FALSE;
    layer->q = slice_rows(&fused, 0, q);
    layer->k = slice_rows(&fused, q, kv);
    layer->v = slice_rows(&fused, q + kv, kv);
    return TRUE;
}

static gboolean take_qkv_biases(Loader *l, int n, LayerWeights *layer)
{
    const ModelInfo *info = &l->weights->info;
    const Names *names = l->names;
    gint64 q = (gint64) info->heads * info->head_dim, kv = (gint64) info->kv_heads * info->head_dim;
    Tensor fused;

    if (names->q && !exists(l, n, names->qkv, "bias"))
        return take_vector(l, n, names->q, "bias", q, &layer->q_bias) &&
               take_vector(l, n, names->k, "bias", kv, &layer->k_bias) &&
               take_vector(l, n, names->v, "bias", kv, &layer->v_bias);
    if (!take_vector(l, n, names->qkv, "bias", q + 2 * kv, &fused))
        return FALSE;
    layer->q_bias = slice_vector(&fused, 0, q);
    layer->k_bias = slice_vector(&fused, q, kv);
    layer->v_bias = slice_vector(&fused, q + kv, kv);
    return TRUE;
}

/* Gate and up are halves of one matrix, or two matrices. */
static gboolean take_gate_up(Loader *l, int n, LayerWeights *layer)
{
    const ModelInfo *info = &l->weights->info;
    const Names *names = l->names;
    Tensor fused;

    if (exists(l, n, names->gate, "weight"))
        return take_matrix(l, n, names->gate, info->ffn, info->hidden, &layer->gate) &&
               take_matrix(l, n, names->up, info->ffn, info->hidden, &layer->up);
    if (!take_matrix(l, n, names->gate_up, 2 * (gint64) info->ffn, info->hidden, &fused))
        return FALSE;
    layer->gate = slice_rows(&fused, 0, info->ffn);
    layer->up = slice_rows(&fused, info->ffn, info->ffn);
    return TRUE;
}

static gboolean take_layer(Loader *l, int n)
{
    const ModelInfo *info = &l->weights->info;
    const Names *names = l->names;
    LayerWeights *layer = &l->weights->layers[n];
    gint64 hidden = info->hidden;

    return take_vector(l, n, names->attn_norm, "weight", hidden, &layer->attn_norm) &&
           take_qkv_weights(l, n, layer) &&
           (!info->qkv_bias || take_qkv_biases(l, n, layer)) &&
           take_matrix(l, n, names->o, hidden, (gint64) info->heads * info->head_dim, &layer->o) &&
           take_vector(l, n, names->ffn_norm, "weight", hidden, &layer->ffn_norm) &&
           take_gate_up(l, n, layer) &&
           take_matrix(l, n, names->down, hidden, info->ffn, &layer->down) &&
           (!info->sandwich_norms ||
            (take_vector(l, n, names->post_attn_norm, "weight", hidden, &layer->post_attn_norm) &&
             take_vector(l, n, names->post_ffn_norm, "weight", hidden, &layer->post_ffn_norm)));
}

/* ---------------------------------------------------------------- the whole model */

/* Whether there are biases is a property of the model: layer 0 tells, the others must follow
 * (a bias too many is found as an unused tensor). */
static gboolean settle_bias(Loader *l)
{
    const Names *names = l->names;
    gboolean found = exists(l, 0, names->qkv, "bias") || exists(l, 0, names->q, "bias") ||
                     exists(l, 0, names->k, "bias") || exists(l, 0, names->v, "bias");

    if (l->hints->qkv_bias != HPARAM_UNSAID && found != (l->hints->qkv_bias == HPARAM_YES))
        return model_fail(l->error, l->path, "the configuration says that Q, K and V have %s bias, but the tensors "
                          "have %s", found ? "no" : "a", found ? "one" : "none");
    l->weights->info.qkv_bias = found;
    return TRUE;
}

static gboolean take_embedding(Loader *l)
{
    Weights *w = l->weights;

    if (!take_matrix(l, -1, l->names->embedding, w->info.vocabulary, w->info.hidden, &w->embedding))
        return FALSE;
    if (w->embedding.rows > MAX_VOCABULARY)
        return model_fail(l->error, l->path, "the embedding of %" G_GINT64_FORMAT " rows is too large",
                          w->embedding.rows);
    w->info.vocabulary = (int) w->embedding.rows;
    return TRUE;
}

static gboolean take_output(Loader *l)
{
    Weights *w = l->weights;
    gboolean stored = exists(l, -1, l->names->output, "weight");

    w->info.tied_output = l->hints->tied_output == HPARAM_YES || (l->hints->tied_output == HPARAM_UNSAID && !stored);
    if (!take_vector(l, -1, l->names->output_norm, "weight", w->info.hidden, &w->output_norm))
        return FALSE;
    if (w->info.tied_output) {
        w->output = w->embedding;
        return TRUE;
    }
    return take_matrix(l, -1, l->names->output, w->info.vocabulary, w->info.hidden, &w->output);
}

/* A tensor of a layer that was not asked for belongs to a model that computes something else.
 * Others are ignored: the rotary table, a vision tower, the output matrix of a tied model. */
static gboolean check_unused(Loader *l)
{
    GHashTableIter iterator;
    gpointer key, value;

    g_hash_table_iter_init(&iterator, l->checkpoint->tensors);
    while (g_hash_table_iter_next(&iterator, &key, &value)) {
        const char *name = key;
        if (g_hash_table_contains(l->used, value) || g_str_has_suffix(name, "inv_freq"))
            continue;
        if (g_str_has_prefix(name, l->names->layer))
            return model_fail(l->error, l->path, "tensor %s has no place in a %s model of %d layers", name,
                              l->weights->info.architecture, l->weights->info.layers);
    }
    return TRUE;
}

static gboolean take_all(Loader *l)
{
    Weights *w = l->weights;

    /* A layer has several tensors: a bound before anything is allocated. */
    if ((guint) w->info.layers > g_hash_table_size(l->checkpoint->tensors))
        return model_fail(l->error, l->path, "claims %d layers, but has only %u tensors", w->info.layers,
                          g_hash_table_size(l->checkpoint->tensors));
    if (!take_embedding(l) || !settle_bias(l))
        return FALSE;
    w->layers = g_new0(LayerWeights, w->info.layers);
    for (int n = 0; n < w->info.layers; n++)
        if (!take_layer(l, n))
            return FALSE;
    return take_output(l) && check_unused(l);
}

/* ---------------------------------------------------------------- the summary */

typedef struct {
    const char *name;
    guint count;
    guint64 bytes;
} TypeCount;

static int by_bytes(gconstpointer left, gconstpointer right)
{
    const TypeCount *a = left, *b = right;

    return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

/* "Q4_K 161, Q6_K 1, F32 201": what takes most bytes first. */
static char *describe_types(const GPtrArray *tensors)
{
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(TypeCount));
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < tensors->len; i++) {
        const StoredTensor *tensor = tensors->pdata[i];
        guint j = 0;
        while (j < counts->len && strcmp(g_array_index(counts, TypeCount, j).name, tensor->type_text) != 0)
            j++;
        if (j == counts->len) {
            TypeCount fresh = { tensor->type_text, 0, 0 };
            g_array_append_val(counts, fresh);
        }
        g_array_index(counts, TypeCount, j).count++;
        g_array_index(counts, TypeCount, j).bytes += tensor->bytes;
    }
    g_array_sort(counts, by_bytes);
    for (guint i = 0; i < counts->len; i++) {
        const TypeCount *count = &g_array_index(counts, TypeCount, i);
        g_string_append_printf(text, "%s%s %u", i ? ", " : "", count->name, count->count);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void summarise(Loader *l, const char *format, GPtrArray *warnings)
{
    ModelInfo *info = &l->weights->info;

    info->path = g_strdup(l->path);
    info->format = g_strdup(format);
    if (info->name == NULL || *info->name == '\0') {
        g_free(info->name);
        info->name = g_path_get_basename(l->path);
    }
    for (guint i = 0; i < l->used_list->len; i++) {
        const StoredTensor *tensor = l->used_list->pdata[i];
        info->parameters += stored_rows(tensor) * tensor->dims[tensor->n_dims - 1];
        info->bytes += tensor->bytes;
    }
    info->weight_types = describe_types(l->used_list);
    info->fingerprint = fingerprint_compute(info, l->used_list, l->weights->tokenizer);
    if (strcmp(format, "GGUF") == 0)
        hparams_warn(info, warnings);
    g_ptr_array_add(warnings, NULL);
    info->warnings = g_strdupv((char **) warnings->pdata);
}

static gboolean load(Loader *l)
{
    l->used = g_hash_table_new(NULL, NULL);
    l->used_list = g_ptr_array_new();
    return take_all(l);
}

static void loader_clear(Loader *l)
{
    g_clear_pointer(&l->used, g_hash_table_unref);
    g_clear_pointer(&l->used_list, g_ptr_array_unref);
}

static void unref_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

static Weights *weights_new(void)
{
    Weights *weights = g_new0(Weights, 1);

    weights->owned = g_ptr_array_new_with_free_func(unref_bytes);
    return weights;
}

/* The mappings live as long as the weights; names and table go. */
static void keep_mappings(Weights *weights, const Checkpoint *checkpoint)
{
    for (guint i = 0; i < checkpoint->mappings->len; i++)
        g_ptr_array_add(weights->owned, g_bytes_ref(checkpoint->mappings->pdata[i]));
}

/* Takes all tensors, then the tokenizer through FIND_TOKENIZER, then sums up. */
typedef Tokenizer *(*TokenizerFunc)(gconstpointer source, const ModelInfo *info, GPtrArray *warnings, GError **error);

static gboolean fill(Weights *weights, const char *path, const char *format, const Checkpoint *checkpoint,
                     const Names *names, const HparamHints *hints, TokenizerFunc find_tokenizer, gconstpointer source,
                     GError **error)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) reason = NULL;
    Loader loader = { weights, path, checkpoint, names, hints, NULL, NULL, error };

    keep_mappings(weights, checkpoint);
    gboolean good = load(&loader);
    if (good)
        weights->tokenizer = find_tokenizer(source, &weights->info, warnings, &reason);
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        good = FALSE;
    }
    if (good)
        summarise(&loader, format, warnings);
    loader_clear(&loader);
    return good;
}

static Tokenizer *gguf_tokenizer(gconstpointer source, const ModelInfo *info, GPtrArray *warnings, GError **error)
{
    return vocabulary_from_gguf(source, info->vocabulary, warnings, error);
}

Weights *weights_from_gguf(GBytes *bytes, const char *path, GError **error)
{
    g_autoptr(Gguf) gguf = gguf_parse(bytes, path, error);
    g_autoptr(Weights) weights = weights_new();
    HparamHints hints;

    if (gguf == NULL || !hparams_from_gguf(gguf, &weights->info, &hints, error) ||
        !fill(weights, path, "GGUF", gguf->checkpoint, &gguf_names, &hints, gguf_tokenizer, gguf, error))
        return NULL;
    return g_steal_pointer(&weights);
}

/* The tokenizer.model of a folder, else its tokenizer.json, else none. */
static Tokenizer *folder_tokenizer(gconstpointer source, const ModelInfo *info, GPtrArray *warnings, GError **error)
{
    g_autofree char *path = g_build_filename(source, "tokenizer.model", NULL);
    g_autofree char *json = g_build_filename(source, "tokenizer.json", NULL);

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        if (!g_file_test(json, G_FILE_TEST_EXISTS))
            return NULL;
        g_autoptr(GBytes) bytes = checkpoint_map(json, error);
        return bytes ? vocabulary_from_json(bytes, json, info->vocabulary, warnings, error) : NULL;
    }
    Tokenizer *tokenizer = tokenizer_load(path, error);
    if (tokenizer && tokenizer_size(tokenizer) > (gsize) info->vocabulary) {
        model_fail(error, path, "has %" G_GSIZE_FORMAT " tokens, but the model's vocabulary only %d",
                   tokenizer_size(tokenizer), info->vocabulary);
        g_clear_pointer(&tokenizer, tokenizer_free);
    }
    return tokenizer;
}

static gboolean add_folder(Checkpoint *checkpoint, const char *folder, GError **error)
{
    g_autofree char *index = g_build_filename(folder, "model.safetensors.index.json", NULL);
    g_autofree char *single = g_build_filename(folder, "model.safetensors", NULL);

    if (g_file_test(index, G_FILE_TEST_EXISTS))
        return safetensors_add_index(checkpoint, index, error);
    if (g_file_test(single, G_FILE_TEST_EXISTS))
        return safetensors_add_file(checkpoint, single, error);
    return model_fail(error, folder, "has neither model.safetensors nor model.safetensors.index.json; kvasir opens GGUF "
                      "files and Hugging Face folders with safetensors");
}

static const Names *folder_names(const Checkpoint *checkpoint, const HparamHints *hints)
{
    if (!hints->remote)
        return &native_names;
    return checkpoint_find(checkpoint, "embedding.word_embeddings.weight") ? &bare_remote_names : &remote_names;
}

/* FILE is an index or a single file in FOLDER; NULL: the folder's usual one. */
static Weights *open_folder(const char *folder, const char *file, GError **error)
{
    g_autofree char *config_path = g_build_filename(folder, "config.json", NULL);
    g_autoptr(JsonObject) config = json_file_load(config_path, error);
    g_autoptr(Weights) weights = weights_new();
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    HparamHints hints;

    if (config == NULL || !hparams_from_json(config, config_path, &weights->info, &hints, error))
        return NULL;
    gboolean added = file == NULL ? add_folder(checkpoint, folder, error)
                     : g_str_has_suffix(file, ".json") ? safetensors_add_index(checkpoint, file, error)
                     : safetensors_add_file(checkpoint, file, error);
    if (!added)
        return NULL;
    g_autofree char *full = g_canonicalize_filename(folder, NULL);
    weights->info.name = g_path_get_basename(full);
    if (!fill(weights, file ? file : folder, "safetensors", checkpoint, folder_names(checkpoint, &hints), &hints,
              folder_tokenizer, folder, error))
        return NULL;
    return g_steal_pointer(&weights);
}

Weights *weights_open(const char *path, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_autofree char *config = g_build_filename(path, "config.json", NULL);
        if (!g_file_test(config, G_FILE_TEST_EXISTS)) {
            model_fail(error, path, "has no config.json; kvasir opens GGUF files and Hugging Face folders with safetensors");
            return NULL;
        }
        return open_folder(path, NULL, error);
    }
    if (g_str_has_suffix(path, ".safetensors") || g_str_has_suffix(path, ".safetensors.index.json")) {
        g_autofree char *folder = g_path_get_dirname(path);
        return open_folder(folder, path, error);
    }
    g_autoptr(GBytes) bytes = checkpoint_map(path, error);
    return bytes ? weights_from_gguf(bytes, path, error) : NULL;
}

static void info_clear(ModelInfo *info)
{
    g_free(info->path);
    g_free(info->name);
    g_free(info->architecture);
    g_free(info->format);
    g_free(info->weight_types);
    g_free(info->fingerprint);
    g_strfreev(info->warnings);
    memset(info, 0, sizeof *info);
}

void weights_free(Weights *weights)
{
    if (weights == NULL)
        return;
    info_clear(&weights->info);
    g_free(weights->layers);
    tokenizer_free(weights->tokenizer);
    g_ptr_array_unref(weights->owned);
    g_free(weights);
}

ModelInfo *model_info_read(const char *path, GError **error)
{
    g_autoptr(Weights) weights = weights_open(path, error);

    if (weights == NULL)
        return NULL;
    ModelInfo *info = g_memdup2(&weights->info, sizeof weights->info);
    memset(&weights->info, 0, sizeof weights->info);
    return info;
}

void model_info_free(ModelInfo *info)
{
    if (info == NULL)
        return;
    info_clear(info);
    g_free(info);
}
