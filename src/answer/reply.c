/* reply.c - the model's turn. */
#include "config.h"
#include "src/answer/reply.h"

#include <string.h>

#include "src/answer/draft.h"
#include "src/base/interrupt.h"
#include "src/model/chat.h"

const char *reply_end_name(ReplyEnd end)
{
    static const char *const names[] = {
        [REPLY_STOPPED] = "end_turn", [REPLY_LENGTH] = "max_tokens", [REPLY_FULL] = "context_full",
        [REPLY_INTERRUPTED] = "interrupted",
    };

    return names[end];
}

typedef struct {
    const ReplyOptions *options;
    GString *pending;       /* decoded, not yet given out */
    gboolean begun;         /* something but white space has come */
} Stream;

/* Bytes at the end of TEXT that may be the start of a character. */
static gsize unfinished(const GString *text)
{
    for (gsize back = 1; back <= MIN(text->len, 3); back++) {
        guchar c = (guchar) text->str[text->len - back];
        if ((c & 0xc0) == 0x80)
            continue;
        gsize need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

/* Takes out control characters: a terminal would obey them. */
static void drop_controls(char *text)
{
    char *out = text;

    for (const char *p = text; *p != '\0';) {
        gsize length = g_utf8_skip[(guchar) *p];
        gunichar c = g_utf8_get_char(p);
        gboolean control = c < 0x20 ? c != '\n' && c != '\t' : c >= 0x7f && c < 0xa0;
        if (!control) {
            memmove(out, p, length);
            out += length;
        }
        p += length;
    }
    *out = '\0';
}

/* Gives out what is pending; with LAST also a character that stays unfinished. */
static void give(Stream *stream, gboolean last)
{
    GString *pending = stream->pending;
    gsize length = last ? pending->len : pending->len - unfinished(pending);
    gsize skip = 0;

    while (!stream->begun && skip < length && g_ascii_isspace(pending->str[skip]))
        skip++;
    if (length > skip) {
        g_autofree char *text = g_utf8_make_valid(pending->str + skip, (gssize) (length - skip));
        drop_controls(text);
        stream->begun = TRUE;
        if (stream->options->text != NULL)
            stream->options->text(text, strlen(text), stream->options->data);
    }
    g_string_erase(pending, 0, (gssize) length);
}

/* Ids at or above this are padding of the output matrix. */
static gint32 id_limit(const Engine *engine)
{
    gsize size = tokenizer_size(engine_tokenizer(engine));

    return (gint32) MIN(size, (gsize) engine_info(engine)->vocabulary);
}

/* Tokens that the session already has: BATCH[0] is the last one given out, the others are drafts. */
typedef struct {
    Draft *draft;           /* NULL: no drafts */
    gint32 batch[REPLY_BATCH];
    gsize n, used;          /* of the batch; how many of it were right so far */
} Lookahead;

struct ReplyTurn {
    Session *session;
    const Engine *engine;
    ReplyOptions options;
    Sampler *sampler;
    Stream stream;
    Lookahead ahead;
    Reply reply;
    gboolean over;
    gint64 begun;
};

ReplyTurn *reply_turn_new(Session *session, const Engine *engine, const ReplyOptions *options)
{
    ReplyTurn *turn = g_new0(ReplyTurn, 1);

    G_STATIC_ASSERT(REPLY_BATCH == DRAFT_MAX + 1);
    turn->session = session;
    turn->engine = engine;
    turn->options = *options;
    turn->sampler = sampler_new(&options->sample, id_limit(engine));
    turn->stream = (Stream) { .options = &turn->options, .pending = g_string_new(NULL) };
    if (!options->no_drafts && options->guide == NULL && engine_batch_invariant(engine))
        turn->ahead.draft = draft_new(session_tokens(session), session_length(session));
    turn->reply.end = REPLY_INTERRUPTED;
    turn->begun = g_get_monotonic_time();
    return turn;
}

void reply_turn_free(ReplyTurn *turn)
{
    if (turn == NULL)
        return;
    sampler_free(turn->sampler);
    g_string_free(turn->stream.pending, TRUE);
    draft_free(turn->ahead.draft);
    g_free(turn);
}

/* Takes wrong drafts out of the session again. */
static void drop_drafts(ReplyTurn *turn)
{
    Lookahead *ahead = &turn->ahead;
    gsize length = session_length(turn->session) - (ahead->n - ahead->used);

    if (ahead->used < ahead->n) {
        gsize left = session_truncate(turn->session, length);
        g_assert(left == length);
    }
    ahead->n = ahead->used = 0;
}

/* Guesses up to ROOM tokens behind the first of the batch; their number. */
static gsize propose(ReplyTurn *turn, gsize room)
{
    const ReplyGuide *guide = turn->options.guide;
    Lookahead *ahead = &turn->ahead;

    if (ahead->draft != NULL)
        return draft_propose(ahead->draft, room, ahead->batch + 1);
    if (guide != NULL && !turn->options.no_drafts && engine_batch_invariant(turn->engine))
        return guide->propose(guide->data, room, ahead->batch + 1);
    return 0;
}

/* Lets ID and what may follow it be the next batch, if there is room for an answer behind it. */
static gboolean plan_batch(ReplyTurn *turn, gint32 id)
{
    Lookahead *ahead = &turn->ahead;
    gsize left = turn->options.max_tokens - turn->reply.tokens;
    gsize room = session_capacity(turn->session) - session_length(turn->session);

    if (room == 0 || left == 0) {
        turn->reply.end = room == 0 ? REPLY_FULL : REPLY_LENGTH;
        turn->over = TRUE;
        return FALSE;
    }
    ahead->batch[0] = id;
    ahead->n = 1;
    ahead->n += propose(turn, MIN(MIN(left, room), (gsize) REPLY_BATCH) - 1);
    return TRUE;
}

/* One more token of the reply; FALSE when it is the last. */
static gboolean take_token(ReplyTurn *turn, gint32 id)
{
    const Tokenizer *tokenizer = engine_tokenizer(turn->engine);

    turn->reply.tokens++;
    if (turn->options.ids != NULL)
        g_array_append_val(turn->options.ids, id);
    if (chat_is_stop(tokenizer, id)) {
        turn->reply.end = REPLY_STOPPED;
        turn->over = TRUE;
        return FALSE;
    }
    if (turn->options.guide == NULL)
        tokenizer_decode(tokenizer, &id, 1, FALSE, turn->stream.pending);
    give(&turn->stream, FALSE);
    if (turn->ahead.draft != NULL)
        draft_push(turn->ahead.draft, id);
    return TRUE;
}

static gint32 choose(ReplyTurn *turn, const float *logits)
{
    const ReplyGuide *guide = turn->options.guide;

    return guide == NULL ? sampler_next(turn->sampler, logits)
                         : guide->choose(guide->data, turn->sampler, logits, turn->stream.pending);
}

gboolean reply_turn_take(ReplyTurn *turn, const float *logits)
{
    Lookahead *ahead = &turn->ahead;

    gsize noted = session_witness_tokens(turn->session), row = ahead->n > 0 || noted == 0 ? 0 : noted - 1;

    g_return_val_if_fail(!turn->over, FALSE);
    ahead->used = MIN(ahead->n, 1);
    for (;; logits += engine_info(turn->engine)->vocabulary, row++) {
        gint32 id = choose(turn, logits);

        if (turn->options.token != NULL)
            turn->options.token(turn->session, row, turn->options.data);
        if (!take_token(turn, id))
            return FALSE;
        if (ahead->used == ahead->n || ahead->batch[ahead->used] != id) {
            drop_drafts(turn);
            return plan_batch(turn, id);
        }
        turn->reply.drafted++;
        ahead->used++;
        if (turn->reply.tokens == turn->options.max_tokens) {
            turn->reply.end = REPLY_LENGTH;
            turn->over = TRUE;
            return FALSE;
        }
    }
}

const gint32 *reply_turn_batch(const ReplyTurn *turn, gsize *n)
{
    *n = turn->ahead.n;
    return turn->ahead.batch;
}

void reply_turn_set_cost(ReplyTurn *turn, double more)
{
    if (turn->ahead.draft != NULL)
        draft_set_cost(turn->ahead.draft, more);
}

void reply_turn_end(ReplyTurn *turn, Reply *reply)
{
    if (!turn->over)
        turn->ahead.n = turn->ahead.used = 0;      /* what was planned has not been appended */
    drop_drafts(turn);
    give(&turn->stream, TRUE);
    turn->reply.seconds = (double) (g_get_monotonic_time() - turn->begun) / 1e6;
    *reply = turn->reply;
}

gboolean reply_generate(Session *session, const Engine *engine, const ReplyOptions *options,
                        Reply *reply, GError **error)
{
    g_autoptr(ReplyTurn) turn = reply_turn_new(session, engine, options);
    g_autofree float *rows = g_new(float, (gsize) REPLY_BATCH * (gsize) engine_info(engine)->vocabulary);
    const float *logits = session_logits(session);
    gboolean ok = TRUE;

    while (ok && reply_turn_take(turn, logits)) {
        gsize n;
        const gint32 *batch = reply_turn_batch(turn, &n);

        gint64 begun = g_get_monotonic_time();

        ok = !interrupt_check(error) && session_append_logits(session, batch, n, rows, error);
        if (turn->ahead.draft != NULL)
            draft_cost(turn->ahead.draft, n, (double) MAX(g_get_monotonic_time() - begun, 1) / 1e6);
        logits = rows;
    }
    reply_turn_end(turn, reply);
    return ok;
}
