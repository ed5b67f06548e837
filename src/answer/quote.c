/* quote.c - answers that are quotations, right by construction. */
#include "config.h"
#include "src/answer/quote.h"

#include <math.h>
#include <string.h>

#include "src/answer/prompt.h"
#include "src/answer/sentence.h"
#include "src/model/chat.h"

/* Of a token of the pack. */
enum {
    MAY_QUOTE = 1,              /* text of a page, not quoted yet */
    MAY_BEGIN = 2,              /* a line or a sentence begins in it */
    IS_LAST = 4,                /* of its page */
};

typedef enum {
    STATE_FIRST,                /* a quotation, or that there is none */
    STATE_REFUSING,             /* the first tokens of prompt_not_found were said */
    STATE_BEGIN,                /* the first token of a quotation */
    STATE_INSIDE,
    STATE_NEXT,                 /* another quotation, or the end */
    STATE_OVER,
} State;

enum { BYTES_LEAST = 40 };      /* of a quotation that ends in the middle of a sentence */

static const char opening_first[] = "> ", opening_next[] = "\n\n> ";

/* A passage that the tokens of the quotation so far may be: positions in the pack of its first and last token. */
typedef struct {
    guint32 first, last;
} Match;

struct Quote {
    ReplyGuide guide;
    const Tokenizer *tokenizer;
    const GPtrArray *documents;
    const Pack *pack;
    guint8 *flags;              /* of each token of the pack */
    guint32 *offset;            /* where its bytes begin in the text of its page */
    float *allowed;             /* logits; NaN: not allowed */
    gsize vocabulary;
    GArray *refusal, *next;     /* ids: of prompt_not_found, and of opening_next */
    GArray *forced;             /* ids that come next, from FORCED_AT on */
    guint forced_at;
    State state;
    guint refused;              /* ids of the refusal that were said */
    GArray *matches;            /* Match: of the quotation, ascending */
    guint tokens;               /* of the quotation */
    gsize begin, given;         /* bytes of the page: where the quotation begins; up to where it was shown */
    GArray *found;              /* Quotation */
};

static gint32 id_at(const Quote *q, gsize position)
{
    return g_array_index(q->pack->ids, gint32, position);
}

/* ---------------------------------------------------------------- the index */

static const Page *page_of(const Quote *q, const PackSpan *span)
{
    const Document *document = g_ptr_array_index(q->documents, span->document);

    return g_ptr_array_index(document->pages, span->page);
}

static gsize token_length(const Quote *q, gsize position)
{
    gsize length = 0;

    tokenizer_bytes(q->tokenizer, id_at(q, position), &length);
    return length;
}

/* Whether a line or a sentence begins at AT of TEXT. */
static gboolean begins(const char *text, gsize at)
{
    gsize before = at;
    gunichar c;

    if (text[at] == '\0' || g_ascii_isspace(text[at]) || ((guchar) text[at] & 0xc0) == 0x80)
        return FALSE;
    while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t'))
        before--;
    if (before == 0 || text[before - 1] == '\n')
        return TRUE;
    c = g_utf8_get_char(g_utf8_find_prev_char(text, text + before));
    if (c == 0x3002 || c == 0xff01 || c == 0xff1f)
        return TRUE;
    return before < at && (c == '.' || c == '!' || c == '?');
}

static gsize skip_space(const char *text, gsize at, gsize end)
{
    while (at < end && g_ascii_isspace(text[at]))
        at++;
    return at;
}

/* Whether what looks like a page mark's bracket has a byte within FROM .. TO-1 of TEXT. */
static gboolean has_bracket(const char *text, gsize from, gsize to)
{
    static const char *const brackets[] = { "【", "】" };

    for (gsize at = from - MIN(from, 2); at < to; at++)
        for (gsize i = 0; i < G_N_ELEMENTS(brackets); i++)
            if (strncmp(text + at, brackets[i], strlen(brackets[i])) == 0)
                return TRUE;
    return FALSE;
}

static void index_span(Quote *q, const PackSpan *span)
{
    const Page *page = page_of(q, span);
    gsize at = 0;

    for (gsize p = span->first; p < span->first + span->count; p++) {
        gsize end = at + token_length(q, p);

        if (end > page->length)
            break;
        q->offset[p] = (guint32) at;
        if (!has_bracket(page->text, at, end))
            q->flags[p] = MAY_QUOTE | (begins(page->text, skip_space(page->text, at, end)) ? MAY_BEGIN : 0);
        at = end;
    }
    q->flags[span->first + span->count - 1] |= IS_LAST;
    /* A page whose tokens are not its bytes (ill-formed text) is not quoted. */
    if (at != page->length)
        memset(q->flags + span->first, 0, span->count);
}

/* ---------------------------------------------------------------- passages */

