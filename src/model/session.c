/* session.c - one token sequence: its memory, growth, truncation and blocks. */
#include "config.h"
#include <string.h>
#include <sys/mman.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/model/session.h"

static void batch_init(Batch *b, const ModelInfo *info)
{
    gsize n = KERNEL_MAX_TOKENS, dim = (gsize) info->head_dim, heads = (gsize) info->heads;
    gsize q_width = heads * dim, qkv_width = q_width + 2 * (gsize) info->kv_heads * dim;
    gsize widest = MAX(MAX(qkv_width, 2 * (gsize) info->ffn), (gsize) info->hidden);

    b->hidden = g_new(float, n * (gsize) info->hidden);
    b->x = g_new(float, n * widest);
    b->y = g_new(float, n * widest);
    b->q = g_new(float, n * q_width);
    b->out = g_new(float, n * q_width);
    b->max = g_new(float, n * heads);
    b->sum = g_new(float, n * heads);
    b->q8 = g_new(gint8, n * q_width);
    b->q8_scale = g_new(float, n * heads);
    b->visible = g_new(guint8, n * heads);
    b->codes = g_new(gint8, n * widest);
    b->code_scale = g_new(float, n * (widest / KERNEL_GROUP + 1));
    b->code_sum = g_new(float, n * (widest / KERNEL_GROUP + 1));
    b->code_sums = g_new(GroupSums, n * (widest / KERNEL_GROUP + 1));
    b->cosine = g_new(float, n * (gsize) info->rotary_dim);
    b->sine = g_new(float, n * (gsize) info->rotary_dim);
}

static void batch_release(Batch *b)
{
    void *buffers[] = { b->hidden, b->x, b->y, b->q, b->out, b->max, b->sum, b->q8, b->q8_scale,
                        b->visible, b->codes, b->code_scale, b->code_sum, b->code_sums, b->cosine, b->sine };

    for (gsize i = 0; i < G_N_ELEMENTS(buffers); i++)
        g_free(buffers[i]);
}

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

static gboolean map_kv(Session *s, GError **error)
{
    const ModelInfo *info = &s->engine->weights->info;

    s->tiles = (s->capacity + KERNEL_TILE - 1) / KERNEL_TILE;
    s->tile_bytes = kernel_tile_bytes(s->kind, (gsize) info->head_dim);
    s->kv_bytes = (gsize) info->layers * s->tiles * (gsize) info->kv_heads * s->tile_bytes;
    s->kv = mmap(NULL, s->kv_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->kv == MAP_FAILED) {
        s->kv = NULL;
        g_set_error(error, FAILURE, FAILURE_SYSTEM,
                    "cannot reserve %.1f GB of memory for the KV cache of %" G_GSIZE_FORMAT
                    " tokens: use a smaller context or KV type", (double) s->kv_bytes / 1e9, s->capacity);
        return FALSE;
    }
    return TRUE;
}

Session *session_new(const Engine *engine, KvType type, gsize max_tokens, GError **error)
{
    const ModelInfo *info = &engine->weights->info;
    static const TileKind kinds[] = { TILE_INT8, TILE_F16, TILE_F32 };
    Session *s;

    if (type == KV_INT8 && info->head_dim % 4) {
        g_set_error(error, FAILURE, FAILURE_MODEL,
                    "%s: head size %d is no multiple of 4: use --kv f16", info->path, info->head_dim);
        return NULL;
    }
    s = g_new0(Session, 1);
    s->engine = engine;
    s->type = type;
    s->kind = kinds[type];
    s->capacity = max_tokens ? MIN(max_tokens, (gsize) info->context) : (gsize) info->context;
    if (!map_kv(s, error)) {
        g_free(s);
        return NULL;
    }
    s->tokens = g_new(gint32, s->capacity);
    if (type == KV_INT8)
        s->raw = g_new(float, (gsize) info->layers * RAW_TILES * (gsize) info->kv_heads *
                              2 * KERNEL_TILE * (gsize) info->head_dim);
    for (int i = 0; i < RAW_TILES; i++)
        s->raw_tile[i] = G_MAXSIZE;
    s->last_hidden = g_new(float, info->hidden);
    s->logits = g_new(float, info->vocabulary);
    batch_init(&s->batch, info);
    s->scratch = g_new0(void *, engine->threads);
    for (int i = 0; i < engine->threads; i++)
        s->scratch[i] = g_aligned_alloc(1, scratch_bytes(engine), 64);
    return s;
}

void session_free(Session *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->engine->threads; i++)
        g_aligned_free(s->scratch[i]);
    g_free(s->scratch);
    batch_release(&s->batch);
    munmap(s->kv, s->kv_bytes);
    g_free(s->parts);
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

static gboolean check_tokens(const Session *s, const gint32 *tokens, gsize n, GError **error)
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

/* Computes the next tokens up to N or to the end of the block; returns their number. */
static gsize append_piece(Session *s, const gint32 *tokens, gsize n)
{
    gsize piece = MIN(n, ENGINE_BLOCK - s->length % ENGINE_BLOCK);

    forward_tokens(s, tokens, piece);
    memcpy(s->tokens + s->length, tokens, piece * sizeof *tokens);
    s->length += piece;
    s->have_hidden = TRUE;
    s->have_logits = FALSE;
    return piece;
}

gboolean session_append(Session *s, const gint32 *tokens, gsize n,
                        SessionBlockFunc on_block, gpointer data, GError **error)
{
    if (!check_tokens(s, tokens, n, error))
        return FALSE;
    while (n) {
        if (interrupt_check(error))
            return FALSE;
        gsize piece = append_piece(s, tokens, n);
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
    gsize vocabulary = (gsize) s->engine->weights->info.vocabulary;

    g_assert(n <= ENGINE_BATCH);
    if (!check_tokens(s, tokens, n, error))
        return FALSE;
    for (gsize done = 0; done < n;) {
        gsize piece = append_piece(s, tokens + done, n - done);

        forward_logits(s, s->batch.hidden, piece, logits + done * vocabulary);
        done += piece;
    }
    return TRUE;
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
    return n;
}

const float *session_logits(Session *s)
{
    if (!s->have_hidden)
        return NULL;
    if (!s->have_logits)
        forward_logits(s, s->last_hidden, 1, s->logits);
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

void session_import_layers(Session *s, gsize block, int first, int n, const guint8 *from)
{
    gsize bytes = session_layer_bytes(s);

    g_assert(block >= s->length / ENGINE_BLOCK && (block + 1) * ENGINE_BLOCK <= s->capacity);
    for (int i = 0; i < n; i++)
        memcpy(session_tile(s, first + i, block * (ENGINE_BLOCK / KERNEL_TILE), 0), from + (gsize) i * bytes, bytes);
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
