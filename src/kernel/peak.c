/* peak.c - chooses the loops of peak.h that this CPU has; plain C where it has none. */
#include "config.h"
#include "src/kernel/peak.h"

#include <string.h>

#define LANES 64

/* Multiplications and additions of 64 floats, as the compiler's baseline does them. */
static double plain_fp32(size_t rounds)
{
    float acc[LANES] = { 0 };
    volatile float given = 0.5f;
    float factor = given, total = 0;

    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < LANES; i++)
            acc[i] = acc[i] * factor + factor;
    for (size_t i = 0; i < LANES; i++)
        total += acc[i];
    given = total;
    return (double) rounds * LANES * 2;
}

#if defined(__x86_64__)
double peak_compute(PeakKind kind, size_t rounds)
{
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f");
    double chains = (double) rounds * PEAK_CHAINS;

    if (rounds == 0)
        return 0;
    if (kind == PEAK_FP32 && avx512)
        return peak_fp32_zmm(rounds), chains * 16 * 2;
    if (kind == PEAK_FP32 && avx2)
        return peak_fp32_ymm(rounds), chains * 8 * 2;
    if (kind == PEAK_FP32)
        return plain_fp32(rounds);
    if (kind == PEAK_BF16 && avx512 && __builtin_cpu_supports("avx512bf16"))
        return peak_bf16_zmm(rounds), chains * 32 * 2;
    if (kind == PEAK_INT8 && avx512 && __builtin_cpu_supports("avx512vnni"))
        return peak_int8_zmm(rounds), chains * 64 * 2;
    if (kind == PEAK_INT8 && avx2)
        return peak_int8_ymm(rounds), (double) rounds * PEAK_CHAINS_INT8_YMM * 32 * 2;
    return 0;
}
#else
double peak_compute(PeakKind kind, size_t rounds)
{
    return kind == PEAK_FP32 ? plain_fp32(rounds) : 0;
}
#endif

static uint64_t plain_read(const uint8_t *data, size_t bytes)
{
    uint64_t lanes[8] = { 0 }, next[8];

    for (size_t at = 0; at < bytes; at += sizeof next) {
        memcpy(next, data + at, sizeof next);
        for (size_t i = 0; i < 8; i++)
            lanes[i] ^= next[i];
    }
    return lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3] ^ lanes[4] ^ lanes[5] ^ lanes[6] ^ lanes[7];
}

uint64_t peak_read(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return peak_read_ymm(data, bytes);
#endif
    return plain_read(data, bytes);
}
