/* unit-catalogue.c - tests of the catalogue. */
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/catalogue.h"
#include "src/base/failure.h"

typedef struct {
    char *folder, *path;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
    f->folder = g_dir_make_tmp("kvasir-catalogue-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "catalogue.db", NULL);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(f->path, suffixes[i], NULL);

        g_unlink(name);
    }
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
}

static Catalogue *
open_it(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    Catalogue *catalogue = catalogue_open(f->path, FALSE, &error);

    g_assert_no_error(error);
    return catalogue;
}

static void
free_page(gpointer data)
{
    CataloguePage *page = data;

    g_free(page->label);
    g_free(page->text);
    g_free(page);
}

static CatalogueDocument *
document(const char *path, const char *content, guint pages)
{
    CatalogueDocument *d = g_new0(CatalogueDocument, 1);

    d->path = g_strdup(path);
    d->format = g_strdup("pdf");
    d->title = g_strdup_printf("Title of %s", content);
    d->date = g_strdup("2026-01-01");
    d->hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
    d->added = 1000;
    d->file_size = 12345;
    d->file_mtime_ns = G_GINT64_CONSTANT(1700000000123456789);
    d->pages = g_ptr_array_new_with_free_func(free_page);
    for (guint i = 0; i < pages; i++) {
        CataloguePage *page = g_new0(CataloguePage, 1);

        page->label = g_strdup_printf("%u", i + 1);
        page->text = g_strdup_printf("%s, page %u: Gr\xc3\xbc\xc3\x9f" "e, \xe4\xb8\xad\xe6\x96\x87\n", content, i + 1);
        page->state = (int) (i % 5);
        g_ptr_array_add(d->pages, page);
    }
    return d;
}

