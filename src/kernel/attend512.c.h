/* attend512.c.h - int8 attention in 512-bit vectors with VNNI.
 *
 * Keys are opened to 16 bits once for all rows.  ROWS rows of queries share each load of keys (four vectors have the 64 of a tile)
 * and of values (64 dimensions at a time); scores, probabilities and sums of a row never leave the registers, and what a tile gives is taken behind the state at once.
 */
#define OWN_ATTEND_INT8
#include "src/kernel/linear512.c.h"

#define ROWS 4
#define VECTORS 4       /* of 16 keys or dimensions */

/* exp2_neg of N vectors, step by step so that their chains of operations overlap. */
INLINE void exp2_neg16(int n, __m512 x[])
{
    static const float c[] = { 1.3333558e-3f, 9.6181291e-3f, 5.5504109e-2f, 2.4022651e-1f, 6.9314718e-1f, 1.0f };
    const __m512 magic = _mm512_set1_ps(12582912.0f);
    __m512 whole[VECTORS], f[VECTORS], p[VECTORS];

    #pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        x[i] = _mm512_max_ps(x[i], _mm512_set1_ps(-126.0f));
        whole[i] = _mm512_sub_ps(_mm512_add_ps(x[i], magic), magic);
        f[i] = _mm512_sub_ps(x[i], whole[i]);
        p[i] = _mm512_set1_ps(1.5403530e-4f);
    }
    #pragma GCC unroll 6
    for (int k = 0; k < 6; k++) {
        #pragma GCC unroll 4
        for (int i = 0; i < n; i++)
            p[i] = _mm512_fmadd_ps(p[i], f[i], _mm512_set1_ps(c[k]));
    }
    #pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        __m512i scale = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvttps_epi32(whole[i]), _mm512_set1_epi32(127)), 23);
        x[i] = _mm512_mul_ps(p[i], _mm512_castsi512_ps(scale));
    }
}

/* The keys of TILE opened to K: [dim/2][64 keys][2 dims]. */
static void open_keys(const Int8Tile *tile, size_t dim, int16_t *k)
{
    /* Of every four bytes the first or the last two, each widened to 16 bits. */
    const __m512i front = _mm512_set4_epi32((int) 0x800d800c, (int) 0x80098008, (int) 0x80058004, (int) 0x80018000);
    const __m512i back = _mm512_add_epi8(front, _mm512_set1_epi32(0x00020002));
    const __m512i zero_point = _mm512_set1_epi16(128), half = _mm512_set1_epi16(2);

    for (size_t d = 0; d < dim; d += 4) {
        const uint8_t *f = tile->k_factor + d, *code = tile->k + d * KERNEL_TILE;
        const __m512i factors[2] = { _mm512_set1_epi32(f[0] | f[1] << 16), _mm512_set1_epi32(f[2] | f[3] << 16) };

        for (int i = 0; i < 2; i++)
            for (size_t j = 0; j < KERNEL_TILE; j += 16, k += 32) {
                __m512i x = _mm512_shuffle_epi8(load64(code + 4 * j), i ? back : front);

                x = _mm512_mullo_epi16(_mm512_sub_epi16(x, zero_point), factors[i]);
                _mm512_storeu_si512(k, _mm512_srai_epi16(_mm512_add_epi16(x, half), 2));
            }
    }
}

/* SCORE of the rows from R on against the 64 keys, opened in K. */
INLINE void scores(const AttendRows *a, size_t dim, size_t r, const int16_t *k, const float *k_scale, int rows,
                   __m512 score[ROWS][VECTORS])
{
    const int16_t *q = a->q16 + r * dim;
    __m512i acc[ROWS][VECTORS];

    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
        acc[i][0] = acc[i][1] = acc[i][2] = acc[i][3] = _mm512_setzero_si512();
    for (size_t d = 0; d < dim; d += 2, k += 2 * KERNEL_TILE) {
        __m512i k0 = load64(k), k1 = load64(k + 32), k2 = load64(k + 64), k3 = load64(k + 96);

        #pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            __m512i b = two_words16(q + (size_t) i * dim + d);

            acc[i][0] = dot2(acc[i][0], k0, b);
            acc[i][1] = dot2(acc[i][1], k1, b);
            acc[i][2] = dot2(acc[i][2], k2, b);
            acc[i][3] = dot2(acc[i][3], k3, b);
        }
    }
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        const __m512 scale = _mm512_set1_ps(a->q16_scale[r + (size_t) i]);

        #pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
            score[i][v] = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[i][v]),
                                        _mm512_mul_ps(scale, _mm512_loadu_ps(k_scale + 16 * v)));
    }
}

/* The largest of a row's scores. */
INLINE float largest(const __m512 score[VECTORS])
{
    return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(score[0], score[1]), _mm512_max_ps(score[2], score[3])));
}

/* The codes of a row's probabilities, and their sum. */
INLINE int32_t probabilities(const __m512 score[VECTORS], float max, uint8_t p[KERNEL_TILE])
{
    __m512i total = _mm512_setzero_si512();
    __m512 e[VECTORS];

    #pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
        e[v] = _mm512_sub_ps(score[v], _mm512_set1_ps(max));
    exp2_neg16(VECTORS, e);
    #pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
        __m512i code = _mm512_cvtps_epi32(_mm512_mul_ps(e[v], _mm512_set1_ps(255.0f)));

        total = _mm512_add_epi32(total, code);
        _mm_storeu_si128((__m128i *) (void *) (p + 16 * v), _mm512_cvtepi32_epi8(code));
    }
    return _mm512_reduce_add_epi32(total);
}

