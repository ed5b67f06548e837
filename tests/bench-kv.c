/* bench-kv.c - what a KV type costs in quality: its logits against those of f16; not a test.
 *
 *     make tests/bench-kv && tests/bench-kv MODEL [IDS] [TYPE...]
 *
 * MODEL is a GGUF file, or "synthetic" for one layer as wide as GLM-4-9B's with random weights (and a short FFN).  IDS is a
 * file of token ids, a sequence a line; without it ("-") the model writes a sequence itself, sampled from its own
 * distribution; a number stands for so many random tokens.
 * Types: int8, f32, and packings of int8 blocks "kBvBgG": keys of B bits and values of B bits, in groups of G
 * codes that share a multiplier of 8 bits, the int8 scales as they are.  A block is packed and unpacked when it is whole, and
 * what follows is computed with the result, as it would be with blocks that are stored in that form.
 *
 * Behind 1,024, 8,192 and 32,768 tokens (as far as a sequence goes) it compares the predictions of the last positions
 * (512, 2,048 and 2,048), over all sequences: Kullback-Leibler divergence from f16, mean and greatest, how many have the same likeliest token, and
 * the mean loss of the token that does come.  The context of the file may be shorter: the model is taken beyond it.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/model/engine.h"

enum { WINDOW = 2048, TILE = 64, MOST = 32768 };

static const gsize depths[] = { 1024, 8192, MOST };

typedef struct {
    int k_bits, v_bits, group;      /* bits of 8: as it is */
} Packing;

typedef struct {
    gint32 *id;
    gsize n;
} Ids;

/* What came out in one window, over all sequences. */
typedef struct {
    double divergence, most, loss;
    gsize n, other, losses;         /* predictions; those with another likeliest token; those whose next token is known */
} Sums;

typedef struct {
    const char *name;
    KvType type;
    gboolean packed;
    Packing packing;
    Session *session;
    float *logits;                  /* of ENGINE_BLOCK positions */
    Sums sums[G_N_ELEMENTS(depths)];
} Variant;

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

/* Log of the sum of exp of all, and the likeliest. */
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

/* The predictions of one block after AT tokens, by VARIANT and by f16: adds to the sums of window D. */
static void compare(Variant *variant, const Variant *reference, gsize vocabulary, const Ids *ids, gsize at, gsize d)
{
    Sums *sums = &variant->sums[d];

    for (gsize row = 0; row < ENGINE_BLOCK; row++) {
        const float *want = reference->logits + row * vocabulary, *have = variant->logits + row * vocabulary;
        gsize a, b, next = at + row + 1;
        double za = log_sum(want, vocabulary, &a), zb = log_sum(have, vocabulary, &b), divergence = 0;

        for (gsize i = 0; i < vocabulary; i++)
            divergence += exp((double) want[i] - za) * ((double) want[i] - za - ((double) have[i] - zb));
        sums->divergence += divergence;
        sums->most = MAX(sums->most, divergence);
        sums->other += a != b;
        sums->n++;
        if (next < ids->n) {
            sums->loss += zb - (double) have[ids->id[next]];
            sums->losses++;
        }
    }
}

/* The window that the block after AT tokens is in, or none. */
static gboolean find_window(gsize at, gsize *window)
{
    for (*window = 0; *window < G_N_ELEMENTS(depths); ++*window)
        if (at < depths[*window] && at >= depths[*window] - MIN(WINDOW, depths[*window] / 2))
            return TRUE;
    return FALSE;
}

/* All variants over one sequence, side by side; the first is f16. */
static void run(const Engine *engine, GArray *variants, const Ids *ids)
{
    gsize vocabulary = (gsize) engine_info(engine)->vocabulary, d;
    GError *error = NULL;

    for (guint i = 0; error == NULL && i < variants->len; i++) {
        Variant *v = &g_array_index(variants, Variant, i);
        v->session = session_new(engine, v->type, ids->n, &error);
        v->logits = g_renew(float, v->logits, ENGINE_BLOCK * vocabulary);
    }
    for (gsize at = 0; at + ENGINE_BLOCK <= ids->n; at += ENGINE_BLOCK) {
        gboolean in_window = find_window(at, &d);

        for (guint i = 0; error == NULL && i < variants->len; i++) {
            Variant *v = &g_array_index(variants, Variant, i);

            for (gsize j = 0; error == NULL && in_window && j < ENGINE_BLOCK; j += ENGINE_BATCH)
                session_append_logits(v->session, ids->id + at + j, ENGINE_BATCH, v->logits + j * vocabulary, &error);
            if (error == NULL && !in_window)
                session_append(v->session, ids->id + at, ENGINE_BLOCK, NULL, NULL, &error);
            if (error == NULL && v->packed)
                pack_block(engine, v->session, ids->id, at / ENGINE_BLOCK, &v->packing);
            if (error == NULL && in_window)
                compare(v, &g_array_index(variants, Variant, 0), vocabulary, ids, at, d);
        }
    }
    if (error != NULL)
        fail(error);
    for (guint i = 0; i < variants->len; i++)
        session_free(g_array_index(variants, Variant, i).session);
}

