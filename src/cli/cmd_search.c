/* cmd_search.c - "kvasir search": pages that hold certain words, without a model. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/search_query.h"
#include "src/answer/citation.h"
#include "src/answer/find.h"
#include "src/answer/json.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/meter.h"
#include "src/cli/naming.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"

#define MOST_HITS 100000

static struct {
    char *corpus;
    gboolean any, json, rebuild;
    int count;
} option = { .count = 20 };

static const GOptionEntry entries[] = {
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Search CORPUS only (default: all)", "CORPUS" },
    { "any", 0, 0, G_OPTION_ARG_NONE, &option.any, "One of the words is enough", NULL },
    { "count", 'n', 0, G_OPTION_ARG_INT, &option.count, "Show at most N pages (default 20)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON object a line for each page", NULL },
    { "rebuild", 0, 0, G_OPTION_ARG_NONE, &option.rebuild, "Make the index again first", NULL },
    { NULL },
};

/* A document that can be found, and where it is. */
typedef struct {
    const char *corpus;
    CatalogueDocument *row;
    GPtrArray *document;        /* of one Document*, once it was needed */
    char *name, *key;           /* from the corpus's bibliography, or NULL */
} Place;

typedef struct {
    Catalogue *catalogue;
    SearchIndex *index;
    Meter *meter;
    GPtrArray *corpora;         /* of CatalogueCorpus* or char*: owns names */
    GPtrArray *lists;           /* of GPtrArray*: owns rows */
    GPtrArray *hashes;          /* of char*, of all documents looked into */
    GHashTable *places;         /* hash -> Place*; the first corpus that has it */
    GHashTable *named;          /* a set: corpora whose documents have their names */
} Search;

static void free_place(gpointer data)
{
    Place *place = data;

    g_clear_pointer(&place->document, g_ptr_array_unref);
    g_free(place->name);
    g_free(place->key);
    g_free(place);
}

static void free_rows(gpointer rows)
{
    g_ptr_array_unref(rows);
}

static void clear(Search *search)
{
    g_clear_pointer(&search->named, g_hash_table_unref);
    g_clear_pointer(&search->places, g_hash_table_unref);
    g_clear_pointer(&search->hashes, g_ptr_array_unref);
    g_clear_pointer(&search->lists, g_ptr_array_unref);
    g_clear_pointer(&search->corpora, g_ptr_array_unref);
    search_close(search->index);
    catalogue_close(search->catalogue);
    meter_free(search->meter);
}

