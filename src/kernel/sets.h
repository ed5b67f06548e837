/* sets.h - the table of a compute set, made from the names of its file. */
#ifndef KVASIR_KERNEL_SETS_H
#define KVASIR_KERNEL_SETS_H

#include "src/kernel/kernel.h"

extern const Kernels kernels_c, kernels_avx2, kernels_avx512;

#define KERNELS_TABLE(set_name) { \
    .name = set_name, \
    .quantize = SET(quantize), .quantize_query = SET(quantize_query), \
    .prepare = SET(prepare), .linear = SET(linear), .linear_float = SET(linear_float), \
    .swiglu = SET(swiglu), .quantize_tile = SET(quantize_tile), \
    .attend_segment = SET(attend_segment), .attend_merge = SET(attend_merge), \
    .attend_mass = SET(attend_mass), \
}

#endif
