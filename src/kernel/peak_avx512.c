/* peak_avx512.c - the loops of peak.h in AVX2 and AVX-512.
 *
 * Assembly, so that the compiler neither merges nor spills anything, and so that no flag is
 * needed for instructions that the running CPU may lack.  Registers 0 to 13 accumulate, 14 and 15 are factors.
 */
#include "config.h"
#include "src/kernel/peak.h"

#if defined(__x86_64__)

#define CLOBBERED "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
    "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

#define EACH(one) one(0) one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) one(11) one(12) one(13)
#define CLEAR(r) "vpxor %%xmm" #r ", %%xmm" #r ", %%xmm" #r "\n\t"
#define CLEAR_ALL EACH(CLEAR) CLEAR(14) CLEAR(15)

#define LOOP(body) \
    __asm__ volatile(CLEAR_ALL "1:\n\t" body "dec %0\n\t" "jnz 1b\n\t" "vzeroupper" : "+r"(rounds) : : CLOBBERED)

#define FMA_YMM(r) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #r "\n\t"
#define FMA_ZMM(r) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" #r "\n\t"
#define BF16_ZMM(r) "vdpbf16ps %%zmm14, %%zmm15, %%zmm" #r "\n\t"
#define INT8_ZMM(r) "vpdpbusd %%zmm14, %%zmm15, %%zmm" #r "\n\t"
/* Bytes to 16 bits, to 32 bits, and on top: what a CPU without VNNI needs. */
#define INT8_YMM(acc, tmp) \
    "vpmaddubsw %%ymm14, %%ymm15, %%ymm" #tmp "\n\t" \
    "vpmaddwd %%ymm15, %%ymm" #tmp ", %%ymm" #tmp "\n\t" \
    "vpaddd %%ymm" #tmp ", %%ymm" #acc ", %%ymm" #acc "\n\t"

void peak_fp32_ymm(size_t rounds)
{
    LOOP(EACH(FMA_YMM));
}

void peak_fp32_zmm(size_t rounds)
{
    LOOP(EACH(FMA_ZMM));
}

void peak_bf16_zmm(size_t rounds)
{
    LOOP(EACH(BF16_ZMM));
}

void peak_int8_zmm(size_t rounds)
{
    LOOP(EACH(INT8_ZMM));
}

void peak_int8_ymm(size_t rounds)
{
    LOOP(INT8_YMM(0, 6) INT8_YMM(1, 7) INT8_YMM(2, 8) INT8_YMM(3, 9) INT8_YMM(4, 10) INT8_YMM(5, 11));
}

uint64_t peak_read_ymm(const uint8_t *data, size_t bytes)
{
    const uint8_t *end = data + bytes;
    uint64_t result;

#define READ(r, at) "vpxor " #at "(%1), %%ymm" #r ", %%ymm" #r "\n\t"
    __asm__ volatile(CLEAR_ALL "1:\n\t"
                     "prefetcht0 2048(%1)\n\t" "prefetcht0 2112(%1)\n\t" "prefetcht0 2176(%1)\n\t" "prefetcht0 2240(%1)\n\t"
                     READ(0, 0) READ(1, 32) READ(2, 64) READ(3, 96) READ(4, 128) READ(5, 160) READ(6, 192) READ(7, 224)
                     "add $256, %1\n\t" "cmp %2, %1\n\t" "jb 1b\n\t"
                     "vpxor %%ymm1, %%ymm0, %%ymm0\n\t" "vpxor %%ymm3, %%ymm2, %%ymm2\n\t"
                     "vpxor %%ymm5, %%ymm4, %%ymm4\n\t" "vpxor %%ymm7, %%ymm6, %%ymm6\n\t"
                     "vpxor %%ymm2, %%ymm0, %%ymm0\n\t" "vpxor %%ymm6, %%ymm4, %%ymm4\n\t"
                     "vpxor %%ymm4, %%ymm0, %%ymm0\n\t" "vmovq %%xmm0, %0\n\t" "vzeroupper"
                     : "=r"(result), "+r"(data) : "r"(end) : CLOBBERED, "memory");
#undef READ
    return result;
}

#else
/* An empty file is no C. */
typedef int peak_avx512_unused;
#endif
