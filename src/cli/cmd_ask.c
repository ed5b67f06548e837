/* cmd_ask.c - "kvasir ask": a question about documents, answered with its pages. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/answer.h"
#include "src/answer/json.h"
#include "src/answer/prompt.h"
#include "src/answer/selection.h"
#include "src/answer/together.h"
#include "src/answer/volume.h"
#include "src/answer/why_json.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/ask_batch.h"
#include "src/cli/ask_volumes.h"
#include "src/cli/asking.h"
#include "src/cli/command.h"
#include "src/cli/gather.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/present.h"
#include "src/cli/settings.h"
#include "src/cli/watching.h"
#include "src/cli/work.h"

static struct {
    char *logits, *record, *batch, *output;
    gboolean json, all_volumes, mixed;
    int volumes, volume_tokens, group;
} option = { .volumes = 3, .group = 8 };

static const GOptionEntry entries[] = {
    ASKING_ENTRIES,
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON object: answer, citations, usage", NULL },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &option.record, "Write a record of the answer to FILE, for \"kvasir verify\"", "FILE" },
    { "batch", 0, 0, G_OPTION_ARG_FILENAME, &option.batch,
      "Ask the questions in FILE (\"-\": standard input), one a line or JSON Lines; answers as JSON Lines", "FILE" },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &option.output, "Append the answers of --batch to FILE; what it answers already is not asked",
      "FILE" },
    { "mixed", 0, 0, G_OPTION_ARG_NONE, &option.mixed, "Go on with --output though its answers are of other documents or another model",
      NULL },
    { "group", 0, 0, G_OPTION_ARG_INT, &option.group, "Answer N questions of --batch at once (1 to 16, default 8)", "N" },
    { "quote", 0, 0, G_OPTION_ARG_NONE, &asking.quote, "Answer with passages of the documents alone, word for word", NULL },
    { "volumes", 0, 0, G_OPTION_ARG_INT, &option.volumes, "Of a corpus in volumes, ask the best N (default 3)", "N" },
    { "all-volumes", 0, 0, G_OPTION_ARG_NONE, &option.all_volumes, "Ask every volume", NULL },
    { "volume-tokens", 0, 0, G_OPTION_ARG_INT, &option.volume_tokens,
      "Cut the corpus into volumes of at most N tokens (default: as it was ingested)", "N" },
    { "logits", 0, 0, G_OPTION_ARG_FILENAME, &option.logits,
      "Write the logits before the first token to FILE as little-endian float32 (for tests)", "FILE" },
    { NULL },
};

/* One question from start to end. */
typedef struct {
    const char *question;
    Gathered gathered;
    Meter *meter;
    Answer *answer;
    Record *record;                 /* NULL when none is kept */
    Heads *heads;                   /* that are watched, or NULL */
    AskVolumes *volumes;            /* NULL when all documents are in one prompt; owns ANSWER otherwise */
    AskBatch *batch;                /* NULL: one question */
    char *manifest;                 /* of the documents of a batch */
} Ask;

/* An AnswerShowFunc. */
static void show_text(const char *text, gsize length, gpointer data)
{
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}

static void end_line(const Answer *answer)
{
    if (answer->text->len > 0 && answer->text->str[answer->text->len - 1] != '\n')
        putchar('\n');
}

static gboolean write_logits(const Engine *engine, Session *session, GError **error)
{
    gsize bytes = (gsize) engine_info(engine)->vocabulary * sizeof(float);

    return option.logits == NULL || output_file(option.logits, (const char *) (const void *) session_logits(session), bytes, error);
}

