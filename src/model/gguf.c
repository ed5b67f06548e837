/* gguf.c - reader of GGUF files.
 *
 * A cursor walks the header.  Each step asks for a number of bytes and gets
 * them only if the file has them, so no length of the file is ever trusted;
 * counts are bounded by what the rest of the file could hold before anything is allocated.
 */
#include "config.h"
#include "src/model/gguf.h"

#include <math.h>
#include <string.h>

#include "src/base/failure.h"

#define MAX_KEY 255      /* the longest in use has 50; they go into messages */
#define MAX_NESTING 4
#define MAX_ALIGNMENT (1u << 20)
#define DEFAULT_ALIGNMENT 32
#define MIN_KEY_BYTES (8 + 1 + 4 + 1)           /* length, a character, type, a byte */
#define MIN_TENSOR_BYTES (8 + 1 + 4 + 8 + 4 + 8) /* name, dimensions, type, offset */

typedef struct {
    const guint8 *data;
    guint64 size, at;
    const char *path;
} Cursor;

static const guint8 value_bytes[GGUF_N_TYPES] = {
    [GGUF_UINT8] = 1, [GGUF_INT8] = 1, [GGUF_UINT16] = 2, [GGUF_INT16] = 2, [GGUF_UINT32] = 4, [GGUF_INT32] = 4,
    [GGUF_FLOAT32] = 4, [GGUF_BOOL] = 1, [GGUF_UINT64] = 8, [GGUF_INT64] = 8, [GGUF_FLOAT64] = 8,
    /* strings and arrays: the fewest bytes one can take */
    [GGUF_STRING] = 8, [GGUF_ARRAY] = 12,
};

static guint32 load32(const guint8 *p)
{
    guint32 value;

    memcpy(&value, p, sizeof value);
    return GUINT32_FROM_LE(value);
}

static guint64 load64(const guint8 *p)
{
    guint64 value;

    memcpy(&value, p, sizeof value);
    return GUINT64_FROM_LE(value);
}

/* The next N bytes, or NULL and an error that says where the file ends. */
static const guint8 *take(Cursor *c, guint64 n, const char *field, GError **error)
{
    if (n > c->size - c->at) {
        model_fail(error, c->path, "the file ends inside %s; it is truncated or damaged, fetch it again", field);
        return NULL;
    }
    c->at += n;
    return c->data + c->at - n;
}

static gboolean take32(Cursor *c, guint32 *value, const char *field, GError **error)
{
    const guint8 *p = take(c, 4, field, error);

    if (p)
        *value = load32(p);
    return p != NULL;
}

static gboolean take64(Cursor *c, guint64 *value, const char *field, GError **error)
{
    const guint8 *p = take(c, 8, field, error);

    if (p)
        *value = load64(p);
    return p != NULL;
}

/* A key or a tensor's name: printable ASCII. */
static char *take_name(Cursor *c, gsize limit, const char *field, GError **error)
{
    guint64 length;

    if (!take64(c, &length, field, error))
        return NULL;
    const guint8 *text = take(c, length, field, error);
    if (text == NULL)
        return NULL;
    if (!checkpoint_name_is_clean((const char *) text, length, limit)) {
        model_fail(error, c->path, "%s is empty, too long or not printable; the file is damaged", field);
        return NULL;
    }
    return g_strndup((const char *) text, length);
}

static gboolean take_value(Cursor *c, guint32 type, int depth, const char *key, GgufValue *value, GError **error);

