/* cmd_ask.c - "kvasir ask": a question about documents, answered with its pages. */
#include "config.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "src/answer/citation.h"
#include "src/answer/prompt.h"
#include "src/answer/quotation.h"
#include "src/answer/record.h"
#include "src/answer/reply.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/command.h"
#include "src/cli/meter.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static struct {
    char *corpus, *system, *password, *logits, *record;
    gboolean json, no_history;
    int max_tokens;
    gboolean no_drafts;
    double temperature, top_p;
    gint64 seed;
} option = { .max_tokens = 1024, .top_p = 1 };

static const GOptionEntry entries[] = {
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Ask about the documents of CORPUS", "CORPUS" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON object: answer, citations, usage", NULL },
    { "max-tokens", 0, 0, G_OPTION_ARG_INT, &option.max_tokens, "Stop the answer after N tokens (default 1024)", "N" },
    { "no-drafts", 0, 0, G_OPTION_ARG_NONE, &option.no_drafts, "Do not guess tokens from the documents: the same answer, slower", NULL },
    { "temperature", 0, 0, G_OPTION_ARG_DOUBLE, &option.temperature,
      "Sample with temperature T (default 0: always the likeliest token)", "T" },
    { "top-p", 0, 0, G_OPTION_ARG_DOUBLE, &option.top_p, "Sample among the likeliest tokens that make up P (default 1)", "P" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &option.seed, "Seed for sampling (default 0)", "SEED" },
    { "system", 0, 0, G_OPTION_ARG_FILENAME, &option.system, "Tell the model TEXT instead of kvasir's own rules", "TEXT" },
    { "password", 0, 0, G_OPTION_ARG_FILENAME, &option.password, "Open encrypted PDF files with P", "P" },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &option.record, "Write a record of the answer to FILE, for \"kvasir verify\"", "FILE" },
    { "no-history", 0, 0, G_OPTION_ARG_NONE, &option.no_history, "Do not keep the answer in the history", NULL },
    { "logits", 0, 0, G_OPTION_ARG_FILENAME, &option.logits,
      "Write the logits before the first token to FILE as little-endian float32 (for tests)", "FILE" },
    { NULL },
};

/* One question from start to end. */
typedef struct {
    const char *question;
    GPtrArray *documents;           /* of Document* */
    guint in_corpus;                /* of them, the first ones */
    guint unread;                   /* inputs that could not be read, wholly or in part */
    Meter *meter;
    CitationReader *citations;
    GArray *quotations;             /* of Quotation */
    GString *answer;                /* as shown, with [n] for marks */
    gboolean verbatim;              /* the citations were found, not given by the model */
    PrefixReport prefix;
    Reply reply;
    GArray *ids;                    /* of the answer, gint32 */
    Record *record;                 /* NULL when none is kept */
    double seconds;                 /* all of it */
} Ask;

static gboolean check_options(const char *question, GError **error)
{
    const char *wrong = NULL;

    if (option.max_tokens < 1)
        wrong = "--max-tokens must be at least 1";
    else if (!(option.temperature >= 0 && option.temperature <= 100))
        wrong = "--temperature must be from 0 to 100";
    else if (!(option.top_p > 0 && option.top_p <= 1))
        wrong = "--top-p must be above 0 and at most 1";
    else if (question == NULL || question[strspn(question, " \t\r\n")] == '\0')
        wrong = "a question is needed";
    else if (!g_utf8_validate(question, -1, NULL))
        wrong = "the question is not UTF-8 text";
    else if (option.system != NULL && !g_utf8_validate(option.system, -1, NULL))
        wrong = "the text of --system is not UTF-8 text";
    if (wrong != NULL)
        g_set_error_literal(error, FAILURE, FAILURE_USAGE, wrong);
    return wrong == NULL;
}

static void free_document(gpointer document)
{
    document_free(document);
}

static Document *read_stdin(GError **error)
{
    const DocumentOptions options = { .password = option.password };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gsize n;

    while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0) {
        if (bytes->len > G_MAXUINT32 - sizeof buffer) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: more than 4 GB");
            return NULL;
        }
        g_byte_array_append(bytes, buffer, (guint) n);
    }
    if (ferror(stdin) && !interrupt_check(error)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: %s", g_strerror(errno));
        return NULL;
    }
    return document_read_bytes("standard input", bytes->data, bytes->len, &options, error);
}

