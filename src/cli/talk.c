/* talk.c - a conversation about documents. */
#include "config.h"
#include "src/cli/talk.h"

#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/answer/json.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/output.h"
#include "src/cli/present.h"
#include "src/cli/rectangles.h"
#include "src/cli/settings.h"
#include "src/cli/watching.h"
#include "src/cli/work.h"

/* A retry must not give the same words again, whatever --temperature says. */
#define RETRY_TEMPERATURE 0.8

static void free_record(gpointer record)
{
    record_free(record);
}

/* The prompt with the turns from FIRST on and QUESTION (NULL: none). */
static Prompt *make_prompt(const Talk *talk, guint first, const char *question, GError **error)
{
    g_autoptr(GArray) turns = g_array_new(FALSE, FALSE, sizeof(PromptTurn));

    for (guint i = first; i < talk->turns->len; i++) {
        const Record *record = g_ptr_array_index(talk->turns, i);
        PromptTurn turn = { record->question, record->ids };
        g_array_append_val(turns, turn);
    }
    if (question != NULL) {
        PromptTurn turn = { .question = question };
        g_array_append_val(turns, turn);
    }
    return prompt_new_turns(engine_tokenizer(talk->engine), asking.system, talk->pack,
                            (const PromptTurn *) (void *) turns->data, turns->len, error);
}

static void begin_turns(Talk *talk)
{
    talk->turns = g_ptr_array_new_with_free_func(free_record);
    talk->kept = g_array_new(FALSE, FALSE, sizeof(gint64));
}

/* The catalogue has TURN (from 1), the last one, under the number ID. */
static void note_kept(Talk *talk, guint turn, gint64 id)
{
    g_array_set_size(talk->kept, turn - 1);
    g_array_append_val(talk->kept, id);
}

static gboolean prepare(Talk *talk, char **files, GError **error)
{
    const Tokenizer *tokenizer;
    g_autoptr(Prompt) prompt = NULL;
    GError *local = NULL;

    talk->meter = meter_new(settings_get()->quiet);
    if (talk->turns == NULL)
        begin_turns(talk);
    talk->engine = settings_open_engine(error);
    if (talk->engine == NULL || (tokenizer = work_tokenizer(talk->engine, error)) == NULL)
        return FALSE;
    talk->heads = watching_heads(&command_chat, talk->engine, TRUE);
    talk->store = work_open_store(talk->engine, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (!gather(&talk->gathered, &command_chat, asking.corpus, files, asking.bibliographies, talk->meter, error))
        return FALSE;
    talk->pack = asking_pack(talk->engine, talk->gathered.documents);
    prompt = prompt_new(tokenizer, asking.system, talk->pack, NULL, error);
    if (prompt == NULL || !asking_check_room(talk->engine, prompt, talk->pack, talk->gathered.documents, error))
        return FALSE;
    talk->session = session_new(talk->engine, settings_get()->kv, 0, error);
    return talk->session != NULL;
}

/* The documents are computed, or read back, before the first question is typed. */
gboolean talk_begin(Talk *talk, char **files, GError **error)
{
    g_autoptr(Prompt) prompt = NULL;
    g_auto(PrefixReport) report = { 0 };
    KvType kv = settings_get()->kv;
    const gint32 *ids;
    gboolean ok;

    if (!prepare(talk, files, error) || (prompt = make_prompt(talk, 0, NULL, error)) == NULL)
        return FALSE;
    ids = (const gint32 *) (void *) prompt->ids->data;
    work_tell_outlook(talk->engine, kv, talk->store, ids, prompt->prefix, prompt->prefix);
    ok = prefix_fill(talk->session, talk->engine, kv, talk->store, ids, prompt->prefix, prompt->prefix,
                     meter_update, talk->meter, &report, error);
    meter_clear(talk->meter);
    /* Of what is there, status shall tell whose it is. */
    if (report.stored > 0 && asking.system == NULL && asking.corpus != NULL &&
        talk->gathered.in_corpus == talk->gathered.documents->len)
        prefix_note_corpus(talk->engine, kv, talk->store, ids, prompt->prefix, asking.corpus);
    if (ok)
        work_tell_prefix(&command_chat, &report);
    else if (error != NULL && g_error_matches(*error, FAILURE, FAILURE_INTERRUPTED))
        work_tell_resume(&report, !settings_get()->no_cache);
    return ok;
}

void talk_end(Talk *talk)
{
    g_clear_pointer(&talk->turns, g_ptr_array_unref);
    g_clear_pointer(&talk->kept, g_array_unref);
    heads_free(talk->heads);
    pack_free(talk->pack);
    session_free(talk->session);
    gathered_clear(&talk->gathered);
    if (talk->store != NULL)
        store_close(talk->store);
    engine_free(talk->engine);
    meter_free(talk->meter);
}

/* --- Taking up --- */

static gboolean load_turns(Talk *talk, gint64 conversation, GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(GPtrArray) rows = NULL;

    if (settings_have_catalogue() &&
        ((catalogue = catalogue_open(path, TRUE, error)) == NULL ||
         (rows = catalogue_turns(catalogue, conversation, error)) == NULL))
        return FALSE;
    if (rows == NULL || rows->len == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there is no conversation %" G_GINT64_FORMAT
                    "; \"kvasir chat --list\" lists them", conversation);
        return FALSE;
    }
    begin_turns(talk);
    for (guint i = 0; i < rows->len; i++) {
        const CatalogueRecord *row = g_ptr_array_index(rows, i);
        g_autofree char *name = g_strdup_printf("record %" G_GINT64_FORMAT " of the history", row->id);
        Record *record = record_from_text(name, row->text, strlen(row->text), error);

        if (record == NULL)
            return FALSE;
        g_ptr_array_add(talk->turns, record);
        note_kept(talk, i + 1, row->id);
    }
    talk->conversation = conversation;
    return TRUE;
}

