/* catalogue.c - the catalogue: corpora, documents and their pages, in SQLite. */
#include "config.h"
#include "cache/catalogue.h"
#include "cache/catalogue_internal.h"

#include <string.h>

#include "src/base/failure.h"

static const char *const tables[] = {
    "CREATE TABLE corpus (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,"
    " changed INTEGER NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE document (id INTEGER PRIMARY KEY, corpus INTEGER NOT NULL, position INTEGER NOT NULL,"
    " path BLOB NOT NULL, format TEXT, title TEXT, author TEXT, date TEXT, hash TEXT NOT NULL,"
    " added INTEGER NOT NULL, file_size INTEGER NOT NULL, file_mtime_ns INTEGER NOT NULL,"
    " pages INTEGER NOT NULL, checksum INTEGER NOT NULL, UNIQUE (corpus, path));"
    "CREATE TABLE page (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, number INTEGER NOT NULL,"
    " label TEXT NOT NULL, state INTEGER NOT NULL, bytes INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " text TEXT NOT NULL, UNIQUE (document, number));",
    /* Version 2 added the records of answers, */
    "CREATE TABLE record (id INTEGER PRIMARY KEY, made INTEGER NOT NULL, corpus TEXT, question TEXT NOT NULL,"
    " checksum INTEGER NOT NULL, text TEXT NOT NULL);",
    /* version 3 which of them are the turns of a conversation. */
    "CREATE TABLE turn (conversation INTEGER NOT NULL, number INTEGER NOT NULL, record INTEGER NOT NULL UNIQUE,"
    " checksum INTEGER NOT NULL, PRIMARY KEY (conversation, number)) WITHOUT ROWID;",
    /* Version 4: how large the volumes of a corpus are that is kept in such. */
    "CREATE TABLE volumes (corpus INTEGER PRIMARY KEY, tokens INTEGER NOT NULL, checksum INTEGER NOT NULL);",
    /* Version 5 knows further files of the same content. */
    "CREATE TABLE copy (corpus INTEGER NOT NULL, path BLOB NOT NULL, document INTEGER NOT NULL, added INTEGER NOT NULL,"
    " file_size INTEGER NOT NULL, file_mtime_ns INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " PRIMARY KEY (corpus, path)) WITHOUT ROWID;",
    /* Version 6: the bibliography of a corpus, in a form that the ingest layer reads. */
    "CREATE TABLE bibliography (corpus INTEGER PRIMARY KEY, text TEXT NOT NULL, checksum INTEGER NOT NULL);",
    /* Version 7: what a document says, so that another one that says the same is known. */
    "CREATE TABLE content (document INTEGER PRIMARY KEY, corpus INTEGER NOT NULL, hash TEXT NOT NULL,"
    " checksum INTEGER NOT NULL);"
    "CREATE INDEX content_hash ON content (corpus, hash);",
    /* Version 8: a seal that a document is added to, and the ways to what each new document is compared with. */
    "CREATE TABLE seal (corpus INTEGER PRIMARY KEY, documents INTEGER NOT NULL, sum INTEGER NOT NULL);"
    "CREATE INDEX document_hash ON document (corpus, hash, position);"
    "CREATE INDEX document_position ON document (corpus, position);"
    "CREATE INDEX copy_document ON copy (corpus, document, path);",
};

static const DatabaseFormat catalogue_format = {
    .what = "the catalogue",
    .remedy = "move it away and ingest your documents again (kvasir never deletes it)",
    .application_id = 0x4b565343,       /* "KVSC" */
    .version = G_N_ELEMENTS(tables),
    .setup = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL",
    .steps = tables,
    /* Precious: what was committed survives a power cut; what was removed is overwritten. */
    .connect =
        "PRAGMA synchronous = FULL;"
        "PRAGMA secure_delete = ON;"
        "PRAGMA temp_store = MEMORY",
};

Catalogue *
catalogue_open(const char *path, gboolean read_only, GError **error)
{
    Catalogue *catalogue = g_new0(Catalogue, 1);

    if (!database_open(&catalogue->db, path, &catalogue_format, read_only ? DATABASE_READ : DATABASE_CREATE, error))
        g_clear_pointer(&catalogue, g_free);
    return catalogue;
}

