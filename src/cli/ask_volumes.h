/* ask_volumes.h - a question about a corpus that is larger than a prompt, or is kept in volumes.
 *
 * The volumes that matter are found by full-text search: words of the question, and words that the model proposes.  Each
 * of them is asked (its prefix is cached like any other); the pages behind these answers (findings.h) are put before the model
 * once more, all together, for the final answer.  Volumes without a finding (no page is cited or stands out, or they are said to
 * have nothing) count for nothing; with only one left, the best answer is the answer.
 */
#ifndef KVASIR_CLI_ASK_VOLUMES_H
#define KVASIR_CLI_ASK_VOLUMES_H

#include <json-glib/json-glib.h>

#include "cache/store.h"
#include "src/answer/answer.h"
#include "src/answer/prompt.h"
#include "src/cli/gather.h"

typedef struct {
    const Command *command;
    const Engine *engine;
    Store *store;                   /* or NULL */
    const Gathered *gathered;       /* all of one corpus */
    const char *question;
    const Heads *heads;             /* that are watched, or NULL */
    Meter *meter;
    guint most;                     /* volumes to ask; G_MAXUINT: all */
    AnswerShowFunc show;            /* of the final answer; may be NULL */

    /* Results. */
    GArray *volumes;                /* of Volume: all there are */
    GArray *asked;                  /* of guint: indices of those that were asked, best first */
    char *proposed;                 /* words that the model proposed, or NULL */
    AnswerCost proposing;           /* what they took */
    Answer *answer;                 /* the final one, about VIEW; with the cost of those before */
    GArray *selection;              /* the pages that its prompt had */
    GPtrArray *view;
    Prompt *prompt;                 /* its prompt */
} AskVolumes;

/* Fills in the results.  PACK: all documents.  FAILURE_USAGE when no volume is found by words (all can be asked). */
gboolean ask_volumes(AskVolumes *ask, const Pack *pack, gsize limit, GError **error);
void ask_volumes_clear(AskVolumes *ask);

/* "Read: volume 2 (documents 4-9) of 7." on stdout, and the same as the member "volumes". */
void ask_volumes_present(const AskVolumes *ask);
void ask_volumes_json(JsonBuilder *builder, const AskVolumes *ask);

#endif
