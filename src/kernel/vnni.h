/* vnni.h - 512-bit vectors, and VNNI's products of bytes and of 16 bits. */
#ifndef KVASIR_KERNEL_VNNI_H
#define KVASIR_KERNEL_VNNI_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static inline __m512i load64(const void *p)
{
    return _mm512_loadu_si512(p);
}

/* The four bytes at P in every 32-bit lane. */
static inline __m512i four_bytes16(const void *p)
{
    int32_t four;

    memcpy(&four, p, 4);
    return _mm512_set1_epi32(four);
}

/* The two 16-bit numbers at P in every 32-bit lane. */
static inline __m512i two_words16(const int16_t *p)
{
    return four_bytes16(p);
}

/* acc + the sums of two s16 times s16. */
static inline __m512i dot2(__m512i acc, __m512i a, __m512i b)
{
    __asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
    return acc;
}

/* acc + the sums of four u8 times s8, without saturation.  (The compiler's own function copies ACC before and after.) */
static inline __m512i dot4(__m512i acc, __m512i u, __m512i s)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(u), "v"(s));
    return acc;
}

#endif
