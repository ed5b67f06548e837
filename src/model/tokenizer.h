/* tokenizer.h - GLM-4's byte-level BPE: text to token ids and back.
 *
 * A token's id is its rank.  Text is cut by the split pattern, a piece that is
 * itself a token is taken whole, otherwise neighbouring pairs are merged, the
 * lowest rank first (reference: ARCHITECTURE.md, section 5).  Special tokens
 * never come out of text; they are looked up by name.
 */
#ifndef KVASIR_MODEL_TOKENIZER_H
#define KVASIR_MODEL_TOKENIZER_H

#include <glib.h>

typedef struct Tokenizer Tokenizer;

/* One entry of a vocabulary; BYTES are raw bytes, not GPT-2's printable form. */
typedef struct {
    const guint8 *bytes;
    guint32 length;
    gboolean special;       /* found by name only, never by text */
} TokenizerPiece;

/* Makes a tokenizer of N pieces, id = index; copies them.  Specials must carry
 * their name ("<|user|>") as bytes.  FAILURE_MODEL when a single byte is missing
 * or a piece is empty or doubled. */
Tokenizer *tokenizer_new(const TokenizerPiece *pieces, gsize n, GError **error);
/* Reads a tokenizer.model (lines "base64 rank"); GLM-4's fourteen special
 * tokens follow the last rank. */
Tokenizer *tokenizer_load(const char *path, GError **error);
void tokenizer_free(Tokenizer *tokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tokenizer, tokenizer_free)

/* Number of ids, specials included (a model's output may have more: padding). */
gsize tokenizer_size(const Tokenizer *tokenizer);

/* Appends the ids of TEXT (LENGTH bytes; ill-formed UTF-8 counts as U+FFFD per
 * maximal ill-formed part) to IDS, a GArray of gint32.  No special tokens.  Thread-safe. */
void tokenizer_encode(const Tokenizer *tokenizer, const char *text, gsize length, GArray *ids);

/* Id of a special token by name, or -1. */
gint32 tokenizer_special(const Tokenizer *tokenizer, const char *name);
gboolean tokenizer_is_special(const Tokenizer *tokenizer, gint32 id);

/* The bytes of a token (not terminated); a special gives its name.  NULL if out of range. */
const guint8 *tokenizer_bytes(const Tokenizer *tokenizer, gint32 id, gsize *length);

/* Appends the bytes of N tokens to TEXT; specials are left out unless WITH_SPECIALS.
 * The result may end inside a UTF-8 character. */
void tokenizer_decode(const Tokenizer *tokenizer, const gint32 *ids, gsize n,
                      gboolean with_specials, GString *text);

#endif
