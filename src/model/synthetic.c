/* synthetic.c - weights of a given shape made in memory. */
#include "config.h"
#include "src/model/synthetic.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "src/base/failure.h"
#include "src/model/threads.h"

#define GAIN 0.7

typedef struct {
    Weights *weights;
    guint64 seed;               /* of the next tensor */
    GError **error;
} Maker;

typedef struct {
    const char *name;
    TensorType base, qkv, output;
} Recipe;

/* "q4_k_m" mixes as llama.cpp does; the output matrix is the finer one there. */
static const Recipe recipes[] = {
    { "f32", TYPE_F32, TYPE_F32, TYPE_F32 }, { "f16", TYPE_F16, TYPE_F16, TYPE_F16 },
    { "bf16", TYPE_BF16, TYPE_BF16, TYPE_BF16 }, { "q8_0", TYPE_Q8_0, TYPE_Q8_0, TYPE_Q8_0 },
    { "q4_0", TYPE_Q4_0, TYPE_Q4_0, TYPE_Q6_K }, { "q5_0", TYPE_Q5_0, TYPE_Q5_0, TYPE_Q6_K },
    { "q4_k", TYPE_Q4_K, TYPE_Q4_K, TYPE_Q6_K }, { "q5_k", TYPE_Q5_K, TYPE_Q5_K, TYPE_Q6_K },
    { "q6_k", TYPE_Q6_K, TYPE_Q6_K, TYPE_Q6_K }, { "q4_k_m", TYPE_Q4_K, TYPE_Q5_K, TYPE_Q6_K },
};

/* splitmix64: each call a new number, each seed another sequence. */
static guint64 next_random(guint64 *state)
{
    guint64 z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void put_half(guint8 *at, double value)
{
    guint16 half = GUINT16_TO_LE(float_to_f16((float) value));

    memcpy(at, &half, sizeof half);
}

/* A block of random codes gets scales that give the deviation STD. */
static void set_scales(TensorType type, guint8 *block, double std)
{
    double d = std / (type == TYPE_Q4_K ? 4.61 : 9.23) / 32;

    switch (type) {
    case TYPE_Q4_0:
        put_half(block, std / 4.61);
        break;
    case TYPE_Q5_0:
        put_half(block, std / 9.23);
        break;
    case TYPE_Q8_0:
        put_half(block, std / 73.9);
        break;
    case TYPE_Q4_K:
    case TYPE_Q5_K:             /* all scales and minima are 32 */
        put_half(block, d);
        put_half(block + 2, d * (type == TYPE_Q4_K ? 7.5 : 15.5));
        memset(block + 4, 0xa0, 8);
        memset(block + 12, 0, 4);
        break;
    default:                    /* Q6_K */
        memset(block + 192, 32, 16);
        put_half(block + 208, std / 18.5 / 32);
        break;
    }
}

/* Uniform in -1 .. 1 times sqrt(3): deviation 1. */
static float next_float(guint64 *state, double std)
{
    return (float) (((double) (next_random(state) >> 11) / 4503599627370496.0 - 1) * sqrt(3) * std);
}

static void fill_floats(TensorType type, guint8 *row, gsize columns, guint64 state, double std)
{
    for (gsize i = 0; i < columns; i++) {
        float value = next_float(&state, std);
        guint32 bits;

        memcpy(&bits, &value, sizeof bits);
        if (type == TYPE_F32) {
            memcpy(row + 4 * i, &value, 4);
        } else {
            guint16 half = type == TYPE_F16 ? float_to_f16(value) : (guint16) (bits >> 16);
            memcpy(row + 2 * i, &half, 2);
        }
    }
}

static void fill_row(TensorType type, guint8 *row, gsize columns, guint64 state, double std)
{
    gsize bytes = type_row_bytes(type, columns), block = type_block_bytes(type);

    if (type_block(type) == 1) {
        fill_floats(type, row, columns, state, std);
        return;
    }
    for (gsize at = 0; at < bytes; at += 8) {
        guint64 value = next_random(&state);
        memcpy(row + at, &value, MIN(8, bytes - at));
    }
    for (gsize at = 0; at < bytes; at += block)
        set_scales(type, row + at, std);
}

/* K-quants need rows of whole blocks of 256; llama.cpp's quantiser falls back so. */
static TensorType fitting(TensorType type, gsize columns)
{
    if (columns % type_block(type) == 0)
        return type;
    return type == TYPE_Q4_K ? TYPE_Q5_0 : TYPE_Q8_0;
}

typedef struct {
    void *data;
    gsize bytes;
} Mapping;

static void unmap(gpointer data)
{
    Mapping *mapping = data;

    munmap(mapping->data, mapping->bytes);
    g_free(mapping);
}

/* Memory that belongs to the weights; zeros. */
static guint8 *take(Maker *m, gsize bytes)
{
    void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Mapping *mapping;

    if (data == MAP_FAILED) {
        if (*m->error == NULL)
            g_set_error(m->error, FAILURE, FAILURE_SYSTEM, "no memory for the weights: %" G_GSIZE_FORMAT
                        " bytes more are needed; use fewer layers or a smaller type", bytes);
        return NULL;
    }
    mapping = g_new(Mapping, 1);
    *mapping = (Mapping) { data, bytes };
    g_ptr_array_add(m->weights->owned, g_bytes_new_with_free_func(data, bytes, unmap, mapping));
    m->weights->info.bytes += bytes;
    return data;
}

static Tensor matrix(Maker *m, TensorType type, gint64 rows, gint64 columns)
{
    TensorType fit = fitting(type, (gsize) columns);
    gsize row_bytes = type_row_bytes(fit, (gsize) columns);
    guint8 *data = take(m, row_bytes * (gsize) rows);
    guint64 seed = m->seed += 0x100000000u;
    double std = GAIN / sqrt((double) columns);

    if (data != NULL) {
        #pragma omp parallel for schedule(static) num_threads(threads_count(0))
        for (gint64 r = 0; r < rows; r++)
            fill_row(fit, data + row_bytes * (gsize) r, (gsize) columns, seed + (guint64) r, std);
    }
    m->weights->info.parameters += (guint64) rows * (guint64) columns;
    return (Tensor) { data, fit, rows, columns, NULL };
}

/* A norm: ones. */
static Tensor ones(Maker *m, gint64 n)
{
    float *data = (float *) (void *) take(m, sizeof(float) * (gsize) n);

    for (gint64 i = 0; data != NULL && i < n; i++)
        data[i] = 1;
    m->weights->info.parameters += (guint64) n;
    return (Tensor) { (guint8 *) data, TYPE_F32, 1, n, NULL };
}

static Tensor bias(Maker *m, gint64 n)
{
    guint8 *data = take(m, sizeof(float) * (gsize) n);

    if (data != NULL)
        fill_floats(TYPE_F32, data, (gsize) n, m->seed += 0x100000000u, 0.1);
    m->weights->info.parameters += (guint64) n;
    return (Tensor) { data, TYPE_F32, 1, n, NULL };
}

static void make_layer(Maker *m, const Recipe *recipe, int n)
{
    const ModelInfo *info = &m->weights->info;
    LayerWeights *l = &m->weights->layers[n];
    gint64 hidden = info->hidden, ffn = info->ffn, q = (gint64) info->heads * info->head_dim;
    gint64 kv = (gint64) info->kv_heads * info->head_dim;
    gboolean mixed = recipe->qkv != recipe->base;
    /* The layers that llama.cpp gives more bits to. */
    gboolean more = mixed && (n < info->layers / 8 || n >= 7 * info->layers / 8 || (n - info->layers / 8) % 3 == 2);

    l->attn_norm = ones(m, hidden);
    l->q = matrix(m, recipe->qkv, q, hidden);
    l->k = matrix(m, recipe->qkv, kv, hidden);
    l->v = matrix(m, recipe->qkv, kv, hidden);
    l->q_bias = bias(m, q);
    l->k_bias = bias(m, kv);
    l->v_bias = bias(m, kv);
    l->o = matrix(m, recipe->base, hidden, q);
    l->ffn_norm = ones(m, hidden);
    l->gate = matrix(m, recipe->base, ffn, hidden);
    l->up = matrix(m, recipe->base, ffn, hidden);
    l->down = matrix(m, more ? TYPE_Q6_K : recipe->base, hidden, ffn);
}

static const Recipe *find_recipe(const char *type, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(recipes); i++)
        if (g_ascii_strcasecmp(recipes[i].name, type) == 0)
            return &recipes[i];
    g_set_error(error, FAILURE, FAILURE_USAGE, "there is no weight type \"%s\" to make; use q4_0, q5_0, q8_0, q4_k, q5_k, "
                "q6_k, q4_k_m, bf16, f16 or f32", type);
    return NULL;
}

