/* cited_json.h - what an answer cites and quotes, as JSON output and records have it. */
#ifndef KVASIR_ANSWER_CITED_JSON_H
#define KVASIR_ANSWER_CITED_JSON_H

#include <json-glib/json-glib.h>

#include "src/answer/answer.h"

/* An array of objects, see kvasir-ask(1), "JSON OUTPUT"; json_node_unref().  Passages have "rectangles" where the places of their
 * words are known (Page.words). */
JsonNode *cited_json_citations(const Answer *answer);
JsonNode *cited_json_quotations(const Answer *answer);

#endif