/* Token ids mean something else under another tokenizer; other weights and other documents are only worth a word. */
static gboolean compare_with_then(Talk *talk, const Record *then, GError **error)
{
    g_autoptr(Record) now = record_new(talk->engine, settings_get()->kv);

    record_set_documents(now, talk->gathered.documents, talk->gathered.in_corpus);
    if (strcmp(then->tokenizer, now->tokenizer) != 0) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "the conversation was held with %s, and %s has another vocabulary; "
                    "name the model with -m", then->model, now->model);
        return FALSE;
    }
    if (strcmp(then->fingerprint, now->fingerprint) != 0)
        output_note("kvasir chat: warning: the conversation was held with another model, %s\n", then->model);
    if (strcmp(then->manifest, now->manifest) != 0)
        fputs("kvasir chat: warning: the documents have changed since the last turn\n", stderr);
    return TRUE;
}

gboolean talk_take_up(Talk *talk, gint64 conversation, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    const Record *last;

    if (!load_turns(talk, conversation, error))
        return FALSE;
    last = g_ptr_array_index(talk->turns, talk->turns->len - 1);
    asking.corpus = g_strdup(last->corpus);
    if (asking.system == NULL)
        asking.system = g_strdup(last->system);
    talk->first = (guint) CLAMP(last->first_turn, 1, (gint64) talk->turns->len) - 1;
    for (guint i = 0; i < last->documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(last->documents, i);

        if (!document->in_corpus && strcmp(document->path, RECORD_STDIN) == 0) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "conversation %" G_GINT64_FORMAT
                        " is about what came from standard input, which is gone", conversation);
            return FALSE;
        }
        if (!document->in_corpus)
            g_ptr_array_add(files, document->path);
    }
    g_ptr_array_add(files, NULL);
    return prepare(talk, (char **) files->pdata, error) && compare_with_then(talk, last, error);
}

/* --- Asking --- */

gsize talk_tokens(const Talk *talk, gsize *documents)
{
    g_autoptr(Prompt) prompt = make_prompt(talk, talk->first, NULL, NULL);

    *documents = prompt->prefix;
    return prompt->ids->len;
}

/* The prompt for QUESTION with as many turns as fit. */
static Prompt *fitting_prompt(Talk *talk, const char *question, GError **error)
{
    gsize context = (gsize) engine_info(talk->engine)->context, room = asking_room(talk->engine), limit = context;
    guint first = talk->first;

    for (;; first++) {
        Prompt *prompt = make_prompt(talk, first, question, error);

        if (prompt == NULL)
            return NULL;
        /* The question alone may take all that there is. */
        if (prompt->ids->len + room <= (first == talk->turns->len ? context : limit)) {
            if (first > talk->first)
                output_note("kvasir: the context is full: the model does not see the first %u turns any more\n", first);
            talk->warned = talk->warned && first == talk->first;
            talk->first = first;
            return prompt;
        }
        limit = prompt->prefix + (context - prompt->prefix) / 2;
        if (first == talk->turns->len) {
            work_check_context(talk->engine, prompt->ids->len, room, talk->gathered.documents->len,
                               talk->gathered.documents->len, error);
            prompt_free(prompt);
            return NULL;
        }
        prompt_free(prompt);
    }
}

