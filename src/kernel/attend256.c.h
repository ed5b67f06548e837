/* attend256.c.h - int8 attention in 256-bit vectors without VNNI.
 *
 * A tile is opened to 16 bits once for all rows; vpmaddwd then multiplies and adds pairs without any care for
 * signs or overflow.  ROWS rows of queries share
 * each load of keys and of values.  As the tile lies, a vector has four numbers of each of four keys or
 * dimensions, so its sums have two lanes for each, which are added up in the end.
 */
#define OWN_ATTEND_INT8
#include "src/kernel/linear256.c.h"

#define ROWS 4

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

/* A tile as it is worked on, and room for the rows, all in scratch. */
typedef struct {
    const int16_t *k, *v;       /* in the tile's layout */
    Int8Tile tile;
    float *out;                 /* ROWS x dim */
} TileWork;

INLINE __m256i open_keys(__m128i codes, __m256i factors)
{
    __m256i code = _mm256_sub_epi16(_mm256_cvtepu8_epi16(codes), _mm256_set1_epi16(128));

    return _mm256_srai_epi16(_mm256_add_epi16(_mm256_mullo_epi16(code, factors), _mm256_set1_epi16(2)), 2);
}

static TileWork tile_work(const uint8_t *bytes, size_t dim, SET(AttendScratch) s)
{
    const Int8Tile tile = int8_tile((uint8_t *) (uintptr_t) bytes, dim);
    int16_t *k = (int16_t *) s.k, *v = k + dim * KERNEL_TILE;

    for (size_t d = 0; d < dim; d += 4) {
        int32_t four;

        memcpy(&four, tile.k_factor + d, sizeof four);
        const __m256i factors = _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
        for (size_t i = d * KERNEL_TILE; i < (d + 4) * KERNEL_TILE; i += 16)
            store(k + i, open_keys(_mm_loadu_si128((const __m128i *) (const void *) (tile.k + i)), factors));
    }
    for (size_t i = 0; i < dim * KERNEL_TILE; i += 16)
        store(v + i, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) (const void *) (tile.v + i))));
    return (TileWork) { .k = k, .v = v, .tile = tile, .out = s.v };
}

/* The four numbers at P in every 64-bit lane. */
INLINE __m256i four_words(const int16_t *p)
{
    int64_t four;

    memcpy(&four, p, sizeof four);
    return _mm256_set1_epi64x(four);
}

/* The sums of 8 keys or dimensions, of which LOW has the first four in two lanes each. */
INLINE __m256i join(__m256i low, __m256i high)
{
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8);
}

/* out[row] = over STEPS, 8 keys or dimensions of B (the next step STRIDE further) times the next four numbers of
 * each row of A, whose rows lie A_STRIDE apart. */
INLINE void sums(const int16_t *b, size_t stride, size_t steps, const int16_t *a, size_t a_stride, int rows,
                 __m256i out[ROWS])
{
    __m256i low[ROWS], high[ROWS];

    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
        low[i] = high[i] = _mm256_setzero_si256();
    for (size_t s = 0; s < steps; s++, a += 4, b += stride) {
        __m256i b0 = load(b), b1 = load(b + 16);

        #pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            __m256i x = four_words(a + (size_t) i * a_stride);

            ADD32(low[i], _mm256_madd_epi16(b0, x));
            ADD32(high[i], _mm256_madd_epi16(b1, x));
        }
    }
    #pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
        out[i] = join(low[i], high[i]);
}

/* SCORE of the rows from R on against the 64 keys. */
INLINE void scores(const AttendRows *a, size_t r, const TileWork *w, int rows, __m256 score[ROWS][8])
{
    for (int j = 0; j < 8; j++) {
        __m256i out[ROWS];

        sums(w->k + 32 * j, 4 * KERNEL_TILE, a->dim / 4, a->q16 + r * a->dim, a->dim, rows, out);
        #pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
            score[i][j] = _mm256_mul_ps(_mm256_cvtepi32_ps(out[i]),
                                        _mm256_mul_ps(_mm256_set1_ps(a->q16_scale[r + (size_t) i]),
                                                      _mm256_loadu_ps(w->tile.k_scale + 8 * j)));
    }
}

/* The codes of a row's probabilities, and their sum. */
static inline int32_t probabilities(const __m256 score[8], float *max, int16_t p[KERNEL_TILE])
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

        total = _mm256_add_epi32(total, code);
        _mm_storeu_si128((__m128i *) (void *) (p + 8 * i),
                         _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1)));
    }
    _mm256_storeu_si256((__m256i *) (void *) lane, total);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* The dimensions from D on of a row's output, one by one. */
static void values_rest(const TileWork *w, size_t dim, size_t d, const int16_t *p, float *out)
{
    for (; d < dim; d++) {
        int32_t acc = 0;

        for (size_t j = 0; j < KERNEL_TILE; j++)
            acc += p[j] * w->v[j / 4 * 4 * dim + 4 * d + j % 4];
        out[d] = (float) acc * w->tile.v_scale[d];
    }
}

/* Rows R .. R+ROWS-1 against tile T. */
INLINE void attend_rows(const AttendRows *a, size_t t, size_t r, const TileWork *w, int rows, AttendState state)
{
    int16_t p[ROWS][KERNEL_TILE];
    __m256 score[ROWS][8];
    float max[ROWS];
    int32_t total[ROWS];
    size_t d = 0;

    scores(a, r, w, rows, score);
    for (int i = 0; i < rows; i++)
        total[i] = probabilities(score[i], max + i, p[i]);
    for (; d + 8 <= a->dim; d += 8) {
        __m256i out[ROWS];

        sums(w->v + 4 * d, 4 * a->dim, KERNEL_TILE / 4, p[0], KERNEL_TILE, rows, out);
        #pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
            _mm256_storeu_ps(w->out + (size_t) i * a->dim + d,
                             _mm256_mul_ps(_mm256_cvtepi32_ps(out[i]), _mm256_loadu_ps(w->tile.v_scale + d)));
    }
    for (size_t i = 0; i < (size_t) rows; i++) {
        float middle = SET(dot_middle)(a->q + (r + i) * a->dim, w->tile.k_middle, a->dim);

        values_rest(w, a->dim, d, p[i], w->out + i * a->dim);
        SET(end_tile)(a, state, t, r + i, max[i] + middle, (float) total[i], w->out + i * a->dim);
    }
}

static void SET(attend_int8)(const AttendRows *a, size_t t, SET(AttendScratch) s, AttendState state)
{
    const TileWork w = tile_work(a->tiles + t * a->tile_stride, a->dim, s);
    size_t r = 0;

    for (; r + ROWS <= a->rows; r += ROWS)
        attend_rows(a, t, r, &w, ROWS, state);
    for (; r < a->rows; r++)
        attend_rows(a, t, r, &w, 1, state);
}
