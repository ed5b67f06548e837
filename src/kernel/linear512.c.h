/* linear512.c.h - linear layers on panels, in 512-bit vectors with VNNI.
 *
 * vpdpbusd adds four products of unsigned with signed bytes to each 32-bit lane.  So codes are unsigned, those of
 * Q8_0 as well once 128 is added, and a sum begins with what takes the zero point off again (GroupSums).
 *
 * A tile is PANELS panels by some tokens, whose sums and results stay in registers: each load of codes serves all of
 * its tokens, each load of activations both panels.  Work goes CHUNK groups at a time.  Few tokens read a panel as
 * it lies; for many, its codes are opened to a byte each first, which stay in the cache while all tokens pass.
 */
#define OWN_LINEAR
#include "src/kernel/pack.c.h"
#include "src/kernel/vnni.h"

#define PANELS 2
#define TOKENS 6        /* of a tile at most: 12 sums, 12 results, and what is multiplied, in 32 registers */
#define TOKENS_HALVES 4 /* where each half of a group has its own factor: 8 sums more */
#define DIRECT 12       /* tokens of a batch up to which codes are not opened */
#define CHUNK 16        /* groups, whole blocks: 16 KB opened, as many again are in the first cache */
#define AHEAD 2048      /* bytes of a panel that are asked for before their turn: decode waits for memory */
#define GROUP_SCALES (3 * KERNEL_PANEL) /* floats of a panel and group: d, and m or the factors of both halves */

/* Scratch of linear: what of a chunk all tiles share, and the results so far, [token][panel][row]. */
typedef struct {
    uint8_t *panels;        /* PANELS of them, where W is not prepared */
    uint8_t *codes;         /* [group][step][panel][row][4] */
    float *scales;          /* [group][panel][GROUP_SCALES] */
    float *acc;
} Chunk;

static Chunk chunk_in(uint8_t *scratch, size_t panel_bytes)
{
    Chunk c = { .panels = scratch, .codes = scratch + PANELS * panel_bytes };

    c.scales = (float *) (void *) (c.codes + CHUNK * 8 * PANELS * 64);
    c.acc = c.scales + CHUNK * PANELS * GROUP_SCALES;
    return c;
}

/* (x >> RIGHT) & MASK, or with LOW. */
INLINE __m512i high_bits(__m512i x, int right, int mask, __m512i low)
{
    x = right < 0 ? _mm512_slli_epi16(x, (unsigned) -right) : right > 0 ? _mm512_srli_epi16(x, (unsigned) right) : x;
    return _mm512_ternarylogic_epi32(x, _mm512_set1_epi8((char) mask), low, 0xea);
}

/* The codes of step S of a group, those of Q8_0 plus 128. */
INLINE __m512i step_codes(int bits, const uint8_t *codes, int s)
{
    const uint8_t *nibbles = codes + (bits == 6 ? 128 : bits == 5 ? 64 : 0);
    __m512i x;

    if (bits == 8)
        return _mm512_xor_si512(load64(codes + 64 * s), _mm512_set1_epi8((char) 0x80));
    x = load64(nibbles + 64 * (s % 4));
    x = _mm512_and_si512(s < 4 ? x : _mm512_srli_epi16(x, 4), _mm512_set1_epi8(15));
    if (bits == 5)
        return high_bits(load64(codes), s - 4, 16, x);
    if (bits == 6)
        return high_bits(load64(codes + s / 4 * 64), 2 * (s % 4) - 4, 0x30, x);
    return x;
}

INLINE void open_group(int bits, const uint8_t *codes, uint8_t *to)
{
    #pragma GCC unroll 8
    for (int s = 0; s < 8; s++)
        _mm512_storeu_si512(to + s * PANELS * 64, step_codes(bits, codes, s));
}

static void open_codes(int bits, const uint8_t *codes, size_t bytes, size_t groups, uint8_t *to)
{
    for (size_t g = 0; g < groups; g++, codes += bytes, to += 8 * PANELS * 64)
        switch (bits) {
        case 4: open_group(4, codes, to); break;
        case 5: open_group(5, codes, to); break;
        case 6: open_group(6, codes, to); break;
        default: open_group(8, codes, to); break;
        }
}

INLINE __m512 halves16(const uint8_t *p)
{
    return _mm512_cvtph_ps(load(p));
}

INLINE __m512 unsigned16(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *) (const void *) p)));
}

/* Factor H of 16 rows of [row][2] s8. */
INLINE __m512 factor16(const uint8_t *p, int h)
{
    __m512i x = _mm512_cvtepi16_epi32(load(p));

    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(x, h ? 16 : 24), 24));
}