static void report(const Variant *v)
{
    for (gsize d = 0; d < G_N_ELEMENTS(depths) && v->sums[d].n > 0; d++) {
        const Sums *s = &v->sums[d];

        printf("%-10s %6" G_GSIZE_FORMAT " tokens: ", v->name, depths[d]);
        if (v->packed || v->type != KV_F16)
            printf("KLD %.2e, at most %.2e; same first choice %6.2f%%; ", s->divergence / (double) s->n, s->most,
                   100.0 * (double) (s->n - s->other) / (double) s->n);
        printf("loss %.4f, %" G_GSIZE_FORMAT " predictions\n", s->loss / (double) MAX(s->losses, 1), s->n);
    }
}

/* The sequences of the file PATH, one a line. */
static GArray *read_ids(const Engine *engine, const char *path)
{
    g_autofree char *text = NULL;
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Ids));
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error))
        fail(error);
    for (char *line = text, *end = text; *line != '\0'; line = *end == '\0' ? end : end + 1) {
        Ids ids = { .id = g_new(gint32, MOST) };

        end = line + strcspn(line, "\n");
        for (char *p = line, *stop; ids.n < MOST && p < end; p = stop) {
            long id = strtol(p, &stop, 10);
            if (stop == p || stop > end)
                break;
            if (id < 0 || id >= engine_info(engine)->vocabulary)
                fail(g_error_new(FAILURE, FAILURE_INPUT, "%s: no token is %ld", path, id));
            ids.id[ids.n++] = (gint32) id;
        }
        g_array_append_val(all, ids);
    }
    return all;
}

/* MOST tokens that the model writes at temperature 1. */
static Ids write_ids(const Engine *engine)
{
    gsize vocabulary = (gsize) engine_info(engine)->vocabulary, best;
    GError *error = NULL;
    g_autoptr(Session) session = session_new(engine, KV_F32, MOST, &error);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Ids ids = { .id = g_new(gint32, MOST) };
    gint32 id = 1;

    for (; error == NULL && ids.n < MOST; ids.n++) {
        ids.id[ids.n] = id;
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

static Ids random_ids(const Engine *engine, gsize n)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Ids ids = { .id = g_new(gint32, n) };

    for (; ids.n < n; ids.n++)
        ids.id[ids.n] = g_rand_int_range(random, 0, engine_info(engine)->vocabulary);
    return ids;
}

static GArray *sequences(const Engine *engine, const char *name)
{
    GArray *all;
    Ids one;

    if (strcmp(name, "-") != 0 && (!g_ascii_isdigit(name[0]) || g_file_test(name, G_FILE_TEST_EXISTS)))
        return read_ids(engine, name);
    all = g_array_new(FALSE, FALSE, sizeof(Ids));
    one = strcmp(name, "-") == 0 ? write_ids(engine) : random_ids(engine, MIN((gsize) atoi(name), MOST));
    g_array_append_val(all, one);
    return all;
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

static gboolean parse(Variant *v)
{
    Packing *p = &v->packing;

    v->type = KV_INT8;
    v->packed = sscanf(v->name, "k%dv%dg%d", &p->k_bits, &p->v_bits, &p->group) == 3;
    if (v->packed)
        return p->k_bits >= 2 && p->k_bits <= 8 && p->v_bits >= 2 && p->v_bits <= 8 && p->group >= 1;
    return kv_type_parse(v->name, &v->type);
}

int main(int argc, char **argv)
{
    g_autoptr(Engine) engine = argc > 1 ? open_engine(argv[1]) : NULL;
    g_autoptr(GArray) variants = g_array_new(FALSE, TRUE, sizeof(Variant)), all = NULL;

    if (engine == NULL) {
        fputs("usage: bench-kv MODEL|synthetic [IDS|-|N] [TYPE...]\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc || i <= 3; i++) {
        Variant v = { .name = i == 2 ? "f16" : i < argc ? argv[i] : "int8" };

        if (!parse(&v)) {
            fprintf(stderr, "bench-kv: what is \"%s\"?\n", v.name);
            return 2;
        }
        g_array_append_val(variants, v);
    }
    all = sequences(engine, argc > 2 ? argv[2] : "-");
    for (guint i = 0; i < all->len; i++) {
        run(engine, variants, &g_array_index(all, Ids, i));
        g_free(g_array_index(all, Ids, i).id);
    }
    for (guint i = 0; i < variants->len; i++) {
        report(&g_array_index(variants, Variant, i));
        g_free(g_array_index(variants, Variant, i).logits);
    }
    return 0;
}
