/* make-demo.c - writes the demonstration model, a tiny GLM-4 of random weights.
 *
 *     make-demo VOCABULARY OUTPUT
 *
 * VOCABULARY has lines "base64 rank" as a tokenizer.model has.  OUTPUT becomes a
 * GGUF file (version 3, architecture chatglm) of the same shape as
 * GLM-4-9B-Chat, only small.  Its words mean nothing: it is there so that a
 * fresh build can be tried and tested from end to end.
 *
 * The rows of the output matrix that end a turn are made a little larger than the
 * others, so that answers end after some words.
 *
 * Every byte is a function of the vocabulary and the names below, by integer
 * arithmetic alone, so that all machines make the same file.
 */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

enum { LAYERS = 2, HIDDEN = 128, HEADS = 4, KV_HEADS = 2, HEAD_DIM = 32, ROTARY = 16, FFN = 192,
       CONTEXT = 131072, QKV_ROWS = (HEADS + 2 * KV_HEADS) * HEAD_DIM };

/* Numbers of the GGUF format. */
enum { GGUF_UINT32 = 4, GGUF_INT32 = 5, GGUF_FLOAT32 = 6, GGUF_BOOL = 7, GGUF_STRING = 8, GGUF_ARRAY = 9 };
enum { TENSOR_F32 = 0, TENSOR_Q8_0 = 8 };
enum { FILE_MOSTLY_Q8_0 = 7, TOKEN_NORMAL = 1, TOKEN_CONTROL = 3, ALIGNMENT = 32, Q8_BLOCK = 32 };

/* GLM-4's special tokens, in the order of their ids behind the last rank. */
static const char *const special[] = {
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>",
    "<|assistant|>", "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>",
    "<|begin_of_video|>", "<|end_of_video|>",
};
enum { SPECIALS = G_N_ELEMENTS(special), SPECIAL_EOS = 0, SPECIAL_EOT = 7 };

/* The file in its three parts, and how many entries the first two have. */
typedef struct {
    GByteArray *meta, *info, *data;
    guint metas, tensors;
} Gguf;

static void G_GNUC_NORETURN G_GNUC_PRINTF(1, 2) fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("make-demo: %s\n", message);
    exit(1);
}

static void put(GByteArray *out, const void *bytes, gsize size)
{
    g_byte_array_append(out, bytes, (guint) size);
}

static void put_u16(GByteArray *out, guint16 value)
{
    value = GUINT16_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_u32(GByteArray *out, guint32 value)
{
    value = GUINT32_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_u64(GByteArray *out, guint64 value)
{
    value = GUINT64_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_f32(GByteArray *out, float value)
{
    guint32 bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(out, bits);
}

static void put_string(GByteArray *out, const char *string)
{
    put_u64(out, strlen(string));
    put(out, string, strlen(string));
}

static void pad(GByteArray *out)
{
    static const guint8 zeros[ALIGNMENT];
    put(out, zeros, (ALIGNMENT - out->len % ALIGNMENT) % ALIGNMENT);
}

static void meta(Gguf *gguf, const char *key, guint32 type)
{
    put_string(gguf->meta, key);
    put_u32(gguf->meta, type);
    gguf->metas++;
}

static void meta_u32(Gguf *gguf, const char *key, guint32 value)
{
    meta(gguf, key, GGUF_UINT32);
    put_u32(gguf->meta, value);
}

static void meta_f32(Gguf *gguf, const char *key, float value)
{
    meta(gguf, key, GGUF_FLOAT32);
    put_f32(gguf->meta, value);
}

static void meta_string(Gguf *gguf, const char *key, const char *value)
{
    meta(gguf, key, GGUF_STRING);
    put_string(gguf->meta, value);
}

static void meta_array(Gguf *gguf, const char *key, guint32 type, guint64 n)
{
    meta(gguf, key, GGUF_ARRAY);
    put_u32(gguf->meta, type);
    put_u64(gguf->meta, n);
}

/* Whether GPT-2's vocabulary files write byte B as the character B. */
static gboolean printable(guint b)
{
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
}

/* A token in GPT-2's printable form: a byte that is no printable character
 * becomes U+0100 plus its number among those. */
static char *printable_form(GBytes *token)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(token, &length);
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < length; i++) {
        guint hidden = 0;
        for (guint b = 0; b < bytes[i]; b++)
            hidden += !printable(b);
        g_string_append_unichar(out, printable(bytes[i]) ? bytes[i] : 256 + hidden);
    }
    return g_string_free(out, FALSE);
}

/* Tokens of VOCABULARY in the order of their ranks; ends the program when it is not one. */
static GPtrArray *read_vocabulary(const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        fail("%s", error->message);
    GPtrArray *tokens = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        char *space = strchr(*line, ' ');
        if (!space || g_ascii_strtoull(space + 1, NULL, 10) != tokens->len)
            fail("%s: line %u is not \"base64 %u\"", path, tokens->len + 1, tokens->len);
        *space = '\0';
        gsize length;
        guint8 *bytes = g_base64_decode(*line, &length);
        g_ptr_array_add(tokens, g_bytes_new_take(bytes, length));
    }
    if (tokens->len <= 256)
        fail("%s: %u tokens, 257 or more are needed", path, tokens->len);
    return tokens;
}

