/* session.h - inside the engine: what a session is made of, and the batch that passes through the layers.
 *
 * Only engine.c, session.c, group.c, witness.c, attention.c and forward.c include this.
 *
 * KV memory is cut into segments of SEGMENT_TOKENS positions, [layer][tile][kv head][tile bytes], so
 * that a layer's part of a block is one run of bytes.  Forks share whole segments: a segment that more
 * than one session holds is read-only.  With int8 KV the newest
 * keys and values are also kept in float, in a ring of RAW_TILES tiles, [layer][tile mod RAW_TILES][kv
 * head][K dim x 64, V 64 x dim]: a tile is quantised when its 64th key
 * has come, and a query sees its own tile in float, always.
 *
 * A batch is rows of tokens on their way through the layers, of one session or of several.  What
 * computes it looks at nothing but each token's place, so that a token's state is the same in any company.
 */
#ifndef KVASIR_MODEL_SESSION_H
#define KVASIR_MODEL_SESSION_H

#include "src/kernel/kernel.h"
#include "src/model/engine.h"
#include "src/model/weights.h"

#define GROUP_TOKENS 8          /* tokens of a unit of work in attention */
#define RAW_TILES 8             /* at least (KERNEL_MAX_TOKENS / KERNEL_TILE) + 2 */
#define SEGMENT_TOKENS ((gsize) KERNEL_SEGMENT * KERNEL_TILE)

struct Engine {
    Weights *weights;
    const Kernels *kernels;
    gboolean blas;              /* linear layers in full precision through BLAS */
    int threads;
    char *arithmetic;
    PreparedState prepared;
    char *prepared_reason;      /* why a file of prepared weights is not used, or NULL */
};

/* Where a token of a batch belongs. */
typedef struct {
    Session *session;
    gsize position;
} Place;

/* Up to KERNEL_MAX_TOKENS tokens, those of one session side by side in ascending order, and the buffers
 * for them. */
typedef struct {
    const Engine *engine;
    gsize tokens;               /* in this batch */
    Place place[KERNEL_MAX_TOKENS];
    float *hidden;              /* tokens x hidden: the residual stream */
    float *x;                   /* tokens x widest: input of a linear layer */
    float *y;                   /* tokens x widest: output */
    float *q;                   /* [kv head][token][head of the group][dim], rotated and scaled */
    float *out;                 /* the same shape: attention's running output */
    float *max, *sum;           /* [kv head][token][head of the group] */
    gint16 *q16;
    float *q16_scale;
    guint8 *visible;            /* a byte for each row of one KV head: [token][head of the group] */
    gint8 *codes;               /* x quantised */
    float *code_scale, *code_sum;
    GroupSums *code_sums;
    float *cosine, *sine;       /* tokens x rotary_dim/2 */
    void **scratch;             /* one per thread */
    float *parts;               /* attention's partial states when keys are split */
    gsize parts_size;           /* floats */
    float *tile_max, *tile_sum; /* one allocation: [tile][row], of the layer at work, when a witness wants them */
    gsize tiles_size;           /* floats */
} Batch;

typedef struct Witness Witness;

typedef struct {
    gint refs;                  /* sessions that hold it; atomic */
    guint8 *data;
    gsize bytes;
} Segment;

struct Session {
    const Engine *engine;
    KvType type;
    TileKind kind;
    gsize capacity, length;
    gint32 *tokens;
    Segment **segments;         /* of the whole capacity, reserved from the beginning */
    gsize n_segments, tile_bytes;
    float *raw;
    gsize raw_tile[RAW_TILES];  /* which tile a slot of the ring holds; G_MAXSIZE: none */
    float *last_hidden;         /* residual stream of the last position */
    float *logits;
    gboolean have_hidden, have_logits;
    Witness *witness;           /* NULL: none */
    Batch *batch;               /* NULL until the session computes something itself */
};

/* Up to the segment's end a head's next tile follows after those of the other heads. */
static inline guint8 *session_tile(const Session *s, int layer, gsize tile, int head)
{
    gsize kv_heads = (gsize) s->engine->weights->info.kv_heads;
    gsize at = (gsize) layer * KERNEL_SEGMENT + tile % KERNEL_SEGMENT;

    return s->segments[tile / KERNEL_SEGMENT]->data + (at * kv_heads + (gsize) head) * s->tile_bytes;
}

/* K of a tile in the ring; V follows 64 * dim floats later. */
static inline float *session_raw(const Session *s, int layer, gsize tile, int head)
{
    const ModelInfo *info = &s->engine->weights->info;
    gsize slot = (gsize) layer * RAW_TILES + tile % RAW_TILES;

    return s->raw + (slot * (gsize) info->kv_heads + (gsize) head) * 2 * KERNEL_TILE * (gsize) info->head_dim;
}

/* session.c: the session's own batch, emptied. */
Batch *session_batch(Session *s);
/* session.c: N places for the tokens that follow in S, at the end of BATCH. */
void batch_place(Batch *batch, Session *s, gsize n);
/* session.c: the N TOKENS of a computed batch that were placed from FIRST on become part of S. */
void batch_take(const Batch *batch, gsize first, Session *s, const gint32 *tokens, gsize n);
/* session.c: computes the next tokens up to N or to the end of the block; returns their number, 0 when it was interrupted.
 * Nothing is checked. */
gsize session_append_piece(Session *s, const gint32 *tokens, gsize n, GError **error);
/* session.c: whether S takes N further TOKENS. */
gboolean session_check_tokens(const Session *s, const gint32 *tokens, gsize n, GError **error);

/* forward.c: computes the state of the batch's tokens, whose ids are TOKENS.  FALSE when it was interrupted, between layers (a
 * whole batch may take minutes): nothing of the batch is to be taken then; its sessions are as they were. */
gboolean forward_tokens(Batch *b, const gint32 *tokens, GError **error);
/* forward.c: logits of N rows of the residual stream (N <= KERNEL_MAX_TOKENS), VOCABULARY floats a row. */
void forward_logits(Batch *b, const float *hidden, gsize n, float *logits);
/* attention.c: for batch->q and the KV of LAYER (the batch's own included), batch->x = heads' outputs. */
void attention(Batch *b, int layer);
/* attention.c: puts the batch's keys and values of LAYER (rows of K and V in y with STRIDE) where they belong. */
void attention_store(Batch *b, int layer, const float *k, const float *v, gsize stride);

/* witness.c: a call begins that appends N tokens to S. */
void witness_begin(Session *s, gsize n);
/* witness.c: whether LAYER's tiles are wanted; and with tile_max, tile_sum and the totals there, keeps what is. */
gboolean witness_wants(const Batch *b, int layer);
void witness_note(Batch *b, int layer);
void witness_free(Witness *witness);

#endif
