/* types.c - sizes and exact dequantisation of the number formats of weights.
 *
 * Every product and sum is rounded to float exactly as written (the build has
 * -ffp-contract=off), so that the result is the same on every machine.
 */
#include "config.h"
#include "src/kernel/types.h"

#include <string.h>

typedef struct {
    uint32_t number;
    const char *name;
    size_t block, bytes;
} TypeRow;

static const TypeRow type_table[] = {
    { TYPE_F32, "F32", 1, 4 },
    { TYPE_F16, "F16", 1, 2 },
    { TYPE_BF16, "BF16", 1, 2 },
    { TYPE_Q8_0, "Q8_0", 32, 34 },
    { TYPE_Q4_0, "Q4_0", 32, 18 },
    { TYPE_Q4_1, "Q4_1", 32, 20 },
    { TYPE_Q5_0, "Q5_0", 32, 22 },
    { TYPE_Q5_1, "Q5_1", 32, 24 },
    { TYPE_Q4_K, "Q4_K", 256, 144 },
    { TYPE_Q5_K, "Q5_K", 256, 176 },
    { TYPE_Q6_K, "Q6_K", 256, 210 },
};

static const TypeRow *type_row(uint32_t number)
{
    for (size_t i = 0; i < sizeof type_table / sizeof type_table[0]; i++)
        if (type_table[i].number == number)
            return &type_table[i];
    return NULL;
}

const char *type_name(uint32_t type)
{
    const TypeRow *row = type_row(type);

    return row ? row->name : NULL;
}

size_t type_block(TensorType type)
{
    const TypeRow *row = type_row((uint32_t) type);

    return row ? row->block : 0;
}

size_t type_block_bytes(TensorType type)
{
    const TypeRow *row = type_row((uint32_t) type);

    return row ? row->bytes : 0;
}

size_t type_row_bytes(TensorType type, size_t columns)
{
    const TypeRow *row = type_row((uint32_t) type);

    return row ? columns / row->block * row->bytes : 0;
}

static float float_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Without branches and without subnormal floats, so that loops over it are
 * vectorised and do not depend on the processor's treatment of subnormals. */
static inline float half_value(uint16_t half)
{
    uint32_t sign = (uint32_t) (half & 0x8000u) << 16;
    uint32_t magnitude = (uint32_t) (half & 0x7fffu) << 13;
    uint32_t normal = magnitude + (112u << 23);         /* the exponent's new bias */
    uint32_t special = magnitude | 0x7f800000u;         /* infinity, NaN */
    /* Subnormal: 2^-14 + mantissa * 2^-24 is a normal float; take 2^-14 off again. */
    uint32_t small = bits_of_float(float_of_bits(normal + (1u << 23)) - 0x1p-14f);

    normal = magnitude < 0x00800000u ? small : normal;
    normal = magnitude >= 0x0f800000u ? special : normal;
    return float_of_bits(sign | normal);
}

float f16_to_float(uint16_t half)
{
    return half_value(half);
}

uint16_t float_to_f16(float value)
{
    uint32_t bits = bits_of_float(value);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;

    if (magnitude > 0x7f800000u)        /* NaN stays a quiet NaN */
        return (uint16_t) (sign | 0x7e00u | (magnitude >> 13 & 0x1ffu));
    if (magnitude >= 0x477ff000u)       /* 65520 and more round to infinity */
        return (uint16_t) (sign | 0x7c00u);
    if (magnitude < 0x38800000u) {
        /* Below 2^-14: adding 0.5 leaves the units of 2^-24, rounded to even by the FPU. */
        uint32_t units = bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000u;
        return (uint16_t) (sign | units);
    }
    uint32_t rounded = magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u);
    return (uint16_t) (sign | rounded >> 13);
}

/* The machine is little-endian, as the files are (configure makes sure). */
static inline uint16_t load16(const uint8_t *p)
{
    uint16_t value;

    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint32_t load32(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof value);
    return value;
}

static float load_half(const uint8_t *p)
{
    return half_value(load16(p));
}

static void block_q8_0(const uint8_t *p, float *out)
{
    float d = load_half(p);

    for (int i = 0; i < 32; i++)
        out[i] = d * (float) (int8_t) p[2 + i];
}

static void block_q4_0(const uint8_t *p, float *out)
{
    float d = load_half(p);

    for (int i = 0; i < 16; i++)
        out[i] = d * (float) ((p[2 + i] & 15) - 8);
    for (int i = 0; i < 16; i++)
        out[i + 16] = d * (float) ((p[2 + i] >> 4) - 8);
}

static void block_q4_1(const uint8_t *p, float *out)
{
    float d = load_half(p), m = load_half(p + 2);

    for (int i = 0; i < 16; i++)
        out[i] = d * (float) (p[4 + i] & 15) + m;
    for (int i = 0; i < 16; i++)
        out[i + 16] = d * (float) (p[4 + i] >> 4) + m;
}

/* The fifth bits of 32 values, bit i of HIGH for value i, as 0 or 16. */
static void five_bits(uint32_t high, int32_t fifth[32])
{
    static const uint32_t bit[32] = {
        1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7,
        1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15,
        1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23,
        1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31,
    };

    for (int i = 0; i < 32; i++)
        fifth[i] = (high & bit[i]) == bit[i] ? 16 : 0;
}

