/* cmd_chat.c - "kvasir chat": questions about documents, one after the other. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/command.h"
#include "src/cli/history.h"
#include "src/cli/line.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"
#include "src/cli/talk.h"
#include "src/cli/work.h"

static struct {
    gboolean take_up, list, json;
    char *number;                   /* of the conversation to take up, or NULL: the last one */
    char *delete;
} option;

static gboolean parse_continue(const char *name, const char *value, gpointer data, GError **error)
{
    option.take_up = TRUE;
    g_free(option.number);
    option.number = g_strdup(value);
    return TRUE;
}

static const GOptionEntry entries[] = {
    ASKING_ENTRIES,
    { "continue", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) parse_continue,
      "Go on with conversation N, or with the last one", "N" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &option.list, "List the conversations", NULL },
    { "delete", 0, 0, G_OPTION_ARG_STRING, &option.delete, "Delete conversation N and its answers", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write a JSON object on a line for each answer", NULL },
    { NULL },
};

/* NULL without ERROR when there is no catalogue yet. */
static Catalogue *open_catalogue(gboolean read_only, GError **error)
{
    const char *path = settings_get()->catalogue_path;

    return settings_have_catalogue() ? catalogue_open(path, read_only, error) : NULL;
}

static gboolean list_conversations(GError **error)
{
    GError *local = NULL;
    g_autoptr(Catalogue) catalogue = open_catalogue(TRUE, &local);
    g_autoptr(GPtrArray) list = catalogue != NULL ? catalogue_conversations(catalogue, asking.corpus, &local) : NULL;

    for (guint i = 0; list != NULL && i < list->len; i++) {
        const CatalogueConversation *c = g_ptr_array_index(list, i);
        g_autofree char *when = output_time(c->changed);

        printf("%5" G_GINT64_FORMAT "  %s  %3" G_GINT64_FORMAT " %s  ", c->id, when, c->turns, c->turns == 1 ? "turn " : "turns");
        output_line(c->question);
    }
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

static gboolean delete_conversation(const char *number, GError **error)
{
    GError *local = NULL;
    gboolean found = FALSE;
    g_autoptr(Catalogue) catalogue = history_is_number(number) ? open_catalogue(FALSE, &local) : NULL;

    if (catalogue != NULL)
        catalogue_remove_conversation(catalogue, g_ascii_strtoll(number, NULL, 10), &found, &local);
    if (local == NULL && !found)
        g_set_error(&local, FAILURE, FAILURE_USAGE, "there is no conversation %s; \"kvasir chat --list\" lists them", number);
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

/* The conversation to go on with: the one named, or the last about asking.corpus, or of all. */
static gboolean find_conversation(gint64 *id, GError **error)
{
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(GPtrArray) list = NULL;
    GError *local = NULL;
    gint64 newest = 0;

    if (option.number != NULL && !history_is_number(option.number)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "\"%s\" is no number of a conversation", option.number);
        return FALSE;
    }
    *id = option.number != NULL ? g_ascii_strtoll(option.number, NULL, 10) : 0;
    if (*id > 0)
        return TRUE;
    catalogue = open_catalogue(TRUE, &local);
    list = catalogue != NULL ? catalogue_conversations(catalogue, asking.corpus, &local) : NULL;
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const CatalogueConversation *c = g_ptr_array_index(list, i);
        if (c->changed >= newest) {
            newest = c->changed;
            *id = c->id;
        }
    }
    if (local == NULL && *id == 0)
        g_set_error(&local, FAILURE, FAILURE_USAGE, "there is no conversation to go on with");
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

static void greet(const Talk *talk, const Line *line)
{
    if (settings_get()->quiet || !line_is_terminal(line))
        return;
    if (talk->turns->len > 0)
        output_note("kvasir: conversation %" G_GINT64_FORMAT ", %u turns.  ", talk->conversation, talk->turns->len);
    else
        fputs("kvasir: ", stderr);
    output_note("%u documents.  /help lists the commands; Ctrl-C stops an answer, Ctrl-D ends.\n",
                talk->gathered.documents->len);
}

/* One line that was typed.  FALSE: the chat is over; an ERROR says why, unless it is only over. */
static gboolean handle_line(Talk *talk, const Line *line, char *text, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean quit = FALSE, ok;

    g_strstrip(text);
    if (text[0] == '\0')
        return interrupt_clear() || !interrupt_check(error);
    if (text[0] == '/')
        ok = talk_command(talk, text, &quit, &local);
    else
        ok = talk_ask(talk, text, &local);
    fflush(stdout);
    if (ok)
        return !quit;
    if (g_error_matches(local, FAILURE, FAILURE_INTERRUPTED)) {
        /* Without a terminal the signal was for the whole pipe. */
        if (!line_is_terminal(line) || !interrupt_clear()) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        fputs("kvasir: stopped\n", stderr);
        return TRUE;
    }
    talk->failed = TRUE;
    command_fail(&command_chat, g_steal_pointer(&local));
    return TRUE;
}

static gboolean converse(Talk *talk, GError **error)
{
    g_autofree char *history = asking_keeps_history()
        ? g_build_filename(g_get_user_state_dir(), "kvasir", "chat-lines", NULL) : NULL;
    g_autoptr(Line) line = line_new(history, talk_command_names());

    greet(talk, line);
    for (;;) {
        g_autofree char *text = line_read(line, "> ");

        if (text == NULL) {
            interrupt_check(error);
            return TRUE;
        }
        if (!handle_line(talk, line, text, error))
            return TRUE;
    }
}

static gboolean run_chat(Talk *talk, char **files, GError **error)
{
    gint64 id = 0;

    if (!asking_check(error))
        return FALSE;
    if (option.take_up) {
        if (files[0] != NULL) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "--continue takes no files: the conversation knows its documents");
            return FALSE;
        }
        if (!find_conversation(&id, error) || !talk_take_up(talk, id, error))
            return FALSE;
    } else {
        for (char **file = files; *file != NULL; file++)
            if (strcmp(*file, "-") == 0) {
                g_set_error(error, FAILURE, FAILURE_USAGE, "standard input is for the questions of a chat, not for a document");
                return FALSE;
            }
        if (files[0] == NULL && asking.corpus == NULL) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "no documents: name files, or a corpus with -c");
            return FALSE;
        }
        if (!talk_begin(talk, files, error))
            return FALSE;
    }
    return converse(talk, error);
}

static int run(int argc, char **argv)
{
    Talk talk = { 0 };
    GError *error = NULL;
    int status;

    work_begin(argc, argv);
    status = command_parse(&command_chat, entries, TRUE, &argc, &argv);
    if (status >= 0)
        return status;
    if (option.list || option.delete != NULL) {
        if (option.list)
            list_conversations(&error);
        else
            delete_conversation(option.delete, &error);
        return error != NULL ? command_fail(&command_chat, error) : command_finish(&command_chat, 0);
    }
    talk.json = option.json;
    run_chat(&talk, argv + 1, &error);
    if (error != NULL)
        status = command_fail(&command_chat, error);
    else
        status = command_finish(&command_chat, talk.failed ? 2 : talk.gathered.unread > 0 ? 3 : 0);
    talk_end(&talk);
    return status;
}

const Command command_chat = {
    "chat", "ask about documents, one question after the other",
    "[-m MODEL] [-c CORPUS] [FILE...]", run, TRUE,
};
