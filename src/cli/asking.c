/* asking.c - what the commands that answer questions share. */
#include "config.h"
#include "src/cli/asking.h"

#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/answer/longcite.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/output.h"
#include "src/cli/present.h"
#include "src/cli/rectangles.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

Asking asking = { .max_tokens = 1024, .top_p = 1 };

static gboolean wrong(GError **error, const char *sentence)
{
    g_set_error_literal(error, FAILURE, FAILURE_USAGE, sentence);
    return FALSE;
}

gboolean asking_check(GError **error)
{
    if (asking.max_tokens < 1)
        return wrong(error, "--max-tokens must be at least 1");
    if (!(asking.temperature >= 0 && asking.temperature <= 100))
        return wrong(error, "--temperature must be from 0 to 100");
    if (!(asking.top_p > 0 && asking.top_p <= 1))
        return wrong(error, "--top-p must be above 0 and at most 1");
    if (asking.system != NULL && !g_utf8_validate(asking.system, -1, NULL))
        return wrong(error, "the text of --system is not UTF-8 text");
    return TRUE;
}

gboolean asking_check_question(const char *question, GError **error)
{
    if (question == NULL || question[strspn(question, " \t\r\n")] == '\0')
        return wrong(error, "a question is needed");
    return g_utf8_validate(question, -1, NULL) || wrong(error, "the question is not UTF-8 text");
}

static gboolean in_longcite_form(const Engine *engine)
{
    return asking.longcite || longcite_is(engine_info(engine)->name);
}

Pack *asking_pack(const Engine *engine, const GPtrArray *documents)
{
    gpointer tokenizer = (gpointer) (guintptr) engine_tokenizer(engine);

    return in_longcite_form(engine) ? longcite_pack(documents, prompt_encode, tokenizer)
                                    : source_pack(documents, prompt_encode, tokenizer);
}

ReplyOptions asking_reply_options(void)
{
    return (ReplyOptions) {
        .sample = { .temperature = asking.temperature, .top_p = asking.top_p, .seed = (guint64) asking.seed },
        .max_tokens = (gsize) asking.max_tokens, .no_drafts = asking.no_drafts,
    };
}

Prompt *asking_prompt(const Engine *engine, const Pack *pack, const char *question, GError **error)
{
    const PromptTurn turn = { .question = question, .quote = asking.quote };

    if (asking.quote && pack->chunks != NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--quote has a form of its own and cannot be combined with that of LongCite");
        return NULL;
    }
    return prompt_new_turns(engine_tokenizer(engine), asking.system, pack, &turn, question != NULL, error);
}

Answer *asking_answer(const Engine *engine, const GPtrArray *documents, const Pack *pack, AnswerShowFunc show)
{
    Answer *answer = answer_new(documents, show, NULL);

    answer_use_pack(answer, pack);
    if (asking.quote)
        answer_quote(answer, engine, pack);
    return answer;
}

gsize asking_room(const Engine *engine)
{
    return MIN((gsize) asking.max_tokens, MIN(256, (gsize) engine_info(engine)->context / 8));
}

gboolean asking_check_room(const Engine *engine, const Prompt *prompt, const Pack *pack, const GPtrArray *documents, GError **error)
{
    gsize room = asking_room(engine);

    return work_check_context(engine, prompt->ids->len, room,
                              prompt_documents_fitting(prompt, pack, (gsize) engine_info(engine)->context - room),
                              documents->len, error);
}

gboolean asking_keeps_history(void)
{
    return !asking.no_history && !settings_get()->no_history;
}

Record *asking_record(const Engine *engine, const Gathered *gathered, const Prompt *prompt, const char *question)
{
    Record *record = record_new(engine, settings_get()->kv);

    record_set_documents(record, gathered->documents, gathered->in_corpus);
    record_set_prompt(record, prompt);
    record->corpus = asking.corpus != NULL ? g_utf8_make_valid(asking.corpus, -1) : NULL;
    record->question = g_strdup(question);
    record->system = g_strdup(asking.system);
    record->form = asking.quote ? g_strdup(RECORD_QUOTATIONS) : in_longcite_form(engine) ? g_strdup(RECORD_LONGCITE) : NULL;
    record->temperature = asking.temperature;
    record->top_p = asking.top_p;
    record->seed = asking.seed;
    record->max_tokens = asking.max_tokens;
    return record;
}

static gboolean add_to_history(const Record *record, const char *text, GError **error)
{
    const CatalogueRecord row = { .made = record->made, .corpus = record->corpus, .question = record->question,
                                  .text = (char *) (guintptr) text };
    g_autoptr(Catalogue) catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    gint64 number;

    return catalogue != NULL && catalogue_add_record(catalogue, &row, &number, error);
}

char *asking_record_text(Record *record, const Answer *answer)
{
    rectangles_prepare(answer);
    record_set_answer(record, answer);
    record->timings = present_timings(answer);
    return record_to_text(record);
}

char *asking_keep(const Command *command, Record *record, const Answer *answer)
{
    g_autoptr(GError) local = NULL;
    char *text = asking_record_text(record, answer);

    if (asking_keeps_history() && !add_to_history(record, text, &local))
        output_note("kvasir %s: warning: %s; the answer is not in the history\n", command->name, local->message);
    return text;
}
