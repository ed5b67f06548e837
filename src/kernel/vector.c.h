/* vector.c.h - linear layers and int8 attention in 256-bit vectors.
 *
 * Included by the AVX2 set and, with DOT4 defined, by the AVX-512 set, whose
 * VNNI adds four products of bytes at once: dot4(acc, u, s) = acc + the sums
 * of four u8 times s8, without saturation.  Without it vpmaddubsw does the
 * work: it wants one unsigned factor, so |a| is multiplied with b negated
 * where a is negative; |a|, |b| <= 127 keeps its 16-bit pair sums exact.
 */
#include <immintrin.h>

#define OWN_LINEAR
#define OWN_ATTEND_INT8
#include "src/kernel/template.c.h"
#include "src/kernel/sets.h"

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *) p);
}

/* The four bytes at P in every 32-bit lane. */
static inline __m256i four_bytes(const void *p)
{
    int32_t four;

    memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
}

#define LANES 8         /* rows of a linear layer computed together, a lane each */

/* Eight rows unpacked: codes row by row; scales, offsets and halves by group,
 * the eight rows side by side.  Codes of four and five bits ("small") lie
 * interleaved instead, [group][step of 4 columns][row][4], and unsigned, as in
 * the file: then a group's sixteen-bit sums fit without widening. */
typedef struct {
    int8_t *q;
    uint8_t *small;
    float *d, *m;
    int8_t *half;       /* [group][row][2] */
} Rows8;

/* Unpacks COUNT <= 8 rows; the others become zeros.  FALSE when a code is -128
 * (no quantiser writes it), whose negative is no signed byte. */
static bool unpack_rows(const Matrix *w, size_t first, size_t count, Rows8 to, SET(Row) one)
{
    size_t groups = w->columns / KERNEL_GROUP;
    bool fit = true;

    for (size_t r = 0; r < LANES; r++) {
        SET(Row) row = one;

        row.q = to.q + r * w->columns;
        if (r < count) {
            SET(unpack)(w, first + r, row);
        } else {
            memset(row.q, 0, w->columns);
            memset(row.d, 0, groups * sizeof(float));
            memset(row.m, 0, groups * sizeof(float));
            memset(row.half, 0, groups * 2);
        }
        for (size_t g = 0; g < groups; g++) {
            to.d[g * LANES + r] = row.d[g];
            to.m[g * LANES + r] = row.m[g];
        }
        if (w->type == TYPE_Q6_K)
            for (size_t g = 0; g < groups; g++)
                memcpy(to.half + (g * LANES + r) * 2, row.half + 2 * g, 2);
        if (w->type == TYPE_Q8_0)
            for (size_t i = 0; i < w->columns; i++)
                fit &= row.q[i] != -128;
    }
    return fit;
}

/* The code that means zero in a small type; -1 for other types. */
static int small_zero(TensorType type)
{
    switch (type) {
    case TYPE_Q4_0:
        return 8;
    case TYPE_Q5_0:
        return 16;
    case TYPE_Q4_1:
    case TYPE_Q5_1:
    case TYPE_Q4_K:
    case TYPE_Q5_K:
        return 0;
    default:
        return -1;
    }
}

/* The low nibbles of 16 bytes, then the high ones. */
static inline __m256i nibbles(const uint8_t *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *) (const void *) p);

    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(x, 4), x), _mm256_set1_epi8(15));
}

/* Sixteen in every byte whose bit of a 32-bit mask is set. */
static inline __m256i fifth_bits(const uint8_t *mask)
{
    const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m256i bits = _mm256_set1_epi64x((long long) 0x8040201008040201);
    __m256i x = _mm256_and_si256(_mm256_shuffle_epi8(four_bytes(mask), spread), bits);

    return _mm256_and_si256(_mm256_cmpeq_epi8(x, bits), _mm256_set1_epi8(16));
}

/* Unsigned codes of group J of the block P of a small type. */
static inline __attribute__((always_inline)) __m256i small_codes(TensorType type, const uint8_t *p, int j)
{
    __m256i x, high;

    switch (type) {
    case TYPE_Q4_0:
        return nibbles(p + 2);
    case TYPE_Q4_1:
        return nibbles(p + 4);
    case TYPE_Q5_0:
        return _mm256_or_si256(nibbles(p + 6), fifth_bits(p + 2));
    case TYPE_Q5_1:
        return _mm256_or_si256(nibbles(p + 8), fifth_bits(p + 4));
    default:
        x = load(p + (type == TYPE_Q5_K ? 48 : 16) + j / 2 * 32);
        x = _mm256_and_si256(_mm256_srli_epi16(x, j & 1 ? 4 : 0), _mm256_set1_epi8(15));
        if (type == TYPE_Q4_K)
            return x;
        high = _mm256_and_si256(_mm256_srli_epi16(load(p + 16), j), _mm256_set1_epi8(1));
        return _mm256_or_si256(x, _mm256_slli_epi16(high, 4));
    }
}

