/* template.c.h - the definition of every kernel, in plain C.
 *
 * Included once per compute set with SET(name) giving the set's own names and
 * compiled with that set's flags: the compiler may vectorise, it may not change
 * a bit of the result.  A set replaces what it can do better with intrinsics.
 */
#include <math.h>
#include <string.h>

#include "src/kernel/layout.h"

/* Round to the nearest integer, ties to even, for |x| < 2^22. */
static inline float SET(round_even)(float x)
{
    return (x + 12582912.0f) - 12582912.0f;
}

/* 2^x for x <= 0 (Taylor in f ln 2, |f| <= 1/2, error below 2e-7); 2^-126 below
 * that; 1 exactly at 0. */
static inline float SET(exp2_neg)(float x)
{
    union { float f; uint32_t u; } scale;

    x = x < -126.0f ? -126.0f : x;
    float n = SET(round_even)(x);
    float f = x - n;
    float p = 1.5403530e-4f;
    p = fmaf(p, f, 1.3333558e-3f);
    p = fmaf(p, f, 9.6181291e-3f);
    p = fmaf(p, f, 5.5504109e-2f);
    p = fmaf(p, f, 2.4022651e-1f);
    p = fmaf(p, f, 6.9314718e-1f);
    p = fmaf(p, f, 1.0f);
    scale.u = (uint32_t) ((int32_t) n + 127) << 23;
    return p * scale.f;
}

static float SET(amax)(const float *x, size_t n)
{
    float m = 0;

    for (size_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        m = a > m ? a : m;
    }
    return m;
}

/* N values to codes with one scale, which is returned. */
static float SET(quantize_row)(const float *x, size_t n, int8_t *q)
{
    float m = SET(amax)(x, n);
    float inverse = m > 0 ? 127.0f / m : 0;

    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t) (int32_t) SET(round_even)(x[i] * inverse);
    return m / 127.0f;
}

static float SET(quantize_query)(const float *x, size_t dim, int16_t *q)
{
    float m = SET(amax)(x, dim), most = (float) query_most(dim);
    float inverse = m > 0 ? most / m : 0;

    for (size_t d = 0; d < dim; d++)
        q[d] = (int16_t) (int32_t) SET(round_even)(x[d] * inverse);
    return m / most;
}

static GroupSums SET(group_sums)(const int8_t *q)
{
    int sum[2][2] = { { 0 } };      /* by half and lane */
    GroupSums sums;

    for (int i = 0; i < KERNEL_GROUP; i++)
        sum[i / 16][i / 2 % 2] += q[i];
    for (int lane = 0; lane < 2; lane++) {
        sums.minus8[lane] = (int16_t) (-8 * (sum[0][lane] + sum[1][lane]));
        sums.minus32[0][lane] = (int16_t) (-32 * sum[0][lane]);
        sums.minus32[1][lane] = (int16_t) (-32 * sum[1][lane]);
    }
    sums.minus8_all = -8 * (sum[0][0] + sum[0][1] + sum[1][0] + sum[1][1]);
    return sums;
}

static void SET(quantize)(const float *x, size_t n, int8_t *q, float *scale, float *sum, GroupSums *sums)
{
    for (size_t g = 0; g < n / KERNEL_GROUP; g++) {
        scale[g] = SET(quantize_row)(x + g * KERNEL_GROUP, KERNEL_GROUP, q + g * KERNEL_GROUP);
        sums[g] = SET(group_sums)(q + g * KERNEL_GROUP);
        sum[g] = scale[g] * (float) (sums[g].minus8_all / -8);
    }
}

/* A row of a quantised matrix in one form for all types: codes, and for each
 * group of 32 a scale d, an offset m (value = d * code + m), and for Q6_K the integer
 * factors of the two halves. */
typedef struct {
    int8_t *q;
    float *d, *m;
    int8_t *half;
} SET(Row);

static inline float SET(load_half)(const uint8_t *p)
{
#ifdef __F16C__
    return _cvtsh_ss((uint16_t) (p[0] | p[1] << 8));
#else
    return f16_to_float((uint16_t) (p[0] | p[1] << 8));
#endif
}

