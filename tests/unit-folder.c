/* unit-folder.c - models from safetensors files and folders of them: right ones are read, wrong and damaged ones give a
 * sentence that names the field. */
#include "config.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/model/safetensors.h"
#include "src/model/weights.h"
#include "tests/gguf-maker.h"
#include "tests/test-weights.h"

/* ---------------------------------------------------------------- safetensors */

static GBytes *make_safetensors(const char *header, gsize data)
{
    GByteArray *out = g_byte_array_new();
    guint64 length = GUINT64_TO_LE(strlen(header));
    g_autofree guint8 *zeros = g_malloc0(data + 1);

    g_byte_array_append(out, (const guint8 *) &length, 8);
    g_byte_array_append(out, (const guint8 *) header, (guint) strlen(header));
    g_byte_array_append(out, zeros, (guint) data);
    return g_byte_array_free_to_bytes(out);
}

static const char good_header[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"a\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,24]},"
    "\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[24,32]}}   ";

static void test_safetensors_good(void)
{
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    g_autoptr(GBytes) bytes = make_safetensors(good_header, 32);
    g_autoptr(GError) error = NULL;

    safetensors_add_bytes(checkpoint, bytes, "made", &error);
    g_assert_no_error(error);
    const StoredTensor *a = checkpoint_find(checkpoint, "a"), *c = checkpoint_find(checkpoint, "c");
    g_assert_cmpuint(a->dims[0], ==, 2);
    g_assert_cmpuint(a->dims[1], ==, 3);
    g_assert_cmpint(a->type, ==, TYPE_BF16);
    g_assert_cmpuint(a->bytes, ==, 12);
    g_assert_false(c->supported);
    g_assert_null(c->data);
}

#define T(rest) "{\"a\":{\"dtype\":\"F32\"," rest "}}"

static void test_safetensors_refused(void)
{
    static const struct { const char *header, *wanted; } cases[] = {
        { "", "JSON" },
        { "[]", "not an object" },
        { "{", "not valid JSON" },
        { "{\"a\":1}", "tensor a: the header's entry is not an object" },
        { "{\"a\":{}}", "tensor a: dtype is missing" },
        { "{\"a\":{\"dtype\":3}}", "tensor a: dtype is missing or not a string" },
        { "{\"\":{}}", "tensor name '' is empty" },
        { "{\"\\u001b[31m\":{}}", "not printable" },
        { T("\"shape\":[2],\"data_offsets\":[0,12]"), "span 12 bytes, but shape and dtype need 8" },
        { T("\"shape\":[2],\"data_offsets\":[8,0]"), "tensor a: data_offsets lie behind the end" },
        { T("\"shape\":[2],\"data_offsets\":[30,38]"), "tensor a: data_offsets lie behind the end" },
        { T("\"shape\":[2],\"data_offsets\":[0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[-8,0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[0.0,8.0]"), "tensor a: data_offsets are not two counts" },
        { T("\"shape\":[2],\"data_offsets\":[18446744073709551608,0]"), "a number is too large" },
        { T("\"shape\":[2]"), "tensor a: data_offsets" },
        { T("\"shape\":[-2],\"data_offsets\":[0,8]"), "tensor a: shape holds something other than counts" },
        { T("\"shape\":[\"2\"],\"data_offsets\":[0,8]"), "tensor a: shape holds something other than counts" },
        { T("\"shape\":2,\"data_offsets\":[0,8]"), "tensor a: shape is missing or not an array" },
        { T("\"shape\":[0],\"data_offsets\":[0,0]"), "tensor a has a dimension of 0" },
        { T("\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]"), "the shape of tensor a is too large" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", "overlap" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "occurs twice" },
        { "{\"a\":/*\"*/1}", "unexpected character" },
        { "{\"a\":'b'}", "unexpected character" },
        { "{\"a\":\"\xff\"}", "not UTF-8" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GBytes) bytes = make_safetensors(cases[i].header, 32);
        g_autoptr(GError) error = NULL;
        gboolean good = safetensors_add_bytes(checkpoint, bytes, "made", &error);
        assert_says(good ? NULL : error, cases[i].header, cases[i].wanted);
    }
    g_autofree char *nested = g_strnfill(1000000, '[');
    g_autofree char *deep = g_strdup_printf("{\"a\":%s", nested);
    g_autoptr(GBytes) bytes = make_safetensors(deep, 32);
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    g_autoptr(GError) error = NULL;
    safetensors_add_bytes(checkpoint, bytes, "made", &error);
    assert_says(error, "a million brackets", "nests deeper");
}

static void test_safetensors_damaged(void)
{
    g_autoptr(GBytes) whole = make_safetensors(good_header, 32);
    gsize size;
    const guint8 *data = g_bytes_get_data(whole, &size);

    for (gsize n = 0; n < size; n++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GBytes) part = exact_copy(whole, n);
        g_autoptr(GError) error = NULL;
        g_assert_false(safetensors_add_bytes(checkpoint, part, "part", &error));
        g_assert_error(error, FAILURE, FAILURE_MODEL);
    }
    for (guint i = 0; i < 5000; i++) {
        g_autoptr(Checkpoint) checkpoint = checkpoint_new();
        g_autoptr(GError) error = NULL;
        guint8 *copy = g_memdup2(data, size);
        for (int flips = g_test_rand_int_range(1, 4); flips > 0; flips--)
            copy[g_test_rand_int_range(0, (gint32) size - 32)] ^= (guint8) (1 << g_test_rand_int_range(0, 8));
        g_autoptr(GBytes) bytes = g_bytes_new_take(copy, size);
        if (!safetensors_add_bytes(checkpoint, bytes, "flipped", &error))
            g_assert_error(error, FAILURE, FAILURE_MODEL);
    }
}

/* ---------------------------------------------------------------- folders */

typedef struct {
    char *path;
} Folder;

static void folder_set_up(Folder *folder, gconstpointer data)
{
    folder->path = g_dir_make_tmp("kvasir-weights-XXXXXX", NULL);
    g_assert_nonnull(folder->path);
}

static void folder_tear_down(Folder *folder, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder->path, name, NULL);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_free(folder->path);
}

