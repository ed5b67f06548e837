# answer: the prompt, the prefix cache around the engine, the reply, its citations.
noinst_LIBRARIES += libanswer.a
libanswer_a_SOURCES = \
	src/answer/citation.c src/answer/citation.h \
	src/answer/prefix.c src/answer/prefix.h \
	src/answer/prompt.c src/answer/prompt.h \
	src/answer/reply.c src/answer/reply.h \
	src/answer/source.c src/answer/source.h
libanswer_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
