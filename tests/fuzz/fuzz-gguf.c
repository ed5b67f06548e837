/* fuzz-gguf.c - a GGUF file: header, getters, and the model in it. */
#include "config.h"

#include <math.h>

#include "src/base/failure.h"
#include "src/model/gguf.h"
#include "src/model/weights.h"
#include "tests/fuzz/fuzz.h"

/* What a reader of all metadata does. */
static void read_keys(const Gguf *gguf)
{
    GHashTableIter iterator;
    gpointer key, data;

    g_hash_table_iter_init(&iterator, gguf->metadata);
    while (g_hash_table_iter_next(&iterator, &key, &data)) {
        const GgufValue *value = data;
        g_autofree char *text = gguf_get_string(gguf, key, NULL);
        double number = 0;
        gint64 integer = 0;

        g_assert_cmpint(text != NULL, ==, value->type == GGUF_STRING);
        if (gguf_get_number(gguf, key, &number, NULL))
            g_assert_true(isfinite(number));
        if (gguf_get_integer(gguf, key, -5, 5, &integer, NULL))
            g_assert_true(integer >= -5 && integer <= 5);
        if (value->type == GGUF_ARRAY && value->element == GGUF_STRING) {
            const guint8 *at = value->data;
            volatile guint8 sink = 0;
            for (guint64 i = 0; i < value->count; i++) {
                gsize length;
                const char *string = gguf_next_string(&at, &length);
                if (length > 0)
                    sink ^= (guint8) string[length - 1];
            }
        }
    }
}

/* Reads a matrix's last row, as the engine will. */
static void read_row(const Tensor *tensor)
{
    gsize bytes = type_row_bytes(tensor->type, (size_t) tensor->columns);
    g_autofree float *row = g_new(float, (gsize) tensor->columns);

    type_to_float(tensor->type, tensor->data + bytes * (gsize) (tensor->rows - 1), row, (size_t) tensor->columns);
}

static void read_model(const Weights *w)
{
    g_assert_cmpint(w->info.heads % w->info.kv_heads, ==, 0);
    read_row(&w->embedding);
    read_row(&w->output);
    for (int n = 0; n < w->info.layers; n++) {
        const LayerWeights *l = &w->layers[n];
        const Tensor *all[] = { &l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down, &l->attn_norm, &l->ffn_norm };
        for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
            read_row(all[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Gguf) gguf = gguf_parse(bytes, "input", &error);

    if (gguf)
        read_keys(gguf);
    else
        g_assert_error(error, FAILURE, FAILURE_MODEL);
    g_clear_error(&error);
    g_autoptr(Weights) weights = weights_from_gguf(bytes, "input", &error);
    if (weights)
        read_model(weights);
    else
        g_assert_error(error, FAILURE, FAILURE_MODEL);
    return 0;
}