/* Low nibbles are values 0..15 of a group, high nibbles 16..31. */
static inline void SET(nibbles)(const uint8_t *p, int8_t *q, int bias)
{
    for (int i = 0; i < 16; i++) {
        q[i] = (int8_t) ((p[i] & 15) - bias);
        q[i + 16] = (int8_t) ((p[i] >> 4) - bias);
    }
}

/* The same with the fifth bits in a 32-bit mask. */
static inline void SET(nibbles5)(const uint8_t *p, const uint8_t *mask, int8_t *q, int bias)
{
    uint32_t h = (uint32_t) mask[0] | (uint32_t) mask[1] << 8 | (uint32_t) mask[2] << 16 | (uint32_t) mask[3] << 24;

    for (int i = 0; i < 16; i++) {
        q[i] = (int8_t) (((p[i] & 15) | (int) (h >> i & 1) << 4) - bias);
        q[i + 16] = (int8_t) (((p[i] >> 4) | (int) (h >> (i + 16) & 1) << 4) - bias);
    }
}

static inline void SET(unpack_32)(TensorType type, const uint8_t *p, size_t groups, SET(Row) row)
{
    size_t bytes = type_block_bytes(type);

    for (size_t g = 0; g < groups; g++, p += bytes) {
        int8_t *q = row.q + g * 32;

        row.d[g] = SET(load_half)(p);
        row.m[g] = 0;
        switch (type) {
        case TYPE_Q8_0:
            memcpy(q, p + 2, 32);
            break;
        case TYPE_Q4_0:
            SET(nibbles)(p + 2, q, 8);
            break;
        case TYPE_Q4_1:
            row.m[g] = SET(load_half)(p + 2);
            SET(nibbles)(p + 4, q, 0);
            break;
        case TYPE_Q5_0:
            SET(nibbles5)(p + 6, p + 2, q, 16);
            break;
        default: /* Q5_1 */
            row.m[g] = SET(load_half)(p + 2);
            SET(nibbles5)(p + 8, p + 4, q, 0);
            break;
        }
    }
}

/* The eight 6-bit scales and offsets of a Q4_K or Q5_K block. */
static inline void SET(scales_k4)(const uint8_t *p, uint8_t *sc, uint8_t *mn)
{
    for (int j = 0; j < 4; j++) {
        sc[j] = p[j] & 63;
        mn[j] = p[j + 4] & 63;
        sc[j + 4] = (uint8_t) ((p[j + 8] & 15) | (p[j] >> 6) << 4);
        mn[j + 4] = (uint8_t) ((p[j + 8] >> 4) | (p[j + 4] >> 6) << 4);
    }
}

static inline void SET(unpack_k45)(TensorType type, const uint8_t *p, size_t blocks, SET(Row) row)
{
    for (size_t b = 0; b < blocks; b++, p += type_block_bytes(type)) {
        float d = SET(load_half)(p), dmin = SET(load_half)(p + 2);
        const uint8_t *high = p + 16, *low = type == TYPE_Q5_K ? p + 48 : p + 16;
        uint8_t sc[8], mn[8];

        SET(scales_k4)(p + 4, sc, mn);
        for (int j = 0; j < 8; j++) {
            int8_t *q = row.q + b * 256 + (size_t) j * 32;
            const uint8_t *n = low + (j / 2) * 32;

            row.d[b * 8 + (size_t) j] = d * (float) sc[j];
            row.m[b * 8 + (size_t) j] = -(dmin * (float) mn[j]);
            for (int i = 0; i < 32; i++)
                q[i] = (int8_t) (j & 1 ? n[i] >> 4 : n[i] & 15);
            if (type == TYPE_Q5_K)
                for (int i = 0; i < 32; i++)
                    q[i] = (int8_t) (q[i] | (high[i] >> j & 1) << 4);
        }
    }
}

static inline void SET(unpack_k6)(const uint8_t *p, size_t blocks, SET(Row) row)
{
    for (size_t b = 0; b < blocks; b++, p += type_block_bytes(TYPE_Q6_K)) {
        float d = SET(load_half)(p + 208);

        for (int j = 0; j < 8; j++) {
            /* Two halves of 128 values; in each, groups 0 and 1 are low nibbles of bytes 0..63,
             * groups 2 and 3 their high nibbles; the upper two bits lie in 32 bytes, 2 bits a group. */
            const uint8_t *low = p + (j / 4) * 64 + (j & 1) * 32, *high = p + 128 + (j / 4) * 32;
            int8_t *q = row.q + b * 256 + (size_t) j * 32;
            size_t g = b * 8 + (size_t) j;

            for (int i = 0; i < 32; i++) {
                int v = (j & 2 ? low[i] >> 4 : low[i] & 15) | (high[i] >> 2 * (j & 3) & 3) << 4;
                q[i] = (int8_t) (v - 32);
            }
            row.d[g] = d;
            row.m[g] = 0;
            memcpy(row.half + 2 * g, p + 192 + 2 * j, 2);
        }
    }
}

