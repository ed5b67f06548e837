# Tests of model.
MODEL_TEST_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
MODEL_TEST_LIBS = libmodel.a libbase.a $(KERNEL_LIBS) $(JSON_LIBS) $(GLIB_LIBS) \
	$(XXHASH_LIBS) $(OPENBLAS_LIBS) -lm

check_PROGRAMS += tests/unit-engine
TESTS += tests/unit-engine
tests_unit_engine_SOURCES = tests/unit-engine.c
tests_unit_engine_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_engine_LDADD = $(MODEL_TEST_LIBS)
EXTRA_DIST += tests/data/golden

check_PROGRAMS += tests/unit-group
TESTS += tests/unit-group
tests_unit_group_SOURCES = tests/unit-group.c tests/test-engine.h
tests_unit_group_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_group_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/unit-witness
TESTS += tests/unit-witness
tests_unit_witness_SOURCES = tests/unit-witness.c tests/test-engine.h
tests_unit_witness_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_witness_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/unit-tokenizer
TESTS += tests/unit-tokenizer
tests_unit_tokenizer_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_tokenizer_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/unit-chat
TESTS += tests/unit-chat
tests_unit_chat_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_chat_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/unit-sample
TESTS += tests/unit-sample
tests_unit_sample_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_sample_LDADD = $(MODEL_TEST_LIBS)

EXTRA_DIST += \
	tests/data/tiny-0414.tokenizer \
	tests/data/tiny-a.tokenizer \
	tests/data/tiny-b.tokenizer \
	tests/data/tiny_tokenizer_golden.jsonl

# Fuzz targets, replayed over their corpus.
check_PROGRAMS += tests/fuzz/fuzz-tokenizer
TESTS += tests/fuzz/fuzz-tokenizer
tests_fuzz_fuzz_tokenizer_SOURCES = tests/fuzz/fuzz-tokenizer.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_tokenizer_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_fuzz_fuzz_tokenizer_LDADD = $(MODEL_TEST_LIBS)
EXTRA_DIST += \
	tests/fuzz/tokenizer/gpt2 \
	tests/fuzz/tokenizer/text-ill-formed \
	tests/fuzz/tokenizer/text-mixed \
	tests/fuzz/tokenizer/text-spaces \
	tests/fuzz/tokenizer/text-word \
	tests/fuzz/tokenizer/vocabulary-odd \
	tests/fuzz/tokenizer/vocabulary-short \
	tests/fuzz/tokenizer/vocabulary-whole

check_PROGRAMS += tests/unit-weights
TESTS += tests/unit-weights
tests_unit_weights_SOURCES = tests/unit-weights.c tests/test-weights.h tests/gguf-maker.c tests/gguf-maker.h
tests_unit_weights_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_weights_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/unit-folder
TESTS += tests/unit-folder
tests_unit_folder_SOURCES = tests/unit-folder.c tests/test-weights.h tests/gguf-maker.c tests/gguf-maker.h
tests_unit_folder_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_unit_folder_LDADD = $(MODEL_TEST_LIBS)
EXTRA_DIST += tests/data/models

MODEL_FUZZ_LIBS = libmodel.a libkernel.a libbase.a $(JSON_LIBS) $(XXHASH_LIBS) $(GLIB_LIBS) -lm
check_PROGRAMS += tests/fuzz/fuzz-gguf tests/fuzz/fuzz-safetensors
TESTS += tests/fuzz/fuzz-gguf tests/fuzz/fuzz-safetensors
tests_fuzz_fuzz_gguf_SOURCES = tests/fuzz/fuzz-gguf.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_gguf_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_fuzz_fuzz_gguf_LDADD = $(MODEL_TEST_LIBS)
tests_fuzz_fuzz_safetensors_SOURCES = tests/fuzz/fuzz-safetensors.c tests/fuzz/replay.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_safetensors_CFLAGS = $(MODEL_TEST_CFLAGS)
tests_fuzz_fuzz_safetensors_LDADD = $(MODEL_TEST_LIBS)
EXTRA_DIST += tests/fuzz/gguf tests/fuzz/safetensors

# Measures; not a test: "make tests/bench-tokenizer".
EXTRA_PROGRAMS += tests/bench-tokenizer
tests_bench_tokenizer_SOURCES = tests/bench-tokenizer.c
tests_bench_tokenizer_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_bench_tokenizer_LDADD = libmodel.a libbase.a $(GLIB_LIBS)

# Measures; not a test: "make tests/bench-kv".
EXTRA_PROGRAMS += tests/bench-kv
tests_bench_kv_SOURCES = tests/bench-kv.c
tests_bench_kv_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_bench_kv_LDADD = libmodel.a $(KERNEL_LIBS) libbase.a $(XXHASH_LIBS) $(OPENBLAS_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
tests_bench_kv_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
