/* json_text.h - reading JSON that comes from a stranger.
 *
 * json-glib takes comments, nests without limit (and so overflows the stack),
 * lets a later member of the same name win, cuts strings off at "\u0000" and
 * makes other numbers of whole ones beyond 64 bits.  None of that is acceptable here,
 * so the text is checked first and doubled members of the top object are refused.
 */
#ifndef KVASIR_BASE_JSON_TEXT_H
#define KVASIR_BASE_JSON_TEXT_H

#include <json-glib/json-glib.h>

/* Parses TEXT, whose top value must be an object; free with json_object_unref.  FAILURE_INPUT; the caller says of what. */
JsonObject *json_text_parse(const char *text, gsize length, GError **error);

/* The member NAME if it is there and not null, else NULL. */
JsonNode *json_text_member(JsonObject *object, const char *name);

#endif
