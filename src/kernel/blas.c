/* blas.c - linear layers through cblas_sgemm on dequantised panels. */
#include "config.h"
#include "src/kernel/kernel.h"

#include <cblas.h>

void blas_init(void)
{
    openblas_set_num_threads(1);
}

const char *blas_core(void)
{
    return openblas_get_corename();
}

size_t blas_scratch_bytes(size_t columns)
{
    return KERNEL_BLAS_PANEL * columns * sizeof(float);
}

void blas_linear(const Matrix *w, size_t first, size_t count, const float *x, size_t tokens,
                 float *out, size_t stride, void *scratch)
{
    float *panel = scratch;

    for (size_t r = 0; r < count; r++)
        type_to_float(w->type, w->data + (first + r) * w->row_bytes, panel + r * w->columns, w->columns);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) tokens, (int) count, (int) w->columns,
                1.0f, x, (int) w->columns, panel, (int) w->columns, 0.0f, out + first, (int) stride);
}
