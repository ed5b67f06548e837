/* kernel.h - arithmetic on arrays: one table of functions per compute set.
 *
 * Plain C ("c") is the definition.  Every other integer set ("avx2", "avx512")
 * gives the same bytes for the same arguments; tests compare them with memcmp.
 * What makes that possible: one output element has one accumulator, and what
 * is added to it comes in a fixed order (groups ascending), whatever the
 * tiling, the batch or the vector width.  fmaf() stands where one rounding is
 * meant; everything else is compiled without contraction.
 *
 * No function here allocates, locks or fails.  Sizes are in elements unless a
 * name says bytes.
 */
#ifndef KVASIR_KERNEL_KERNEL_H
#define KVASIR_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/kernel/types.h"

#define KERNEL_GROUP 32         /* values that share an activation scale */
#define KERNEL_PANEL 16         /* rows of a panel of prepared weights */
#define KERNEL_TILE 64          /* keys of a KV tile */
#define KERNEL_SEGMENT 16       /* tiles of a segment: 1024 keys, merged as a whole */
#define KERNEL_MAX_TOKENS 256   /* tokens of a batch at most */

/* Sums of the 32 codes of a group, ready for kernels that add pairs of products in
 * 16 bits: lane 0 is of columns 0 and 1 of every four, lane 1 of columns 2 and 3. */
typedef struct {
    int16_t minus8[2];          /* -8 times the sum of all, by lane */
    int16_t minus32[2][2];      /* -32 times the sum of the first and the second 16, by lane */
    int32_t minus8_all;         /* -8 times the sum of all, for kernels that add in 32 bits */
} GroupSums;

/* Activations of a batch, quantised: token t, group g holds
 * q[t*n + 32 g ...], scale s = amax/127, sum = s times the sum of the 32 codes, for weights with an offset. */
typedef struct {
    size_t tokens, n;           /* n: a multiple of KERNEL_GROUP */
    const int8_t *q;            /* tokens x n, codes -127 .. 127 */
    const float *scale;         /* tokens x n/32 */
    const float *sum;           /* tokens x n/32 */
    const GroupSums *sums;      /* tokens x n/32 */
} QuantizedBatch;

/* A weight matrix, row after row (rows = outputs). */
typedef struct {
    TensorType type;
    const uint8_t *data;
    size_t rows, columns, row_bytes;
    const uint8_t *panels;      /* the same prepared (see prepare), aligned to 64; NULL: it is not */
} Matrix;

/* Bytes of a panel of COLUMNS prepared columns; 0: the type cannot be prepared.  layout.h says what is in it. */
size_t kernel_panel_bytes(TensorType type, size_t columns);

/* Scratch of one thread for linear layers over COLUMNS inputs. */
size_t kernel_linear_scratch_bytes(size_t columns);

/* Layout of a KV tile of 64 keys for one KV head of DIM values (a multiple of 4).
 *
 *   int8  K  u8  [dim/4][64 keys][4 dims]   code + 128, codes -127 .. 127
 *         V  s8  [64/4][dim][4 keys]        codes -127 .. 127
 *         K scales  f32 [64], one per key;  V scales  f32 [dim], one per dimension
 *         K middles  f32 [dim];  K factors  u8 [dim], 1 .. 255
 *   f32   K  f32 [dim][64 keys];  V  f32 [64 keys][dim]
 *   f16   the same in halves
 *
 * Key j of an int8 tile is middle[d] + scale[j] * opened, where opened = (code * factor[d] + 2) >> 2 is what kernels compute
 * with (the shift is that of two's complement).  Middles and factors take out what the keys of a tile have in common, so that
 * the 8 bits are spent on how they differ.  Value j is scale[d] * code.
 */
typedef enum { TILE_INT8, TILE_F16, TILE_F32 } TileKind;
size_t kernel_tile_bytes(TileKind kind, size_t dim);

/* What a group of query rows sees of a segment of keys: its first tiles whole, and, when their own tile lies
 * in this segment, the keys of that up to each row's position.  All rows share one KV head. */
