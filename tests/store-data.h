/* store-data.h - chains of blocks with known bytes, for the tests of the store. */
#ifndef KVASIR_TESTS_STORE_DATA_H
#define KVASIR_TESTS_STORE_DATA_H

#include "cache/store.h"

#define PARTS 3
#define PART_SIZE 20000
#define BLOCK_SIZE (PARTS * PART_SIZE)

/* A folder of its own; remove_store() removes it with the store's files. */
char *make_store_path(void);
void remove_store(const char *path);

/* Opens with LIMIT; the test fails on error. */
Store *open_limited(const char *path, guint64 limit);
/* Keys of the chain NAME of N blocks. */
guint8 *chain(const char *name, gsize n);
/* The bytes that belong to KEY. */
guint8 *bytes_of(const guint8 *key);
/* Writes block I of the chain. */
gboolean put(Store *store, const char *name, const guint8 *keys, gsize i, GError **error);
/* Whether all parts of KEY can be read without error; they must be right then.  With LENIENT an error is a no. */
gboolean reads_well(Store *store, const guint8 *key, gboolean lenient);
/* How many blocks of the chain can be read from the first on. */
gsize readable(Store *store, const char *name, gsize n, gboolean lenient);

#endif