/* An AnswerShowFunc. */
static void show_text(const char *text, gsize length, gpointer data)
{
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}

static void show_json(const Talk *talk, const Record *record, const Answer *answer)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_int(builder, "turn", record->turn);
    json_add_text(builder, "question", record->question);
    present_json(builder, answer, engine_info(talk->engine)->name, talk->gathered.unread);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

static void show_answer(Talk *talk, const Record *record, const Answer *answer)
{
    if (talk->json) {
        show_json(talk, record, answer);
    } else {
        if (answer->text->len > 0 && answer->text->str[answer->text->len - 1] != '\n')
            putchar('\n');
        present_outcome(outcome_name(answer->outcome));
        present_sources(answer);
        present_attached(answer);
        present_quotations(answer);
        if (asking.why && record->why != NULL)
            present_why(record->why);
        putchar('\n');
    }
    fflush(stdout);
    present_remarks(&command_chat, answer);
}

/* --- Keeping --- */

static void not_kept(Talk *talk, const char *why)
{
    output_note("kvasir chat: warning: %s; the conversation is not kept from here on\n", why);
    talk->conversation = 0;
}

/* The record that the catalogue has as the last turn, as far as is known here; 0: none. */
static gint64 last_kept(const Talk *talk)
{
    return talk->kept->len > 0 ? g_array_index(talk->kept, gint64, talk->kept->len - 1) : 0;
}

/* What the catalogue keeps of RECORD. */
static CatalogueRecord *kept_row(const Record *record)
{
    CatalogueRecord *row = g_new0(CatalogueRecord, 1);

    row->made = record->made;
    row->corpus = g_strdup(record->corpus);
    row->question = g_strdup(record->question);
    row->text = record_to_text(record);
    return row;
}

/* Takes the turns from NUMBER on out of the kept conversation. */
static void cut_kept(Talk *talk, guint number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalogue) catalogue = NULL;
    gboolean done;

    if (talk->conversation == 0)
        return;
    catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, &error);
    if (catalogue == NULL || !catalogue_cut_turns(catalogue, talk->conversation, number, last_kept(talk), &done, &error))
        output_note("kvasir chat: warning: %s\n", error->message);
    else if (!done)
        output_note("kvasir chat: warning: another process has gone on with conversation %" G_GINT64_FORMAT
                    "; there the turn stays\n", talk->conversation);
    g_array_set_size(talk->kept, number - 1);
    if (number == 1)
        talk->conversation = 0;         /* without turns there is none */
}

/* Another process has gone on with the conversation: all turns, as they are here, are one of their own. */
static gboolean branch_off(Talk *talk, Catalogue *catalogue, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) catalogue_record_free);
    gint64 from = talk->conversation;

    for (guint i = 0; i < talk->turns->len; i++)
        g_ptr_array_add(rows, kept_row(g_ptr_array_index(talk->turns, i)));
    if (!catalogue_add_conversation(catalogue, rows, &talk->conversation, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        note_kept(talk, i + 1, ((const CatalogueRecord *) g_ptr_array_index(rows, i))->id);
    output_note("kvasir chat: warning: another process has gone on with conversation %" G_GINT64_FORMAT
                "; this one is conversation %" G_GINT64_FORMAT " now\n", from, talk->conversation);
    return TRUE;
}

/* Makes RECORD, the last of the turns, that of the kept conversation.  That it cannot be kept is no reason to end the conversation. */
static void keep_turn(Talk *talk, const Record *record)
{
    g_autoptr(CatalogueRecord) row = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalogue) catalogue = NULL;
    gint64 id;

    if (!asking_keeps_history() || (talk->conversation == 0 && record->turn > 1))
        return;
    row = kept_row(record);
    catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, &error);
    if (catalogue == NULL ||
        !catalogue_add_turn(catalogue, row, &talk->conversation, record->turn, last_kept(talk), &id, &error))
        not_kept(talk, error->message);
    else if (id > 0)
        note_kept(talk, (guint) record->turn, id);
    else if (talk->conversation == 0)
        not_kept(talk, "another process has deleted the conversation");
    else if (!branch_off(talk, catalogue, &error))
        not_kept(talk, error->message);
}

/* --- Answering --- */

static void tell_room(Talk *talk)
{
    gsize context = (gsize) engine_info(talk->engine)->context, documents, used = talk_tokens(talk, &documents);
    gsize left = used < context ? context - used : 0;
    g_autoptr(GString) text = g_string_new(NULL);

    if (talk->warned || settings_get()->quiet || left > MAX((context - documents) / 8, 2 * asking_room(talk->engine)))
        return;
    talk->warned = TRUE;
    meter_count(text, left);
    output_note("kvasir: the context has room for %s tokens more; then the oldest turns will be left out\n", text->str);
}

