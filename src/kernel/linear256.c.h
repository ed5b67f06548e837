/* linear256.c.h - linear layers on panels, in 256-bit vectors without VNNI.
 *
 * vpmaddubsw multiplies unsigned with signed bytes and adds pairs in 16 bits.  Codes of up to
 * 6 bits are unsigned in panels; their sums begin with what takes the zero point off again (GroupSums), so that
 * the 16-bit sums of a group (of half a group with 6 bits) stay below 2^15 and may wrap on the way:
 *   4 bits, no zero   0 .. 15    8 * 2 * 15 * 127 = 30480
 *   4 bits            -8 .. 7    8 * 2 *  8 * 127 = 16256
 *   5 bits            -16 .. 15  8 * 2 * 16 * 127 = 32512
 *   6 bits            -32 .. 31  4 * 2 * 32 * 127 = 32512
 * Those of 8 bits are signed: |code| is multiplied with the activation negated where the code is
 * negative, 2 * 128 * 127 = 32512, each such sum widened at once.
 */
#define OWN_LINEAR
#include "src/kernel/pack.c.h"

#define TOKENS 4        /* of a tile: 8 vectors of rows by tokens */
#define AHEAD 1024      /* bytes of a panel that are asked for before their turn: decode waits for memory */

/* Two vectors of 8 rows. */
typedef struct {
    __m256i low, high;
} Rows16;

INLINE Rows16 load_rows(const uint8_t *p)
{
    return (Rows16) { load(p), load(p + 32) };
}

INLINE __m256i shifted(__m256i x, int right)
{
    return right < 0 ? _mm256_slli_epi16(x, -right) : right > 0 ? _mm256_srli_epi16(x, right) : x;
}

/* The bits of MASK of X >> RIGHT. */
INLINE Rows16 bits_of(Rows16 x, int right, int mask)
{
    const __m256i m = _mm256_set1_epi8((char) mask);

    return (Rows16) { _mm256_and_si256(shifted(x.low, right), m), _mm256_and_si256(shifted(x.high, right), m) };
}

INLINE Rows16 both(Rows16 a, Rows16 b)
{
    return (Rows16) { _mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high) };
}

/* The codes of step S of a group of up to 6 bits, whose packed nibbles of that step are X. */
INLINE Rows16 step_codes(int bits, const uint8_t *codes, Rows16 x, int s)
{
    Rows16 low = bits_of(x, s < 4 ? 0 : 4, 15);

    if (bits == 5)
        return both(low, bits_of(load_rows(codes), s - 4, 16));
    if (bits == 6)
        return both(low, bits_of(load_rows(codes + s / 4 * 64), 2 * (s % 4) - 4, 0x30));
    return low;
}

/* Left to itself the compiler adds up in trees of its own and keeps their leaves, too many for the registers. */
#define ADD(suffix, sum, x) __asm__("vpadd" suffix " %1, %0, %0" : "+x" (sum) : "x" (x))
#define ADD16(sum, x) ADD("w", sum, x)
#define ADD32(sum, x) ADD("d", sum, x)

/* Adds the products of step S with the activations A of N tokens. */
INLINE void add_step(Rows16 w, const int8_t *a, size_t stride, int n, int s, Rows16 *acc)
{
    #pragma GCC unroll 4
    for (int t = 0; t < n; t++) {
        __m256i b = four_bytes(a + (size_t) t * stride + 4 * s);
        ADD16(acc[t].low, _mm256_maddubs_epi16(w.low, b));
        ADD16(acc[t].high, _mm256_maddubs_epi16(w.high, b));
    }
}

INLINE Rows16 start(const int16_t lanes[2], int times)
{
    __m256i x = four_bytes(lanes);

    x = times == 2 ? _mm256_add_epi16(x, x) : x;
    return (Rows16) { x, x };
}

/* Exact products of a group of up to 5 bits with N tokens, whose sums lie GROUPS apart. */
INLINE void dots_small(TensorType type, const uint8_t *codes, const int8_t *a, size_t stride, int n,
                       const GroupSums *sums, size_t groups, Rows16 *dot)
{
    const PanelLayout layout = panel_layout(type);
    const __m256i ones = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    const uint8_t *packed = codes + (layout.bits == 5 ? 64 : 0);
    Rows16 acc[TOKENS];

    #pragma GCC unroll 4
    for (int t = 0; t < n; t++)
        acc[t] = layout.bits == 5 ? start(sums[(size_t) t * groups].minus8, 2)
               : layout.zero ? start(sums[(size_t) t * groups].minus8, 1) : (Rows16) { zero, zero };
    #pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        Rows16 x = load_rows(packed + 64 * k);
        add_step(step_codes(layout.bits, codes, x, k), a, stride, n, k, acc);
        add_step(step_codes(layout.bits, codes, x, k + 4), a, stride, n, k + 4, acc);
    }
    #pragma GCC unroll 4
    for (int t = 0; t < n; t++) {
        dot[t] = (Rows16) { _mm256_madd_epi16(acc[t].low, ones), _mm256_madd_epi16(acc[t].high, ones) };
        if (layout.bits == 5 && layout.zero == 0) {     /* the sums were made as if zero were 16 */
            __m256i more = _mm256_set1_epi32(-2 * sums[(size_t) t * groups].minus8_all);
            dot[t].low = _mm256_add_epi32(dot[t].low, more);
            dot[t].high = _mm256_add_epi32(dot[t].high, more);
        }
    }
}

