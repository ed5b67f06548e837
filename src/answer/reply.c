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

/* Tokens that the session already has: BATCH[0] is the last one given out, the
 * others are drafts, ROWS the logits behind each. */
typedef struct {
    Draft *draft;           /* NULL: no drafts */
    gint32 batch[DRAFT_MAX + 1];
    float *rows;
    gsize n, used;          /* of the batch; how many of it were right so far */
    gsize vocabulary;
} Lookahead;

static void lookahead_init(Lookahead *ahead, const Session *session, const Engine *engine, gboolean drafts)
{
    *ahead = (Lookahead) { .vocabulary = (gsize) engine_info(engine)->vocabulary };
    if (drafts && engine_batch_invariant(engine))
        ahead->draft = draft_new(session_tokens(session), session_length(session));
    ahead->rows = g_new(float, (DRAFT_MAX + 1) * ahead->vocabulary);
}

static void lookahead_release(Lookahead *ahead)
{
    draft_free(ahead->draft);
    g_free(ahead->rows);
}

/* Takes wrong drafts out of the session again. */
static void drop_drafts(Lookahead *ahead, Session *session)
{
    gsize length = session_length(session) - (ahead->n - ahead->used);

    if (ahead->draft != NULL && ahead->n > 1)
        draft_learn(ahead->draft, ahead->n - 1, ahead->used - 1);
    if (ahead->used < ahead->n) {
        gsize left = session_truncate(session, length);
        g_assert(left == length);
    }
    ahead->n = ahead->used = 0;
}

/* Appends ID and what may follow it, at most ROOM tokens. */
static gboolean append_drafted(Lookahead *ahead, Session *session, gint32 id, gsize room, GError **error)
{
    room = MIN(room, session_capacity(session) - session_length(session));
    ahead->batch[0] = id;
    ahead->n = 1;
    if (ahead->draft != NULL)
        ahead->n += draft_propose(ahead->draft, room - 1, ahead->batch + 1);
    return session_append_logits(session, ahead->batch, ahead->n, ahead->rows, error);
}

static gboolean generate(Session *session, const Engine *engine, Stream *stream, Lookahead *ahead,
                         Reply *reply, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);
    g_autoptr(Sampler) sampler = sampler_new(&stream->options->sample, id_limit(engine));
    const float *logits = session_logits(session);

    reply->end = REPLY_LENGTH;
    while (reply->tokens < stream->options->max_tokens) {
        gint32 id = sampler_next(sampler, logits);

        reply->tokens++;
        if (stream->options->ids != NULL)
            g_array_append_val(stream->options->ids, id);
        if (chat_is_stop(tokenizer, id)) {
            reply->end = REPLY_STOPPED;
            return TRUE;
        }
        tokenizer_decode(tokenizer, &id, 1, FALSE, stream->pending);
        give(stream, FALSE);
        if (interrupt_check(error))
            return FALSE;
        if (ahead->draft != NULL)
            draft_push(ahead->draft, id);
        if (ahead->used < ahead->n && ahead->batch[ahead->used] == id) {
            reply->drafted++;
        } else {
            gsize left = stream->options->max_tokens - reply->tokens;

            drop_drafts(ahead, session);
            if (session_length(session) == session_capacity(session)) {
                reply->end = REPLY_FULL;
                return TRUE;
            }
            if (left == 0)
                return TRUE;
            if (!append_drafted(ahead, session, id, left, error))
                return FALSE;
        }
        logits = ahead->rows + ahead->used * ahead->vocabulary;
        ahead->used++;
    }
    return TRUE;
}

gboolean reply_generate(Session *session, const Engine *engine, const ReplyOptions *options,
                        Reply *reply, GError **error)
{
    g_autoptr(GString) pending = g_string_new(NULL);
    Stream stream = { .options = options, .pending = pending };
    gint64 begin = g_get_monotonic_time();
    Lookahead ahead;
    gboolean ok;

    memset(reply, 0, sizeof *reply);
    lookahead_init(&ahead, session, engine, !options->no_drafts);
    ok = generate(session, engine, &stream, &ahead, reply, error);
    if (!ok)
        reply->end = REPLY_INTERRUPTED;
    drop_drafts(&ahead, session);
    lookahead_release(&ahead);
    give(&stream, TRUE);
    reply->seconds = (double) (g_get_monotonic_time() - begin) / 1e6;
    return ok;
}
