/* json-file.h - the JSON files of a model, which strangers write: see json_text.h. */
#ifndef KVASIR_MODEL_JSON_FILE_H
#define KVASIR_MODEL_JSON_FILE_H

#include "src/base/json_text.h"

#define JSON_FILE_MAX_BYTES (64u << 20)

/* Parses TEXT, whose top value must be an object; PATH is for messages.
 * FAILURE_MODEL on error.  Free with json_object_unref. */
JsonObject *json_file_parse(const char *text, gsize length, const char *path, GError **error);

/* The same for a regular file of up to JSON_FILE_MAX_BYTES. */
JsonObject *json_file_load(const char *path, GError **error);

/* Whether NODE is an integer (not NULL, not 1.0) and at least 0; stores it. */
gboolean json_file_count(JsonNode *node, guint64 *value);

#endif
