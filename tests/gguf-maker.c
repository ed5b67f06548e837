/* gguf-maker.c - makes GGUF files in memory for tests. */
#include "config.h"
#include "tests/gguf-maker.h"

#include <math.h>
#include <string.h>

#include "src/model/gguf.h"

#define ALIGNMENT 32
#define VOCABULARY 272

typedef struct {
    char *key;
    guint32 type;
    GByteArray *value;      /* everything behind the type */
} MakerKey;

typedef struct {
    char *name;
    guint32 type;
    guint n_dims;
    guint64 dims[8];        /* innermost first, as in the file */
    guint64 shift;          /* added to the right offset */
    GByteArray *data;
} MakerTensor;

static void free_key(gpointer data)
{
    MakerKey *key = data;

    g_free(key->key);
    g_byte_array_unref(key->value);
    g_free(key);
}

static void free_tensor(gpointer data)
{
    MakerTensor *tensor = data;

    g_free(tensor->name);
    g_byte_array_unref(tensor->data);
    g_free(tensor);
}

Maker *maker_new(void)
{
    Maker *maker = g_new0(Maker, 1);

    maker->version = 3;
    maker->keys = g_ptr_array_new_with_free_func(free_key);
    maker->tensors = g_ptr_array_new_with_free_func(free_tensor);
    return maker;
}

void maker_free(Maker *maker)
{
    g_ptr_array_unref(maker->keys);
    g_ptr_array_unref(maker->tensors);
    g_free(maker);
}

/* ---------------------------------------------------------------- bytes */

static void put(GByteArray *out, const void *bytes, gsize n)
{
    g_byte_array_append(out, bytes, (guint) n);
}

