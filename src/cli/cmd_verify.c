/* cmd_verify.c - "kvasir verify": an answer computed again and compared with its record. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/answer.h"
#include "src/answer/longcite.h"
#include "src/answer/record.h"
#include "src/answer/selection.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/command.h"
#include "src/cli/history.h"
#include "src/cli/input.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/reading.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

typedef struct {
    Record *then, *now;
    GPtrArray *documents;           /* of Document*; NULL for one that cannot be read */
    GPtrArray *view;                /* of them, the pages that the prompt had; NULL: all */
    GPtrArray *differences;         /* of char*, sentences */
    Answer *answer;
    Meter *meter;
} Verify;

static void G_GNUC_PRINTF(2, 3) differ(Verify *verify, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    g_ptr_array_add(verify->differences, g_strdup_vprintf(format, values));
    va_end(values);
}

/* NAME: a file, standard input ("-"), or a number of the history when there is no such file. */
static Record *load(const char *name, GError **error)
{
    GString *read;
    Record *record;

    if (history_is_number(name) && !g_file_test(name, G_FILE_TEST_EXISTS)) {
        g_autofree char *title = NULL;
        g_autofree char *text = history_load(name, &title, error);

        return text != NULL ? record_from_text(title, text, strlen(text), error) : NULL;
    }
    if ((read = input_read(name, error)) == NULL)
        return NULL;
    record = record_from_text(strcmp(name, "-") == 0 ? "standard input" : name, read->str, read->len, error);
    g_string_free(read, TRUE);
    return record;
}

