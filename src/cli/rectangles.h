/* rectangles.h - where on the pages of PDF files the passages of an answer stand. */
#ifndef KVASIR_CLI_RECTANGLES_H
#define KVASIR_CLI_RECTANGLES_H

#include "src/answer/answer.h"

/* Sees to it that the places of words (Page.words) are known of the pages that ANSWER cites or quotes, for cited_json.h.  A PDF file that was read without them is read again, once, with the options of reading.h; a page that
 * says something else by now, or a file that is gone, has none. */
void rectangles_prepare(const Answer *answer);

#endif
