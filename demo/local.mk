# The demonstration model, written by a program of the build.  That program runs
# while building: to cross-compile, give a native one as
# "make MAKE_DEMO=/path/to/native/demo/make-demo".
noinst_PROGRAMS += demo/make-demo
demo_make_demo_SOURCES = demo/make-demo.c
demo_make_demo_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
demo_make_demo_LDADD = $(GLIB_LIBS)
MAKE_DEMO = demo/make-demo$(EXEEXT)

pkgdata_DATA += demo/demo.gguf
CLEANFILES += demo/demo.gguf
demo/demo.gguf: demo/vocabulary $(MAKE_DEMO)
	$(AM_V_GEN)$(MAKE_DEMO) $(srcdir)/demo/vocabulary $@

EXTRA_DIST += demo/vocabulary demo/learn_vocabulary.py

# The look-up model that is to replace it.
EXTRA_DIST += demo/README.md demo/construct.py demo/export.py demo/forward.py demo/learn_words.py demo/make_model.py \
	demo/rotary.py demo/tokens.py