void
catalogue_close(Catalogue *catalogue)
{
    if (!catalogue)
        return;
    database_close(&catalogue->db);
    g_free(catalogue);
}

static void
free_page(gpointer data)
{
    CataloguePage *page = data;

    g_free(page->label);
    g_free(page->text);
    g_free(page);
}

GPtrArray *
catalogue_page_list_new(void)
{
    return g_ptr_array_new_with_free_func(free_page);
}

void
catalogue_document_free(CatalogueDocument *document)
{
    if (!document)
        return;
    g_free(document->path);
    g_free(document->format);
    g_free(document->title);
    g_free(document->author);
    g_free(document->date);
    g_free(document->hash);
    g_free(document->text_hash);
    if (document->pages)
        g_ptr_array_unref(document->pages);
    g_free(document);
}

void
catalogue_corpus_free(CatalogueCorpus *corpus)
{
    if (!corpus)
        return;
    g_free(corpus->name);
    g_free(corpus);
}

gint64
catalogue_document_checksum(const CatalogueDocument *d, gint64 corpus, gint64 position, gint64 pages)
{
    XXH3_state_t *sum = catalogue_sum_begin(corpus);
    const char *const texts[] = { d->path, d->format, d->title, d->author, d->date, d->hash };
    const gint64 numbers[] = { position, pages, d->added, d->file_size, d->file_mtime_ns };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        catalogue_sum_text(sum, texts[i]);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        catalogue_sum_int(sum, numbers[i]);
    return catalogue_sum_end(sum);
}

gint64
catalogue_page_checksum(gint64 document, gint64 number, const char *label, gint64 state, const char *text)
{
    XXH3_state_t *sum = catalogue_sum_begin(document);

    catalogue_sum_int(sum, number);
    catalogue_sum_int(sum, state);
    catalogue_sum_text(sum, label);
    catalogue_sum_text(sum, text);
    return catalogue_sum_end(sum);
}

#define CORPUS_SQL \
    "SELECT name, created, changed, (SELECT count(*) FROM document WHERE corpus = corpus.id)," \
    " (SELECT ifnull(sum(pages), 0) FROM document WHERE corpus = corpus.id)," \
    " (SELECT ifnull(sum(bytes), 0) FROM page JOIN document ON document.id = page.document" \
    " WHERE document.corpus = corpus.id) FROM corpus "

static CatalogueCorpus *
corpus_of_row(sqlite3_stmt *s)
{
    CatalogueCorpus *corpus = g_new0(CatalogueCorpus, 1);

    corpus->name = g_strdup((const char *) sqlite3_column_text(s, 0));
    corpus->created = sqlite3_column_int64(s, 1);
    corpus->changed = sqlite3_column_int64(s, 2);
    corpus->documents = (guint) sqlite3_column_int(s, 3);
    corpus->pages = (guint) sqlite3_column_int(s, 4);
    corpus->text_bytes = (guint64) sqlite3_column_int64(s, 5);
    return corpus;
}

static void
free_corpus(gpointer corpus)
{
    catalogue_corpus_free(corpus);
}

static void
free_document(gpointer document)
{
    catalogue_document_free(document);
}

GPtrArray *
catalogue_corpora(Catalogue *catalogue, GError **error)
{
    GPtrArray *corpora = g_ptr_array_new_with_free_func(free_corpus);
    sqlite3_stmt *s = database_query(&catalogue->db, error, CORPUS_SQL "ORDER BY name", "");
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    for (; row == 1; row = database_step(&catalogue->db, s, error))
        g_ptr_array_add(corpora, corpus_of_row(s));
    if (row < 0)
        g_clear_pointer(&corpora, g_ptr_array_unref);
    return corpora;
}

CatalogueCorpus *
catalogue_corpus(Catalogue *catalogue, const char *name, GError **error)
{
    CatalogueCorpus *corpus = NULL;
    sqlite3_stmt *s = database_query(&catalogue->db, error, CORPUS_SQL "WHERE name = ?", "t", name);

    if (s && database_step(&catalogue->db, s, error) == 1) {
        corpus = corpus_of_row(s);
        database_reset(s);
    }
    return corpus;
}

