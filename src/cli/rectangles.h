/* rectangles.h - where on the pages of PDF files the passages of an answer stand, for JSON output. */
#ifndef KVASIR_CLI_RECTANGLES_H
#define KVASIR_CLI_RECTANGLES_H

#include <json-glib/json-glib.h>

#include "src/answer/answer.h"

/* For each citation of ANSWER, then for each quotation, the JSON array of its rectangles (JsonNode*), or NULL where none are
 * known; owns them.  A citation of pages as a whole has none.  Each PDF file that has one of these passages is read again,
 * with the options of reading.h; it must have the same content still.  Nothing is read when there is no such passage. */
GPtrArray *rectangles_find(const Answer *answer);

#endif