/* Reads FILES behind what the corpus has.  What cannot be read is told and passed over, unless nothing is left. */
static gboolean read_files(Ask *ask, char **files, GError **error)
{
    const DocumentOptions options = { .password = option.password };
    GError *local = NULL;
    guint n = g_strv_length(files);

    for (guint i = 0; i < n; i++) {
        Progress progress = { .phase = "reading documents", .unit = "files", .done = i, .total = n };
        Document *document;

        if (interrupt_check(error))
            return FALSE;
        meter_update(&progress, ask->meter);
        document = strcmp(files[i], "-") == 0 ? read_stdin(&local) : document_read(files[i], &options, &local);
        if (document != NULL) {
            g_ptr_array_add(ask->documents, document);
            meter_clear(ask->meter);
            ask->unread += work_tell_unread(&command_ask, document) > 0;
            continue;
        }
        if (i + 1 == n && ask->documents->len == 0) {
            g_propagate_error(error, local);
            return FALSE;
        }
        meter_clear(ask->meter);
        command_fail(&command_ask, g_steal_pointer(&local));
        ask->unread++;
    }
    return TRUE;
}

static gboolean gather(Ask *ask, char **files, GError **error)
{
    if (option.corpus != NULL) {
        const char *path = settings_get()->catalogue_path;
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "there are no corpora yet; \"kvasir ingest\" makes one");
            return FALSE;
        }
        g_autoptr(Catalogue) catalogue = catalogue_open(path, TRUE, error);
        if (catalogue == NULL || (ask->documents = source_corpus(catalogue, option.corpus, error)) == NULL)
            return FALSE;
        /* ingest has told these pages, and ended with status 3. */
        for (guint i = 0; !settings_get()->quiet && i < ask->documents->len; i++)
            work_tell_unread(&command_ask, g_ptr_array_index(ask->documents, i));
        ask->in_corpus = ask->documents->len;
    } else {
        ask->documents = g_ptr_array_new_with_free_func(free_document);
    }
    return read_files(ask, files, error);
}

/* A ReplyTextFunc. */
static void show_text(const char *text, gsize length, gpointer data)
{
    Ask *ask = data;
    gsize before = ask->answer->len;

    citation_reader_feed(ask->citations, text, length, ask->answer);
    if (!option.json && ask->answer->len > before) {
        fwrite(ask->answer->str + before, 1, ask->answer->len - before, stdout);
        fflush(stdout);
    }
}

static void end_text(Ask *ask)
{
    gsize before = ask->answer->len;

    citation_reader_end(ask->citations, ask->answer);
    if (option.json)
        return;
    fwrite(ask->answer->str + before, 1, ask->answer->len - before, stdout);
    if (ask->answer->len > 0 && ask->answer->str[ask->answer->len - 1] != '\n')
        putchar('\n');
    fflush(stdout);
}

static gboolean write_logits(const Engine *engine, Session *session, GError **error)
{
    GError *local = NULL;
    gsize bytes = (gsize) engine_info(engine)->vocabulary * sizeof(float);

    if (option.logits == NULL ||
        g_file_set_contents(option.logits, (const char *) (const void *) session_logits(session), (gssize) bytes, &local))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", local->message);
    g_error_free(local);
    return FALSE;
}

/* Tokens that must be left for the answer: what was asked for, but not for that reason
 * fewer documents than a short answer needs. */
static gsize room_for_answer(const Engine *engine)
{
    return MIN((gsize) option.max_tokens, MIN(256, (gsize) engine_info(engine)->context / 8));
}

