/* talk_commands.c - the lines of a chat that begin with "/". */
#include "config.h"
#include "src/cli/talk.h"

#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/output.h"
#include "src/cli/present.h"

typedef struct {
    const char *name, *argument, *help;
    gboolean (*run)(Talk *talk, const char *argument, GError **error);      /* NULL: ends the chat */
} TalkCommand;

static gboolean run_help(Talk *talk, const char *argument, GError **error);

static const Record *last_turn(const Talk *talk, GError **error)
{
    if (talk->turns->len > 0)
        return g_ptr_array_index(talk->turns, talk->turns->len - 1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "nothing was asked yet");
    return NULL;
}

/* Appends the pages of RECORD, a line each, and with WITH_TEXT the passages below them. */
static void append_sources(GString *out, const Record *record, gboolean with_text)
{
    JsonArray *citations = json_node_get_array(record->citations);

    for (guint i = 0; i < json_array_get_length(citations); i++) {
        JsonObject *c = json_array_get_object_element(citations, i);
        gint64 first = json_object_get_int_member(c, "start_page_number");
        gint64 last = json_object_get_int_member(c, "end_page_number") - 1;

        g_string_append_printf(out, "[%u] %s, %s %" G_GINT64_FORMAT, i + 1, record_citation_name(c),
                               first == last ? "page" : "pages", first);
        if (last != first)
            g_string_append_printf(out, "-%" G_GINT64_FORMAT, last);
        g_string_append_c(out, '\n');
        if (with_text)
            g_string_append_printf(out, "    %s\n", json_object_get_string_member_with_default(c, "cited_text", ""));
    }
}

static gboolean run_sources(Talk *talk, const char *argument, GError **error)
{
    const Record *record = last_turn(talk, error);
    g_autoptr(GString) text = g_string_new(NULL);

    if (record == NULL)
        return FALSE;
    append_sources(text, record, TRUE);
    fputs(text->len > 0 ? text->str : "The last answer cites no page.\n", stdout);
    return TRUE;
}

static gboolean run_why(Talk *talk, const char *argument, GError **error)
{
    const Record *record = last_turn(talk, error);

    if (record == NULL)
        return FALSE;
    if (record->why != NULL)
        present_why(record->why);
    else
        puts("What the last answer looked at was not noted.");
    return TRUE;
}

static gboolean run_retry(Talk *talk, const char *argument, GError **error)
{
    return talk_retry(talk, error);
}

static gboolean run_undo(Talk *talk, const char *argument, GError **error)
{
    const Record *record = last_turn(talk, error);

    if (record == NULL)
        return FALSE;
    output_print("Taken back: %s\n", record->question);
    talk_undo(talk);
    return TRUE;
}

static gboolean run_new(Talk *talk, const char *argument, GError **error)
{
    talk_renew(talk);
    puts("A new conversation about the same documents.");
    return TRUE;
}

static gboolean run_turns(Talk *talk, const char *argument, GError **error)
{
    for (guint i = 0; i < talk->turns->len; i++) {
        printf("%3u%s ", i + 1, i < talk->first ? " (left out)" : "");
        output_line(((const Record *) g_ptr_array_index(talk->turns, i))->question);
    }
    return TRUE;
}

static gboolean run_save(Talk *talk, const char *argument, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (last_turn(talk, error) == NULL)
        return FALSE;
    if (argument[0] == '\0' || g_file_test(argument, G_FILE_TEST_EXISTS)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, argument[0] == '\0' ? "/save needs the name of a file" :
                    "%s is there already; /save writes new files only", argument);
        return FALSE;
    }
    for (guint i = 0; i < talk->turns->len; i++) {
        const Record *record = g_ptr_array_index(talk->turns, i);
        g_string_append_printf(text, "%s## %s\n\n%s\n\n", i > 0 ? "\n" : "", record->question, record->answer);
        append_sources(text, record, FALSE);
    }
    if (!output_file(argument, text->str, text->len, error))
        return FALSE;
    output_print("%u turns are in %s\n", talk->turns->len, argument);
    return TRUE;
}

static gboolean run_corpus(Talk *talk, const char *argument, GError **error)
{
    for (guint i = 0; i < talk->gathered.documents->len; i++) {
        const Document *document = g_ptr_array_index(talk->gathered.documents, i);
        output_print("%3u  %s%s%s (%u pages)\n", i + 1, document->name != NULL ? document->name : "", document->name != NULL ? ": " : "",
                     document->title, document->pages->len);
    }
    return TRUE;
}

static gboolean run_tokens(Talk *talk, const char *argument, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gsize documents, used = talk_tokens(talk, &documents);

    g_string_append(text, "documents ");
    meter_count(text, documents);
    g_string_append(text, ", conversation ");
    meter_count(text, used - documents);
    g_string_append(text, ", context ");
    meter_count(text, (guint64) engine_info(talk->engine)->context);
    output_print("%s\n", text->str);
    return TRUE;
}

static const TalkCommand commands[] = {
    { "/help", "", "this list", run_help },
    { "/sources", "", "the pages that the last answer cites, and what stands there", run_sources },
    { "/why", "", "the pages that each sentence of the last answer rests on, by attention", run_why },
    { "/retry", "", "ask the last question again, for another answer", run_retry },
    { "/undo", "", "take the last question and its answer back", run_undo },
    { "/turns", "", "what was asked so far", run_turns },
    { "/new", "", "begin a new conversation about the same documents", run_new },
    { "/save", " FILE", "write the conversation to a new file, as Markdown", run_save },
    { "/corpus", "", "the documents", run_corpus },
    { "/tokens", "", "how much of the model's context is used", run_tokens },
    { "/quit", "", "end; so does Ctrl-D", NULL },
};

static gboolean run_help(Talk *talk, const char *argument, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *call = g_strconcat(commands[i].name, commands[i].argument, NULL);
        output_print("%-12s %s\n", call, commands[i].help);
    }
    return TRUE;
}

gboolean talk_command(Talk *talk, const char *line, gboolean *quit, GError **error)
{
    gsize length = strcspn(line, " \t");
    g_autofree char *argument = g_strstrip(g_strdup(line + length));

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strlen(commands[i].name) != length || strncmp(commands[i].name, line, length) != 0)
            continue;
        *quit = commands[i].run == NULL;
        return *quit || commands[i].run(talk, argument, error);
    }
    g_set_error(error, FAILURE, FAILURE_USAGE, "there is no %.*s; /help lists the commands", (int) length, line);
    return FALSE;
}

const char *const *talk_command_names(void)
{
    static const char *names[G_N_ELEMENTS(commands) + 1];

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i] = commands[i].name;
    return names;
}