static void vocabulary_meta(Gguf *gguf, const GPtrArray *tokens)
{
    meta_string(gguf, "tokenizer.ggml.model", "gpt2");
    meta_string(gguf, "tokenizer.ggml.pre", "glm4");
    meta_array(gguf, "tokenizer.ggml.tokens", GGUF_STRING, tokens->len + SPECIALS);
    for (guint i = 0; i < tokens->len; i++) {
        g_autofree char *form = printable_form(g_ptr_array_index(tokens, i));
        put_string(gguf->meta, form);
    }
    for (guint i = 0; i < SPECIALS; i++)
        put_string(gguf->meta, special[i]);
    meta_array(gguf, "tokenizer.ggml.token_type", GGUF_INT32, tokens->len + SPECIALS);
    for (guint i = 0; i < tokens->len + SPECIALS; i++)
        put_u32(gguf->meta, i < tokens->len ? TOKEN_NORMAL : TOKEN_CONTROL);
    meta_u32(gguf, "tokenizer.ggml.eos_token_id", tokens->len + SPECIAL_EOS);
    meta_u32(gguf, "tokenizer.ggml.eot_token_id", tokens->len + SPECIAL_EOT);
    meta_u32(gguf, "tokenizer.ggml.padding_token_id", tokens->len + SPECIAL_EOS);
    meta(gguf, "tokenizer.ggml.add_bos_token", GGUF_BOOL);
    put(gguf->meta, "", 1);
}

static void model_meta(Gguf *gguf)
{
    meta_string(gguf, "general.architecture", "chatglm");
    meta_string(gguf, "general.name", "kvasir demonstration (random weights)");
    meta_u32(gguf, "general.file_type", FILE_MOSTLY_Q8_0);
    meta_u32(gguf, "general.quantization_version", 2);
    meta_u32(gguf, "chatglm.context_length", CONTEXT);
    meta_u32(gguf, "chatglm.embedding_length", HIDDEN);
    meta_u32(gguf, "chatglm.feed_forward_length", FFN);
    meta_u32(gguf, "chatglm.block_count", LAYERS);
    meta_u32(gguf, "chatglm.attention.head_count", HEADS);
    meta_u32(gguf, "chatglm.attention.head_count_kv", KV_HEADS);
    meta_f32(gguf, "chatglm.attention.layer_norm_rms_epsilon", 1.5625e-07f);
    meta_u32(gguf, "chatglm.rope.dimension_count", ROTARY);
    meta_f32(gguf, "chatglm.rope.freq_base", 5e6f);
}

/* Element INDEX of the random numbers NAME: the sum of four uniform numbers of
 * six bits, centred, so -126 .. 126 in steps of 1 with a deviation of 37. */
static int noise(const char *name, guint64 index)
{
    guint64 z = G_GUINT64_CONSTANT(0xCBF29CE484222325);     /* FNV-1a of the name */
    for (const char *c = name; *c; c++)
        z = (z ^ (guint8) *c) * G_GUINT64_CONSTANT(0x100000001B3);
    z += (index + 1) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);     /* splitmix64 */
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
    z ^= z >> 31;
    return (int) ((z & 63) + (z >> 16 & 63) + (z >> 32 & 63) + (z >> 48 & 63)) - 126;
}

static void tensor_info(Gguf *gguf, const char *name, guint type, guint64 rows, guint64 columns)
{
    put_string(gguf->info, name);
    put_u32(gguf->info, rows ? 2 : 1);
    put_u64(gguf->info, columns);
    if (rows)
        put_u64(gguf->info, rows);
    put_u32(gguf->info, type);
    put_u64(gguf->info, gguf->data->len);
    gguf->tensors++;
}

/* A vector of OFFSET plus noise of a deviation of 37 / DIVISOR, a power of two. */
static void vector(Gguf *gguf, const char *name, guint n, float offset, float divisor)
{
    tensor_info(gguf, name, TENSOR_F32, 0, n);
    for (guint i = 0; i < n; i++)
        put_f32(gguf->data, offset + (float) noise(name, i) / divisor);
    pad(gguf->data);
}

