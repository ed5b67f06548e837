# cache: the catalogue and the KV store.
noinst_LIBRARIES += libcache.a
libcache_a_SOURCES = \
	cache/catalogue.c cache/catalogue_put.c cache/catalogue.h \
	cache/catalogue_internal.c cache/catalogue_internal.h cache/catalogue_library.c cache/catalogue_records.c cache/catalogue_seal.c \
	cache/database.c cache/database.h \
	cache/search.c cache/search.h cache/search_query.c cache/search_query.h \
	cache/store.c cache/store.h cache/store_internal.h \
	cache/store_corpus.c cache/store_evict.c cache/store_remove.c cache/store_schema.c cache/store_status.c cache/store_users.c \
	cache/store_verify.c cache/store_write.c
libcache_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(SQLITE_CFLAGS) $(XXHASH_CFLAGS)
