/* synthetic.h - weights of a given shape made in memory, for measuring without a file.
 *
 * Random codes with fixed scales: every weight is finite, of mean near 0 and deviation 0.7/sqrt(columns), so that
 * activations stay sane through any number of layers.  The same shape and type give the same bytes always.
 */
#ifndef KVASIR_MODEL_SYNTHETIC_H
#define KVASIR_MODEL_SYNTHETIC_H

#include "src/model/weights.h"

/* FAILURE_USAGE when SHAPE has no such type. */
Weights *synthetic_weights(const EngineShape *shape, GError **error);

#endif
