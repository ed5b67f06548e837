/* safetensors.c - reader of Hugging Face safetensors files. */
#include "config.h"
#include "src/model/safetensors.h"

#include <string.h>

#include "src/model/json-file.h"

#define MAX_HEADER 100000000u       /* the format's own limit */

/* Printable, for messages about a name that may be anything. */
static char *printable(const char *name)
{
    g_autofree char *escaped = g_strescape(name, NULL);

    return g_strndup(escaped, 80);
}

static gboolean read_type(StoredTensor *tensor, JsonObject *entry, GError **error)
{
    static const TensorType readable[] = { TYPE_F32, TYPE_F16, TYPE_BF16 };
    JsonNode *node = json_text_member(entry, "dtype");

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return model_fail(error, tensor->path, "tensor %s: dtype is missing or not a string", tensor->name);
    tensor->type_text = printable(json_node_get_string(node));
    for (gsize i = 0; i < G_N_ELEMENTS(readable); i++)
        if (strcmp(tensor->type_text, type_name(readable[i])) == 0) {
            tensor->supported = TRUE;
            tensor->type = readable[i];
        }
    return TRUE;
}

static gboolean read_shape(StoredTensor *tensor, JsonObject *entry, GError **error)
{
    JsonNode *node = json_text_member(entry, "shape");

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return model_fail(error, tensor->path, "tensor %s: shape is missing or not an array", tensor->name);
    JsonArray *shape = json_node_get_array(node);
    guint n = json_array_get_length(shape);
    if (n > STORED_MAX_DIMS) {      /* convolutions of a vision tower: not ours */
        tensor->supported = FALSE;
        n = 0;
    }
    for (guint i = 0; i < STORED_MAX_DIMS; i++)
        tensor->dims[i] = 1;
    for (guint i = 0; i < n; i++)
        if (!json_file_count(json_array_get_element(shape, i), &tensor->dims[i]))
            return model_fail(error, tensor->path, "tensor %s: shape holds something other than counts", tensor->name);
    tensor->n_dims = MAX(n, 1);
    return TRUE;
}

static gboolean read_offsets(StoredTensor *tensor, JsonObject *entry, const guint8 *data, guint64 size, GError **error)
{
    JsonNode *node = json_text_member(entry, "data_offsets");
    guint64 begin, end;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node) || json_array_get_length(json_node_get_array(node)) != 2 ||
        !json_file_count(json_array_get_element(json_node_get_array(node), 0), &begin) ||
        !json_file_count(json_array_get_element(json_node_get_array(node), 1), &end))
        return model_fail(error, tensor->path, "tensor %s: data_offsets are not two counts", tensor->name);
    if (begin > end || end > size)
        return model_fail(error, tensor->path, "tensor %s: data_offsets lie behind the end of the file; it is truncated "
                          "or damaged, fetch it again", tensor->name);
    if (!tensor->supported)
        return TRUE;
    if (!checkpoint_tensor_bytes(tensor, &tensor->bytes, error))
        return FALSE;
    if (tensor->bytes != end - begin)
        return model_fail(error, tensor->path, "tensor %s: data_offsets span %" G_GUINT64_FORMAT " bytes, but shape and "
                          "dtype need %" G_GUINT64_FORMAT, tensor->name, end - begin, tensor->bytes);
    tensor->data = data + begin;
    return TRUE;
}

static gboolean read_tensor(Checkpoint *checkpoint, const char *path, const char *name, JsonNode *node,
                            const guint8 *data, guint64 size, GError **error)
{
    g_autoptr(StoredTensor) tensor = g_new0(StoredTensor, 1);

    if (!checkpoint_name_is_clean(name, strlen(name), STORED_MAX_NAME)) {
        g_autofree char *text = printable(name);
        return model_fail(error, path, "the tensor name '%s' is empty, too long or not printable", text);
    }
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return model_fail(error, path, "tensor %s: the header's entry is not an object", name);
    tensor->name = g_strdup(name);
    tensor->path = g_strdup(path);
    JsonObject *entry = json_node_get_object(node);
    if (!read_type(tensor, entry, error) || !read_shape(tensor, entry, error) ||
        !read_offsets(tensor, entry, data, size, error))
        return FALSE;
    return checkpoint_add(checkpoint, g_steal_pointer(&tensor), error);
}

