# answer: the prompt, the prefix cache around the engine, the reply, its citations.
noinst_LIBRARIES += libanswer.a
libanswer_a_SOURCES = \
	src/answer/answer.c src/answer/answer.h \
	src/answer/archive.h src/answer/archive_internal.h \
	src/answer/archive_export.c src/answer/archive_import.c src/answer/archive_json.c \
	src/answer/calibrate.c src/answer/calibrate.h \
	src/answer/citation.c src/answer/citation.h \
	src/answer/cited_json.c src/answer/cited_json.h \
	src/answer/draft.c src/answer/draft.h \
	src/answer/outcome.c src/answer/outcome.h \
	src/answer/heads.c src/answer/heads.h \
	src/answer/json.h \
	src/answer/find.c src/answer/find.h \
	src/answer/findings.c src/answer/findings.h \
	src/answer/longcite.c src/answer/longcite.h src/answer/longcite_pack.c \
	src/answer/passage.c src/answer/passage.h \
	src/answer/prefix.c src/answer/prefix.h \
	src/answer/prompt.c src/answer/prompt.h \
	src/answer/quotation.c src/answer/quotation.h \
	src/answer/quote.c src/answer/quote.h \
	src/answer/record.c src/answer/record.h \
	src/answer/refusal.c src/answer/refusal.h \
	src/answer/reply.c src/answer/reply.h \
	src/answer/selection.c src/answer/selection.h src/answer/selection_pack.c \
	src/answer/sentence.c src/answer/sentence.h \
	src/answer/source.c src/answer/source.h \
	src/answer/together.c src/answer/together.h \
	src/answer/volume.c src/answer/volume.h \
	src/answer/why.c src/answer/why.h \
	src/answer/why_json.c src/answer/why_json.h
libanswer_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS) $(LIBARCHIVE_CFLAGS)