/* Whether the token behind POSITION is of the same passage. */
static gboolean goes_on(const Quote *q, gsize position)
{
    return (q->flags[position] & IS_LAST) == 0 && (q->flags[position + 1] & MAY_QUOTE) != 0;
}

/* The end of token POSITION in its page. */
static gsize end_of(const Quote *q, gsize position)
{
    return q->offset[position] + token_length(q, position);
}

static gboolean says_enough(const char *text, gsize from, gsize to)
{
    g_autofree char *part = g_strndup(text + from, to - from);
    const char *end;

    if (!g_utf8_validate(part, -1, &end))
        part[end - part] = '\0';
    return quotation_is_long_enough(part);
}

/* Whether a quotation may begin with token POSITION: what follows is long enough for one. */
static gboolean may_begin(const Quote *q, gsize position)
{
    const gsize look = 200;
    const char *text;
    gsize last = position, from;

    if ((q->flags[position] & (MAY_QUOTE | MAY_BEGIN)) != (MAY_QUOTE | MAY_BEGIN))
        return FALSE;
    while (goes_on(q, last) && q->offset[last] < q->offset[position] + look)
        last++;
    text = page_of(q, pack_span_at(q->pack, position))->text;
    from = skip_space(text, q->offset[position], end_of(q, position));
    return says_enough(text, from, end_of(q, last));
}

/* The first of the passages that the quotation may be, and the text of its page. */
static const Match *passage(const Quote *q, const PackSpan **span, const char **text)
{
    const Match *match = &g_array_index(q->matches, Match, 0);

    *span = pack_span_at(q->pack, match->first);
    *text = page_of(q, *span)->text;
    return match;
}

static gboolean is_hyphen(gunichar c)
{
    return c == '-' || c == 0x2010 || c == 0xad;
}

/* What words are made of. */
static gboolean is_of_word(gunichar c)
{
    return (g_unichar_isalnum(c) && !g_unichar_iswide(c)) || g_unichar_ismark(c) || is_hyphen(c) || c == '_' || c == '\'' ||
           c == 0x2019 || (c >= 0x200b && c <= 0x200f);
}

/* Whether the byte AT of TEXT is within a character, a word or a number. */
static gboolean splits(const char *text, gsize at)
{
    gunichar before, after;

    if (((guchar) text[at] & 0xc0) == 0x80)
        return TRUE;
    if (at == 0 || text[at] == '\0')
        return FALSE;
    before = g_utf8_get_char(g_utf8_find_prev_char(text, text + at));
    after = g_utf8_get_char(text + at);
    if (is_of_word(before) && (is_of_word(after) || (is_hyphen(before) && g_unichar_isspace(after))))
        return TRUE;
    if (g_unichar_isdigit(before) && strchr(".,:", text[at]) != NULL)
        return g_ascii_isdigit(text[at + 1]);
    return at > 1 && g_unichar_isdigit(after) && strchr(".,:", text[at - 1]) != NULL && g_ascii_isdigit(text[at - 2]);
}

/* Whether the quotation may be closed where it is: at the end of a sentence or line, or of a word if it is not too short. */
static gboolean may_close(const Quote *q)
{
    const PackSpan *span;
    const char *text;
    gsize end = end_of(q, passage(q, &span, &text)->last), last = end;

    if (splits(text, end) || !says_enough(text, q->begin, end))
        return FALSE;
    while (last > q->begin && g_ascii_isspace(text[last - 1]))
        last--;
    return end - q->begin >= BYTES_LEAST || text[last] == '\n' || text[last] == '\0' ||
           sentence_is_end_mark(g_utf8_get_char(g_utf8_find_prev_char(text, text + last)));
}

/* Shows the quotation up to its end by now, but for white space and an unfinished word there. */
static void show(Quote *q, GString *out)
{
    const PackSpan *span;
    const char *text;
    gsize end = end_of(q, passage(q, &span, &text)->last);

    while (end > q->given && (splits(text, end) || g_ascii_isspace(text[end - 1])))
        end--;
    for (; q->given < end; q->given++) {
        g_string_append_c(out, text[q->given]);
        if (text[q->given] == '\n')
            g_string_append(out, "> ");
    }
}

static void add_quotation(Quote *q)
{
    const PackSpan *span;
    const char *text;
    const Match *match = passage(q, &span, &text);
    Quotation quotation = {
        .status = QUOTATION_VERIFIED, .document = span->document, .first = span->page, .last = span->page,
        .begin = q->begin, .end = q->given, .likeness = 1,
    };

    if (q->given > q->begin) {
        quotation.source = g_strndup(text + q->begin, q->given - q->begin);
        quotation.text = g_strdup(quotation.source);
        g_array_append_val(q->found, quotation);
    }
    for (gsize p = match->first; p <= match->last; p++)
        q->flags[p] &= (guint8) ~MAY_QUOTE;
}

