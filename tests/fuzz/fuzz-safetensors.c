/* fuzz-safetensors.c - a safetensors file, a config.json or a tokenizer.json; the first byte says which. */
#include "config.h"

#include "src/base/failure.h"
#include "src/model/hparams.h"
#include "src/model/safetensors.h"
#include "src/model/vocabulary.h"
#include "tests/fuzz/fuzz.h"

static void try_file(const guint8 *data, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(Checkpoint) checkpoint = checkpoint_new();
    g_autoptr(GError) error = NULL;
    GHashTableIter iterator;
    gpointer value;

    if (!safetensors_add_bytes(checkpoint, bytes, "input", &error)) {
        g_assert_error(error, FAILURE, FAILURE_MODEL);
        return;
    }
    g_hash_table_iter_init(&iterator, checkpoint->tensors);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const StoredTensor *tensor = value;
        volatile guint8 sink = 0;
        g_assert_cmpint(tensor->data != NULL, ==, tensor->supported);
        if (tensor->data) {
            g_assert_true(tensor->data >= data && tensor->bytes <= size);
            sink ^= tensor->data[0] ^ tensor->data[tensor->bytes - 1];
        }
    }
}

static void try_config(const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = json_file_parse(text, length, "input", &error);
    ModelInfo info = { 0 };
    HparamHints hints;

    if (config && hparams_from_json(config, "input", &info, &hints, &error)) {
        g_assert_cmpint(info.layers, >, 0);
        g_assert_cmpint(info.head_dim, >=, info.rotary_dim);
        g_assert_cmpint(info.heads % info.kv_heads, ==, 0);
    } else {
        g_assert_error(error, FAILURE, FAILURE_MODEL);
    }
    g_free(info.architecture);
}

static void try_vocabulary(const guint8 *data, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(Tokenizer) tokenizer = vocabulary_from_json(bytes, "input", 300, warnings, &error);

    if (tokenizer)
        g_assert_cmpuint(tokenizer_size(tokenizer), <=, 300);
    else
        g_assert_error(error, FAILURE, FAILURE_MODEL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'c')
        try_config((const char *) data + 1, size - 1);
    else if (size > 0 && data[0] == 't')
        try_vocabulary(data + 1, size - 1);
    else if (size > 0)
        try_file(data + 1, size - 1);
    return 0;
}
