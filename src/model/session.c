/* session.c - one token sequence: its memory, growth, truncation and blocks. */
#include "config.h"
#include <string.h>
#include <sys/mman.h>

#include "src/base/failure.h"
#include "src/model/session.h"

/* What a thread needs for the widest linear layer or a group's attention. */
static gsize scratch_bytes(const Engine *engine)
{
    const ModelInfo *info = &engine->weights->info;
    gsize dim = (gsize) info->head_dim, rows = GROUP_TOKENS * (gsize) (info->heads / info->kv_heads);
    gsize columns = MAX(MAX((gsize) info->hidden, (gsize) info->ffn), (gsize) info->heads * dim);
    gsize attend = rows * (dim + 2) * sizeof(float) + kernel_attend_scratch_bytes(dim);
    gsize layer = engine->blas ? blas_scratch_bytes(columns) : kernel_linear_scratch_bytes(columns);

    return MAX(attend, layer) + 64;
}

static Batch *batch_new(const Engine *engine)
{
    const ModelInfo *info = &engine->weights->info;
    gsize n = KERNEL_MAX_TOKENS, dim = (gsize) info->head_dim, heads = (gsize) info->heads;
    gsize q_width = heads * dim, qkv_width = q_width + 2 * (gsize) info->kv_heads * dim;
    gsize widest = MAX(MAX(qkv_width, 2 * (gsize) info->ffn), (gsize) info->hidden);
    Batch *b = g_new0(Batch, 1);

    b->engine = engine;
    b->hidden = g_new(float, n * (gsize) info->hidden);
    b->x = g_new(float, n * widest);
    b->y = g_new(float, n * widest);
    b->q = g_new(float, n * q_width);
    b->out = g_new(float, n * q_width);
    b->max = g_new(float, n * heads);
    b->sum = g_new(float, n * heads);
    b->q16 = g_new(gint16, n * q_width);
    b->q16_scale = g_new(float, n * heads);
    b->visible = g_new(guint8, n * heads);
    b->codes = g_new(gint8, n * widest);
    b->code_scale = g_new(float, n * (widest / KERNEL_GROUP + 1));
    b->code_sum = g_new(float, n * (widest / KERNEL_GROUP + 1));
    b->code_sums = g_new(GroupSums, n * (widest / KERNEL_GROUP + 1));
    b->cosine = g_new(float, n * (gsize) info->rotary_dim);
    b->sine = g_new(float, n * (gsize) info->rotary_dim);
    b->scratch = g_new0(void *, engine->threads);
    for (int i = 0; i < engine->threads; i++)
        b->scratch[i] = g_aligned_alloc(1, scratch_bytes(engine), 64);
    return b;
}

static void batch_free(Batch *b)
{
    if (!b)
        return;
    void *buffers[] = { b->hidden, b->x, b->y, b->q, b->out, b->max, b->sum, b->q16, b->q16_scale, b->visible,
                        b->codes, b->code_scale, b->code_sum, b->code_sums, b->cosine, b->sine, b->parts, b->tile_max };

    for (gsize i = 0; i < G_N_ELEMENTS(buffers); i++)
        g_free(buffers[i]);
    for (int i = 0; i < b->engine->threads; i++)
        g_aligned_free(b->scratch[i]);
    g_free(b->scratch);
    g_free(b);
}

Batch *session_batch(Session *s)
{
    if (!s->batch)
        s->batch = batch_new(s->engine);
    s->batch->tokens = 0;
    return s->batch;
}

void batch_place(Batch *batch, Session *s, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        gsize tile = (s->length + i) / KERNEL_TILE;

        batch->place[batch->tokens++] = (Place) { s, s->length + i };
        if (s->raw)
            s->raw_tile[tile % RAW_TILES] = tile;
    }
}

void batch_take(const Batch *batch, gsize first, Session *s, const gint32 *tokens, gsize n)
{
    gsize hidden = (gsize) s->engine->weights->info.hidden;

    memcpy(s->last_hidden, batch->hidden + (first + n - 1) * hidden, hidden * sizeof(float));
    memcpy(s->tokens + s->length, tokens, n * sizeof *tokens);
    s->length += n;
    s->have_hidden = TRUE;
    s->have_logits = FALSE;
}