static gboolean fill_and_reply(Ask *ask, const Engine *engine, Store *store, const Prompt *prompt, const Pack *pack,
                               GError **error)
{
    const gint32 *ids = (const gint32 *) (void *) prompt->ids->data;
    const ReplyOptions options = asking_reply_options();
    KvType kv = settings_get()->kv;
    g_autoptr(Session) session = session_new(engine, kv, prompt->ids->len + options.max_tokens, error);
    gboolean ok;

    if (session == NULL)
        return FALSE;
    if (ask->heads != NULL)
        answer_watch(ask->answer, session, engine, ask->heads, prompt, pack);
    work_tell_outlook(engine, kv, store, ids, prompt->ids->len, prompt->prefix);
    ok = prefix_fill(session, engine, kv, store, ids, prompt->ids->len, prompt->prefix,
                     meter_update, ask->meter, &ask->answer->prefix, error);
    meter_clear(ask->meter);
    if (!ok)
        return FALSE;
    if (ask->answer->prefix.stored > 0 && asking.system == NULL && asking.corpus != NULL
        && ask->gathered.in_corpus == ask->gathered.documents->len)
        prefix_note_corpus(engine, kv, store, ids, prompt->prefix, asking.corpus);
    work_tell_prefix(&command_ask, &ask->answer->prefix);
    if (!write_logits(engine, session, error))
        return FALSE;
    ok = answer_generate(ask->answer, session, engine, &options, error);
    if (!option.json)
        end_line(ask->answer);
    return ok;
}

/* A corpus is read in volumes when that was asked for, or when it has to be. */
static gboolean in_volumes(const Ask *ask, const Engine *engine, const Pack *pack)
{
    return asking.corpus != NULL && ask->gathered.in_corpus == ask->gathered.documents->len &&
           pack->chunks == NULL && pack->ids->len > volume_limit(engine, ask->gathered.volume_tokens);
}

static gboolean answer_from_volumes(Ask *ask, const Engine *engine, Store *store, const Pack *pack, GError **error)
{
    AskVolumes *volumes = ask->volumes = g_new0(AskVolumes, 1);

    *volumes = (AskVolumes) {
        .command = &command_ask, .engine = engine, .store = store, .gathered = &ask->gathered, .question = ask->question,
        .heads = ask->heads, .meter = ask->meter, .most = option.all_volumes ? G_MAXUINT : (guint) option.volumes,
        .show = option.json ? NULL : show_text,
    };
    if (!ask_volumes(volumes, pack, volume_limit(engine, ask->gathered.volume_tokens), error))
        return FALSE;
    ask->answer = volumes->answer;
    if (!option.json)
        end_line(ask->answer);
    if (option.record != NULL || asking_keeps_history()) {
        ask->record = asking_record(engine, &ask->gathered, volumes->prompt, ask->question);
        ask->record->shown_pages = selection_to_text(volumes->selection);
    }
    return TRUE;
}

/* Answers that are there must be of these documents and of the model (NULL: not compared), or the file would have two kinds. */
static gboolean check_earlier(Ask *ask, const char *model, GError **error)
{
    g_autofree char *first = NULL;
    guint n;

    ask->manifest = record_manifest(ask->gathered.documents);
    ask->batch->manifest = ask->manifest;
    n = batch_differing(ask->batch->questions, ask->manifest, model, &first);
    if (n == 0)
        return TRUE;
    if (option.mixed) {
        g_autofree char *others = n > 1 ? g_strdup_printf(", %u more likewise", n - 1) : g_strdup("");
        output_note("kvasir ask: warning: %s%s\n", first, others);
        return TRUE;
    }
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s; name another file with --output, or let it be with --mixed", first);
    return FALSE;
}

static gboolean answer_batch(Ask *ask, const Engine *engine, Store *store, const Pack *pack, GError **error)
{
    AskBatch *batch = ask->batch;

    if (!check_earlier(ask, engine_info(engine)->name, error))
        return FALSE;
    batch->engine = engine;
    batch->store = store;
    batch->pack = pack;
    batch->heads = ask->heads;
    batch->limit = volume_limit(engine, ask->gathered.volume_tokens);
    batch->in_volumes = in_volumes(ask, engine, pack);
    return ask_batch(batch, error);
}

static gboolean answer_question(Ask *ask, const Engine *engine, Store *store, GError **error)
{
    if (option.volume_tokens > 0)
        ask->gathered.volume_tokens = (gsize) option.volume_tokens;
    g_autoptr(Pack) pack = asking_pack(engine, ask->gathered.documents);
    if (ask->batch != NULL)
        return answer_batch(ask, engine, store, pack, error);
    if (in_volumes(ask, engine, pack))
        return answer_from_volumes(ask, engine, store, pack, error);
    g_autoptr(Prompt) prompt = asking_prompt(engine, pack, ask->question, error);

    if (prompt == NULL || !asking_check_room(engine, prompt, pack, ask->gathered.documents, error))
        return FALSE;
    if (option.record != NULL || asking_keeps_history())
        ask->record = asking_record(engine, &ask->gathered, prompt, ask->question);
    ask->answer = asking_answer(engine, ask->gathered.documents, pack, option.json ? NULL : show_text);
    if (!fill_and_reply(ask, engine, store, prompt, pack, error))
        return FALSE;
    answer_finish(ask->answer);
    return TRUE;
}

