/* threads.h - the one place that decides how many threads work. */
#ifndef KVASIR_MODEL_THREADS_H
#define KVASIR_MODEL_THREADS_H

#include <stddef.h>

#define THREADS_MAX 256
/* Multiply-adds below which a loop is not worth waking other threads for. */
#define THREADS_WORTH ((size_t) 1 << 20)
/* The same for loops that do little more than read and write each of so many values. */
#define THREADS_WORTH_VALUES (THREADS_WORTH / 16)

#ifdef _OPENMP
#include <omp.h>
/* Number of the calling thread inside a parallel loop, from 0. */
static inline int threads_current(void)
{
    return omp_get_thread_num();
}
#else
static inline int threads_current(void)
{
    return 0;
}
#endif

/* REQUESTED if positive (at most THREADS_MAX), else the physical cores that
 * this process may run on, within the CPU quota of its control group. */
int threads_count(int requested);

#endif