static inline void SET(unpack)(const Matrix *w, size_t r, SET(Row) row)
{
    const uint8_t *p = w->data + r * w->row_bytes;

    if (w->type == TYPE_Q6_K)
        SET(unpack_k6)(p, w->columns / 256, row);
    else if (w->type == TYPE_Q4_K || w->type == TYPE_Q5_K)
        SET(unpack_k45)(w->type, p, w->columns / 256, row);
    else
        SET(unpack_32)(w->type, p, w->columns / 32, row);
}

static inline int32_t SET(dot)(const int8_t *a, const int8_t *b, int n)
{
    int32_t s = 0;

    for (int i = 0; i < n; i++)
        s += (int32_t) a[i] * b[i];
    return s;
}

#include "src/kernel/panel.c.h"

#ifndef OWN_LINEAR
static SET(Row) SET(row_in)(void *scratch, size_t columns)
{
    SET(Row) row;
    float *f = scratch;

    row.d = f;
    row.m = f + columns / KERNEL_GROUP;
    row.q = (int8_t *) (f + 2 * (columns / KERNEL_GROUP));
    row.half = row.q + columns;
    return row;
}

/* For each group, ascending:  acc = fma(d * s, dot, acc), and with an offset
 * acc = fma(m, sum, acc).  The dots are exact: at most 2 * 16 * 32 * 127 * 128 for
 * Q6_K's weighted halves, below 2^24, so that their conversion to float is, too. */
static void SET(linear)(const Matrix *w, size_t first, size_t count, const QuantizedBatch *x,
                        float *out, size_t stride, void *scratch)
{
    SET(Row) row = SET(row_in)(scratch, w->columns);
    size_t groups = w->columns / KERNEL_GROUP;
    bool offset = has_offset(w->type), halves = w->type == TYPE_Q6_K;

    for (size_t r = first; r < first + count; r++) {
        if (w->panels)
            SET(unpack_panel)(w, r, row);
        else
            SET(unpack)(w, r, row);
        for (size_t t = 0; t < x->tokens; t++) {
            const int8_t *a = x->q + t * x->n;
            const float *s = x->scale + t * groups, *sum = x->sum + t * groups;
            float acc = 0;

            for (size_t g = 0; g < groups; g++) {
                const int8_t *q = row.q + g * 32, *b = a + g * 32;
                int32_t d = halves ? row.half[2 * g] * SET(dot)(q, b, 16) +
                                     row.half[2 * g + 1] * SET(dot)(q + 16, b + 16, 16)
                                   : SET(dot)(q, b, 32);
                acc = fmaf(row.d[g] * s[g], (float) d, acc);
                if (offset)
                    acc = fmaf(row.m[g], sum[g], acc);
            }
            out[t * stride + r] = acc;
        }
    }
}
#endif

/* Sixteen partial sums, element i into sum i mod 16, added up as a tree. */
static inline float SET(dot_float)(const float *a, const float *b, size_t n)
{
    float lane[16] = { 0 };
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++)
            lane[j] += a[i + (size_t) j] * b[i + (size_t) j];
    for (size_t j = 0; i < n; i++, j++)
        lane[j] += a[i] * b[i];
    for (int width = 8; width; width /= 2)
        for (int j = 0; j < width; j++)
            lane[j] += lane[j + width];
    return lane[0];
}

static void SET(linear_float)(const Matrix *w, size_t first, size_t count, const float *x,
                              size_t tokens, float *out, size_t stride, void *scratch)
{
    float *row = scratch;

    for (size_t r = first; r < first + count; r++) {
        type_to_float(w->type, w->data + r * w->row_bytes, row, w->columns);
        for (size_t t = 0; t < tokens; t++)
            out[t * stride + r] = SET(dot_float)(row, x + t * w->columns, w->columns);
    }
}

