/* fuzz-tokenizer.c - text, vocabulary files and GPT-2 strings; the first byte says which. */
#include "config.h"

#include <string.h>

#include "src/model/split.h"
#include "src/model/tokenizer.h"
#include "tests/fuzz/fuzz.h"

static const char *const words[] = {
    "th", "he", "the", " the", "  ", "    ", "aa", "aaaa", "\n\n", "\xC3\xA9", "!!", "12", "hethe", " \n",
};

static Tokenizer *small_tokenizer(void)
{
    TokenizerPiece pieces[256 + G_N_ELEMENTS(words)];
    guint8 bytes[256];
    Tokenizer *tokenizer;

    for (guint i = 0; i < 256; i++) {
        bytes[i] = (guint8) i;
        pieces[i] = (TokenizerPiece) { &bytes[i], 1, FALSE };
    }
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        pieces[256 + i] = (TokenizerPiece) { (const guint8 *) words[i], (guint32) strlen(words[i]), FALSE };
    tokenizer = tokenizer_new(pieces, G_N_ELEMENTS(pieces), NULL);
    g_assert_nonnull(tokenizer);
    return tokenizer;
}

/* Ids stand for the text, with what is no UTF-8 replaced. */
static void try_text(const Tokenizer *tokenizer, const guint8 *text, gsize length)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autoptr(GString) expected = split_repair(text, length);
    g_autoptr(GString) back = g_string_new(NULL);

    tokenizer_encode(tokenizer, (const char *) text, length, ids);
    tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, FALSE, back);
    g_assert_cmpmem(back->str, back->len, expected->str, expected->len);
    g_assert_true(split_well_formed((const guint8 *) expected->str, expected->len));
    g_assert_cmpint(split_well_formed(text, length), ==,
                    expected->len == length && memcmp(expected->str, text, length) == 0);
}

static void try_vocabulary(const guint8 *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Tokenizer) tokenizer = tokenizer_parse("input", (const char *) text, length, &error);

    g_assert_true((tokenizer != NULL) == (error == NULL));
    if (tokenizer)
        try_text(tokenizer, text, length);
}

static void try_gpt2(const guint8 *text, gsize length)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    gboolean ok = tokenizer_piece_from_gpt2((const char *) text, length, out);

    g_assert_cmpuint(out->len, <=, length);
    if (!ok)
        g_assert_cmpuint(out->len, ==, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Tokenizer *tokenizer;

    if (!tokenizer)
        tokenizer = small_tokenizer();
    if (size == 0)
        return 0;
    if (data[0] == 'v')
        try_vocabulary(data + 1, size - 1);
    else if (data[0] == 'g')
        try_gpt2(data + 1, size - 1);
    else
        try_text(tokenizer, data + 1, size - 1);
    return 0;
}