/* A file that cannot be read is a difference like any other.  FALSE only when interrupted. */
static gboolean read_file(Verify *verify, const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    Document *document;

    document = reading_read(path, &local);
    if (g_error_matches(local, FAILURE, FAILURE_INTERRUPTED) || g_error_matches(local, FAILURE, FAILURE_SYSTEM)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (document == NULL)
        differ(verify, "document %u cannot be read: %s", verify->documents->len + 1, local->message);
    g_ptr_array_add(verify->documents, document);
    return TRUE;
}

static gboolean read_corpus(Verify *verify, GError **error)
{
    const char *path = settings_get()->catalogue_path, *corpus = verify->then->corpus;
    g_autoptr(Catalogue) catalogue = NULL;
    GError *local = NULL;

    if (settings_have_catalogue()) {
        catalogue = catalogue_open(path, TRUE, error);
        if (catalogue == NULL)
            return FALSE;
        verify->documents = source_corpus(catalogue, corpus, &local);
    }
    if (verify->documents == NULL && local != NULL && !g_error_matches(local, FAILURE, FAILURE_USAGE)) {
        g_propagate_error(error, local);
        return FALSE;
    }
    g_clear_error(&local);
    if (verify->documents == NULL) {
        differ(verify, "the corpus %s is missing; its documents can be named behind the record", corpus);
        verify->documents = document_list_new();
        for (guint i = 0; i < verify->then->documents->len; i++)
            if (((const RecordDocument *) g_ptr_array_index(verify->then->documents, i))->in_corpus)
                g_ptr_array_add(verify->documents, NULL);
    }
    return TRUE;
}

/* FILES, or (none) what the record names: the corpus, then files. */
static gboolean gather(Verify *verify, char **files, GError **error)
{
    gboolean from_record = files[0] == NULL;

    if (from_record && verify->then->corpus != NULL && !read_corpus(verify, error))
        return FALSE;
    if (verify->documents == NULL)
        verify->documents = document_list_new();
    for (; *files != NULL; files++)
        if (!read_file(verify, *files, error))
            return FALSE;
    for (guint i = 0; from_record && i < verify->then->documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(verify->then->documents, i);

        if (document->in_corpus)
            continue;
        if (strcmp(document->path, RECORD_STDIN) == 0) {
            differ(verify, "document %u came from standard input; name files with the same text behind the record", i + 1);
            g_ptr_array_add(verify->documents, NULL);
        } else if (!read_file(verify, document->path, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Whether the answer was to be one of quotations alone. */
static gboolean is_quoting(const Record *record)
{
    return g_strcmp0(record->form, RECORD_QUOTATIONS) == 0;
}

static gboolean reply(Verify *verify, const Engine *engine, KvType kv, Store *store, const Prompt *prompt, const Pack *pack,
                      GError **error)
{
    const Record *then = verify->then;
    const ReplyOptions options = {
        .sample = { .temperature = then->temperature, .top_p = then->top_p, .seed = (guint64) then->seed },
        .max_tokens = (gsize) then->max_tokens,
    };
    g_autoptr(Session) session = session_new(engine, kv, prompt->ids->len + options.max_tokens, error);
    Answer *answer;
    gboolean ok;

    if (session == NULL)
        return FALSE;
    answer = verify->answer = answer_new(verify->view != NULL ? verify->view : verify->documents, NULL, NULL);
    answer_use_pack(answer, pack);
    if (is_quoting(then))
        answer_quote(answer, engine, pack);
    work_tell_outlook(engine, kv, store, (const gint32 *) (void *) prompt->ids->data, prompt->ids->len, prompt->prefix);
    ok = prefix_fill(session, engine, kv, store, (const gint32 *) (void *) prompt->ids->data, prompt->ids->len,
                     prompt->prefix, meter_update, verify->meter, &answer->prefix, error);
    meter_clear(verify->meter);
    if (!ok)
        return FALSE;
    work_tell_prefix(&command_verify, &answer->prefix);
    if (!answer_generate(answer, session, engine, &options, error))
        return FALSE;
    answer_finish(answer);
    record_set_answer(verify->now, answer);
    return TRUE;
}

/* What the prompt had of the documents.  That the recorded pages are not there is a difference. */
static Pack *pack_shown(Verify *verify, const Tokenizer *tokenizer)
{
    const char *pages = verify->then->shown_pages;
    g_autoptr(GArray) selection = pages != NULL ? selection_from_text(pages, verify->documents) : NULL;

    if (pages != NULL && selection == NULL)
        differ(verify, "the documents do not have the pages that the prompt had, %s", pages);
    if (g_strcmp0(verify->then->form, RECORD_LONGCITE) == 0)
        return longcite_pack(verify->documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    if (selection == NULL)
        return source_pack(verify->documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    verify->view = selection_view(verify->documents, selection);
    return selection_pack(verify->view, prompt_encode, (gpointer) (guintptr) tokenizer);
}

/* The prompt that RECORD came from: what was said before, and its question. */
static Prompt *make_prompt(const Record *record, const Tokenizer *tokenizer, const Pack *pack, GError **error)
{
    g_autoptr(GArray) turns = g_array_new(FALSE, FALSE, sizeof(PromptTurn));
    const PromptTurn last = { .question = record->question, .quote = is_quoting(record) };

    for (guint i = 0; i < record->earlier->len; i++) {
        const RecordTurn *earlier = g_ptr_array_index(record->earlier, i);
        const PromptTurn turn = { .question = earlier->question, .ids = earlier->ids };
        g_array_append_val(turns, turn);
    }
    g_array_append_val(turns, last);
    return prompt_new_turns(tokenizer, record->system, pack, (const PromptTurn *) (void *) turns->data, turns->len, error);
}

/* Computes the answer from DOCUMENTS, unless what it follows from differs already. */
static gboolean recompute(Verify *verify, const Engine *engine, KvType kv, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);
    g_autoptr(Pack) pack = pack_shown(verify, tokenizer);
    g_autoptr(Prompt) prompt = make_prompt(verify->then, tokenizer, pack, error);
    g_autoptr(Store) store = NULL;
    GError *local = NULL;

    if (prompt == NULL)
        return FALSE;
    record_set_prompt(verify->now, prompt);
    record_compare_inputs(verify->then, verify->now, verify->differences);
    if (verify->differences->len > 0)
        return TRUE;
    if (!work_check_context(engine, prompt->ids->len, 1, verify->documents->len, verify->documents->len, error))
        return FALSE;
    store = work_open_store(engine, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (!reply(verify, engine, kv, store, prompt, pack, error))
        return FALSE;
    record_compare_answers(verify->then, verify->now, tokenizer, verify->differences);
    return TRUE;
}

static gboolean check(Verify *verify, char **argv, GError **error)
{
    g_autoptr(Engine) engine = NULL;
    KvType kv = settings_get()->kv;

    for (char **file = argv + 1; *file != NULL; file++)
        if (strcmp(argv[0], "-") == 0 && strcmp(*file, "-") == 0) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "standard input can be the record or a document, not both");
            return FALSE;
        }
    if ((verify->then = load(argv[0], error)) == NULL)
        return FALSE;
    if (verify->then->turn - MAX(verify->then->first_turn, 1) > verify->then->earlier->len) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s is turn %" G_GINT64_FORMAT " of a conversation and follows from what was "
                    "said before, which an older kvasir did not keep in it", argv[0], verify->then->turn);
        return FALSE;
    }
    if (!settings_get()->kv_given && !kv_type_parse(verify->then->kv, &kv)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: this program has no KV type \"%s\"", argv[0], verify->then->kv);
        return FALSE;
    }
    engine = settings_open_engine(error);
    if (engine == NULL || work_tokenizer(engine, error) == NULL || !gather(verify, argv + 1, error))
        return FALSE;
    if (verify->then->earlier->len > 0 && !engine_batch_invariant(engine)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s is turn %" G_GINT64_FORMAT " of a conversation; in full precision its bytes "
                    "depend on how that went, and cannot be computed again", argv[0], verify->then->turn);
        return FALSE;
    }
    verify->now = record_new(engine, kv);
    record_set_documents(verify->now, verify->documents, 0);
    if (verify->differences->len > 0) {
        record_compare_inputs(verify->then, verify->now, verify->differences);
        return TRUE;
    }
    return recompute(verify, engine, kv, error);
}

static int finish(Verify *verify, GError *error)
{
    meter_clear(verify->meter);
    if (error != NULL)
        return command_fail(&command_verify, error);
    if (verify->differences->len == 0)
        puts("identical");
    for (guint i = 0; i < verify->differences->len; i++)
        output_print("%s\n", (const char *) g_ptr_array_index(verify->differences, i));
    return command_finish(&command_verify, verify->differences->len > 0);
}

static int run(int argc, char **argv)
{
    int status = command_parse(&command_verify, NULL, TRUE, &argc, &argv);
    Verify verify = { 0 };
    GError *error = NULL;

    if (status >= 0)
        return status;
    if (argc < 2)
        return command_fail(&command_verify, g_error_new(FAILURE, FAILURE_USAGE, "a record is needed: a file that "
                            "\"kvasir ask --record\" wrote, or a number that \"kvasir history\" lists"));
    verify.differences = g_ptr_array_new_with_free_func(g_free);
    verify.meter = meter_new(settings_get()->quiet);
    check(&verify, argv + 1, &error);
    status = finish(&verify, error);
    record_free(verify.then);
    record_free(verify.now);
    answer_free(verify.answer);
    if (verify.view != NULL)
        g_ptr_array_unref(verify.view);
    if (verify.documents != NULL)
        g_ptr_array_unref(verify.documents);
    g_ptr_array_unref(verify.differences);
    meter_free(verify.meter);
    return status;
}

const Command command_verify = {
    "verify", "compute an answer again and compare", "[-m MODEL] RECORD [FILE...]", run, TRUE,
};
