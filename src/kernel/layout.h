/* layout.h - prepared weights: rows interleaved as the kernels read them.
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

#endif
