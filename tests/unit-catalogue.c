/* unit-catalogue.c - tests of the catalogue. */
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/catalogue.h"
#include "cache/catalogue_internal.h"
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
documents_in(Catalogue *catalogue, const char *corpus)
{
    g_autoptr(GPtrArray) documents = catalogue_documents(catalogue, corpus, TRUE, NULL);

    return documents->len;
}

static guint
documents_of(Catalogue *catalogue)
{
    return documents_in(catalogue, "c");
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
    expect_damage(f, "DELETE FROM document WHERE id = 3", "thesis");
}

/* Of the corpus "thesis", as kvasir-cache(5) has them: the sum over the documents, and the checksums of its row, with that sum and
 * as they were before format 8. */
static void
documented_seal(const char *path, gint64 *sum, gint64 *checksum, gint64 *old)
{
    g_autoptr(GByteArray) row = g_byte_array_new(), list = g_byte_array_new();
    guint64 total = 0;
    gint64 count = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT id, name, created, changed FROM corpus WHERE name = 'thesis'", -1, &s, NULL),
                    ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(s), ==, SQLITE_ROW);
    for (int i = 0; i < 4; i++) {
        gint64 number = sqlite3_column_int64(s, i);

        if (i == 1)
            g_byte_array_append(row, sqlite3_column_text(s, i), (guint) sqlite3_column_bytes(s, i) + 1);
        else
            g_byte_array_append(row, (const guint8 *) &number, 8);
    }
    sqlite3_finalize(s);
    g_byte_array_append(list, row->data, row->len);
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT document.id, document.checksum FROM document JOIN corpus ON corpus.id = corpus"
                                       " WHERE name = 'thesis' ORDER BY position", -1, &s, NULL), ==, SQLITE_OK);
    for (; sqlite3_step(s) == SQLITE_ROW; count++) {
        const gint64 pair[] = { sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1) };

        total += XXH3_64bits(pair, sizeof pair);
        g_byte_array_append(list, (const guint8 *) pair, sizeof pair);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    *sum = (gint64) total;
    g_byte_array_append(row, (const guint8 *) &count, 8);
    g_byte_array_append(row, (const guint8 *) &total, 8);
    *checksum = (gint64) XXH3_64bits(row->data, row->len);
    *old = (gint64) XXH3_64bits(list->data, list->len);
}

static gint64
number_of(Catalogue *catalogue, const char *text)
{
    g_autoptr(GError) error = NULL;
    gint64 value;

    g_assert_true(database_get(&catalogue->db, -1, &value, &error, text, ""));
    return value;
}