/* What stands behind a quotation; it becomes one of those found. */
static char *close_quotation(Quote *q)
{
    const PackSpan *span;
    const char *text;

    passage(q, &span, &text);
    add_quotation(q);
    g_array_set_size(q->matches, 0);
    return g_strdup_printf("\n【%u:%u】", span->document + 1, span->page + 1);
}

/* ---------------------------------------------------------------- choosing */

static void force(Quote *q, const char *text)
{
    g_array_set_size(q->forced, 0);
    tokenizer_encode(q->tokenizer, text, strlen(text), q->forced);
    q->forced_at = 0;
}

static gint32 next_forced(Quote *q, GString *text)
{
    gint32 id = g_array_index(q->forced, gint32, q->forced_at++);

    tokenizer_decode(q->tokenizer, &id, 1, FALSE, text);
    return id;
}

static void allow_none(Quote *q)
{
    for (gsize i = 0; i < q->vocabulary; i++)
        q->allowed[i] = NAN;
}

static void allow(Quote *q, gint32 id, const float *logits)
{
    if ((gsize) id < q->vocabulary)
        q->allowed[id] = logits[id];
}

static void allow_stops(Quote *q, const float *logits)
{
    for (gsize id = 0; id < MIN(tokenizer_size(q->tokenizer), q->vocabulary); id++)
        if (chat_is_stop(q->tokenizer, (gint32) id))
            allow(q, (gint32) id, logits);
}

static gint32 stop(Quote *q, Sampler *sampler, const float *logits)
{
    q->state = STATE_OVER;
    allow_none(q);
    allow_stops(q, logits);
    return sampler_next(sampler, q->allowed);
}

/* Whether there is anything left to quote. */
static gboolean any_may_begin(const Quote *q)
{
    for (gsize p = 0; p < q->pack->ids->len; p++)
        if (may_begin(q, p))
            return TRUE;
    return FALSE;
}

/* Opens a quotation with LEAD. */
static gint32 open_quotation(Quote *q, const char *lead, GString *text)
{
    q->state = STATE_BEGIN;
    force(q, lead);
    return next_forced(q, text);
}

/* Takes ID as the first token of a quotation, at all places where it may be. */
static void begin_with(Quote *q, gint32 id, GString *text)
{
    const PackSpan *span;
    const char *page;

    for (gsize p = 0; p < q->pack->ids->len; p++)
        if (id_at(q, p) == id && may_begin(q, p)) {
            const Match match = { (guint32) p, (guint32) p };
            g_array_append_val(q->matches, match);
        }
    q->state = STATE_INSIDE;
    q->tokens = 1;
    gsize first = passage(q, &span, &page)->first;
    q->begin = q->given = skip_space(page, q->offset[first], end_of(q, first));
    show(q, text);
}

static gint32 choose_beginning(Quote *q, Sampler *sampler, const float *logits, GString *text)
{
    gint32 id;

    allow_none(q);
    for (gsize p = 0; p < q->pack->ids->len; p++)
        if (isnan(q->allowed[id_at(q, p)]) && may_begin(q, p))
            allow(q, id_at(q, p), logits);
    id = sampler_next(sampler, q->allowed);
    if (id < 0)
        return stop(q, sampler, logits);
    begin_with(q, id, text);
    return id;
}

/* Goes on with ID: fewer passages match. */
static void go_on_with(Quote *q, gint32 id, GString *text)
{
    guint kept = 0;

    for (guint i = 0; i < q->matches->len; i++) {
        Match match = g_array_index(q->matches, Match, i);

        if (goes_on(q, match.last) && id_at(q, match.last + 1) == id) {
            match.last++;
            g_array_index(q->matches, Match, kept++) = match;
        }
    }
    g_array_set_size(q->matches, kept);
    q->tokens++;
    /* All that match are the same bytes, but the first may be of another page now. */
    const PackSpan *span;
    const char *page;
    gsize shown = q->given - q->begin, first = passage(q, &span, &page)->first;
    q->begin = skip_space(page, q->offset[first], end_of(q, first));
    q->given = q->begin + shown;
    show(q, text);
}

static gint32 leave(Quote *q, GString *text)
{
    g_autofree char *mark = close_quotation(q);

    force(q, mark);
    q->state = STATE_NEXT;
    return next_forced(q, text);
}

static gint32 choose_inside(Quote *q, Sampler *sampler, const float *logits, GString *text)
{
    gint32 id = -1;

    allow_none(q);
    for (guint i = 0; i < q->matches->len; i++) {
        gsize last = g_array_index(q->matches, Match, i).last;
        if (goes_on(q, last))
            allow(q, id_at(q, last + 1), logits);
    }
    if (q->tokens < QUOTE_TOKENS || !may_close(q)) {
        id = sampler_next(sampler, logits);
        if (id < 0 || isnan(q->allowed[id]))
            id = may_close(q) ? -1 : sampler_next(sampler, q->allowed);
    }
    if (id < 0)
        return leave(q, text);
    go_on_with(q, id, text);
    return id;
}

