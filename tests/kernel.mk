# Tests of kernel.
check_PROGRAMS += tests/unit-types
TESTS += tests/unit-types
tests_unit_types_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_types_LDADD = libkernel.a $(GLIB_LIBS) -lm
EXTRA_DIST += tests/data/type-vectors.txt
