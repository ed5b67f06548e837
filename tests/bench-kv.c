/* bench-kv.c - what a KV type costs in quality: its logits against those of f16; not a test.
 *
 *     make tests/bench-kv && tests/bench-kv MODEL [IDS] [TYPE...]
 *
 * MODEL is a GGUF file, or "synthetic" for one layer as wide as GLM-4-9B's with random weights (and a short FFN).  IDS is a
 * file of token ids; without it ("-") the model writes the sequence itself, sampled from its own distribution.
 * Types: int8, f32, and packings of int8 blocks "kBvBgG": keys of B bits and values of B bits, in groups of G
 * codes that share a multiplier of 8 bits, the int8 scales as they are.  A block is packed and unpacked when it is whole, and
 * what follows is computed with the result, as it would be with blocks that are stored in that form.
 *
 * Behind 1,024, 8,192 and 32,768 tokens (as far as the sequence goes) it compares the predictions of the last 256 positions:
 * Kullback-Leibler divergence from f16, mean and greatest, and how many have the same likeliest token.  The context of the file
 * may be shorter: the model is taken beyond it.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/model/engine.h"

enum { WINDOW = 256, TILE = 64, MOST = 32768 };

static const gsize depths[] = { 1024, 8192, MOST };

typedef struct {
    int k_bits, v_bits, group;      /* bits of 8: as it is */
} Packing;

static void fail(GError *error)
{
    fprintf(stderr, "bench-kv: %s\n", error->message);
    exit(1);
}

/* One group of codes, STRIDE bytes apart, from int8 to BITS and back. */
static void pack_group(gint8 *codes, gsize n, gsize stride, int bits)
{
    int most = 0, levels = (1 << (bits - 1)) - 1;

    for (gsize i = 0; i < n; i++)
        most = MAX(most, abs(codes[i * stride]));
    for (gsize i = 0; i < n && most > 0; i++) {
        int code = codes[i * stride], q = (int) lrint((double) code * levels / most);

        codes[i * stride] = (gint8) lrint((double) q * most / levels);
    }
}

/* The layout of a tile is that of kvasir-cache(5). */
static void pack_tile(guint8 *tile, gsize dim, const Packing *p)
{
    gint8 line[TILE > 1024 ? TILE : 1024];

    for (gsize j = 0; p->k_bits < 8 && j < TILE; j++) {
        for (gsize d = 0; d < dim; d++)
            line[d] = (gint8) (tile[d / 4 * (4 * TILE) + j * 4 + d % 4] - 128);
        for (gsize d = 0; d < dim; d += (gsize) p->group)
            pack_group(line + d, MIN((gsize) p->group, dim - d), 1, p->k_bits);
        for (gsize d = 0; d < dim; d++)
            tile[d / 4 * (4 * TILE) + j * 4 + d % 4] = (guint8) (line[d] + 128);
    }
    tile += dim * TILE;
    for (gsize d = 0; p->v_bits < 8 && d < dim; d++) {
        for (gsize j = 0; j < TILE; j++)
            line[j] = (gint8) tile[j / 4 * (4 * dim) + d * 4 + j % 4];
        for (gsize j = 0; j < TILE; j += (gsize) p->group)
            pack_group(line + j, MIN((gsize) p->group, TILE - j), 1, p->v_bits);
        for (gsize j = 0; j < TILE; j++)
            tile[j / 4 * (4 * dim) + d * 4 + j % 4] = (guint8) line[j];
    }
}

static void pack_block(const Engine *engine, Session *session, const gint32 *ids, gsize block, const Packing *p)
{
    const ModelInfo *info = engine_info(engine);
    gsize layer = session_layer_bytes(session), tiles = (gsize) info->kv_heads * (ENGINE_BLOCK / TILE);
    g_autofree guint8 *bytes = g_malloc((gsize) info->layers * layer);

    session_export_layers(session, block, 0, info->layers, bytes);
    for (gsize i = 0; i < (gsize) info->layers * tiles; i++)
        pack_tile(bytes + i * (layer / tiles), (gsize) info->head_dim, p);
    session_truncate(session, block * ENGINE_BLOCK);
    session_import_layers(session, block, 0, info->layers, bytes);
    session_adopt_blocks(session, ids + block * ENGINE_BLOCK, 1);
}

