# Tests of answer.
check_PROGRAMS += tests/unit-citation
TESTS += tests/unit-citation
tests_unit_citation_SOURCES = tests/unit-citation.c tests/test-documents.c tests/test-documents.h
tests_unit_citation_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_citation_LDADD = libanswer.a $(GLIB_LIBS) -lm

check_PROGRAMS += tests/unit-answer
TESTS += tests/unit-answer
tests_unit_answer_SOURCES = tests/unit-answer.c
tests_unit_answer_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_answer_LDADD = $(kvasir_LDADD)
tests_unit_answer_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-quote
TESTS += tests/unit-quote
tests_unit_quote_SOURCES = tests/unit-quote.c tests/test-documents.c tests/test-documents.h
tests_unit_quote_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_quote_LDADD = $(kvasir_LDADD)
tests_unit_quote_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-prefix
TESTS += tests/unit-prefix
tests_unit_prefix_SOURCES = tests/unit-prefix.c tests/store-data.c tests/store-data.h
tests_unit_prefix_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_prefix_LDADD = libanswer.a libmodel.a $(KERNEL_LIBS) libcache.a libbase.a \
	$(SQLITE_LIBS) $(XXHASH_LIBS) $(OPENBLAS_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
tests_unit_prefix_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

# What is typed and what is answered, as fuzz targets.
check_PROGRAMS += tests/fuzz/fuzz-query tests/fuzz/fuzz-citation
TESTS += tests/fuzz/fuzz-query tests/fuzz/fuzz-citation
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz-query.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_query_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_query_LDADD = libcache.a libbase.a $(SQLITE_LIBS) $(XXHASH_LIBS) $(GLIB_LIBS)
tests_fuzz_fuzz_citation_SOURCES = tests/fuzz/fuzz-citation.c tests/fuzz/replay.c tests/fuzz/fuzz.h \
	tests/test-documents.c tests/test-documents.h
tests_fuzz_fuzz_citation_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_fuzz_fuzz_citation_LDADD = libanswer.a $(GLIB_LIBS) -lm
EXTRA_DIST += tests/fuzz/query tests/fuzz/citation

check_PROGRAMS += tests/unit-quotation
TESTS += tests/unit-quotation
tests_unit_quotation_SOURCES = tests/unit-quotation.c tests/test-documents.c tests/test-documents.h
tests_unit_quotation_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_quotation_LDADD = libanswer.a $(GLIB_LIBS) -lm

check_PROGRAMS += tests/unit-outputs
TESTS += tests/unit-outputs
tests_unit_outputs_SOURCES = tests/unit-outputs.c tests/test-documents.c tests/test-documents.h
tests_unit_outputs_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_unit_outputs_LDADD = $(kvasir_LDADD)
tests_unit_outputs_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-record
TESTS += tests/unit-record
tests_unit_record_SOURCES = tests/unit-record.c
tests_unit_record_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_unit_record_LDADD = libanswer.a libmodel.a $(KERNEL_LIBS) libingest.a libcache.a libbase.a \
	$(POPPLER_LIBS) $(LIBXML_LIBS) $(UCHARDET_LIBS) $(SQLITE_LIBS) $(XXHASH_LIBS) $(LIBARCHIVE_LIBS) $(BROTLI_LIBS) $(ZSTD_LIBS) \
	$(OPENBLAS_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
tests_unit_record_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-volume
TESTS += tests/unit-volume
tests_unit_volume_SOURCES = tests/unit-volume.c tests/test-documents.c tests/test-documents.h
tests_unit_volume_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_volume_LDADD = $(kvasir_LDADD)
tests_unit_volume_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-findings
TESTS += tests/unit-findings
tests_unit_findings_SOURCES = tests/unit-findings.c tests/test-documents.c tests/test-documents.h
tests_unit_findings_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_findings_LDADD = $(kvasir_LDADD)
tests_unit_findings_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-why
TESTS += tests/unit-why
tests_unit_why_SOURCES = tests/unit-why.c tests/test-documents.c tests/test-documents.h
tests_unit_why_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_unit_why_LDADD = $(kvasir_LDADD)
tests_unit_why_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)

check_PROGRAMS += tests/unit-refusal
TESTS += tests/unit-refusal
tests_unit_refusal_SOURCES = tests/unit-refusal.c
tests_unit_refusal_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_refusal_LDADD = libanswer.a $(GLIB_LIBS)

# Measures; not a test: "make tests/bench-speed", for tests/bench/compare.py.
EXTRA_PROGRAMS += tests/bench-speed
tests_bench_speed_SOURCES = tests/bench/speed.c
tests_bench_speed_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_bench_speed_LDADD = $(kvasir_LDADD)
tests_bench_speed_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
EXTRA_DIST += tests/bench/README.md tests/bench/compare.py tests/bench/llama.mjs

check_PROGRAMS += tests/unit-longcite
TESTS += tests/unit-longcite
tests_unit_longcite_SOURCES = tests/unit-longcite.c tests/test-documents.c tests/test-documents.h
tests_unit_longcite_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_longcite_LDADD = $(kvasir_LDADD)
tests_unit_longcite_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
# Measures; not a test: "make tests/bench-witness".
EXTRA_PROGRAMS += tests/bench-witness
tests_bench_witness_SOURCES = tests/bench-witness.c
tests_bench_witness_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_bench_witness_LDADD = $(kvasir_LDADD)
tests_bench_witness_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