typedef enum { ROW_PLAIN, ROW_SILENT, ROW_LOUD } Row;

/* A matrix of ROWS x COLUMNS of noise of a deviation of 37 / 2^SHIFT.  KINDS (may be NULL) says
 * which rows are zero instead, or larger by a quarter. */
static void matrix(Gguf *gguf, const char *name, guint rows, guint columns, guint shift, const Row *kinds)
{
    tensor_info(gguf, name, TENSOR_Q8_0, rows, columns);
    for (guint row = 0; row < rows; row++) {
        Row kind = kinds ? kinds[row] : ROW_PLAIN;
        guint exponent = 15 - shift + (kind == ROW_LOUD);
        for (guint column = 0; column < columns; column++) {
            if (column % Q8_BLOCK == 0)     /* the block's scale, a power of two, as half */
                put_u16(gguf->data, (guint16) (exponent << 10));
            int value = kind == ROW_SILENT ? 0 : noise(name, (guint64) row * columns + column);
            if (kind == ROW_LOUD)
                value = value * 5 / 8;      /* of twice the scale */
            gint8 byte = (gint8) value;
            put(gguf->data, &byte, 1);
        }
    }
    pad(gguf->data);
}

/* Kinds of the output's rows.  Silent are single bytes of no ASCII character and specials that
 * do not end a turn, so that greedy decoding shows printable words. */
static Row *output_rows(const GPtrArray *tokens)
{
    Row *kinds = g_new0(Row, tokens->len + SPECIALS);
    for (guint i = 0; i < tokens->len; i++) {
        gsize length;
        const guint8 *bytes = g_bytes_get_data(g_ptr_array_index(tokens, i), &length);
        for (gsize k = 0; k < length; k++)
            if (bytes[k] < ' ' || bytes[k] > '~')
                kinds[i] = ROW_SILENT;
    }
    for (guint i = 0; i < SPECIALS; i++)
        kinds[tokens->len + i] = i == SPECIAL_EOS || i == SPECIAL_EOT ? ROW_LOUD : ROW_SILENT;
    return kinds;
}

static void tensors(Gguf *gguf, const GPtrArray *tokens)
{
    guint vocabulary = tokens->len + SPECIALS;
    g_autofree Row *kinds = output_rows(tokens);
    matrix(gguf, "token_embd.weight", vocabulary, HIDDEN, 10, NULL);
    for (guint i = 0; i < LAYERS; i++) {
        char name[64];
#define NAME(leaf) (g_snprintf(name, sizeof name, "blk.%u." leaf, i), name)
        vector(gguf, NAME("attn_norm.weight"), HIDDEN, 1, 512);
        matrix(gguf, NAME("attn_qkv.weight"), QKV_ROWS, HIDDEN, 8, NULL);
        vector(gguf, NAME("attn_qkv.bias"), QKV_ROWS, 0, 128);
        matrix(gguf, NAME("attn_output.weight"), HIDDEN, HEADS * HEAD_DIM, 9, NULL);
        vector(gguf, NAME("ffn_norm.weight"), HIDDEN, 1, 512);
        matrix(gguf, NAME("ffn_up.weight"), 2 * FFN, HIDDEN, 9, NULL);
        matrix(gguf, NAME("ffn_down.weight"), HIDDEN, FFN, 9, NULL);
#undef NAME
    }
    vector(gguf, "output_norm.weight", HIDDEN, 1, 512);
    matrix(gguf, "output.weight", vocabulary, HIDDEN, 8, kinds);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage: make-demo VOCABULARY OUTPUT");
    g_autoptr(GPtrArray) tokens = read_vocabulary(argv[1]);
    Gguf gguf = { g_byte_array_new(), g_byte_array_new(), g_byte_array_new(), 0, 0 };
    model_meta(&gguf);
    vocabulary_meta(&gguf, tokens);
    tensors(&gguf, tokens);

    g_autoptr(GByteArray) file = g_byte_array_new();
    put(file, "GGUF", 4);
    put_u32(file, 3);
    put_u64(file, gguf.tensors);
    put_u64(file, gguf.metas);
    put(file, gguf.meta->data, gguf.meta->len);
    put(file, gguf.info->data, gguf.info->len);
    pad(file);
    put(file, gguf.data->data, gguf.data->len);
    g_byte_array_unref(gguf.meta);
    g_byte_array_unref(gguf.info);
    g_byte_array_unref(gguf.data);

    g_autoptr(GError) error = NULL;
    if (!g_file_set_contents(argv[2], (const char *) file->data, file->len, &error))
        fail("%s", error->message);
    return 0;
}
