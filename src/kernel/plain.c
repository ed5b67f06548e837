/* plain.c - the plain C set: the definition of every kernel. */
#include "config.h"

#define SET(name) name##_c
#include "src/kernel/template.c.h"
#include "src/kernel/sets.h"

const Kernels kernels_c = KERNELS_TABLE("c");
