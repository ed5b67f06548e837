/* forward.c - the forward pass of a batch of tokens.
 *
 *   h = embedding[id]
 *   each layer:  h += post(Wo attention(rope(Wq x + bq), rope(Wk x + bk), Wv x + bv)),  x = rmsnorm(h)
 *                h += post(Wdown (silu(Wgate x) * (Wup x))),                             x = rmsnorm(h)
 *   logits = Wout rmsnorm(h)
 *
 * post() is a further rmsnorm in the glm4 architecture and nothing in chatglm.
 * RoPE turns neighbouring pairs of the first rotary_dim values of each head;
 * angles are made in double and rounded once.
 */
#include "config.h"
#include <math.h>
#include <string.h>

#include "src/base/interrupt.h"
#include "src/model/session.h"
#include "src/model/threads.h"

#define ROWS_PER_TASK (2 * KERNEL_PANEL)        /* rows of a linear layer that a thread takes at a time */

static gboolean is_float(TensorType type)
{
    return type == TYPE_F32 || type == TYPE_F16 || type == TYPE_BF16;
}

static Matrix as_matrix(const Tensor *t)
{
    return (Matrix) { t->type, t->data, (gsize) t->rows, (gsize) t->columns,
                      type_row_bytes(t->type, (gsize) t->columns), t->panels };
}

/* Quantises row T of X, of COLUMNS values. */
static void quantize_row(const Batch *b, const float *x, gsize t, gsize columns)
{
    gsize groups = columns / KERNEL_GROUP;

    b->engine->kernels->quantize(x + t * columns, columns, b->codes + t * columns, b->code_scale + t * groups,
                                 b->code_sum + t * groups, b->code_sums + t * groups);
}

/* The codes of TOKENS rows that quantize_row() has made. */
static QuantizedBatch codes_of(const Batch *b, gsize tokens, gsize columns)
{
    return (QuantizedBatch) { tokens, columns, b->codes, b->code_scale, b->code_sum, b->code_sums };
}

/* out[t * stride + r] = (W x_t)_r + bias_r.  CODES is x quantised, for the
 * integer sets; FULL means BLAS. */
static void linear(const Batch *b, const Tensor *w, const Tensor *bias, const float *x,
                   const QuantizedBatch *codes, gsize tokens, float *out, gsize stride)
{
    const Kernels *kernels = b->engine->kernels;
    Matrix m = as_matrix(w);
    gboolean blas = b->engine->blas, floats = is_float(w->type);
    gsize step = blas ? KERNEL_BLAS_PANEL : ROWS_PER_TASK;
    gboolean split = m.rows * m.columns * tokens >= THREADS_WORTH;

    #pragma omp parallel for schedule(dynamic) num_threads(b->engine->threads) if (split)
    for (gsize first = 0; first < m.rows; first += step) {
        gsize count = MIN(step, m.rows - first);
        void *scratch = b->scratch[threads_current()];

        if (blas)
            blas_linear(&m, first, count, x, tokens, out, stride, scratch);
        else if (floats)
            kernels->linear_float(&m, first, count, x, tokens, out, stride, scratch);
        else
            kernels->linear(&m, first, count, codes, out, stride, scratch);
        if (bias->data) {
            const float *add = (const float *) (const void *) bias->data;
            for (gsize t = 0; t < tokens; t++)
                for (gsize r = first; r < first + count; r++)
                    out[t * stride + r] += add[r];
        }
    }
}

/* Whether one of the N matrices multiplies codes. */
static gboolean wants_codes(const Batch *b, const Tensor *const *matrices, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (!b->engine->blas && !is_float(matrices[i]->type))
            return TRUE;
    return FALSE;
}

static void norm_row(const Batch *b, const Tensor *w, const float *x, float *y)
{
    const ModelInfo *info = &b->engine->weights->info;

    kernel_rmsnorm(x, (const float *) (const void *) w->data, (float) info->norm_eps, y, (gsize) info->hidden);
}

