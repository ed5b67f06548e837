/* fingerprint.h - a SHA-256 that identifies a model: what it computes, not where it lies.
 *
 * Hashed: all hyper-parameters that enter the result, the vocabulary, and of each
 * tensor in use its name, type, shape and content.  Not hashed: file names and times, the model's name,
 * metadata that is not used.
 *
 * Content: reading 6 GB would cost more than an answer from the cache, so only
 * models of up to FINGERPRINT_WHOLE bytes are read as a whole.  Of larger ones each tensor gives
 * FINGERPRINT_SAMPLES pages of FINGERPRINT_PAGE bytes, spread evenly from its first
 * byte to its last.  Training, fine-tuning, merging of adapters and another quantisation change (nearly) all rows
 * of a matrix, so any one page tells them apart and some 4500 pages leave no doubt; what a
 * sample cannot see is a patch of a few rows by hand.
 *
 * The same model in another file format or type has another fingerprint.
 */
#ifndef KVASIR_MODEL_FINGERPRINT_H
#define KVASIR_MODEL_FINGERPRINT_H

#include <glib.h>

#include "src/model/checkpoint.h"
#include "src/model/engine.h"

#define FINGERPRINT_WHOLE (64u << 20)
#define FINGERPRINT_SAMPLES 16
#define FINGERPRINT_PAGE 4096

/* TENSORS (StoredTensor) in any order; TOKENIZER may be NULL.  64 hex digits, free with g_free. */
char *fingerprint_compute(const ModelInfo *info, const GPtrArray *tensors, const Tokenizer *tokenizer);

#endif
