/* tokenizer.h - GLM-4's byte-level BPE: text to token ids and back.
 *
 * A token's id is its rank.  Text is cut by the split pattern, a piece that is
 * itself a token is taken whole, otherwise neighbouring pairs are merged, the
 * lowest rank first (reference: ARCHITECTURE.md, section 5).  Special tokens
 * never come out of text; they are looked up by name.
 *
 * Time and memory are linear in the text (but for the logarithm of a heap in
 * words without a break); a word longer than TOKENIZER_WORD_MAX bytes is cut there.
 */
#ifndef KVASIR_MODEL_TOKENIZER_H
#define KVASIR_MODEL_TOKENIZER_H

#include <glib.h>

#define TOKENIZER_WORD_MAX (16u << 20)

typedef struct Tokenizer Tokenizer;

/* One entry of a vocabulary; BYTES are raw bytes, not GPT-2's printable form. */
typedef struct {
    const guint8 *bytes;
    guint32 length;
    gboolean special;       /* found by name only, never by text */
} TokenizerPiece;

/* Vocabularies in GGUF and JSON files write a token's bytes as printable characters (GPT-2's
 * table: "Ġ" is a space).  Appends the bytes that TEXT (UTF-8, LENGTH bytes) stands
 * for to OUT; FALSE, with OUT as it was, when TEXT holds anything else.  Names of special
 * tokens are not written that way. */
gboolean tokenizer_piece_from_gpt2(const char *text, gsize length, GByteArray *out);

/* Makes a tokenizer of N pieces, id = index; copies them.  Specials must carry
 * their name ("<|user|>") as bytes.  In a GGUF file specials are the entries of
 * type control (3) and user-defined (4); padding at the end (type unused, 5) is
 * left out by the caller, so that tokenizer_size() bounds what may be sampled.
 * FAILURE_MODEL when a single byte is missing or a piece is empty or doubled. */
Tokenizer *tokenizer_new(const TokenizerPiece *pieces, gsize n, GError **error);
/* Reads a tokenizer.model (lines "base64 rank", ranks from 0 in order); GLM-4's
 * fourteen special tokens follow the last rank.  FAILURE_MODEL names file and line. */
Tokenizer *tokenizer_load(const char *path, GError **error);
/* The same from memory; NAME is for messages. */
Tokenizer *tokenizer_parse(const char *name, const char *text, gsize length, GError **error);
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
