/* checkpoint.h - what the readers of GGUF and safetensors have in common: a
 * table of named tensors that lie in mapped files.
 *
 * A reader adds a tensor only after checking that all of its bytes are inside
 * the mapping, so whoever looks one up may read DATA without further checks.
 * Two tensors never share a name nor a byte.
 */
#ifndef KVASIR_MODEL_CHECKPOINT_H
#define KVASIR_MODEL_CHECKPOINT_H

#include <glib.h>

#include "src/kernel/types.h"

#define STORED_MAX_DIMS 4
#define STORED_MAX_NAME 255

typedef struct {
    char *name;             /* printable ASCII, 1 to 255 characters */
    char *path;             /* the file it lies in, for messages */
    char *type_text;        /* as the file spells it: "Q4_K", "IQ4_NL", "I64" */
    gboolean supported;     /* TYPE is valid; else DATA is NULL */
    TensorType type;
    guint n_dims;
    guint64 dims[STORED_MAX_DIMS];      /* the outermost (rows) first; those behind n_dims are 1 */
    const guint8 *data;
    guint64 bytes;
} StoredTensor;

typedef struct {
    GHashTable *tensors;    /* name -> StoredTensor, owned */
    GPtrArray *mappings;    /* GBytes that the tensors point into */
} Checkpoint;

Checkpoint *checkpoint_new(void);
void checkpoint_free(Checkpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Checkpoint, checkpoint_free)

/* Maps a regular file read-only; empty files give empty bytes.  FAILURE_MODEL
 * for anything else (a folder, a FIFO: opening never blocks).  The file must not be
 * shortened while it is mapped: the system then ends the process on access (SIGBUS). */
GBytes *checkpoint_map(const char *path, GError **error);

/* NULL if there is none. */
const StoredTensor *checkpoint_find(const Checkpoint *checkpoint, const char *name);

/* Checks SHAPE of a tensor and returns its number of bytes by type in *BYTES: no dimension
 * is 0, the innermost is a multiple of the block, nothing overflows. */
gboolean checkpoint_tensor_bytes(const StoredTensor *tensor, guint64 *bytes, GError **error);

/* Takes over TENSOR; FAILURE_MODEL if the name is taken or not printable ASCII (TENSOR is freed). */
gboolean checkpoint_add(Checkpoint *checkpoint, StoredTensor *tensor, GError **error);
void stored_tensor_free(StoredTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoredTensor, stored_tensor_free)

/* No two tensors share a byte. */
gboolean checkpoint_check_overlap(const Checkpoint *checkpoint, GError **error);

/* Whether the LENGTH bytes at TEXT are all printable ASCII, and not none or more than LIMIT. */
gboolean checkpoint_name_is_clean(const char *text, gsize length, gsize limit);

/* Sets ERROR to FAILURE_MODEL "PATH: MESSAGE"; returns FALSE. */
gboolean model_fail(GError **error, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
