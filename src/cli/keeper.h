/* keeper.h - puts answers into the history beside other work, so that none waits for the disk. */
#ifndef KVASIR_CLI_KEEPER_H
#define KVASIR_CLI_KEEPER_H

#include "src/answer/answer.h"
#include "src/answer/record.h"
#include "src/cli/command.h"

typedef struct Keeper Keeper;

/* Begins a thread that writes to the catalogue, in their order, the records that it is given: all that wait in one transaction. */
Keeper *keeper_new(const Command *command);
/* Adds to RECORD what came out, as asking_keep() does, and hands it over; does not wait. */
void keeper_add(Keeper *keeper, Record *record, const Answer *answer);
/* Waits until all records are in the history, and warns on stderr of those that could not be written. */
void keeper_free(Keeper *keeper);

#endif