/* Lists the documents of corpus NAME, and brings the index up to date with them. */
static gboolean add_corpus(Search *search, const char *name, GError **error)
{
    GError *local = NULL;
    GPtrArray *rows = catalogue_documents(search->catalogue, name, FALSE, &local);

    if (rows == NULL && local == NULL)
        g_set_error(&local, FAILURE, FAILURE_USAGE, "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are",
                    name);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    g_ptr_array_add(search->lists, rows);
    if (!find_add(search->index, search->catalogue, name, rows, meter_update, search->meter, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++) {
        CatalogueDocument *row = g_ptr_array_index(rows, i);
        if (g_hash_table_contains(search->places, row->hash))
            continue;
        Place *place = g_new0(Place, 1);
        place->corpus = name;
        place->row = row;
        g_hash_table_insert(search->places, row->hash, place);
        g_ptr_array_add(search->hashes, row->hash);
    }
    return TRUE;
}

static gboolean add_corpora(Search *search, GError **error)
{
    if (option.corpus != NULL)
        return add_corpus(search, option.corpus, error);
    search->corpora = catalogue_corpora(search->catalogue, error);
    if (search->corpora == NULL)
        return FALSE;
    for (guint i = 0; i < search->corpora->len; i++) {
        const CatalogueCorpus *corpus = g_ptr_array_index(search->corpora, i);
        if (!add_corpus(search, corpus->name, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean open_all(Search *search, GError **error)
{
    const Settings *settings = settings_get();

    if (!settings_have_catalogue()) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there are no corpora yet; \"kvasir ingest\" makes one");
        return FALSE;
    }
    if (option.rebuild)
        search_delete(settings->search_path);
    search->catalogue = catalogue_open(settings->catalogue_path, TRUE, error);
    if (search->catalogue != NULL)
        search->index = search_open(settings->search_path, error);
    search->meter = meter_new(settings->quiet);
    search->lists = g_ptr_array_new_with_free_func(free_rows);
    search->hashes = g_ptr_array_new();
    search->places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_place);
    search->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return search->index != NULL && find_forget(search->index, search->catalogue, error) && add_corpora(search, error);
}

/* Gives the documents of CORPUS, in which something was found, the names that its bibliography has for them.  That takes all their
 * pages, so it is done for no other. */
static gboolean name_corpus(Search *search, const char *corpus, GError **error)
{
    g_autofree char *text = NULL;
    GError *local = NULL;

    if (!g_hash_table_add(search->named, g_strdup(corpus)))
        return TRUE;
    if (!catalogue_bibliography(search->catalogue, corpus, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    g_autoptr(GPtrArray) rows = catalogue_documents(search->catalogue, corpus, TRUE, &local);
    g_autoptr(Naming) naming = rows != NULL ? naming_new(search->catalogue, corpus, rows, &local) : NULL;
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    for (guint i = 0; naming != NULL && i < rows->len; i++) {
        const CatalogueDocument *row = g_ptr_array_index(rows, i);
        const Document *document = g_ptr_array_index(naming->documents, i);
        Place *place = g_hash_table_lookup(search->places, row->hash);
        if (place == NULL || place->name != NULL || strcmp(place->corpus, corpus) != 0)
            continue;
        place->name = g_strdup(document->name);
        place->key = g_strdup(document->key);
    }
    return TRUE;
}

/* Where a page is, as answers cite it: "p. xii". */
static char *place_text(Search *search, Place *place, guint page, GError **error)
{
    if (place->document == NULL) {
        if (!catalogue_load_pages(search->catalogue, place->corpus, place->row, error))
            return NULL;
        place->document = document_list_new();
        g_ptr_array_add(place->document, source_from_catalogue(place->row));
    }
    const Document *document = g_ptr_array_index(place->document, 0);
    const Citation citation = { 0, MIN(page, document->pages->len - 1), MIN(page, document->pages->len - 1), NULL };
    return citation_place(&citation, place->document);
}

/* Matches in bold where that can be shown; otherwise as they are. */
static void print_snippet(const char *snippet, gboolean bold)
{
    static const char keep[] = { SEARCH_OPEN, SEARCH_CLOSE, '\n', '\t', '\0' };
    g_autofree char *visible = output_visible(snippet, keep);

    for (const char *c = visible; *c != '\0'; c++) {
        if (*c == SEARCH_OPEN || *c == SEARCH_CLOSE)
            fputs(!bold ? "" : *c == SEARCH_OPEN ? "\033[1m" : "\033[0m", stdout);
        else
            putchar(*c == '\n' || *c == '\t' ? ' ' : *c);
    }
    putchar('\n');
}

/* The snippet without its marks, and where these stood: pairs of offsets in characters. */
static void add_snippet(JsonBuilder *builder, const char *snippet)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 at = 0;

    json_builder_set_member_name(builder, "matches");
    json_builder_begin_array(builder);
    for (const char *c = snippet; *c != '\0'; c++) {
        if (*c == SEARCH_OPEN || *c == SEARCH_CLOSE) {
            json_builder_add_int_value(builder, at);
            continue;
        }
        g_string_append_c(text, *c);
        at += ((guchar) *c & 0xc0) != 0x80;
    }
    json_builder_end_array(builder);
    json_add_text(builder, "text", text->str);
}

static void print_json_hit(const SearchHit *hit, const Place *place, const char *where)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_text(builder, "corpus", place->corpus);
    json_add_text(builder, "document_title", place->row->title);
    if (place->name != NULL) {
        json_add_text(builder, "document_name", place->name);
        json_add_text(builder, "document_key", place->key);
    }
    json_add_text(builder, "path", place->row->path);
    json_add_int(builder, "page_number", (gint64) hit->page + 1);
    json_add_text(builder, "place", where);
    json_builder_set_member_name(builder, "score");
    json_builder_add_double_value(builder, hit->score);
    add_snippet(builder, hit->snippet);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

static gboolean print_hit(Search *search, const SearchHit *hit, GError **error)
{
    Place *place = g_hash_table_lookup(search->places, hit->hash);
    g_autofree char *where = place_text(search, place, hit->page, error);
    g_autofree char *title = NULL;

    if (where == NULL || !name_corpus(search, place->corpus, error))
        return FALSE;
    if (option.json) {
        print_json_hit(hit, place, where);
        return TRUE;
    }
    if (option.corpus == NULL && search->corpora->len > 1)
        printf("%s: ", place->corpus);
    title = g_utf8_make_valid(place->name != NULL ? place->name : place->row->title != NULL ? place->row->title
                              : place->row->path, -1);
    printf("%s%s%s: ", title, where[0] != '\0' ? ", " : "", where);
    print_snippet(hit->snippet, output_styled(STDOUT_FILENO));
    return TRUE;
}

/* The exit status: 0 found, 1 not; -1 with ERROR. */
static int search_all(Search *search, const char *query, GError **error)
{
    g_autofree char *expression = search_query(query, option.any);
    g_autoptr(GArray) hits = NULL;

    if (!open_all(search, error))
        return -1;
    meter_clear(search->meter);
    hits = search_find(search->index, expression, search->hashes, (guint) option.count, error);
    if (hits == NULL)
        return -1;
    for (guint i = 0; i < hits->len; i++)
        if (!print_hit(search, &g_array_index(hits, SearchHit, i), error))
            return -1;
    return hits->len > 0 ? 0 : 1;
}

static char *query_of(char **words, GError **error)
{
    g_autofree char *query = g_strjoinv(" ", words), *expression = NULL;

    if (option.count < 1 || option.count > MOST_HITS)
        g_set_error(error, FAILURE, FAILURE_USAGE, "--count wants a number from 1 to %d", MOST_HITS);
    else if (!g_utf8_validate(query, -1, NULL))
        g_set_error(error, FAILURE, FAILURE_USAGE, "the query is not UTF-8 text");
    else if ((expression = search_query(query, option.any)) == NULL)
        g_set_error(error, FAILURE, FAILURE_USAGE, "name words to look for");
    else
        return g_steal_pointer(&query);
    return NULL;
}

static int run(int argc, char **argv)
{
    Search search = { 0 };
    GError *error = NULL;
    int status = command_parse(&command_search, entries, FALSE, &argc, &argv);

    if (status >= 0)
        return status;
    g_autofree char *query = query_of(argv + 1, &error);
    if (query == NULL)
        return command_fail(&command_search, error);
    status = search_all(&search, query, &error);
    if (search.meter != NULL)
        meter_clear(search.meter);
    status = status < 0 ? command_fail(&command_search, error) : command_finish(&command_search, status);
    clear(&search);
    return status;
}

const Command command_search = {
    "search", "find pages by their words, without a model", "[-c CORPUS] [--any] [-n N] [--json] [--rebuild] WORD...", run,
};
