/* Tests of the search index and of what people type into it. */
#include "config.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "cache/search.h"
#include "cache/search_query.h"
#include "src/base/failure.h"

typedef struct {
    char *folder, *path;
    SearchIndex *index;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
    GError *error = NULL;

    f->folder = g_dir_make_tmp("kvasir-search-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "search.db", NULL);
    f->index = search_open(f->path, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    search_close(f->index);
    search_delete(f->path);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
}

static void
free_page(gpointer data)
{
    CataloguePage *page = data;

    g_free(page->label);
    g_free(page->text);
    g_free(page);
}

/* A document whose hash and title are NAME; PAGES ends with NULL. */
static CatalogueDocument *
document(const char *name, const char *const *pages)
{
    CatalogueDocument *d = g_new0(CatalogueDocument, 1);

    d->hash = g_strdup(name);
    d->title = g_strdup(name);
    d->pages = g_ptr_array_new_with_free_func(free_page);
    for (guint i = 0; pages[i]; i++) {
        CataloguePage *page = g_new0(CataloguePage, 1);

        page->label = g_strdup_printf("%u", i + 1);
        page->text = g_strdup(pages[i]);
        g_ptr_array_add(d->pages, page);
    }
    return d;
}

static void
add(Fixture *f, const char *name, const char *const *pages)
{
    g_autoptr(CatalogueDocument) d = document(name, pages);
    GError *error = NULL;

    search_add(f->index, d, &error);
    g_assert_no_error(error);
}

static const char *const rivers[] = { "The Rhine flows to the North Sea.\nIt is long.", "", "Die Straße nach Köln", NULL };
static const char *const lakes[] = { "Lake Constance feeds the Rhine; flowing slowly.", "学习率是0.003，训练了三天。", NULL };

/* "rivers 1, lakes 2" for what QUERY finds among NAMES (NULL: both). */
static char *
found(Fixture *f, const char *expression, const char *name)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) hits = NULL;
    GString *text = g_string_new(NULL);
    GError *error = NULL;

    if (!name || !strcmp(name, "rivers"))
        g_ptr_array_add(hashes, g_strdup("rivers"));
    if (!name || !strcmp(name, "lakes"))
        g_ptr_array_add(hashes, g_strdup("lakes"));
    g_assert_nonnull(expression);
    hits = search_find(f->index, expression, hashes, 10, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < hits->len; i++) {
        const SearchHit *hit = &g_array_index(hits, SearchHit, i);

        g_string_append_printf(text, "%s%s %u", i ? ", " : "", hit->hash, hit->page + 1);
    }
    return g_string_free(text, FALSE);
}

static void
assert_found(Fixture *f, const char *query, const char *expected)
{
    g_autofree char *expression = search_query(query, FALSE);
    g_autofree char *got = found(f, expression, NULL);

    g_assert_cmpstr(got, ==, expected);
}

static void
test_find(Fixture *f, gconstpointer data)
{
    add(f, "rivers", rivers);
    add(f, "lakes", lakes);
    add(f, "lakes", lakes);                                 /* again: nothing happens */
    assert_found(f, "rhine north", "rivers 1");
    assert_found(f, "RHINE -north", "lakes 1");
    assert_found(f, "strasse", "");                         /* as unicode61 has it: ß is no accent */
    assert_found(f, "koln", "rivers 3");
    assert_found(f, "\"north sea\"", "rivers 1");
    assert_found(f, "\"sea north\"", "");
    assert_found(f, "const*", "lakes 1");
    assert_found(f, "feeding OR long rhine", "lakes 1, rivers 1");
    assert_found(f, "flow sea", "rivers 1");                /* stem */
    assert_found(f, "学习率", "lakes 2");
    assert_found(f, "习学", "");
    assert_found(f, "0.003", "lakes 2");
    assert_found(f, "lakes constance", "lakes 1");          /* the title counts for each page */
    assert_found(f, "unheard", "");
}

static void
test_only_among(Fixture *f, gconstpointer data)
{
    add(f, "rivers", rivers);
    add(f, "lakes", lakes);

    g_autofree char *got = found(f, "\"rhine\"", "lakes");
    g_assert_cmpstr(got, ==, "lakes 1");
}

static void
test_snippet(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new();
    g_autoptr(GArray) hits = NULL;

    add(f, "rivers", rivers);
    add(f, "lakes", lakes);
    g_ptr_array_add(hashes, (gpointer) (guintptr) "rivers");
    g_ptr_array_add(hashes, (gpointer) (guintptr) "lakes");
    hits = search_find(f->index, "\"long\"", hashes, 10, NULL);
    g_assert_cmpstr(g_array_index(hits, SearchHit, 0).snippet, ==,
                    "The Rhine flows to the North Sea. It is \001long\002.");
    g_clear_pointer(&hits, g_array_unref);

    g_autofree char *expression = search_query("学习", FALSE);
    hits = search_find(f->index, expression, hashes, 10, NULL);
    g_assert_cmpstr(g_array_index(hits, SearchHit, 0).snippet, ==, "\001学习\002率是0.003，训练了三天。");
}

