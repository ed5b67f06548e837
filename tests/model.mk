# Tests of model.
check_PROGRAMS += tests/unit-tokenizer
TESTS += tests/unit-tokenizer
tests_unit_tokenizer_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_unit_tokenizer_LDADD = libmodel.a libbase.a $(JSON_LIBS) $(GLIB_LIBS)

check_PROGRAMS += tests/unit-chat
TESTS += tests/unit-chat
tests_unit_chat_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
tests_unit_chat_LDADD = libmodel.a libbase.a $(JSON_LIBS) $(GLIB_LIBS)

check_PROGRAMS += tests/unit-sample
TESTS += tests/unit-sample
tests_unit_sample_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_sample_LDADD = libmodel.a $(GLIB_LIBS) -lm

EXTRA_DIST += \
	tests/data/tiny-0414.tokenizer \
	tests/data/tiny-a.tokenizer \
	tests/data/tiny-b.tokenizer \
	tests/data/tiny_tokenizer_golden.jsonl
