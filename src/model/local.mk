# model: files, tokenizer, forward pass, KV cache, sampling.
noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	src/model/attention.c \
	src/model/engine.c \
	src/model/engine.h \
	src/model/forward.c \
	src/model/group.c \
	src/model/session.c \
	src/model/session.h \
	src/model/witness.c \
	src/model/threads.c \
	src/model/threads.h \
	src/model/chat-tools.c \
	src/model/chat.c \
	src/model/chat.h \
	src/model/sample.c \
	src/model/sample.h \
	src/model/checkpoint.c \
	src/model/checkpoint.h \
	src/model/hparams.c \
	src/model/hparams.h \
	src/model/fingerprint.c \
	src/model/fingerprint.h \
	src/model/gguf.c \
	src/model/gguf.h \
	src/model/json-file.c \
	src/model/machine.c \
	src/model/machine.h \
	src/model/synthetic.c \
	src/model/synthetic.h \
	src/model/json-file.h \
	src/model/prepared.c \
	src/model/prepared.h \
	src/model/safetensors.c \
	src/model/safetensors.h \
	src/model/vocabulary.c \
	src/model/vocabulary.h \
	src/model/weights.c \
	src/model/weights.h \
	src/model/split.c \
	src/model/split.h \
	src/model/tokenizer-file.c \
	src/model/tokenizer.c \
	src/model/tokenizer.h \
	src/model/unicode-classes.h
libmodel_a_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS) $(XXHASH_CFLAGS)
