/* ask_batch.h - many questions about the same documents, several of them decoded at once. */
#ifndef KVASIR_CLI_ASK_BATCH_H
#define KVASIR_CLI_ASK_BATCH_H

#include "cache/store.h"
#include "ingest/pack.h"
#include "src/answer/heads.h"
#include "src/cli/batch.h"
#include "src/cli/gather.h"
#include "src/cli/keeper.h"
#include "src/model/engine.h"

typedef struct {
    const Command *command;
    const Engine *engine;
    Store *store;                   /* or NULL */
    const Gathered *gathered;
    const Pack *pack;               /* of all documents */
    const Heads *heads;             /* that are watched, or NULL */
    const GPtrArray *questions;     /* of BatchQuestion */
    guint before;                   /* of them, those that are answered already */
    const char *manifest;           /* of the documents */
    BatchOutput *output;
    Meter *meter;
    guint group;                    /* answers at once */
    gboolean in_volumes;            /* the questions are asked one after the other then */
    guint most;                     /* volumes to ask */
    gsize limit;                    /* tokens of a volume */
    Keeper *keeper;                 /* ask_batch()'s own; NULL: no history */

    /* Results. */
    guint answered, unsupported, failed;    /* lines written: with an answer, of them without a page; with an error */
} AskBatch;

/* Answers all questions that are not answered.  What cannot be asked gets a line with the reason.  FAILURE_SYSTEM when the output
 * cannot be written, FAILURE_INTERRUPTED; the lines written by then are whole. */
gboolean ask_batch(AskBatch *batch, GError **error);

/* "7 of 12 questions are answered ..." on stderr. */
void ask_batch_tell(const AskBatch *batch, double seconds);

#endif