/* Scales and offsets of row R. */
static void small_scales(const Matrix *w, const uint8_t *p, size_t r, const Rows8 *to)
{
    size_t groups = w->columns / KERNEL_GROUP, bytes = type_block_bytes(w->type);
    bool offset = SET(has_offset)(w->type);
    uint8_t sc[8], mn[8];

    if (w->type != TYPE_Q4_K && w->type != TYPE_Q5_K) {
        for (size_t g = 0; g < groups; g++, p += bytes) {
            to->d[g * LANES + r] = SET(load_half)(p);
            to->m[g * LANES + r] = offset ? SET(load_half)(p + 2) : 0;
        }
        return;
    }
    for (size_t g = 0; g < groups; g += 8, p += bytes) {
        float d = SET(load_half)(p), dmin = SET(load_half)(p + 2);

        SET(scales_k4)(p + 4, sc, mn);
        for (size_t j = 0; j < 8; j++) {
            to->d[(g + j) * LANES + r] = d * (float) sc[j];
            to->m[(g + j) * LANES + r] = -(dmin * (float) mn[j]);
        }
    }
}

/* Stores the transpose of 8 rows by 8 steps of 4 codes. */
static inline void store_steps(__m256i r[LANES], uint8_t *to)
{
    __m256i p[LANES], *out = (__m256i *) (void *) to;

    #pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 2) {
        p[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        p[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    #pragma GCC unroll 2
    for (int i = 0; i < LANES; i += 4) {
        r[i] = _mm256_unpacklo_epi64(p[i], p[i + 2]);
        r[i + 1] = _mm256_unpackhi_epi64(p[i], p[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(p[i + 1], p[i + 3]);
        r[i + 3] = _mm256_unpackhi_epi64(p[i + 1], p[i + 3]);
    }
    #pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_si256(out + i, _mm256_permute2x128_si256(r[i], r[i + 4], 0x20));
        _mm256_storeu_si256(out + 4 + i, _mm256_permute2x128_si256(r[i], r[i + 4], 0x31));
    }
}

static inline __attribute__((always_inline)) void small_rows_of(TensorType type, const Matrix *w, size_t first,
                                                                size_t count, const Rows8 *to)
{
    size_t bytes = type_block_bytes(type), per_block = type == TYPE_Q4_K || type == TYPE_Q5_K ? 8 : 1;
    const uint8_t *p = w->data + first * w->row_bytes;

    for (size_t g = 0; g < w->columns / KERNEL_GROUP; g += per_block, p += bytes)
        for (size_t j = 0; j < per_block; j++) {
            __m256i r[LANES];

            #pragma GCC unroll 8
            for (size_t i = 0; i < LANES; i++)
                r[i] = i < count ? small_codes(type, p + i * w->row_bytes, (int) j) : _mm256_setzero_si256();
            store_steps(r, to->small + (g + j) * KERNEL_GROUP * LANES);
        }
}

/* Unpacks COUNT <= 8 rows of a small type; the others become zeros. */
static void unpack_small(const Matrix *w, size_t first, size_t count, const Rows8 *to)
{
    if (count < LANES) {
        memset(to->d, 0, w->columns / KERNEL_GROUP * LANES * sizeof(float));
        memset(to->m, 0, w->columns / KERNEL_GROUP * LANES * sizeof(float));
    }
    for (size_t i = 0; i < count; i++)
        small_scales(w, w->data + (first + i) * w->row_bytes, i, to);
    switch (w->type) {
    case TYPE_Q4_0:
        small_rows_of(TYPE_Q4_0, w, first, count, to);
        break;
    case TYPE_Q4_1:
        small_rows_of(TYPE_Q4_1, w, first, count, to);
        break;
    case TYPE_Q5_0:
        small_rows_of(TYPE_Q5_0, w, first, count, to);
        break;
    case TYPE_Q5_1:
        small_rows_of(TYPE_Q5_1, w, first, count, to);
        break;
    case TYPE_Q4_K:
        small_rows_of(TYPE_Q4_K, w, first, count, to);
        break;
    default:
        small_rows_of(TYPE_Q5_K, w, first, count, to);
        break;
    }
}

/* Sixteen-bit factors of a group: 1, or those of its two halves. */
static inline __m256i factors(bool halves, const int8_t *half)
{
    return halves ? _mm256_set_m128i(_mm_set1_epi16(half[1]), _mm_set1_epi16(half[0])) : _mm256_set1_epi16(1);
}

/* Exact dots of a token's group (|a| and a) with eight rows, a lane each. */
static inline __m256i dots8(__m256i abs_a, __m256i a, const int8_t *q, size_t stride, bool halves, const int8_t *half)
{
    __m256i s[LANES];

    #pragma GCC unroll 8
    for (int r = 0; r < LANES; r++) {
        __m256i b = load(q + (size_t) r * stride);
        b = _mm256_sign_epi8(b, a);
#ifdef DOT4
        if (!halves) {
            s[r] = DOT4(_mm256_setzero_si256(), abs_a, b);
            continue;
        }
#endif
        s[r] = _mm256_madd_epi16(_mm256_maddubs_epi16(abs_a, b), factors(halves, half + 2 * r));
    }
    __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
    __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(s[4], s[5]), _mm256_hadd_epi32(s[6], s[7]));
    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

/* Eight rows of Q8_0 or (HALVES) Q6_K. */
static inline __attribute__((always_inline)) __m256 token8(const Rows8 *rows, size_t columns, const int8_t *a,
                                                           const float *scale, bool halves)
{
    __m256 acc = _mm256_setzero_ps();

    for (size_t g = 0; g < columns / KERNEL_GROUP; g++) {
        __m256i x = load(a + g * KERNEL_GROUP);
        __m256i dot = dots8(_mm256_abs_epi8(x), x, rows->q + g * KERNEL_GROUP, columns, halves,
                            rows->half + g * LANES * 2);
        __m256 d = _mm256_mul_ps(_mm256_loadu_ps(rows->d + g * LANES), _mm256_set1_ps(scale[g]));

        acc = _mm256_fmadd_ps(d, _mm256_cvtepi32_ps(dot), acc);
    }
    return acc;
}

/* Exact dots of N tokens' groups, STRIDE codes apart, with eight interleaved
 * rows.  Four steps add up to at most 4 * 2 * 31 * 127 < 2^15. */
static inline __attribute__((always_inline)) void dots_small(const uint8_t *w, const int8_t *a, size_t stride,
                                                             int n, __m256i *dot)
{
#ifdef DOT4
    #pragma GCC unroll 4
    for (int t = 0; t < n; t++)
        dot[t] = _mm256_setzero_si256();
    #pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        __m256i b = load(w + 32 * i);
        #pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            dot[t] = DOT4(dot[t], b, four_bytes(a + (size_t) t * stride + 4 * i));
    }
#else
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i half[4];

    for (int h = 0; h < 2; h++) {
        #pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            __m256i b = load(w + 128 * h + 32 * i);
            #pragma GCC unroll 4
            for (int t = 0; t < n; t++) {
                __m256i p = _mm256_maddubs_epi16(b, four_bytes(a + (size_t) t * stride + 16 * h + 4 * i));
                half[t] = i ? _mm256_add_epi16(half[t], p) : p;
            }
        }
        #pragma GCC unroll 4
        for (int t = 0; t < n; t++) {
            __m256i p = _mm256_madd_epi16(half[t], ones);
            dot[t] = h ? _mm256_add_epi32(dot[t], p) : p;
        }
    }
#endif
}

/* Tokens T .. T+N-1 (N <= 4) with eight rows of small codes. */
static inline __attribute__((always_inline)) void tokens_small(const Rows8 *rows, const QuantizedBatch *x, size_t t,
                                                               int n, int zero, bool offset, __m256 *acc)
{
    size_t groups = x->n / KERNEL_GROUP;
    __m256i dot[4];

    #pragma GCC unroll 4
    for (int i = 0; i < n; i++)
        acc[i] = _mm256_setzero_ps();
    for (size_t g = 0; g < groups; g++) {
        __m256 d = _mm256_loadu_ps(rows->d + g * LANES), m = _mm256_loadu_ps(rows->m + g * LANES);

        dots_small(rows->small + g * KERNEL_GROUP * LANES, x->q + t * x->n + g * KERNEL_GROUP, x->n, n, dot);
        #pragma GCC unroll 4
        for (int i = 0; i < n; i++) {
            size_t at = (t + (size_t) i) * groups + g;

            if (!offset)
                dot[i] = _mm256_sub_epi32(dot[i], _mm256_set1_epi32(zero * x->total[at]));
            acc[i] = _mm256_fmadd_ps(_mm256_mul_ps(d, _mm256_set1_ps(x->scale[at])), _mm256_cvtepi32_ps(dot[i]), acc[i]);
            if (offset)
                acc[i] = _mm256_fmadd_ps(m, _mm256_set1_ps(x->sum[at]), acc[i]);
        }
    }
}

/* The same for N tokens of any type. */
static inline __attribute__((always_inline)) void tokens8(const Matrix *w, const Rows8 *rows, const QuantizedBatch *x,
                                                          size_t t, int n, __m256 *acc)
{
    size_t groups = x->n / KERNEL_GROUP;

    if (SET(has_offset)(w->type))
        tokens_small(rows, x, t, n, 0, true, acc);
    else if (small_zero(w->type) > 0)
        tokens_small(rows, x, t, n, small_zero(w->type), false, acc);
    else
        for (int i = 0; i < n; i++)
            acc[i] = token8(rows, x->n, x->q + (t + (size_t) i) * x->n, x->scale + (t + (size_t) i) * groups,
                            w->type == TYPE_Q6_K);
}

/* The definition, for rows with a code of -128. */
static void linear_plain(const Rows8 *rows, size_t columns, size_t count, const QuantizedBatch *x, float *out, size_t stride)
{
    size_t groups = columns / KERNEL_GROUP;

    for (size_t t = 0; t < x->tokens; t++)
        for (size_t r = 0; r < count; r++) {
            float acc = 0;
            for (size_t g = 0; g < groups; g++)
                acc = fmaf(rows->d[g * LANES + r] * x->scale[t * groups + g],
                           (float) SET(dot)(rows->q + r * columns + g * 32, x->q + t * columns + g * 32, 32), acc);
            out[t * stride + r] = acc;
        }
}

static inline void store_lanes(float *out, __m256 acc, size_t n)
{
    float lane[LANES];

    if (n == LANES) {
        _mm256_storeu_ps(out, acc);
    } else {
        _mm256_storeu_ps(lane, acc);
        memcpy(out, lane, n * sizeof *lane);
    }
}

static void SET(linear)(const Matrix *w, size_t first, size_t count, const QuantizedBatch *x,
                        float *out, size_t stride, void *scratch)
{
    size_t columns = w->columns, groups = columns / KERNEL_GROUP;
    float *f = scratch;
    Rows8 rows = { .d = f, .m = f + groups * LANES };
    bool small = small_zero(w->type) >= 0;

    rows.q = (int8_t *) (f + 2 * groups * LANES);
    rows.small = (uint8_t *) rows.q;
    rows.half = rows.q + columns * LANES;
    for (size_t r = first; r < first + count; r += LANES) {
        size_t n = first + count - r < LANES ? first + count - r : LANES;
        /* One row's scales, offsets and halves lie behind the eight rows. */
        SET(Row) one;
        one.d = (float *) (void *) (rows.half + groups * LANES * 2);
        one.m = one.d + groups;
        one.half = (int8_t *) (one.m + groups);

        if (small) {
            unpack_small(w, r, n, &rows);
        } else if (!unpack_rows(w, r, n, rows, one)) {
            linear_plain(&rows, columns, n, x, out + r, stride);
            continue;
        }
        size_t t = 0;
        __m256 acc[4];
        for (; t + 4 <= x->tokens; t += 4) {
            tokens8(w, &rows, x, t, 4, acc);
            for (size_t i = 0; i < 4; i++)
                store_lanes(out + (t + i) * stride + r, acc[i], n);
        }
        for (; t < x->tokens; t++) {
            tokens8(w, &rows, x, t, 1, acc);
            store_lanes(out + t * stride + r, acc[0], n);
        }
    }
}

/* exp2_neg, eight at a time. */
static inline __m256 exp2_neg8(__m256 x)
{
    const __m256 magic = _mm256_set1_ps(12582912.0f);

    x = _mm256_max_ps(x, _mm256_set1_ps(-126.0f));
    __m256 n = _mm256_sub_ps(_mm256_add_ps(x, magic), magic);
    __m256 f = _mm256_sub_ps(x, n);
    __m256 p = _mm256_set1_ps(1.5403530e-4f);
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(1.3333558e-3f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(9.6181291e-3f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(5.5504109e-2f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(2.4022651e-1f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(6.9314718e-1f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(1.0f));
    __m256i scale = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(scale));
}

static inline float max8(__m256 v)
{
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    m = _mm_max_ss(m, _mm_shuffle_ps(m, m, 1));
    return _mm_cvtss_f32(m);
}

/* Integer products of a row with the 64 keys of a tile. */
static inline void products(const uint8_t *k, size_t dim, const int8_t *q, __m256i acc[8])
{
#ifdef DOT4
    /* The codes of keys are 128 too high: begin with what that adds. */
    int32_t q_sum = 0;

    for (size_t d = 0; d < dim; d++)
        q_sum += q[d];
    for (int i = 0; i < 8; i++)
        acc[i] = _mm256_set1_epi32(-128 * q_sum);
    for (size_t d = 0; d < dim; d += 4, k += 4 * KERNEL_TILE) {
        __m256i a = four_bytes(q + d);

        #pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            acc[i] = DOT4(acc[i], load(k + 32 * i), a);
    }
#else
    const __m256i ones = _mm256_set1_epi16(1), flip = _mm256_set1_epi8(-128);

    for (int i = 0; i < 8; i++)
        acc[i] = _mm256_setzero_si256();
    for (size_t d = 0; d < dim; d += 4, k += 4 * KERNEL_TILE) {
        __m256i a = four_bytes(q + d), abs_a = _mm256_abs_epi8(a);

        #pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            __m256i b = _mm256_xor_si256(load(k + 32 * i), flip);
            __m256i pair = _mm256_maddubs_epi16(abs_a, _mm256_sign_epi8(b, a));
            acc[i] = _mm256_add_epi32(acc[i], _mm256_madd_epi16(pair, ones));
        }
    }
#endif
}

static inline void scores_int8(const uint8_t *k, const float *k_scale, size_t dim, const int8_t *q, float q_scale,
                               __m256 score[8])
{
    __m256i acc[8];

    products(k, dim, q, acc);
    for (int i = 0; i < 8; i++)
        score[i] = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[i]),
                                 _mm256_mul_ps(_mm256_set1_ps(q_scale), _mm256_loadu_ps(k_scale + 8 * i)));
}

/* Sum over 64 keys of p[j] v[j][d], for eight dimensions from D. */
static inline __m256i values8(const int8_t *v, size_t dim, size_t d, const uint8_t *p)
{
    __m256i low = _mm256_setzero_si256();
#ifdef DOT4
    for (size_t j = 0; j < KERNEL_TILE / 4; j++)
        low = DOT4(low, four_bytes(p + 4 * j), load(v + j * 4 * dim + 4 * d));
    return low;
#else
    __m256i high = low;

    for (size_t j = 0; j < KERNEL_TILE / 4; j++) {
        const int8_t *at = v + j * 4 * dim + 4 * d;
        __m256i weights = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(four_bytes(p + 4 * j)));
        __m256i a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) (const void *) at));
        __m256i b = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) (const void *) (at + 16)));

        low = _mm256_add_epi32(low, _mm256_madd_epi16(a, weights));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(b, weights));
    }
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8);
#endif
}

