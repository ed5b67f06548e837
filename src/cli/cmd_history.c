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
#include "src/cli/output.h"
#include "src/cli/present.h"
#include "src/cli/settings.h"

static struct {
    char *corpus, *before;
    gboolean json, why, remove, all;
} option;

static const GOptionEntry history_entries[] = {
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Only answers about CORPUS", "CORPUS" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON array", NULL },
    { "delete", 0, 0, G_OPTION_ARG_NONE, &option.remove, "Delete the answers N ..., or those of --before or --all", NULL },
    { "before", 0, 0, G_OPTION_ARG_STRING, &option.before, "Only answers given before the day DATE (2026-01-31)", "DATE" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &option.all, "With --delete: all answers that would be listed", NULL },
    { NULL },
};

static const GOptionEntry show_entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write the record itself", NULL },
    { "why", 0, 0, G_OPTION_ARG_NONE, &option.why, "Show the pages that each sentence rests on, by attention, if they were noted", NULL },
    { NULL },
};

static void print_list(const GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        const CatalogueRecord *record = g_ptr_array_index(records, i);
        g_autofree char *time = output_time(record->made);

        output_print("%5" G_GINT64_FORMAT "  %s  ", record->id, time);
        output_line(record->question);
    }
}

static void print_list_json(const GPtrArray *records)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

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
    output_json(builder, TRUE);
}

/* The first second, local time, of the day that --before names; G_MAXINT64 without it. */
static gboolean get_limit(gint64 *limit, GError **error)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) time = NULL;
    int year, month, day, end = 0;

    *limit = G_MAXINT64;
    if (option.before == NULL)
        return TRUE;
    if (sscanf(option.before, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && option.before[end] == '\0')
        time = g_date_time_new(zone, year, month, day, 0, 0, 0);
    if (time == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--before %s: this is no day; write it as 2026-01-31", option.before);
        return FALSE;
    }
    *limit = g_date_time_to_unix(time);
    return TRUE;
}

/* The records that --corpus and --before leave; an empty array without a catalogue. */
static GPtrArray *find_records(GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(GPtrArray) records = NULL;
    gint64 limit;

    if (!get_limit(&limit, error))
        return NULL;
    if (!settings_have_catalogue())
        return g_ptr_array_new();
    if ((catalogue = catalogue_open(path, TRUE, error)) == NULL ||
        (records = catalogue_records(catalogue, option.corpus, error)) == NULL)
        return NULL;
    for (guint i = records->len; i-- > 0; )
        if (((const CatalogueRecord *) g_ptr_array_index(records, i))->made >= limit)
            g_ptr_array_remove_index(records, i);
    return g_steal_pointer(&records);
}

static gboolean list(GError **error)
{
    g_autoptr(GPtrArray) records = find_records(error);

    if (records == NULL)
        return FALSE;
    if (option.json)
        print_list_json(records);
    else
        print_list(records);
    return TRUE;
}

static gboolean check_delete(char **numbers, GError **error)
{
    gboolean named = numbers[0] != NULL;

    if (named + option.all + (option.before != NULL && !option.all) != 1 || (named && option.corpus != NULL)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--delete wants either the numbers of answers, or --all, or --before DATE");
        return FALSE;
    }
    if (option.json) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--json is for the list");
        return FALSE;
    }
    for (; *numbers != NULL; numbers++)
        if (!history_is_number(*numbers)) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "\"%s\" is no number of an answer; \"kvasir history\" lists them", *numbers);
            return FALSE;
        }
    return TRUE;
}

