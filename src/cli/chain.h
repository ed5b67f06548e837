/* chain.h - a long cached prefix that was never computed, and how fast it is written and read back.
 *
 * For measuring only: the blocks hold whatever, the way there and back is that of an answer.
 */
#ifndef KVASIR_CLI_CHAIN_H
#define KVASIR_CLI_CHAIN_H

#include "src/model/engine.h"

typedef struct Chain Chain;

/* A chain of about BYTES (what fits into the model's context), to be stored in FOLDER. */
Chain *chain_new(const Engine *engine, KvType kv, const char *folder, gsize bytes, GError **error);
/* Removes the store, too. */
void chain_free(Chain *chain);

gsize chain_tokens(const Chain *chain);
gsize chain_bytes(const Chain *chain);

/* Seconds that it takes to write the chain into a fresh store, and to find it there and fill a session with it:
 * from the disk (the file dropped from the page cache, as far as the system does that), or from the page cache.
 * Negative after an error. */
double chain_write(Chain *chain, GError **error);
double chain_read_cold(Chain *chain, GError **error);
double chain_read_warm(Chain *chain, GError **error);

/* Opens PATH, dropped from the page cache before as far as the system does that; -1 on failure. */
int chain_open_cold(const char *path);

#endif
