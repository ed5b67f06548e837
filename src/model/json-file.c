/* json-file.c - the JSON files of a model. */
#include "config.h"
#include "src/model/json-file.h"

#include "src/model/checkpoint.h"

JsonObject *json_file_parse(const char *text, gsize length, const char *path, GError **error)
{
    g_autoptr(GError) reason = NULL;
    JsonObject *object = json_text_parse(text, length, &reason);

    if (object == NULL)
        model_fail(error, path, "%s", reason->message);
    return object;
}

JsonObject *json_file_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = checkpoint_map(path, error);
    gsize length;

    if (bytes == NULL)
        return NULL;
    const char *text = g_bytes_get_data(bytes, &length);
    if (length > JSON_FILE_MAX_BYTES) {
        model_fail(error, path, "is too large for a configuration file");
        return NULL;
    }
    return json_file_parse(text ? text : "", length, path, error);
}

gboolean json_file_count(JsonNode *node, guint64 *value)
{
    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return FALSE;
    gint64 number = json_node_get_int(node);
    if (number < 0)
        return FALSE;
    *value = (guint64) number;
    return TRUE;
}
