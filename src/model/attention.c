/* attention.c - grouped-query attention of a batch over the session's KV.
 *
 * The query heads that share a KV head, times the tokens of a batch that lie in
 * one tile, are the rows of one product.  With many tokens the units of work are
 * groups of tokens; with few, the key segments as well, whose states are merged
 * in ascending order: the order in which a row takes its keys is the same either way.
 */
#include "config.h"
#include <string.h>

#include "src/model/session.h"
#include "src/model/threads.h"

/* Tokens FIRST .. FIRST+COUNT-1 of the batch, all in tile TILE. */
typedef struct {
    gsize first, count, tile;
} TokenGroup;

void attention_store(Session *s, int layer, const float *k, const float *v, gsize stride)
{
    const ModelInfo *info = &s->engine->weights->info;
    gsize dim = (gsize) info->head_dim;

    for (gsize t = 0; t < s->batch.tokens; t++) {
        gsize position = s->batch.start + t, tile = position / KERNEL_TILE, j = position % KERNEL_TILE;

        for (int h = 0; h < info->kv_heads; h++) {
            const float *from_k = k + t * stride + (gsize) h * dim, *from_v = v + t * stride + (gsize) h * dim;

            if (s->kind == TILE_F16) {
                guint16 *to = (guint16 *) (void *) session_tile(s, layer, tile, h);
                for (gsize d = 0; d < dim; d++) {
                    to[d * KERNEL_TILE + j] = float_to_f16(from_k[d]);
                    to[(KERNEL_TILE + j) * dim + d] = float_to_f16(from_v[d]);
                }
                continue;
            }
            float *to = s->kind == TILE_INT8 ? session_raw(s, layer, tile, h)
                                             : (float *) (void *) session_tile(s, layer, tile, h);
            for (gsize d = 0; d < dim; d++)
                to[d * KERNEL_TILE + j] = from_k[d];
            memcpy(to + (KERNEL_TILE + j) * dim, from_v, dim * sizeof *to);
            if (s->kind == TILE_INT8 && j == KERNEL_TILE - 1)
                s->engine->kernels->quantize_tile(to, to + KERNEL_TILE * dim, dim, session_tile(s, layer, tile, h));
        }
    }
}

/* Cuts the batch into groups; returns their number. */
static gsize cut_groups(const Batch *b, TokenGroup *groups)
{
    gsize n = 0;

    for (gsize t = 0; t < b->tokens; n++) {
        gsize position = b->start + t;
        gsize left = MIN(b->tokens - t, KERNEL_TILE - position % KERNEL_TILE);

        groups[n] = (TokenGroup) { t, MIN(left, GROUP_TOKENS), position / KERNEL_TILE };
        t += groups[n].count;
    }
    return n;
}

/* The rows of GROUP on KV head HEAD, and where their total goes. */
static AttendRows group_rows(const Session *s, int layer, int head, const TokenGroup *group, AttendState *total)
{
    const ModelInfo *info = &s->engine->weights->info;
    const Batch *b = &s->batch;
    gsize dim = (gsize) info->head_dim, per_kv = (gsize) (info->heads / info->kv_heads);
    gsize row = ((gsize) head * b->tokens + group->first) * per_kv;
    AttendRows rows = {
        .kind = s->kind, .dim = dim, .rows = group->count * per_kv,
        .q = b->q + row * dim, .q8 = b->q8 + row * dim, .q8_scale = b->q8_scale + row,
        .tiles = session_tile(s, layer, 0, head),
        .tile_stride = s->tile_bytes * (gsize) info->kv_heads,
        .own_tile = group->tile, .visible = b->visible + group->first * per_kv,
    };

    if (s->kind == TILE_INT8)
        rows.own_k = session_raw(s, layer, group->tile, head);
    else if (s->kind == TILE_F32)
        rows.own_k = (const float *) (const void *) session_tile(s, layer, group->tile, head);
    rows.own_v = rows.own_k ? rows.own_k + KERNEL_TILE * dim : NULL;
    *total = (AttendState) { b->max + row, b->sum + row, b->out + row * dim };
    return rows;
}

/* Scratch of a thread: kernel scratch, then a state for one segment of one group. */
static AttendState thread_state(const Session *s, int thread, gsize rows, gsize dim, void **kernel_scratch)
{
    float *f = s->scratch[thread];

    *kernel_scratch = f + rows * (dim + 2);
    return (AttendState) { f, f + rows, f + 2 * rows };
}

/* Whether attention is worth more than one thread. */
static gboolean worth(const Session *s)
{
    const ModelInfo *info = &s->engine->weights->info;

    return s->batch.tokens * (s->batch.start + s->batch.tokens) * (gsize) (info->heads * info->head_dim) >= THREADS_WORTH;
}

