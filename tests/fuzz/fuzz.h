/* fuzz.h - a fuzz target: one function, in libFuzzer's form.
 *
 * make check replays each target over its corpus and over mutations of it
 * (replay.c).  To search further, with clang:
 *
 *     ./configure CC=clang CFLAGS="-g -O1 -fsanitize=fuzzer-no-link,address,undefined \
 *         -fno-sanitize-recover=undefined" && make
 *     clang -g -fsanitize=fuzzer,address,undefined -I. -I$srcdir $srcdir/tests/fuzz/fuzz-X.c LIBRARIES... -o fuzz-X
 *     ./fuzz-X new-corpus/ $srcdir/tests/fuzz/X/
 *
 * where LIBRARIES are those of the target in the Makefile, without replay.o.
 */
#ifndef KVASIR_TESTS_FUZZ_H
#define KVASIR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Must not crash, hang or leak, and asserts what must hold; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
