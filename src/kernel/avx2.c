/* avx2.c - the AVX2 set (with FMA and F16C). */
#include "config.h"

#define SET(name) name##_avx2
#include "src/kernel/attend256.c.h"
#include "src/kernel/sets.h"

const Kernels kernels_avx2 = KERNELS_TABLE("avx2");
