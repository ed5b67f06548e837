/* cmd_history.c - "kvasir history" and "kvasir show": answers that were given before. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/answer/json.h"
#include "src/answer/record.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/history.h"
#include "src/cli/present.h"
#include "src/cli/settings.h"

static struct {
    char *corpus;
    gboolean json, why;
} option;

static const GOptionEntry history_entries[] = {
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Only answers about CORPUS", "CORPUS" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON array", NULL },
    { NULL },
};

static const GOptionEntry show_entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write the record itself", NULL },
    { "why", 0, 0, G_OPTION_ARG_NONE, &option.why, "Show the pages that each sentence rests on, by attention, if they were noted", NULL },
    { NULL },
};

static char *time_text(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}

/* On one line: line breaks and other control characters become spaces. */
static void print_line(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        putchar(g_ascii_iscntrl(*c) ? ' ' : *c);
    putchar('\n');
}

static void print_list(const GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        const CatalogueRecord *record = g_ptr_array_index(records, i);
        g_autofree char *time = time_text(record->made);

        printf("%5" G_GINT64_FORMAT "  %s  ", record->id, time);
        print_line(record->question);
    }
}

static void print_list_json(const GPtrArray *records)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_array(builder);
    for (guint i = 0; i < records->len; i++) {
        const CatalogueRecord *record = g_ptr_array_index(records, i);

        json_builder_begin_object(builder);
        json_add_int(builder, "number", record->id);
        json_add_int(builder, "made", record->made);
        json_add_text(builder, "corpus", record->corpus);
        json_add_text(builder, "question", record->question);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    puts(text);
}

static gboolean list(GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(GPtrArray) records = NULL;

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autoptr(Catalogue) catalogue = catalogue_open(path, TRUE, error);
        if (catalogue == NULL || (records = catalogue_records(catalogue, option.corpus, error)) == NULL)
            return FALSE;
    } else {
        records = g_ptr_array_new();
    }
    if (option.json)
        print_list_json(records);
    else
        print_list(records);
    return TRUE;
}

static int history_run(int argc, char **argv)
{
    int status = command_parse(&command_history, history_entries, FALSE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    if (argc > 1)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "\"%s\" is too much; \"kvasir show N\" shows an answer", argv[1]);
    else
        list(&error);
    return error != NULL ? command_fail(&command_history, error) : command_finish(&command_history, 0);
}

static void print_citations(JsonArray *citations)
{
    if (json_array_get_length(citations) > 0)
        putchar('\n');
    for (guint i = 0; i < json_array_get_length(citations); i++) {
        JsonObject *c = json_array_get_object_element(citations, i);
        gint64 first = json_object_get_int_member(c, "start_page_number");
        gint64 last = json_object_get_int_member(c, "end_page_number") - 1;

        printf("[%u] %s, %s %" G_GINT64_FORMAT, i + 1, record_citation_name(c),
               first == last ? "page" : "pages", first);
        if (last != first)
            printf("-%" G_GINT64_FORMAT, last);
        putchar('\n');
    }
}

static void print_record(const Record *record)
{
    g_autofree char *time = time_text(record->made);

    printf("%s, %s, %s\n", time, record->model, record->arithmetic);
    if (record->corpus != NULL)
        printf("corpus %s\n", record->corpus);
    for (guint i = 0; i < record->documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(record->documents, i);

        if (!document->in_corpus)
            print_line(document->path);
    }
    printf("\n%s\n\n%s\n", record->question, record->answer);
    present_outcome(record->status);
    print_citations(json_node_get_array(record->citations));
    if (record->why != NULL && option.why)
        present_why(record->why);
}

static gboolean show(const char *number, GError **error)
{
    g_autofree char *name = NULL;
    g_autofree char *text = history_load(number, &name, error);
    g_autoptr(Record) record = text != NULL ? record_from_text(name, text, strlen(text), error) : NULL;

    if (record == NULL)
        return FALSE;
    if (option.json)
        fputs(text, stdout);
    else
        print_record(record);
    return TRUE;
}

static int show_run(int argc, char **argv)
{
    int status = command_parse(&command_show, show_entries, FALSE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    if (argc != 2 || !history_is_number(argv[1]))
        g_set_error(&error, FAILURE, FAILURE_USAGE, "say the number of one answer; \"kvasir history\" lists them");
    else
        show(argv[1], &error);
    return error != NULL ? command_fail(&command_show, error) : command_finish(&command_show, 0);
}

const Command command_history = { "history", "list the answers given before", "[-c CORPUS] [--json]", history_run };
const Command command_show = { "show", "show an answer given before", "[--json|--why] N", show_run };
