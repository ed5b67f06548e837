# cli: main and one file per command.  libcli.a holds what the commands share.
noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/asking.c src/cli/asking.h \
	src/cli/batch.c src/cli/batch.h \
	src/cli/cache_status.c src/cli/cache_status.h \
	src/cli/deep.c src/cli/deep.h \
	src/cli/command.c src/cli/command.h \
	src/cli/gather.c src/cli/gather.h \
	src/cli/history.c src/cli/history.h \
	src/cli/keeper.c src/cli/keeper.h \
	src/cli/input.c src/cli/input.h \
	src/cli/line.c src/cli/line.h \
	src/cli/meter.c src/cli/meter.h \
	src/cli/model_open.c \
	src/cli/naming.c src/cli/naming.h \
	src/cli/output.c src/cli/output.h \
	src/cli/prepare.c src/cli/prepare.h \
	src/cli/prepared_files.c src/cli/prepared_files.h \
	src/cli/present.c src/cli/present.h \
	src/cli/reading.c src/cli/reading.h \
	src/cli/rectangles.c src/cli/rectangles.h \
	src/cli/settings.c src/cli/settings.h \
	src/cli/watching.c src/cli/watching.h \
	src/cli/work.c src/cli/work.h
libcli_a_CPPFLAGS = $(AM_CPPFLAGS) -DPKGDATADIR='"$(pkgdatadir)"'
libcli_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS) $(READLINE_CFLAGS)

bin_PROGRAMS += kvasir
kvasir_SOURCES = \
	src/cli/ask_batch.c src/cli/ask_batch.h \
	src/cli/ask_volumes.c src/cli/ask_volumes.h \
	src/cli/cmd_ask.c \
	src/cli/chain.c \
	src/cli/chain.h \
	src/cli/cmd_chat.c \
	src/cli/cmd_bench.c \
	src/cli/cmd_cache.c \
	src/cli/cmd_corpus.c \
	src/cli/corpus_show.c src/cli/corpus_show.h \
	src/cli/cmd_history.c \
	src/cli/cmd_ingest.c \
	src/cli/ingest_near.c src/cli/ingest_near.h \
	src/cli/ingest_report.c src/cli/ingest_report.h \
	src/cli/cmd_logits.c \
	src/cli/cmd_model.c \
	src/cli/cmd_plan.c \
	src/cli/cmd_search.c \
	src/cli/cmd_text.c \
	src/cli/cmd_tokens.c \
	src/cli/cmd_verify.c \
	src/cli/main.c \
	src/cli/talk.c src/cli/talk.h src/cli/talk_commands.c
kvasir_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
# Upper layers first.
kvasir_LDADD = libcli.a $(READLINE_LIBS) libanswer.a libmodel.a $(KERNEL_LIBS) libingest.a libcache.a libbase.a \
	$(POPPLER_LIBS) $(LIBXML_LIBS) $(UCHARDET_LIBS) $(SECCOMP_LIBS) $(SQLITE_LIBS) $(XXHASH_LIBS) $(LIBARCHIVE_LIBS) $(BROTLI_LIBS) $(ZSTD_LIBS) \
	$(OPENBLAS_LIBS) $(JSON_LIBS) $(GLIB_LIBS) -lm
kvasir_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
