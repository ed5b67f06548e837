# Tests of base.
check_PROGRAMS += tests/unit-columns
TESTS += tests/unit-columns
tests_unit_columns_SOURCES = tests/unit-columns.c
tests_unit_columns_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_columns_LDADD = libbase.a $(GLIB_LIBS)