/* batch->x = rmsnorm of TOKENS rows of X; returns the codes of that where one of the N matrices needs them. */
static QuantizedBatch norm_rows(const Batch *b, const Tensor *w, const float *x, gsize tokens,
                                const Tensor *const *matrices, gsize n)
{
    gsize hidden = (gsize) b->engine->weights->info.hidden;
    gboolean wanted = wants_codes(b, matrices, n), split = tokens * hidden >= THREADS_WORTH_VALUES;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (split)
    for (gsize t = 0; t < tokens; t++) {
        norm_row(b, w, x + t * hidden, b->x + t * hidden);
        if (wanted)
            quantize_row(b, b->x, t, hidden);
    }
    return codes_of(b, tokens, hidden);
}

/* h += y, with the further norm of glm4 before. */
static void add_residual(Batch *b, const Tensor *post, float *y)
{
    gsize n = (gsize) b->engine->weights->info.hidden;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (b->tokens * n >= THREADS_WORTH_VALUES)
    for (gsize t = 0; t < b->tokens; t++) {
        float *h = b->hidden + t * n, *add = y + t * n;

        if (post->data)
            norm_row(b, post, add, add);
        for (gsize i = 0; i < n; i++)
            h[i] += add[i];
    }
}

static void rope_angles(Batch *b)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize half = (gsize) info->rotary_dim / 2;

    for (gsize i = 0; i < half; i++) {
        double frequency = pow(info->rope_theta, -2.0 * (double) i / info->rotary_dim);
        for (gsize t = 0; t < b->tokens; t++) {
            double angle = (double) b->place[t].position * frequency;
            b->cosine[t * half + i] = (float) cos(angle);
            b->sine[t * half + i] = (float) sin(angle);
        }
    }
}

static void rotate(const Batch *b, gsize t, float *x)
{
    gsize half = (gsize) b->engine->weights->info.rotary_dim / 2;
    const float *c = b->cosine + t * half, *n = b->sine + t * half;

    for (gsize i = 0; i < half; i++) {
        float u = x[2 * i], v = x[2 * i + 1];
        x[2 * i] = u * c[i] - v * n[i];
        x[2 * i + 1] = u * n[i] + v * c[i];
    }
}

/* Rotates q and k of token T where they lie; q goes to batch->q by KV head, times SCALE. */
static void rotate_token(const Batch *b, gsize t, float *q, float scale)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize dim = (gsize) info->head_dim, heads = (gsize) info->heads, per_kv = heads / (gsize) info->kv_heads;

    for (gsize h = 0; h < heads; h++) {
        float *to = b->q + ((h / per_kv * b->tokens + t) * per_kv + h % per_kv) * dim;

        rotate(b, t, q + h * dim);
        for (gsize d = 0; d < dim; d++)
            to[d] = q[h * dim + d] * scale;
    }
    for (gsize h = heads; h < heads + (gsize) info->kv_heads; h++)
        rotate(b, t, q + h * dim);
}

/* The scale is log2(e)/sqrt(dim), since the kernels' exponentials are of base 2. */
static void rotate_batch(Batch *b, float *qkv, gsize stride)
{
    float scale = (float) (M_LOG2E / sqrt((double) b->engine->weights->info.head_dim));

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (b->tokens * stride >= THREADS_WORTH_VALUES)
    for (gsize t = 0; t < b->tokens; t++)
        rotate_token(b, t, qkv + t * stride, scale);
}

/* batch->x = silu(gate) * up, which lie side by side in batch->y; returns the codes of that where DOWN needs them. */
static QuantizedBatch swiglu_rows(const Batch *b, const Tensor *down)
{
    gsize n = (gsize) b->engine->weights->info.ffn;
    gboolean wanted = wants_codes(b, &down, 1);

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (b->tokens * n >= THREADS_WORTH_VALUES)
    for (gsize t = 0; t < b->tokens; t++) {
        b->engine->kernels->swiglu(b->y + t * 2 * n, b->y + t * 2 * n + n, b->x + t * n, n);
        if (wanted)
            quantize_row(b, b->x, t, n);
    }
    return codes_of(b, b->tokens, n);
}

