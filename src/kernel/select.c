/* select.c - which compute sets this CPU has, and small kernels without a set. */
#include "config.h"
#include "src/kernel/kernel.h"

#ifdef HAVE_AVX2
#include <cpuid.h>
#endif
#include <math.h>
#include <string.h>

#include "src/kernel/layout.h"
#include "src/kernel/sets.h"

#ifdef HAVE_AVX2
/* clang 14 does not know this feature by name. */
static int has_f16c(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}
#endif

const Kernels *const *kernels_available(void)
{
    static const Kernels *sets[4];
    size_t n = 0;

    if (sets[0])
        return sets;
    n = 1;
#ifdef HAVE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c())
        sets[n++] = &kernels_avx2;
#endif
#ifdef HAVE_AVX512
    if (n == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni"))
        sets[n++] = &kernels_avx512;
#endif
    sets[0] = &kernels_c;
    return sets;
}

const Kernels *kernels_select(const char *cap)
{
    static const char *const order[] = { "c", "avx2", "avx512" };
    const Kernels *const *sets = kernels_available();
    size_t rank = 3, best = 0;

    for (size_t i = 0; cap && i < 3; i++)
        if (!strcmp(cap, order[i]))
            rank = i;
    if (cap && rank == 3)
        return NULL;
    for (size_t i = 0; sets[i] && i <= rank; i++)
        best = i;
    return sets[best];
}

void kernel_rmsnorm(const float *x, const float *w, float eps, float *y, size_t n)
{
    double lane[8] = { 0 };
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            lane[j] += (double) x[i + j] * (double) x[i + j];
    for (; i < n; i++)
        lane[0] += (double) x[i] * (double) x[i];
    double sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    float scale = (float) (1.0 / sqrt(sum / (double) n + (double) eps));

    for (i = 0; i < n; i++)
        y[i] = x[i] * scale * w[i];
}

size_t kernel_panel_bytes(TensorType type, size_t columns)
{
    PanelLayout layout = panel_layout(type);

    if (layout.bits == 0)
        return 0;
    return columns / KERNEL_GROUP * layout.code_bytes +
           (columns / type_block(type) * layout.scale_bytes + 63) / 64 * 64;
}

size_t kernel_linear_scratch_bytes(size_t columns)
{
    /* A row as floats, or two panels, of which the largest have codes of a byte and scales of 4 bytes a group; and
     * the opened codes and scales of 16 groups of two panels, and two panels of results (linear512.c.h). */
    return 2 * (columns * KERNEL_PANEL + columns / KERNEL_GROUP * 4 * KERNEL_PANEL + 64) +
           16 * 2 * (KERNEL_GROUP * KERNEL_PANEL + 3 * KERNEL_PANEL * sizeof(float)) +
           KERNEL_MAX_TOKENS * 2 * KERNEL_PANEL * sizeof(float) + 128;
}

size_t kernel_tile_bytes(TileKind kind, size_t dim)
{
    switch (kind) {
    case TILE_INT8:
        return 2 * dim * KERNEL_TILE + (KERNEL_TILE + 2 * dim) * sizeof(float) + dim;
    case TILE_F16:
        return 2 * dim * KERNEL_TILE * sizeof(uint16_t);
    default:
        return 2 * dim * KERNEL_TILE * sizeof(float);
    }
}

size_t kernel_attend_scratch_bytes(size_t dim)
{
    size_t acc = dim > KERNEL_TILE ? dim : KERNEL_TILE;

    return (2 * dim * KERNEL_TILE + dim + acc) * sizeof(float);
}
