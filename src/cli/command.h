/* command.h - the commands of the program, one file each, and what they share.
 *
 * A command is a row of the table in main.c.  Only this layer prints and
 * exits: results to stdout, everything else to stderr.
 */
#ifndef KVASIR_CLI_COMMAND_H
#define KVASIR_CLI_COMMAND_H

#include <glib.h>

typedef struct {
    const char *name;
    const char *summary;        /* one line for "kvasir help" */
    const char *usage;          /* "[-m MODEL] QUESTION [FILE...]" */
    /* argv[0] is the command's name.  Returns the exit status. */
    int (*run)(int argc, char **argv);
    gboolean reads;             /* takes the options of reading.h, too */
} Command;

extern const Command command_ask, command_chat, command_ingest, command_corpus, command_text, command_cache,
    command_model, command_tokens, command_logits, command_plan, command_bench,
    command_verify, command_history, command_show, command_search;

/* Parses ARGV with ENTRIES (and the common options when WITH_ENGINE), prints --help by itself.
 * On return ARGC and ARGV hold the positional arguments behind argv[0].  Returns -1 to
 * go on, else the exit status (0 after --help, 2 after an error, which was printed with the usage). */
int command_parse(const Command *command, const GOptionEntry *entries, gboolean with_engine,
                  int *argc, char ***argv);

/* Prints "kvasir COMMAND: MESSAGE" (or "kvasir: MESSAGE") and frees ERROR; returns its exit status. */
int command_fail(const Command *command, GError *error);

/* Flushes stdout; a full disk or closed pipe becomes a failure status. */
int command_finish(const Command *command, int status);

#endif
