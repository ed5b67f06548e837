/* attend_vnni.c.h - int8 attention in 256-bit vectors with VNNI, whose DOT4 adds four products of bytes at
 * once: dot4(acc, u, s) = acc + the sums of four u8 times s8, without saturation.
 */
#define OWN_ATTEND_INT8
#include "src/kernel/linear256.c.h"
#include "src/kernel/softmax256.c.h"

/* Integer products of a row with the 64 keys of a tile. */
static inline void products(const uint8_t *k, size_t dim, const int8_t *q, __m256i acc[8])
{
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
    __m256i sum = _mm256_setzero_si256();

    for (size_t j = 0; j < KERNEL_TILE / 4; j++)
        sum = DOT4(sum, four_bytes(p + 4 * j), load(v + j * 4 * dim + 4 * d));
    return sum;
}

static void attend_int8_row(const AttendRows *a, size_t t, size_t r, SET(AttendScratch) s, AttendState state)
{
    const uint8_t *tile = a->tiles + t * a->tile_stride;
    const int8_t *q = a->q8 + r * a->dim;
    size_t dim = a->dim;
    float q_scale = a->q8_scale[r];
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
    SET(end_tile)(a, state, t, r, m, (float) total, s.tile_out);
}

static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state)
{
    for (size_t r = 0; r < a->rows; r++)
        attend_int8_row(a, t, r, s, state);
}