/* silu(x) = x / (1 + e^-x), with e^-|x| so that nothing overflows. */
static void SET(swiglu)(const float *gate, const float *up, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = gate[i];
        float e = SET(exp2_neg)(-fabsf(x) * 1.44269504f);
        float numerator = x < 0 ? e : 1.0f;

        out[i] = x * (numerator / (1.0f + e)) * up[i];
    }
}

/* What the 64 keys K have in common, dimension by dimension: the middle of their values there, and the greatest distance
 * from it.  RoPE turns some dimensions so slowly, and biases move some so far, that one scale for a key would be
 * spent on what all keys share.  Returns the greatest distance of all. */
static float SET(spread)(const float *k, size_t dim, float *middle, float *distance)
{
    float most = 0;

    for (size_t d = 0; d < dim; d++) {
        const float *x = k + d * KERNEL_TILE;
        float low = x[0], high = x[0], m = 0;

        for (size_t j = 1; j < KERNEL_TILE; j++) {
            low = x[j] < low ? x[j] : low;
            high = x[j] > high ? x[j] : high;
        }
        middle[d] = 0.5f * low + 0.5f * high;
        for (size_t j = 0; j < KERNEL_TILE; j++) {
            float a = fabsf(x[j] - middle[d]);
            m = a > m ? a : m;
        }
        distance[d] = m;
        most = m > most ? m : most;
    }
    return most;
}

static void SET(quantize_keys)(const float *k, size_t dim, const Int8Tile *t)
{
    float most = SET(spread)(k, dim, t->k_middle, t->v_scale);     /* there is room until the values come */
    float inverse[KERNEL_TILE];

    memset(t->k_scale, 0, KERNEL_TILE * sizeof *t->k_scale);
    for (size_t d = 0; d < dim; d++) {
        float part = most > 0 ? t->v_scale[d] * (255.0f / most) : 0;
        t->k_factor[d] = part < 254.0f ? (uint8_t) ((int32_t) part + 1) : 255;
        float unit = 1.0f / (float) t->k_factor[d];

        for (size_t j = 0; j < KERNEL_TILE; j++) {
            float a = fabsf(k[d * KERNEL_TILE + j] - t->k_middle[d]) * unit;
            t->k_scale[j] = a > t->k_scale[j] ? a : t->k_scale[j];
        }
    }
    for (size_t j = 0; j < KERNEL_TILE; j++) {
        inverse[j] = t->k_scale[j] > 0 ? 127.0f / t->k_scale[j] : 0;
        t->k_scale[j] *= 4 / 127.0f;        /* opened codes are a quarter of code times factor */
    }
    for (size_t d = 0; d < dim; d++) {
        float unit = 1.0f / (float) t->k_factor[d];

        for (size_t j = 0; j < KERNEL_TILE; j++)
            t->k[d / 4 * (4 * KERNEL_TILE) + j * 4 + d % 4] = (uint8_t)
                ((int32_t) SET(round_even)((k[d * KERNEL_TILE + j] - t->k_middle[d]) * unit * inverse[j]) + 128);
    }
}

static void SET(quantize_tile)(const float *k, const float *v, size_t dim, uint8_t *tile)
{
    const Int8Tile t = int8_tile(tile, dim);

    SET(quantize_keys)(k, dim, &t);
    for (size_t d = 0; d < dim; d++) {
        float m = 0;
        for (size_t j = 0; j < KERNEL_TILE; j++) {
            float a = fabsf(v[j * dim + d]);
            m = a > m ? a : m;
        }
        float inverse = m > 0 ? 127.0f / m : 0;
        t.v_scale[d] = m / 127.0f;
        for (size_t j = 0; j < KERNEL_TILE; j++)
            t.v[j / 4 * (4 * dim) + d * 4 + j % 4] = (int8_t) (int32_t) SET(round_even)(v[j * dim + d] * inverse);
    }
}

/* Scratch of attend_segment, one row of queries at a time. */
typedef struct {
    float *k, *v;       /* a tile in f32 layout (f16 tiles), or an int8 tile as its set works on it */
    int32_t *acc;       /* max(dim, 64) */
    float *tile_out;    /* dim */
} SET(AttendScratch);