static void print_json(const Ask *ask, const Engine *engine)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_text(builder, "question", ask->question);
    present_json(builder, ask->answer, engine_info(engine)->name, ask->gathered.unread);
    if (ask->volumes != NULL)
        ask_volumes_json(builder, ask->volumes);
    json_builder_end_object(builder);
    output_json(builder, TRUE);
}

/* The answer is given; that the history cannot be written is no reason to fail, that the file that was
 * asked for cannot is one. */
static gboolean keep_record(Ask *ask, GError **error)
{
    g_autofree char *text = ask->record != NULL ? asking_keep(&command_ask, ask->record, ask->answer) : NULL;

    return option.record == NULL || output_file(option.record, text, strlen(text), error);
}

static void show_why(const Ask *ask)
{
    g_autoptr(JsonNode) why = NULL;

    if (!asking.why || ask->answer->why == NULL)
        return;
    why = why_to_json(ask->answer);
    present_why(why);
}

static gboolean ask_question(Ask *ask, char **files, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    g_autoptr(Engine) engine = settings_open_engine(error);
    if (engine == NULL)
        return FALSE;
    ask->heads = watching_heads(&command_ask, engine, asking.why);
    GError *local = NULL;
    g_autoptr(Store) store = work_open_store(engine, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (!gather(&ask->gathered, &command_ask, asking.corpus, files, asking.bibliographies, ask->meter, error) ||
        work_tokenizer(engine, error) == NULL || !answer_question(ask, engine, store, error))
        return FALSE;
    if (ask->batch != NULL)
        return TRUE;
    ask->answer->seconds = (double) (g_get_monotonic_time() - begin) / 1e6;
    if (option.json) {
        print_json(ask, engine);
    } else {
        present_outcome(outcome_name(ask->answer->outcome));
        present_sources(ask->answer);
        present_attached(ask->answer);
        present_quotations(ask->answer);
        show_why(ask);
        if (ask->volumes != NULL)
            ask_volumes_present(ask->volumes);
    }
    fflush(stdout);
    present_remarks(&command_ask, ask->answer);
    return keep_record(ask, error);
}

static int finish(Ask *ask, GError *error)
{
    const PrefixReport none = { 0 };
    gboolean interrupted = error != NULL && g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
    int status;

    meter_clear(ask->meter);
    if (error != NULL) {
        status = command_fail(&command_ask, error);
        if (interrupted)
            work_tell_resume(ask->answer != NULL ? &ask->answer->prefix : &none, !settings_get()->no_cache);
        return status;
    }
    if (ask->gathered.unread > 0)
        status = 3;
    else
        status = outcome_found(ask->answer->outcome) ? 0 : 1;
    return command_finish(&command_ask, status);
}

/* The end of a batch; ERROR is freed. */
static int finish_batch(const Ask *ask, GError *error, gint64 begun)
{
    const AskBatch *batch = ask->batch;
    gboolean interrupted = error != NULL && g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
    int status = 0;

    meter_clear(ask->meter);
    if (error != NULL)
        status = command_fail(&command_ask, error);
    if (interrupted || (error == NULL && !settings_get()->quiet))
        ask_batch_tell(batch, (double) (g_get_monotonic_time() - begun) / 1e6);
    if (interrupted)
        work_tell_resume(&(PrefixReport) { 0 }, FALSE);
    if (error != NULL || status != 0)
        return status;
    if (batch->failed > 0 || ask->gathered.unread > 0)
        status = 3;
    else
        status = batch->unsupported > 0;
    return command_finish(&command_ask, status);
}

/* Many questions.  When all are answered already, no model is needed. */
static int run_batch(Ask *ask, char **files)
{
    gint64 begun = g_get_monotonic_time();
    GError *error = NULL;
    g_autoptr(GPtrArray) questions = batch_read(option.batch, &error);
    g_autoptr(BatchOutput) output = questions != NULL ? batch_output_open(option.output, questions, &error) : NULL;
    AskBatch batch = {
        .command = &command_ask, .gathered = &ask->gathered, .questions = questions, .output = output, .meter = ask->meter,
        .group = (guint) option.group, .most = option.all_volumes ? G_MAXUINT : (guint) option.volumes,
    };

    if (output == NULL)
        return command_fail(&command_ask, error);
    ask->batch = &batch;
    for (guint i = 0; i < questions->len; i++)
        batch.before += ((const BatchQuestion *) g_ptr_array_index(questions, i))->answered;
    if (batch.before < questions->len)
        ask_question(ask, files, &error);
    else if (gather(&ask->gathered, &command_ask, asking.corpus, files, NULL, ask->meter, &error))
        check_earlier(ask, NULL, &error);
    return finish_batch(ask, error, begun);
}

static int run_question(Ask *ask, char **files)
{
    GError *error = NULL;

    ask_question(ask, files, &error);
    return finish(ask, error);
}

static gboolean wrong(GError **error, const char *sentence)
{
    g_set_error_literal(error, FAILURE, FAILURE_USAGE, sentence);
    return FALSE;
}

static gboolean check_volumes(GError **error)
{
    if (option.volumes < 1)
        return wrong(error, "--volumes must be at least 1");
    if (option.volume_tokens < 0)
        return wrong(error, "--volume-tokens must be at least 1");
    return asking.corpus != NULL || (!option.all_volumes && option.volume_tokens == 0) ||
           wrong(error, "only a corpus is read in volumes; name one with -c");
}

/* Better known before the answer is computed than behind it. */
static gboolean check_record(GError **error)
{
    if (option.record == NULL || output_can_write(option.record))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_SYSTEM, "\"%s\" cannot be written; name a file for the record in a folder that can",
                option.record);
    return FALSE;
}