#define HUGE_PAGE ((gsize) 2 << 20)

/* Reserves memory, which is not used until it is written to; NULL if there is none.  Large segments ask for huge
 * pages: a block that is read back would spend its time in page faults otherwise. */
static Segment *segment_new(gsize bytes)
{
    void *data;
    Segment *segment;

    if (bytes >= 4 * HUGE_PAGE)
        bytes = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return NULL;
    if (bytes >= 4 * HUGE_PAGE)
        madvise(data, bytes, MADV_HUGEPAGE);
    segment = g_new(Segment, 1);
    *segment = (Segment) { 1, data, bytes };
    return segment;
}

static void segment_release(Segment *segment)
{
    if (!segment || !g_atomic_int_dec_and_test(&segment->refs))
        return;
    munmap(segment->data, segment->bytes);
    g_free(segment);
}

static gsize segment_bytes(const Session *s)
{
    const ModelInfo *info = &s->engine->weights->info;

    return (gsize) info->layers * KERNEL_SEGMENT * (gsize) info->kv_heads * s->tile_bytes;
}

/* Memory for all segments from FIRST on. */
static gboolean reserve(Session *s, gsize first, GError **error)
{
    for (gsize g = first; g < s->n_segments; g++)
        if (!(s->segments[g] = segment_new(segment_bytes(s)))) {
            g_set_error(error, FAILURE, FAILURE_SYSTEM,
                        "cannot reserve %.1f GB of memory for the KV cache of %" G_GSIZE_FORMAT
                        " tokens: use a smaller context or KV type",
                        (double) segment_bytes(s) * (double) (s->n_segments - first) / 1e9, s->capacity);
            return FALSE;
        }
    return TRUE;
}

/* A session without segments. */
static Session *session_empty(const Engine *engine, KvType type, gsize max_tokens)
{
    const ModelInfo *info = &engine->weights->info;
    static const TileKind kinds[] = { TILE_INT8, TILE_F16, TILE_F32 };
    Session *s = g_new0(Session, 1);

    s->engine = engine;
    s->type = type;
    s->kind = kinds[type];
    s->capacity = max_tokens ? MIN(max_tokens, (gsize) info->context) : (gsize) info->context;
    s->tile_bytes = kernel_tile_bytes(s->kind, (gsize) info->head_dim);
    s->n_segments = (s->capacity + SEGMENT_TOKENS - 1) / SEGMENT_TOKENS;
    s->segments = g_new0(Segment *, s->n_segments);
    s->tokens = g_new(gint32, s->capacity);
    if (type == KV_INT8)
        s->raw = g_new(float, (gsize) info->layers * RAW_TILES * (gsize) info->kv_heads *
                              2 * KERNEL_TILE * (gsize) info->head_dim);
    for (int i = 0; i < RAW_TILES; i++)
        s->raw_tile[i] = G_MAXSIZE;
    s->last_hidden = g_new(float, info->hidden);
    s->logits = g_new(float, info->vocabulary);
    return s;
}

Session *session_new(const Engine *engine, KvType type, gsize max_tokens, GError **error)
{
    const ModelInfo *info = &engine->weights->info;

    if (type == KV_INT8 && info->head_dim % 4) {
        g_set_error(error, FAILURE, FAILURE_MODEL,
                    "%s: head size %d is no multiple of 4: use --kv f16", info->path, info->head_dim);
        return NULL;
    }
    g_autoptr(Session) s = session_empty(engine, type, max_tokens);
    return reserve(s, 0, error) ? g_steal_pointer(&s) : NULL;
}

/* Copies the first TILES tiles of a segment, of all layers. */
static void copy_tiles(const Session *s, const Segment *from, Segment *to, gsize tiles)
{
    const ModelInfo *info = &s->engine->weights->info;
    gsize tile = (gsize) info->kv_heads * s->tile_bytes, layer = KERNEL_SEGMENT * tile;

    for (gsize l = 0; l < (gsize) info->layers; l++)
        memcpy(to->data + l * layer, from->data + l * layer, tiles * tile);
}

