/* sample.h - the next token from logits: greedy, or temperature and top-p. */
#ifndef KVASIR_MODEL_SAMPLE_H
#define KVASIR_MODEL_SAMPLE_H

#include <glib.h>

typedef struct {
    double temperature;     /* 0: greedy */
    double top_p;           /* 1: all */
    guint64 seed;
} SampleOptions;

typedef struct Sampler Sampler;

/* LIMIT: ids at or above it (padding rows of the output matrix) are never
 * chosen.  The same seed, options and logits give the same tokens everywhere. */
Sampler *sampler_new(const SampleOptions *options, gint32 limit);
void sampler_free(Sampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sampler, sampler_free)

/* Ties go to the lower id.  NaN logits are never chosen; -1 if all are NaN.
 * An infinite logit wins without chance. */
gint32 sampler_next(Sampler *sampler, const float *logits);

#endif