/* Logits of all windows, one after the other. */
static float *run(const Engine *engine, KvType type, const Packing *packing, const gint32 *ids, gsize n)
{
    gsize vocabulary = (gsize) engine_info(engine)->vocabulary, windows = 0;
    GError *error = NULL;
    g_autoptr(Session) session = session_new(engine, type, n, &error);
    float *all = g_new(float, G_N_ELEMENTS(depths) * WINDOW * vocabulary);

    for (gsize at = 0; error == NULL && at + ENGINE_BLOCK <= n; at += ENGINE_BLOCK) {
        if (at + ENGINE_BLOCK != depths[windows]) {
            session_append(session, ids + at, ENGINE_BLOCK, NULL, NULL, &error);
        } else {
            for (gsize i = 0; error == NULL && i < WINDOW; i += ENGINE_BATCH)
                session_append_logits(session, ids + at + i, ENGINE_BATCH, all + (windows * WINDOW + i) * vocabulary, &error);
            windows++;
        }
        if (error == NULL && packing != NULL)
            pack_block(engine, session, ids, at / ENGINE_BLOCK, packing);
    }
    if (error != NULL)
        fail(error);
    return all;
}

/* log of the sum of exp of all, and the likeliest. */
static double log_sum(const float *logits, gsize n, gsize *best)
{
    double sum = 0;

    *best = 0;
    for (gsize i = 1; i < n; i++)
        if (logits[i] > logits[*best])
            *best = i;
    for (gsize i = 0; i < n; i++)
        sum += exp((double) logits[i] - (double) logits[*best]);
    return (double) logits[*best] + log(sum);
}

static void compare(const char *name, gsize depth, const float *want, const float *have, gsize vocabulary)
{
    double sum = 0, most = 0;
    int same = 0;

    for (gsize row = 0; row < WINDOW; row++, want += vocabulary, have += vocabulary) {
        gsize a, b;
        double za = log_sum(want, vocabulary, &a), zb = log_sum(have, vocabulary, &b), divergence = 0;

        for (gsize i = 0; i < vocabulary; i++)
            divergence += exp((double) want[i] - za) * ((double) want[i] - za - ((double) have[i] - zb));
        sum += divergence;
        most = MAX(most, divergence);
        same += a == b;
    }
    printf("%-10s %6" G_GSIZE_FORMAT " tokens: KLD %.2e, at most %.2e; same first choice %6.2f%%\n", name, depth,
           sum / WINDOW, most, 100.0 * same / WINDOW);
    fflush(stdout);
}

static gint32 *read_ids(const char *path, gsize *n)
{
    g_autofree char *text = NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error))
        fail(error);
    for (char *p = text, *end; ids->len < MOST; p = end) {
        gint32 id = (gint32) strtol(p, &end, 10);
        if (end == p)
            break;
        g_array_append_val(ids, id);
    }
    *n = ids->len;
    return (gint32 *) (void *) g_array_free(ids, FALSE);
}

/* MOST tokens that the model writes at temperature 1. */
static gint32 *write_ids(const Engine *engine, gsize *n)
{
    gsize vocabulary = (gsize) engine_info(engine)->vocabulary, best;
    GError *error = NULL;
    g_autoptr(Session) session = session_new(engine, KV_F32, MOST, &error);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    gint32 *ids = g_new(gint32, MOST), id = 1;

    for (*n = 0; error == NULL && *n < MOST; ++*n) {
        ids[*n] = id;
        if (!session_append(session, &id, 1, NULL, NULL, &error))
            break;
        const float *logits = session_logits(session);
        double z = log_sum(logits, vocabulary, &best), left = g_rand_double(random);

        for (id = 0; (gsize) id + 1 < vocabulary && (left -= exp((double) logits[id] - z)) > 0; id++)
            ;
    }
    if (error != NULL)
        fail(error);
    return ids;
}

static gint32 *random_ids(const Engine *engine, gsize n)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    gint32 *ids = g_new(gint32, n);

    for (gsize i = 0; i < n; i++)
        ids[i] = g_rand_int_range(random, 0, engine_info(engine)->vocabulary);
    return ids;
}