typedef struct {
    TileKind kind;
    size_t dim, rows;
    const float *q;             /* rows x dim, already times log2(e)/sqrt(dim) */
    const int16_t *q16;         /* the same as codes of quantize_query (int8 tiles only) */
    const float *q16_scale;     /* one per row */
    const uint8_t *tiles;       /* the segment's first tile of this layer and head */
    size_t tile_stride;         /* bytes from a tile to the next */
    size_t whole;               /* tiles seen whole, at most KERNEL_SEGMENT */
    bool own;                   /* the tile behind them is the rows' own */
    const float *own_k, *own_v; /* that tile in f32 layout (not used for f16) */
    const uint8_t *visible;     /* keys of the own tile that each row sees, 1 .. 64 */
} AttendRows;

/* Running state of a softmax over keys: exponents are of base 2. */
typedef struct {
    float *max, *sum;           /* rows */
    float *out;                 /* rows x dim, not yet divided by sum */
    float *tile_max, *tile_sum; /* NULL, or [tile of the segment][row]: max and sum of each tile alone */
    size_t tile_stride;         /* rows from a tile to the next in these */
} AttendState;

/* Scratch of one thread for attend_segment. */
size_t kernel_attend_scratch_bytes(size_t dim);

typedef struct {
    const char *name;

    /* N values (any multiple of 32) to codes, scales and sums. */
    void (*quantize)(const float *x, size_t n, int8_t *q, float *scale, float *sum, GroupSums *sums);
    /* A query of DIM values to codes with one scale, which is returned (0 for all-zero input); the codes are as great as
     * products with opened keys may be for a sum of 32 bits. */
    float (*quantize_query)(const float *x, size_t dim, int16_t *q);

    /* Rows FIRST .. FIRST+COUNT-1 of a quantised W (read from its data) as panels, the first of which begins
     * with row FIRST; every set writes the same bytes.  OUT is aligned to 64 and has room for whole panels. */
    void (*prepare)(const Matrix *w, size_t first, size_t count, uint8_t *out);
    /* out[t * stride + r] = row r of W times token t, for rows FIRST .. FIRST+COUNT-1;
     * quantised types only.  FIRST is a multiple of KERNEL_PANEL when W is prepared. */
    void (*linear)(const Matrix *w, size_t first, size_t count, const QuantizedBatch *x,
                   float *out, size_t stride, void *scratch);
    /* The same in floating point, for every type: x is tokens x columns. */
    void (*linear_float)(const Matrix *w, size_t first, size_t count, const float *x, size_t tokens,
                         float *out, size_t stride, void *scratch);

    /* out[i] = silu(gate[i]) * up[i]. */
    void (*swiglu)(const float *gate, const float *up, float *out, size_t n);

    /* 64 keys and values (f32 tile layout) to an int8 tile. */
    void (*quantize_tile)(const float *k, const float *v, size_t dim, uint8_t *tile);
    /* State of ROWS over one segment. */
    void (*attend_segment)(const AttendRows *rows, AttendState state, void *scratch);
    /* total = total and, behind it in order, part. */
    void (*attend_merge)(size_t rows, size_t dim, AttendState total, AttendState part);
    /* The share of each of N tiles in a row's softmax, whose state in the end is MAX and SUM;
     * the tiles' values lie STRIDE apart. */
    void (*attend_mass)(const float *tile_max, const float *tile_sum, size_t stride, size_t n,
                        float max, float sum, float *mass);
} Kernels;

/* The sets that this build and this CPU have, best last: "c", "avx2", "avx512". NULL-terminated. */
const Kernels *const *kernels_available(void);
/* The best set not above CAP ("c", "avx2", "avx512"; NULL: no cap); NULL when the name is unknown. */
const Kernels *kernels_select(const char *cap);

/* The BLAS path: rows dequantised to a panel, then cblas_sgemm.  The shape of a
 * call depends on tokens, columns and the fixed panel only, never on threads. */
#define KERNEL_BLAS_PANEL 128
void blas_init(void);           /* one thread inside BLAS: kvasir cuts the work itself */
const char *blas_core(void);    /* OpenBLAS's name of the kernels that it chose */
size_t blas_scratch_bytes(size_t columns);
/* COUNT <= KERNEL_BLAS_PANEL rows from FIRST, which is a multiple of the panel. */
void blas_linear(const Matrix *w, size_t first, size_t count, const float *x, size_t tokens,
                 float *out, size_t stride, void *scratch);

/* y = w * x / sqrt(mean(x^2) + eps). */
void kernel_rmsnorm(const float *x, const float *w, float eps, float *y, size_t n);

#endif
