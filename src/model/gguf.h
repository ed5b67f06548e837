/* gguf.h - reader of GGUF files, versions 2 and 3, little-endian.
 *
 * The whole header (metadata and tensor infos) is walked and checked when the
 * file is opened; what the functions below return lies inside the mapping.
 * All errors are FAILURE_MODEL and name the file and the field.
 */
#ifndef KVASIR_MODEL_GGUF_H
#define KVASIR_MODEL_GGUF_H

#include <glib.h>

#include "src/model/checkpoint.h"

typedef enum {
    GGUF_UINT8, GGUF_INT8, GGUF_UINT16, GGUF_INT16, GGUF_UINT32, GGUF_INT32, GGUF_FLOAT32, GGUF_BOOL,
    GGUF_STRING, GGUF_ARRAY, GGUF_UINT64, GGUF_INT64, GGUF_FLOAT64,
    GGUF_N_TYPES
} GgufType;

/* A metadata value: a scalar, a string (COUNT bytes) or an array of COUNT
 * elements of type ELEMENT.  DATA points at the first byte of the contents. */
typedef struct {
    GgufType type, element;
    guint64 count;
    const guint8 *data;
} GgufValue;

typedef struct {
    char *path;
    guint32 version;
    GHashTable *metadata;       /* char * -> GgufValue *, owned */
    Checkpoint *checkpoint;     /* owned; may be taken (set to NULL) */
} Gguf;

Gguf *gguf_open(const char *path, GError **error);
/* The same for bytes in memory; PATH is for messages only. */
Gguf *gguf_parse(GBytes *bytes, const char *path, GError **error);
void gguf_free(Gguf *gguf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gguf, gguf_free)

/* Whether BYTES begin like a GGUF file of any version or byte order. */
gboolean gguf_is_gguf(GBytes *bytes);

/* NULL if there is no such key. */
const GgufValue *gguf_find(const Gguf *gguf, const char *key);

/* A number of any integer or floating-point type.  The integer must be whole and in MIN .. MAX, the other
 * finite.  FALSE and ERROR when the key is missing or is something else. */
gboolean gguf_get_integer(const Gguf *gguf, const char *key, gint64 min, gint64 max, gint64 *value, GError **error);
gboolean gguf_get_number(const Gguf *gguf, const char *key, double *value, GError **error);

/* A string, valid UTF-8 without control characters (others are replaced); free with g_free. */
char *gguf_get_string(const Gguf *gguf, const char *key, GError **error);

/* An array of ELEMENT; NULL and ERROR when missing or of another type. */
const GgufValue *gguf_get_array(const Gguf *gguf, const char *key, GgufType element, GError **error);

/* Steps through an array of strings: *AT starts as value->data and must be called at most value->count times. */
const char *gguf_next_string(const guint8 **at, gsize *length);

/* Element I of an array of INT32 or UINT32 (as gint32). */
gint32 gguf_int32_at(const GgufValue *value, guint64 i);

#endif
