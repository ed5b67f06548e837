# base: what GLib lacks.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/columns.c src/base/columns.h \
	src/base/failure.c src/base/failure.h \
	src/base/interrupt.c src/base/interrupt.h \
	src/base/json_text.c src/base/json_text.h \
	src/base/mapped.c src/base/mapped.h \
	src/base/progress.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS) $(JSON_CFLAGS)
