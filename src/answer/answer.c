/* answer.c - an answer while it is made, and when it is there. */
#include "config.h"
#include "src/answer/answer.h"

Answer *answer_new(const GPtrArray *documents, AnswerShowFunc show, gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    answer->documents = documents;
    answer->citations = citation_reader_new(documents);
    answer->quotations = quotation_list_new();
    answer->text = g_string_new(NULL);
    answer->ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    answer->show = show;
    answer->data = data;
    return answer;
}

void answer_free(Answer *answer)
{
    if (answer == NULL)
        return;
    citation_reader_free(answer->citations);
    g_array_unref(answer->quotations);
    g_string_free(answer->text, TRUE);
    g_array_unref(answer->ids);
    why_free(answer->why);
    quote_free(answer->quote);
    prefix_report_clear(&answer->prefix);
    g_free(answer);
}

/* The text from BEFORE on. */
static void show_text(const Answer *answer, gsize before, AnswerShowFunc show, gpointer data)
{
    const GArray *marks = citation_reader_marks(answer->citations), *list = citation_reader_list(answer->citations);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < marks->len; i++) {
        const CitationMark *mark = &g_array_index(marks, CitationMark, i);

        if (mark->begin < before || mark->number == 0)
            continue;
        g_autofree char *label = citation_label(&g_array_index(list, Citation, mark->number - 1), mark->number, answer->documents);
        g_string_append_len(text, answer->text->str + before, (gssize) (mark->begin - before));
        g_string_append(text, label);
        before = mark->end;
    }
    g_string_append(text, answer->text->str + before);
    if (text->len > 0)
        show(text->str, text->len, data);
}

static void show_from(const Answer *answer, gsize before)
{
    if (answer->show != NULL && answer->text->len > before)
        show_text(answer, before, answer->show, answer->data);
}

void answer_show(const Answer *answer, AnswerShowFunc show, gpointer data)
{
    show_text(answer, 0, show, data);
}

void answer_feed(const char *text, gsize length, gpointer data)
{
    Answer *answer = data;
    gsize before = answer->text->len;

    citation_reader_feed(answer->citations, text, length, answer->text);
    show_from(answer, before);
}

void answer_end(Answer *answer)
{
    gsize before = answer->text->len;

    if (answer->quote != NULL) {
        g_autoptr(GString) rest = g_string_new(NULL);
        quote_end(answer->quote, rest);
        citation_reader_feed(answer->citations, rest->str, rest->len, answer->text);
    }
    citation_reader_end(answer->citations, answer->text);
    show_from(answer, before);
}

void answer_use_pack(Answer *answer, const Pack *pack)
{
    citation_reader_use_chunks(answer->citations, pack->chunks);
}

void answer_watch(Answer *answer, Session *session, const Engine *engine, const Heads *heads, const Prompt *prompt,
                  const Pack *pack)
{
    session_witness(session, heads->list, heads->n);
    why_free(answer->why);
    answer->why = why_new(heads, engine_tokenizer(engine), prompt, pack, answer->documents);
}

/* A ReplyTokenFunc. */
static void note_token(Session *session, gsize row, gpointer data)
{
    Answer *answer = data;

    why_token(answer->why, session, row, answer->text->len);
}

void answer_quote(Answer *answer, const Engine *engine, const Pack *pack)
{
    answer->quote = quote_new(engine, answer->documents, pack);
}

ReplyOptions answer_options(Answer *answer, const ReplyOptions *options)
{
    ReplyOptions own = *options;

    own.text = answer_feed;
    own.token = answer->why != NULL ? note_token : NULL;
    own.data = answer;
    own.ids = answer->ids;
    own.guide = answer->quote != NULL ? quote_guide(answer->quote) : NULL;
    return own;
}

gboolean answer_generate(Answer *answer, Session *session, const Engine *engine, const ReplyOptions *options, GError **error)
{
    const ReplyOptions own = answer_options(answer, options);
    gboolean ok;

    ok = reply_generate(session, engine, &own, &answer->reply, error);
    answer_end(answer);
    return ok;
}

/* The marks as why.h wants them. */
static GArray *why_marks(const Answer *answer)
{
    const GArray *marks = citation_reader_marks(answer->citations), *list = citation_reader_list(answer->citations);
    GArray *out = g_array_new(FALSE, FALSE, sizeof(WhyMark));

    for (guint i = 0; i < marks->len; i++) {
        const CitationMark *mark = &g_array_index(marks, CitationMark, i);
        WhyMark copy = { .at = mark->begin, .end = mark->end, .known = mark->number > 0 };

        if (copy.known) {
            const Citation *citation = &g_array_index(list, Citation, mark->number - 1);
            copy.document = citation->document;
            copy.first = citation->first;
            copy.last = citation->last;
        }
        g_array_append_val(out, copy);
    }
    return out;
}

void answer_finish(Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations);

    /* What the prompt tells the model to say is no passage, even of documents in which it stands. */
    if (list->len == 0 && !g_str_has_prefix(answer->text->str, prompt_not_found))
        answer->verbatim = citation_reader_find_verbatim(answer->citations, answer->text->str) > 0;
    g_array_unref(answer->quotations);
    answer->quotations = answer->quote != NULL ? quote_take(answer->quote)
                                               : quotation_check(answer->text->str, answer->documents, list);
    g_autoptr(GArray) marks = why_marks(answer);
    if (answer->why != NULL)
        why_finish(answer->why, answer->text->str, marks);
    answer->outcome = answer_judge(answer, marks);
}

void answer_cost_add(AnswerCost *cost, const PrefixReport *prefix, const Reply *reply)
{
    cost->prompt += prefix->tokens;
    cost->cached += prefix->cached;
    cost->stored += prefix->stored;
    cost->output += reply->tokens;
    cost->drafted += reply->drafted;
    cost->read_seconds += prefix->read_seconds;
    cost->compute_seconds += prefix->compute_seconds;
    cost->decode_seconds += reply->seconds;
}

AnswerCost answer_cost(const Answer *answer)
{
    AnswerCost cost = answer->before;

    answer_cost_add(&cost, &answer->prefix, &answer->reply);
    return cost;
}