/* What end_tile does but for the outputs, for rows R .. R+ROWS-1: those are to become out * OLD + the tile's * NEW. */
INLINE void weigh(AttendState state, size_t t, size_t r, int rows, const float *max, const int32_t *total,
                  float *old, float *new)
{
    float away[16] = { 0 }, factor[16];
    __m512 x[1];

    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        float was = state.max[r + (size_t) i], now = max[i] > was ? max[i] : was;

        away[i] = was - now;
        away[ROWS + i] = max[i] - now;
        state.max[r + (size_t) i] = now;
    }
    x[0] = _mm512_loadu_ps(away);
    exp2_neg16(1, x);
    _mm512_storeu_ps(factor, x[0]);
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        float sum = (float) total[i];

        old[i] = factor[i];
        new[i] = factor[ROWS + i];
        state.sum[r + (size_t) i] = state.sum[r + (size_t) i] * old[i] + sum * new[i];
        if (state.tile_max) {
            state.tile_max[t * state.tile_stride + r + (size_t) i] = max[i];
            state.tile_sum[t * state.tile_stride + r + (size_t) i] = sum;
        }
    }
}

/* 16 times VECTORS dimensions from D on of the rows' outputs. */
INLINE void values(const int8_t *v, const float *v_scale, size_t dim, size_t d, int vectors, const uint8_t *p, int rows,
                   const float *old, const float *new, float *out)
{
    __m512i acc[ROWS][VECTORS];

    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        #pragma GCC unroll 4
        for (int n = 0; n < vectors; n++)
            acc[i][n] = _mm512_setzero_si512();
    }
    v += 4 * d;
    for (size_t j = 0; j < KERNEL_TILE; j += 4, v += 4 * dim) {
        __m512i x[VECTORS];

        #pragma GCC unroll 4
        for (int n = 0; n < vectors; n++)
            x[n] = load64(v + 64 * n);
        #pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            __m512i b = four_bytes16(p + (size_t) i * KERNEL_TILE + j);

            #pragma GCC unroll 4
            for (int n = 0; n < vectors; n++)
                acc[i][n] = dot4(acc[i][n], b, x[n]);
        }
    }
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        #pragma GCC unroll 4
        for (int n = 0; n < vectors; n++) {
            float *to = out + (size_t) i * dim + d + 16 * n;
            __m512 mine = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[i][n]), _mm512_loadu_ps(v_scale + d + 16 * n));

            _mm512_storeu_ps(to, _mm512_add_ps(_mm512_mul_ps(_mm512_loadu_ps(to), _mm512_set1_ps(old[i])),
                                               _mm512_mul_ps(mine, _mm512_set1_ps(new[i]))));
        }
    }
}

/* The dimensions from D on of a row's output, one by one. */
static void values_rest(const int8_t *v, const float *v_scale, size_t dim, size_t d, const uint8_t *p,
                        float old, float new, float *out)
{
    for (; d < dim; d++) {
        int32_t acc = 0;

        for (size_t j = 0; j < KERNEL_TILE; j++)
            acc += p[j] * v[j / 4 * 4 * dim + 4 * d + j % 4];
        out[d] = out[d] * old + (float) acc * v_scale[d] * new;
    }
}

/* Rows R .. R+ROWS-1 against the TILE with number T, whose keys are opened in K. */
INLINE void attend_rows(const AttendRows *a, const Int8Tile *tile, const int16_t *k, size_t dim, size_t t, size_t r, int rows,
                        AttendState state)
{
    float *out = state.out + r * dim;
    uint8_t p[ROWS][KERNEL_TILE];
    __m512 score[ROWS][VECTORS];
    float max[ROWS], old[ROWS], new[ROWS];
    int32_t total[ROWS];
    size_t d = 0;

    scores(a, dim, r, k, tile->k_scale, rows, score);
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
        max[i] = largest(score[i]);
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
        total[i] = probabilities(score[i], max[i], p[i]);
    for (int i = 0; i < rows; i++)
        max[i] += SET(dot_middle)(a->q + (r + (size_t) i) * dim, tile->k_middle, dim);
    weigh(state, t, r, rows, max, total, old, new);
    for (; d + 16 * VECTORS <= dim; d += 16 * VECTORS)
        values(tile->v, tile->v_scale, dim, d, VECTORS, p[0], rows, old, new, out);
    for (; d + 16 <= dim; d += 16)
        values(tile->v, tile->v_scale, dim, d, 1, p[0], rows, old, new, out);
    for (int i = 0; d < dim && i < rows; i++)
        values_rest(tile->v, tile->v_scale, dim, d, p[i], old[i], new[i], out + (size_t) i * dim);
}

#define ATTEND(name, dim, rows) static __attribute__((noinline)) void name(const AttendRows *a, const Int8Tile *tile, \
    const int16_t *k, size_t t, size_t r, AttendState state) { attend_rows(a, tile, k, dim, t, r, rows, state); }
ATTEND(attend_any, a->dim, ROWS) ATTEND(attend_any_1, a->dim, 1)
ATTEND(attend_128, 128, ROWS) ATTEND(attend_128_1, 128, 1)     /* addresses that are known beforehand */
#undef ATTEND

static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state)
{
    const Int8Tile tile = int8_tile((uint8_t *) (uintptr_t) (a->tiles + t * a->tile_stride), a->dim);
    int16_t *k = (int16_t *) s.k;
    size_t r = 0;

    open_keys(&tile, a->dim, k);
    for (; r + ROWS <= a->rows; r += ROWS)
        (a->dim == 128 ? attend_128 : attend_any)(a, &tile, k, t, r, state);
    for (; r < a->rows; r++)
        (a->dim == 128 ? attend_128_1 : attend_any_1)(a, &tile, k, t, r, state);
}
