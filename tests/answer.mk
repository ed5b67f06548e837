# Tests of answer.
check_PROGRAMS += tests/unit-citation
TESTS += tests/unit-citation
tests_unit_citation_SOURCES = tests/unit-citation.c
tests_unit_citation_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_unit_citation_LDADD = libanswer.a $(GLIB_LIBS) -lm
