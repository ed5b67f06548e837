# base: what GLib lacks.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/columns.c src/base/columns.h \
	src/base/failure.c src/base/failure.h \
	src/base/interrupt.c src/base/interrupt.h \
	src/base/mapped.c src/base/mapped.h \
	src/base/progress.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
