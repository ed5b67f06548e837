/* attend256.c.h - int8 attention in 256-bit vectors without VNNI.
 *
 * Two rows of queries share each load of keys and of values.  vpmaddubsw wants one unsigned
 * factor: |a| is multiplied with b negated where a is negative, for keys (b) with the query's codes (a), and for
 * values (b) with the probabilities minus 128 (a), to which 128 times the sum of the values comes back.
 * |a| <= 128, |b| <= 127, so a pair's sum x is exact in 16 bits.  Multiplications are what limits this, and
 * widening by vpmaddwd would double them: instead x is added modulo 2^16, and so is x >> 8; 64 of the latter fit,
 * and with them the former tells the whole sum.
 */
#define OWN_ATTEND_INT8
#include "src/kernel/linear256.c.h"
#include "src/kernel/softmax256.c.h"

#define SUM_STEPS 64

/* A tile as it is worked on, and room for two rows, all in scratch. */
typedef struct {
    int8_t *k;                  /* signed, in the tile's layout */
    const int8_t *v;
    const float *k_scale, *v_scale;
    int32_t *v_base;            /* 128 times the sum over the keys, per dimension */
    uint8_t *abs_q[2];          /* dim each */
    float *out[2];
} TileWork;

static TileWork tile_work(const uint8_t *tile, size_t dim, SET(AttendScratch) s)
{
    const __m256i flip = _mm256_set1_epi8(-128), ones8 = _mm256_set1_epi8(1), ones16 = _mm256_set1_epi16(1);
    TileWork w = { .k = (int8_t *) s.k, .v = (const int8_t *) tile + dim * KERNEL_TILE };

    w.k_scale = (const float *) (const void *) (tile + 2 * dim * KERNEL_TILE);
    w.v_scale = w.k_scale + KERNEL_TILE;
    w.v_base = (int32_t *) (s.k + 16 * dim);
    w.out[0] = s.v;
    w.out[1] = s.v + dim;
    w.abs_q[0] = (uint8_t *) (s.v + 2 * dim);
    w.abs_q[1] = w.abs_q[0] + dim;
    for (size_t i = 0; i < dim * KERNEL_TILE; i += 32)
        _mm256_storeu_si256((__m256i *) (void *) (w.k + i), _mm256_xor_si256(load(tile + i), flip));
    size_t d = 0;
    for (; d + 8 <= dim; d += 8) {
        __m256i sum = _mm256_setzero_si256();       /* sixteen times two values stay below 2^15 */
        for (size_t j = 0; j < KERNEL_TILE / 4; j++)
            sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(ones8, load(w.v + j * 4 * dim + 4 * d)));
        _mm256_storeu_si256((__m256i *) (void *) (w.v_base + d), _mm256_slli_epi32(_mm256_madd_epi16(sum, ones16), 7));
    }
    return w;
}

/* Sums of one row and one vector of 8 keys or dimensions. */
typedef struct {
    __m256i low, high;
} Sum;

INLINE Sum sum_zero(void)
{
    return (Sum) { _mm256_setzero_si256(), _mm256_setzero_si256() };
}

/* SUM behind another step: B times the four codes in every lane of A, whose absolute values are ABS_A. */
#define SUM_STEP(sum, b, a, abs_a) do { \
    __m256i pair_ = _mm256_maddubs_epi16(abs_a, _mm256_sign_epi8(b, a)); \
    ADD16((sum).low, pair_); \
    ADD16((sum).high, _mm256_srai_epi16(pair_, 8)); \
} while (0)

INLINE __m256i sum_end(Sum s)
{
    __m256i rest = _mm256_sub_epi16(s.low, _mm256_slli_epi16(s.high, 8));

    return _mm256_add_epi32(_mm256_madd_epi16(s.high, _mm256_set1_epi16(256)),
                            _mm256_madd_epi16(rest, _mm256_set1_epi16(1)));
}

/* out[row][vector] += over STEPS, b (two vectors, the next step STRIDE further) times the next four codes of
 * a row of A, whose absolute values are ABS_A. */
INLINE void sums(const int8_t *b, size_t stride, size_t steps, const int8_t *const a[2], const uint8_t *const abs_a[2],
                 int rows, __m256i out[2][2])
{
    for (size_t first = 0; first < steps; first += SUM_STEPS) {
        size_t end = steps - first < SUM_STEPS ? steps : first + SUM_STEPS;
        Sum s00 = sum_zero(), s01 = sum_zero(), s10 = sum_zero(), s11 = sum_zero();

        for (size_t i = first; i < end; i++, b += stride) {
            __m256i b0 = load(b), b1 = load(b + 32);
            __m256i x = four_bytes(a[0] + 4 * i), u = four_bytes(abs_a[0] + 4 * i);

            SUM_STEP(s00, b0, x, u);
            SUM_STEP(s01, b1, x, u);
            if (rows > 1) {
                x = four_bytes(a[1] + 4 * i);
                u = four_bytes(abs_a[1] + 4 * i);
                SUM_STEP(s10, b0, x, u);
                SUM_STEP(s11, b1, x, u);
            }
        }
        out[0][0] = _mm256_add_epi32(out[0][0], sum_end(s00));
        out[0][1] = _mm256_add_epi32(out[0][1], sum_end(s01));
        out[1][0] = _mm256_add_epi32(out[1][0], sum_end(s10));
        out[1][1] = _mm256_add_epi32(out[1][1], sum_end(s11));
    }
}

