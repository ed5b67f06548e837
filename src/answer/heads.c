/* heads.c - which attention heads are asked where an answer comes from. */
#include "config.h"
#include "src/answer/heads.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/base/json_text.h"

#define FILE_MOST (64u << 10)

Heads *heads_default(const Engine *engine)
{
    const ModelInfo *info = engine_info(engine);
    int from = info->layers / 2;
    Heads *heads = g_new0(Heads, 1);

    heads->list = g_new(WitnessHead, (gsize) (info->layers - from) * (gsize) info->heads);
    for (int layer = from; layer < info->layers; layer++)
        for (int head = 0; head < info->heads; head++)
            heads->list[heads->n++] = (WitnessHead) { layer, head };
    return heads;
}

void heads_free(Heads *heads)
{
    if (heads == NULL)
        return;
    g_free(heads->list);
    g_free(heads);
}

char *heads_path(const Engine *engine, const char *folder)
{
    g_autofree char *name = g_strdup_printf("heads-%.32s.json", engine_info(engine)->fingerprint);

    return g_build_filename(folder, name, NULL);
}

gboolean heads_save(const Heads *heads, const Engine *engine, const char *folder, GError **error)
{
    g_autofree char *path = heads_path(engine, folder), *text = NULL;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GError) local = NULL;

    json_builder_begin_object(builder);
    json_add_int(builder, "kvasir_heads", HEADS_FORMAT);
    json_add_text(builder, "model", engine_info(engine)->name);
    json_add_text(builder, "model_fingerprint", engine_info(engine)->fingerprint);
    json_add_double(builder, "threshold", heads->threshold);
    json_add_int(builder, "right", heads->right);
    json_add_int(builder, "asked", heads->asked);
    json_builder_set_member_name(builder, "heads");
    json_builder_begin_array(builder);
    for (gsize i = 0; i < heads->n; i++) {
        json_builder_begin_array(builder);
        json_builder_add_int_value(builder, heads->list[i].layer);
        json_builder_add_int_value(builder, heads->list[i].head);
        json_builder_end_array(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local)) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", local->message);
        return FALSE;
    }
    return TRUE;
}

/* A value of O that is a number from LEAST to MOST; else *OK becomes FALSE. */
static double number(JsonObject *o, const char *name, double least, double most, gboolean *ok)
{
    JsonNode *node = json_object_get_member(o, name);
    double value = node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) != G_TYPE_STRING
                 ? json_node_get_double(node) : -1;

    if (value >= least && value <= most)
        return value;
    *ok = FALSE;
    return 0;
}

static gboolean parse_heads(JsonObject *o, const ModelInfo *info, Heads *heads)
{
    JsonNode *node = json_object_get_member(o, "heads");
    JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = array != NULL ? json_array_get_length(array) : 0;

    if (n == 0 || n > HEADS_MOST)
        return FALSE;
    heads->list = g_new0(WitnessHead, n);
    for (guint i = 0; i < n; i++) {
        JsonNode *element = json_array_get_element(array, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY(element) ? json_node_get_array(element) : NULL;

        if (pair == NULL || json_array_get_length(pair) != 2 ||
            !JSON_NODE_HOLDS_VALUE(json_array_get_element(pair, 0)) || !JSON_NODE_HOLDS_VALUE(json_array_get_element(pair, 1)))
            return FALSE;
        gint64 layer = json_array_get_int_element(pair, 0), head = json_array_get_int_element(pair, 1);
        if (layer < 0 || layer >= info->layers || head < 0 || head >= info->heads)
            return FALSE;
        heads->list[heads->n++] = (WitnessHead) { (int) layer, (int) head };
    }
    return TRUE;
}

static Heads *parse(const char *text, gsize length, const ModelInfo *info)
{
    g_autoptr(JsonObject) o = length <= FILE_MOST ? json_text_parse(text, length, NULL) : NULL;
    g_autoptr(Heads) heads = g_new0(Heads, 1);
    gboolean ok = TRUE;

    if (o == NULL)
        return NULL;
    JsonNode *print = json_object_get_member(o, "model_fingerprint");
    number(o, "kvasir_heads", HEADS_FORMAT, HEADS_FORMAT, &ok);
    heads->threshold = number(o, "threshold", 0, 1, &ok);
    heads->right = (guint) number(o, "right", 0, G_MAXINT32, &ok);
    heads->asked = (guint) number(o, "asked", 1, G_MAXINT32, &ok);
    heads->calibrated = TRUE;
    if (!ok || print == NULL || !JSON_NODE_HOLDS_VALUE(print) ||
        g_strcmp0(json_node_get_string(print), info->fingerprint) != 0 || !parse_heads(o, info, heads))
        return NULL;
    return g_steal_pointer(&heads);
}

Heads *heads_load(const Engine *engine, const char *folder, GError **error)
{
    g_autofree char *path = heads_path(engine, folder), *text = NULL;
    g_autoptr(GError) local = NULL;
    Heads *heads;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, &local)) {
        if (!g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            g_set_error(error, FAILURE, FAILURE_CACHE, "%s", local->message);
        return NULL;
    }
    heads = parse(text, length, engine_info(engine));
    if (heads == NULL)
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s: these are no attention heads of this model; \"kvasir model calibrate\" "
                    "writes them anew", path);
    return heads;
}
