/* reading.h - how a command reads documents: options that ask, ingest, text, plan and verify share, and
 * the processes that read (ingest/pool.h). */
#ifndef KVASIR_CLI_READING_H
#define KVASIR_CLI_READING_H

#include "ingest/pool.h"

/* --password, --site, --whole, --forms, --annotations, --ocr, --ocr-language, --parse-time, --parse-memory; for commands whose table row says so. */
const GOptionEntry *reading_entries(void);

/* What these options say; valid until exit. */
const DocumentOptions *reading_options(void);

/* A pool with these options. */
Pool *reading_pool(void);

/* Adds the file PATH to POOL; "-" is standard input, which is read to its end here. */
gboolean reading_add(Pool *pool, const char *path, GError **error);

/* From now on PDF files are read with the places of their words (DocumentOptions.words). */
void reading_keep_words(void);

/* One file again, without recognition, for the places of its words. */
Document *reading_words(const char *path, GError **error);

/* One file, or standard input: the only result of a pool. */
Document *reading_read(const char *path, GError **error);

#endif
