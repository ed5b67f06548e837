/* layout.h - bytes as the kernels read them: prepared weights, whose rows are interleaved, and int8 tiles (kernel.h).
 *
 * A matrix is cut into panels of KERNEL_PANEL rows (the last one filled up with zeros); a panel
 * holds the codes of all its groups, then the scales of all its blocks, padded to 64 bytes.
 * Nothing is rounded: a panel says what the 16 rows of the file say.
 *
 * Codes of a group of 32 columns, all unsigned but those of Q8_0; s is a step of 4 columns,
 * k = s mod 4, [a][b] an array of bytes with the last index running fastest:
 *
 *   4 bits   [k][row][4]: the code of step k in the low half of a byte, that of step k + 4 in the high half
 *   5 bits   [row][4]: bit s of a byte is the fifth bit of step s; then the lower four bits as above
 *   6 bits   [s/4][row][4]: bits 2k and 2k+1 are the upper two bits of step s; then the lower four
 *   8 bits   [s][row][4]
 *
 * Scales of a block (32 columns, or 256 of the K types), 16 rows side by side:
 *
 *   Q4_0, Q5_0, Q8_0    d f16
 *   Q4_1, Q5_1          d f16, m f16
 *   Q4_K, Q5_K          d f16, dmin f16; for each group: scale u8, minimum u8
 *   Q6_K                d f16; for each group: [row][2] s8, the factors of its halves
 */
#ifndef KVASIR_KERNEL_LAYOUT_H
#define KVASIR_KERNEL_LAYOUT_H

#include <stddef.h>

#include "src/kernel/kernel.h"

typedef struct {
    int bits;               /* of a code; 0: the type has no layout */
    int zero;               /* the code that stands for 0 */
    size_t code_bytes;      /* of a group */
    size_t scale_bytes;     /* of a block */
} PanelLayout;

static inline PanelLayout panel_layout(TensorType type)
{
    const size_t half = 2 * KERNEL_PANEL, byte = KERNEL_PANEL;

    switch (type) {
    case TYPE_Q4_0:
        return (PanelLayout) { 4, 8, 256, half };
    case TYPE_Q4_1:
        return (PanelLayout) { 4, 0, 256, 2 * half };
    case TYPE_Q5_0:
        return (PanelLayout) { 5, 16, 320, half };
    case TYPE_Q5_1:
        return (PanelLayout) { 5, 0, 320, 2 * half };
    case TYPE_Q8_0:
        return (PanelLayout) { 8, 0, 512, half };
    case TYPE_Q4_K:
        return (PanelLayout) { 4, 0, 256, 2 * half + 8 * 2 * byte };
    case TYPE_Q5_K:
        return (PanelLayout) { 5, 0, 320, 2 * half + 8 * 2 * byte };
    case TYPE_Q6_K:
        return (PanelLayout) { 6, 32, 384, half + 8 * 2 * byte };
    default:
        return (PanelLayout) { 0 };
    }
}

/* Whether a value is d * code + m with an m of its own. */
static inline bool has_offset(TensorType type)
{
    return type == TYPE_Q4_1 || type == TYPE_Q5_1 || type == TYPE_Q4_K || type == TYPE_Q5_K;
}

/* Where the parts of an int8 tile of keys and values are. */
typedef struct {
    uint8_t *k;
    int8_t *v;
    float *k_scale, *v_scale, *k_middle;
    uint8_t *k_factor;
} Int8Tile;

static inline Int8Tile int8_tile(uint8_t *tile, size_t dim)
{
    Int8Tile t = { .k = tile, .v = (int8_t *) tile + dim * KERNEL_TILE };

    t.k_scale = (float *) (void *) (tile + 2 * dim * KERNEL_TILE);
    t.v_scale = t.k_scale + KERNEL_TILE;
    t.k_middle = t.v_scale + dim;
    t.k_factor = (uint8_t *) (t.k_middle + dim);
    return t;
}

#define OPENED_MOST ((127 * 255 + 2) >> 2)      /* of an opened key */

/* The greatest code of a query: DIM products with opened keys stay below 2^31. */
static inline int32_t query_most(size_t dim)
{
    int32_t most = INT32_MAX / OPENED_MOST / (int32_t) dim;

    return most < INT16_MAX ? most : INT16_MAX;
}

#endif