static gboolean fill_and_reply(Ask *ask, const Engine *engine, Store *store, const Prompt *prompt, GError **error)
{
    const gint32 *ids = (const gint32 *) (void *) prompt->ids->data;
    KvType kv = settings_get()->kv;
    ReplyOptions options = {
        .sample = { .temperature = option.temperature, .top_p = option.top_p, .seed = (guint64) option.seed },
        .max_tokens = (gsize) option.max_tokens, .no_drafts = option.no_drafts, .text = show_text, .data = ask, .ids = ask->ids,
    };
    g_autoptr(Session) session = session_new(engine, kv, prompt->ids->len + (gsize) option.max_tokens, error);
    gboolean ok;

    if (session == NULL)
        return FALSE;
    ok = prefix_fill(session, engine, kv, store, ids, prompt->ids->len, prompt->prefix,
                     meter_update, ask->meter, &ask->prefix, error);
    meter_clear(ask->meter);
    if (!ok)
        return FALSE;
    work_tell_prefix(&command_ask, &ask->prefix);
    if (!write_logits(engine, session, error))
        return FALSE;
    ok = reply_generate(session, engine, &options, &ask->reply, error);
    end_text(ask);
    return ok;
}

static gboolean keeps_history(void)
{
    return !option.no_history && !settings_get()->no_history;
}

static gboolean keeps_record(void)
{
    return option.record != NULL || keeps_history();
}

/* What the answer follows from. */
static void begin_record(Ask *ask, const Engine *engine, const Prompt *prompt)
{
    Record *record = ask->record = record_new(engine, settings_get()->kv);

    record_set_documents(record, ask->documents, ask->in_corpus);
    record_set_prompt(record, prompt);
    record->corpus = option.corpus != NULL ? g_utf8_make_valid(option.corpus, -1) : NULL;
    record->question = g_strdup(ask->question);
    record->system = g_strdup(option.system);
    record->temperature = option.temperature;
    record->top_p = option.top_p;
    record->seed = option.seed;
    record->max_tokens = option.max_tokens;
}

static gboolean answer(Ask *ask, const Engine *engine, Store *store, GError **error)
{
    const Tokenizer *tokenizer = work_tokenizer(engine, error);
    if (tokenizer == NULL)
        return FALSE;
    g_autoptr(Pack) pack = source_pack(ask->documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    g_autoptr(Prompt) prompt = prompt_new(tokenizer, option.system, pack, ask->question, error);
    gsize room = room_for_answer(engine);

    if (prompt == NULL)
        return FALSE;
    if (!work_check_context(engine, prompt->ids->len, room,
                            prompt_documents_fitting(prompt, pack, (gsize) engine_info(engine)->context - room),
                            ask->documents->len, error))
        return FALSE;
    if (keeps_record())
        begin_record(ask, engine, prompt);
    ask->citations = citation_reader_new(ask->documents);
    if (!fill_and_reply(ask, engine, store, prompt, error))
        return FALSE;
    if (citation_reader_list(ask->citations)->len == 0)
        ask->verbatim = citation_reader_find_verbatim(ask->citations, ask->answer->str) > 0;
    ask->quotations = quotation_check(ask->answer->str, ask->documents, citation_reader_list(ask->citations));
    return TRUE;
}

static void print_sources(const Ask *ask)
{
    const GArray *list = citation_reader_list(ask->citations);

    if (list->len > 0)
        puts(ask->verbatim ? "\nIt cites no page; word for word it stands in:" : "");
    for (guint i = 0; i < list->len; i++) {
        const Citation *citation = &g_array_index(list, Citation, i);
        const Document *document = g_ptr_array_index(ask->documents, citation->document);
        g_autofree char *place = citation_place(citation, ask->documents);

        printf("[%u] %s%s%s\n", i + 1, document->title, place[0] != '\0' ? ", " : "", place);
    }
}

/* TEXT on one line. */
static char *one_line(const char *text)
{
    g_auto(GStrv) words = g_regex_split_simple("\\s+", text, 0, 0);

    return g_strstrip(g_strjoinv(" ", words));
}

static void print_quotation(const Ask *ask, const Quotation *quotation)
{
    g_autofree char *text = one_line(quotation->text);

    if (quotation->status == QUOTATION_NOT_FOUND) {
        printf("quotation not found: \"%s\"\n", text);
        return;
    }
    const Citation pages = { quotation->document, quotation->first, quotation->last, NULL };
    const Document *document = g_ptr_array_index(ask->documents, quotation->document);
    g_autofree char *place = citation_place(&pages, ask->documents);
    g_autofree char *source = one_line(quotation->source);

    if (quotation->status == QUOTATION_REPAIRED)
        printf("quotation not exact: \"%s\"; %s%s%s has: \"%s\"\n", text, document->title,
               place[0] != '\0' ? ", " : "", place, source);
    else
        printf("quotation from another page: \"%s\" stands in %s%s%s\n", text, document->title,
               place[0] != '\0' ? ", " : "", place);
}

/* What the reader has to know about the quotations: nothing, if they are right. */
static void print_quotations(const Ask *ask)
{
    gboolean first = TRUE;

    for (guint i = 0; i < ask->quotations->len; i++) {
        const Quotation *quotation = &g_array_index(ask->quotations, Quotation, i);
        if (quotation->status == QUOTATION_VERIFIED)
            continue;
        if (first)
            putchar('\n');
        first = FALSE;
        print_quotation(ask, quotation);
    }
}

static void json_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void json_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value);
}