/* The answers that NUMBERS say, of RECORDS; one that is not there or cannot go is an error before anything goes. */
static GPtrArray *named_records(GPtrArray *records, char **numbers, GError **error)
{
    g_autoptr(GPtrArray) named = g_ptr_array_new();

    for (; *numbers != NULL; numbers++) {
        gint64 number = g_ascii_strtoll(*numbers, NULL, 10);
        guint i = 0;

        while (i < records->len && ((const CatalogueRecord *) g_ptr_array_index(records, i))->id != number)
            i++;
        if (i == records->len) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "there is no record %s; \"kvasir history\" lists them", *numbers);
            return NULL;
        }
        const CatalogueRecord *record = g_ptr_array_index(records, i);
        if (record->conversation != 0) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "answer %s is a turn of conversation %" G_GINT64_FORMAT ", which goes as a "
                        "whole: \"kvasir chat --delete %" G_GINT64_FORMAT "\"", *numbers, record->conversation,
                        record->conversation);
            return NULL;
        }
        if (!g_ptr_array_find(named, g_ptr_array_index(records, i), NULL))
            g_ptr_array_add(named, g_ptr_array_index(records, i));
    }
    return g_steal_pointer(&named);
}

/* Deletes RECORDS, but for turns of conversations, and lists what went. */
static gboolean remove_records(Catalogue *catalogue, const GPtrArray *records, GError **error)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree gboolean *found = g_new0(gboolean, records->len + 1);
    guint turns = 0, at = 0;

    for (guint i = 0; i < records->len; i++) {
        const CatalogueRecord *record = g_ptr_array_index(records, i);

        if (record->conversation == 0)
            g_array_append_val(ids, record->id);
        else
            turns++;
    }
    if (ids->len > 0 && !catalogue_remove_records(catalogue, (const gint64 *) (void *) ids->data, ids->len, found, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        CatalogueRecord *record = g_ptr_array_index(records, i);

        if (record->conversation == 0 && found[at++])
            g_ptr_array_add(gone, record);
    }
    print_list(gone);
    if (!settings_get()->quiet)
        output_note("kvasir: %u %s deleted\n", gone->len, gone->len == 1 ? "answer" : "answers");
    if (turns > 0)
        output_note("kvasir history: %u %s of conversations %s; \"kvasir chat --delete N\" deletes a conversation\n", turns,
                    turns == 1 ? "turn" : "turns", turns == 1 ? "stays" : "stay");
    return TRUE;
}

static gboolean delete(char **numbers, GError **error)
{
    g_autoptr(GPtrArray) all = check_delete(numbers, error) ? find_records(error) : NULL;
    g_autoptr(GPtrArray) records = NULL;
    g_autoptr(Catalogue) catalogue = NULL;

    if (all == NULL)
        return FALSE;
    if (numbers[0] != NULL && (records = named_records(all, numbers, error)) == NULL)
        return FALSE;
    if (records == NULL)
        records = g_ptr_array_ref(all);
    if (records->len > 0 && (catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error)) == NULL)
        return FALSE;
    return remove_records(catalogue, records, error);
}

static int history_run(int argc, char **argv)
{
    int status = command_parse(&command_history, history_entries, FALSE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    if (option.remove)
        delete(argv + 1, &error);
    else if (argc > 1)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "\"%s\" is too much; \"kvasir show N\" shows an answer", argv[1]);
    else if (option.all)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "--all is for --delete");
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

        output_print("[%u] %s, %s %" G_GINT64_FORMAT, i + 1, record_citation_name(c),
                     first == last ? "page" : "pages", first);
        if (last != first)
            output_print("-%" G_GINT64_FORMAT, last);
        putchar('\n');
    }
}

static void print_record(const Record *record)
{
    g_autofree char *time = output_time(record->made);

    output_print("%s, %s, %s\n", time, record->model, record->arithmetic);
    if (record->corpus != NULL)
        output_print("corpus %s\n", record->corpus);
    for (guint i = 0; i < record->documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(record->documents, i);

        if (!document->in_corpus)
            output_line(document->path);
    }
    output_print("\n%s\n\n%s\n", record->question, record->answer);
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

const Command command_history = { "history", "list or delete the answers given before", "[-c CORPUS] [--before DATE] [--json | --delete N...|--all]", history_run };
const Command command_show = { "show", "show an answer given before", "[--json|--why] N", show_run };
