/* weights.h - a model's tensors and hyper-parameters, from GGUF or safetensors.
 *
 * The file is mapped read-only; tensors point into the mapping.  Everything the file says
 * (counts, sizes, offsets, strings, shapes, types) is checked before use, so
 * that code above can rely on each tensor lying inside the mapping and having
 * exactly the shape that the hyper-parameters demand.
 */
#ifndef KVASIR_MODEL_WEIGHTS_H
#define KVASIR_MODEL_WEIGHTS_H

#include <glib.h>

#include "src/kernel/types.h"
#include "src/model/engine.h"
#include "src/model/tokenizer.h"

/* A matrix of ROWS outputs and COLUMNS inputs, row after row, or a vector
 * (rows 1).  ROW_BYTES = type_row_bytes(type, columns).  DATA may be unaligned
 * (safetensors). */
typedef struct {
    const guint8 *data;     /* NULL: the model has none (optional tensors) */
    TensorType type;
    gint64 rows, columns;
    const guint8 *panels;   /* the same prepared for the kernels (prepared.h), or NULL */
} Tensor;

typedef struct {
    Tensor attn_norm;                   /* hidden, F32 */
    Tensor q, k, v;                     /* heads*dim, kv_heads*dim, kv_heads*dim x hidden: parts of one matrix in most files */
    Tensor q_bias, k_bias, v_bias;      /* optional, all or none */
    Tensor o;                           /* hidden x heads*dim */
    Tensor post_attn_norm;              /* glm4 only */
    Tensor ffn_norm;
    Tensor gate, up;                    /* ffn x hidden each (halves of one matrix in most files) */
    Tensor down;                        /* hidden x ffn */
    Tensor post_ffn_norm;               /* glm4 only */
} LayerWeights;

typedef struct Weights Weights;
struct Weights {
    ModelInfo info;                     /* all of it filled in */
    LayerWeights *layers;               /* info.layers of them */
    Tensor embedding;                   /* vocabulary x hidden */
    Tensor output_norm;
    Tensor output;                      /* vocabulary x hidden; the embedding when tied */
    Tokenizer *tokenizer;               /* of the GGUF file, or the folder's tokenizer.model or .json; or NULL */
    GPtrArray *owned;                   /* mappings and copies that the tensors point into; a free function each */
};

/* Opens PATH: a GGUF file, a directory with config.json and safetensors, or
 * a .safetensors(.index.json) file inside one.  Norms and biases come back as F32 whatever
 * the file's type (converted copies).  FAILURE_MODEL names file and field. */
Weights *weights_open(const char *path, GError **error);
/* The same for a GGUF file's bytes in memory; PATH is for messages only. */
Weights *weights_from_gguf(GBytes *bytes, const char *path, GError **error);
void weights_free(Weights *weights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Weights, weights_free)

#endif