static gboolean
put(Catalogue *catalogue, const char *corpus, const char *path, const char *content, guint pages)
{
    g_autoptr(CatalogueDocument) d = document(path, content, pages);
    g_autoptr(GError) error = NULL;
    gboolean changed, ok = catalogue_put(catalogue, corpus, d, &changed, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    return changed;
}

/* "path=content/pages ..." in pack order. */
static void
contents(Catalogue *catalogue, const char *corpus, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) documents = catalogue_documents(catalogue, corpus, TRUE, &error);
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_no_error(error);
    g_assert_nonnull(documents);
    for (guint i = 0; i < documents->len; i++) {
        CatalogueDocument *d = documents->pdata[i];
        const char *content = d->title + strlen("Title of ");
        g_autoptr(CatalogueDocument) same = document(d->path, content, d->pages->len);

        g_string_append_printf(text, "%s%s=%s/%u", i ? " " : "", d->path, content, d->pages->len);
        g_assert_cmpstr(d->hash, ==, same->hash);
        g_assert_cmpstr(d->date, ==, "2026-01-01");
        g_assert_null(d->author);
        g_assert_cmpint(d->file_mtime_ns, ==, G_GINT64_CONSTANT(1700000000123456789));
        for (guint p = 0; p < d->pages->len; p++) {
            CataloguePage *is = d->pages->pdata[p], *should = same->pages->pdata[p];

            g_assert_cmpstr(is->label, ==, should->label);
            g_assert_cmpstr(is->text, ==, should->text);
            g_assert_cmpint(is->state, ==, should->state);
        }
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void
test_documents(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) corpora = NULL;
    CatalogueCorpus *corpus;
    gboolean was_there;
    struct stat st;

    g_assert_null(catalogue_documents(catalogue, "thesis", FALSE, &error));
    g_assert_no_error(error);
    g_assert_null(catalogue_corpus(catalogue, "thesis", &error));
    g_assert_no_error(error);
    g_assert_true(put(catalogue, "thesis", "a.pdf", "A", 3));
    g_assert_true(put(catalogue, "thesis", "b\n.pdf", "B", 0));
    g_assert_true(put(catalogue, "thesis", "c.pdf", "C", 7));
    g_assert_true(put(catalogue, "other", "a.pdf", "A", 3));
    g_assert_false(put(catalogue, "thesis", "a.pdf", "A", 3));
    /* A changed document goes behind those that stay as they are; a renamed one is not a new one. */
    g_assert_true(put(catalogue, "thesis", "a.pdf", "A2", 4));
    g_assert_false(put(catalogue, "thesis", "new name.pdf", "C", 7));
    contents(catalogue, "thesis", "b\n.pdf=B/0 new name.pdf=C/7 a.pdf=A2/4");
    contents(catalogue, "other", "a.pdf=A/3");
    catalogue_close(catalogue);

    catalogue = open_it(f);
    contents(catalogue, "thesis", "b\n.pdf=B/0 new name.pdf=C/7 a.pdf=A2/4");
    corpora = catalogue_corpora(catalogue, &error);
    g_assert_cmpuint(corpora->len, ==, 2);
    corpus = corpora->pdata[1];
    g_assert_cmpstr(corpus->name, ==, "thesis");
    g_assert_cmpuint(corpus->documents, ==, 3);
    g_assert_cmpuint(corpus->pages, ==, 11);
    g_assert_cmpuint(corpus->text_bytes, >, 11 * 20);
    g_assert_true(catalogue_remove_document(catalogue, "thesis", "a.pdf", &was_there, &error));
    g_assert_true(was_there);
    g_assert_true(catalogue_remove_document(catalogue, "thesis", "a.pdf", &was_there, &error));
    g_assert_false(was_there);
    g_assert_true(put(catalogue, "thesis", "a.pdf", "A2", 4));
    contents(catalogue, "thesis", "b\n.pdf=B/0 new name.pdf=C/7 a.pdf=A2/4");
    g_assert_true(catalogue_remove_corpus(catalogue, "thesis", &was_there, &error));
    g_assert_true(was_there);
    g_assert_true(catalogue_remove_corpus(catalogue, "thesis", &was_there, &error));
    g_assert_false(was_there);
    contents(catalogue, "other", "a.pdf=A/3");
    catalogue_close(catalogue);
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void
copies(Catalogue *catalogue, const char *expected)
{
    g_autoptr(GPtrArray) list = catalogue_copies(catalogue, "c", NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const CatalogueDocument *copy = list->pdata[i];
        g_autofree char *name = g_path_get_basename(copy->path);

        g_string_append_printf(text, "%s%s", i ? " " : "", name);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static guint
documents_of(Catalogue *catalogue)
{
    g_autoptr(GPtrArray) documents = catalogue_documents(catalogue, "c", TRUE, NULL);

    return documents->len;
}

/* Puts a document at PATH of CONTENT that says TEXT. */
static gboolean
put_saying(Catalogue *catalogue, const char *path, const char *content, const char *text)
{
    g_autoptr(CatalogueDocument) d = document(path, content, 2);
    g_autoptr(GError) error = NULL;
    gboolean changed;

    d->text_hash = g_strdup(text);
    g_assert_true(catalogue_put(catalogue, "c", d, &changed, &error));
    g_assert_no_error(error);
    return changed;
}

static void
copy_of(Catalogue *catalogue, const char *path, const char *expected)
{
    g_autofree char *document = NULL;

    g_assert_true(catalogue_copy_of(catalogue, "c", path, &document, NULL));
    g_assert_cmpstr(document, ==, expected);
}

/* Two files that say the same are one document, the first. */
static void
test_alike(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autofree char *a = g_build_filename(f->folder, "a.txt", NULL), *b = g_build_filename(f->folder, "b.txt", NULL);
    g_autofree char *c = g_build_filename(f->folder, "c.txt", NULL);

    g_assert_true(g_file_set_contents(a, "A", 1, NULL) && g_file_set_contents(b, "B", 1, NULL));
    g_assert_true(put_saying(catalogue, a, "A", "same"));
    g_assert_false(put_saying(catalogue, b, "B", "same"));
    copies(catalogue, "b.txt");
    copy_of(catalogue, b, a);
    copy_of(catalogue, a, NULL);
    g_assert_true(put_saying(catalogue, c, "C", "other"));
    g_assert_cmpuint(documents_of(catalogue), ==, 2);
    /* Without a text there is nothing alike. */
    g_assert_true(put_saying(catalogue, c, "D", NULL));
    g_assert_true(put_saying(catalogue, "/d", "E", NULL));
    g_assert_cmpuint(documents_of(catalogue), ==, 3);
    /* The first file changes: the second one is the document now. */
    g_assert_true(put_saying(catalogue, a, "F", "new"));
    copies(catalogue, "");
    g_assert_cmpuint(documents_of(catalogue), ==, 4);
    /* Its file goes, and one that says the same takes its place, text and all. */
    g_unlink(b);
    g_assert_false(put_saying(catalogue, "/e", "G", "same"));
    copies(catalogue, "");
    g_assert_cmpuint(documents_of(catalogue), ==, 4);
    /* A damaged row is none. */
    sql(f->path, "UPDATE content SET hash = 'new' WHERE hash = 'same'; DELETE FROM content WHERE hash = 'new' AND document ="
        " (SELECT max(document) FROM content WHERE hash = 'new')");
    g_assert_true(put_saying(catalogue, "/f", "H", "new"));
    g_assert_cmpuint(documents_of(catalogue), ==, 5);
    g_unlink(a);
    catalogue_close(catalogue);
}

/* Two files of one content are one document; when one of them changes or goes, the content stays with the other. */
static void
test_copies(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autofree char *a = g_build_filename(f->folder, "a.txt", NULL), *b = g_build_filename(f->folder, "b.txt", NULL);
    g_autofree char *c = g_build_filename(f->folder, "c.txt", NULL);
    gboolean found;

    g_assert_true(g_file_set_contents(a, "A", 1, NULL) && g_file_set_contents(b, "A", 1, NULL));
    g_assert_true(put(catalogue, "c", a, "A", 2));
    g_assert_false(put(catalogue, "c", b, "A", 2));
    g_assert_false(put(catalogue, "c", a, "A", 2));
    copies(catalogue, "b.txt");
    g_assert_cmpuint(documents_of(catalogue), ==, 1);
    /* The first one changes. */
    g_assert_true(put(catalogue, "c", a, "A2", 2));
    copies(catalogue, "");
    g_assert_cmpuint(documents_of(catalogue), ==, 2);
    /* And becomes a copy of the other again. */
    g_assert_true(put(catalogue, "c", a, "A", 2));
    copies(catalogue, "a.txt");
    g_assert_cmpuint(documents_of(catalogue), ==, 1);
    /* The document is removed: its copy takes its place. */
    g_assert_true(catalogue_remove_document(catalogue, "c", b, &found, NULL));
    g_assert_true(found);
    copies(catalogue, "");
    g_assert_cmpuint(documents_of(catalogue), ==, 1);
    g_assert_false(put(catalogue, "c", b, "A", 2));
    g_assert_true(catalogue_remove_document(catalogue, "c", b, &found, NULL));
    g_assert_true(found);
    copies(catalogue, "");
    /* The file of the document has gone: this one is it, renamed. */
    g_unlink(a);
    g_assert_false(put(catalogue, "c", c, "A", 2));
    copies(catalogue, "");
    g_assert_cmpuint(documents_of(catalogue), ==, 1);
    g_unlink(b);
    catalogue_close(catalogue);
}

/* What was removed is in none of the files any more. */
static void
test_removed(Fixture *f, gconstpointer data)
{
    static const char *const suffixes[] = { "", "-wal" };
    Catalogue *catalogue = open_it(f);
    gboolean was_there;

    put(catalogue, "secret", "a.pdf", "Geheimnis", 50);
    put(catalogue, "plain", "b.pdf", "Offenes", 2);
    g_assert_true(catalogue_remove_corpus(catalogue, "secret", &was_there, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *name = g_strconcat(f->path, suffixes[i], NULL), *bytes = NULL;
        gsize length = 0;

        g_assert_true(g_file_get_contents(name, &bytes, &length, NULL));
        g_assert_null(memmem(bytes, length, "Geheimnis", 9));
        if (i == 0)
            g_assert_nonnull(memmem(bytes, length, "Offenes", 7));
    }
    catalogue_close(catalogue);
}

static void
expect_damage(Fixture *f, const char *change, const char *fragment)
{
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(GError) error = NULL;

    sql(f->path, change);
    catalogue = open_it(f);
    g_assert_null(catalogue_documents(catalogue, "thesis", TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_assert_nonnull(strstr(error->message, fragment));
}

static void
test_damage(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);

    put(catalogue, "thesis", "a.pdf", "A", 3);
    put(catalogue, "thesis", "b.pdf", "B", 3);
    put(catalogue, "thesis", "c.pdf", "C", 3);
    catalogue_close(catalogue);
    expect_damage(f, "UPDATE page SET text = replace(text, 'page 2', 'page 9') WHERE document = 1", "a.pdf");
    sql(f->path, "UPDATE page SET text = replace(text, 'page 9', 'page 2') WHERE document = 1");
    expect_damage(f, "UPDATE document SET hash = 'x' || hash WHERE id = 2", "b.pdf");
    sql(f->path, "UPDATE document SET hash = substr(hash, 2) WHERE id = 2");
    expect_damage(f, "UPDATE document SET corpus = 77 WHERE id = 3", "thesis");
    sql(f->path, "UPDATE document SET corpus = 1 WHERE id = 3");
    catalogue = open_it(f);
    contents(catalogue, "thesis", "a.pdf=A/3 b.pdf=B/3 c.pdf=C/3");
    catalogue_close(catalogue);
    expect_damage(f, "DELETE FROM page WHERE document = 3 AND number = 2", "c.pdf");
}

/* Random bits of the file flipped: the documents are what they were, or there is an error. */
static void
test_bit_flips(Fixture *f, gconstpointer data)
{
    const char *count = g_getenv("KVASIR_TEST_FLIPS");
    guint flips = count ? (guint) atoi(count) : 1000, found = 0;
    g_autofree char *good = NULL;
    gsize size;
    Catalogue *catalogue = open_it(f);

    put(catalogue, "thesis", "a.pdf", "A", 20);
    put(catalogue, "thesis", "b.pdf", "B", 200);
    catalogue_close(catalogue);
    g_assert_true(g_file_get_contents(f->path, &good, &size, NULL));
    for (guint i = 0; i < flips; i++) {
        gsize bit = (gsize) g_test_rand_int_range(0, (gint32) (size * 8));
        g_autofree char *bad = g_memdup2(good, size);
        g_autoptr(GPtrArray) documents = NULL;
        g_autoptr(GError) error = NULL;
        FILE *out;

        bad[bit / 8] = (char) (bad[bit / 8] ^ 1 << bit % 8);
        out = fopen(f->path, "r+b");
        g_assert_cmpuint(fwrite(bad, 1, size, out), ==, size);
        fclose(out);
        catalogue = catalogue_open(f->path, FALSE, &error);
        if (catalogue)
            documents = catalogue_documents(catalogue, "thesis", TRUE, &error);
        if (!catalogue || error) {
            found++;
            g_assert_nonnull(error);
            g_assert_cmpint((int) error->domain, ==, (int) FAILURE);
        } else if (!documents) {
            /* The name of the corpus was hit: said plainly by the caller. */
            found++;
        } else {
            contents(catalogue, "thesis", "a.pdf=A/20 b.pdf=B/200");
        }
        catalogue_close(catalogue);
        g_assert_cmpint(truncate(f->path, (off_t) size), ==, 0);
    }
    g_test_message("%u of %u flips were found, the others harmless", found, flips);
    g_assert_cmpuint(found, >, flips / 10);
}

static void
test_refused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *after = NULL;

    g_assert_true(g_file_set_contents(f->path, "This is my diary, not a database.\n", -1, NULL));
    g_assert_null(catalogue_open(f->path, FALSE, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_assert_nonnull(strstr(error->message, "catalogue.db"));
    g_clear_error(&error);
    g_assert_true(g_file_get_contents(f->path, &after, NULL, NULL));
    g_assert_cmpstr(after, ==, "This is my diary, not a database.\n");
    g_unlink(f->path);
    catalogue_close(open_it(f));
    sql(f->path, "PRAGMA user_version = 1000");
    g_assert_null(catalogue_open(f->path, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "newer"));
    g_clear_error(&error);
    g_unlink(f->path);
    g_assert_null(catalogue_open(f->path, TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
}

static gint64
add_record(Catalogue *catalogue, const char *corpus, const char *question)
{
    const CatalogueRecord record = { .made = 1000, .corpus = (char *) (guintptr) corpus,
                                     .question = (char *) (guintptr) question, .text = (char *) (guintptr) "{}\n" };
    g_autoptr(GError) error = NULL;
    gint64 id = 0;

    g_assert_true(catalogue_add_record(catalogue, &record, &id, &error));
    g_assert_no_error(error);
    return id;
}

/* Records 3 and 4; then none of two, as the second cannot be written. */
static void
add_many(Catalogue *catalogue)
{
    CatalogueRecord one = { .made = 1, .question = (char *) (guintptr) "One?", .text = (char *) (guintptr) "{}\n" }, two = one;
    g_autoptr(GPtrArray) both = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(both, &one);
    g_ptr_array_add(both, &two);
    g_assert_true(catalogue_add_records(catalogue, both, &error));
    g_assert_no_error(error);
    g_assert_cmpint(one.id, ==, 3);
    g_assert_cmpint(two.id, ==, 4);
    two.question = NULL;
    g_assert_false(catalogue_add_records(catalogue, both, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_cmpint(add_record(catalogue, NULL, "Three?"), ==, 5);
}

static void
test_records(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL, some = NULL;
    CatalogueRecord *record;

    g_assert_null(catalogue_record(catalogue, 1, &error));
    g_assert_no_error(error);
    g_assert_cmpint(add_record(catalogue, NULL, "Who?"), ==, 1);
    g_assert_cmpint(add_record(catalogue, "thesis", "What?"), ==, 2);
    all = catalogue_records(catalogue, NULL, &error);
    some = catalogue_records(catalogue, "thesis", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpuint(some->len, ==, 1);
    record = some->pdata[0];
    g_assert_cmpint(record->id, ==, 2);
    g_assert_cmpint(record->made, ==, 1000);
    g_assert_cmpstr(record->question, ==, "What?");
    g_assert_cmpstr(record->text, ==, "{}\n");
    sql(f->path, "UPDATE record SET question = 'Why?' WHERE id = 2");
    g_assert_null(catalogue_record(catalogue, 2, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_assert_nonnull(strstr(error->message, "record 2"));
    g_clear_error(&error);
    record = catalogue_record(catalogue, 1, &error);
    g_assert_no_error(error);
    g_assert_null(record->corpus);
    catalogue_record_free(record);
    add_many(catalogue);
    catalogue_close(catalogue);
}

static gint64
user_version(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    gint64 version;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return version;
}

static void
add_turn(Catalogue *catalogue, const char *question, gint64 *conversation, gint64 number)
{
    char corpus[] = "thesis", text[] = "{}";
    CatalogueRecord record = { .made = 1000 + number, .corpus = corpus, .question = (char *) (guintptr) question,
                               .text = text };
    g_autoptr(GError) error = NULL;

    catalogue_add_turn(catalogue, &record, conversation, number, &error);
    g_assert_no_error(error);
}

/* EXPECTED: "number:turns:first question " for each. */
static void
assert_conversations(Catalogue *catalogue, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = catalogue_conversations(catalogue, NULL, &error);
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_no_error(error);
    for (guint i = 0; i < list->len; i++) {
        const CatalogueConversation *c = g_ptr_array_index(list, i);
        g_string_append_printf(text, "%d:%d:%s ", (int) c->id, (int) c->turns, c->question);
        g_assert_cmpint(c->made, ==, 1001);
        g_assert_cmpint(c->changed, ==, 1000 + c->turns);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_conversations(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) turns = NULL;
    char question[] = "Late?", text[] = "{}";
    const CatalogueRecord late = { .question = question, .text = text };
    gint64 first = 0, second = 0;
    gboolean found;

    add_turn(catalogue, "One?", &first, 1);
    g_assert_cmpint(add_record(catalogue, "thesis", "Alone?"), ==, 2);
    add_turn(catalogue, "Two?", &first, 2);
    add_turn(catalogue, "Other?", &second, 1);
    add_turn(catalogue, "Three?", &first, 3);
    assert_conversations(catalogue, "1:3:One? 2:1:Other? ");
    /* Another process was faster. */
    g_assert_false(catalogue_add_turn(catalogue, &late, &first, 3, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_clear_error(&error);
    g_assert_true(catalogue_cut_turns(catalogue, first, 2, &error));
    add_turn(catalogue, "Two again?", &first, 2);
    assert_conversations(catalogue, "1:2:One? 2:1:Other? ");
    turns = catalogue_turns(catalogue, first, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(turns->len, ==, 2);
    g_assert_cmpstr(((CatalogueRecord *) turns->pdata[1])->question, ==, "Two again?");
    g_assert_cmpint(((CatalogueRecord *) turns->pdata[1])->turn, ==, 2);

    g_assert_false(catalogue_remove_record(catalogue, 1, &found, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    g_assert_true(catalogue_remove_record(catalogue, 2, &found, &error) && found);
    g_assert_true(catalogue_remove_record(catalogue, 2, &found, &error) && !found);
    g_assert_true(catalogue_remove_conversation(catalogue, first, &found, &error) && found);
    assert_conversations(catalogue, "2:1:Other? ");
    g_assert_null(catalogue_record(catalogue, 1, &error));
    g_assert_true(catalogue_remove_conversation(catalogue, first, &found, &error) && !found);
    /* A row that says something else than it did is seen. */
    sql(f->path, "UPDATE turn SET number = 7");
    g_assert_null(catalogue_turns(catalogue, second, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    catalogue_close(catalogue);
}

static void
test_volumes(Fixture *f, gconstpointer data)
{
    g_autoptr(Catalogue) catalogue = open_it(f);
    GError *error = NULL;
    gint64 tokens;
    gboolean found;

    put(catalogue, "thesis", "/a.pdf", "alpha", 3);
    g_assert_true(catalogue_volume_tokens(catalogue, "thesis", &tokens, &error) && tokens == 0);
    g_assert_true(catalogue_set_volume_tokens(catalogue, "thesis", 32768, &error));
    g_assert_true(catalogue_volume_tokens(catalogue, "thesis", &tokens, &error) && tokens == 32768);
    g_assert_true(catalogue_volume_tokens(catalogue, "other", &tokens, &error) && tokens == 0);
    sql(f->path, "UPDATE volumes SET tokens = 32769");
    g_assert_false(catalogue_volume_tokens(catalogue, "thesis", &tokens, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_clear_error(&error);
    g_assert_true(catalogue_set_volume_tokens(catalogue, "thesis", 0, &error));
    g_assert_true(catalogue_volume_tokens(catalogue, "thesis", &tokens, &error) && tokens == 0);
    g_assert_true(catalogue_set_volume_tokens(catalogue, "thesis", 5, &error));
    g_assert_true(catalogue_remove_corpus(catalogue, "thesis", &found, &error) && found);
    put(catalogue, "thesis", "/a.pdf", "alpha", 3);
    g_assert_true(catalogue_volume_tokens(catalogue, "thesis", &tokens, &error) && tokens == 0);
}

/* A file of version 1 is read as it is, and upgraded when it is opened for writing. */
static void
test_upgrade(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records = NULL;

    put(catalogue, "thesis", "/a.pdf", "alpha", 3);
    catalogue_close(catalogue);
    sql(f->path, "DROP TABLE content; DROP TABLE bibliography; DROP TABLE copy; DROP TABLE volumes; DROP TABLE turn; DROP TABLE record; PRAGMA user_version = 1");
    catalogue = catalogue_open(f->path, TRUE, &error);
    g_assert_no_error(error);
    contents(catalogue, "thesis", "/a.pdf=alpha/3");
    records = catalogue_records(catalogue, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(records->len, ==, 0);
    g_assert_null(catalogue_record(catalogue, 1, &error));
    g_assert_no_error(error);
    catalogue_close(catalogue);
    g_assert_cmpint(user_version(f->path), ==, 1);

    catalogue = open_it(f);
    contents(catalogue, "thesis", "/a.pdf=alpha/3");
    g_assert_cmpint(add_record(catalogue, "thesis", "What?"), ==, 1);
    catalogue_close(catalogue);
    g_assert_cmpint(user_version(f->path), ==, 7);
    catalogue_close(open_it(f));

    /* Version 2 has records, but no conversations. */
    sql(f->path, "DROP TABLE content; DROP TABLE bibliography; DROP TABLE copy; DROP TABLE volumes; DROP TABLE turn; PRAGMA user_version = 2");
    catalogue = catalogue_open(f->path, TRUE, &error);
    g_assert_no_error(error);
    assert_conversations(catalogue, "");
    g_autoptr(CatalogueRecord) record = catalogue_record(catalogue, 1, &error);
    g_assert_cmpstr(record->question, ==, "What?");
    g_assert_cmpint(record->conversation, ==, 0);
    catalogue_close(catalogue);
    catalogue_close(open_it(f));
    g_assert_cmpint(user_version(f->path), ==, 7);

    /* A file that says 1 but has another schema is no catalogue of version 1. */
    sql(f->path, "PRAGMA user_version = 1");
    g_assert_null(catalogue_open(f->path, FALSE, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
}

static void
test_processes(Fixture *f, gconstpointer data)
{
    pid_t pids[4];
    Catalogue *catalogue;
    g_autoptr(GPtrArray) documents = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            catalogue = open_it(f);
            for (guint d = 0; d < 10; d++) {
                g_autofree char *path = g_strdup_printf("%u-%u.txt", i, d);

                put(catalogue, "shared", path, path, 3);
            }
            catalogue_close(catalogue);
            _exit(0);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
        int status;

        waitpid(pids[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    catalogue = open_it(f);
    documents = catalogue_documents(catalogue, "shared", TRUE, NULL);
    g_assert_cmpuint(documents->len, ==, 40);
    catalogue_close(catalogue);
}

int
main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(Fixture *, gconstpointer); } tests[] = {
        { "/catalogue/documents", test_documents }, { "/catalogue/removed", test_removed },
        { "/catalogue/damage", test_damage }, { "/catalogue/bit-flips", test_bit_flips },
        { "/catalogue/refused", test_refused },
        { "/catalogue/records", test_records }, { "/catalogue/conversations", test_conversations },
        { "/catalogue/volumes", test_volumes },
        { "/catalogue/upgrade", test_upgrade },
        { "/catalogue/copies", test_copies },
        { "/catalogue/alike", test_alike },
        { "/catalogue/processes", test_processes },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