/* Factor H of 8 rows of [row][2] s8, in both 16-bit halves of a row's lane. */
INLINE __m256i factor(const uint8_t *factors, int h)
{
    __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) (const void *) factors));

    return h ? _mm256_blend_epi16(_mm256_srli_epi32(x, 16), x, 0xaa) : _mm256_blend_epi16(x, _mm256_slli_epi32(x, 16), 0xaa);
}

INLINE void dots_6(const uint8_t *codes, const uint8_t *factors, const int8_t *a, size_t stride, int n,
                   const GroupSums *sums, size_t groups, Rows16 *dot)
{
    #pragma GCC unroll 2
    for (int h = 0; h < 2; h++) {
        Rows16 acc[TOKENS], f = { factor(factors, h), factor(factors + 16, h) };

        #pragma GCC unroll 4
        for (int t = 0; t < n; t++)
            acc[t] = start(sums[(size_t) t * groups].minus32[h], 1);
        #pragma GCC unroll 4
        for (int k = 0; k < 4; k++)
            add_step(step_codes(6, codes, load_rows(codes + 128 + 64 * k), 4 * h + k), a, stride, n, 4 * h + k, acc);
        #pragma GCC unroll 4
        for (int t = 0; t < n; t++) {
            Rows16 p = { _mm256_madd_epi16(acc[t].low, f.low), _mm256_madd_epi16(acc[t].high, f.high) };
            dot[t].low = h ? _mm256_add_epi32(dot[t].low, p.low) : p.low;
            dot[t].high = h ? _mm256_add_epi32(dot[t].high, p.high) : p.high;
        }
    }
}

INLINE __m256i products_8(__m256i w, __m256i size, __m256i b)
{
    return _mm256_madd_epi16(_mm256_maddubs_epi16(size, _mm256_sign_epi8(b, w)), _mm256_set1_epi16(1));
}

INLINE void dots_8(const uint8_t *codes, const int8_t *a, size_t stride, int n, Rows16 *dot)
{
    #pragma GCC unroll 8
    for (int s = 0; s < 8; s++) {
        Rows16 w = load_rows(codes + 64 * s), size = { _mm256_abs_epi8(w.low), _mm256_abs_epi8(w.high) };
        #pragma GCC unroll 4
        for (int t = 0; t < n; t++) {
            __m256i b = four_bytes(a + (size_t) t * stride + 4 * s);
            Rows16 p = { products_8(w.low, size.low, b), products_8(w.high, size.high, b) };

            if (s == 0) {
                dot[t] = p;
                continue;
            }
            ADD32(dot[t].low, p.low);
            ADD32(dot[t].high, p.high);
        }
    }
}

typedef struct {
    __m256 low, high;
} Floats16;

INLINE Floats16 halves16(const uint8_t *p)
{
    return (Floats16) { _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (const void *) p)),
                        _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (const void *) (p + 16))) };
}

INLINE Floats16 times_bytes(Floats16 x, const uint8_t *p)
{
    __m128i b = _mm_loadu_si128((const __m128i *) (const void *) p);

    return (Floats16) { _mm256_mul_ps(x.low, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(b))),
                        _mm256_mul_ps(x.high, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(b, 8)))) };
}

INLINE Floats16 negative(Floats16 x)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);

    return (Floats16) { _mm256_xor_ps(x.low, sign), _mm256_xor_ps(x.high, sign) };
}

/* acc += (d * scale) dot */
INLINE Floats16 add_scaled(Floats16 acc, Floats16 d, float scale, Rows16 dot)
{
    const __m256 s = _mm256_set1_ps(scale);

    return (Floats16) { _mm256_fmadd_ps(_mm256_mul_ps(d.low, s), _mm256_cvtepi32_ps(dot.low), acc.low),
                        _mm256_fmadd_ps(_mm256_mul_ps(d.high, s), _mm256_cvtepi32_ps(dot.high), acc.high) };
}