/* Copies the tile of the ring that is not yet whole. */
static void copy_unfinished(const Session *from, Session *to)
{
    const ModelInfo *info = &from->engine->weights->info;
    gsize tile = from->length / KERNEL_TILE;
    gsize floats = 2 * KERNEL_TILE * (gsize) info->head_dim * (gsize) info->kv_heads;

    if (!from->raw || from->length % KERNEL_TILE == 0)
        return;
    for (int l = 0; l < info->layers; l++)
        memcpy(session_raw(to, l, tile, 0), session_raw(from, l, tile, 0), floats * sizeof(float));
    to->raw_tile[tile % RAW_TILES] = tile;
}

static gsize tiles_of(gsize tokens)
{
    return (tokens + KERNEL_TILE - 1) / KERNEL_TILE;
}

Session *session_fork(const Session *s, gsize max_tokens, GError **error)
{
    g_autoptr(Session) fork = session_empty(s->engine, s->type, max_tokens ? max_tokens : s->capacity);
    const ModelInfo *info = &s->engine->weights->info;
    gsize shared = s->length / SEGMENT_TOKENS, rest = s->length % SEGMENT_TOKENS;

    if (fork->capacity < s->length) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%" G_GSIZE_FORMAT " tokens do not fit into the context of %"
                    G_GSIZE_FORMAT " tokens", s->length, fork->capacity);
        return NULL;
    }
    for (gsize g = 0; g < shared; g++) {
        fork->segments[g] = s->segments[g];
        g_atomic_int_inc(&s->segments[g]->refs);
    }
    if (!reserve(fork, shared, error))
        return NULL;
    if (rest)
        copy_tiles(s, s->segments[shared], fork->segments[shared], tiles_of(rest));
    copy_unfinished(s, fork);
    memcpy(fork->tokens, s->tokens, s->length * sizeof *s->tokens);
    memcpy(fork->last_hidden, s->last_hidden, (gsize) info->hidden * sizeof(float));
    fork->length = s->length;
    fork->have_hidden = s->have_hidden;
    return g_steal_pointer(&fork);
}

void session_free(Session *s)
{
    if (!s)
        return;
    for (gsize g = 0; g < s->n_segments; g++)
        segment_release(s->segments[g]);
    g_free(s->segments);
    batch_free(s->batch);
    witness_free(s->witness);
    g_free(s->raw);
    g_free(s->last_hidden);
    g_free(s->logits);
    g_free(s->tokens);
    g_free(s);
}

gsize session_length(const Session *s)
{
    return s->length;
}

gsize session_capacity(const Session *s)
{
    return s->capacity;
}

const gint32 *session_tokens(const Session *s)
{
    return s->tokens;
}

gboolean session_check_tokens(const Session *s, const gint32 *tokens, gsize n, GError **error)
{
    int vocabulary = s->engine->weights->info.vocabulary;

    if (n > s->capacity - s->length) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%" G_GSIZE_FORMAT " tokens do not fit into the context of %" G_GSIZE_FORMAT " tokens",
                    s->length + n, s->capacity);
        return FALSE;
    }
    for (gsize i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= vocabulary) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "token id %d is outside the vocabulary of %d",
                        tokens[i], vocabulary);
            return FALSE;
        }
    return TRUE;
}

gsize session_append_piece(Session *s, const gint32 *tokens, gsize n, GError **error)
{
    gsize piece = MIN(n, ENGINE_BLOCK - s->length % ENGINE_BLOCK);

    Batch *batch = session_batch(s);

    batch_place(batch, s, piece);
    if (!forward_tokens(batch, tokens, error))
        return 0;
    batch_take(batch, 0, s, tokens, piece);
    return piece;
}