/* The scales of GROUPS groups, whole blocks, as floats; those of the other panel lie between them. */
static void open_scales(TensorType type, const uint8_t *scales, size_t groups, float *to)
{
    const PanelLayout layout = panel_layout(type);
    const size_t half = 2 * KERNEL_PANEL, per_block = type_block(type) / KERNEL_GROUP;
    const bool offset = has_offset(type), k45 = type == TYPE_Q4_K || type == TYPE_Q5_K;

    for (size_t g = 0; g < groups; scales += layout.scale_bytes) {
        __m512 d = halves16(scales), m = offset ? halves16(scales + half) : d;

        _mm_prefetch((const char *) scales + AHEAD, _MM_HINT_T0);
        for (size_t j = 0; j < per_block; j++, g++, to += PANELS * GROUP_SCALES) {
            const uint8_t *group = scales + half * (j + (offset ? 2 : 1));

            _mm512_storeu_ps(to, k45 ? _mm512_mul_ps(d, unsigned16(group)) : d);
            if (k45)
                _mm512_storeu_ps(to + KERNEL_PANEL, _mm512_sub_ps(_mm512_set1_ps(-0.0f),
                                                                  _mm512_mul_ps(m, unsigned16(group + KERNEL_PANEL))));
            else if (offset)
                _mm512_storeu_ps(to + KERNEL_PANEL, m);
            if (type == TYPE_Q6_K) {
                _mm512_storeu_ps(to + KERNEL_PANEL, factor16(group, 0));
                _mm512_storeu_ps(to + 2 * KERNEL_PANEL, factor16(group, 1));
            }
        }
    }
}

/* What sums of half H of a group begin with (of all of it, but for 6 bits). */
INLINE __m512i begin(TensorType type, const GroupSums *sums, int h)
{
    const PanelLayout layout = panel_layout(type);

    if (layout.bits == 6)
        return _mm512_madd_epi16(four_bytes16(sums->minus32[h]), _mm512_set1_epi16(1));
    if (layout.bits == 8 || layout.zero == 16)      /* a product, since some CPUs shift in the unit that is busiest */
        return _mm512_madd_epi16(four_bytes16(sums->minus8), _mm512_set1_epi16(layout.bits == 8 ? 16 : 2));
    return layout.zero ? four_bytes16(&sums->minus8_all) : _mm512_setzero_si512();
}

/* Where a tile finds the codes of a group: both panels as they lie, or opened and then side by side from codes[0] on. */
typedef struct {
    const uint8_t *codes[PANELS];
    bool opened;
} Codes;

/* Exact sums of half H of a group (of all of it, but for 6 bits) with N tokens from A and SUMS on. */
INLINE void dots(TensorType type, const Codes *codes, int h, const int8_t *a, size_t stride, const GroupSums *sums,
                 size_t groups, int n, __m512i dot[PANELS][TOKENS])
{
    const int bits = panel_layout(type).bits, first = bits == 6 ? 4 * h : 0, steps = bits == 6 ? 4 : 8;

    #pragma GCC unroll 6
    for (int t = 0; t < n; t++)
        dot[0][t] = dot[1][t] = begin(type, sums + (size_t) t * groups, h);
    #pragma GCC unroll 8
    for (int s = first; s < first + steps; s++) {
        __m512i w0 = codes->opened ? load64(codes->codes[0] + 2 * s * 64) : step_codes(bits, codes->codes[0], s);
        __m512i w1 = codes->opened ? load64(codes->codes[0] + (2 * s + 1) * 64) : step_codes(bits, codes->codes[1], s);

        #pragma GCC unroll 6
        for (int t = 0; t < n; t++) {
            __m512i b = four_bytes16(a + (size_t) t * stride + 4 * s);

            dot[0][t] = dot4(dot[0][t], w0, b);
            dot[1][t] = dot4(dot[1][t], w1, b);
        }
    }
}

/* The sums of a group as floats.  With factors each half is below 2^23 and both below 2^24: nothing is rounded. */
INLINE void float_dots(TensorType type, const Codes *codes, const float *scales, const int8_t *a, size_t stride,
                       const GroupSums *sums, size_t groups, int n, __m512 out[PANELS][TOKENS])
{
    const bool halves = type == TYPE_Q6_K;
    __m512i dot[PANELS][TOKENS];

    dots(type, codes, 0, a, stride, sums, groups, n, dot);
    #pragma GCC unroll 2
    for (int p = 0; p < PANELS; p++) {
        #pragma GCC unroll 6
        for (int t = 0; t < n; t++) {
            out[p][t] = _mm512_cvtepi32_ps(dot[p][t]);
            if (halves)
                out[p][t] = _mm512_mul_ps(out[p][t], _mm512_loadu_ps(scales + p * GROUP_SCALES + KERNEL_PANEL));
        }
    }
    if (!halves)
        return;
    dots(type, codes, 1, a, stride, sums, groups, n, dot);
    #pragma GCC unroll 2
    for (int p = 0; p < PANELS; p++) {
        #pragma GCC unroll 6
        for (int t = 0; t < n; t++)
            out[p][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[p][t]),
                                        _mm512_loadu_ps(scales + p * GROUP_SCALES + 2 * KERNEL_PANEL), out[p][t]);
    }
}