static void describe(ModelInfo *info, const EngineShape *shape)
{
    static const char *const no_warnings[] = { NULL };

    info->path = g_strdup("(in memory)");
    info->name = g_strdup_printf("synthetic %s, %d layers, %s", shape->name, shape->layers, shape->type);
    info->architecture = g_strdup("chatglm");
    info->format = g_strdup("memory");
    info->weight_types = g_strdup(shape->type);
    info->fingerprint = g_compute_checksum_for_string(G_CHECKSUM_SHA256, info->name, -1);
    info->warnings = g_strdupv((char **) (guintptr) no_warnings);
    info->layers = shape->layers;
    info->hidden = shape->hidden;
    info->heads = shape->heads;
    info->kv_heads = shape->kv_heads;
    info->head_dim = shape->head_dim;
    info->ffn = shape->ffn;
    info->vocabulary = shape->vocabulary;
    info->context = shape->context;
    info->rotary_dim = shape->head_dim / 2;
    info->rope_theta = 5e6;
    info->norm_eps = 1.5625e-07;
    info->qkv_bias = TRUE;
}

Weights *synthetic_weights(const EngineShape *shape, GError **error)
{
    const Recipe *recipe = find_recipe(shape->type, error);
    GError *local = NULL;
    Maker m = { .seed = 1, .error = &local };

    if (recipe == NULL)
        return NULL;
    g_autoptr(Weights) w = m.weights = g_new0(Weights, 1);
    w->owned = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    describe(&w->info, shape);
    w->layers = g_new0(LayerWeights, shape->layers);
    w->embedding = matrix(&m, recipe->base, shape->vocabulary, shape->hidden);
    for (int n = 0; n < shape->layers && local == NULL; n++)
        make_layer(&m, recipe, n);
    w->output_norm = ones(&m, shape->hidden);
    w->output = matrix(&m, recipe->output, shape->vocabulary, shape->hidden);
    if (local != NULL) {
        g_propagate_error(error, local);
        return NULL;
    }
    return g_steal_pointer(&w);
}