gboolean session_append(Session *s, const gint32 *tokens, gsize n,
                        SessionBlockFunc on_block, gpointer data, GError **error)
{
    if (!session_check_tokens(s, tokens, n, error))
        return FALSE;
    witness_begin(s, n);
    while (n) {
        gsize piece = session_append_piece(s, tokens, n, error);

        if (piece == 0)
            return FALSE;
        tokens += piece;
        n -= piece;
        if (on_block && s->length % ENGINE_BLOCK == 0 &&
            !on_block(s, s->length / ENGINE_BLOCK - 1, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean session_append_logits(Session *s, const gint32 *tokens, gsize n, float *logits, GError **error)
{
    gsize vocabulary = (gsize) s->engine->weights->info.vocabulary, before = s->length;

    g_assert(n <= ENGINE_BATCH);
    if (!session_check_tokens(s, tokens, n, error))
        return FALSE;
    witness_begin(s, n);
    for (gsize done = 0; done < n;) {
        gsize piece = session_append_piece(s, tokens + done, n - done, error);

        if (piece == 0) {
            session_truncate(s, before);
            return FALSE;
        }
        forward_logits(s->batch, s->batch->hidden, piece, logits + done * vocabulary);
        done += piece;
    }
    return TRUE;
}

/* What is kept of shared segments that will be written to becomes the session's own. */
static void unshare_end(Session *s)
{
    gsize first = s->length / SEGMENT_TOKENS, rest = s->length % SEGMENT_TOKENS;

    for (gsize g = first; g < s->n_segments; g++) {
        Segment *old = s->segments[g], *own;

        if (g_atomic_int_get(&old->refs) == 1)
            continue;
        own = segment_new(old->bytes);
        if (!own)
            g_error("out of memory for the KV cache");
        if (g == first && rest)
            copy_tiles(s, old, own, tiles_of(rest));
        s->segments[g] = own;
        segment_release(old);
    }
}

gsize session_truncate(Session *s, gsize n)
{
    gsize tile = n / KERNEL_TILE;

    if (n >= s->length)
        return s->length;
    /* A tile that was quantised and is partly kept must go on in float. */
    if (s->raw && n % KERNEL_TILE && s->raw_tile[tile % RAW_TILES] != tile)
        n = tile * KERNEL_TILE;
    s->length = n;
    s->have_hidden = s->have_logits = FALSE;
    unshare_end(s);
    return n;
}

const float *session_logits(Session *s)
{
    if (!s->have_hidden)
        return NULL;
    if (!s->have_logits)
        forward_logits(session_batch(s), s->last_hidden, 1, s->logits);
    s->have_logits = TRUE;
    return s->logits;
}

static gsize layer_tile_bytes(const Session *s)
{
    return (gsize) s->engine->weights->info.kv_heads * s->tile_bytes;
}

gsize session_layer_bytes(const Session *s)
{
    return ENGINE_BLOCK / KERNEL_TILE * layer_tile_bytes(s);
}

void session_export_layers(const Session *s, gsize block, int first, int n, guint8 *out)
{
    gsize bytes = session_layer_bytes(s);

    g_assert((block + 1) * ENGINE_BLOCK <= s->length);
    for (int i = 0; i < n; i++)
        memcpy(out + (gsize) i * bytes, session_tile(s, first + i, block * (ENGINE_BLOCK / KERNEL_TILE), 0), bytes);
}

guint8 *session_layer_place(Session *s, gsize block, int layer)
{
    g_assert(block >= s->length / ENGINE_BLOCK && (block + 1) * ENGINE_BLOCK <= s->capacity);
    return session_tile(s, layer, block * (ENGINE_BLOCK / KERNEL_TILE), 0);
}

void session_import_layers(Session *s, gsize block, int first, int n, const guint8 *from)
{
    gsize bytes = session_layer_bytes(s);

    for (int i = 0; i < n; i++)
        memcpy(session_layer_place(s, block, first + i), from + (gsize) i * bytes, bytes);
}

void session_adopt_blocks(Session *s, const gint32 *tokens, gsize n_blocks)
{
    gsize n = n_blocks * ENGINE_BLOCK;

    if (!n)
        return;
    g_assert(s->length % ENGINE_BLOCK == 0 && s->length + n <= s->capacity);
    memcpy(s->tokens + s->length, tokens, n * sizeof *tokens);
    s->length += n;
    s->have_hidden = s->have_logits = FALSE;
    for (int i = 0; i < RAW_TILES; i++)
        s->raw_tile[i] = G_MAXSIZE;
}