static void json_seconds(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, (double) (gint64) (value * 1e6) / 1e6);
}

static void json_quotations(JsonBuilder *builder, const Ask *ask)
{
    json_builder_set_member_name(builder, "quotations");
    json_builder_begin_array(builder);
    for (guint i = 0; i < ask->quotations->len; i++) {
        const Quotation *quotation = &g_array_index(ask->quotations, Quotation, i);

        json_builder_begin_object(builder);
        json_string(builder, "text", quotation->text);
        json_string(builder, "status", quotation_status_name(quotation->status));
        if (quotation->status != QUOTATION_NOT_FOUND) {
            const Document *document = g_ptr_array_index(ask->documents, quotation->document);
            json_int(builder, "document_index", quotation->document);
            json_string(builder, "document_title", document->title);
            json_int(builder, "start_page_number", (gint64) quotation->first + 1);
            json_int(builder, "end_page_number", (gint64) quotation->last + 2);
            json_string(builder, "cited_text", quotation->source);
        }
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void json_usage(JsonBuilder *builder, const Ask *ask)
{
    json_builder_set_member_name(builder, "usage");
    json_builder_begin_object(builder);
    json_int(builder, "prompt_tokens", (gint64) ask->prefix.tokens);
    json_int(builder, "cache_read_tokens", (gint64) ask->prefix.cached);
    json_int(builder, "cache_creation_tokens", (gint64) ask->prefix.stored);
    json_int(builder, "output_tokens", (gint64) ask->reply.tokens);
    json_int(builder, "drafted_tokens", (gint64) ask->reply.drafted);
    json_builder_end_object(builder);
}

static JsonNode *timings(const Ask *ask)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_seconds(builder, "cache_read_s", ask->prefix.read_seconds);
    json_seconds(builder, "prefill_s", ask->prefix.compute_seconds);
    json_seconds(builder, "decode_s", ask->reply.seconds);
    json_seconds(builder, "total_s", ask->seconds);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static void print_json(const Ask *ask, const Engine *engine)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_string(builder, "question", ask->question);
    json_string(builder, "answer", ask->answer->str);
    json_builder_set_member_name(builder, "citations");
    json_builder_add_value(builder, record_citations(ask->citations, ask->documents, ask->verbatim));
    json_quotations(builder, ask);
    json_string(builder, "stop_reason", reply_end_name(ask->reply.end));
    json_string(builder, "model", engine_info(engine)->name);
    json_int(builder, "unread_documents", ask->unread);
    json_usage(builder, ask);
    json_builder_set_member_name(builder, "timings");
    json_builder_add_value(builder, timings(ask));
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    puts(text);
}

static void print_remarks(const Ask *ask)
{
    const GPtrArray *unknown = citation_reader_unknown(ask->citations);

    for (guint i = 0; i < unknown->len; i++)
        fprintf(stderr, "kvasir ask: warning: the answer cites %s, which is none of these pages\n",
                (const char *) g_ptr_array_index(unknown, i));
    if (settings_get()->quiet)
        return;
    if (ask->reply.end == REPLY_LENGTH)
        fprintf(stderr, "kvasir: the answer was cut off after %" G_GSIZE_FORMAT " tokens; --max-tokens allows more\n",
                ask->reply.tokens);
    else if (ask->reply.end == REPLY_FULL)
        fputs("kvasir: the answer was cut off: the model's context is full\n", stderr);
    if (citation_reader_list(ask->citations)->len == 0)
        fputs("kvasir: the answer cites no page of the documents\n", stderr);
}

static gboolean add_to_history(const Record *record, const char *text, GError **error)
{
    const CatalogueRecord row = { .made = record->made, .corpus = record->corpus, .question = record->question,
                                  .text = (char *) (guintptr) text };
    g_autoptr(Catalogue) catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    gint64 number;

    return catalogue != NULL && catalogue_add_record(catalogue, &row, &number, error);
}

/* The answer is given; that the history cannot be written is no reason to fail, that the file that was
 * asked for cannot is one. */
static gboolean keep_record(Ask *ask, GError **error)
{
    Record *record = ask->record;
    g_autofree char *text = NULL;
    g_autoptr(GError) local = NULL;

    if (record == NULL)
        return TRUE;
    record->answer = g_strdup(ask->answer->str);
    g_array_append_vals(record->ids, ask->ids->data, ask->ids->len);
    record->stop_reason = g_strdup(reply_end_name(ask->reply.end));
    record->citations = record_citations(ask->citations, ask->documents, ask->verbatim);
    record->timings = timings(ask);
    text = record_to_text(record);
    if (keeps_history() && !add_to_history(record, text, &local)) {
        fprintf(stderr, "kvasir ask: warning: %s; the answer is not in the history\n", local->message);
        g_clear_error(&local);
    }
    if (option.record == NULL ||
        g_file_set_contents_full(option.record, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", local->message);
    return FALSE;
}

static gboolean ask_question(Ask *ask, char **files, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    g_autoptr(Engine) engine = settings_open_engine(error);
    if (engine == NULL)
        return FALSE;
    GError *local = NULL;
    g_autoptr(Store) store = work_open_store(engine, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (!gather(ask, files, error) || !answer(ask, engine, store, error))
        return FALSE;
    ask->seconds = (double) (g_get_monotonic_time() - begin) / 1e6;
    if (option.json) {
        print_json(ask, engine);
    } else {
        print_sources(ask);
        print_quotations(ask);
    }
    fflush(stdout);
    print_remarks(ask);
    return keep_record(ask, error);
}

static int finish(Ask *ask, GError *error)
{
    gboolean interrupted = error != NULL && g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
    int status;

    meter_clear(ask->meter);
    if (error != NULL) {
        status = command_fail(&command_ask, error);
        if (interrupted)
            work_tell_resume(&ask->prefix, !settings_get()->no_cache);
        return status;
    }
    if (ask->unread > 0)
        status = 3;
    else
        status = citation_reader_list(ask->citations)->len > 0 ? 0 : 1;
    return command_finish(&command_ask, status);
}

static int run(int argc, char **argv)
{
    Ask ask = { 0 };
    GError *error = NULL;
    int status;

    work_begin(argc, argv);
    status = command_parse(&command_ask, entries, TRUE, &argc, &argv);
    if (status >= 0)
        return status;
    ask.question = argc > 1 ? argv[1] : NULL;
    if (check_options(ask.question, &error) && argc < 3 && option.corpus == NULL)
        g_set_error(&error, FAILURE, FAILURE_USAGE,
                    "no documents: name files behind the question, or a corpus with -c");
    if (error != NULL)
        return command_fail(&command_ask, error);

    ask.meter = meter_new(settings_get()->quiet);
    ask.answer = g_string_new(NULL);
    ask.ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    ask_question(&ask, argv + 2, &error);
    status = finish(&ask, error);
    citation_reader_free(ask.citations);
    if (ask.quotations != NULL)
        g_array_unref(ask.quotations);
    if (ask.documents != NULL)
        g_ptr_array_unref(ask.documents);
    g_string_free(ask.answer, TRUE);
    g_array_unref(ask.ids);
    record_free(ask.record);
    prefix_report_clear(&ask.prefix);
    meter_free(ask.meter);
    return status;
}

const Command command_ask = {
    "ask", "answer a question about documents",
    "[-m MODEL] [-c CORPUS] QUESTION [FILE...]", run,
};