/* Removed words are not in the file any more. */
static void
test_keep(Fixture *f, gconstpointer data)
{
    g_autoptr(GHashTable) hashes = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *bytes = NULL;
    gsize length;
    guint removed;
    gboolean has;
    GError *error = NULL;

    add(f, "rivers", rivers);
    add(f, "lakes", lakes);
    g_hash_table_add(hashes, (gpointer) (guintptr) "rivers");
    search_keep(f->index, hashes, &removed, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(removed, ==, 1);
    assert_found(f, "constance", "");
    assert_found(f, "rhine", "rivers 1");
    g_assert_true(search_has(f->index, "lakes", &has, NULL) && !has);
    g_assert_true(search_has(f->index, "rivers", &has, NULL) && has);

    g_assert_true(g_file_get_contents(f->path, &bytes, &length, NULL));
    for (gsize i = 0; i + 9 <= length; i++) {
        g_assert_cmpint(g_ascii_strncasecmp(bytes + i, "constance", 9), !=, 0);
        g_assert_cmpint(memcmp(bytes + i, "constanc", 8), !=, 0);
    }
}

static void
test_damage(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    sqlite3 *db;

    add(f, "rivers", rivers);
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "UPDATE words_content SET c1 = 'The Rhine flows to the South Sea.' WHERE id = 1",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
    g_ptr_array_add(hashes, (gpointer) (guintptr) "rivers");
    g_assert_null(search_find(f->index, "\"rhine\"", hashes, 10, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_assert_nonnull(strstr(error->message, "kvasir search --rebuild"));
}

static void
assert_query(const char *query, gboolean any, const char *expected)
{
    g_autofree char *got = search_query(query, any);

    g_assert_cmpstr(got, ==, expected);
}

static void
test_query(void)
{
    assert_query("one two", FALSE, "(\"one\") AND (\"two\")");
    assert_query("one two", TRUE, "(\"one\") OR (\"two\")");
    assert_query("a b OR c d", FALSE, "(\"a\") AND (\"b\" OR \"c\") AND (\"d\")");
    assert_query("OR a OR", FALSE, "(\"a\")");
    assert_query("a -b -\"c d\"", FALSE, "((\"a\")) NOT (\"b\" OR \"c d\")");
    assert_query("-b", FALSE, NULL);
    assert_query("pre*", FALSE, "(\"pre*\" *)");
    assert_query("say \"hi", FALSE, "(\"say\") AND (\"\"\"hi\")");
    assert_query("NEAR(a) --long", FALSE, "(\"NEAR(a)\") AND (\"--long\")");
    assert_query(" *** - … ", FALSE, NULL);
    assert_query("", FALSE, NULL);
}

static void
assert_question(const char *question, const char *expected)
{
    g_autofree char *got = search_question(question);

    g_assert_cmpstr(got, ==, expected);
}

static void
test_question(void)
{
    assert_question("Where is \"it\"?", "\"Where\" OR \"is\" OR \"it\"");
    assert_question("学习率是?", "\"学\342\200\213习\" OR \"习\342\200\213率\" OR \"率\342\200\213是\"");
    assert_question("GLM模", "\"GLM\" OR \"模\"");
    assert_question("?!", NULL);
}

/* No text makes an expression that FTS5 refuses. */
static void
test_any_text(Fixture *f, gconstpointer data)
{
    static const char alphabet[] = "ab \"*-()ORNEAR:^+{}'\\.,";
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    add(f, "rivers", rivers);
    for (guint i = 0; i < 3000; i++) {
        char text[24];
        guint n = (guint) g_rand_int_range(rand, 0, (gint32) sizeof text);

        for (guint k = 0; k < n; k++)
            text[k] = alphabet[g_rand_int_range(rand, 0, (gint32) sizeof alphabet - 1)];
        text[n < sizeof text ? n : sizeof text - 1] = '\0';
        g_autofree char *expression = search_query(text, i % 2 == 0), *question = search_question(text);
        if (expression)
            g_free(found(f, expression, "rivers"));
        if (question)
            g_free(found(f, question, "rivers"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/search/find", Fixture, NULL, set_up, test_find, tear_down);
    g_test_add("/search/only-among", Fixture, NULL, set_up, test_only_among, tear_down);
    g_test_add("/search/snippet", Fixture, NULL, set_up, test_snippet, tear_down);
    g_test_add("/search/keep", Fixture, NULL, set_up, test_keep, tear_down);
    g_test_add("/search/damage", Fixture, NULL, set_up, test_damage, tear_down);
    g_test_add_func("/search/query", test_query);
    g_test_add_func("/search/question", test_question);
    g_test_add("/search/any-text", Fixture, NULL, set_up, test_any_text, tear_down);
    return g_test_run();
}