static gboolean take_array(Cursor *c, int depth, const char *key, GgufValue *value, GError **error)
{
    guint32 element;

    if (!take32(c, &element, key, error) || !take64(c, &value->count, key, error))
        return FALSE;
    if (element >= GGUF_N_TYPES)
        return model_fail(error, c->path, "%s is an array of the unknown type %u", key, element);
    if (depth >= MAX_NESTING)
        return model_fail(error, c->path, "%s is an array nested too deeply", key);
    if (value->count > (c->size - c->at) / value_bytes[element])
        return model_fail(error, c->path, "%s claims %" G_GUINT64_FORMAT " elements, more than the file could hold; "
                          "it is truncated or damaged, fetch it again", key, value->count);
    value->element = (GgufType) element;
    value->data = c->data + c->at;
    if (element != GGUF_STRING && element != GGUF_ARRAY) {
        c->at += value->count * value_bytes[element];
        return TRUE;
    }
    for (guint64 i = 0; i < value->count; i++) {
        GgufValue inner;
        if (!take_value(c, element, depth + 1, key, &inner, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_value(Cursor *c, guint32 type, int depth, const char *key, GgufValue *value, GError **error)
{
    if (type >= GGUF_N_TYPES)
        return model_fail(error, c->path, "%s has the unknown type %u", key, type);
    value->type = (GgufType) type;
    value->element = (GgufType) type;
    value->count = 1;
    if (type == GGUF_ARRAY)
        return take_array(c, depth, key, value, error);
    guint64 bytes = value_bytes[type];
    if (type == GGUF_STRING) {
        if (!take64(c, &value->count, key, error))
            return FALSE;
        bytes = value->count;
    }
    value->data = take(c, bytes, key, error);
    return value->data != NULL;
}

static gboolean read_metadata(Gguf *gguf, Cursor *c, guint64 n, GError **error)
{
    for (guint64 i = 0; i < n; i++) {
        g_autofree char *place = g_strdup_printf("metadata key %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, i + 1, n);
        g_autofree char *key = take_name(c, MAX_KEY, place, error);
        guint32 type;

        if (key == NULL || !take32(c, &type, key, error))
            return FALSE;
        g_autofree GgufValue *value = g_new0(GgufValue, 1);
        if (!take_value(c, type, 0, key, value, error))
            return FALSE;
        if (g_hash_table_contains(gguf->metadata, key))
            return model_fail(error, gguf->path, "metadata key %s occurs twice", key);
        g_hash_table_insert(gguf->metadata, g_steal_pointer(&key), g_steal_pointer(&value));
    }
    return TRUE;
}

/* The formats of ggml that exist but are not read here, for the message. */
static const char *foreign_type_name(guint32 type)
{
    static const struct { guint32 number; const char *name; } names[] = {
        { 9, "Q8_1" }, { 10, "Q2_K" }, { 11, "Q3_K" }, { 15, "Q8_K" }, { 16, "IQ2_XXS" }, { 17, "IQ2_XS" },
        { 18, "IQ3_XXS" }, { 19, "IQ1_S" }, { 20, "IQ4_NL" }, { 21, "IQ3_S" }, { 22, "IQ2_S" }, { 23, "IQ4_XS" },
        { 24, "I8" }, { 25, "I16" }, { 26, "I32" }, { 27, "I64" }, { 28, "F64" }, { 29, "IQ1_M" },
        { 34, "TQ1_0" }, { 35, "TQ2_0" }, { 39, "MXFP4" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].number == type)
            return names[i].name;
    return NULL;
}

static gboolean read_tensor_shape(Cursor *c, StoredTensor *tensor, GError **error)
{
    guint32 n_dims;

    if (!take32(c, &n_dims, tensor->name, error))
        return FALSE;
    if (n_dims < 1 || n_dims > STORED_MAX_DIMS)
        return model_fail(error, c->path, "tensor %s has %u dimensions", tensor->name, n_dims);
    tensor->n_dims = n_dims;
    for (guint i = 0; i < STORED_MAX_DIMS; i++)
        tensor->dims[i] = 1;
    for (guint i = 0; i < n_dims; i++)      /* the file has the innermost first */
        if (!take64(c, &tensor->dims[n_dims - 1 - i], tensor->name, error))
            return FALSE;
    return TRUE;
}

/* Reads an info; the offset waits in *OFFSET until the start of the data is known. */
static StoredTensor *read_tensor_info(Cursor *c, guint64 i, guint64 n, guint64 *offset, GError **error)
{
    g_autofree char *place = g_strdup_printf("the name of tensor %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                                             i + 1, n);
    g_autoptr(StoredTensor) tensor = g_new0(StoredTensor, 1);
    guint32 type;

    tensor->path = g_strdup(c->path);
    tensor->name = take_name(c, STORED_MAX_NAME, place, error);
    if (tensor->name == NULL || !read_tensor_shape(c, tensor, error) ||
        !take32(c, &type, tensor->name, error) || !take64(c, offset, tensor->name, error))
        return NULL;
    const char *name = type_name(type);
    tensor->supported = name != NULL;
    if (name == NULL)
        name = foreign_type_name(type);
    tensor->type_text = name ? g_strdup(name) : g_strdup_printf("number %u", type);
    if (tensor->supported)
        tensor->type = (TensorType) type;
    return g_steal_pointer(&tensor);
}

static gboolean place_tensor(const Gguf *gguf, const Cursor *data, guint32 alignment, StoredTensor *tensor,
                             guint64 offset, GError **error)
{
    if (!tensor->supported)
        return TRUE;
    if (!checkpoint_tensor_bytes(tensor, &tensor->bytes, error))
        return FALSE;
    if (offset % alignment != 0)
        return model_fail(error, gguf->path, "the offset of tensor %s is no multiple of the alignment %u",
                          tensor->name, alignment);
    if (offset > data->size || tensor->bytes > data->size - offset)
        return model_fail(error, gguf->path, "the data of tensor %s lies behind the end of the file; "
                          "it is truncated or damaged, fetch it again", tensor->name);
    tensor->data = data->data + offset;
    return TRUE;
}

/* Where the data of the tensors begin: the end of the header, rounded up. */
static gboolean find_data(const Gguf *gguf, const Cursor *c, Cursor *data, guint32 *alignment, GError **error)
{
    *alignment = DEFAULT_ALIGNMENT;
    if (gguf_find(gguf, "general.alignment")) {
        gint64 value;
        if (!gguf_get_integer(gguf, "general.alignment", 1, MAX_ALIGNMENT, &value, error))
            return FALSE;
        if (value & (value - 1))
            return model_fail(error, gguf->path, "general.alignment is %" G_GINT64_FORMAT ", no power of two", value);
        *alignment = (guint32) value;
    }
    guint64 start = (c->at + *alignment - 1) / *alignment * *alignment;
    if (start > c->size)
        start = c->size;        /* a file without tensors need not be padded */
    *data = (Cursor) { c->data + start, c->size - start, 0, c->path };
    return TRUE;
}

static gboolean read_tensors(Gguf *gguf, Cursor *c, guint64 n, GError **error)
{
    g_autoptr(GPtrArray) tensors = g_ptr_array_new();
    g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(guint64));
    Cursor data = { NULL, 0, 0, NULL };
    guint32 alignment = DEFAULT_ALIGNMENT;

    for (guint64 i = 0; i < n; i++) {
        guint64 offset;
        StoredTensor *tensor = read_tensor_info(c, i, n, &offset, error);
        if (tensor == NULL || !checkpoint_add(gguf->checkpoint, tensor, error))
            return FALSE;
        g_ptr_array_add(tensors, tensor);
        g_array_append_val(offsets, offset);
    }
    if (!find_data(gguf, c, &data, &alignment, error))
        return FALSE;
    for (guint i = 0; i < tensors->len; i++)
        if (!place_tensor(gguf, &data, alignment, tensors->pdata[i], g_array_index(offsets, guint64, i), error))
            return FALSE;
    return checkpoint_check_overlap(gguf->checkpoint, error);
}

static gboolean read_version(Gguf *gguf, Cursor *c, GError **error)
{
    const guint8 *magic = take(c, 4, "the magic number", error);

    if (magic == NULL)
        return FALSE;
    if (memcmp(magic, "GGUF", 4) != 0)
        return model_fail(error, gguf->path, "is not a GGUF file");
    if (!take32(c, &gguf->version, "the version", error))
        return FALSE;
    if (gguf->version == GUINT32_SWAP_LE_BE(2u) || gguf->version == GUINT32_SWAP_LE_BE(3u))
        return model_fail(error, gguf->path, "is a big-endian GGUF file; use a little-endian one");
    if (gguf->version != 2 && gguf->version != 3)
        return model_fail(error, gguf->path, "is GGUF version %u; kvasir reads versions 2 and 3", gguf->version);
    return TRUE;
}

static gboolean read_header(Gguf *gguf, Cursor *c, GError **error)
{
    guint64 n_tensors, n_keys;

    if (!read_version(gguf, c, error) || !take64(c, &n_tensors, "the number of tensors", error) ||
        !take64(c, &n_keys, "the number of metadata keys", error))
        return FALSE;
    guint64 left = c->size - c->at;
    if (n_tensors > left / MIN_TENSOR_BYTES)
        return model_fail(error, gguf->path, "claims %" G_GUINT64_FORMAT " tensors, more than the file could hold; "
                          "it is truncated or damaged, fetch it again", n_tensors);
    if (n_keys > left / MIN_KEY_BYTES)
        return model_fail(error, gguf->path, "claims %" G_GUINT64_FORMAT " metadata keys, more than the file could "
                          "hold; it is truncated or damaged, fetch it again", n_keys);
    return read_metadata(gguf, c, n_keys, error) && read_tensors(gguf, c, n_tensors, error);
}

Gguf *gguf_parse(GBytes *bytes, const char *path, GError **error)
{
    g_autoptr(Gguf) gguf = g_new0(Gguf, 1);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor cursor = { data, size, 0, path };

    gguf->path = g_strdup(path);
    gguf->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gguf->checkpoint = checkpoint_new();
    g_ptr_array_add(gguf->checkpoint->mappings, g_bytes_ref(bytes));
    if (!read_header(gguf, &cursor, error))
        return NULL;
    return g_steal_pointer(&gguf);
}

Gguf *gguf_open(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = checkpoint_map(path, error);

    return bytes ? gguf_parse(bytes, path, error) : NULL;
}

void gguf_free(Gguf *gguf)
{
    if (gguf == NULL)
        return;
    g_free(gguf->path);
    g_hash_table_unref(gguf->metadata);
    checkpoint_free(gguf->checkpoint);
    g_free(gguf);
}

gboolean gguf_is_gguf(GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);

    return size >= 4 && memcmp(data, "GGUF", 4) == 0;
}

const GgufValue *gguf_find(const Gguf *gguf, const char *key)
{
    return g_hash_table_lookup(gguf->metadata, key);
}

static const GgufValue *require(const Gguf *gguf, const char *key, GError **error)
{
    const GgufValue *value = gguf_find(gguf, key);

    if (value == NULL)
        model_fail(error, gguf->path, "metadata key %s is missing", key);
    return value;
}

/* An integer of any width; FALSE if VALUE is none or does not fit. */
static gboolean integer_of(const GgufValue *value, gint64 *out)
{
    guint64 bits = 0;

    if (value->type == GGUF_STRING || value->type == GGUF_ARRAY)
        return FALSE;
    memcpy(&bits, value->data, value_bytes[value->type]);
    bits = GUINT64_FROM_LE(bits);
    switch (value->type) {
    case GGUF_UINT8: case GGUF_UINT16: case GGUF_UINT32: case GGUF_BOOL: case GGUF_INT64:
        *out = (gint64) bits;
        return TRUE;
    case GGUF_INT8:
        *out = (gint8) bits;
        return TRUE;
    case GGUF_INT16:
        *out = (gint16) bits;
        return TRUE;
    case GGUF_INT32:
        *out = (gint32) bits;
        return TRUE;
    case GGUF_UINT64:
        *out = (gint64) bits;
        return bits <= G_MAXINT64;
    case GGUF_FLOAT32: case GGUF_FLOAT64: case GGUF_STRING: case GGUF_ARRAY: case GGUF_N_TYPES:
        break;
    }
    return FALSE;
}

/* A number of any type as double; FALSE if VALUE is none. */
static gboolean number_of(const GgufValue *value, double *out)
{
    gint64 integer;
    float single;

    if (value->type == GGUF_FLOAT32) {
        memcpy(&single, value->data, sizeof single);
        *out = (double) single;
        return TRUE;
    }
    if (value->type == GGUF_FLOAT64) {
        memcpy(out, value->data, sizeof *out);
        return TRUE;
    }
    if (!integer_of(value, &integer))
        return FALSE;
    *out = (double) integer;
    return TRUE;
}

gboolean gguf_get_integer(const Gguf *gguf, const char *key, gint64 min, gint64 max, gint64 *result, GError **error)
{
    const GgufValue *value = require(gguf, key, error);
    double number;

    if (value == NULL)
        return FALSE;
    if (!integer_of(value, result)) {
        /* Some writers store whole numbers as float; 2^53 is where that stops being exact. */
        if (!number_of(value, &number) || !(fabs(number) <= 0x1p53) || floor(number) < number)
            return model_fail(error, gguf->path, "metadata key %s is not a whole number", key);
        *result = (gint64) number;
    }
    if (*result < min || *result > max)
        return model_fail(error, gguf->path, "metadata key %s is %" G_GINT64_FORMAT ", not between %" G_GINT64_FORMAT
                          " and %" G_GINT64_FORMAT, key, *result, min, max);
    return TRUE;
}

gboolean gguf_get_number(const Gguf *gguf, const char *key, double *result, GError **error)
{
    const GgufValue *value = require(gguf, key, error);

    if (value == NULL)
        return FALSE;
    if (!number_of(value, result) || !isfinite(*result))
        return model_fail(error, gguf->path, "metadata key %s is not a finite number", key);
    return TRUE;
}

char *gguf_get_string(const Gguf *gguf, const char *key, GError **error)
{
    const GgufValue *value = require(gguf, key, error);

    if (value == NULL)
        return NULL;
    if (value->type != GGUF_STRING) {
        model_fail(error, gguf->path, "metadata key %s is not a string", key);
        return NULL;
    }
    g_autofree char *text = g_utf8_make_valid((const char *) value->data, (gssize) value->count);
    GString *clean = g_string_new(NULL);
    for (char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(clean, g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(clean, FALSE);
}

const GgufValue *gguf_get_array(const Gguf *gguf, const char *key, GgufType element, GError **error)
{
    const GgufValue *value = require(gguf, key, error);

    if (value && (value->type != GGUF_ARRAY || value->element != element)) {
        model_fail(error, gguf->path, "metadata key %s is not an array of %s", key,
                   element == GGUF_STRING ? "strings" : "the right type");
        return NULL;
    }
    return value;
}

const char *gguf_next_string(const guint8 **at, gsize *length)
{
    const guint8 *text = *at + 8;

    *length = load64(*at);
    *at = text + *length;
    return (const char *) text;
}

gint32 gguf_int32_at(const GgufValue *value, guint64 i)
{
    return (gint32) load32(value->data + 4 * i);
}