static void put32(GByteArray *out, guint32 value)
{
    value = GUINT32_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put64(GByteArray *out, guint64 value)
{
    value = GUINT64_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_string(GByteArray *out, const char *text)
{
    put64(out, strlen(text));
    put(out, text, strlen(text));
}

/* ---------------------------------------------------------------- keys */

static MakerKey *find_key(const Maker *maker, const char *name)
{
    for (guint i = 0; i < maker->keys->len; i++) {
        MakerKey *key = maker->keys->pdata[i];
        if (strcmp(key->key, name) == 0)
            return key;
    }
    return NULL;
}

/* The key NAME with an empty value, made if there is none. */
static GByteArray *fresh_key(Maker *maker, const char *name, guint32 type)
{
    MakerKey *key = find_key(maker, name);

    if (key == NULL) {
        key = g_new0(MakerKey, 1);
        key->key = g_strdup(name);
        key->value = g_byte_array_new();
        g_ptr_array_add(maker->keys, key);
    }
    key->type = type;
    g_byte_array_set_size(key->value, 0);
    return key->value;
}

void maker_u32(Maker *maker, const char *key, guint32 value)
{
    put32(fresh_key(maker, key, GGUF_UINT32), value);
}

void maker_string(Maker *maker, const char *key, const char *value)
{
    put_string(fresh_key(maker, key, GGUF_STRING), value);
}

static void set_number(Maker *maker, const char *key, const char *type, const char *text)
{
    static const struct { const char *name; guint32 type; guint bytes; } integers[] = {
        { "u8", GGUF_UINT8, 1 }, { "i8", GGUF_INT8, 1 }, { "u16", GGUF_UINT16, 2 }, { "i16", GGUF_INT16, 2 },
        { "u32", GGUF_UINT32, 4 }, { "i32", GGUF_INT32, 4 }, { "u64", GGUF_UINT64, 8 }, { "i64", GGUF_INT64, 8 },
        { "bool", GGUF_BOOL, 1 }, { "bad", 99, 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(integers); i++)
        if (strcmp(integers[i].name, type) == 0) {
            guint64 value = text[0] == '-' ? (guint64) g_ascii_strtoll(text, NULL, 10)
                                           : g_ascii_strtoull(text, NULL, 10);
            value = GUINT64_TO_LE(value);
            put(fresh_key(maker, key, integers[i].type), &value, integers[i].bytes);
            return;
        }
    double number = g_ascii_strtod(text, NULL);
    float single = (float) number;
    if (strcmp(type, "f32") == 0)
        put(fresh_key(maker, key, GGUF_FLOAT32), &single, sizeof single);
    else if (strcmp(type, "f64") == 0)
        put(fresh_key(maker, key, GGUF_FLOAT64), &number, sizeof number);
    else
        g_error("gguf-maker: no type %s", type);
}

/* ---------------------------------------------------------------- tensors */

static MakerTensor *find_tensor(const Maker *maker, const char *name)
{
    for (guint i = 0; i < maker->tensors->len; i++) {
        MakerTensor *tensor = maker->tensors->pdata[i];
        if (strcmp(tensor->name, name) == 0)
            return tensor;
    }
    g_error("gguf-maker: no tensor %s", name);
}

static MakerTensor *add_tensor(Maker *maker, const char *name, guint64 columns, guint64 rows)
{
    MakerTensor *tensor = g_new0(MakerTensor, 1);

    tensor->name = g_strdup(name);
    tensor->n_dims = rows ? 2 : 1;
    tensor->dims[0] = columns;
    tensor->dims[1] = rows;
    tensor->data = g_byte_array_new();
    for (guint64 i = 0; i < columns * MAX(rows, 1); i++) {
        float value = (float) i / 64;
        put(tensor->data, &value, sizeof value);
    }
    g_ptr_array_add(maker->tensors, tensor);
    return tensor;
}

static GByteArray *copy_bytes(const GByteArray *bytes)
{
    GByteArray *copy = g_byte_array_new();

    put(copy, bytes->data, bytes->len);
    return copy;
}

/* ---------------------------------------------------------------- the vocabulary */

/* GPT-2's printable form of a byte. */
static gunichar printable_byte(guint byte)
{
    gunichar extra = 256;

    for (guint b = 0; b <= 255; b++) {
        gboolean itself = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        if (b == byte)
            return itself ? b : extra;
        extra += !itself;
    }
    return 0;
}

char *maker_token(guint id)
{
    static const char *const specials[] = {
        "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>",
        "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
    };
    char utf8[8] = "";

    if (id < 256) {
        utf8[g_unichar_to_utf8(printable_byte(id), utf8)] = '\0';
        return g_strdup(utf8);
    }
    return id < 270 ? g_strdup(specials[id - 256]) : g_strdup_printf("[PAD%u]", id);
}

/* The vocabulary with token CHANGED (if any) of another text or type. */
static void put_vocabulary(Maker *maker, guint64 claimed, gint changed, const char *text, gint type)
{
    GByteArray *tokens = fresh_key(maker, "tokenizer.ggml.tokens", GGUF_ARRAY);

    put32(tokens, GGUF_STRING);
    put64(tokens, claimed);
    for (guint i = 0; i < VOCABULARY; i++) {
        g_autofree char *own = maker_token(i);
        put_string(tokens, changed == (gint) i && text ? text : own);
    }
    GByteArray *types = fresh_key(maker, "tokenizer.ggml.token_type", GGUF_ARRAY);
    put32(types, GGUF_INT32);
    put64(types, VOCABULARY);
    for (guint i = 0; i < VOCABULARY; i++) {
        gint own = i < 256 ? 1 : i < 270 ? 3 : 5;
        put32(types, (guint32) (changed == (gint) i && type >= 0 ? type : own));
    }
}

/* ---------------------------------------------------------------- the standard model */

Maker *maker_standard(void)
{
    Maker *maker = maker_new();

    maker_string(maker, "general.architecture", "chatglm");
    maker_string(maker, "general.name", "standard");
    maker_u32(maker, "chatglm.context_length", 4096);
    maker_u32(maker, "chatglm.embedding_length", 32);
    maker_u32(maker, "chatglm.feed_forward_length", 64);
    maker_u32(maker, "chatglm.block_count", 1);
    maker_u32(maker, "chatglm.attention.head_count", 2);
    maker_u32(maker, "chatglm.attention.head_count_kv", 1);
    set_number(maker, "chatglm.attention.layer_norm_rms_epsilon", "f32", "1e-5");
    maker_u32(maker, "chatglm.rope.dimension_count", 8);
    set_number(maker, "chatglm.rope.freq_base", "f32", "10000");
    maker_string(maker, "tokenizer.ggml.model", "gpt2");
    maker_string(maker, "tokenizer.ggml.pre", "chatglm-bpe");
    put_vocabulary(maker, VOCABULARY, -1, NULL, -1);
    add_tensor(maker, "token_embd.weight", 32, VOCABULARY);
    add_tensor(maker, "blk.0.attn_norm.weight", 32, 0);
    add_tensor(maker, "blk.0.attn_qkv.weight", 32, 64);
    add_tensor(maker, "blk.0.attn_qkv.bias", 64, 0);
    add_tensor(maker, "blk.0.attn_output.weight", 32, 32);
    add_tensor(maker, "blk.0.ffn_norm.weight", 32, 0);
    add_tensor(maker, "blk.0.ffn_up.weight", 32, 128);
    add_tensor(maker, "blk.0.ffn_down.weight", 64, 32);
    add_tensor(maker, "output_norm.weight", 32, 0);
    add_tensor(maker, "output.weight", 32, VOCABULARY);
    return maker;
}

/* ---------------------------------------------------------------- edits */

static guint64 number_at(char **words, guint i)
{
    g_assert_cmpuint(i, <, g_strv_length(words));
    return g_ascii_strtoull(words[i], NULL, 10);
}

static void edit_key(Maker *maker, char **words)
{
    if (strcmp(words[0], "set") == 0) {
        if (strcmp(words[2], "str") == 0)
            maker_string(maker, words[1], words[3]);
        else
            set_number(maker, words[1], words[2], words[3]);
        return;
    }
    MakerKey *key = find_key(maker, words[1]);
    g_assert_nonnull(key);
    if (strcmp(words[0], "drop") == 0) {
        g_ptr_array_remove(maker->keys, key);
        return;
    }
    MakerKey *twin = g_new0(MakerKey, 1);
    *twin = (MakerKey) { g_strdup(key->key), key->type, copy_bytes(key->value) };
    g_ptr_array_add(maker->keys, twin);
}

static void edit_tensor(Maker *maker, char **words)
{
    if (strcmp(words[0], "add") == 0) {
        add_tensor(maker, words[1], number_at(words, 2), words[3] ? number_at(words, 3) : 0);
        return;
    }
    MakerTensor *tensor = find_tensor(maker, words[1]);
    if (strcmp(words[0], "type") == 0) {
        tensor->type = (guint32) number_at(words, 2);
    } else if (strcmp(words[0], "dims") == 0) {
        tensor->n_dims = g_strv_length(words) - 2;
        for (guint i = 0; i < tensor->n_dims; i++)
            tensor->dims[i] = number_at(words, i + 2);
    } else if (strcmp(words[0], "rename") == 0) {
        g_free(tensor->name);
        tensor->name = g_strcompress(words[2]);
    } else if (strcmp(words[0], "remove") == 0) {
        g_ptr_array_remove(maker->tensors, tensor);
    } else if (strcmp(words[0], "offset") == 0) {
        tensor->shift = number_at(words, 2);
    } else if (strcmp(words[0], "poison") == 0) {
        float nan = NAN;
        memcpy(tensor->data->data, &nan, sizeof nan);
    } else if (strcmp(words[0], "repeat") == 0) {
        MakerTensor *twin = g_new0(MakerTensor, 1);
        *twin = *tensor;
        twin->name = g_strdup(tensor->name);
        twin->data = copy_bytes(tensor->data);
        g_ptr_array_add(maker->tensors, twin);
    } else {
        g_error("gguf-maker: no edit %s", words[0]);
    }
}

static void edit_once(Maker *maker, const char *edit)
{
    g_auto(GStrv) words = g_strsplit(edit, " ", -1);
    const char *verb = words[0];

    g_assert_cmpuint(g_strv_length(words), >=, 2);
    if (strcmp(verb, "set") == 0 || strcmp(verb, "drop") == 0 || strcmp(verb, "double") == 0)
        edit_key(maker, words);
    else if (strcmp(verb, "token") == 0)
        put_vocabulary(maker, VOCABULARY, (gint) number_at(words, 1), words[2], -1);
    else if (strcmp(verb, "tokentype") == 0)
        put_vocabulary(maker, VOCABULARY, (gint) number_at(words, 1), NULL, (gint) number_at(words, 2));
    else if (strcmp(verb, "tokens") == 0)
        put_vocabulary(maker, number_at(words, 1), -1, NULL, -1);
    else
        edit_tensor(maker, words);
}

void maker_edit(Maker *maker, const char *edit)
{
    g_auto(GStrv) edits = g_strsplit(edit, "; ", -1);

    for (char **one = edits; *one; one++)
        edit_once(maker, *one);
}

/* ---------------------------------------------------------------- the file */

static guint64 padded(guint64 n)
{
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

GBytes *maker_finish(const Maker *maker, gsize *header)
{
    GByteArray *out = g_byte_array_new();
    guint64 offset = 0;

    put(out, "GGUF", 4);
    put32(out, maker->version);
    put64(out, maker->tensors->len);
    put64(out, maker->keys->len);
    for (guint i = 0; i < maker->keys->len; i++) {
        const MakerKey *key = maker->keys->pdata[i];
        put_string(out, key->key);
        put32(out, key->type);
        put(out, key->value->data, key->value->len);
    }
    for (guint i = 0; i < maker->tensors->len; i++) {
        const MakerTensor *tensor = maker->tensors->pdata[i];
        put_string(out, tensor->name);
        put32(out, tensor->n_dims);
        for (guint d = 0; d < tensor->n_dims; d++)
            put64(out, tensor->dims[d]);
        put32(out, tensor->type);
        put64(out, offset + tensor->shift);
        offset += padded(tensor->data->len);
    }
    if (header)
        *header = out->len;
    static const guint8 zeros[ALIGNMENT];
    put(out, zeros, padded(out->len) - out->len);
    for (guint i = 0; i < maker->tensors->len; i++) {
        const MakerTensor *tensor = maker->tensors->pdata[i];
        put(out, tensor->data->data, tensor->data->len);
        put(out, zeros, padded(tensor->data->len) - tensor->data->len);
    }
    return g_byte_array_free_to_bytes(out);
}