/* Another quotation, or the end: what else the model would like to say does not count. */
static gint32 choose_next(Quote *q, Sampler *sampler, const float *logits, GString *text)
{
    gint32 opening = g_array_index(q->next, gint32, 0), id;

    if (q->found->len >= QUOTE_MOST || !any_may_begin(q))
        return stop(q, sampler, logits);
    allow_none(q);
    allow_stops(q, logits);
    allow(q, opening, logits);
    id = sampler_next(sampler, q->allowed);
    if (id == opening)
        return open_quotation(q, opening_next, text);
    q->state = STATE_OVER;
    return id;
}

static gint32 choose_first(Quote *q, Sampler *sampler, const float *logits, GString *text)
{
    gint32 id = sampler_next(sampler, logits);

    /* What was said of a refusal was the beginning of something else then. */
    if (id != g_array_index(q->refusal, gint32, q->refused))
        return any_may_begin(q) ? open_quotation(q, q->refused > 0 ? "\n> " : opening_first, text) : stop(q, sampler, logits);
    q->state = STATE_REFUSING;
    if (++q->refused == q->refusal->len) {
        g_string_append(text, prompt_not_found);
        q->state = STATE_OVER;
    }
    return id;
}

/* The next token, and what it adds to the text. */
static gint32 choose(gpointer data, Sampler *sampler, const float *logits, GString *text)
{
    Quote *q = data;

    if (q->forced_at < q->forced->len)
        return next_forced(q, text);
    switch (q->state) {
    case STATE_FIRST:
    case STATE_REFUSING:
        return choose_first(q, sampler, logits, text);
    case STATE_BEGIN:
        return choose_beginning(q, sampler, logits, text);
    case STATE_INSIDE:
        return choose_inside(q, sampler, logits, text);
    case STATE_NEXT:
        return choose_next(q, sampler, logits, text);
    case STATE_OVER:
        break;
    }
    return stop(q, sampler, logits);
}

/* What is to come: forced tokens, or the passage as it goes on. */
static gsize propose(gpointer data, gsize room, gint32 *ids)
{
    const Quote *q = data;
    gsize n = 0;

    for (guint i = q->forced_at; i < q->forced->len && n < room; i++)
        ids[n++] = g_array_index(q->forced, gint32, i);
    if (n > 0 || q->state != STATE_INSIDE)
        return n;
    for (gsize p = g_array_index(q->matches, Match, 0).last; n < room && goes_on(q, p); p++)
        ids[n++] = id_at(q, p + 1);
    return n;
}

/* ---------------------------------------------------------------- life */

static GArray *encode(const Quote *q, const char *text)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));

    tokenizer_encode(q->tokenizer, text, strlen(text), ids);
    return ids;
}

Quote *quote_new(const Engine *engine, const GPtrArray *documents, const Pack *pack)
{
    Quote *q = g_new0(Quote, 1);

    q->guide = (ReplyGuide) { .choose = choose, .propose = propose, .data = q };
    q->tokenizer = engine_tokenizer(engine);
    q->documents = documents;
    q->pack = pack;
    q->vocabulary = (gsize) engine_info(engine)->vocabulary;
    q->flags = g_new0(guint8, pack->ids->len + 1);
    q->offset = g_new0(guint32, pack->ids->len + 1);
    q->allowed = g_new(float, q->vocabulary);
    q->refusal = encode(q, prompt_not_found);
    q->next = encode(q, opening_next);
    q->forced = encode(q, "\n");       /* the turn begins with it, as those do that the model was trained on */
    q->matches = g_array_new(FALSE, FALSE, sizeof(Match));
    q->found = quotation_list_new();
    for (guint i = 0; i < pack->spans->len; i++)
        index_span(q, &g_array_index(pack->spans, PackSpan, i));
    return q;
}

void quote_free(Quote *q)
{
    if (q == NULL)
        return;
    g_free(q->flags);
    g_free(q->offset);
    g_free(q->allowed);
    g_array_unref(q->refusal);
    g_array_unref(q->next);
    g_array_unref(q->forced);
    g_array_unref(q->matches);
    if (q->found != NULL)
        g_array_unref(q->found);
    g_free(q);
}

const ReplyGuide *quote_guide(const Quote *q)
{
    return &q->guide;
}

void quote_end(Quote *q, GString *text)
{
    if (q->state != STATE_INSIDE || q->given == q->begin)
        return;
    g_autofree char *mark = close_quotation(q);
    g_string_append(text, mark);
    q->state = STATE_OVER;
}

GArray *quote_take(Quote *q)
{
    return g_steal_pointer(&q->found);
}
