/* vocabulary.c - the tokenizer out of a GGUF file's metadata or a tokenizer.json. */
#include "config.h"
#include "src/model/vocabulary.h"

#include <string.h>

#include "src/base/json_text.h"
#include "src/model/json-file.h"

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

/* ---------------------------------------------------------------- tokenizer.json */

/* The split pattern as Hugging Face writes it (ARCHITECTURE.md, section 5). */
#define SPLIT_PATTERN \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" \
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* The end of the string whose opening quote is at I. */
static gsize string_end(const char *text, gsize length, gsize i)
{
    for (i++; i < length && text[i] != '"'; i++)
        if (text[i] == '\\')
            i++;
    return MIN(i, length - 1);
}

/* Empties the array behind "merges": it is nine tenths of the values of the file,
 * and parsing them would take seconds.  Returns the length that remains. */
static gsize cut_merges(char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (text[i] != '"')
            continue;
        gsize end = string_end(text, length, i);
        gboolean found = end - i == 7 && memcmp(text + i, "\"merges", 7) == 0;
        i = end;
        if (!found)
            continue;
        gsize at = end + 1;
        while (at < length && (g_ascii_isspace(text[at]) || text[at] == ':'))
            at++;
        if (at >= length || text[at] != '[')
            continue;           /* a token of that name */
        gsize first = at + 1;
        for (int depth = 1; ++at < length; ) {
            if (text[at] == '"')
                at = string_end(text, length, at);
            else if (text[at] == '[')
                depth++;
            else if (text[at] == ']' && --depth == 0)
                break;
        }
        at = CLAMP(at, first, length);
        memmove(text + first, text + at, length - at);
        return length - (at - first);
    }
    return length;
}

typedef struct {
    const char *path;
    gint64 vocabulary;
    GByteArray *bytes;          /* of all tokens; a piece's pointer is an offset until the end */
    TokenizerPiece *pieces;     /* VOCABULARY of them */
    gsize *offsets;
    gsize n;                    /* ids seen end here */
} JsonTokens;

/* Takes token ID; the name of a special one may stand in model.vocab, too. */
static gboolean add_token(JsonTokens *t, JsonNode *id_node, const char *text, gboolean special, GError **error)
{
    guint64 id;
    gsize length = text ? strlen(text) : 0;

    if (!json_file_count(id_node, &id) || id >= (guint64) t->vocabulary)
        return model_fail(error, t->path, "the id of a token is not below the vocabulary of %" G_GINT64_FORMAT,
                          t->vocabulary);
    if (length == 0 || length > 65536)
        return model_fail(error, t->path, "token %" G_GUINT64_FORMAT " is empty or too long", id);
    if (t->pieces[id].length != 0 && !special)
        return model_fail(error, t->path, "token %" G_GUINT64_FORMAT " occurs twice", id);
    t->offsets[id] = t->bytes->len;
    if (special)
        g_byte_array_append(t->bytes, (const guint8 *) text, (guint) length);
    else if (!tokenizer_piece_from_gpt2(text, length, t->bytes))
        return model_fail(error, t->path, "token %" G_GUINT64_FORMAT " holds characters that stand for no byte", id);
    t->pieces[id].length = (guint32) (t->bytes->len - t->offsets[id]);
    t->pieces[id].special = special;
    t->n = MAX(t->n, id + 1);
    return TRUE;
}

