# kernel: arithmetic on arrays (no GLib).
noinst_LIBRARIES += libkernel.a
libkernel_a_SOURCES = \
	src/kernel/types.c \
	src/kernel/types.h
libkernel_a_CFLAGS = $(AM_CFLAGS)
