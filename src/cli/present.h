/* present.h - answers as people and programs get them. */
#ifndef KVASIR_CLI_PRESENT_H
#define KVASIR_CLI_PRESENT_H

#include <json-glib/json-glib.h>

#include "src/answer/answer.h"
#include "src/cli/command.h"

/* On stdout: the pages behind the answer, one a line, and a line for each quotation that is not right. */
void present_sources(const Answer *answer);
void present_quotations(const Answer *answer);
/* On stdout, for people: what each sentence looked at, from the object that why_to_json() makes. */
void present_why(JsonNode *why);
/* On stdout, when nothing stands behind the answer: a line that says so.  STATUS: outcome_name(), or NULL. */
void present_outcome(const char *status);
/* On stdout: pages by attention for sentences that cite none. */
void present_attached(const Answer *answer);
/* On stderr, in the name of COMMAND: marks that name nothing; unless -q, how the answer ended and that it cites nothing. */
void present_remarks(const Command *command, const Answer *answer);

/* The members of an answer that JSON output has, into an object that BUILDER has begun; with the rectangles of its passages (rectangles.h). */
void present_json(JsonBuilder *builder, const Answer *answer, const char *model, guint unread);
/* "timings": an object; records have it too. */
JsonNode *present_timings(const Answer *answer);

#endif
