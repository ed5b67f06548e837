/* unit-types.c - number formats of weights: sizes, vectors, half precision. */
#include "config.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "src/kernel/types.h"

static TensorType type_by_name(const char *name)
{
    for (uint32_t i = 0; i < 64; i++)
        if (g_strcmp0(type_name(i), name) == 0)
            return (TensorType) i;
    g_error("no type %s", name);
}

static GByteArray *bytes_of_hex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();

    for (; hex[0] && hex[1]; hex += 2) {
        guint8 byte = (guint8) (g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

/* Every format against blocks that another program decoded, bit for bit. */
static void test_vectors(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "type-vectors.txt", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line == '#' || **line == '\0')
            continue;
        g_auto(GStrv) fields = g_strsplit(*line, " ", 3);
        g_assert_cmpuint(g_strv_length(fields), ==, 3);
        g_autoptr(GByteArray) block = bytes_of_hex(fields[1]);
        g_autoptr(GByteArray) wanted = bytes_of_hex(fields[2]);
        TensorType type = type_by_name(fields[0]);
        gsize n = wanted->len / sizeof(float);
        g_autofree float *got = g_new0(float, n + 1);
        /* once from an odd address: safetensors are not aligned */
        g_autofree guint8 *shifted = g_malloc(block->len + 1);
        memcpy(shifted + 1, block->data, block->len);
        g_assert_cmpuint(block->len, ==, type_row_bytes(type, n));
        got[n] = 42;
        type_to_float(type, block->data, got, n);
        g_assert_cmpmem(got, n * sizeof(float), wanted->data, wanted->len);
        memset(got, 0, n * sizeof(float));
        type_to_float(type, shifted + 1, got, n);
        g_assert_cmpmem(got, n * sizeof(float), wanted->data, wanted->len);
        g_assert_true(got[n] > 41 && got[n] < 43);
        g_hash_table_add(seen, (gpointer) (guintptr) type_name((uint32_t) type));
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, 11);
}

static void test_sizes(void)
{
    g_assert_cmpuint(type_row_bytes(TYPE_Q4_K, 4096), ==, 2304);
    g_assert_cmpuint(type_row_bytes(TYPE_Q5_0, 13696), ==, 9416);
    g_assert_cmpuint(type_row_bytes(TYPE_BF16, 13696), ==, 27392);
    g_assert_cmpuint(type_block(TYPE_Q6_K), ==, 256);
    g_assert_cmpuint(type_block_bytes(TYPE_Q6_K), ==, 210);
    g_assert_null(type_name(4));
    g_assert_null(type_name(10));
    g_assert_null(type_name(G_MAXUINT32));
}

/* Half to float and back is the identity for all that is no NaN, and the value
 * is what the format's definition says. */
static void test_half_all(void)
{
    for (guint32 i = 0; i < 65536; i++) {
        guint16 half = (guint16) i;
        float value = f16_to_float(half);
        int exponent = half >> 10 & 31, mantissa = half & 1023;
        if (exponent == 31 && mantissa != 0) {
            g_assert_true(isnan(value));
            g_assert_true(isnan(f16_to_float(float_to_f16(value))));
            continue;
        }
        double wanted = exponent == 31 ? (double) INFINITY
                        : exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
        if (half & 0x8000)
            wanted = -wanted;
        g_assert_cmpfloat((double) value, ==, wanted);
        g_assert_cmphex(float_to_f16(value), ==, half);
    }
}

/* Rounding: the result is at least as near as both neighbours, ties go to the even one. */
static void test_half_rounding(void)
{
    for (guint i = 0; i < 200000; i++) {
        double magnitude = ldexp(g_test_rand_double_range(1, 2), g_test_rand_int_range(-27, 16));
        float value = (float) (g_test_rand_bit() ? magnitude : -magnitude);
        guint16 half = float_to_f16(value);
        if ((half & 0x7fff) == 0x7c00) {
            g_assert_cmpfloat(fabs((double) value), >=, 65520);
            continue;
        }
        double error = fabs((double) f16_to_float(half) - (double) value);
        for (int step = -1; step <= 1; step += 2) {
            if ((half & 0x7fff) == 0 && step < 0)
                continue;
            double other = fabs((double) f16_to_float((guint16) (half + step)) - (double) value);
            g_assert_cmpfloat(error, <=, other);
        }
    }
    /* ties between two halves: 1 + 1/2048 lies between 1 and 1 + 1/1024 */
    g_assert_cmphex(float_to_f16(1 + 0x1p-11f), ==, 0x3c00);
    g_assert_cmphex(float_to_f16(1 + 3 * 0x1p-11f), ==, 0x3c02);
    g_assert_cmphex(float_to_f16(0x1p-25f), ==, 0);
    g_assert_cmphex(float_to_f16(3 * 0x1p-25f), ==, 2);
    g_assert_cmphex(float_to_f16(65519.996f), ==, 0x7bff);
    g_assert_cmphex(float_to_f16(65520), ==, 0x7c00);
    g_assert_cmphex(float_to_f16(-INFINITY), ==, 0xfc00);
    g_assert_cmphex(float_to_f16(-0.0f), ==, 0x8000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/types/vectors", test_vectors);
    g_test_add_func("/types/sizes", test_sizes);
    g_test_add_func("/types/half/all", test_half_all);
    g_test_add_func("/types/half/rounding", test_half_rounding);
    return g_test_run();
}
