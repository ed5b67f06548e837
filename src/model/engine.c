/* engine.c - a loaded model with its compute set. */
#include "config.h"
#include <string.h>

#include "src/base/failure.h"
#include "src/model/prepared.h"
#include "src/model/session.h"
#include "src/model/synthetic.h"
#include "src/model/threads.h"

/* The version of the integer arithmetic: changes whenever the same tokens
 * could give other bytes, so that no block of an older one is taken for its own. */
#define ARITHMETIC "int8-2"
#define ARITHMETIC_BLAS "blas-2"

static const char *const kv_names[] = { "int8", "f16", "f32" };

const char *kv_type_name(KvType type)
{
    return kv_names[type];
}

gboolean kv_type_parse(const char *name, KvType *type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kv_names); i++)
        if (!strcmp(name, kv_names[i])) {
            *type = (KvType) i;
            return TRUE;
        }
    return FALSE;
}

static gboolean mostly_floats(const Weights *w)
{
    TensorType type = w->layers[0].down.type;

    return type == TYPE_F32 || type == TYPE_F16 || type == TYPE_BF16;
}

/* Integer kernels for quantised weights, BLAS for floating-point ones, unless
 * the caller says otherwise. */
static gboolean choose_set(Engine *engine, const EngineOptions *options, GError **error)
{
    const char *isa = options ? options->isa : NULL;
    gboolean blas = !g_strcmp0(isa, "blas");

    engine->kernels = kernels_select(blas ? NULL : isa);
    if (!engine->kernels) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "unknown compute set '%s': use c, blas, avx2 or avx512", isa);
        return FALSE;
    }
    engine->blas = blas || (options && options->precise) || (!isa && mostly_floats(engine->weights));
    if (engine->blas) {
        blas_init();
        engine->arithmetic = g_strdup_printf("%s (OpenBLAS %s)", ARITHMETIC_BLAS, blas_core());
    } else {
        engine->arithmetic = g_strdup(ARITHMETIC);
    }
    return TRUE;
}

/* Plain C reads the rows of the file as quickly. */
static gboolean uses_panels(const Engine *engine)
{
    return !engine->blas && strcmp(engine->kernels->name, "c") != 0 && prepared_wanted(engine->weights);
}

static void find_prepared(Engine *engine, const char *folder, gboolean in_memory)
{
    g_autofree char *path = prepared_path(folder, engine->weights->info.fingerprint);
    g_autoptr(GError) reason = NULL;

    if (!in_memory && !engine->blas && prepared_attach(engine->weights, path, &reason)) {
        engine->prepared = PREPARED_USED;
        return;
    }
    if (reason != NULL)
        engine->prepared_reason = g_strdup(reason->message);
    engine->prepared = PREPARED_NO_USE;
    if (!uses_panels(engine))
        return;
    engine->prepared = PREPARED_MISSING;
    if (in_memory || engine->weights->info.bytes < ENGINE_PREPARE_FILE) {
        prepared_in_memory(engine->weights, engine->kernels, engine->threads);
        engine->prepared = PREPARED_USED;
    }
}

PreparedState engine_prepared(const Engine *engine, const char **reason)
{
    if (reason != NULL)
        *reason = engine->prepared_reason;
    return engine->prepared;
}

char *engine_prepared_path(const Engine *engine, const char *folder)
{
    return prepared_path(folder, engine->weights->info.fingerprint);
}

gboolean engine_prepare(Engine *engine, const char *folder, ProgressFunc progress, gpointer data, GError **error)
{
    g_autofree char *path = engine_prepared_path(engine, folder);
    g_autoptr(GError) local = NULL;

    if (!prepared_wanted(engine->weights)) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "%s: has no quantised weights, and others are not prepared",
                    engine->weights->info.path);
        return FALSE;
    }
    if (!prepared_write(engine->weights, engine->kernels, engine->threads, path, progress, data, error))
        return FALSE;
    if (!prepared_attach(engine->weights, path, &local)) {
        if (local != NULL)
            g_propagate_error(error, g_steal_pointer(&local));
        else
            g_set_error(error, FAILURE, FAILURE_CACHE, "%s: was removed at once by another process", path);
        return FALSE;
    }
    engine->prepared = PREPARED_USED;
    return TRUE;
}

guint64 engine_prepared_bytes(const Engine *engine)
{
    return prepared_bytes(engine->weights);
}

gboolean engine_prepared_verify(const Engine *engine, const char *folder, ProgressFunc progress, gpointer data, GError **error)
{
    g_autofree char *path = engine_prepared_path(engine, folder);

    return prepared_verify(engine->weights, path, progress, data, error);
}

/* Takes WEIGHTS over, which are NULL after an error. */
static Engine *engine_new(Weights *weights, const EngineOptions *options, gboolean in_memory, GError **error)
{
    g_autoptr(Engine) engine = g_new0(Engine, 1);

    engine->weights = weights;
    if (!engine->weights || !choose_set(engine, options, error))
        return NULL;
    engine->threads = threads_count(options ? options->threads : 0);
    if (options != NULL && options->prepared != NULL)
        find_prepared(engine, options->prepared, in_memory);
    return g_steal_pointer(&engine);
}

Engine *engine_open(const char *path, const EngineOptions *options, GError **error)
{
    return engine_new(weights_open(path, error), options, FALSE, error);
}

gboolean engine_shape_find(const char *name, EngineShape *shape)
{
    static const EngineShape shapes[] = {
        { .name = "glm-4-9b", .type = "q4_0", .layers = 40, .hidden = 4096, .heads = 32, .kv_heads = 2,
          .head_dim = 128, .ffn = 13696, .vocabulary = 151552, .context = 131072 },
        { .name = "tiny", .type = "q4_0", .layers = 2, .hidden = 256, .heads = 4, .kv_heads = 2,
          .head_dim = 64, .ffn = 512, .vocabulary = 512, .context = 8192 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++)
        if (!strcmp(name, shapes[i].name)) {
            *shape = shapes[i];
            return TRUE;
        }
    return FALSE;
}

Engine *engine_open_synthetic(const EngineShape *shape, const EngineOptions *options, GError **error)
{
    return engine_new(synthetic_weights(shape, error), options, TRUE, error);
}

void engine_free(Engine *engine)
{
    if (!engine)
        return;
    weights_free(engine->weights);
    g_free(engine->arithmetic);
    g_free(engine->prepared_reason);
    g_free(engine);
}

const ModelInfo *engine_info(const Engine *engine)
{
    return &engine->weights->info;
}

const Tokenizer *engine_tokenizer(const Engine *engine)
{
    return engine->weights->tokenizer;
}

gboolean engine_batch_invariant(const Engine *engine)
{
    return !engine->blas;
}

const char *engine_isa(const Engine *engine)
{
    return engine->blas ? "blas" : engine->kernels->name;
}

int engine_threads(const Engine *engine)
{
    return engine->threads;
}

const char *engine_arithmetic(const Engine *engine)
{
    return engine->arithmetic;
}

void engine_state_key(const Engine *engine, KvType type, guint8 key[ENGINE_KEY_BYTES])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *text = g_strdup_printf("kvasir state 1\n%s\n%s\n%s\n", engine->weights->info.fingerprint,
                                            kv_type_name(type), engine->arithmetic);
    gsize length = ENGINE_KEY_BYTES;

    g_checksum_update(sum, (const guchar *) text, -1);
    g_checksum_get_digest(sum, key, &length);
}
