/* cmd_corpus.c - "kvasir corpus": list, show and remove corpora. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cache/catalogue.h"
#include "src/answer/find.h"
#include "ingest/document.h"
#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/naming.h"
#include "src/cli/settings.h"

static gboolean json;

static const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "list, show: write JSON", NULL },
    { NULL },
};

static void add_corpus(JsonBuilder *builder, const CatalogueCorpus *corpus)
{
    json_add_text(builder, "name", corpus->name);
    json_add_int(builder, "documents", corpus->documents);
    json_add_int(builder, "pages", corpus->pages);
    json_add_int(builder, "text_bytes", (gint64) corpus->text_bytes);
    json_add_int(builder, "created", corpus->created);
    json_add_int(builder, "changed", corpus->changed);
}

static void print_json(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, FALSE);

    puts(text);
}

static char *time_text(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}

/* One line of a table: control characters (a name may hold a newline) are shown as escapes. */
static void print_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c))
            printf("\\%03o", (guint) (guchar) *c);
        else
            putchar(*c);
    }
}

static void print_corpus(const CatalogueCorpus *corpus)
{
    g_autofree char *size = g_format_size_full(corpus->text_bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *changed = time_text(corpus->changed);

    print_name(corpus->name);
    printf("  %u document%s, %u page%s, %s of text, changed %s\n", corpus->documents,
           corpus->documents == 1 ? "" : "s", corpus->pages, corpus->pages == 1 ? "" : "s", size, changed);
}

static gboolean no_catalogue(void)
{
    return !g_file_test(settings_get()->catalogue_path, G_FILE_TEST_EXISTS);
}

static gboolean corpus_list(const char *name, GError **error)
{
    g_autoptr(GPtrArray) corpora = NULL;

    if (no_catalogue()) {
        corpora = g_ptr_array_new();
    } else {
        g_autoptr(Catalogue) catalogue = catalogue_open(settings_get()->catalogue_path, TRUE, error);
        if (catalogue == NULL || (corpora = catalogue_corpora(catalogue, error)) == NULL)
            return FALSE;
    }
    if (!json) {
        for (guint i = 0; i < corpora->len; i++)
            print_corpus(g_ptr_array_index(corpora, i));
        return TRUE;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < corpora->len; i++) {
        json_builder_begin_object(builder);
        add_corpus(builder, g_ptr_array_index(corpora, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    print_json(builder);
    return TRUE;
}

static gboolean not_found(const char *name, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_USAGE, "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are",
                name);
    return FALSE;
}

/* Pages whose text was recognised from an image. */
static guint count_recognised(const CatalogueDocument *document)
{
    guint n = 0;

    for (guint i = 0; i < document->pages->len; i++)
        n += ((const CataloguePage *) g_ptr_array_index(document->pages, i))->state == PAGE_RECOGNISED;
    return n;
}

/* Entries of the bibliography that have no document. */
static void add_unused(JsonBuilder *builder, const Naming *naming)
{
    json_builder_set_member_name(builder, "bibliography_unused");
    json_builder_begin_array(builder);
    for (guint i = 0; i < naming->unused->len; i++)
        json_builder_add_string_value(builder, ((const BibEntry *) g_ptr_array_index(naming->unused, i))->key);
    json_builder_end_array(builder);
}

static void print_unused(const Naming *naming)
{
    guint n = naming->unused->len;

    if (naming->bibliography->entries->len == 0)
        return;
    printf("bibliography: %u entries, %u without a document", naming->bibliography->entries->len, n);
    for (guint i = 0; i < n; i++)
        printf("%s %s", i > 0 ? "," : ":", ((const BibEntry *) g_ptr_array_index(naming->unused, i))->key);
    putchar('\n');
}

static void show_json(const CatalogueCorpus *corpus, const GPtrArray *documents, const Naming *naming)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    add_corpus(builder, corpus);
    json_builder_set_member_name(builder, "contents");
    json_builder_begin_array(builder);
    for (guint i = 0; i < documents->len; i++) {
        const CatalogueDocument *document = g_ptr_array_index(documents, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "path", document->path);
        json_add_text(builder, "format", document->format);
        json_add_text(builder, "title", document->title);
        json_add_text(builder, "author", document->author);
        json_add_text(builder, "date", document->date);
        const Document *named = g_ptr_array_index(naming->documents, i);
        json_add_text(builder, "name", named->name);
        json_add_text(builder, "key", named->key);
        json_add_text(builder, "hash", document->hash);
        json_add_int(builder, "added", document->added);
        json_add_int(builder, "pages", document->pages->len);
        json_add_int(builder, "recognised", count_recognised(document));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    add_unused(builder, naming);
    json_builder_end_object(builder);
    print_json(builder);
}

static gboolean corpus_show(const char *name, GError **error)
{
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(CatalogueCorpus) corpus = NULL;
    g_autoptr(GPtrArray) documents = NULL;
    GError *local = NULL;

    if (no_catalogue())
        return not_found(name, error);
    catalogue = catalogue_open(settings_get()->catalogue_path, TRUE, &local);
    if (catalogue != NULL)
        corpus = catalogue_corpus(catalogue, name, &local);
    if (corpus != NULL)
        documents = catalogue_documents(catalogue, name, TRUE, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (documents == NULL)
        return not_found(name, error);
    g_autoptr(Naming) naming = naming_new(catalogue, name, documents, error);
    if (naming == NULL)
        return FALSE;
    if (json) {
        show_json(corpus, documents, naming);
        return TRUE;
    }
    print_corpus(corpus);
    for (guint i = 0; i < documents->len; i++) {
        const CatalogueDocument *document = g_ptr_array_index(documents, i);

        guint recognised = count_recognised(document);

        printf("%4u  %4u page%s  ", i + 1, document->pages->len, document->pages->len == 1 ? " " : "s");
        if (recognised > 0)
            printf("(%u recognised)  ", recognised);
        print_name(document->path);
        fputs("  ", stdout);
        print_name(document->title != NULL ? document->title : "");
        const Document *named = g_ptr_array_index(naming->documents, i);
        if (named->name != NULL)
            printf("  [%s]", named->name);
        putchar('\n');
    }
    print_unused(naming);
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

    if (no_catalogue())
        return not_found(name, error);
    catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    if (catalogue == NULL || !catalogue_remove_corpus(catalogue, name, &found, error))
        return FALSE;
    return found ? forget_words(catalogue, error) : not_found(name, error);
}

static int run(int argc, char **argv)
{
    static const struct { const char *name; int arguments; gboolean (*run)(const char *, GError **); } actions[] = {
        { "list", 0, corpus_list }, { "show", 1, corpus_show }, { "remove", 1, corpus_remove },
    };
    int status = command_parse(&command_corpus, entries, FALSE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    for (guint i = 0; argc > 1 && i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(argv[1], actions[i].name) != 0 || argc - 2 != actions[i].arguments)
            continue;
        if (!actions[i].run(argc > 2 ? argv[2] : NULL, &error))
            return command_fail(&command_corpus, error);
        return command_finish(&command_corpus, 0);
    }
    return command_fail(&command_corpus, g_error_new(FAILURE, FAILURE_USAGE,
                                                     "say one of: list, show CORPUS, remove CORPUS"));
}

const Command command_corpus = { "corpus", "list, show or remove corpora",
    "list|show CORPUS|remove CORPUS [--json]", run };
