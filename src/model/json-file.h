/* json-file.h - reading JSON that comes from a stranger.
 *
 * json-glib takes comments, nests without limit (and so overflows the stack),
 * lets a later member of the same name win, cuts strings off at "\u0000" and
 * makes other numbers of whole ones beyond 64 bits.  None of that is acceptable here,
 * so the text is checked first and doubled members of the top object are refused.
 */
#ifndef KVASIR_MODEL_JSON_FILE_H
#define KVASIR_MODEL_JSON_FILE_H

#include <json-glib/json-glib.h>

#define JSON_FILE_MAX_BYTES (64u << 20)

/* Parses TEXT, whose top value must be an object; PATH is for messages.
 * FAILURE_MODEL on error.  Free with json_object_unref. */
JsonObject *json_file_parse(const char *text, gsize length, const char *path, GError **error);

/* The same for a regular file of up to JSON_FILE_MAX_BYTES. */
JsonObject *json_file_load(const char *path, GError **error);

/* The member NAME if it is there and not null, else NULL. */
JsonNode *json_file_member(JsonObject *object, const char *name);

/* Whether NODE is an integer (not NULL, not 1.0) and at least 0; stores it. */
gboolean json_file_count(JsonNode *node, guint64 *value);

#endif
