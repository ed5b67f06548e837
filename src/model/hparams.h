/* hparams.h - hyper-parameters, from GGUF metadata or from a config.json.
 *
 * Both fill the same fields of ModelInfo: architecture, name, layers, hidden,
 * heads, kv_heads, head_dim, ffn, vocabulary, context, rotary_dim, rope_theta, norm_eps and
 * sandwich_norms.  Everything that the file claims but that this program does
 * not compute (rope scaling, quantised checkpoints, other norms) is an error, never ignored.
 */
#ifndef KVASIR_MODEL_HPARAMS_H
#define KVASIR_MODEL_HPARAMS_H

#include <glib.h>

#include "src/model/engine.h"
#include "src/model/gguf.h"
#include "src/model/json-file.h"

typedef enum { HPARAM_NO, HPARAM_YES, HPARAM_UNSAID } HparamAnswer;

/* What a configuration says beyond ModelInfo; the tensors have the last word. */
typedef struct {
    HparamAnswer qkv_bias;
    HparamAnswer tied_output;
    gboolean remote;            /* config.json of the remote-code layout (model_type chatglm) */
} HparamHints;

/* INFO must be zeroed; the caller frees its strings whatever the result.
 * The vocabulary stays 0: the embedding matrix says it. */
gboolean hparams_from_gguf(const Gguf *gguf, ModelInfo *info, HparamHints *hints, GError **error);

/* The same from the top object of a config.json; the vocabulary is what the file says.  PATH is for messages. */
gboolean hparams_from_json(JsonObject *config, const char *path, ModelInfo *info, HparamHints *hints, GError **error);

/* Adds to WARNINGS (of char *) what is odd about the metadata of a GGUF file, though it can be computed:
 * mistakes that known converters made. */
void hparams_warn(const ModelInfo *info, GPtrArray *warnings);

#endif
