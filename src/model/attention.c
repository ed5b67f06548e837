/* attention.c - grouped-query attention of a batch over its sessions' KV.
 *
 * The query heads that share a KV head, times the tokens that see the same keys,
 * are the rows of one product.  A row takes its keys a segment at a time, whose states are merged
 * in ascending order, whoever computes them: long batches of one session walk all segments group by
 * group; short ones, and those of several sessions, cut the segments up among the threads, and
 * forks that share a segment read it once for all of their tokens.
 */
#include "config.h"
#include <string.h>

#include "src/model/session.h"
#include "src/model/threads.h"

#define PARTS_MOST ((gsize) 2 << 20)    /* floats of partial states at a time, unless one segment needs more */

/* Tokens FIRST .. FIRST+COUNT-1 of the batch, which see the same tiles of segment SEGMENT. */
typedef struct {
    gsize first, count, segment;
} Unit;

static gsize own_tile(const Batch *b, gsize t)
{
    return b->place[t].position / KERNEL_TILE;
}

static gsize last_segment(const Batch *b, gsize t)
{
    return b->place[t].position / SEGMENT_TOKENS;
}

/* Puts token T's key and value of HEAD into their tile. */
static void store_token(const Batch *b, int layer, gsize t, int head, const float *k, const float *v)
{
    const Session *s = b->place[t].session;
    gsize dim = (gsize) b->engine->weights->info.head_dim;
    gsize tile = own_tile(b, t), j = b->place[t].position % KERNEL_TILE;

    if (s->kind == TILE_F16) {
        guint16 *to = (guint16 *) (void *) session_tile(s, layer, tile, head);

        for (gsize d = 0; d < dim; d++) {
            to[d * KERNEL_TILE + j] = float_to_f16(k[d]);
            to[(KERNEL_TILE + j) * dim + d] = float_to_f16(v[d]);
        }
        return;
    }
    float *to = s->kind == TILE_INT8 ? session_raw(s, layer, tile, head)
                                     : (float *) (void *) session_tile(s, layer, tile, head);
    for (gsize d = 0; d < dim; d++)
        to[d * KERNEL_TILE + j] = k[d];
    memcpy(to + (KERNEL_TILE + j) * dim, v, dim * sizeof *to);
    if (s->kind == TILE_INT8 && j == KERNEL_TILE - 1)
        b->engine->kernels->quantize_tile(to, to + KERNEL_TILE * dim, dim, session_tile(s, layer, tile, head));
}

/* Where the runs of tokens begin that are put into one tile, and behind the last the end; returns their number. */
static gsize cut_runs(const Batch *b, gsize *begins)
{
    gsize n = 0;

    for (gsize t = 0; t < b->tokens; t++)
        if (!t || b->place[t].session != b->place[t - 1].session || own_tile(b, t) != own_tile(b, t - 1))
            begins[n++] = t;
    begins[n] = b->tokens;
    return n;
}

void attention_store(Batch *b, int layer, const float *k, const float *v, gsize stride)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize dim = (gsize) info->head_dim, kv_heads = (gsize) info->kv_heads, begins[KERNEL_MAX_TOKENS + 1];
    gsize n = cut_runs(b, begins) * kv_heads;
    gboolean split = 2 * b->tokens * kv_heads * dim >= THREADS_WORTH_VALUES;

    /* A tile is quantised once its last key is there: one thread does all of it. */
    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (split)
    for (gsize i = 0; i < n; i++)
        for (gsize t = begins[i / kv_heads], h = i % kv_heads; t < begins[i / kv_heads + 1]; t++)
            store_token(b, layer, t, (int) h, k + t * stride + h * dim, v + t * stride + h * dim);
}

/* Row of all heads' rows that unit's first token has on KV head HEAD. */
static gsize first_row(const Batch *b, const Unit *unit, int head)
{
    const ModelInfo *info = &b->engine->weights->info;

    return ((gsize) head * b->tokens + unit->first) * (gsize) (info->heads / info->kv_heads);
}

/* The rows of UNIT on KV head HEAD. */
static AttendRows unit_rows(const Batch *b, int layer, int head, const Unit *unit)
{
    const ModelInfo *info = &b->engine->weights->info;
    const Session *s = b->place[unit->first].session;
    gsize dim = (gsize) info->head_dim, per_kv = (gsize) (info->heads / info->kv_heads);
    gsize row = first_row(b, unit, head), tile = own_tile(b, unit->first);
    AttendRows rows = {
        .kind = s->kind, .dim = dim, .rows = unit->count * per_kv,
        .q = b->q + row * dim, .q16 = b->q16 + row * dim, .q16_scale = b->q16_scale + row,
        .tiles = session_tile(s, layer, unit->segment * KERNEL_SEGMENT, head),
        .tile_stride = s->tile_bytes * (gsize) info->kv_heads,
        .whole = MIN(tile - unit->segment * KERNEL_SEGMENT, KERNEL_SEGMENT),
        .visible = b->visible + unit->first * per_kv,
    };

    rows.own = rows.whole < KERNEL_SEGMENT;
    if (rows.own && s->kind == TILE_INT8)
        rows.own_k = session_raw(s, layer, tile, head);
    else if (rows.own && s->kind == TILE_F32)
        rows.own_k = (const float *) (const void *) session_tile(s, layer, tile, head);
    rows.own_v = rows.own_k ? rows.own_k + KERNEL_TILE * dim : NULL;
    return rows;
}

