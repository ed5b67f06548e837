/* witness.c - what chosen heads looked at, tile by tile. */
#include "config.h"
#include <string.h>

#include "src/model/session.h"

struct Witness {
    WitnessHead *heads;
    gsize n;
    gsize start, tokens;        /* of the last call; 0 tokens: nothing noted */
    gsize tiles;                /* that its last token sees */
    float *mass;                /* [token][head][tile] */
    gsize size;                 /* floats of it */
};

void witness_free(Witness *w)
{
    if (!w)
        return;
    g_free(w->heads);
    g_free(w->mass);
    g_free(w);
}

void session_witness(Session *s, const WitnessHead *heads, gsize n)
{
    const ModelInfo *info = &s->engine->weights->info;

    witness_free(s->witness);
    s->witness = NULL;
    if (!n)
        return;
    for (gsize i = 0; i < n; i++)
        g_assert(heads[i].layer >= 0 && heads[i].layer < info->layers &&
                 heads[i].head >= 0 && heads[i].head < info->heads);
    s->witness = g_new0(Witness, 1);
    s->witness->heads = g_memdup2(heads, n * sizeof *heads);
    s->witness->n = n;
}

void witness_begin(Session *s, gsize n)
{
    Witness *w = s->witness;

    if (!w)
        return;
    w->start = s->length;
    w->tokens = n <= ENGINE_BATCH ? n : 0;
    w->tiles = (w->start + n + KERNEL_TILE - 1) / KERNEL_TILE;
    if (w->tokens * w->n * w->tiles > w->size) {
        w->size = w->tokens * w->n * (w->tiles + 2 * KERNEL_SEGMENT);
        g_free(w->mass);
        w->mass = g_new(float, w->size);
    }
}

gboolean witness_wants(const Batch *b, int layer)
{
    const Session *last = NULL;

    for (gsize t = 0; t < b->tokens; t++) {
        const Witness *w = b->place[t].session->witness;

        for (gsize i = 0; b->place[t].session != last && w && w->tokens && i < w->n; i++)
            if (w->heads[i].layer == layer)
                return TRUE;
        last = b->place[t].session;
    }
    return FALSE;
}

void witness_note(Batch *b, int layer)
{
    const ModelInfo *info = &b->engine->weights->info;
    gsize per_kv = (gsize) (info->heads / info->kv_heads), rows = b->tokens * (gsize) info->heads;

    for (gsize t = 0; t < b->tokens; t++) {
        Witness *w = b->place[t].session->witness;

        for (gsize i = 0; w && w->tokens && i < w->n; i++) {
            gsize head = (gsize) w->heads[i].head, index = b->place[t].position - w->start;
            gsize row = (head / per_kv * b->tokens + t) * per_kv + head % per_kv;

            if (w->heads[i].layer == layer)
                b->engine->kernels->attend_mass(b->tile_max + row, b->tile_sum + row, rows,
                                                b->place[t].position / KERNEL_TILE + 1, b->max[row], b->sum[row],
                                                w->mass + (index * w->n + i) * w->tiles);
        }
    }
}

const float *session_witness_mass(const Session *s, gsize token, gsize head, gsize *n_tiles)
{
    const Witness *w = s->witness;

    if (!w || token >= w->tokens || head >= w->n)
        return NULL;
    *n_tiles = (w->start + token) / ENGINE_TILE + 1;
    return w->mass + (token * w->n + head) * w->tiles;
}

gboolean session_witnessed(const Session *s)
{
    return s->witness != NULL;
}

gsize session_witness_tokens(const Session *s)
{
    return s->witness != NULL ? s->witness->tokens : 0;
}

double witness_between(const float *mass, gsize keys, gsize from, gsize to)
{
    double sum = 0;

    to = MIN(to, keys);
    while (from < to) {
        gsize tile = from / ENGINE_TILE, first = tile * ENGINE_TILE, end = MIN(first + ENGINE_TILE, keys);
        gsize part = MIN(to, end) - from;

        sum += (double) mass[tile] * (double) part / (double) (end - first);
        from += part;
    }
    return sum;
}