/* A copy of the model PATH with a context of MOST tokens; a GGUF key is its length and text, then a type and the value. */
static char *with_context(const char *path)
{
    static const char key[] = "chatglm.context_length";
    const guint32 context = GUINT32_TO_LE(MOST + ENGINE_BLOCK);
    g_autofree char *bytes = NULL, *copy = g_strdup("/tmp/bench-kv-XXXXXX.gguf");
    GError *error = NULL;
    gsize size;
    int fd;

    if (!g_file_get_contents(path, &bytes, &size, &error))
        fail(error);
    for (gsize i = 0; i + sizeof key + 8 < MIN(size, 1 << 20); i++)
        if (memcmp(bytes + i, key, sizeof key - 1) == 0)
            memcpy(bytes + i + sizeof key - 1 + 4, &context, sizeof context);
    fd = g_mkstemp(copy);
    if (fd < 0 || !g_file_set_contents(copy, bytes, (gssize) size, &error))
        fail(error != NULL ? error : g_error_new(FAILURE, FAILURE_SYSTEM, "no room in /tmp"));
    return g_steal_pointer(&copy);
}

static Engine *open_engine(const char *name)
{
    const EngineOptions options = { .isa = g_getenv("KVASIR_ISA") };
    GError *error = NULL;
    Engine *engine;
    EngineShape shape;

    if (strcmp(name, "synthetic") == 0) {
        engine_shape_find("glm-4-9b", &shape);
        shape.type = "q8_0";
        shape.layers = 1;
        shape.ffn = 1024;
        shape.vocabulary = 2048;
        engine = engine_open_synthetic(&shape, &options, &error);
    } else {
        g_autofree char *copy = with_context(name);
        engine = engine_open(copy, &options, &error);
        remove(copy);
    }
    if (engine == NULL)
        fail(error);
    return engine;
}

static gboolean parse(const char *name, KvType *type, Packing *packing, gboolean *packed)
{
    *type = KV_INT8;
    *packed = sscanf(name, "k%dv%dg%d", &packing->k_bits, &packing->v_bits, &packing->group) == 3;
    if (*packed)
        return packing->k_bits >= 2 && packing->k_bits <= 8 && packing->v_bits >= 2 && packing->v_bits <= 8
               && packing->group >= 1;
    return kv_type_parse(name, type);
}

int main(int argc, char **argv)
{
    g_autoptr(Engine) engine = argc > 1 ? open_engine(argv[1]) : NULL;
    g_autofree gint32 *ids = NULL;
    g_autofree float *reference = NULL;
    gsize n = MOST;

    if (engine == NULL) {
        fputs("usage: bench-kv MODEL|synthetic [IDS|-|N] [TYPE...]\n", stderr);
        return 2;
    }
    if (argc > 2 && g_ascii_isdigit(argv[2][0]) && !g_file_test(argv[2], G_FILE_TEST_EXISTS)) {
        n = MIN((gsize) atoi(argv[2]), MOST);
        ids = random_ids(engine, n);
    } else if (argc > 2 && strcmp(argv[2], "-") != 0) {
        ids = read_ids(argv[2], &n);
    } else {
        ids = write_ids(engine, &n);
    }
    reference = run(engine, KV_F16, NULL, ids, n);
    for (int i = 3; i < argc || i == 3; i++) {
        const char *name = i < argc ? argv[i] : "int8";
        gsize vocabulary = (gsize) engine_info(engine)->vocabulary;
        Packing packing;
        gboolean packed;
        KvType type;

        if (!parse(name, &type, &packing, &packed)) {
            fprintf(stderr, "bench-kv: what is \"%s\"?\n", name);
            return 2;
        }
        g_autofree float *logits = run(engine, type, packed ? &packing : NULL, ids, n);
        for (gsize d = 0; d < G_N_ELEMENTS(depths) && depths[d] <= n; d++)
            compare(name, depths[d], reference + d * WINDOW * vocabulary, logits + d * WINDOW * vocabulary, vocabulary);
    }
    return 0;
}