/* The results of N tokens from T on go on with GROUPS groups from G on. */
INLINE void tile(TensorType type, Codes codes, const float *scales, const QuantizedBatch *x, size_t t, int n,
                 size_t g, size_t count, float *results)
{
    const bool offset = has_offset(type);
    const size_t step = codes.opened ? 8 * PANELS * 64 : panel_layout(type).code_bytes, groups = x->n / KERNEL_GROUP;
    const int8_t *a = x->q + t * x->n + g * KERNEL_GROUP;
    size_t at = t * groups + g;
    __m512 acc[PANELS][TOKENS];

    #pragma GCC unroll 6
    for (int i = 0; i < n; i++) {
        acc[0][i] = g ? _mm512_loadu_ps(results + 2 * i * KERNEL_PANEL) : _mm512_setzero_ps();
        acc[1][i] = g ? _mm512_loadu_ps(results + (2 * i + 1) * KERNEL_PANEL) : _mm512_setzero_ps();
    }
    for (; count > 0; count--, at++, a += KERNEL_GROUP, scales += PANELS * GROUP_SCALES) {
        __m512 dot[PANELS][TOKENS];

        float_dots(type, &codes, scales, a, x->n, x->sums + at, groups, n, dot);
        #pragma GCC unroll 2
        for (int p = 0; p < PANELS; p++) {
            if (!codes.opened)
                #pragma GCC unroll 8
                for (size_t i = 0; i < step; i += 64)
                    _mm_prefetch((const char *) codes.codes[p] + AHEAD + i, _MM_HINT_T0);
            codes.codes[p] += step;
        }
        __m512 d0 = _mm512_loadu_ps(scales), d1 = _mm512_loadu_ps(scales + GROUP_SCALES);
        #pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            const __m512 s = _mm512_set1_ps(x->scale[at + (size_t) i * groups]);

            acc[0][i] = _mm512_fmadd_ps(_mm512_mul_ps(d0, s), dot[0][i], acc[0][i]);
            acc[1][i] = _mm512_fmadd_ps(_mm512_mul_ps(d1, s), dot[1][i], acc[1][i]);
        }
        if (!offset)
            continue;
        __m512 m0 = _mm512_loadu_ps(scales + KERNEL_PANEL), m1 = _mm512_loadu_ps(scales + GROUP_SCALES + KERNEL_PANEL);
        #pragma GCC unroll 6
        for (int i = 0; i < n; i++) {
            const __m512 sum = _mm512_set1_ps(x->sum[at + (size_t) i * groups]);

            acc[0][i] = _mm512_fmadd_ps(m0, sum, acc[0][i]);
            acc[1][i] = _mm512_fmadd_ps(m1, sum, acc[1][i]);
        }
    }
    #pragma GCC unroll 6
    for (int i = 0; i < n; i++) {
        _mm512_storeu_ps(results + 2 * i * KERNEL_PANEL, acc[0][i]);
        _mm512_storeu_ps(results + (2 * i + 1) * KERNEL_PANEL, acc[1][i]);
    }
}

typedef void (*TileFunc)(const Codes *codes, const float *scales, const QuantizedBatch *x, size_t t, size_t g,
                         size_t count, float *results);

#define TILE(type, n, is_opened) static __attribute__((noinline)) void tile_##type##_##n##_##is_opened( \
    const Codes *c, const float *scales, const QuantizedBatch *x, size_t t, size_t g, size_t count, float *results) \
{ \
    tile(type, (Codes) { { c->codes[0], c->codes[1] }, is_opened }, scales, x, t, n, g, count, results); \
}
#define TILES_HALVES(type) TILE(type, 1, 0) TILE(type, 2, 0) TILE(type, 3, 0) TILE(type, 4, 0) \
    TILE(type, 3, 1) TILE(type, 4, 1)
#define TILES_PACKED(type) TILE(type, 1, 0) TILE(type, 2, 0) TILE(type, 3, 0) TILE(type, 4, 0) TILE(type, 5, 0) \
    TILE(type, 6, 0)
#define TILES(type) TILES_PACKED(type) TILE(type, 4, 1) TILE(type, 5, 1) TILE(type, 6, 1)
TILES(TYPE_Q4_0) TILES(TYPE_Q5_0) TILES(TYPE_Q8_0) TILES(TYPE_Q4_1) TILES_PACKED(TYPE_Q5_1) TILES_HALVES(TYPE_Q6_K)