/* What a row cannot be read for: the document is named, the remedy is to ingest it again. */
static void
damaged(Catalogue *catalogue, const char *corpus, const CatalogueDocument *document, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged at document %s; remove it and ingest it "
                "again: 'kvasir corpus remove %s', 'kvasir ingest -c %s ...'", catalogue->db.path,
                document->path ? document->path : "(unknown)", corpus, corpus);
}

static gboolean
load_pages(Catalogue *catalogue, const char *corpus, CatalogueDocument *document, gint64 expected, GError **error)
{
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT number, label, state, text, checksum FROM page"
                                     " WHERE document = ? ORDER BY number", "i", document->id);
    int row = s ? database_step(&catalogue->db, s, error) : -1;
    gint64 number = 0;

    document->pages = catalogue_page_list_new();
    for (; row == 1; row = database_step(&catalogue->db, s, error), number++) {
        CataloguePage *page = g_new0(CataloguePage, 1);

        page->label = catalogue_column_text(s, 1);
        page->state = sqlite3_column_int(s, 2);
        page->text = catalogue_column_text(s, 3);
        g_ptr_array_add(document->pages, page);
        if (sqlite3_column_int64(s, 0) != number || !page->label || !page->text
            || catalogue_page_checksum(document->id, number, page->label, page->state, page->text)
               != sqlite3_column_int64(s, 4)) {
            database_reset(s);
            damaged(catalogue, corpus, document, error);
            return FALSE;
        }
    }
    if (row == 0 && number != expected) {
        damaged(catalogue, corpus, document, error);
        return FALSE;
    }
    return row == 0;
}

#define DOCUMENT_SQL \
    "SELECT document.id, corpus, position, path, format, title, author, date, hash, added, file_size," \
    " file_mtime_ns, pages, checksum FROM document "

/* NULL with ERROR when the row is damaged. */
static CatalogueDocument *
document_of_row(Catalogue *catalogue, const char *corpus, sqlite3_stmt *s, gint64 *pages, GError **error)
{
    CatalogueDocument *d = g_new0(CatalogueDocument, 1);

    d->id = sqlite3_column_int64(s, 0);
    d->path = catalogue_column_text(s, 3);
    d->format = catalogue_column_text(s, 4);
    d->title = catalogue_column_text(s, 5);
    d->author = catalogue_column_text(s, 6);
    d->date = catalogue_column_text(s, 7);
    d->hash = catalogue_column_text(s, 8);
    d->added = sqlite3_column_int64(s, 9);
    d->file_size = sqlite3_column_int64(s, 10);
    d->file_mtime_ns = sqlite3_column_int64(s, 11);
    *pages = sqlite3_column_int64(s, 12);
    if (catalogue_document_checksum(d, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2), *pages)
        != sqlite3_column_int64(s, 13)) {
        damaged(catalogue, corpus, d, error);
        g_clear_pointer(&d, catalogue_document_free);
    }
    return d;
}

gboolean
catalogue_corpus_id(Catalogue *catalogue, const char *name, gint64 *id, GError **error)
{
    return database_get(&catalogue->db, 0, id, error, "SELECT id FROM corpus WHERE name = ?", "t", name);
}

static gboolean
load_documents(Catalogue *catalogue, const char *corpus, gint64 id, gboolean with_pages, GPtrArray *documents,
               GError **error)
{
    g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *s = database_query(&catalogue->db, error, DOCUMENT_SQL "WHERE corpus = ? ORDER BY position, document.id",
                                     "i", id);
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    for (; row == 1; row = database_step(&catalogue->db, s, error)) {
        gint64 count;
        CatalogueDocument *document = document_of_row(catalogue, corpus, s, &count, error);

        if (!document) {
            database_reset(s);
            return FALSE;
        }
        g_ptr_array_add(documents, document);
        g_array_append_val(pages, count);
    }
    for (guint i = 0; with_pages && row == 0 && i < documents->len; i++) {
        if (!load_pages(catalogue, corpus, documents->pdata[i], g_array_index(pages, gint64, i), error))
            return FALSE;
    }
    return row == 0 && catalogue_seal_check(catalogue, corpus, id, error);
}