/* Whether attention is worth more than one thread. */
static gboolean worth(const Batch *b)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize keys = 0;

    for (gsize t = 0; t < b->tokens; t++)
        keys += b->place[t].position + 1;
    return keys * (gsize) (info->heads * info->head_dim) >= THREADS_WORTH;
}

/* Whether the tokens T and U see the same tiles of SEGMENT, at the same place. */
static gboolean see_the_same(const Batch *b, gsize segment, gsize t, gsize u)
{
    const Session *s = b->place[t].session, *r = b->place[u].session;

    if (last_segment(b, t) > segment && last_segment(b, u) > segment)
        return s->segments[segment] == r->segments[segment];
    return s == r && own_tile(b, t) == own_tile(b, u);
}

/* Cuts the tokens that see SEGMENT into units; returns their number. */
static gsize cut_units(const Batch *b, gsize segment, Unit *units)
{
    gsize n = 0;

    for (gsize t = 0; t < b->tokens;) {
        gsize count = 1;

        if (last_segment(b, t) < segment) {
            t++;
            continue;
        }
        while (count < GROUP_TOKENS && t + count < b->tokens && last_segment(b, t + count) >= segment &&
               see_the_same(b, segment, t, t + count))
            count++;
        units[n++] = (Unit) { t, count, segment };
        t += count;
    }
    return n;
}

static AttendState total_state(const Batch *b, gsize row)
{
    gsize dim = (gsize) b->engine->weights->info.head_dim;

    return (AttendState) { .max = b->max + row, .sum = b->sum + row, .out = b->out + row * dim };
}

/* Groups of tokens of one tile, each over all segments. */
static void attend_whole(Batch *b, int layer, const Unit *groups, gsize n_groups)
{
    const Kernels *kernels = b->engine->kernels;
    int kv_heads = b->engine->weights->info.kv_heads, n = kv_heads * (int) n_groups;

    /* The last groups see the most keys: begin with them. */
    #pragma omp parallel for schedule(dynamic) num_threads(b->engine->threads) if (worth(b))
    for (int i = n - 1; i >= 0; i--) {
        Unit unit = groups[i / kv_heads];
        AttendState total = total_state(b, first_row(b, &unit, i % kv_heads));

        for (unit.segment = 0; unit.segment <= last_segment(b, unit.first); unit.segment++) {
            AttendRows rows = unit_rows(b, layer, i % kv_heads, &unit);
            float *f = b->scratch[threads_current()];
            AttendState part = { .max = f, .sum = f + rows.rows, .out = f + 2 * rows.rows };

            kernels->attend_segment(&rows, unit.segment ? part : total, f + rows.rows * (rows.dim + 2));
            if (unit.segment)
                kernels->attend_merge(rows.rows, rows.dim, total, part);
        }
    }
}

/* State of the rows from ROW on behind the INDEXth segment of those at work. */
static AttendState part_state(const Batch *b, gsize index, gsize row)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize dim = (gsize) info->head_dim, rows = b->tokens * (gsize) info->heads;
    float *f = b->parts + index * rows * (dim + 2);

    return (AttendState) { .max = f + row, .sum = f + rows + row, .out = f + 2 * rows + row * dim };
}

/* Puts the parts of COUNT segments from FIRST on behind what the rows have, token by token. */
static void merge_parts(Batch *b, gsize first, gsize count)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize per_kv = (gsize) (info->heads / info->kv_heads), dim = (gsize) info->head_dim;
    gsize n = b->tokens * (gsize) info->kv_heads;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (worth(b))
    for (gsize i = 0; i < n; i++) {
        AttendState total = total_state(b, i * per_kv);
        gsize end = MIN(first + count, last_segment(b, i % b->tokens) + 1);

        for (gsize g = first; g < end; g++) {
            AttendState part = part_state(b, g - first, i * per_kv);

            if (g) {
                b->engine->kernels->attend_merge(per_kv, dim, total, part);
                continue;
            }
            memcpy(total.max, part.max, per_kv * sizeof(float));
            memcpy(total.sum, part.sum, per_kv * sizeof(float));
            memcpy(total.out, part.out, per_kv * dim * sizeof(float));
        }
    }
}

/* Room for what each tile of SEGMENTS alone comes to. */
static void reserve_tiles(Batch *b, gsize segments)
{
    gsize n = segments * KERNEL_SEGMENT * b->tokens * (gsize) b->engine->weights->info.heads;

    if (n > b->tiles_size) {
        b->tiles_size = n;
        g_free(b->tile_max);
        b->tile_max = g_new(float, 2 * n);
    }
    b->tile_sum = b->tile_max + n;
}