/* One panel by tokens T .. T+N-1, N <= TOKENS. */
INLINE void tile(TensorType type, const uint8_t *panel, const QuantizedBatch *x, size_t t, int n, Floats16 *acc)
{
    const PanelLayout layout = panel_layout(type);
    const size_t half = 2 * KERNEL_PANEL, per_block = type_block(type) / KERNEL_GROUP;
    const bool offset = has_offset(type), k45 = type == TYPE_Q4_K || type == TYPE_Q5_K;
    size_t groups = x->n / KERNEL_GROUP;
    const uint8_t *scales = panel + groups * layout.code_bytes;
    const int8_t *a = x->q + t * x->n;

    #pragma GCC unroll 4
    for (int i = 0; i < n; i++)
        acc[i] = (Floats16) { _mm256_setzero_ps(), _mm256_setzero_ps() };
    for (size_t g = 0; g < groups; scales += layout.scale_bytes) {
        Floats16 block_d = halves16(scales), block_m = offset ? halves16(scales + half) : block_d;

        for (size_t j = 0; j < per_block; j++, g++, panel += layout.code_bytes, a += KERNEL_GROUP) {
            const uint8_t *group = scales + half * (j + (offset ? 2 : 1));
            const size_t at = t * groups + g;
            Floats16 d = k45 ? times_bytes(block_d, group) : block_d;
            Floats16 m = k45 ? negative(times_bytes(block_m, group + KERNEL_PANEL)) : block_m;
            Rows16 dot[TOKENS];

            #pragma GCC unroll 8
            for (size_t i = 0; i < layout.code_bytes; i += 64)
                _mm_prefetch((const char *) panel + AHEAD + i, _MM_HINT_T0);
            if (layout.bits == 8)
                dots_8(panel, a, x->n, n, dot);
            else if (layout.bits == 6)
                dots_6(panel, group, a, x->n, n, x->sums + at, groups, dot);
            else
                dots_small(type, panel, a, x->n, n, x->sums + at, groups, dot);
            #pragma GCC unroll 4
            for (int i = 0; i < n; i++) {
                acc[i] = add_scaled(acc[i], d, x->scale[at + (size_t) i * groups], dot[i]);
                if (offset) {
                    const __m256 sum = _mm256_set1_ps(x->sum[at + (size_t) i * groups]);
                    acc[i].low = _mm256_fmadd_ps(m.low, sum, acc[i].low);
                    acc[i].high = _mm256_fmadd_ps(m.high, sum, acc[i].high);
                }
            }
        }
    }
}

static inline void store_rows(float *out, Floats16 acc, size_t n)
{
    float lane[KERNEL_PANEL];

    if (n == KERNEL_PANEL) {
        _mm256_storeu_ps(out, acc.low);
        _mm256_storeu_ps(out + 8, acc.high);
    } else {
        _mm256_storeu_ps(lane, acc.low);
        _mm256_storeu_ps(lane + 8, acc.high);
        memcpy(out, lane, n * sizeof *lane);
    }
}

INLINE void tiles(TensorType type, const uint8_t *panel, size_t rows, const QuantizedBatch *x, float *out, size_t stride)
{
    Floats16 acc[TOKENS];
    size_t t = 0;

    for (; t + TOKENS <= x->tokens; t += TOKENS) {
        tile(type, panel, x, t, TOKENS, acc);
        for (size_t i = 0; i < TOKENS; i++)
            store_rows(out + (t + i) * stride, acc[i], rows);
    }
    switch (x->tokens - t) {
    case 3: tile(type, panel, x, t, 3, acc); break;
    case 2: tile(type, panel, x, t, 2, acc); break;
    case 1: tile(type, panel, x, t, 1, acc); break;
    }
    for (size_t i = 0; t + i < x->tokens; i++)
        store_rows(out + (t + i) * stride, acc[i], rows);
}

#define TILES(type) static __attribute__((noinline)) void tiles_##type(const uint8_t *panel, size_t rows, \
    const QuantizedBatch *x, float *out, size_t stride) { tiles(type, panel, rows, x, out, stride); }
TILES(TYPE_Q4_0) TILES(TYPE_Q4_1) TILES(TYPE_Q5_0) TILES(TYPE_Q5_1)
TILES(TYPE_Q8_0) TILES(TYPE_Q4_K) TILES(TYPE_Q5_K) TILES(TYPE_Q6_K)
#undef TILES

typedef void (*TilesFunc)(const uint8_t *panel, size_t rows, const QuantizedBatch *x, float *out, size_t stride);

static TilesFunc tiles_for(TensorType type)
{
    switch (type) {
    case TYPE_Q4_0: return tiles_TYPE_Q4_0;
    case TYPE_Q4_1: return tiles_TYPE_Q4_1;
    case TYPE_Q5_0: return tiles_TYPE_Q5_0;
    case TYPE_Q5_1: return tiles_TYPE_Q5_1;
    case TYPE_Q8_0: return tiles_TYPE_Q8_0;
    case TYPE_Q4_K: return tiles_TYPE_Q4_K;
    case TYPE_Q5_K: return tiles_TYPE_Q5_K;
    default: return tiles_TYPE_Q6_K;
    }
}

static void SET(linear)(const Matrix *w, size_t first, size_t count, const QuantizedBatch *x,
                        float *out, size_t stride, void *scratch)
{
    size_t bytes = kernel_panel_bytes(w->type, w->columns);
    TilesFunc run = tiles_for(w->type);

    for (size_t r = first; r < first + count; r += KERNEL_PANEL) {
        size_t n = first + count - r < KERNEL_PANEL ? first + count - r : KERNEL_PANEL;

        if (w->panels == NULL)
            SET(prepare)(w, r, n, scratch);
        run(w->panels ? w->panels + r / KERNEL_PANEL * bytes : scratch, n, x, out + r, stride);
    }
}
