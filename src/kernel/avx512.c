/* avx512.c - the AVX-512 set (F, BW, VL, DQ and VNNI).
 *
 * The 256-bit kernels with VNNI's byte products; what the compiler vectorises by
 * itself becomes 512 bits wide.
 */
#include "config.h"

#define SET(name) name##_avx512
#define DOT4(acc, u, s) _mm256_dpbusd_epi32(acc, u, s)
#include "src/kernel/attend_vnni.c.h"
#include "src/kernel/sets.h"

const Kernels kernels_avx512 = KERNELS_TABLE("avx512");
