# Tests of cache.
cache_test_cflags = $(AM_CFLAGS) $(GLIB_CFLAGS) $(SQLITE_CFLAGS) $(XXHASH_CFLAGS)
cache_test_ldadd = libcache.a libbase.a $(SQLITE_LIBS) $(XXHASH_LIBS) $(GLIB_LIBS)

check_PROGRAMS += tests/unit-store
TESTS += tests/unit-store
tests_unit_store_SOURCES = tests/unit-store.c tests/store-data.c tests/store-data.h
tests_unit_store_CFLAGS = $(cache_test_cflags)
tests_unit_store_LDADD = $(cache_test_ldadd)

check_PROGRAMS += tests/unit-catalogue
TESTS += tests/unit-catalogue
tests_unit_catalogue_SOURCES = tests/unit-catalogue.c
tests_unit_catalogue_CFLAGS = $(cache_test_cflags)
tests_unit_catalogue_LDADD = $(cache_test_ldadd)

check_PROGRAMS += tests/unit-search
TESTS += tests/unit-search
tests_unit_search_SOURCES = tests/unit-search.c
tests_unit_search_CFLAGS = $(cache_test_cflags)
tests_unit_search_LDADD = $(cache_test_ldadd)

check_PROGRAMS += tests/unit-crash
TESTS += tests/unit-crash
tests_unit_crash_SOURCES = tests/unit-crash.c tests/store-data.c tests/store-data.h tests/fault-vfs.c tests/fault-vfs.h
tests_unit_crash_CFLAGS = $(cache_test_cflags)
tests_unit_crash_LDADD = $(cache_test_ldadd)

# Measures; not a test: "make tests/bench-store".
EXTRA_PROGRAMS += tests/bench-store
tests_bench_store_SOURCES = tests/bench-store.c
tests_bench_store_CFLAGS = $(cache_test_cflags)
tests_bench_store_LDADD = $(cache_test_ldadd)

TESTS += tests/t-cache.sh tests/t-together.sh tests/t-archive.sh
EXTRA_DIST += tests/t-cache.sh tests/t-together.sh tests/t-archive.sh

check_PROGRAMS += tests/no-network
tests_no_network_SOURCES = tests/no-network.c
tests_no_network_CFLAGS = $(AM_CFLAGS)
TESTS += tests/t-network.sh tests/t-disk.sh
EXTRA_DIST += tests/t-network.sh tests/t-disk.sh

check_PROGRAMS += tests/run-sql
tests_run_sql_SOURCES = tests/run-sql.c
tests_run_sql_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_run_sql_LDADD = $(SQLITE_LIBS)
TESTS += tests/t-faults.sh tests/t-room.sh
EXTRA_DIST += tests/t-faults.sh tests/t-room.sh tests/clock.c
check_DATA += tests/clock.so
CLEANFILES += tests/clock.so
tests/clock.so: $(srcdir)/tests/clock.c
	$(AM_V_CC)$(MKDIR_P) tests && $(CC) $(CPPFLAGS) -O1 -fPIC -shared -o $@ $(srcdir)/tests/clock.c -ldl
