/* safetensors.h - reader of Hugging Face safetensors files, single or sharded.
 *
 * A file is a little-endian 64-bit length, a JSON header of that length and
 * the data.  Every offset, shape and type of the header is checked before a
 * tensor enters the table.  Tensors of types that no model here uses (I64, BOOL,
 * F8 ...) enter without data.  Errors are FAILURE_MODEL with file and tensor.
 */
#ifndef KVASIR_MODEL_SAFETENSORS_H
#define KVASIR_MODEL_SAFETENSORS_H

#include <glib.h>

#include "src/model/checkpoint.h"

/* Adds all tensors of a file, or of the same bytes in memory. */
gboolean safetensors_add_file(Checkpoint *checkpoint, const char *path, GError **error);
gboolean safetensors_add_bytes(Checkpoint *checkpoint, GBytes *bytes, const char *path, GError **error);

/* Adds all files that an index (model.safetensors.index.json) names.  They must lie
 * in the index's own folder and hold every tensor that the index promises. */
gboolean safetensors_add_index(Checkpoint *checkpoint, const char *path, GError **error);

#endif
