# Tests of ingest.
check_PROGRAMS += tests/unit-ingest
tests_unit_ingest_SOURCES = tests/unit-ingest.c
tests_unit_ingest_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_ingest_LDADD = libingest.a libbase.a $(POPPLER_LIBS) $(LIBXML_LIBS) $(UCHARDET_LIBS) $(LIBARCHIVE_LIBS) $(GLIB_LIBS)
TESTS += tests/unit-ingest tests/t-text.sh
TESTS += tests/t-safe.sh
EXTRA_DIST += tests/t-safe.sh tests/t-text.sh tests/score EXTRACTION.md
EXTRA_DIST += tests/score
TESTS += tests/t-formats.sh
EXTRA_DIST += tests/t-formats.sh

# Formats of packages, and the fuzz targets of their own parsers.
INGEST_TEST_LIBS = libingest.a libbase.a $(POPPLER_LIBS) $(LIBXML_LIBS) $(UCHARDET_LIBS) $(LIBARCHIVE_LIBS) \
	$(SECCOMP_LIBS) $(JSON_LIBS) $(GLIB_LIBS)
check_PROGRAMS += tests/unit-formats tests/fuzz/fuzz-mhtml
TESTS += tests/unit-formats tests/fuzz/fuzz-mhtml
tests_unit_formats_SOURCES = tests/unit-formats.c
tests_unit_formats_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(GLIB_CFLAGS)
tests_unit_formats_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_mhtml_SOURCES = tests/fuzz/fuzz-mhtml.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_mhtml_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_mhtml_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/mhtml