static gboolean add_added(JsonTokens *t, JsonObject *root, GError **error)
{
    JsonNode *node = json_text_member(root, "added_tokens");

    if (node == NULL)
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return model_fail(error, t->path, "added_tokens is not an array");
    JsonArray *added = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(added); i++) {
        JsonNode *entry = json_array_get_element(added, i);
        if (!JSON_NODE_HOLDS_OBJECT(entry))
            return model_fail(error, t->path, "added_tokens holds something other than objects");
        JsonNode *content = json_text_member(json_node_get_object(entry), "content");
        const char *text = content && JSON_NODE_HOLDS_VALUE(content) ? json_node_get_string(content) : NULL;
        if (!add_token(t, json_text_member(json_node_get_object(entry), "id"), text, TRUE, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_vocabulary(JsonTokens *t, JsonObject *root, GError **error)
{
    JsonNode *model = json_text_member(root, "model");
    JsonNode *type = NULL;

    if (model && JSON_NODE_HOLDS_OBJECT(model))
        type = json_text_member(json_node_get_object(model), "type");
    if (type == NULL || !JSON_NODE_HOLDS_VALUE(type) || g_strcmp0(json_node_get_string(type), "BPE") != 0)
        return model_fail(error, t->path, "model.type is not BPE");
    JsonNode *vocab = json_text_member(json_node_get_object(model), "vocab");
    if (vocab == NULL || !JSON_NODE_HOLDS_OBJECT(vocab))
        return model_fail(error, t->path, "model.vocab is missing or not an object");
    JsonObjectIter iterator;
    const char *name;
    JsonNode *id;
    json_object_iter_init(&iterator, json_node_get_object(vocab));
    while (json_object_iter_next(&iterator, &name, &id))
        if (!add_token(t, id, name, FALSE, error))
            return FALSE;
    return TRUE;
}

static Tokenizer *finish_tokens(JsonTokens *t, GError **error)
{
    for (gsize i = 0; i < t->n; i++) {
        if (t->pieces[i].length == 0) {
            model_fail(error, t->path, "token %" G_GSIZE_FORMAT " is missing", i);
            return NULL;
        }
        t->pieces[i].bytes = t->bytes->data + t->offsets[i];
    }
    Tokenizer *tokenizer = tokenizer_new(t->pieces, t->n, error);
    if (tokenizer == NULL)
        g_prefix_error(error, "%s: ", t->path);
    return tokenizer;
}

/* Whether some "Regex" of the pre-tokenizer is the pattern that text is cut by here. */
static gboolean has_split_pattern(JsonNode *node)
{
    gboolean found = FALSE;

    if (node && JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; !found && i < json_array_get_length(array); i++)
            found = has_split_pattern(json_array_get_element(array, i));
    } else if (node && JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObjectIter iterator;
        const char *name;
        JsonNode *member;
        json_object_iter_init(&iterator, json_node_get_object(node));
        while (!found && json_object_iter_next(&iterator, &name, &member))
            found = (strcmp(name, "Regex") == 0 && JSON_NODE_HOLDS_VALUE(member) &&
                     g_strcmp0(json_node_get_string(member), SPLIT_PATTERN) == 0) || has_split_pattern(member);
    }
    return found;
}

Tokenizer *vocabulary_from_json(GBytes *bytes, const char *path, gint64 vocabulary, GPtrArray *warnings,
                                GError **error)
{
    gsize length;
    const char *mapped = g_bytes_get_data(bytes, &length);

    if (length == 0 || length > JSON_FILE_MAX_BYTES) {
        model_fail(error, path, "is empty or too large");
        return NULL;
    }
    g_autofree char *text = g_memdup2(mapped, length);
    length = cut_merges(text, length);
    g_autoptr(JsonObject) root = json_file_parse(text, length, path, error);
    if (root == NULL)
        return NULL;
    g_autoptr(GByteArray) pool = g_byte_array_new();
    g_autofree TokenizerPiece *pieces = g_new0(TokenizerPiece, vocabulary);
    g_autofree gsize *offsets = g_new0(gsize, vocabulary);
    JsonTokens tokens = { path, vocabulary, pool, pieces, offsets, 0 };
    if (!add_vocabulary(&tokens, root, error) || !add_added(&tokens, root, error))
        return NULL;
    if (!has_split_pattern(json_text_member(root, "pre_tokenizer")))
        g_ptr_array_add(warnings, g_strdup("tokenizer.json has another split pattern than GLM-4; text is cut by the rule of "
                                           "GLM-4 all the same"));
    return finish_tokens(&tokens, error);
}