static gboolean generate(Talk *talk, const Prompt *prompt, Answer *answer, const SampleOptions *sample, GError **error)
{
    ReplyOptions options = asking_reply_options();
    KvType kv = settings_get()->kv;
    gint64 begin = g_get_monotonic_time();
    gboolean ok;

    options.sample = *sample;
    answer_use_pack(answer, talk->pack);
    answer_watch(answer, talk->session, talk->engine, talk->heads, prompt, talk->pack);
    ok = prefix_talk(talk->session, talk->engine, kv, talk->store, (const gint32 *) (void *) prompt->ids->data,
                     prompt->ids->len, prompt->prefix, meter_update, talk->meter, &answer->prefix, error);
    meter_clear(talk->meter);
    if (!ok)
        return FALSE;
    ok = answer_generate(answer, talk->session, talk->engine, &options, error);
    prefix_keep(talk->session, talk->engine, kv, talk->store, prompt->prefix, &answer->prefix);
    answer->seconds = (double) (g_get_monotonic_time() - begin) / 1e6;
    return ok;
}

static gboolean ask(Talk *talk, const char *question, const SampleOptions *sample, GError **error)
{
    g_autoptr(Prompt) prompt = fitting_prompt(talk, question, error);
    g_autoptr(Answer) answer = NULL;
    Record *record;
    gboolean ok;

    if (prompt == NULL)
        return FALSE;
    answer = answer_new(talk->gathered.documents, talk->json ? NULL : show_text, NULL);
    ok = generate(talk, prompt, answer, sample, error);
    if (!ok && answer->ids->len == 0)
        return FALSE;
    answer_finish(answer);
    record = asking_record(talk->engine, &talk->gathered, prompt, question);
    record->temperature = sample->temperature;
    record->seed = (gint64) sample->seed;
    record->turn = talk->turns->len + 1;
    record->first_turn = talk->first + 1;
    for (guint i = talk->first; i < talk->turns->len; i++) {
        const Record *turn = g_ptr_array_index(talk->turns, i);
        record_add_earlier(record, turn->question, turn->ids);
    }
    rectangles_prepare(answer);
    record_set_answer(record, answer);
    record->timings = present_timings(answer);
    g_ptr_array_add(talk->turns, record);
    /* Who reads a line of JSON may go on with the conversation at once; text is on the screen before it is kept anyway. */
    if (talk->json)
        keep_turn(talk, record);
    show_answer(talk, record, answer);
    if (!talk->json)
        keep_turn(talk, record);
    tell_room(talk);
    return ok;
}

gboolean talk_ask(Talk *talk, const char *question, GError **error)
{
    const ReplyOptions options = asking_reply_options();

    talk->retries = 0;
    return asking_check_question(question, error) && ask(talk, question, &options.sample, error);
}

gboolean talk_retry(Talk *talk, GError **error)
{
    SampleOptions sample = asking_reply_options().sample;
    g_autoptr(Record) last = NULL;
    guint n = talk->turns->len, first = talk->first;
    gboolean ok;

    if (n == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "nothing was asked yet");
        return FALSE;
    }
    last = g_ptr_array_steal_index(talk->turns, n - 1);
    talk->first = MIN(talk->first, talk->turns->len);
    talk->warned = FALSE;
    sample.temperature = sample.temperature > 0 ? sample.temperature : RETRY_TEMPERATURE;
    sample.seed += ++talk->retries;
    ok = ask(talk, last->question, &sample, error);
    if (talk->turns->len < n) {
        /* Stopped before the first word: the answer that was there stays. */
        g_ptr_array_add(talk->turns, g_steal_pointer(&last));
        talk->first = first;
    }
    return ok;
}

gboolean talk_undo(Talk *talk)
{
    if (talk->turns->len == 0)
        return FALSE;
    g_ptr_array_set_size(talk->turns, (int) talk->turns->len - 1);
    talk->first = MIN(talk->first, talk->turns->len);
    talk->warned = FALSE;
    cut_kept(talk, talk->turns->len + 1);
    return TRUE;
}

void talk_renew(Talk *talk)
{
    g_ptr_array_set_size(talk->turns, 0);
    g_array_set_size(talk->kept, 0);
    talk->first = 0;
    talk->conversation = 0;
    talk->warned = FALSE;
}