static SET(AttendScratch) SET(attend_scratch)(void *scratch, size_t dim)
{
    SET(AttendScratch) s;
    float *f = scratch;

    s.k = f;
    s.v = f + dim * KERNEL_TILE;
    s.tile_out = f + 2 * dim * KERNEL_TILE;
    s.acc = (int32_t *) (f + 2 * dim * KERNEL_TILE + dim);
    return s;
}

/* Takes a tile (its max, sum of weights, out) behind what the state has. */
static inline void SET(take_tile)(float max, float sum, const float *tile_out, size_t dim,
                                  float *state_max, float *state_sum, float *out)
{
    float new_max = max > *state_max ? max : *state_max;
    float a = SET(exp2_neg)(*state_max - new_max), b = SET(exp2_neg)(max - new_max);

    *state_max = new_max;
    *state_sum = *state_sum * a + sum * b;
    for (size_t d = 0; d < dim; d++)
        out[d] = out[d] * a + tile_out[d] * b;
}

/* The same for row R of the rows of A, and notes what tile T of the segment came to. */
static inline void SET(end_tile)(const AttendRows *a, AttendState state, size_t t, size_t r,
                                 float max, float sum, const float *tile_out)
{
    if (state.tile_max) {
        state.tile_max[t * state.tile_stride + r] = max;
        state.tile_sum[t * state.tile_stride + r] = sum;
    }
    SET(take_tile)(max, sum, tile_out, a->dim, state.max + r, state.sum + r, state.out + r * a->dim);
}

/* Query Q times what the keys of a tile have in common: 16 sums, added up in the end. */
static float SET(dot_middle)(const float *q, const float *middle, size_t dim)
{
    float lane[16] = { 0 };
    size_t d = 0;

    for (; d + 16 <= dim; d += 16)
        for (size_t j = 0; j < 16; j++)
            lane[j] = fmaf(q[d + j], middle[d + j], lane[j]);
    for (size_t j = 0; d + j < dim; j++)
        lane[j] = fmaf(q[d + j], middle[d + j], lane[j]);
    for (size_t width = 8; width; width /= 2)
        for (size_t j = 0; j < width; j++)
            lane[j] += lane[j + width];
    return lane[0];
}

/* All rows against int8 tile T.  Scores and output sums are exact integers; the
 * probabilities are codes 0..255 relative to the tile's own maximum. */
static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state);
#ifndef OWN_ATTEND_INT8
/* Row R against tile T, whose keys are opened in K, in the tile's layout. */
static void SET(attend_int8_row)(const AttendRows *a, size_t t, size_t r, const Int8Tile *tile, const int16_t *k,
                                 SET(AttendScratch) s, AttendState state)
{
    size_t dim = a->dim;
    const int16_t *q = a->q16 + r * dim;
    const int8_t *v = tile->v;
    float q_scale = a->q16_scale[r];
    float score[KERNEL_TILE];
    uint8_t p[KERNEL_TILE];
    int32_t total = 0;

    memset(s.acc, 0, KERNEL_TILE * sizeof *s.acc);
    for (size_t d = 0; d < dim; d += 4, k += 4 * KERNEL_TILE)
        for (size_t j = 0; j < KERNEL_TILE; j++)
            s.acc[j] += k[4 * j] * q[d] + k[4 * j + 1] * q[d + 1] + k[4 * j + 2] * q[d + 2] + k[4 * j + 3] * q[d + 3];
    float m = -INFINITY;
    for (size_t j = 0; j < KERNEL_TILE; j++) {
        score[j] = (float) s.acc[j] * (q_scale * tile->k_scale[j]);
        m = score[j] > m ? score[j] : m;
    }
    for (size_t j = 0; j < KERNEL_TILE; j++) {
        p[j] = (uint8_t) (int32_t) SET(round_even)(SET(exp2_neg)(score[j] - m) * 255.0f);
        total += p[j];
    }
    for (size_t d = 0; d < dim; d++)
        s.acc[d] = 0;
    for (size_t j = 0; j < KERNEL_TILE; j += 4, v += 4 * dim)
        for (size_t d = 0; d < dim; d++)
            s.acc[d] += p[j] * v[4 * d] + p[j + 1] * v[4 * d + 1] + p[j + 2] * v[4 * d + 2] + p[j + 3] * v[4 * d + 3];
    for (size_t d = 0; d < dim; d++)
        s.tile_out[d] = (float) s.acc[d] * tile->v_scale[d];
    SET(end_tile)(a, state, t, r, m + SET(dot_middle)(a->q + r * dim, tile->k_middle, dim), (float) total, s.tile_out);
}

