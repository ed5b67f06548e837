/* bench-witness.c - what --why costs: decoding with heads watched and without, in turn; not a test.
 *
 *     make tests/bench-witness && tests/bench-witness [LAYERS [DEPTH...]]
 *
 * A model of the shape of GLM-4-9B with LAYERS layers (default 2) and random weights is asked for TOKENS tokens behind DEPTH others
 * (default 1024 8192 32768), on one thread.  In turn: without; with the heads that are watched before calibration (those of
 * the upper half of the layers); with as many as calibration keeps, spread over all layers.  What answer.h does with them is
 * part of the time.  It prints the medians of user CPU time and their ratios to the time without.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "src/answer/why.h"
#include "src/cli/deep.h"

enum { TOKENS = 16, TIMES = 15, WAYS = 3, VOCABULARY = 2048 };

static G_NORETURN void fail(const GError *error)
{
    fprintf(stderr, "bench-witness: %s\n", error->message);
    exit(1);
}

static double user_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double) usage.ru_utime.tv_sec + (double) usage.ru_utime.tv_usec / 1e6;
}

/* Decodes TOKENS tokens, watched if WHY is not NULL; the session is as before then. */
static double decode(Session *session, Why *why, const Heads *heads)
{
    gsize before = session_length(session);
    GError *error = NULL;
    double begun;

    session_witness(session, heads != NULL ? heads->list : NULL, heads != NULL ? heads->n : 0);
    begun = user_seconds();
    for (gint32 i = 0; i < TOKENS; i++) {
        const gint32 id = 30 + i;

        if (!session_append(session, &id, 1, NULL, NULL, &error))
            fail(error);
        session_logits(session);
        if (why != NULL)
            why_token(why, session, 0, (gsize) i);
    }
    begun = user_seconds() - begun;
    session_truncate(session, before);
    return begun;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *) left, b = *(const double *) right;

    return (a > b) - (a < b);
}

/* As many heads as calibration keeps. */
static Heads *spread_heads(const ModelInfo *info)
{
    Heads *heads = g_new0(Heads, 1);

    heads->n = HEADS_MOST;
    heads->list = g_new0(WitnessHead, HEADS_MOST);
    heads->calibrated = TRUE;
    for (int i = 0; i < HEADS_MOST; i++)
        heads->list[i] = (WitnessHead) { i * info->layers / HEADS_MOST, i * 5 % info->heads };
    return heads;
}

static void measure(const Engine *engine, gsize depth)
{
    g_autoptr(Heads) all = heads_default(engine), some = spread_heads(engine_info(engine));
    const Heads *const ways[WAYS] = { NULL, all, some };
    static double times[WAYS][TIMES];
    GError *error = NULL;
    g_autoptr(Session) session = deep_session(engine, KV_INT8, depth, ENGINE_BLOCK, &error);
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(gint32));
    const Prompt prompt = { .ids = ids };
    const Pack pack = { .ids = ids };

    if (session == NULL)
        fail(error);
    g_array_set_size(ids, (guint) depth);
    decode(session, NULL, NULL);                /* the first touches the memory */
    for (gsize t = 0; t < TIMES; t++)
        for (gsize w = 0; w < WAYS; w++) {
            g_autoptr(Why) why = ways[w] != NULL ? why_new(ways[w], NULL, &prompt, &pack, NULL) : NULL;
            times[w][t] = decode(session, why, ways[w]);
        }
    for (gsize w = 0; w < WAYS; w++)
        qsort(times[w], TIMES, sizeof times[w][0], by_size);
    printf("%6" G_GSIZE_FORMAT "  none %8.3f ms a token", depth, times[0][TIMES / 2] / TOKENS * 1e3);
    for (gsize w = 1; w < WAYS; w++)
        printf("  %" G_GSIZE_FORMAT " heads %.4f", ways[w]->n, times[w][TIMES / 2] / times[0][TIMES / 2]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    EngineShape shape;
    GError *error = NULL;

    engine_shape_find("glm-4-9b", &shape);
    shape.layers = argc > 1 ? atoi(argv[1]) : 2;
    shape.vocabulary = VOCABULARY;
    g_autoptr(Engine) engine = engine_open_synthetic(&shape, &(EngineOptions) { .threads = 1, .prepared = g_get_tmp_dir() }, &error);
    if (engine == NULL)
        fail(error);
    if (argc <= 2)
        for (gsize depth = 1024; depth <= 32768; depth *= depth < 8192 ? 8 : 4)
            measure(engine, depth);
    for (int i = 2; i < argc; i++)
        measure(engine, (gsize) atoi(argv[i]));
    return 0;
}
