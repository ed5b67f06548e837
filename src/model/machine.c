/* machine.c - the machine's ceilings, one loop per thread. */
#include "config.h"
#include "src/model/machine.h"

#include <string.h>

#include "src/kernel/peak.h"

#define ROUNDS 1000000
#define MEMORY_BYTES ((gsize) 256 << 20)
#define PASSES 2

static double compute(PeakKind kind, int threads)
{
    double operations = 0;
    gint64 start;

    if (peak_compute(kind, 1) == 0)
        return 0;
    start = g_get_monotonic_time();
    #pragma omp parallel for schedule(static, 1) num_threads(threads) reduction(+ : operations)
    for (int i = 0; i < threads; i++)
        operations += peak_compute(kind, ROUNDS);
    return operations / 1e3 / (double) MAX(g_get_monotonic_time() - start, 1);
}

static double memory(int threads)
{
    gsize part = MEMORY_BYTES / (gsize) threads / 4096 * 4096;
    guint8 *data = g_aligned_alloc(1, MEMORY_BYTES, 4096);
    guint64 seen = 0;
    gint64 start = 0;

    for (int pass = 0; pass <= PASSES; pass++) {
        if (pass == 1)
            start = g_get_monotonic_time();
        #pragma omp parallel for schedule(static, 1) num_threads(threads) reduction(^ : seen)
        for (int i = 0; i < threads; i++) {
            if (pass == 0)      /* each thread's part near its core */
                memset(data + (gsize) i * part, i + 1, part);
            else
                seen ^= peak_read(data + (gsize) i * part, part);
        }
    }
    gint64 time = MAX(g_get_monotonic_time() - start, 1);
    g_aligned_free(data);
    /* Bytes of one value, read in pairs, cancel out: anything else means a broken read. */
    return seen == 0 ? (double) part * threads * PASSES / 1e3 / (double) time : 0;
}

double machine_ceiling(Ceiling ceiling, int threads)
{
    static const PeakKind kinds[] = { PEAK_INT8, PEAK_BF16, PEAK_FP32 };

    g_return_val_if_fail(threads > 0, 0);
    return ceiling == CEILING_MEMORY ? memory(threads) : compute(kinds[ceiling], threads);
}