gboolean safetensors_add_bytes(Checkpoint *checkpoint, GBytes *bytes, const char *path, GError **error)
{
    gsize size;
    const guint8 *file = g_bytes_get_data(bytes, &size);
    guint64 length;

    if (size < 8)
        return model_fail(error, path, "the file ends inside the length of the header; it is truncated, fetch it again");
    memcpy(&length, file, 8);
    length = GUINT64_FROM_LE(length);
    if (length > size - 8)
        return model_fail(error, path, "the header's length %" G_GUINT64_FORMAT " is more than the file holds; "
                          "it is truncated or no safetensors file", length);
    if (length > MAX_HEADER)
        return model_fail(error, path, "the header's length %" G_GUINT64_FORMAT " is more than the format allows", length);
    g_autoptr(JsonObject) header = json_file_parse((const char *) file + 8, length, path, error);
    if (header == NULL)
        return FALSE;
    g_ptr_array_add(checkpoint->mappings, g_bytes_ref(bytes));
    JsonObjectIter iterator;
    const char *name;
    JsonNode *node;
    json_object_iter_init(&iterator, header);
    while (json_object_iter_next(&iterator, &name, &node))
        if (strcmp(name, "__metadata__") != 0 &&
            !read_tensor(checkpoint, path, name, node, file + 8 + length, size - 8 - length, error))
            return FALSE;
    return checkpoint_check_overlap(checkpoint, error);
}

gboolean safetensors_add_file(Checkpoint *checkpoint, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = checkpoint_map(path, error);

    return bytes && safetensors_add_bytes(checkpoint, bytes, path, error);
}

/* A file's own name: nothing that leaves the folder, nothing hidden. */
static gboolean is_plain_name(const char *name)
{
    return checkpoint_name_is_clean(name, strlen(name), STORED_MAX_NAME) && name[0] != '.' &&
           strchr(name, '/') == NULL && strchr(name, '\\') == NULL && g_str_has_suffix(name, ".safetensors");
}

/* The path of the file that the index gives for tensor NAME. */
static char *shard_path(const char *index, const char *name, JsonNode *node, GError **error)
{
    const char *file = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

    if (file == NULL || !is_plain_name(file)) {
        g_autofree char *tensor = printable(name);
        g_autofree char *text = printable(file ? file : "");
        model_fail(error, index, "weight_map: the file '%s' of tensor %s is not the name of a .safetensors file in the "
                   "same folder", text, tensor);
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(index);
    return g_build_filename(folder, file, NULL);
}

static gboolean load_shards(Checkpoint *checkpoint, const char *index, JsonObject *map, GError **error)
{
    g_autoptr(GHashTable) loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonObjectIter iterator;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iterator, map);
    while (json_object_iter_next(&iterator, &name, &node)) {
        g_autofree char *path = shard_path(index, name, node, error);
        if (path == NULL)
            return FALSE;
        if (!g_hash_table_contains(loaded, path)) {
            if (!safetensors_add_file(checkpoint, path, error))
                return FALSE;
            g_hash_table_add(loaded, g_strdup(path));
        }
    }
    /* Now each file is there; does each hold what it is said to hold? */
    json_object_iter_init(&iterator, map);
    while (json_object_iter_next(&iterator, &name, &node)) {
        g_autofree char *path = shard_path(index, name, node, error);
        const StoredTensor *tensor = checkpoint_find(checkpoint, name);
        if (path == NULL)
            return FALSE;
        if (tensor == NULL || strcmp(tensor->path, path) != 0) {
            g_autofree char *text = printable(name);
            return model_fail(error, index, "weight_map promises tensor %s in %s, which does not hold it", text, path);
        }
    }
    return TRUE;
}

gboolean safetensors_add_index(Checkpoint *checkpoint, const char *path, GError **error)
{
    g_autoptr(JsonObject) index = json_file_load(path, error);

    if (index == NULL)
        return FALSE;
    JsonNode *map = json_text_member(index, "weight_map");
    if (map == NULL || !JSON_NODE_HOLDS_OBJECT(map))
        return model_fail(error, path, "weight_map is missing or not an object");
    return load_shards(checkpoint, path, json_node_get_object(map), error);
}
