/* answer.c - an answer while it is made, and when it is there. */
#include "config.h"
#include "src/answer/answer.h"

Answer *answer_new(const GPtrArray *documents, AnswerShowFunc show, gpointer data)
{
    Answer *answer = g_new0(Answer, 1);

    answer->documents = documents;
    answer->citations = citation_reader_new(documents);
    answer->quotations = g_array_new(FALSE, FALSE, sizeof(Quotation));
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
    prefix_report_clear(&answer->prefix);
    g_free(answer);
}

static void show_from(Answer *answer, gsize before)
{
    if (answer->show != NULL && answer->text->len > before)
        answer->show(answer->text->str + before, answer->text->len - before, answer->data);
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

    citation_reader_end(answer->citations, answer->text);
    show_from(answer, before);
}

ReplyOptions answer_options(Answer *answer, const ReplyOptions *options)
{
    ReplyOptions own = *options;

    own.text = answer_feed;
    own.data = answer;
    own.ids = answer->ids;
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

void answer_finish(Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations);

    if (list->len == 0)
        answer->verbatim = citation_reader_find_verbatim(answer->citations, answer->text->str) > 0;
    g_array_unref(answer->quotations);
    answer->quotations = quotation_check(answer->text->str, answer->documents, list);
}
