/* why_json.h - what sentences looked at, as JSON: for output, records and those who show them. */
#ifndef KVASIR_ANSWER_WHY_JSON_H
#define KVASIR_ANSWER_WHY_JSON_H

#include <json-glib/json-glib.h>

#include "src/answer/answer.h"

/* An object with the sentences of ANSWER, which were watched (kvasir-ask(1) lists its members); json_node_unref(). */
JsonNode *why_to_json(const Answer *answer);
/* Whether WHY has the members that people are shown. */
gboolean why_json_check(JsonNode *why);

#endif