/* Fails to put a document or to remove that at PATH: it would seal the damage. */
static void
refuses_change(Catalogue *catalogue, const char *path)
{
    g_autoptr(CatalogueDocument) d = document("z.pdf", "Z", 1);
    g_autoptr(GError) error = NULL, second = NULL;
    gboolean found;

    g_assert_false(catalogue_put(catalogue, "thesis", d, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CACHE);
    g_assert_nonnull(strstr(error->message, "corpus remove thesis"));
    g_assert_false(catalogue_remove_document(catalogue, "thesis", path, &found, &second));
    g_assert_error(second, FAILURE, FAILURE_CACHE);
}

/* After documents have come, changed, moved and gone, the seal is what it would be if it were made now. */
static void
test_seal(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    gint64 sum, checksum, old;
    gboolean found;

    put(catalogue, "thesis", "a.pdf", "A", 2);
    put(catalogue, "other", "x.pdf", "X", 2);
    put(catalogue, "thesis", "b.pdf", "B", 2);
    put(catalogue, "thesis", "c.pdf", "C", 2);
    put(catalogue, "thesis", "a.pdf", "A2", 1);
    put(catalogue, "thesis", "renamed.pdf", "B", 2);
    g_assert_true(catalogue_remove_document(catalogue, "thesis", "c.pdf", &found, NULL) && found);
    contents(catalogue, "thesis", "renamed.pdf=B/2 a.pdf=A2/1");
    documented_seal(f->path, &sum, &checksum, &old);
    g_assert_cmpint(number_of(catalogue, "SELECT documents FROM seal WHERE corpus = 1"), ==, 2);
    g_assert_cmpint(number_of(catalogue, "SELECT sum FROM seal WHERE corpus = 1"), ==, sum);
    g_assert_cmpint(number_of(catalogue, "SELECT checksum FROM corpus WHERE id = 1"), ==, checksum);
    /* What has gone unseen stays seen, whatever comes after it. */
    sql(f->path, "CREATE TABLE gone AS SELECT * FROM document WHERE path = CAST('renamed.pdf' AS BLOB);"
        "DELETE FROM document WHERE path = CAST('renamed.pdf' AS BLOB)");
    put(catalogue, "thesis", "d.pdf", "D", 1);
    g_assert_null(catalogue_documents(catalogue, "thesis", FALSE, NULL));
    sql(f->path, "INSERT INTO document SELECT * FROM gone; DROP TABLE gone");
    contents(catalogue, "thesis", "renamed.pdf=B/2 a.pdf=A2/1 d.pdf=D/1");
    sql(f->path, "UPDATE seal SET sum = sum + 1 WHERE corpus = 1");
    refuses_change(catalogue, "a.pdf");
    sql(f->path, "DELETE FROM seal WHERE corpus = 1");
    refuses_change(catalogue, "a.pdf");
    contents(catalogue, "other", "x.pdf=X/2");
    g_assert_true(catalogue_remove_corpus(catalogue, "thesis", &found, NULL) && found);
    g_assert_cmpint(number_of(catalogue, "SELECT count(*) FROM seal"), ==, 1);
    catalogue_close(catalogue);
}

static int
count_steps(gpointer steps)
{
    ++*(guint *) steps;
    return 0;
}

/* How many instructions SQLite takes to put the Nth document. */
static guint
steps_of_put(Catalogue *catalogue, guint n)
{
    g_autofree char *path = g_strdup_printf("/none/%u.txt", n), *content = g_strdup_printf("content %u", n);
    guint steps = 0;

    sqlite3_progress_handler(catalogue->db.db, 1, count_steps, &steps);
    put(catalogue, "thesis", path, content, 1);
    sqlite3_progress_handler(catalogue->db.db, 0, NULL, NULL);
    return steps;
}

/* What a document costs does not depend on how many there are, whether it is new, as before or changed. */
static void
test_many(Fixture *f, gconstpointer data)
{
    g_autoptr(Catalogue) catalogue = open_it(f);
    guint early, late;

    g_assert_true(database_run(&catalogue->db, "PRAGMA synchronous = OFF", NULL));
    for (guint n = 0; n < 10; n++)
        early = steps_of_put(catalogue, n);
    for (guint n = 10; n < 1000; n++)
        late = steps_of_put(catalogue, n);
    g_test_message("the 10th document takes %u steps, the 1000th %u", early, late);
    g_assert_cmpuint(late, <, 2 * early);
    g_assert_cmpuint(steps_of_put(catalogue, 500), <, 2 * early);
    put(catalogue, "thesis", "/none/500.txt", "another content", 1);
    g_assert_cmpuint(steps_of_put(catalogue, 500), <, 2 * early);
    g_assert_cmpuint(documents_in(catalogue, "thesis"), ==, 1000);
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

static gint64
last_of(Catalogue *catalogue, gint64 conversation)
{
    g_autoptr(GPtrArray) turns = catalogue_turns(catalogue, conversation, NULL);

    return turns->len ? ((const CatalogueRecord *) turns->pdata[turns->len - 1])->id : 0;
}

static void
add_turn(Catalogue *catalogue, const char *question, gint64 *conversation, gint64 number)
{
    char corpus[] = "thesis", text[] = "{}";
    CatalogueRecord record = { .made = 1000 + number, .corpus = corpus, .question = (char *) (guintptr) question,
                               .text = text };
    g_autoptr(GError) error = NULL;

    gint64 id = 0, last = *conversation ? last_of(catalogue, *conversation) : 0;
    g_assert_true(catalogue_add_turn(catalogue, &record, conversation, number, last, &id, &error));
    g_assert_no_error(error);
    g_assert_cmpint(id, >, 0);
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

/* A conversation made at once, EXPECTED its number. */
static void
add_many_turns(Catalogue *catalogue, gint64 expected)
{
    CatalogueRecord one = { .made = 1001, .question = (char *) (guintptr) "First?", .text = (char *) (guintptr) "{}" }, two = one;
    g_autoptr(GPtrArray) both = g_ptr_array_new(), turns = NULL;
    g_autoptr(GError) error = NULL;
    gint64 conversation = 0;

    g_ptr_array_add(both, &one);
    g_ptr_array_add(both, &two);
    g_assert_true(catalogue_add_conversation(catalogue, both, &conversation, &error));
    g_assert_cmpint(conversation, ==, expected);
    g_assert_cmpint(last_of(catalogue, conversation), ==, two.id);
    two.question = NULL;
    g_assert_false(catalogue_add_conversation(catalogue, both, &conversation, &error));
    g_assert_nonnull(error);
    turns = catalogue_turns(catalogue, expected + 1, NULL);
    g_assert_cmpuint(turns->len, ==, 0);
}

static void
test_conversations(Fixture *f, gconstpointer data)
{
    Catalogue *catalogue = open_it(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) turns = NULL;
    char question[] = "Late?", text[] = "{}";
    const CatalogueRecord late = { .question = question, .text = text };
    const gint64 ids[] = { 2, 1 };
    gint64 first = 0, second = 0, id, lost = 99;
    gboolean found, gone[G_N_ELEMENTS(ids)];

    add_turn(catalogue, "One?", &first, 1);
    g_assert_true(catalogue_add_turn(catalogue, &late, &lost, 2, 1, &id, &error) && id == 0 && lost == 0);
    g_assert_cmpint(add_record(catalogue, "thesis", "Alone?"), ==, 2);
    add_turn(catalogue, "Two?", &first, 2);
    add_turn(catalogue, "Other?", &second, 1);
    add_turn(catalogue, "Three?", &first, 3);
    assert_conversations(catalogue, "1:3:One? 2:1:Other? ");
    /* Another process was faster. */
    g_assert_true(catalogue_add_turn(catalogue, &late, &first, 3, 3, &id, &error) && id == 0 && first == 1);
    g_assert_true(catalogue_cut_turns(catalogue, first, 2, 3, &found, &error) && !found);
    assert_conversations(catalogue, "1:3:One? 2:1:Other? ");
    g_assert_true(catalogue_cut_turns(catalogue, first, 2, last_of(catalogue, first), &found, &error) && found);
    add_turn(catalogue, "Two otherwise?", &first, 2);
    /* In the place of the last one; who knows another one as the last, though of the same number, is late. */
    g_assert_true(catalogue_add_turn(catalogue, &late, &first, 3, 3, &id, &error) && id == 0 && first == 1);
    add_turn(catalogue, "Two again?", &first, 2);
    assert_conversations(catalogue, "1:2:One? 2:1:Other? ");
    turns = catalogue_turns(catalogue, first, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(turns->len, ==, 2);
    g_assert_cmpstr(((CatalogueRecord *) turns->pdata[1])->question, ==, "Two again?");
    g_assert_cmpint(((CatalogueRecord *) turns->pdata[1])->turn, ==, 2);

    /* With a turn among them none goes. */
    g_assert_false(catalogue_remove_records(catalogue, ids, 2, gone, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    g_assert_false(gone[0]);
    g_assert_true(catalogue_remove_records(catalogue, ids, 1, gone, &error) && gone[0]);
    g_assert_true(catalogue_remove_records(catalogue, ids, 1, gone, &error) && !gone[0]);
    g_assert_true(catalogue_remove_conversation(catalogue, first, &found, &error) && found);
    assert_conversations(catalogue, "2:1:Other? ");
    g_assert_null(catalogue_record(catalogue, 1, &error));
    g_assert_true(catalogue_remove_conversation(catalogue, first, &found, &error) && !found);
    add_many_turns(catalogue, second + 1);
    /* A row that says something else than it did is seen. */
    sql(f->path, "UPDATE turn SET number = 7 WHERE conversation = 2");
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

/* Makes the file as version 7 left it. */
static void
unseal(const char *path)
{
    gint64 sum, checksum, old;
    g_autofree char *change = NULL;

    documented_seal(path, &sum, &checksum, &old);
    change = g_strdup_printf("DROP TABLE seal; DROP INDEX document_hash; DROP INDEX document_position; DROP INDEX copy_document;"
                             "UPDATE corpus SET checksum = %" G_GINT64_FORMAT, old);
    sql(path, change);
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
    unseal(f->path);
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
    g_assert_cmpint(user_version(f->path), ==, 8);
    catalogue_close(open_it(f));

    /* What version 7 sealed is checked as version 7 did, and sealed anew with the next document. */
    unseal(f->path);
    sql(f->path, "PRAGMA user_version = 7");
    catalogue = catalogue_open(f->path, TRUE, &error);
    contents(catalogue, "thesis", "/a.pdf=alpha/3");
    catalogue_close(catalogue);
    sql(f->path, "UPDATE corpus SET checksum = checksum + 1");
    catalogue = open_it(f);
    refuses_change(catalogue, "/a.pdf");
    sql(f->path, "UPDATE corpus SET checksum = checksum - 1");
    put(catalogue, "thesis", "/b.pdf", "beta", 1);
    contents(catalogue, "thesis", "/a.pdf=alpha/3 /b.pdf=beta/1");
    g_assert_cmpint(number_of(catalogue, "SELECT documents FROM seal"), ==, 2);
    catalogue_close(catalogue);

    /* Version 2 has records, but no conversations. */
    unseal(f->path);
    sql(f->path, "DROP TABLE content; DROP TABLE bibliography; DROP TABLE copy; DROP TABLE volumes; DROP TABLE turn; PRAGMA user_version = 2");
    catalogue = catalogue_open(f->path, TRUE, &error);
    g_assert_no_error(error);
    assert_conversations(catalogue, "");
    g_autoptr(CatalogueRecord) record = catalogue_record(catalogue, 1, &error);
    g_assert_cmpstr(record->question, ==, "What?");
    g_assert_cmpint(record->conversation, ==, 0);
    catalogue_close(catalogue);
    catalogue_close(open_it(f));
    g_assert_cmpint(user_version(f->path), ==, 8);

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
        { "/catalogue/seal", test_seal }, { "/catalogue/many", test_many },
        { "/catalogue/copies", test_copies },
        { "/catalogue/alike", test_alike },
        { "/catalogue/processes", test_processes },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