static void attend_whole(Session *s, int layer, const TokenGroup *groups, gsize n_groups)
{
    const Kernels *kernels = s->engine->kernels;
    int kv_heads = s->engine->weights->info.kv_heads, n = kv_heads * (int) n_groups;

    /* The last groups see the most keys: begin with them. */
    #pragma omp parallel for schedule(dynamic) num_threads(s->engine->threads) if (worth(s))
    for (int i = n - 1; i >= 0; i--) {
        AttendState total, part;
        AttendRows rows = group_rows(s, layer, i % kv_heads, groups + i / kv_heads, &total);
        void *scratch;

        part = thread_state(s, threads_current(), rows.rows, rows.dim, &scratch);
        kernels->attend_segment(&rows, 0, total, scratch);
        for (gsize g = 1; g <= rows.own_tile / KERNEL_SEGMENT; g++) {
            kernels->attend_segment(&rows, g, part, scratch);
            kernels->attend_merge(rows.rows, rows.dim, total, part);
        }
    }
}

/* State of segment G of a group that begins at row ROW of all heads' rows. */
static AttendState segment_state(const Session *s, gsize g, gsize row, gsize rows, gsize all_rows, gsize dim)
{
    float *f = s->parts + g * all_rows * (dim + 2) + row * (dim + 2);

    return (AttendState) { f, f + rows, f + 2 * rows };
}

static void attend_split(Session *s, int layer, const TokenGroup *groups, gsize n_groups)
{
    const Kernels *kernels = s->engine->kernels;
    const ModelInfo *info = &s->engine->weights->info;
    gsize all_rows = s->batch.tokens * (gsize) info->heads, dim = (gsize) info->head_dim;
    gsize segments = (s->batch.start + s->batch.tokens - 1) / (KERNEL_TILE * KERNEL_SEGMENT) + 1;
    gsize need = segments * all_rows * (dim + 2);
    int units = info->kv_heads * (int) n_groups, n = units * (int) segments;

    if (need > s->parts_size) {
        s->parts = g_renew(float, s->parts, need);
        s->parts_size = need;
    }
    #pragma omp parallel for schedule(dynamic) num_threads(s->engine->threads) if (worth(s))
    for (int i = 0; i < n; i++) {
        AttendState total;
        AttendRows rows = group_rows(s, layer, i % info->kv_heads, groups + i % units / info->kv_heads, &total);
        gsize segment = (gsize) (i / units), row = (gsize) (total.max - s->batch.max);

        if (segment <= rows.own_tile / KERNEL_SEGMENT)
            kernels->attend_segment(&rows, segment, segment_state(s, segment, row, rows.rows, all_rows, dim),
                                    s->scratch[threads_current()]);
    }
    for (int i = 0; i < units; i++) {
        AttendState total;
        AttendRows rows = group_rows(s, layer, i % info->kv_heads, groups + i / info->kv_heads, &total);
        gsize row = (gsize) (total.max - s->batch.max);
        AttendState first = segment_state(s, 0, row, rows.rows, all_rows, dim);

        memcpy(total.max, first.max, rows.rows * sizeof(float));
        memcpy(total.sum, first.sum, rows.rows * sizeof(float));
        memcpy(total.out, first.out, rows.rows * dim * sizeof(float));
        for (gsize g = 1; g <= rows.own_tile / KERNEL_SEGMENT; g++)
            kernels->attend_merge(rows.rows, dim, total, segment_state(s, g, row, rows.rows, all_rows, dim));
    }
}

/* batch->x[token][head] = out / sum, from the order of the KV heads to that of the heads. */
static void normalise(Session *s)
{
    const ModelInfo *info = &s->engine->weights->info;
    const Batch *b = &s->batch;
    gsize dim = (gsize) info->head_dim, per_kv = (gsize) (info->heads / info->kv_heads);

    for (gsize h = 0; h < (gsize) info->kv_heads; h++)
        for (gsize t = 0; t < b->tokens; t++)
            for (gsize g = 0; g < per_kv; g++) {
                gsize row = (h * b->tokens + t) * per_kv + g;
                float inverse = 1.0f / b->sum[row];
                float *to = b->x + (t * (gsize) info->heads + h * per_kv + g) * dim;

                for (gsize d = 0; d < dim; d++)
                    to[d] = b->out[row * dim + d] * inverse;
            }
}

void attention(Session *s, int layer)
{
    const ModelInfo *info = &s->engine->weights->info;
    Batch *b = &s->batch;
    gsize per_kv = (gsize) (info->heads / info->kv_heads), rows = b->tokens * (gsize) info->heads;
    TokenGroup groups[KERNEL_MAX_TOKENS];
    gsize n_groups = cut_groups(b, groups);

    for (gsize t = 0; t < b->tokens; t++)
        memset(b->visible + t * per_kv, (int) ((b->start + t) % KERNEL_TILE + 1), per_kv);
    if (s->kind == TILE_INT8)
        for (gsize r = 0; r < rows; r++)
            b->q8_scale[r] = s->engine->kernels->quantize_row(b->q + r * (gsize) info->head_dim,
                                                              (gsize) info->head_dim,
                                                              b->q8 + r * (gsize) info->head_dim);
    if (b->tokens >= GROUP_TOKENS)
        attend_whole(s, layer, groups, n_groups);
    else
        attend_split(s, layer, groups, n_groups);
    normalise(s);
}
