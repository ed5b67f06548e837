/* test-weights.h - reference models, and what is expected of them, for the tests of loading. */
#ifndef KVASIR_TESTS_TEST_WEIGHTS_H
#define KVASIR_TESTS_TEST_WEIGHTS_H

#include <glib.h>
#include <math.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/model/weights.h"

static inline char *model_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "data", "models", name, NULL);
}

/* The folder of reference models that are too large for a release; NULL if there is none. */
static inline char *shared_model_path(const char *name)
{
    const char *shared = g_getenv("KVASIR_SHARED");
    g_autofree char *path = g_build_filename(shared ? shared : "", "reference", "models", name, NULL);

    return shared && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static inline Weights *open_model(const char *name)
{
    g_autofree char *path = model_path(name);
    g_autoptr(GError) error = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_free(path);
        path = shared_model_path(name);
    }
    Weights *weights = weights_open(path, &error);

    g_assert_no_error(error);
    g_assert_nonnull(weights);
    return weights;
}

/* ERROR is a FAILURE_MODEL that contains WANTED. */
static inline void assert_says(GError *error, const char *what, const char *wanted)
{
    if (error == NULL)
        g_error("\"%s\" was accepted; wanted an error with \"%s\"", what, wanted);
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    if (strstr(error->message, wanted) == NULL)
        g_error("\"%s\" gave \"%s\"; wanted \"%s\"", what, error->message, wanted);
}

/* A copy of exactly N bytes on the heap, so that a sanitizer sees every byte read too many. */
static inline GBytes *exact_copy(GBytes *bytes, gsize n)
{
    return g_bytes_new(g_bytes_get_data(bytes, NULL), n);
}

static inline float *values_of(const Tensor *tensor)
{
    gsize n = (gsize) (tensor->rows * tensor->columns);
    float *values = g_new(float, n);

    type_to_float(tensor->type, tensor->data, values, n);
    return values;
}

/* All of A within TOLERANCE times B's largest value. */
static inline void assert_near(const Tensor *a, const Tensor *b, double tolerance)
{
    g_assert_cmpint(a->data == NULL, ==, b->data == NULL);
    if (a->data == NULL)
        return;
    g_assert_cmpint(a->rows, ==, b->rows);
    g_assert_cmpint(a->columns, ==, b->columns);
    g_autofree float *left = values_of(a), *right = values_of(b);
    double largest = 0, worst = 0;
    for (gint64 i = 0; i < a->rows * a->columns; i++) {
        largest = fmax(largest, fabs((double) right[i]));
        worst = fmax(worst, fabs((double) left[i] - (double) right[i]));
    }
    g_assert_cmpfloat(worst, <=, tolerance * largest);
}

#endif
