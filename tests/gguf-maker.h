/* gguf-maker.h - makes GGUF files in memory for tests, right and wrong ones.
 *
 * A maker holds keys and tensors that can be changed, dropped and doubled
 * before the file is written.  maker_standard() is a whole chatglm model: one layer,
 * hidden 32, 2 heads over 1 KV head of size 16, FFN 64, 272 tokens of which the last two are padding.
 */
#ifndef KVASIR_TESTS_GGUF_MAKER_H
#define KVASIR_TESTS_GGUF_MAKER_H

#include <glib.h>

typedef struct {
    guint32 version;
    GPtrArray *keys;        /* MakerKey */
    GPtrArray *tensors;     /* MakerTensor */
} Maker;

Maker *maker_new(void);
Maker *maker_standard(void);
void maker_free(Maker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Maker, maker_free)

void maker_u32(Maker *maker, const char *key, guint32 value);
void maker_string(Maker *maker, const char *key, const char *value);

/* Applies an edit, one of
 *   set KEY TYPE VALUE     TYPE u8 i8 u16 i16 u32 i32 u64 i64 f32 f64 bool str; adds the key if it is new
 *   drop KEY | double KEY
 *   type TENSOR NUMBER
 *   dims TENSOR COLUMNS [ROWS...]      without changing its data
 *   rename TENSOR NAME | remove TENSOR | repeat TENSOR
 *   add TENSOR COLUMNS [ROWS]          F32 zeros
 *   offset TENSOR BYTES                adds to its offset
 *   poison TENSOR                      makes its first value NaN
 *   token ID TEXT | tokentype ID NUMBER | tokens COUNT
 * Several are separated by "; ". */
void maker_edit(Maker *maker, const char *edit);

/* The text of token ID (0 .. 271) as the standard model has it: 256 bytes in GPT-2's form, GLM's specials, padding. */
char *maker_token(guint id);

/* The file; *HEADER (may be NULL) gets the bytes before the data. */
GBytes *maker_finish(const Maker *maker, gsize *header);

#endif
