/* vocabulary.h - the tokenizer out of a GGUF file's metadata.
 *
 * tokenizer.ggml.tokens lists the tokens by id in GPT-2's printable form, tokenizer.ggml.token_type says
 * what each is.  The merges are not read: a token's id is its rank
 * (ARCHITECTURE.md, section 5).  Padding at the end (GLM-4-9B: 151343 .. 151551)
 * is left out, so that tokenizer_size() bounds what may be sampled.
 */
#ifndef KVASIR_MODEL_VOCABULARY_H
#define KVASIR_MODEL_VOCABULARY_H

#include "src/model/gguf.h"
#include "src/model/tokenizer.h"

/* A tokenizer for a model of VOCABULARY output rows.  NULL with ERROR unset when the
 * file has no tokenizer at all; NULL with ERROR (FAILURE_MODEL) when it has one that is
 * damaged, of another kind or of another size.  Adds sentences to WARNINGS. */
Tokenizer *vocabulary_from_gguf(const Gguf *gguf, gint64 vocabulary, GPtrArray *warnings, GError **error);

#endif
