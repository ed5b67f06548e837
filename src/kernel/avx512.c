/* avx512.c - the AVX-512 set (F, BW, VL, DQ and VNNI). */
#include "config.h"

#define SET(name) name##_avx512
#include "src/kernel/attend512.c.h"
#include "src/kernel/sets.h"

const Kernels kernels_avx512 = KERNELS_TABLE("avx512");
