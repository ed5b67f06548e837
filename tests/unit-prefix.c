/* unit-prefix.c - conversations in the KV store: kept, taken up again, branched, undone. */
#include "config.h"

#include <string.h>

#include "src/answer/prefix.h"
#include "tests/store-data.h"

enum { DOCUMENTS = 700, CAPACITY = 4096 };

typedef struct {
    char *path;
    Store *store;
    Session *session;
    GArray *ids;                /* of the conversation, gint32 */
} Talk;

static Engine *engine, *blas;

static void begin(Talk *t, gconstpointer data)
{
    t->path = make_store_path();
    t->store = open_limited(t->path, 0);
    t->session = session_new(engine, KV_INT8, CAPACITY, NULL);
    t->ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    for (int i = 0; i < DOCUMENTS; i++) {
        gint32 id = 10 + i * 37 % 200;
        g_array_append_val(t->ids, id);
    }
}

static void end(Talk *t, gconstpointer data)
{
    g_array_unref(t->ids);
    session_free(t->session);
    store_close(t->store);
    remove_store(t->path);
    g_free(t->path);
}

/* N ids that depend on SEED: what somebody says. */
static void say(Talk *t, guint seed, int n)
{
    for (int i = 0; i < n; i++) {
        gint32 id = (gint32) (11 + (seed * 101 + (guint) i * 7) % 190);
        g_array_append_val(t->ids, id);
    }
}

static PrefixReport fill(Talk *t, const Engine *with, Session *session)
{
    PrefixReport report = { 0 };
    GError *error = NULL;

    prefix_talk(session, with, KV_INT8, t->store, (const gint32 *) (void *) t->ids->data, t->ids->len, DOCUMENTS,
                NULL, NULL, &report, &error);
    g_assert_no_error(error);
    g_assert_no_error(report.warning);
    g_assert_cmpuint(report.tokens, ==, t->ids->len);
    g_assert_cmpuint(session_length(session), ==, t->ids->len);
    g_assert_nonnull(session_logits(session));
    return report;
}

/* N tokens one by one, the likeliest each time, as an answer is. */
static void answer(Talk *t, const Engine *with, Session *session, int n)
{
    GError *error = NULL;
    int vocabulary = engine_info(with)->vocabulary;

    for (int i = 0; i < n; i++) {
        const float *logits = session_logits(session);
        gint32 best = 0;

        for (gint32 id = 1; id < vocabulary; id++)
            if (logits[id] > logits[best])
                best = id;
        session_append(session, &best, 1, NULL, NULL, &error);
        g_assert_no_error(error);
        g_array_append_val(t->ids, best);
    }
}

static gsize keep(Talk *t, const Engine *with, const Session *session)
{
    PrefixReport report = { 0 };

    prefix_keep(session, with, KV_INT8, t->store, DOCUMENTS, &report);
    g_assert_no_error(report.warning);
    return report.stored;
}

static void assert_same_logits(Session *a, Session *b)
{
    g_assert_cmpmem(session_logits(a), (gsize) engine_info(engine)->vocabulary * sizeof(float),
                    session_logits(b), (gsize) engine_info(engine)->vocabulary * sizeof(float));
}

/* A second session that takes the conversation up computes no whole block, and has the first one's logits. */
static void test_continue(Talk *t, gconstpointer data)
{
    g_autoptr(Session) later = session_new(engine, KV_INT8, CAPACITY, NULL);
    PrefixReport report;

    say(t, 1, 40);
    report = fill(t, engine, t->session);
    g_assert_cmpuint(report.begun, ==, 0);
    g_assert_cmpuint(report.stored, ==, 512);
    answer(t, engine, t->session, 300);
    g_assert_cmpuint(keep(t, engine, t->session), ==, 512);     /* 700 + 40 + 300 are four blocks and 16 tokens */
    g_assert_cmpuint(keep(t, engine, t->session), ==, 0);

    say(t, 2, 500);
    report = fill(t, engine, t->session);
    g_assert_cmpuint(report.begun, ==, 1040);
    g_assert_cmpuint(report.cached, ==, 0);
    g_assert_cmpuint(report.stored, ==, 512);

    report = fill(t, engine, later);
    g_assert_cmpuint(report.begun, ==, 0);
    g_assert_cmpuint(report.cached, ==, 1536);      /* 1540 tokens: the last four are computed */
    g_assert_cmpuint(report.stored, ==, 0);
    assert_same_logits(t->session, later);
    answer(t, engine, t->session, 5);
    g_array_set_size(t->ids, t->ids->len - 5);
    answer(t, engine, later, 5);
    assert_same_logits(t->session, later);
}