static void SET(attend_int8)(const uint8_t *tile, size_t dim, const int8_t *q, float q_scale,
                             SET(AttendScratch) s, float *max, float *sum, float *out)
{
    const int8_t *v = (const int8_t *) tile + dim * KERNEL_TILE;
    const float *k_scale = (const float *) (const void *) (tile + 2 * dim * KERNEL_TILE);
    const float *v_scale = k_scale + KERNEL_TILE;
    uint8_t p[KERNEL_TILE];
    __m256 score[8];
    int32_t total = 0;

    scores_int8(tile, k_scale, dim, q, q_scale, score);
    __m256 most = score[0];
    for (int i = 1; i < 8; i++)
        most = _mm256_max_ps(most, score[i]);
    float m = max8(most);
    for (int i = 0; i < 8; i++) {
        __m256 e = exp2_neg8(_mm256_sub_ps(score[i], _mm256_set1_ps(m)));
        __m256i code = _mm256_cvtps_epi32(_mm256_mul_ps(e, _mm256_set1_ps(255.0f)));
        __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
        _mm_storel_epi64((__m128i *) (void *) (p + 8 * i), _mm_packus_epi16(packed, packed));
    }
    for (int j = 0; j < KERNEL_TILE; j++)
        total += p[j];
    size_t d = 0;
    for (; d + 8 <= dim; d += 8)
        _mm256_storeu_ps(s.tile_out + d, _mm256_mul_ps(_mm256_cvtepi32_ps(values8(v, dim, d, p)), _mm256_loadu_ps(v_scale + d)));
    for (; d < dim; d++) {
        int32_t acc = 0;
        for (size_t j = 0; j < KERNEL_TILE; j++)
            acc += p[j] * v[j / 4 * 4 * dim + 4 * d + j % 4];
        s.tile_out[d] = (float) acc * v_scale[d];
    }
    SET(take_tile)(m, (float) total, s.tile_out, dim, max, sum, out);
}
