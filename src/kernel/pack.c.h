/* pack.c.h - rows of a file into panels of prepared weights (layout.h), in 256-bit vectors.
 *
 * Eight rows by eight steps of four codes are transposed at a time: half of a panel's group.
 */
#include <immintrin.h>

#define OWN_PREPARE
#include "src/kernel/template.c.h"

#define HALF_PANEL 8
#define INLINE static inline __attribute__((always_inline))

static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *) p);
}

static inline void store(void *p, __m256i x)
{
    _mm256_storeu_si256((__m256i *) p, x);
}

/* The four bytes at P in every 32-bit lane. */
static inline __m256i four_bytes(const void *p)
{
    int32_t four;

    memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
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

/* Group J of the Q6_K block P; template.c.h says where its bits are. */
static inline __m256i six_bits(const uint8_t *p, int j)
{
    __m256i low = load(p + (j / 4) * 64 + (j & 1) * 32), high = load(p + 128 + (j / 4) * 32);

    low = _mm256_and_si256(_mm256_srli_epi16(low, j & 2 ? 4 : 0), _mm256_set1_epi8(15));
    high = _mm256_and_si256(_mm256_srli_epi16(high, 2 * (j & 3)), _mm256_set1_epi8(3));
    return _mm256_or_si256(low, _mm256_slli_epi16(high, 4));
}

/* The codes of group J of the block P, unsigned but those of Q8_0. */
INLINE __m256i block_codes(TensorType type, const uint8_t *p, int j)
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
    case TYPE_Q8_0:
        return load(p + 2);
    case TYPE_Q6_K:
        return six_bits(p, j);
    default:
        x = load(p + (type == TYPE_Q5_K ? 48 : 16) + j / 2 * 32);
        x = _mm256_and_si256(_mm256_srli_epi16(x, j & 1 ? 4 : 0), _mm256_set1_epi8(15));
        if (type == TYPE_Q4_K)
            return x;
        high = _mm256_and_si256(_mm256_srli_epi16(load(p + 16), j), _mm256_set1_epi8(1));
        return _mm256_or_si256(x, _mm256_slli_epi16(high, 4));
    }
}

/* Eight rows of 32 codes become eight steps of 8 rows by 4 codes. */
INLINE void transpose(__m256i r[HALF_PANEL])
{
    __m256i p[HALF_PANEL];

    #pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        p[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        p[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    #pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_unpacklo_epi64(p[i], p[i + 2]);
        r[i + 1] = _mm256_unpackhi_epi64(p[i], p[i + 2]);
        r[i + 2] = _mm256_unpacklo_epi64(p[i + 1], p[i + 3]);
        r[i + 3] = _mm256_unpackhi_epi64(p[i + 1], p[i + 3]);
    }
    #pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        p[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
        p[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
    }
    #pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        r[i] = p[i];
}

/* X, of which only BIT is set, shifted so that this bit becomes bit TO. */
INLINE __m256i move_bit(__m256i x, int bit, int to)
{
    return to < bit ? _mm256_srli_epi16(x, bit - to) : _mm256_slli_epi16(x, to - bit);
}

/* The steps as they lie in half of a panel's group; TO is that half's first byte. */
INLINE void put_steps(int bits, const __m256i s[HALF_PANEL], uint8_t *to)
{
    const __m256i low = _mm256_set1_epi8(15);

    if (bits == 8) {
        #pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            store(to + 64 * i, s[i]);
        return;
    }
    if (bits == 6) {
        const __m256i two = _mm256_set1_epi8(0x30);
        #pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            __m256i x = move_bit(_mm256_and_si256(s[4 * h], two), 4, 0);
            #pragma GCC unroll 3
            for (int k = 1; k < 4; k++)
                x = _mm256_or_si256(x, move_bit(_mm256_and_si256(s[4 * h + k], two), 4, 2 * k));
            store(to + 64 * h, x);
        }
        to += 128;
    }
    if (bits == 5) {
        const __m256i one = _mm256_set1_epi8(16);
        __m256i x = move_bit(_mm256_and_si256(s[0], one), 4, 0);
        #pragma GCC unroll 7
        for (int i = 1; i < 8; i++)
            x = _mm256_or_si256(x, move_bit(_mm256_and_si256(s[i], one), 4, i));
        store(to, x);
        to += 64;
    }
    #pragma GCC unroll 4
    for (int k = 0; k < 4; k++)
        store(to + 64 * k, _mm256_or_si256(_mm256_and_si256(s[k], low),
                                           _mm256_slli_epi16(_mm256_and_si256(s[k + 4], low), 4)));
}

/* COUNT <= KERNEL_PANEL rows from P into one panel. */
INLINE void pack_panel(TensorType type, const Matrix *w, const uint8_t *p, size_t count, uint8_t *panel)
{
    const PanelLayout layout = panel_layout(type);
    size_t blocks = w->columns / type_block(type), bytes = type_block_bytes(type);
    uint8_t *scales = panel + w->columns / KERNEL_GROUP * layout.code_bytes;

    for (size_t r = 0; r < count; r++)
        for (size_t b = 0; b < blocks; b++)
            SET(put_scales)(type, p + r * w->row_bytes + b * bytes, scales + b * layout.scale_bytes, r);
    for (size_t b = 0; b < blocks; b++, p += bytes)
        for (size_t j = 0; j < type_block(type) / KERNEL_GROUP; j++, panel += layout.code_bytes)
            for (size_t h = 0; h < 2; h++) {
                __m256i r[HALF_PANEL];

                #pragma GCC unroll 8
                for (size_t i = 0; i < HALF_PANEL; i++)
                    r[i] = h * HALF_PANEL + i < count
                        ? block_codes(type, p + (h * HALF_PANEL + i) * w->row_bytes, (int) j) : _mm256_setzero_si256();
                transpose(r);
                put_steps(layout.bits, r, panel + 32 * h);
            }
}

static void SET(prepare)(const Matrix *w, size_t first, size_t count, uint8_t *out)
{
    size_t bytes = kernel_panel_bytes(w->type, w->columns);

    for (size_t r = 0; r < count; r += KERNEL_PANEL, out += bytes) {
        const uint8_t *p = w->data + (first + r) * w->row_bytes;
        size_t n = count - r < KERNEL_PANEL ? count - r : KERNEL_PANEL;
        size_t codes = w->columns / KERNEL_GROUP * panel_layout(w->type).code_bytes;

        /* What put_scales does not write: rows that are not there, and the padding. */
        memset(n < KERNEL_PANEL ? out + codes : out + bytes - 64, 0, n < KERNEL_PANEL ? bytes - codes : 64);
        switch (w->type) {
#define PACK(type) case type: pack_panel(type, w, p, n, out); break;
        PACK(TYPE_Q4_0) PACK(TYPE_Q4_1) PACK(TYPE_Q5_0) PACK(TYPE_Q5_1) PACK(TYPE_Q8_0) PACK(TYPE_Q4_K) PACK(TYPE_Q5_K)
        default: pack_panel(TYPE_Q6_K, w, p, n, out); break;
#undef PACK
        }
    }
}
