/* session.h - inside the engine: what a session is made of.
 *
 * Only engine.c, session.c, attention.c and forward.c include this.
 *
 * KV memory is one reserved mapping, [layer][tile][kv head][tile bytes], so
 * that a layer's part of a block is one run of bytes.  With int8 KV the newest
 * keys and values are also kept in float, in a ring of RAW_TILES tiles, [layer][tile mod RAW_TILES][kv
 * head][K dim x 64, V 64 x dim]: a tile is quantised when its 64th key
 * has come, and a query sees its own tile in float, always.
 */
#ifndef KVASIR_MODEL_SESSION_H
#define KVASIR_MODEL_SESSION_H

#include "src/kernel/kernel.h"
#include "src/model/engine.h"
#include "src/model/weights.h"

#define GROUP_TOKENS 8          /* tokens of a unit of work in attention */
#define RAW_TILES 8             /* at least (KERNEL_MAX_TOKENS / KERNEL_TILE) + 2 */

struct Engine {
    Weights *weights;
    const Kernels *kernels;
    gboolean blas;              /* linear layers in full precision through BLAS */
    int threads;
    char *arithmetic;
};

/* Buffers of a batch of up to KERNEL_MAX_TOKENS tokens. */
typedef struct {
    gsize tokens;               /* in this batch */
    gsize start;                /* position of its first token */
    float *hidden;              /* tokens x hidden: the residual stream */
    float *x;                   /* tokens x widest: input of a linear layer */
    float *y;                   /* tokens x widest: output */
    float *q;                   /* [kv head][token][head of the group][dim], rotated and scaled */
    float *out;                 /* the same shape: attention's running output */
    float *max, *sum;           /* [kv head][token][head of the group] */
    gint8 *q8;
    float *q8_scale;
    guint8 *visible;            /* a byte for each row of one KV head: [token][head of the group] */
    gint8 *codes;               /* x quantised */
    float *code_scale, *code_sum;
    GroupSums *code_sums;
    float *cosine, *sine;       /* tokens x rotary_dim/2 */
} Batch;

struct Session {
    const Engine *engine;
    KvType type;
    TileKind kind;
    gsize capacity, length;
    gint32 *tokens;
    guint8 *kv;
    gsize kv_bytes, tiles, tile_bytes;
    float *raw;
    gsize raw_tile[RAW_TILES];  /* which tile a slot of the ring holds; G_MAXSIZE: none */
    float *last_hidden;         /* residual stream of the last position */
    float *logits;
    gboolean have_hidden, have_logits;
    Batch batch;
    void **scratch;             /* one per thread */
    float *parts;               /* attention's partial states when keys are split */
    gsize parts_size;           /* floats */
};

static inline guint8 *session_tile(const Session *s, int layer, gsize tile, int head)
{
    const ModelInfo *info = &s->engine->weights->info;

    return s->kv + (((gsize) layer * s->tiles + tile) * (gsize) info->kv_heads + (gsize) head) * s->tile_bytes;
}

/* K of a tile in the ring; V follows 64 * dim floats later. */
static inline float *session_raw(const Session *s, int layer, gsize tile, int head)
{
    const ModelInfo *info = &s->engine->weights->info;
    gsize slot = (gsize) layer * RAW_TILES + tile % RAW_TILES;

    return s->raw + (slot * (gsize) info->kv_heads + (gsize) head) * 2 * KERNEL_TILE * (gsize) info->head_dim;
}

/* forward.c: computes the state of the next N <= KERNEL_MAX_TOKENS tokens, which lie in one block. */
void forward_tokens(Session *s, const gint32 *tokens, gsize n);
/* forward.c: logits of N rows of the residual stream (N <= KERNEL_MAX_TOKENS), VOCABULARY floats a row. */
void forward_logits(Session *s, const float *hidden, gsize n, float *logits);
/* attention.c: for batch->q and the KV of LAYER (the batch's own included), batch->x = heads' outputs. */
void attention(Session *s, int layer);
/* attention.c: puts the batch's keys and values of LAYER (rows of K and V in y with STRIDE) where they belong. */
void attention_store(Session *s, int layer, const float *k, const float *v, gsize stride);

#endif
