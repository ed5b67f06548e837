/* test-engine.h - an engine of random weights, small, for tests in which thousands of keys matter. */
#ifndef KVASIR_TESTS_TEST_ENGINE_H
#define KVASIR_TESTS_TEST_ENGINE_H

#include "src/model/engine.h"

static inline Engine *test_engine(const char *isa, int threads)
{
    EngineOptions options = { .isa = isa, .threads = threads };
    g_autoptr(GError) error = NULL;
    EngineShape shape;

    g_assert_true(engine_shape_find("tiny", &shape));
    shape.head_dim = 16;
    shape.ffn = 256;
    Engine *engine = engine_open_synthetic(&shape, &options, &error);
    g_assert_no_error(error);
    return engine;
}

static inline Session *test_session(const Engine *engine, KvType type, gsize most)
{
    g_autoptr(GError) error = NULL;
    Session *session = session_new(engine, type, most, &error);

    g_assert_no_error(error);
    return session;
}

#endif
