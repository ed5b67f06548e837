/* unit-group.c - forks of sessions, steps of several sessions at once, work cut over threads: the bytes of a session alone. */
#include "config.h"
#include <glib.h>
#include <signal.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/model/engine.h"
#include "tests/test-engine.h"

#define MOST 3000

static Session *fork_session(const Session *from)
{
    g_autoptr(GError) error = NULL;
    Session *s = session_fork(from, 0, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(session_length(s), ==, session_length(from));
    g_assert_cmpuint(session_capacity(s), ==, session_capacity(from));
    return s;
}

/* The same cut each time, so that BLAS is the same, too. */
static void append(Session *s, const gint32 *ids, gsize n)
{
    g_autoptr(GError) error = NULL;

    session_append(s, ids, n, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void random_ids(gint32 *ids, gsize n)
{
    for (gsize i = 0; i < n; i++)
        ids[i] = g_test_rand_int_range(0, 512);
}

static void assert_logits(const Engine *engine, const float *a, const float *b)
{
    gsize bytes = (gsize) engine_info(engine)->vocabulary * sizeof(float);

    g_assert_cmpmem(a, bytes, b, bytes);
}

/* Tokens, all whole blocks and the logits behind. */
static void assert_same(const Engine *engine, Session *a, Session *b)
{
    gsize n = session_length(a), bytes = session_layer_bytes(a) * (gsize) engine_info(engine)->layers;
    g_autofree guint8 *x = g_malloc(bytes), *y = g_malloc(bytes);

    g_assert_cmpmem(session_tokens(a), n * sizeof(gint32), session_tokens(b), session_length(b) * sizeof(gint32));
    for (gsize i = 0; i < n / ENGINE_BLOCK; i++) {
        session_export_layers(a, i, 0, engine_info(engine)->layers, x);
        session_export_layers(b, i, 0, engine_info(engine)->layers, y);
        g_assert_cmpmem(x, bytes, y, bytes);
    }
    assert_logits(engine, session_logits(a), session_logits(b));
}

/* A session that goes on behind the first N ids of IDS with TAIL more, from nothing. */
static Session *alone(const Engine *engine, KvType type, const gint32 *ids, gsize n, const gint32 *more, gsize tail)
{
    Session *s = test_session(engine, type, MOST);

    append(s, ids, n);
    append(s, more, tail);
    return s;
}

static void check_fork(const char *isa, KvType type, gsize n)
{
    g_autoptr(Engine) engine = test_engine(isa, 2);
    g_autoptr(Session) root = test_session(engine, type, MOST);
    gint32 ids[MOST], one[300], two[300];

    random_ids(ids, MOST);
    random_ids(one, 300);
    random_ids(two, 300);
    append(root, ids, n);
    g_autoptr(Session) a = fork_session(root), b = fork_session(root);
    if (n)
        assert_logits(engine, session_logits(root), session_logits(a));
    else
        g_assert_null(session_logits(a));
    append(a, one, 300);
    append(root, two, 70);
    g_autoptr(Session) deeper = fork_session(a);
    append(b, two, 70);
    append(deeper, two, 5);
    append(a, two, 5);

    g_autoptr(Session) want_b = alone(engine, type, ids, n, two, 70);
    assert_same(engine, root, want_b);
    assert_same(engine, b, want_b);
    g_clear_pointer(&root, session_free);   /* those that share its memory go on */
    g_autoptr(Session) want_a = alone(engine, type, ids, n, one, 300);
    append(want_a, two, 5);
    assert_same(engine, a, want_a);
    assert_same(engine, deeper, want_a);
}

static void test_fork(void)
{
    static const gsize lengths[] = { 0, 1000, 1024, 1153 };

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        check_fork(NULL, KV_INT8, lengths[i]);
        if (i % 2)
            check_fork(NULL, i == 1 ? KV_F16 : KV_F32, lengths[i]);
    }
    check_fork("blas", KV_INT8, 1500);
}

/* Whoever shortens itself into shared memory and goes on changes nobody else's. */
static void test_truncate(void)
{
    g_autoptr(Engine) engine = test_engine(NULL, 2);
    gint32 ids[MOST], other[MOST];

    random_ids(ids, MOST);
    random_ids(other, MOST);
    for (KvType type = KV_INT8; type <= KV_F32; type++) {
        g_autoptr(Session) root = test_session(engine, type, MOST), want = test_session(engine, type, MOST);
        append(root, ids, 1300);
        append(want, ids, 1300);
        g_autoptr(Session) fork = fork_session(root), second = fork_session(root);

        gsize kept = session_truncate(fork, 700);
        append(fork, other, 400);
        g_autoptr(Session) want_fork = alone(engine, type, ids, kept, other, 400);
        assert_same(engine, fork, want_fork);
        g_assert_cmpuint(session_truncate(root, 1024), ==, 1024);
        append(root, other, 300);
        g_autoptr(Session) want_root = alone(engine, type, ids, 1024, other, 300);
        assert_same(engine, root, want_root);
        assert_same(engine, second, want);
    }
}

#define SESSIONS 6

/* Sessions of which some share all, some a part and some nothing, step together; each has a twin that does alone. */
static void check_group(const char *isa, KvType type)
{
    g_autoptr(Engine) engine = test_engine(isa, 2);
    gsize row = (gsize) engine_info(engine)->vocabulary;
    g_autofree float *logits = g_new(float, ENGINE_GROUP * row);
    Session *together[SESSIONS], *twin[SESSIONS];
    g_autoptr(GError) error = NULL;
    gint32 ids[MOST], tokens[ENGINE_GROUP];

    random_ids(ids, MOST);
    together[0] = alone(engine, type, ids, 1016, NULL, 0);
    together[1] = fork_session(together[0]);
    together[2] = fork_session(together[0]);
    append(together[2], ids + 1016, 1030);
    together[3] = fork_session(together[2]);
    together[4] = alone(engine, type, ids + 500, 90, NULL, 0);
    together[5] = test_session(engine, type, MOST);
    for (int i = 0; i < SESSIONS; i++)
        twin[i] = fork_session(together[i]);
    for (int round = 0; round < 12; round++) {
        gsize n[SESSIONS], total = 0, at = 0;

        for (int i = 0; i < SESSIONS; i++)
            total += n[i] = (gsize) g_test_rand_int_range(round == 0, round % 4 == 3 ? 42 : 4);
        random_ids(tokens, total);
        engine_step_group(together, n, SESSIONS, tokens, round % 3 == 2 ? NULL : logits, &error);
        g_assert_no_error(error);
        for (int i = 0; i < SESSIONS; i++)
            for (gsize j = 0; j < n[i]; j++, at++) {
                append(twin[i], tokens + at, 1);
                if (round % 3 != 2 && engine_batch_invariant(engine))
                    assert_logits(engine, logits + at * row, session_logits(twin[i]));
            }
        if (!engine_batch_invariant(engine))
            break;
        for (int i = 0; i < SESSIONS; i++)
            assert_logits(engine, session_logits(together[i]), session_logits(twin[i]));
    }
    for (int i = 0; i < SESSIONS; i++) {
        if (engine_batch_invariant(engine))
            assert_same(engine, together[i], twin[i]);
        session_free(together[i]);
        session_free(twin[i]);
    }
}

static void test_group(void)
{
    for (KvType type = KV_INT8; type <= KV_F32; type++)
        check_group(NULL, type);
    check_group("c", KV_INT8);
    check_group("blas", KV_INT8);
}

/* After an error no session has changed. */
/* Wide enough for every loop over the tokens to be cut. */
static Engine *wide_engine(int threads)
{
    EngineOptions options = { .threads = threads };
    g_autoptr(GError) error = NULL;
    EngineShape shape;

    g_assert_true(engine_shape_find("tiny", &shape));
    shape.type = "q4_0";
    shape.layers = 2;
    shape.hidden = shape.ffn = 512;
    shape.heads = 4;
    shape.kv_heads = 2;
    shape.head_dim = 128;
    Engine *engine = engine_open_synthetic(&shape, &options, &error);
    g_assert_no_error(error);
    return engine;
}

static void test_threads(void)
{
    g_autoptr(Engine) one = wide_engine(1);
    gint32 ids[600];

    random_ids(ids, 600);
    for (int threads = 2; threads <= 5; threads++) {
        g_autoptr(Engine) several = wide_engine(threads);
        KvType type = (KvType) (threads % 3);   /* each of them */
        g_autoptr(Session) want = test_session(one, type, 700), s = test_session(several, type, 700);

        append(want, ids, 600);
        append(s, ids, 200);                    /* begins and ends amid a tile */
        append(s, ids + 200, 400);
        g_assert_cmpmem(session_logits(want), (gsize) engine_info(one)->vocabulary * sizeof(float),
                        session_logits(s), (gsize) engine_info(several)->vocabulary * sizeof(float));
        assert_same(one, want, s);
    }
}

static void test_errors(void)
{
    g_autoptr(Engine) engine = test_engine(NULL, 2);
    g_autoptr(Session) a = test_session(engine, KV_INT8, MOST), b = test_session(engine, KV_INT8, MOST);
    g_autoptr(GError) error = NULL;
    Session *both[] = { a, b };
    gsize n[] = { 2, 3 };
    gint32 ids[MOST];

    random_ids(ids, MOST);
    append(a, ids, 100);
    append(b, ids, MOST - 2);
    g_assert_false(engine_step_group(both, n, 2, ids, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    n[1] = 2;
    ids[3] = 512;
    g_assert_false(engine_step_group(both, n, 2, ids, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    g_assert_null(session_fork(b, 100, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    ids[3] = 0;
    g_assert_true(engine_step_group(both, n, 0, ids, NULL, &error));
    g_assert_cmpuint(session_length(a), ==, 100);
    g_assert_cmpuint(session_length(b), ==, MOST - 2);
    g_assert_true(engine_step_group(both, n, 2, ids, NULL, &error));
    g_assert_cmpuint(session_length(b), ==, MOST);

    signal(SIGINT, SIG_DFL);                    /* ignored in what a shell runs in the background */
    interrupt_install();
    raise(SIGINT);
    n[1] = 0;
    g_assert_false(engine_step_group(both, n, 2, ids, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INTERRUPTED);
    g_assert_cmpuint(session_length(a), ==, 102);
}

static gpointer interrupt_soon(gpointer data)
{
    g_usleep(GPOINTER_TO_UINT(data));
    raise(SIGINT);
    return NULL;
}

/* A session goes on behind an interruption, whatever layer of whatever batch that stopped: the bytes are the same. */
static void test_interrupt(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Engine) engine = test_engine(NULL, 2);
    g_autoptr(Session) plain = session_new(engine, KV_INT8, MOST, &error), stopped = session_new(engine, KV_INT8, MOST, &error);
    gint32 ids[700];
    gint64 begun = g_get_monotonic_time(), time;
    int times = 0;

    g_assert_no_error(error);
    random_ids(ids, G_N_ELEMENTS(ids));
    append(plain, ids, G_N_ELEMENTS(ids));
    time = g_get_monotonic_time() - begun;
    signal(SIGINT, SIG_DFL);
    interrupt_install();
    for (int i = 0; session_length(stopped) < G_N_ELEMENTS(ids); i++) {
        /* After some tries without: a loaded machine must not make this endless. */
        guint wait = (guint) g_test_rand_int_range(0, (gint32) (time / 8) + 1);
        GThread *thread = i < 40 ? g_thread_new("interrupt", interrupt_soon, GUINT_TO_POINTER(wait)) : NULL;
        gsize n = session_length(stopped), most = i % 3 ? G_N_ELEMENTS(ids) - n : MIN(100, G_N_ELEMENTS(ids) - n);
        gboolean ok = session_append(stopped, ids + n, most, NULL, NULL, &error);

        if (thread)
            g_thread_join(thread);
        g_assert_true(ok || g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
        times += !ok;
        g_clear_error(&error);
        interrupt_clear();
    }
    g_test_message("interrupted %d times", times);
    assert_same(engine, plain, stopped);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/group/fork", test_fork);
    g_test_add_func("/group/truncate", test_truncate);
    g_test_add_func("/group/step", test_group);
    g_test_add_func("/group/threads", test_threads);
    g_test_add_func("/group/interrupt", test_interrupt);
    g_test_add_func("/group/errors", test_errors);
    return g_test_run();
}
