/* gather.h - the documents that a command is about: those of a corpus, then files. */
#ifndef KVASIR_CLI_GATHER_H
#define KVASIR_CLI_GATHER_H

#include "src/cli/command.h"
#include "src/cli/meter.h"

typedef struct {
    GPtrArray *documents;           /* of Document*, owned */
    guint in_corpus;                /* of them, the first ones */
    gsize volume_tokens;            /* how large volumes of the corpus shall be; 0: it was not said */
    guint unread;                   /* inputs that could not be read, wholly or in part */
} Gathered;

/* Fills GATHERED, zeroed before, with the documents of CORPUS (NULL: none) and behind them FILES, "-" being standard
 * input.  They get the names that LIBRARIES (NULL-terminated; or NULL) and the bibliography of CORPUS have for them.  What cannot be read is told on stderr in the name of COMMAND and passed over, unless nothing is left.  Files are read with
 * the options of reading.h, which COMMAND must take. */
gboolean gather(Gathered *gathered, const Command *command, const char *corpus, char **files, char **libraries,
                Meter *meter, GError **error);
void gathered_clear(Gathered *gathered);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Gathered, gathered_clear)

#endif
