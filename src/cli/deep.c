/* deep.c - sessions that are deep without having been computed. */
#include "config.h"
#include "src/cli/deep.h"

#include <time.h>

/* Ids that differ, so that no row of the embedding is read twice in a row; the same each time. */
static void fill_ids(const Session *session, const ModelInfo *info, gint32 *ids, gsize n)
{
    guint32 state = (guint32) session_length(session) + 1;

    for (gsize i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        ids[i] = (gint32) ((state >> 8) % (guint32) info->vocabulary);
    }
}

/* One computed block of a session that is not needed any further. */
static guint8 *make_block(const Engine *engine, KvType kv, GError **error)
{
    g_autoptr(Session) session = session_new(engine, kv, ENGINE_BLOCK, error);
    const ModelInfo *info = engine_info(engine);
    gint32 ids[ENGINE_BLOCK];
    guint8 *block;

    if (session == NULL)
        return NULL;
    fill_ids(session, info, ids, ENGINE_BLOCK);
    if (!session_append(session, ids, ENGINE_BLOCK, NULL, NULL, error))
        return NULL;
    block = g_malloc((gsize) info->layers * session_layer_bytes(session));
    session_export_layers(session, 0, 0, info->layers, block);
    return block;
}

Session *deep_session(const Engine *engine, KvType kv, gsize depth, gsize room, GError **error)
{
    gsize blocks = depth / ENGINE_BLOCK;
    g_autoptr(Session) session = session_new(engine, kv, blocks * ENGINE_BLOCK + room, error);
    g_autofree guint8 *block = NULL;
    g_autofree gint32 *ids = NULL;

    if (session == NULL || blocks == 0)
        return g_steal_pointer(&session);
    block = make_block(engine, kv, error);
    if (block == NULL)
        return NULL;
    ids = g_new0(gint32, blocks * ENGINE_BLOCK);
    for (gsize i = 0; i < blocks; i++)
        session_import_layers(session, i, 0, engine_info(engine)->layers, block);
    session_adopt_blocks(session, ids, blocks);
    return g_steal_pointer(&session);
}

static gboolean append(Session *session, const gint32 *ids, gsize n, gboolean together, GError **error)
{
    if (together)
        return session_append(session, ids, n, NULL, NULL, error);
    for (gsize i = 0; i < n; i++) {
        if (!session_append(session, ids + i, 1, NULL, NULL, error))
            return FALSE;
        session_logits(session);
    }
    return TRUE;
}

/* Seconds that all threads of this process have computed. */
static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* As deep_seconds(), with what the threads together have computed. */
static double append_seconds(Session *session, gsize n, gboolean together, double *cpu, GError **error)
{
    gsize before = session_length(session);
    /* Any model has at least the 256 bytes and is measured alike with whatever ids. */
    const ModelInfo bytes = { .vocabulary = 256 };
    g_autofree gint32 *ids = g_new(gint32, n);
    gint64 start;
    double seconds;

    fill_ids(session, &bytes, ids, n);
    *cpu = -cpu_seconds();
    start = g_get_monotonic_time();
    if (!append(session, ids, n, together, error))
        return -1;
    seconds = (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
    *cpu += cpu_seconds();
    session_truncate(session, before);
    return seconds;
}

double deep_seconds(Session *session, gsize n, gboolean together, GError **error)
{
    double cpu;

    return append_seconds(session, n, together, &cpu, error);
}

double deep_undisturbed_seconds(Session *session, const Engine *engine, gsize n, gboolean together, GError **error)
{
    double cpu, seconds = append_seconds(session, n, together, &cpu, error);

    return MIN(seconds, MAX(cpu, 1e-6) / engine_threads(engine));
}

/* Seconds of N steps of the forks; negative after an error. */
static double step_forks(Session *const *forks, gsize branches, gsize n, float *logits, GError **error)
{
    const ModelInfo bytes = { .vocabulary = 256 };
    gint32 ids[DEEP_BRANCHES];
    gsize ones[DEEP_BRANCHES];
    gint64 start = g_get_monotonic_time();

    for (gsize i = 0; i < branches; i++)
        ones[i] = 1;
    for (gsize i = 0; i < n; i++) {
        fill_ids(forks[0], &bytes, ids, branches);
        if (!engine_step_group(forks, ones, branches, ids, logits, error))
            return -1;
    }
    return (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
}

double deep_group_seconds(const Session *session, const Engine *engine, gsize branches, gsize n, GError **error)
{
    g_autofree float *logits = g_new(float, branches * (gsize) engine_info(engine)->vocabulary);
    Session *forks[DEEP_BRANCHES] = { NULL };
    gboolean ok = TRUE;
    double seconds = -1;

    g_assert(branches <= DEEP_BRANCHES);
    for (gsize i = 0; ok && i < branches; i++)
        ok = (forks[i] = session_fork(session, 0, error)) != NULL;
    if (ok)
        seconds = step_forks(forks, branches, n, logits, error);
    for (gsize i = 0; i < branches; i++)
        session_free(forks[i]);
    return seconds;
}

double deep_layer_parameters(const ModelInfo *info)
{
    double hidden = info->hidden, q = (double) info->heads * info->head_dim, kv = (double) info->kv_heads * info->head_dim;

    return info->layers * (hidden * (q + 2 * kv) + q * hidden + 3 * hidden * info->ffn);
}

double deep_output_parameters(const ModelInfo *info)
{
    return (double) info->vocabulary * info->hidden;
}
