/* cache_status.h - what "kvasir cache status" shows. */
#ifndef KVASIR_CLI_CACHE_STATUS_H
#define KVASIR_CLI_CACHE_STATUS_H

#include "cache/store.h"

/* ROOTS of StoreRoot, CORPORA of StoreCorpus. */
void cache_status_print(const StoreStatus *status, const GArray *roots, const GArray *corpora);
void cache_status_print_json(const StoreStatus *status, const GArray *roots, const GArray *corpora);

/* "1.5 GiB"; g_free. */
char *cache_size_text(guint64 bytes);

#endif
