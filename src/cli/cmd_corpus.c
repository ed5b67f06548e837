/* cmd_corpus.c - "kvasir corpus": list, show and remove corpora. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/answer/find.h"
#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/corpus_show.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"

static gboolean json;

/* "show" as an action. */
static gboolean show(const char *name, GError **error)
{
    return corpus_show(name, json, error);
}

static const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "list, show: write JSON", NULL },
    { NULL },
};

static gboolean corpus_list(const char *name, GError **error)
{
    g_autoptr(GPtrArray) corpora = NULL;

    if (!settings_have_catalogue()) {
        corpora = g_ptr_array_new();
    } else {
        g_autoptr(Catalogue) catalogue = catalogue_open(settings_get()->catalogue_path, TRUE, error);
        if (catalogue == NULL || (corpora = catalogue_corpora(catalogue, error)) == NULL)
            return FALSE;
    }
    if (!json) {
        for (guint i = 0; i < corpora->len; i++)
            corpus_print(g_ptr_array_index(corpora, i));
        return TRUE;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < corpora->len; i++) {
        json_builder_begin_object(builder);
        corpus_add_json(builder, g_ptr_array_index(corpora, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    output_json(builder, FALSE);
    return TRUE;
}

/* The search index has the texts, too. */
static gboolean forget_words(Catalogue *catalogue, GError **error)
{
    g_autoptr(SearchIndex) index = NULL;

    if (!g_file_test(settings_get()->search_path, G_FILE_TEST_EXISTS))
        return TRUE;
    index = search_open(settings_get()->search_path, error);
    return index != NULL && find_forget(index, catalogue, error);
}

static gboolean corpus_remove(const char *name, GError **error)
{
    g_autoptr(Catalogue) catalogue = NULL;
    gboolean found = FALSE;

    if (!settings_have_catalogue())
        return corpus_not_found(name, error);
    catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    if (catalogue == NULL || !catalogue_remove_corpus(catalogue, name, &found, error))
        return FALSE;
    return found ? forget_words(catalogue, error) : corpus_not_found(name, error);
}

static int run(int argc, char **argv)
{
    static const struct { const char *name; int arguments; gboolean (*run)(const char *, GError **); } actions[] = {
        { "list", 0, corpus_list }, { "show", 1, show }, { "remove", 1, corpus_remove },
    };
    int status = command_parse(&command_corpus, entries, TRUE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    for (guint i = 0; argc > 1 && i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(argv[1], actions[i].name) != 0 || argc - 2 != actions[i].arguments)
            continue;
        if (json && actions[i].run == corpus_remove)
            return command_fail(&command_corpus, g_error_new(FAILURE, FAILURE_USAGE, "--json is for list and show"));
        if (!actions[i].run(argc > 2 ? argv[2] : NULL, &error))
            return command_fail(&command_corpus, error);
        return command_finish(&command_corpus, 0);
    }
    return command_fail(&command_corpus, g_error_new(FAILURE, FAILURE_USAGE,
                                                     "say one of: list, show CORPUS, remove CORPUS"));
}

const Command command_corpus = { "corpus", "list, show or remove corpora",
    "list|show CORPUS|remove CORPUS [--json]", run };
