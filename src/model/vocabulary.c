/* vocabulary.c - the tokenizer out of a GGUF file's metadata. */
#include "config.h"
#include "src/model/vocabulary.h"

#include <string.h>

#define TOKENS "tokenizer.ggml.tokens"
#define TOKEN_TYPES "tokenizer.ggml.token_type"
#define PRE "tokenizer.ggml.pre"

/* llama.cpp's numbers */
enum { TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED, TOKEN_BYTE };

/* Padding entries: of type "unused", or (older converters) of any type and named [PADn] after their id. */
static gboolean is_padding(const char *text, gsize length, gint32 type, guint64 id)
{
    char name[32];

    if (type == TOKEN_UNUSED)
        return TRUE;
    if (length < 6 || memcmp(text, "[PAD", 4) != 0)
        return FALSE;
    g_snprintf(name, sizeof name, "[PAD%" G_GUINT64_FORMAT "]", id);
    return length == strlen(name) && memcmp(text, name, length) == 0;
}

/* Appends the bytes of token ID and describes it in PIECE, but for the pointer. */
static gboolean read_piece(const Gguf *gguf, guint64 id, gint32 type, const char *text, gsize length,
                           GByteArray *bytes, TokenizerPiece *piece, GError **error)
{
    guint before = bytes->len;

    /* Four bytes of UTF-8 at most stand for one; a limit keeps 32-bit lengths safe. */
    if (length == 0 || length > 65536 || length > G_MAXUINT32 - bytes->len)
        return model_fail(error, gguf->path, "%s: token %" G_GUINT64_FORMAT " is empty or too long", TOKENS, id);
    if (type < TOKEN_NORMAL || type > TOKEN_BYTE)
        return model_fail(error, gguf->path, "%s: token %" G_GUINT64_FORMAT " has the unknown type %d", TOKEN_TYPES, id,
                          type);
    piece->special = type != TOKEN_NORMAL;
    if (piece->special)
        g_byte_array_append(bytes, (const guint8 *) text, (guint) length);
    else if (!tokenizer_piece_from_gpt2(text, length, bytes))
        return model_fail(error, gguf->path, "%s: token %" G_GUINT64_FORMAT " holds characters that stand for no byte",
                          TOKENS, id);
    piece->length = bytes->len - before;
    return TRUE;
}

/* The number of tokens before the padding at the end. */
static guint64 count_real(const GgufValue *tokens, const GgufValue *types)
{
    const guint8 *at = tokens->data;
    guint64 real = 0;

    for (guint64 i = 0; i < tokens->count; i++) {
        gsize length;
        const char *text = gguf_next_string(&at, &length);
        if (!is_padding(text, length, gguf_int32_at(types, i), i))
            real = i + 1;
    }
    return real;
}

static Tokenizer *read_tokens(const Gguf *gguf, const GgufValue *tokens, const GgufValue *types, GError **error)
{
    guint64 n = count_real(tokens, types);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree TokenizerPiece *pieces = g_new0(TokenizerPiece, n + 1);
    const guint8 *at = tokens->data;

    for (guint64 i = 0; i < n; i++) {
        gsize length;
        const char *text = gguf_next_string(&at, &length);
        if (!read_piece(gguf, i, gguf_int32_at(types, i), text, length, bytes, &pieces[i], error))
            return NULL;
    }
    gsize offset = 0;
    for (guint64 i = 0; i < n; i++) {
        pieces[i].bytes = bytes->data + offset;
        offset += pieces[i].length;
    }
    Tokenizer *tokenizer = tokenizer_new(pieces, n, error);
    if (tokenizer == NULL)
        g_prefix_error(error, "%s: %s: ", gguf->path, TOKENS);
    return tokenizer;
}

static gboolean check_kind(const Gguf *gguf, GPtrArray *warnings, GError **error)
{
    g_autofree char *kind = gguf_get_string(gguf, "tokenizer.ggml.model", error);

    if (kind == NULL)
        return FALSE;
    if (strcmp(kind, "gpt2") != 0)
        return model_fail(error, gguf->path, "tokenizer.ggml.model is %s; GLM-4 files have gpt2", kind);
    if (gguf_find(gguf, PRE)) {
        g_autofree char *pre = gguf_get_string(gguf, PRE, error);
        if (pre == NULL)
            return FALSE;
        if (strcmp(pre, "chatglm-bpe") != 0 && strcmp(pre, "glm4") != 0)
            g_ptr_array_add(warnings, g_strdup_printf("%s is %s, not chatglm-bpe or glm4; text is cut by the rule of "
                                                      "GLM-4 all the same", PRE, pre));
    }
    return TRUE;
}

Tokenizer *vocabulary_from_gguf(const Gguf *gguf, gint64 vocabulary, GPtrArray *warnings, GError **error)
{
    if (gguf_find(gguf, "tokenizer.ggml.model") == NULL && gguf_find(gguf, TOKENS) == NULL)
        return NULL;
    if (!check_kind(gguf, warnings, error))
        return NULL;
    const GgufValue *tokens = gguf_get_array(gguf, TOKENS, GGUF_STRING, error);
    const GgufValue *types = tokens ? gguf_get_array(gguf, TOKEN_TYPES, GGUF_INT32, error) : NULL;
    if (types == NULL)
        return NULL;
    if (tokens->count != (guint64) vocabulary) {
        model_fail(error, gguf->path, "%s lists %" G_GUINT64_FORMAT " tokens, but token_embd.weight has %"
                   G_GINT64_FORMAT " rows", TOKENS, tokens->count, vocabulary);
        return NULL;
    }
    if (types->count != tokens->count) {
        model_fail(error, gguf->path, "%s lists %" G_GUINT64_FORMAT " types for %" G_GUINT64_FORMAT " tokens",
                   TOKEN_TYPES, types->count, tokens->count);
        return NULL;
    }
    return read_tokens(gguf, tokens, types, error);
}
