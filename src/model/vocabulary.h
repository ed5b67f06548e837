/* vocabulary.h - the tokenizer out of a GGUF file's metadata or a tokenizer.json.
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

/* A tokenizer out of the BYTES of Hugging Face's tokenizer.json (PATH is for messages), which
 * native folders have instead of a tokenizer.model: model.vocab and added_tokens; the merges are
 * skipped.  NULL and ERROR (FAILURE_MODEL) when it is no byte-level BPE, an id is missing, doubled
 * or not below VOCABULARY.  Adds sentences to WARNINGS. */
Tokenizer *vocabulary_from_json(GBytes *bytes, const char *path, gint64 vocabulary, GPtrArray *warnings,
                                GError **error);

#endif
