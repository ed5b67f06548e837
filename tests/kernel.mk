# Tests of kernel.
check_PROGRAMS += tests/unit-types
TESTS += tests/unit-types
tests_unit_types_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_types_LDADD = $(KERNEL_LIBS) $(OPENBLAS_LIBS) $(GLIB_LIBS) -lm
EXTRA_DIST += tests/data/type-vectors.txt

check_PROGRAMS += tests/unit-kernel
TESTS += tests/unit-kernel
tests_unit_kernel_SOURCES = tests/unit-kernel.c
tests_unit_kernel_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_kernel_LDADD = $(KERNEL_LIBS) $(GLIB_LIBS) $(OPENBLAS_LIBS) -lm