static void put_file(const Folder *folder, const char *name, const void *data, gsize n)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);

    g_assert_true(g_file_set_contents(path, data, (gssize) n, NULL));
}

static GBytes *get_model_file(const char *model, const char *name)
{
    g_autofree char *folder = model_path(model);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *data;
    gsize n;

    g_assert_true(g_file_get_contents(path, &data, &n, NULL));
    return g_bytes_new_take(data, n);
}

static void copy_file(const Folder *folder, const char *model, const char *name)
{
    g_autoptr(GBytes) bytes = get_model_file(model, name);

    put_file(folder, name, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* config.json of MODEL with the first FROM replaced by TO. */
static void put_config(const Folder *folder, const char *model, const char *from, const char *to)
{
    g_autoptr(GBytes) bytes = get_model_file(model, "config.json");
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) parts = g_strsplit(text, from, 2);

    if (g_strv_length(parts) != 2)
        g_error("%s has no %s", model, from);
    g_autofree char *edited = g_strjoinv(to, parts);
    put_file(folder, "config.json", edited, strlen(edited));
}

static void test_config_refused(Folder *folder, gconstpointer data)
{
    static const struct { const char *model, *from, *to, *wanted; } cases[] = {
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 0", "config.json: num_layers is 0" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"x\": 2", "num_layers is missing" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": \"2\"", "num_layers is not a number" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 2, \"num_layers\": 3", "occurs twice" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 3", "layers.2.input_layernorm.weight is missing" },
        { "tiny-1m-hf-remote", "\"num_layers\": 2", "\"num_layers\": 1", "layers.1." },
        { "tiny-1m-hf-remote", "\"hidden_size\": 64", "\"hidden_size\": 1e99", "hidden_size is 1e+99" },
        { "tiny-1m-hf-remote", "\"multi_query_group_num\": 4", "\"multi_query_group_num\": 3", "8 query heads" },
        { "tiny-1m-hf-remote", "\"multi_query_attention\": true", "\"multi_query_attention\": 1", "neither true nor false" },
        { "tiny-1m-hf-remote", "\"multi_query_attention\": true", "\"multi_query_attention\": false", "192 x 64" },
        { "tiny-1m-hf-remote", "\"rmsnorm\": true", "\"rmsnorm\": false", "rmsnorm is false, which is not supported" },
        { "tiny-1m-hf-remote", "\"add_bias_linear\": false", "\"add_bias_linear\": true", "add_bias_linear is true" },
        { "tiny-1m-hf-remote", "\"add_qkv_bias\": true", "\"add_qkv_bias\": false", "no bias, but the tensors have one" },
        { "tiny-1m-hf-remote", "\"padded_vocab_size\": 288", "\"padded_vocab_size\": 300", "embeddings.weight is 288 x 64" },
        { "tiny-1m-hf-remote", "\"rope_ratio\": 10000", "\"rope_ratio\": -1", "RoPE base -10000" },
        { "tiny-1m-hf-remote", "\"use_cache\": true", "\"quantization_bit\": 4", "quantised" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": \"llama\"", "model_type is llama" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": null", "model_type is missing" },
        { "tiny-1m-hf-native", "\"model_type\": \"glm\"", "\"model_type\": \"glm4\"", "post_self_attn_layernorm.weight is missing" },
        { "tiny-0414-hf-native", "\"model_type\": \"glm4\"", "\"model_type\": \"glm\"", "has no place in a chatglm model" },
        { "tiny-1m-hf-native", "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "hidden_act is not silu" },
        { "tiny-1m-hf-native", "\"partial_rotary_factor\": 0.5", "\"partial_rotary_factor\": 0", "partial_rotary_factor is 0" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_scaling\": {\"type\": \"yarn\"}", "rope_scaling is set" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_parameters\": {\"rope_type\": \"yarn\"}", "rope_type is not default" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"quantization_config\": {}", "quantised" },
        { "tiny-1m-hf-native", "\"attention_bias\": true", "\"attention_bias\": false", "no bias, but the tensors have one" },
        { "tiny-edge-hf-native", "\"attention_bias\": false", "\"attention_bias\": true", "a bias, but the tensors have none" },
        { "tiny-edge-hf-native", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", "lm_head.weight is missing" },
        { "tiny-1m-hf-native", "{", "", "JSON" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        put_config(folder, cases[i].model, cases[i].from, cases[i].to);
        copy_file(folder, cases[i].model, "model.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        assert_says(w ? NULL : error, cases[i].to, cases[i].wanted);
    }
}

static void test_config_accepted(Folder *folder, gconstpointer data)
{
    static const struct { const char *model, *from, *to; } cases[] = {
        { "tiny-1m-hf-remote", "\"rope_ratio\": 10000", "\"rope_ratio\": 10000.0" },
        { "tiny-1m-hf-remote", "\"add_qkv_bias\": true", "\"quantization_bit\": 0" },
        /* as newer versions of transformers write it */
        { "tiny-1m-hf-native", "\"rope_theta\": 100000000.0",
          "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 100000000, \"partial_rotary_factor\": 0.5}" },
        { "tiny-1m-hf-native", "\"head_dim\": 8,", "" },
        { "tiny-1m-hf-native", "\"tie_word_embeddings\": false,", "" },
        { "tiny-1m-hf-native", "\"use_cache\": true", "\"rope_scaling\": null" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        put_config(folder, cases[i].model, cases[i].from, cases[i].to);
        copy_file(folder, cases[i].model, "model.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        g_assert_no_error(error);
        g_assert_cmpfloat(w->info.rope_theta, ==, 1e8);
        g_assert_cmpint(w->info.rotary_dim, ==, 4);
        g_assert_cmpint(w->info.kv_heads, ==, 4);
    }
}

/* The single file of tiny-1m-hf-remote as two shards, without "transformer." when BARE. */
static void put_shards(const Folder *folder, gboolean bare, const char *first_file)
{
    g_autoptr(GBytes) bytes = get_model_file("tiny-1m-hf-remote", "model.safetensors");
    const char *data = g_bytes_get_data(bytes, NULL);
    guint64 length;

    memcpy(&length, data, 8);
    g_autofree char *header = g_strndup(data + 8, GUINT64_FROM_LE(length));
    g_auto(GStrv) pieces = g_strsplit(header, "transformer.", -1);
    if (bare) {
        g_free(header);
        header = g_strjoinv("", pieces);
    }
    /* Cut the list of entries behind the seventh tensor; both shards keep all the data. */
    g_auto(GStrv) entries = g_strsplit(g_strchomp(header), "]},", -1);
    g_autoptr(GString) one = g_string_new(NULL), two = g_string_new("{");
    g_autoptr(GString) map = g_string_new("{\"weight_map\":{");
    for (guint i = 0; entries[i]; i++) {
        GString *part = i < 7 ? one : two;
        const char *name = strchr(entries[i], '"');
        if (i == 0)
            name = strchr(strstr(entries[i], "},") ? strstr(entries[i], "},") : entries[i], '"');
        g_string_append_printf(part, "%s%s", entries[i], i == 6 ? "]}}" : entries[i + 1] ? "]}," : "");
        g_string_append_printf(map, "%s%.*s\":\"%s\"", i ? "," : "", (int) (strchr(name + 1, '"') - name), name,
                               i < 7 ? first_file : "model-2.safetensors");
    }
    g_string_append(map, "}}");
    gsize payload = g_bytes_get_size(bytes) - 8 - GUINT64_FROM_LE(length);
    GString *parts[] = { one, two };
    for (int i = 0; i < 2; i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        guint64 n = GUINT64_TO_LE(parts[i]->len);
        g_byte_array_append(out, (const guint8 *) &n, 8);
        g_byte_array_append(out, (const guint8 *) parts[i]->str, (guint) parts[i]->len);
        g_byte_array_append(out, (const guint8 *) data + 8 + GUINT64_FROM_LE(length), (guint) payload);
        put_file(folder, i ? "model-2.safetensors" : "model-1.safetensors", out->data, out->len);
    }
    put_file(folder, "model.safetensors.index.json", map->str, map->len);
    copy_file(folder, "tiny-1m-hf-remote", "config.json");
}

static void test_shards(Folder *folder, gconstpointer data)
{
    g_autoptr(Weights) single = open_model("tiny-1m-hf-remote");

    for (int bare = 0; bare < 2; bare++) {
        g_autoptr(GError) error = NULL;
        put_shards(folder, bare, "model-1.safetensors");
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        g_assert_no_error(error);
        assert_near(&w->layers[1].v, &single->layers[1].v, 0);
        assert_near(&w->output, &single->output, 0);
        if (!bare)
            g_assert_cmpstr(w->info.fingerprint, ==, single->info.fingerprint);
        g_autofree char *index = g_build_filename(folder->path, "model.safetensors.index.json", NULL);
        g_autoptr(Weights) by_index = weights_open(index, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(w->info.fingerprint, ==, by_index->info.fingerprint);
    }
}

static void test_index_refused(Folder *folder, gconstpointer data)
{
    static const char *const outside[] = {
        "../model-1.safetensors", "/etc/passwd", "x/model-1.safetensors", "..", "", ".safetensors",
        "model-1.safetensors.exe", "a\\\\model-1.safetensors",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autoptr(GError) error = NULL;
        put_shards(folder, FALSE, outside[i]);
        g_autoptr(Weights) w = weights_open(folder->path, &error);
        assert_says(w ? NULL : error, outside[i], "weight_map: the file '");
    }
    g_autoptr(GError) missing = NULL;
    put_shards(folder, FALSE, "\\u0000.safetensors");
    g_autoptr(Weights) w = weights_open(folder->path, &missing);
    assert_says(missing, "a name cut off", "model.safetensors.index.json: a string has the character NUL");
    g_clear_error(&missing);
    put_shards(folder, FALSE, "model-3.safetensors");
    w = weights_open(folder->path, &missing);
    assert_says(missing, "a missing shard", "model-3.safetensors: cannot open");
    g_clear_error(&missing);
    put_shards(folder, FALSE, "model-2.safetensors");
    w = weights_open(folder->path, &missing);
    assert_says(missing, "a wrong shard", "which does not hold it");
    g_clear_error(&missing);
    put_file(folder, "model.safetensors.index.json", "{}", 2);
    w = weights_open(folder->path, &missing);
    assert_says(missing, "an empty index", "weight_map is missing");
}

/* Things that are no model at all; a FIFO must not block. */
static void test_no_models(Folder *folder, gconstpointer data)
{
    g_autofree char *fifo = g_build_filename(folder->path, "fifo", NULL);
    g_autofree char *empty = g_build_filename(folder->path, "empty", NULL);
    g_autofree char *text = g_build_filename(folder->path, "text", NULL);
    g_autofree char *nothing = g_build_filename(folder->path, "nothing", NULL);
    const struct { const char *path, *wanted; } cases[] = {
        { folder->path, "has no config.json" }, { fifo, "not a regular file" }, { "/dev/null", "not a regular file" },
        { empty, "ends inside the magic number" }, { text, "is not a GGUF file" }, { nothing, "No such file" },
    };

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    put_file(folder, "empty", "", 0);
    put_file(folder, "text", "hello, world", 12);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Weights) w = weights_open(cases[i].path, &error);
        assert_says(w ? NULL : error, cases[i].path, cases[i].wanted);
        g_assert_true(g_str_has_prefix(error->message, cases[i].path));
    }
    put_file(folder, "config.json", "{\"model_type\":\"glm\"}", 20);
    g_autoptr(GError) error = NULL;
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    assert_says(error, "a folder", "config.json: num_hidden_layers is missing");
    g_clear_error(&error);
    copy_file(folder, "tiny-1m-hf-native", "config.json");
    w = weights_open(folder->path, &error);
    assert_says(error, "a folder", "has neither model.safetensors nor");
}

/* A tokenizer.model in the folder is used; one with too many tokens is refused. */
static void test_folder_tokenizer(Folder *folder, gconstpointer data)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 256; i++) {
        guint8 byte = (guint8) i;
        g_autofree char *text = g_base64_encode(&byte, 1);
        g_string_append_printf(lines, "%s %u\n", text, i);
    }
    copy_file(folder, "tiny-1m-hf-native", "config.json");
    copy_file(folder, "tiny-1m-hf-native", "model.safetensors");
    put_file(folder, "tokenizer.model", lines->str, lines->len);
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tokenizer_size(w->tokenizer), ==, 270);
    g_autoptr(Weights) without = open_model("tiny-1m-hf-native");
    g_assert_cmpstr(w->info.fingerprint, !=, without->info.fingerprint);
    for (guint i = 256; i < 288; i++) {
        guint8 bytes[2] = { 'a', (guint8) i };
        g_autofree char *text = g_base64_encode(bytes, 2);
        g_string_append_printf(lines, "%s %u\n", text, i);
    }
    put_file(folder, "tokenizer.model", lines->str, lines->len);
    g_autoptr(Weights) too_many = weights_open(folder->path, &error);
    assert_says(error, "too many tokens", "tokenizer.model: has 302 tokens, but the model's vocabulary only 288");
}

#define GLM_PATTERN \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}" \
    "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

/* A tokenizer.json of 258 tokens, one of them named merges, and 14 specials; FROM is replaced by TO. */
static char *make_tokenizer_json(const char *from, const char *to)
{
    g_autoptr(GString) text = g_string_new("{\"version\":\"1.0\",\"added_tokens\":[");

    for (guint i = 0; i < 14; i++) {
        g_autofree char *name = maker_token(256 + i);
        g_string_append_printf(text, "%s{\"id\":%u,\"content\":\"%s\",\"special\":true}", i ? "," : "", 258 + i, name);
    }
    g_string_append(text, "],\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":"
                    "{\"Regex\":\"" GLM_PATTERN "\"}}]},\"model\":{\"type\":\"BPE\",\"vocab\":{");
    for (guint i = 0; i < 256; i++) {
        g_autofree char *name = maker_token(i);
        g_string_append_printf(text, "\"%s%s\":%u,", *name == '"' || *name == '\\' ? "\\" : "", name, i);
    }
    g_string_append(text, "\"merges\":256,\"ab\":257},\"merges\": [[\"a\",\"]\"],\"m e\",[\"[\",\"\\\"\"]],\"dropout\":null}}");
    g_string_replace(text, from, to, 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Native folders have a tokenizer.json; a tokenizer.model goes first. */
static void test_folder_tokenizer_json(Folder *folder, gconstpointer data)
{
    static const struct { const char *from, *to, *wanted; } cases[] = {
        { "\"BPE\"", "\"Unigram\"", "model.type is not BPE" },
        { "\"vocab\"", "\"words\"", "model.vocab is missing" },
        { "\"merges\":256", "\"merges\":300", "not below the vocabulary of 288" },
        { "\"merges\":256", "\"merges\":-1", "not below the vocabulary of 288" },
        { "\"merges\":256", "\"merges\":255", "token 255 occurs twice" },
        { "\"merges\":256", "\"mergesz\":280", "token 256 is missing" },
        { "\"merges\":256", "\"\u4f60\":256", "token 256 holds characters" },
        { "\"merges\":256", "\"\":256", "token 256 is empty" },
        { "\"added_tokens\":[", "\"added_tokens\":[3,", "added_tokens holds something other" },
        { "\"added_tokens\":[", "\"added_tokens\":[{\"id\":9},", "token 9 is empty" },
        { "{\"version\"", "[\"version\"", "tokenizer.json: " },
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = make_tokenizer_json("1.0", "1.0");
    gsize length;

    copy_file(folder, "tiny-1m-hf-native", "config.json");
    copy_file(folder, "tiny-1m-hf-native", "model.safetensors");
    put_file(folder, "tokenizer.json", text, strlen(text));
    g_autoptr(Weights) w = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tokenizer_size(w->tokenizer), ==, 272);
    g_assert_cmpint(tokenizer_special(w->tokenizer, "<|user|>"), ==, 265);
    g_assert_cmpmem(tokenizer_bytes(w->tokenizer, 256, &length), 6, "merges", 6);
    g_assert_cmpuint(g_strv_length(w->info.warnings), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *bad = make_tokenizer_json(cases[i].from, cases[i].to);
        put_file(folder, "tokenizer.json", bad, strlen(bad));
        g_autoptr(Weights) none = weights_open(folder->path, &error);
        assert_says(none ? NULL : error, cases[i].to, cases[i].wanted);
        g_clear_error(&error);
    }
    g_autofree char *other = make_tokenizer_json("{1,3}", "{1,2}");
    put_file(folder, "tokenizer.json", other, strlen(other));
    g_autoptr(Weights) warned = weights_open(folder->path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(warned->info.warnings), ==, 1);
    for (gsize n = 0; n < strlen(text); n += 7) {
        put_file(folder, "tokenizer.json", text, n);
        g_autoptr(Weights) none = weights_open(folder->path, &error);
        assert_says(none ? NULL : error, "a cut tokenizer.json", "tokenizer.json: ");
        g_clear_error(&error);
    }
}

#define ADD_FOLDER(name, function) \
    g_test_add("/weights/" name, Folder, NULL, folder_set_up, function, folder_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/weights/safetensors/good", test_safetensors_good);
    g_test_add_func("/weights/safetensors/refused", test_safetensors_refused);
    g_test_add_func("/weights/safetensors/damaged", test_safetensors_damaged);
    ADD_FOLDER("folder/config-refused", test_config_refused);
    ADD_FOLDER("folder/config-accepted", test_config_accepted);
    ADD_FOLDER("folder/shards", test_shards);
    ADD_FOLDER("folder/index-refused", test_index_refused);
    ADD_FOLDER("folder/no-models", test_no_models);
    ADD_FOLDER("folder/tokenizer-model", test_folder_tokenizer);
    ADD_FOLDER("folder/tokenizer-json", test_folder_tokenizer_json);
    return g_test_run();
}
