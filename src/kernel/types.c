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

float f16_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t) (half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t mantissa = half & 0x3ffu;

    if (exponent == 0x1f)
        return float_of_bits(sign | 0x7f800000u | mantissa << 13);
    if (exponent == 0) {
        /* Zero and subnormals: the mantissa counts units of 2^-24, exactly. */
        float value = (float) mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
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

static uint16_t load16(const uint8_t *p)
{
    return (uint16_t) (p[0] | p[1] << 8);
}

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static float load_half(const uint8_t *p)
{
    return f16_to_float(load16(p));
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

    for (int i = 0; i < 16; i++) {
        out[i] = d * (float) ((p[2 + i] & 15) - 8);
        out[i + 16] = d * (float) ((p[2 + i] >> 4) - 8);
    }
}

static void block_q4_1(const uint8_t *p, float *out)
{
    float d = load_half(p), m = load_half(p + 2);

    for (int i = 0; i < 16; i++) {
        out[i] = d * (float) (p[4 + i] & 15) + m;
        out[i + 16] = d * (float) (p[4 + i] >> 4) + m;
    }
}

/* The fifth bit of value i is bit i of a 32-bit word. */
static int five_bits(int low, uint32_t high, int i)
{
    return low | (int) (high >> i & 1u) << 4;
}

static void block_q5_0(const uint8_t *p, float *out)
{
    float d = load_half(p);
    uint32_t high = load32(p + 2);

    for (int i = 0; i < 16; i++) {
        out[i] = d * (float) (five_bits(p[6 + i] & 15, high, i) - 16);
        out[i + 16] = d * (float) (five_bits(p[6 + i] >> 4, high, i + 16) - 16);
    }
}

static void block_q5_1(const uint8_t *p, float *out)
{
    float d = load_half(p), m = load_half(p + 2);
    uint32_t high = load32(p + 4);

    for (int i = 0; i < 16; i++) {
        out[i] = d * (float) five_bits(p[8 + i] & 15, high, i) + m;
        out[i + 16] = d * (float) five_bits(p[8 + i] >> 4, high, i + 16) + m;
    }
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

/* Q4_K when HIGH is NULL, else Q5_K: bit j of HIGH[i] is the fifth bit of value i of group j. */
static void block_k_affine(const uint8_t *p, const uint8_t *high, const uint8_t *low, float *out)
{
    float d = load_half(p), dmin = load_half(p + 2);

    for (int j = 0; j < 8; j++) {
        const uint8_t *q = low + 32 * (j / 2);
        int scale, minimum;

        six_bits(p + 4, j, &scale, &minimum);
        float s = d * (float) scale, m = dmin * (float) minimum;
        for (int i = 0; i < 32; i++) {
            int v = j % 2 ? q[i] >> 4 : q[i] & 15;
            if (high)
                v |= (high[i] >> j & 1) << 4;
            float product = s * (float) v;
            out[32 * j + i] = product - m;
        }
    }
}

static void block_q4_k(const uint8_t *p, float *out)
{
    block_k_affine(p, NULL, p + 16, out);
}

static void block_q5_k(const uint8_t *p, float *out)
{
    block_k_affine(p, p + 16, p + 48, out);
}

static void block_q6_k(const uint8_t *p, float *out)
{
    float d = load_half(p + 208);

    for (int i = 0; i < 256; i++) {
        int half = i / 128, quarter = i / 32 % 4, lane = i % 32;
        int low = p[64 * half + 32 * (quarter & 1) + lane] >> 4 * (quarter >> 1) & 15;
        int high = p[128 + 32 * half + lane] >> 2 * quarter & 3;
        float s = d * (float) (int8_t) p[192 + i / 16];
        out[i] = s * (float) ((low | high << 4) - 32);
    }
}

static void float_of_halves(const uint8_t *p, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = load_half(p + 2 * i);
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
