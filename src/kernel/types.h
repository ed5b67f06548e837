/* types.h - the number formats of weights, as they lie in GGUF files.
 *
 * Formats with a "block" store that many consecutive values of a row together
 * (llama.cpp's ggml formats).  All multi-byte fields are little-endian.
 */
#ifndef KVASIR_KERNEL_TYPES_H
#define KVASIR_KERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Numbers are those of the GGUF tensor info. */
typedef enum {
    TYPE_F32 = 0, TYPE_F16 = 1,
    TYPE_Q4_0 = 2, TYPE_Q4_1 = 3, TYPE_Q5_0 = 6, TYPE_Q5_1 = 7, TYPE_Q8_0 = 8,
    TYPE_Q4_K = 12, TYPE_Q5_K = 13, TYPE_Q6_K = 14,
    TYPE_BF16 = 30,
} TensorType;

/* "Q4_0", or NULL when the number is none of the above. */
const char *type_name(uint32_t type);
/* Values of a block (1, 32 or 256) and its bytes. */
size_t type_block(TensorType type);
size_t type_block_bytes(TensorType type);
/* Bytes of a row of COLUMNS values, which must be a multiple of the block. */
size_t type_row_bytes(TensorType type, size_t columns);

/* Exact dequantisation of N values (a multiple of the block) to float.  SRC may be unaligned. */
void type_to_float(TensorType type, const void *src, float *out, size_t n);

float f16_to_float(uint16_t half);
uint16_t float_to_f16(float value);     /* round to nearest even, overflow to infinity */

#endif
