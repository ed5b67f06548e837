/* watching.h - which attention heads an answer is watched with, and "kvasir model calibrate". */
#ifndef KVASIR_CLI_WATCHING_H
#define KVASIR_CLI_WATCHING_H

#include "src/answer/answer.h"
#include "src/cli/command.h"

/* The heads that calibration kept; without one, the default ones if ANYWAY, else NULL.  A file that cannot be used is told in
 * the name of COMMAND.  Free with heads_free(). */
Heads *watching_heads(const Command *command, const Engine *engine, gboolean anyway);

/* Calibrates the model at PATH (NULL: that of the settings), writes the file and says on stdout what came out, with JSON as an object. */
gboolean watching_calibrate(const char *path, gboolean json, GError **error);

#endif