/* The codes of batch->x, the heads' outputs, where the matrix O needs them. */
static QuantizedBatch quantize_heads(const Batch *b, const Tensor *o)
{
    gsize n = (gsize) o->columns;
    gsize tokens = wants_codes(b, &o, 1) ? b->tokens : 0;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (tokens * n >= THREADS_WORTH_VALUES)
    for (gsize t = 0; t < tokens; t++)
        quantize_row(b, b->x, t, n);
    return codes_of(b, b->tokens, n);
}

static void attention_block(Batch *b, int index)
{
    const ModelInfo *info = &b->engine->weights->info;
    const LayerWeights *l = &b->engine->weights->layers[index];
    gsize q_width = (gsize) l->q.rows, kv_width = (gsize) l->k.rows, stride = q_width + 2 * kv_width;
    const Tensor *qkv[] = { &l->q, &l->k, &l->v };
    static const Tensor none;
    QuantizedBatch codes;

    codes = norm_rows(b, &l->attn_norm, b->hidden, b->tokens, qkv, 3);
    linear(b, &l->q, &l->q_bias, b->x, &codes, b->tokens, b->y, stride);
    linear(b, &l->k, &l->k_bias, b->x, &codes, b->tokens, b->y + q_width, stride);
    linear(b, &l->v, &l->v_bias, b->x, &codes, b->tokens, b->y + q_width + kv_width, stride);
    rotate_batch(b, b->y, stride);
    attention_store(b, index, b->y + q_width, b->y + q_width + kv_width, stride);
    attention(b, index);
    codes = quantize_heads(b, &l->o);
    linear(b, &l->o, &none, b->x, &codes, b->tokens, b->y, (gsize) info->hidden);
    add_residual(b, &l->post_attn_norm, b->y);
}

static void ffn_block(Batch *b, int index)
{
    const ModelInfo *info = &b->engine->weights->info;
    const LayerWeights *l = &b->engine->weights->layers[index];
    gsize ffn = (gsize) info->ffn;
    const Tensor *gate_up[] = { &l->gate, &l->up };
    static const Tensor none;
    QuantizedBatch codes;

    codes = norm_rows(b, &l->ffn_norm, b->hidden, b->tokens, gate_up, 2);
    linear(b, &l->gate, &none, b->x, &codes, b->tokens, b->y, 2 * ffn);
    linear(b, &l->up, &none, b->x, &codes, b->tokens, b->y + ffn, 2 * ffn);
    codes = swiglu_rows(b, &l->down);
    linear(b, &l->down, &none, b->x, &codes, b->tokens, b->y, (gsize) info->hidden);
    add_residual(b, &l->post_ffn_norm, b->y);
}

gboolean forward_tokens(Batch *b, const gint32 *tokens, GError **error)
{
    const Weights *w = b->engine->weights;
    gsize hidden = (gsize) w->info.hidden;
    Matrix embedding = as_matrix(&w->embedding);

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (b->tokens * hidden >= THREADS_WORTH_VALUES)
    for (gsize t = 0; t < b->tokens; t++)
        type_to_float(embedding.type, embedding.data + (gsize) tokens[t] * embedding.row_bytes,
                      b->hidden + t * hidden, hidden);
    rope_angles(b);
    for (int i = 0; i < w->info.layers; i++) {
        if (interrupt_check(error))
            return FALSE;
        attention_block(b, i);
        ffn_block(b, i);
    }
    return TRUE;
}

void forward_logits(Batch *b, const float *hidden, gsize n, float *logits)
{
    const Weights *w = b->engine->weights;
    const Tensor *output[] = { &w->output };
    static const Tensor none;

    QuantizedBatch codes = norm_rows(b, &w->output_norm, hidden, n, output, 1);
    linear(b, &w->output, &none, b->x, &codes, n, logits, (gsize) w->info.vocabulary);
}
