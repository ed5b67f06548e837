/* together.c - several answers over one prefix at once. */
#include "config.h"
#include "src/answer/together.h"

#include <string.h>

#include "src/answer/draft.h"

/* An answer in the making. */
typedef struct {
    TogetherItem item;
    Session *session;
    ReplyTurn *turn;            /* NULL: the prompt's last token is still to be computed */
} Seat;

typedef struct {
    Session *base;
    const Engine *engine;
    const ReplyOptions *options;
    TogetherSeatFunc seat;
    TogetherDoneFunc done;
    gpointer data;
    Seat seats[TOGETHER_MAX];
    gsize taken;                /* seats 0 .. TAKEN - 1 */
    float *rows;                /* logits of a step */
    DraftCosts costs;
} Table;

static const gint32 *item_ids(const Seat *seat)
{
    return (const gint32 *) (const void *) seat->item.ids->data;
}

static ReplyTurn *begin_turn(const Table *table, const Seat *seat)
{
    const ReplyOptions options = answer_options(seat->item.answer, table->options);
    ReplyTurn *turn = reply_turn_new(seat->session, table->engine, &options);

    reply_turn_set_cost(turn, draft_costs_more(&table->costs, table->taken));
    return turn;
}

static void clear_seat(Seat *seat)
{
    reply_turn_free(seat->turn);
    session_free(seat->session);
}

/* The answer of seat AT is over: the last seat moves there. */
static gboolean leave(Table *table, gsize at, GError **error)
{
    Seat *seat = &table->seats[at];
    const TogetherItem item = seat->item;

    reply_turn_end(seat->turn, &item.answer->reply);
    answer_end(item.answer);
    clear_seat(seat);
    *seat = table->seats[--table->taken];
    return table->done(&item, table->data, error);
}

/* Computes the prompt of SEAT up to END; LOGITS (may be NULL) get the rows of the last call.  BASE goes along for its scratch memory. */
static gboolean append_until(const Table *table, const Seat *seat, gsize end, float *logits, GError **error)
{
    Session *const sessions[] = { table->base, seat->session };
    gsize at;

    while ((at = session_length(seat->session)) < end) {
        const gsize n[] = { 0, MIN(end - at, (gsize) ENGINE_GROUP) };
        if (!engine_step_group(sessions, n, G_N_ELEMENTS(n), item_ids(seat) + at, logits, error))
            return FALSE;
    }
    return TRUE;
}

/* The prompt but for its last token, which goes with the others.  With a witness the last ENGINE_BATCH tokens are a call of their
 * own, as in prefix_fill(). */
static gboolean append_prompt(Table *table, Seat *seat, GError **error)
{
    gsize vocabulary = (gsize) engine_info(table->engine)->vocabulary, end = seat->item.ids->len, at;

    if (!session_witnessed(seat->session))
        return append_until(table, seat, end - 1, NULL, error);
    if (!append_until(table, seat, end - MIN(end, (gsize) ENGINE_BATCH), NULL, error))
        return FALSE;
    at = session_length(seat->session);
    if (!append_until(table, seat, end, table->rows, error))
        return FALSE;
    seat->turn = begin_turn(table, seat);
    return reply_turn_take(seat->turn, table->rows + (end - at - 1) * vocabulary) ||
           leave(table, (gsize) (seat - table->seats), error);
}

/* Where a batch changes the bytes, what is left of the prompt is one call, as it is for an answer alone. */
static gboolean append_alone(Table *table, Seat *seat, GError **error)
{
    gsize at = session_length(seat->session);

    if (!session_append(seat->session, item_ids(seat) + at, seat->item.ids->len - at, NULL, NULL, error))
        return FALSE;
    seat->turn = begin_turn(table, seat);
    return reply_turn_take(seat->turn, session_logits(seat->session)) || leave(table, (gsize) (seat - table->seats), error);
}

static gboolean sit_down(Table *table, const TogetherItem *item, GError **error)
{
    Seat *seat = &table->seats[table->taken];

    g_assert(item->ids->len > session_length(table->base));
    *seat = (Seat) { .item = *item };
    seat->session = session_fork(table->base, item->ids->len + table->options->max_tokens, error);
    if (seat->session == NULL)
        return FALSE;
    table->taken++;
    if (table->seat != NULL)
        table->seat(item, seat->session, table->data);
    return engine_batch_invariant(table->engine) ? append_prompt(table, seat, error) : append_alone(table, seat, error);
}

/* Lets each seat take what the ROWS of its N tokens say. */
static gboolean take(Table *table, const gsize *n, GError **error)
{
    gsize vocabulary = (gsize) engine_info(table->engine)->vocabulary, count = table->taken;
    const float *rows = table->rows;
    gboolean over[TOGETHER_MAX];

    for (gsize i = 0; i < count; rows += n[i++] * vocabulary) {
        Seat *seat = &table->seats[i];

        if (seat->turn == NULL)
            seat->turn = begin_turn(table, seat);
        else
            reply_turn_set_cost(seat->turn, draft_costs_more(&table->costs, table->taken));
        over[i] = !reply_turn_take(seat->turn, rows);
    }
    /* From the last one down, so that the seat that moves is one that goes on. */
    for (gsize i = count; i-- > 0; )
        if (over[i] && !leave(table, i, error))
            return FALSE;
    return TRUE;
}

static gboolean step(Table *table, GError **error)
{
    Session *sessions[TOGETHER_MAX + 1] = { table->base };
    gsize n[TOGETHER_MAX + 1] = { 0 };
    gint32 tokens[ENGINE_GROUP];
    gsize total = 0;

    for (gsize i = 0; i < table->taken; i++) {
        const Seat *seat = &table->seats[i];
        const gint32 *batch = item_ids(seat) + seat->item.ids->len - 1;

        n[i + 1] = 1;
        if (seat->turn != NULL)
            batch = reply_turn_batch(seat->turn, &n[i + 1]);
        sessions[i + 1] = seat->session;
        memcpy(tokens + total, batch, n[i + 1] * sizeof *tokens);
        total += n[i + 1];
    }
    gint64 begun = g_get_monotonic_time();

    if (!engine_step_group(sessions, n, table->taken + 1, tokens, table->rows, error))
        return FALSE;
    draft_costs_note(&table->costs, table->taken, total - table->taken,
                     (double) MAX(g_get_monotonic_time() - begun, 1) / 1e6);
    return take(table, n + 1, error);
}

gboolean together_run(Session *base, const Engine *engine, const ReplyOptions *options, gsize most,
                      TogetherNextFunc next, TogetherSeatFunc seat, TogetherDoneFunc done, gpointer data, GError **error)
{
    gsize vocabulary = (gsize) engine_info(engine)->vocabulary;
    g_autofree float *rows = g_new(float, MAX(most * REPLY_BATCH, (gsize) ENGINE_BATCH) * vocabulary);
    Table table = { .base = base, .engine = engine, .options = options, .seat = seat, .done = done,
                    .data = data, .rows = rows };
    gboolean ok = TRUE, more = TRUE;

    G_STATIC_ASSERT(TOGETHER_MAX <= DRAFT_TOGETHER);
    g_assert(most >= 1 && most <= TOGETHER_MAX);
    while (ok && (more || table.taken > 0)) {
        TogetherItem item;

        if (more && table.taken < most && (more = next(&item, data)))
            ok = sit_down(&table, &item, error);
        else if (table.taken > 0)
            ok = step(&table, error);
    }
    for (gsize i = 0; i < table.taken; i++)
        clear_seat(&table.seats[i]);
    return ok;
}
