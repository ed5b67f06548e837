/* work.h - what ask and ingest share: the store, the words about what was done. */
#ifndef KVASIR_CLI_WORK_H
#define KVASIR_CLI_WORK_H

#include "cache/store.h"
#include "ingest/document.h"
#include "src/answer/prefix.h"
#include "src/cli/command.h"

/* Keeps a copy of the command line as the user wrote it; before command_parse(). */
void work_begin(int argc, char **argv);

/* Opens the KV store for ENGINE; NULL without ERROR with --no-cache. */
Store *work_open_store(const Engine *engine, GError **error);

/* The two lines that an interrupted run ends with on stderr: what is kept, and the command that goes on. */
void work_tell_resume(const PrefixReport *report, gboolean kept);

/* "61% of the prefix is cached; about 14 minutes left" on stderr, before IDS are filled as by prefix_fill(); nothing when there
 * is hardly anything to do. */
void work_tell_outlook(const Engine *engine, KvType kv, Store *store, const gint32 *ids, gsize n, gsize prefix);

/* "12,288 of 98,304 prompt tokens read from the cache ..." on stderr, and the report's warning. */
void work_tell_prefix(const Command *command, const PrefixReport *report);

/* Names on stderr the pages of DOCUMENT that could not be read.  Their number. */
guint work_tell_unread(const Command *command, const Document *document);
/* Names the pages with text that no reader sees, and the files in the document. */
void work_tell_left_out(const Command *command, const Document *document);

/* Whether ERROR is about one document, so that others can still be read. */
gboolean work_can_go_on(const GError *error);

/* Whether PROMPT_TOKENS leave room for ROOM more in the engine's context; else FAILURE_USAGE
 * with the numbers, and that the first FITTING of DOCUMENTS would fit. */
gboolean work_check_context(const Engine *engine, gsize prompt_tokens, gsize room,
                            gsize fitting, gsize documents, GError **error);

/* The tokenizer of ENGINE; FAILURE_MODEL if it brings none. */
const Tokenizer *work_tokenizer(const Engine *engine, GError **error);

#endif