GPtrArray *
catalogue_documents(Catalogue *catalogue, const char *corpus, gboolean with_pages, GError **error)
{
    GPtrArray *documents = NULL;
    gint64 id;

    /* One snapshot: another process may be replacing documents. */
    if (!database_begin_read(&catalogue->db, error))
        return NULL;
    if (catalogue_corpus_id(catalogue, corpus, &id, error) && id) {
        documents = g_ptr_array_new_with_free_func(free_document);
        if (!load_documents(catalogue, corpus, id, with_pages, documents, error))
            g_clear_pointer(&documents, g_ptr_array_unref);
    }
    database_rollback(&catalogue->db);
    return documents;
}

gboolean
catalogue_load_pages(Catalogue *catalogue, const char *corpus, CatalogueDocument *document, GError **error)
{
    gint64 expected;
    gboolean ok;

    if (!database_begin_read(&catalogue->db, error))
        return FALSE;
    ok = database_get(&catalogue->db, -1, &expected, error, "SELECT pages FROM document WHERE id = ?", "i", document->id);
    if (ok && expected < 0) {
        ok = FALSE;
        g_set_error(error, FAILURE, FAILURE_CACHE, "%s was removed from the corpus %s just now; try again",
                    document->path, corpus);
    }
    g_clear_pointer(&document->pages, g_ptr_array_unref);
    ok = ok && load_pages(catalogue, corpus, document, expected, error);
    database_rollback(&catalogue->db);
    return ok;
}

gboolean
catalogue_has_pages(Catalogue *catalogue, gint64 id, guint states, gboolean *has, GError **error)
{
    gint64 value;

    if (!database_get(&catalogue->db, 0, &value, error,
                      "SELECT EXISTS (SELECT 1 FROM page WHERE document = ? AND (? >> state) & 1)", "ii", id, (gint64) states))
        return FALSE;
    *has = value != 0;
    return TRUE;
}

GHashTable *
catalogue_hashes(Catalogue *catalogue, GError **error)
{
    GHashTable *hashes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT DISTINCT hash FROM document", "");
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    for (; row == 1; row = database_step(&catalogue->db, s, error))
        g_hash_table_add(hashes, g_strdup((const char *) sqlite3_column_text(s, 0)));
    if (row < 0)
        g_clear_pointer(&hashes, g_hash_table_unref);
    return hashes;
}

static gint64
volumes_checksum(gint64 corpus, gint64 tokens)
{
    XXH3_state_t *sum = catalogue_sum_begin(corpus);

    catalogue_sum_int(sum, tokens);
    return catalogue_sum_end(sum);
}

gboolean
catalogue_volume_tokens(Catalogue *catalogue, const char *corpus, gint64 *tokens, GError **error)
{
    sqlite3_stmt *s;
    int row;

    *tokens = 0;
    if (catalogue->db.version < 4)
        return TRUE;
    s = database_query(&catalogue->db, error, "SELECT volumes.corpus, tokens, volumes.checksum FROM volumes"
                       " JOIN corpus ON corpus.id = volumes.corpus WHERE corpus.name = ?", "t", corpus);
    row = s ? database_step(&catalogue->db, s, error) : -1;
    if (row != 1)
        return row == 0;
    *tokens = sqlite3_column_int64(s, 1);
    if (volumes_checksum(sqlite3_column_int64(s, 0), *tokens) != sqlite3_column_int64(s, 2)) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged in the corpus %s; say again how large its "
                    "volumes are: 'kvasir ingest -c %s --volume-tokens N ...'", catalogue->db.path, corpus, corpus);
        row = -1;
    }
    database_reset(s);
    return row == 1;
}

gboolean
catalogue_set_volume_tokens(Catalogue *catalogue, const char *corpus, gint64 tokens, GError **error)
{
    gint64 id;
    gboolean ok;

    if (!database_begin(&catalogue->db, error))
        return FALSE;
    ok = catalogue_corpus_id(catalogue, corpus, &id, error)
         && database_do(&catalogue->db, error, "DELETE FROM volumes WHERE corpus = ?", "i", id)
         && (id == 0 || tokens == 0
             || database_do(&catalogue->db, error, "INSERT INTO volumes (corpus, tokens, checksum) VALUES (?, ?, ?)",
                            "iii", id, tokens, volumes_checksum(id, tokens)));
    if (!ok)
        database_rollback(&catalogue->db);
    return ok && database_commit(&catalogue->db, error);
}
