/* machine.h - what this machine can do at best, measured: the ceilings of kvasir bench and kvasir plan. */
#ifndef KVASIR_MODEL_MACHINE_H
#define KVASIR_MODEL_MACHINE_H

#include <glib.h>

typedef enum { CEILING_INT8, CEILING_BF16, CEILING_FP32, CEILING_MEMORY } Ceiling;

/* One measurement of some 20 ms on THREADS threads: 10^9 operations a second (a multiply-add is two), or 10^9
 * bytes read a second (CEILING_MEMORY, which takes 256 MB of memory while it runs).  0: this CPU cannot do that. */
double machine_ceiling(Ceiling ceiling, int threads);

#endif