/* How a tile of N tokens is computed, packed (index n - 1) and opened (index 6 + n - 1).  What is opened is the same
 * for all types with an offset, and Q4_K and Q5_K lie like Q4_1 and Q5_1. */
#define PACKED_HALVES(type) tile_##type##_1_0, tile_##type##_2_0, tile_##type##_3_0, tile_##type##_4_0
#define PACKED(type) PACKED_HALVES(type), tile_##type##_5_0, tile_##type##_6_0
#define OPENED(type) NULL, NULL, NULL, tile_##type##_4_1, tile_##type##_5_1, tile_##type##_6_1

static TileFunc tile_for(TensorType type, bool opened, size_t n)
{
    static const TileFunc q4_0[] = { PACKED(TYPE_Q4_0), OPENED(TYPE_Q4_0) }, q5_0[] = { PACKED(TYPE_Q5_0), OPENED(TYPE_Q5_0) },
        q8_0[] = { PACKED(TYPE_Q8_0), OPENED(TYPE_Q8_0) }, q4[] = { PACKED(TYPE_Q4_1), OPENED(TYPE_Q4_1) },
        q5[] = { PACKED(TYPE_Q5_1), OPENED(TYPE_Q4_1) },
        q6[] = { PACKED_HALVES(TYPE_Q6_K), NULL, NULL, NULL, NULL, tile_TYPE_Q6_K_3_1, tile_TYPE_Q6_K_4_1 };
    size_t i = (opened ? TOKENS : 0) + n - 1;

    switch (type) {
    case TYPE_Q4_0: return q4_0[i];
    case TYPE_Q5_0: return q5_0[i];
    case TYPE_Q8_0: return q8_0[i];
    case TYPE_Q4_1: case TYPE_Q4_K: return q4[i];
    case TYPE_Q6_K: return q6[i];
    default: return q5[i];
    }
}

/* All tokens against a pair of panels, whose results come to lie in C. */
static void pair(TensorType type, const uint8_t *const panel[PANELS], const QuantizedBatch *x, Chunk c)
{
    const PanelLayout layout = panel_layout(type);
    const size_t groups = x->n / KERNEL_GROUP, per_block = type_block(type) / KERNEL_GROUP;
    const size_t most = type == TYPE_Q6_K ? TOKENS_HALVES : TOKENS, tiles = (x->tokens + most - 1) / most;
    const bool opened = x->tokens > DIRECT;

    for (size_t g = 0; g < groups; g += CHUNK) {
        size_t count = groups - g < CHUNK ? groups - g : CHUNK;
        Codes codes = { { c.codes, c.codes }, opened };

        for (size_t p = 0; p < PANELS; p++) {
            const uint8_t *from = panel[p] + g * layout.code_bytes;

            open_scales(type, panel[p] + groups * layout.code_bytes + g / per_block * layout.scale_bytes, count,
                        c.scales + p * GROUP_SCALES);
            if (opened)
                open_codes(layout.bits, from, layout.code_bytes, count, c.codes + p * 64);
            else
                codes.codes[p] = from;
        }
        for (size_t i = 0, t = 0; i < tiles; i++) {     /* tiles as equal as can be */
            size_t n = (x->tokens - t + tiles - i - 1) / (tiles - i);

            tile_for(type, opened, n)(&codes, c.scales, x, t, g, count, c.acc + t * PANELS * KERNEL_PANEL);
            t += n;
        }
    }
}

static void SET(linear)(const Matrix *w, size_t first, size_t count, const QuantizedBatch *x,
                        float *out, size_t stride, void *scratch)
{
    const size_t bytes = kernel_panel_bytes(w->type, w->columns);
    const Chunk c = chunk_in(scratch, bytes);

    for (size_t r = first; r < first + count; r += PANELS * KERNEL_PANEL) {
        size_t n = first + count - r < PANELS * KERNEL_PANEL ? first + count - r : PANELS * KERNEL_PANEL;
        const uint8_t *panels = w->panels ? w->panels + r / KERNEL_PANEL * bytes : c.panels;
        /* A last panel without a second one is its own: what that gives is not looked at. */
        const uint8_t *const panel[PANELS] = { panels, panels + (n > KERNEL_PANEL ? bytes : 0) };

        if (w->panels == NULL)
            SET(prepare)(w, r, n, c.panels);
        pair(w->type, panel, x, c);
        for (size_t t = 0; t < x->tokens; t++)
            memcpy(out + t * stride + r, c.acc + t * PANELS * KERNEL_PANEL, n * sizeof *out);
    }
}