static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state)
{
    const Int8Tile tile = int8_tile((uint8_t *) (uintptr_t) (a->tiles + t * a->tile_stride), a->dim);
    int16_t *k = (int16_t *) s.k;

    for (size_t i = 0; i < a->dim * KERNEL_TILE; i++)
        k[i] = (int16_t) (((tile.k[i] - 128) * tile.k_factor[i / (4 * KERNEL_TILE) * 4 + i % 4] + 2) >> 2);
    for (size_t r = 0; r < a->rows; r++)
        SET(attend_int8_row)(a, t, r, &tile, k, s, state);
}
#endif

/* Row R against the first VISIBLE keys of tile T in f32.  The weights are
 * scaled to 255 like the codes of int8 tiles, so that both kinds add up. */
static void SET(attend_float)(const AttendRows *a, size_t t, size_t r, const float *k, const float *v, size_t visible,
                              SET(AttendScratch) s, AttendState state)
{
    size_t dim = a->dim;
    const float *q = a->q + r * dim;
    float score[KERNEL_TILE] = { 0 };
    float m = -INFINITY, total = 0;

    for (size_t d = 0; d < dim; d++)
        for (size_t j = 0; j < KERNEL_TILE; j++)
            score[j] += q[d] * k[d * KERNEL_TILE + j];
    for (size_t j = 0; j < visible; j++)
        m = score[j] > m ? score[j] : m;
    memset(s.tile_out, 0, dim * sizeof *s.tile_out);
    for (size_t j = 0; j < visible; j++) {
        float p = SET(exp2_neg)(score[j] - m) * 255.0f;
        total += p;
        for (size_t d = 0; d < dim; d++)
            s.tile_out[d] += p * v[j * dim + d];
    }
    SET(end_tile)(a, state, t, r, m, total, s.tile_out);
}

static void SET(widen_tile)(const uint8_t *tile, size_t dim, SET(AttendScratch) s)
{
    type_to_float(TYPE_F16, tile, s.k, dim * KERNEL_TILE);
    type_to_float(TYPE_F16, tile + 2 * dim * KERNEL_TILE, s.v, dim * KERNEL_TILE);
}

static void SET(attend_segment)(const AttendRows *a, AttendState state, void *scratch)
{
    SET(AttendScratch) s = SET(attend_scratch)(scratch, a->dim);
    size_t dim = a->dim;

    for (size_t r = 0; r < a->rows; r++) {
        state.max[r] = -INFINITY;
        state.sum[r] = 0;
    }
    memset(state.out, 0, a->rows * dim * sizeof *state.out);
    for (size_t t = 0; t < a->whole + a->own; t++) {
        const uint8_t *tile = a->tiles + t * a->tile_stride;
        const float *k = NULL, *v = NULL;
        bool own = t == a->whole;

        if (own && a->kind != TILE_F16) {
            k = a->own_k;
            v = a->own_v;
        } else if (a->kind == TILE_F16) {
            SET(widen_tile)(tile, dim, s);
            k = s.k;
            v = s.v;
        } else if (a->kind == TILE_F32) {
            k = (const float *) (const void *) tile;
            v = k + dim * KERNEL_TILE;
        }
        if (!k)
            SET(attend_int8)(a, t, s, state);
        for (size_t r = 0; k && r < a->rows; r++)
            SET(attend_float)(a, t, r, k, v, own ? a->visible[r] : KERNEL_TILE, s, state);
    }
}

static void SET(attend_merge)(size_t rows, size_t dim, AttendState total, AttendState part)
{
    for (size_t r = 0; r < rows; r++)
        SET(take_tile)(part.max[r], part.sum[r], part.out + r * dim, dim,
                       total.max + r, total.sum + r, total.out + r * dim);
}

static void SET(attend_mass)(const float *tile_max, const float *tile_sum, size_t stride, size_t n,
                             float max, float sum, float *mass)
{
    for (size_t t = 0; t < n; t++)
        mass[t] = tile_sum[t * stride] * SET(exp2_neg)(tile_max[t * stride] - max) / sum;
}