/* A conversation that is a whole number of blocks long still ends with logits. */
static void test_whole_blocks(Talk *t, gconstpointer data)
{
    g_autoptr(Session) later = session_new(engine, KV_INT8, CAPACITY, NULL);
    PrefixReport report;

    say(t, 1, 1024 - DOCUMENTS);
    fill(t, engine, t->session);
    keep(t, engine, t->session);
    report = fill(t, engine, later);
    g_assert_cmpuint(report.cached, ==, 768);
    assert_same_logits(t->session, later);
}

/* Two conversations share what comes before they part; the session of one becomes that of the other. */
static void test_branches(Talk *t, gconstpointer data)
{
    g_autoptr(Session) other = session_new(engine, KV_INT8, CAPACITY, NULL);
    g_autoptr(Session) alone = session_new(engine, KV_INT8, CAPACITY, NULL);
    g_autoptr(GArray) first = NULL;
    PrefixReport report;
    StoreStatus status;

    say(t, 1, 600);
    fill(t, engine, t->session);
    keep(t, engine, t->session);
    first = g_array_copy(t->ids);
    store_status(t->store, &status, NULL);
    g_assert_cmpuint(status.blocks, ==, 5);

    g_array_set_size(t->ids, 1100);
    say(t, 2, 600);
    report = fill(t, engine, other);
    g_assert_cmpuint(report.cached, ==, 1024);
    keep(t, engine, other);
    store_status(t->store, &status, NULL);
    g_assert_cmpuint(status.blocks, ==, 5 + 2);

    /* From the second back to the first: what they share stays in place, the rest is read. */
    g_array_set_size(t->ids, 0);
    g_array_append_vals(t->ids, first->data, first->len);
    report = fill(t, engine, other);
    g_assert_cmpuint(report.begun, >=, 1024);
    g_assert_cmpuint(report.begun, <=, 1100);
    g_assert_cmpuint(report.cached, ==, 256);
    assert_same_logits(t->session, other);
    store_close(g_steal_pointer(&t->store));
    fill(t, engine, alone);
    assert_same_logits(t->session, alone);
}

/* An undone turn: fewer ids than the session has. */
static void test_undo(Talk *t, gconstpointer data)
{
    g_autoptr(Session) alone = session_new(engine, KV_INT8, CAPACITY, NULL);
    PrefixReport report;

    say(t, 1, 300);
    fill(t, engine, t->session);
    answer(t, engine, t->session, 20);
    g_array_set_size(t->ids, 900);
    report = fill(t, engine, t->session);
    g_assert_cmpuint(report.begun, <, 900);
    store_close(g_steal_pointer(&t->store));
    fill(t, engine, alone);
    assert_same_logits(t->session, alone);
}

/* With BLAS only what an empty session computes is stored, so a block's bytes follow from its key there, too. */
static void test_blas(Talk *t, gconstpointer data)
{
    g_autoptr(Session) first = session_new(blas, KV_INT8, CAPACITY, NULL);
    g_autoptr(Session) second = session_new(blas, KV_INT8, CAPACITY, NULL);
    g_autoptr(Session) third = session_new(blas, KV_INT8, CAPACITY, NULL);
    PrefixReport report;

    say(t, 1, 40);
    fill(t, blas, first);
    answer(t, blas, first, 300);
    g_assert_cmpuint(keep(t, blas, first), ==, 0);
    say(t, 2, 20);
    report = fill(t, blas, first);
    g_assert_cmpuint(report.stored, ==, 0);
    report = fill(t, blas, second);
    g_assert_cmpuint(report.cached, ==, 512);
    g_assert_cmpuint(report.stored, ==, 512);
    report = fill(t, blas, third);
    g_assert_cmpuint(report.cached, ==, 1024);
    assert_same_logits(second, third);
}

static Engine *open_engine(const char *isa)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "models", "tiny-a-q8_0.gguf", NULL);
    const EngineOptions options = { .isa = isa };
    GError *error = NULL;
    Engine *opened = engine_open(path, &options, &error);

    g_assert_no_error(error);
    return opened;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(Talk *, gconstpointer); } tests[] = {
        { "/prefix/continue", test_continue }, { "/prefix/whole-blocks", test_whole_blocks },
        { "/prefix/branches", test_branches }, { "/prefix/undo", test_undo }, { "/prefix/blas", test_blas },
    };
    int status;

    g_test_init(&argc, &argv, NULL);
    engine = open_engine("c");
    blas = open_engine("blas");
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Talk, NULL, begin, tests[i].run, end);
    status = g_test_run();
    engine_free(engine);
    engine_free(blas);
    return status;
}
