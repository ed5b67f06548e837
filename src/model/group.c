/* group.c - one step of several sessions at once. */
#include "config.h"
#include <string.h>

#include "src/model/session.h"

static gboolean check_group(Session *const *sessions, const gsize *n, gsize count, const gint32 *tokens, GError **error)
{
    gsize total = 0;

    for (gsize i = 0; i < count; i++) {
        g_assert(sessions[i]->engine == sessions[0]->engine && sessions[i]->type == sessions[0]->type);
        for (gsize j = 0; j < i; j++)
            g_assert(sessions[i] != sessions[j]);
        if (!session_check_tokens(sessions[i], tokens + total, n[i], error))
            return FALSE;
        total += n[i];
    }
    g_assert(total <= ENGINE_GROUP);
    return TRUE;
}

/* The first COUNT sessions forget N[i] tokens each, the next one DONE. */
static void take_back(Session *const *sessions, const gsize *n, gsize count, gsize done)
{
    for (gsize i = 0; i < count; i++)
        session_truncate(sessions[i], sessions[i]->length - n[i]);
    session_truncate(sessions[count], sessions[count]->length - done);
}

/* Where a batch changes the bytes, each session steps alone, cut as session_append cuts. */
static gboolean step_singly(Session *const *sessions, const gsize *n, gsize count, const gint32 *tokens, float *logits,
                            GError **error)
{
    gsize vocabulary = (gsize) sessions[0]->engine->weights->info.vocabulary;

    for (gsize i = 0; i < count; i++)
        for (gsize done = 0; done < n[i];) {
            gsize piece = session_append_piece(sessions[i], tokens, n[i] - done, error);

            if (piece == 0) {
                take_back(sessions, n, i, done);
                return FALSE;
            }
            if (logits) {
                forward_logits(sessions[i]->batch, sessions[i]->batch->hidden, piece, logits);
                logits += piece * vocabulary;
            }
            tokens += piece;
            done += piece;
        }
    return TRUE;
}

gboolean engine_step_group(Session *const *sessions, const gsize *n, gsize count, const gint32 *tokens,
                           float *logits, GError **error)
{
    Batch *batch;

    if (!count)
        return TRUE;
    if (!check_group(sessions, n, count, tokens, error))
        return FALSE;
    for (gsize i = 0; i < count; i++)
        witness_begin(sessions[i], n[i]);
    if (!engine_batch_invariant(sessions[0]->engine))
        return step_singly(sessions, n, count, tokens, logits, error);
    batch = session_batch(sessions[0]);
    for (gsize i = 0; i < count; i++)
        batch_place(batch, sessions[i], n[i]);
    if (!batch->tokens)
        return TRUE;
    if (!forward_tokens(batch, tokens, error))
        return FALSE;
    if (logits)
        forward_logits(batch, batch->hidden, batch->tokens, logits);
    for (gsize i = 0, first = 0; i < count; first += n[i++])
        if (n[i])
            batch_take(batch, first, sessions[i], tokens + first, n[i]);
    return TRUE;
}