static void block_q5_0(const uint8_t *p, float *out)
{
    float d = load_half(p);
    int32_t fifth[32];

    five_bits(load32(p + 2), fifth);
    for (int i = 0; i < 16; i++)
        out[i] = d * (float) ((p[6 + i] & 15) + fifth[i] - 16);
    for (int i = 0; i < 16; i++)
        out[i + 16] = d * (float) ((p[6 + i] >> 4) + fifth[i + 16] - 16);
}

static void block_q5_1(const uint8_t *p, float *out)
{
    float d = load_half(p), m = load_half(p + 2);
    int32_t fifth[32];

    five_bits(load32(p + 4), fifth);
    for (int i = 0; i < 16; i++)
        out[i] = d * (float) ((p[8 + i] & 15) + fifth[i]) + m;
    for (int i = 0; i < 16; i++)
        out[i + 16] = d * (float) ((p[8 + i] >> 4) + fifth[i + 16]) + m;
}

/* Scale and minimum of the J-th group of 32, six bits each, out of 12 bytes. */
static void six_bits(const uint8_t *p, int j, int *scale, int *minimum)
{
    if (j < 4) {
        *scale = p[j] & 63;
        *minimum = p[j + 4] & 63;
    } else {
        *scale = (p[j + 4] & 15) | (p[j - 4] >> 6) << 4;
        *minimum = p[j + 4] >> 4 | (p[j] >> 6) << 4;
    }
}

static void block_q4_k(const uint8_t *p, float *out)
{
    float d = load_half(p), dmin = load_half(p + 2);

    for (int j = 0; j < 8; j++) {
        const uint8_t *low = p + 16 + 32 * (j / 2);
        int shift = 4 * (j % 2), scale, minimum;

        six_bits(p + 4, j, &scale, &minimum);
        float s = d * (float) scale, m = dmin * (float) minimum;
        for (int i = 0; i < 32; i++)
            out[32 * j + i] = s * (float) (low[i] >> shift & 15) - m;
    }
}

/* Bit j of high[i] is the fifth bit of value i of group j. */
static void block_q5_k(const uint8_t *p, float *out)
{
    float d = load_half(p), dmin = load_half(p + 2);
    const uint8_t *high = p + 16;

    for (int j = 0; j < 8; j++) {
        const uint8_t *low = p + 48 + 32 * (j / 2);
        int shift = 4 * (j % 2), scale, minimum;

        six_bits(p + 4, j, &scale, &minimum);
        float s = d * (float) scale, m = dmin * (float) minimum;
        for (int i = 0; i < 32; i++)
            out[32 * j + i] = s * (float) ((low[i] >> shift & 15) | (high[i] >> j & 1) << 4) - m;
    }
}

/* Sixteen groups of 16: the low four bits of group g lie in one half of 16 bytes,
 * its high two bits in one quarter of 16 others. */
static void block_q6_k(const uint8_t *p, float *out)
{
    float d = load_half(p + 208);

    for (int g = 0; g < 16; g++) {
        int half = g / 8, quarter = g / 2 % 4, lane = 16 * (g % 2);
        const uint8_t *low = p + 64 * half + 32 * (quarter & 1) + lane;
        const uint8_t *high = p + 128 + 32 * half + lane;
        int low_shift = 4 * (quarter >> 1), high_shift = 2 * quarter;
        float s = d * (float) (int8_t) p[192 + g];

        for (int i = 0; i < 16; i++)
            out[16 * g + i] = s * (float) (((low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4) - 32);
    }
}

static void float_of_halves(const uint8_t *p, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = half_value(load16(p + 2 * i));
}

static void float_of_bf16(const uint8_t *p, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = float_of_bits((uint32_t) load16(p + 2 * i) << 16);
}

typedef void (*BlockFunc)(const uint8_t *p, float *out);

static BlockFunc block_function(TensorType type)
{
    switch (type) {
    case TYPE_Q8_0: return block_q8_0;
    case TYPE_Q4_0: return block_q4_0;
    case TYPE_Q4_1: return block_q4_1;
    case TYPE_Q5_0: return block_q5_0;
    case TYPE_Q5_1: return block_q5_1;
    case TYPE_Q4_K: return block_q4_k;
    case TYPE_Q5_K: return block_q5_k;
    case TYPE_Q6_K: return block_q6_k;
    case TYPE_F32: case TYPE_F16: case TYPE_BF16: break;
    }
    return NULL;
}

void type_to_float(TensorType type, const void *src, float *out, size_t n)
{
    const uint8_t *p = src;
    BlockFunc block = block_function(type);

    if (block) {
        size_t values = type_block(type), bytes = type_block_bytes(type);
        for (size_t i = 0; i + values <= n; i += values, p += bytes)
            block(p, out + i);
    } else if (type == TYPE_F32) {
        memcpy(out, p, n * sizeof *out);
    } else if (type == TYPE_F16) {
        float_of_halves(p, out, n);
    } else if (type == TYPE_BF16) {
        float_of_bf16(p, out, n);
    }
}