static gboolean check_batch(char **files, GError **error)
{
    if (option.batch == NULL && option.output != NULL)
        return wrong(error, "--output is for --batch; one answer goes to standard output");
    if (option.output == NULL && option.mixed)
        return wrong(error, "--mixed is for an --output that has answers already");
    if (option.group < 1 || option.group > TOGETHER_MAX)
        return wrong(error, "--group must be from 1 to 16");
    if (option.batch == NULL)
        return TRUE;
    if (option.record != NULL || option.logits != NULL)
        return wrong(error, option.record != NULL ? "--record is for one answer; those of --batch are in the history"
                                                  : "--logits is for one question, not for --batch");
    for (; strcmp(option.batch, "-") == 0 && *files != NULL; files++)
        if (strcmp(*files, "-") == 0)
            return wrong(error, "standard input can be the questions or a document, not both");
    return TRUE;
}

/* FILES are those that stand behind the question, or with --batch all that were named. */
static gboolean check(const Ask *ask, char **files, GError **error)
{
    if (!asking_check(error) || (option.batch == NULL && !asking_check_question(ask->question, error)) ||
        !check_volumes(error) || !check_batch(files, error) || !check_record(error))
        return FALSE;
    return files[0] != NULL || asking.corpus != NULL ||
           wrong(error, option.batch != NULL ? "no documents: name files, or a corpus with -c"
                                             : "no documents: name files behind the question, or a corpus with -c");
}

static int run(int argc, char **argv)
{
    Ask ask = { 0 };
    GError *error = NULL;
    char **files;
    int status;

    work_begin(argc, argv);
    status = command_parse(&command_ask, entries, TRUE, &argc, &argv);
    if (status >= 0)
        return status;
    files = argv + 1;
    if (option.batch == NULL && argc > 1)
        ask.question = *files++;
    if (!check(&ask, files, &error))
        return command_fail(&command_ask, error);

    ask.meter = meter_new(settings_get()->quiet);
    status = option.batch != NULL ? run_batch(&ask, files) : run_question(&ask, files);
    if (ask.volumes == NULL)
        answer_free(ask.answer);
    else
        ask_volumes_clear(ask.volumes);
    g_free(ask.volumes);
    heads_free(ask.heads);
    g_free(ask.manifest);
    gathered_clear(&ask.gathered);
    record_free(ask.record);
    meter_free(ask.meter);
    return status;
}

const Command command_ask = {
    "ask", "answer a question about documents",
    "[-m MODEL] [-c CORPUS] QUESTION|--batch FILE [FILE...]", run, TRUE,
};