/* The state where a unit's rows from ROW on go, WITNESSED with what each tile comes to. */
static AttendState unit_state(const Batch *b, const Unit *unit, gsize index, gsize row, gboolean witnessed)
{
    gsize rows = b->tokens * (gsize) b->engine->weights->info.heads, at = unit->segment * KERNEL_SEGMENT * rows + row;
    AttendState state = part_state(b, index, row);

    if (witnessed) {
        state.tile_max = b->tile_max + at;
        state.tile_sum = b->tile_sum + at;
        state.tile_stride = rows;
    }
    return state;
}

static void attend_split(Batch *b, int layer, gboolean witnessed)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize each = b->tokens * (gsize) info->heads * ((gsize) info->head_dim + 2), segments = 0;

    for (gsize t = 0; t < b->tokens; t++)
        segments = MAX(segments, last_segment(b, t) + 1);
    if (witnessed)
        reserve_tiles(b, segments);
    gsize step = CLAMP(PARTS_MOST / each, 1, segments);
    g_autofree Unit *units = g_new(Unit, step * b->tokens);

    if (step * each > b->parts_size) {
        b->parts_size = step * each;
        g_free(b->parts);
        b->parts = g_new(float, b->parts_size);
    }
    for (gsize first = 0; first < segments; first += step) {
        gsize count = MIN(step, segments - first), n_units = 0;

        for (gsize g = first; g < first + count; g++)
            n_units += cut_units(b, g, units + n_units);
        int n = info->kv_heads * (int) n_units;

        #pragma omp parallel for schedule(dynamic) num_threads(b->engine->threads) if (worth(b))
        for (int i = 0; i < n; i++) {
            const Unit *unit = units + i / info->kv_heads;
            AttendRows rows = unit_rows(b, layer, i % info->kv_heads, unit);
            AttendState part = unit_state(b, unit, unit->segment - first, first_row(b, unit, i % info->kv_heads),
                                          witnessed);

            b->engine->kernels->attend_segment(&rows, part, b->scratch[threads_current()]);
        }
        merge_parts(b, first, count);
    }
}

/* Whether there are enough of the batch's queries, or of the heads' outputs, for more than one thread. */
static gboolean worth_rows(const Batch *b)
{
    const ModelInfo *info = &b->engine->weights->info;

    return b->tokens * (gsize) (info->heads * info->head_dim) >= THREADS_WORTH_VALUES;
}

/* What the kernels want to know of the queries, token by token. */
static void begin_rows(Batch *b)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize dim = (gsize) info->head_dim, per_kv = (gsize) (info->heads / info->kv_heads);
    gsize kv_heads = b->place[0].session->kind == TILE_INT8 ? (gsize) info->kv_heads : 0;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (worth_rows(b))
    for (gsize t = 0; t < b->tokens; t++) {
        memset(b->visible + t * per_kv, (int) (b->place[t].position % KERNEL_TILE + 1), per_kv);
        for (gsize h = 0; h < kv_heads; h++)
            for (gsize r = (h * b->tokens + t) * per_kv, end = r + per_kv; r < end; r++)
                b->q16_scale[r] = b->engine->kernels->quantize_query(b->q + r * dim, dim, b->q16 + r * dim);
    }
}

/* batch->x[token][head] = out / sum, from the order of the KV heads to that of the heads. */
static void normalise(Batch *b)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize dim = (gsize) info->head_dim, heads = (gsize) info->heads, per_kv = heads / (gsize) info->kv_heads;

    #pragma omp parallel for schedule(static) num_threads(b->engine->threads) if (worth_rows(b))
    for (gsize t = 0; t < b->tokens; t++)
        for (gsize h = 0; h < heads; h++) {
            gsize row = (h / per_kv * b->tokens + t) * per_kv + h % per_kv;
            float inverse = 1.0f / b->sum[row];
            float *to = b->x + (t * heads + h) * dim;

            for (gsize d = 0; d < dim; d++)
                to[d] = b->out[row * dim + d] * inverse;
        }
}

/* Cuts the batch of one session into groups of one tile; 0 when they are too few for the threads, or when
 * the batch has several sessions. */
static gsize cut_groups(const Batch *b, Unit *groups)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize n = 0;

    if (b->place[0].session != b->place[b->tokens - 1].session)
        return 0;
    for (gsize t = 0; t < b->tokens; t += groups[n++].count) {
        gsize left = MIN(b->tokens - t, KERNEL_TILE - b->place[t].position % KERNEL_TILE);

        groups[n] = (Unit) { .first = t, .count = MIN(left, GROUP_TOKENS) };
    }
    return n * (gsize) info->kv_heads >= 4 * (gsize) b->engine->threads ? n : 0;
}

void attention(Batch *b, int layer)
{
    gboolean witnessed = witness_wants(b, layer);
    Unit groups[KERNEL_MAX_TOKENS];
    gsize n_groups = witnessed ? 0 : cut_groups(b, groups);

    begin_rows(b);
    if (n_groups)
        attend_whole(b, layer, groups, n_groups);
    else
        attend_split(b, layer, witnessed);
    if (witnessed)
        witness_note(b, layer);
    normalise(b);
}
