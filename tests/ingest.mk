# Tests of ingest.
check_PROGRAMS += tests/unit-ingest
tests_unit_ingest_SOURCES = tests/unit-ingest.c
tests_unit_ingest_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
INGEST_TEST_LIBS = libingest.a libbase.a $(POPPLER_LIBS) $(LIBXML_LIBS) $(UCHARDET_LIBS) $(LIBARCHIVE_LIBS) \
	$(BROTLI_LIBS) $(ZSTD_LIBS) $(SECCOMP_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
tests_unit_ingest_LDADD = $(INGEST_TEST_LIBS)
TESTS += tests/unit-ingest tests/t-text.sh
TESTS += tests/t-safe.sh tests/t-pdf.sh
EXTRA_DIST += tests/t-pdf.sh
EXTRA_DIST += tests/t-safe.sh tests/t-text.sh tests/score EXTRACTION.md
EXTRA_DIST += tests/score
TESTS += tests/t-formats.sh tests/t-site.sh
EXTRA_DIST += tests/t-formats.sh tests/t-site.sh

# Formats of packages, and the fuzz targets of their own parsers.
check_PROGRAMS += tests/unit-formats tests/fuzz/fuzz-mhtml
TESTS += tests/unit-formats tests/fuzz/fuzz-mhtml
tests_unit_formats_SOURCES = tests/unit-formats.c tests/zip-maker.h
tests_unit_formats_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(GLIB_CFLAGS)
tests_unit_formats_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_mhtml_SOURCES = tests/fuzz/fuzz-mhtml.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_mhtml_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_mhtml_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/mhtml

# Bibliographies.
check_PROGRAMS += tests/unit-bibliography tests/fuzz/fuzz-bibliography
TESTS += tests/unit-bibliography tests/fuzz/fuzz-bibliography
tests_unit_bibliography_SOURCES = tests/unit-bibliography.c
tests_unit_bibliography_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_bibliography_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_bibliography_SOURCES = tests/fuzz/fuzz-bibliography.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_bibliography_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_bibliography_LDADD = $(INGEST_TEST_LIBS)
TESTS += tests/t-bibliography.sh
EXTRA_DIST += tests/fuzz/bibliography tests/t-bibliography.sh

# Office documents.
check_PROGRAMS += tests/unit-office tests/fuzz/fuzz-office
TESTS += tests/unit-office tests/fuzz/fuzz-office
tests_unit_office_SOURCES = tests/unit-office.c tests/zip-maker.h
tests_unit_office_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(GLIB_CFLAGS)
tests_unit_office_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_office_SOURCES = tests/fuzz/fuzz-office.c tests/fuzz/replay.c tests/fuzz/fuzz.h tests/zip-maker.h
tests_fuzz_fuzz_office_CFLAGS = $(AM_CFLAGS) $(LIBARCHIVE_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_office_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/office

# Web archives.
check_PROGRAMS += tests/unit-warc tests/fuzz/fuzz-warc
TESTS += tests/unit-warc tests/fuzz/fuzz-warc tests/t-warc.sh
tests_unit_warc_SOURCES = tests/unit-warc.c
tests_unit_warc_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_warc_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_warc_SOURCES = tests/fuzz/fuzz-warc.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_warc_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_warc_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/warc tests/t-warc.sh

# Fuzz targets, replayed over their corpus.
ingest_fuzz = tests/fuzz/fuzz-layout tests/fuzz/fuzz-reader tests/fuzz/fuzz-wire
check_PROGRAMS += $(ingest_fuzz)
TESTS += $(ingest_fuzz)
tests_fuzz_fuzz_layout_SOURCES = tests/fuzz/fuzz-layout.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_layout_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(POPPLER_CFLAGS)
tests_fuzz_fuzz_layout_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_reader_SOURCES = tests/fuzz/fuzz-reader.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_reader_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_reader_LDADD = $(INGEST_TEST_LIBS)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz-wire.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_wire_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_wire_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/layout tests/fuzz/reader tests/fuzz/wire
TESTS += tests/t-hidden.sh
EXTRA_DIST += tests/t-hidden.sh tests/pdf.sh
TESTS += tests/t-hostile.sh tests/t-score.sh
EXTRA_DIST += tests/t-hostile.sh tests/t-score.sh

# Patterns of files.
check_PROGRAMS += tests/fuzz/fuzz-ignore
TESTS += tests/fuzz/fuzz-ignore
tests_fuzz_fuzz_ignore_SOURCES = tests/fuzz/fuzz-ignore.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_ignore_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_ignore_LDADD = $(INGEST_TEST_LIBS)
EXTRA_DIST += tests/fuzz/ignore

# Documents that are nearly the same.
check_PROGRAMS += tests/unit-sketch
TESTS += tests/unit-sketch
tests_unit_sketch_SOURCES = tests/unit-sketch.c
tests_unit_sketch_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_sketch_LDADD = $(INGEST_TEST_LIBS)
