# kernel: arithmetic on arrays (no GLib).  One library per instruction set,
# since each is compiled with its own flags and chosen at run time.
KERNEL_CFLAGS = $(AM_CFLAGS) -O3 -ftree-vectorize $(KV_KERNEL_CFLAGS) \
	-fno-math-errno -fno-trapping-math

noinst_LIBRARIES += libkernel.a
libkernel_a_SOURCES = \
	src/kernel/blas.c \
	src/kernel/kernel.h \
	src/kernel/layout.h \
	src/kernel/panel.c.h \
	src/kernel/peak.c \
	src/kernel/peak.h \
	src/kernel/peak_avx512.c \
	src/kernel/plain.c \
	src/kernel/select.c \
	src/kernel/sets.h \
	src/kernel/template.c.h \
	src/kernel/types.c \
	src/kernel/types.h
libkernel_a_CFLAGS = $(KERNEL_CFLAGS) $(OPENBLAS_CFLAGS)

KERNEL_LIBS = libkernel.a
if HAVE_AVX2
noinst_LIBRARIES += libkernel_avx2.a
libkernel_avx2_a_SOURCES = src/kernel/avx2.c src/kernel/attend256.c.h src/kernel/linear256.c.h src/kernel/pack.c.h
libkernel_avx2_a_CFLAGS = $(KERNEL_CFLAGS) -mavx2 -mfma -mf16c
KERNEL_LIBS += libkernel_avx2.a
endif
if HAVE_AVX512
noinst_LIBRARIES += libkernel_avx512.a
libkernel_avx512_a_SOURCES = src/kernel/avx512.c src/kernel/attend512.c.h src/kernel/linear512.c.h src/kernel/pack.c.h \
	src/kernel/vnni.h
libkernel_avx512_a_CFLAGS = $(KERNEL_CFLAGS) -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c
KERNEL_LIBS += libkernel_avx512.a
endif
# The sets use the types, the choice uses the sets.
KERNEL_LIBS += libkernel.a
