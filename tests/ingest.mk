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
