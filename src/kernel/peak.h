/* peak.h - loops that do nothing but what a CPU does best: the ceilings that kernels are compared with.
 *
 * Each runs on the calling thread; run one per core for the machine's ceiling.
 */
#ifndef KVASIR_KERNEL_PEAK_H
#define KVASIR_KERNEL_PEAK_H

#include <stddef.h>
#include <stdint.h>

typedef enum { PEAK_INT8, PEAK_BF16, PEAK_FP32 } PeakKind;

/* Does ROUNDS rounds of multiply-adds and returns the operations in it (a multiply-add is two); 0: this
 * CPU has no instruction of the kind. */
double peak_compute(PeakKind kind, size_t rounds);
/* Reads BYTES (a multiple of 512) at DATA once; returns something that depends on all of them. */
uint64_t peak_read(const uint8_t *data, size_t bytes);

/* peak_avx512.c: loops of AVX2 and AVX-512, to be called where the CPU has them. */
void peak_fp32_ymm(size_t rounds);
void peak_fp32_zmm(size_t rounds);
void peak_bf16_zmm(size_t rounds);
void peak_int8_ymm(size_t rounds);
void peak_int8_zmm(size_t rounds);
uint64_t peak_read_ymm(const uint8_t *data, size_t bytes);
#define PEAK_CHAINS 14          /* independent accumulators of a round; peak_int8_ymm has 6 */
#define PEAK_CHAINS_INT8_YMM 6

#endif