/* SCORE of row R against the 64 keys. */
INLINE void scores(const AttendRows *a, size_t r, const TileWork *w, int rows, __m256 score[2][8])
{
    const int8_t *q[2] = { a->q8 + r * a->dim, a->q8 + (r + (size_t) rows - 1) * a->dim };
    const uint8_t *abs_q[2] = { w->abs_q[0], w->abs_q[1] };

    for (int i = 0; i < rows; i++) {
        size_t d = 0;

        for (; d + 32 <= a->dim; d += 32)
            _mm256_storeu_si256((__m256i *) (void *) (w->abs_q[i] + d), _mm256_abs_epi8(load(q[i] + d)));
        for (; d < a->dim; d++)
            w->abs_q[i][d] = (uint8_t) (q[i][d] < 0 ? -q[i][d] : q[i][d]);
    }
    #pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        __m256i out[2][2] = { { _mm256_setzero_si256(), _mm256_setzero_si256() },
                              { _mm256_setzero_si256(), _mm256_setzero_si256() } };

        sums(w->k + 64 * j, 4 * KERNEL_TILE, a->dim / 4, q, abs_q, rows, out);
        #pragma GCC unroll 2
        for (int i = 0; i < rows; i++)
            #pragma GCC unroll 2
            for (int v = 0; v < 2; v++)
                score[i][2 * j + v] = _mm256_mul_ps(_mm256_cvtepi32_ps(out[i][v]),
                                                    _mm256_mul_ps(_mm256_set1_ps(a->q8_scale[r + (size_t) i]),
                                                                  _mm256_loadu_ps(w->k_scale + 16 * j + 8 * v)));
    }
}

/* The codes of a row's probabilities minus 128, and their absolute values; the sum of the codes. */
static inline int32_t probabilities(const __m256 score[8], float *max, int8_t p[KERNEL_TILE], uint8_t abs_p[KERNEL_TILE])
{
    __m256i total = _mm256_setzero_si256();
    __m256 most = score[0];
    int32_t lane[8];

    for (int i = 1; i < 8; i++)
        most = _mm256_max_ps(most, score[i]);
    *max = max8(most);
    for (int i = 0; i < 8; i++) {
        __m256 e = exp2_neg8(_mm256_sub_ps(score[i], _mm256_set1_ps(*max)));
        __m256i code = _mm256_cvtps_epi32(_mm256_mul_ps(e, _mm256_set1_ps(255.0f)));
        __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
        __m128i bytes = _mm_xor_si128(_mm_packus_epi16(packed, packed), _mm_set1_epi8(-128));

        total = _mm256_add_epi32(total, code);
        _mm_storel_epi64((__m128i *) (void *) (p + 8 * i), bytes);
        _mm_storel_epi64((__m128i *) (void *) (abs_p + 8 * i), _mm_abs_epi8(bytes));
    }
    _mm256_storeu_si256((__m256i *) (void *) lane, total);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* The dimensions from D on of a row's output, one by one. */
static void values_rest(const TileWork *w, size_t dim, size_t d, const int8_t *p, float *out)
{
    for (; d < dim; d++) {
        int32_t acc = 0;

        for (size_t j = 0; j < KERNEL_TILE; j++)
            acc += (p[j] + 128) * w->v[j / 4 * 4 * dim + 4 * d + j % 4];
        out[d] = (float) acc * w->v_scale[d];
    }
}

/* Rows R .. R+ROWS-1 against tile T. */
INLINE void attend_rows(const AttendRows *a, size_t t, size_t r, const TileWork *w, int rows, AttendState state)
{
    int8_t p[2][KERNEL_TILE];
    uint8_t abs_p[2][KERNEL_TILE];
    const int8_t *p_of[2] = { p[0], p[1] };
    const uint8_t *abs_of[2] = { abs_p[0], abs_p[1] };
    __m256 score[2][8];
    float max[2];
    int32_t total[2];
    size_t d = 0;

    scores(a, r, w, rows, score);
    #pragma GCC unroll 2
    for (int i = 0; i < rows; i++)
        total[i] = probabilities(score[i], max + i, p[i], abs_p[i]);
    for (; d + 16 <= a->dim; d += 16) {
        __m256i out[2][2] = { { load(w->v_base + d), load(w->v_base + d + 8) },
                              { load(w->v_base + d), load(w->v_base + d + 8) } };

        sums(w->v + 4 * d, 4 * a->dim, KERNEL_TILE / 4, p_of, abs_of, rows, out);
        #pragma GCC unroll 2
        for (int i = 0; i < rows; i++)
            #pragma GCC unroll 2
            for (int v = 0; v < 2; v++)
                _mm256_storeu_ps(w->out[i] + d + 8 * v, _mm256_mul_ps(_mm256_cvtepi32_ps(out[i][v]),
                                                                      _mm256_loadu_ps(w->v_scale + d + 8 * v)));
    }
    for (int i = 0; i < rows; i++) {
        values_rest(w, a->dim, d, p[i], w->out[i]);
        SET(end_tile)(a, state, t, r + (size_t) i, max[i], (float) total[i], w->out[i]);
    }
}

static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state)
{
    const TileWork w = tile_work(a->tiles + t * a->tile_stride, a->dim, s);
    size_t r = 0;

    for (; r + 2 <= a->rows; r += 2)
        attend_rows(a, t, r, &w, 2, state);
    if (r < a->rows)
        attend_rows(a, t, r, &w, 1, state);
}
