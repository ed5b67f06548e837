/* catalogue_put.c - documents come into the catalogue, change, and go.
 *
 * Content decides.  A document is its content; the paths are where it was found.  A file whose content a document of the corpus
 * has already is that document under a new name, or, when the document's own file is still there, a copy of it: such a
 * file is remembered (table copy), so that it need not be read again, but stands in the prompt once.  The same goes for a new file
 * whose text says what a document of the corpus says, though its bytes, pages or title differ (table content).  A document whose file has
 * changed is another one, behind all others: what stays as it is comes first, and its KV blocks stay of use.
 */
#include "config.h"
#include "cache/catalogue.h"
#include "cache/catalogue_internal.h"

#include <string.h>

static gboolean
insert_pages(Catalogue *catalogue, gint64 document, const GPtrArray *pages, GError **error)
{
    for (guint i = 0; pages && i < pages->len; i++) {
        const CataloguePage *page = pages->pdata[i];
        const char *label = page->label ? page->label : "", *text = page->text ? page->text : "";

        if (!database_do(&catalogue->db, error, "INSERT INTO page (document, number, label, state, bytes, checksum, text)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?)", "iitiiit", document, (gint64) i, label, (gint64) page->state,
                         (gint64) strlen(text), catalogue_page_checksum(document, i, label, page->state, text), text))
            return FALSE;
    }
    return TRUE;
}

static gboolean
delete_document(Catalogue *catalogue, gint64 id, GError **error)
{
    return catalogue_seal_take(catalogue, id, error)
           && database_do(&catalogue->db, error, "DELETE FROM page WHERE document = ?", "i", id)
           && database_do(&catalogue->db, error, "DELETE FROM content WHERE document = ?", "i", id)
           && database_do(&catalogue->db, error, "DELETE FROM document WHERE id = ?", "i", id);
}

/* Writes the row (number ID, or a new one when 0) and its checksum. */
static gboolean
put_row(Catalogue *catalogue, gint64 corpus, gint64 id, gint64 position, gint64 pages, const CatalogueDocument *d,
        gint64 *stored, GError **error)
{
    gint64 checksum = catalogue_document_checksum(d, corpus, position, pages);

    if (!catalogue_seal_take(catalogue, id, error)
        || !database_do(&catalogue->db, error, "INSERT OR REPLACE INTO document VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?, ?,"
                        " ?, ?, ?, ?, ?, ?)", "iiibtttttiiiii", id, corpus, position, d->path, strlen(d->path),
                        d->format, d->title, d->author, d->date, d->hash, d->added, d->file_size, d->file_mtime_ns,
                        pages, checksum))
        return FALSE;
    *stored = sqlite3_last_insert_rowid(catalogue->db.db);
    catalogue_seal_add(catalogue, *stored, checksum);
    return TRUE;
}

/* A row of the corpus; id 0: none.  To be cleared. */
typedef struct {
    gint64 id, position, pages;
    char *hash, *path;
} Stored;

static void
stored_clear(Stored *stored)
{
    g_free(stored->hash);
    g_free(stored->path);
    memset(stored, 0, sizeof *stored);
}

/* Takes the first row of S over. */
static gboolean
take_stored(Catalogue *catalogue, sqlite3_stmt *s, Stored *stored, GError **error)
{
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    if (row == 1) {
        *stored = (Stored) { sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
                             catalogue_column_text(s, 3), catalogue_column_text(s, 4) };
        database_reset(s);
    }
    return row >= 0;
}

static gboolean
find_path(Catalogue *catalogue, gint64 corpus, const char *path, Stored *stored, GError **error)
{
    return take_stored(catalogue, database_query(&catalogue->db, error, "SELECT id, position, pages, hash, path FROM document"
                                                 " WHERE corpus = ? AND path = ?", "ib", corpus, path, strlen(path)),
                       stored, error);
}

static gboolean
find_hash(Catalogue *catalogue, gint64 corpus, const char *hash, Stored *stored, GError **error)
{
    return take_stored(catalogue, database_query(&catalogue->db, error, "SELECT id, position, pages, hash, path FROM document"
                                                 " WHERE corpus = ? AND hash = ? ORDER BY position LIMIT 1", "it",
                                                 corpus, hash),
                       stored, error);
}

static gint64
content_checksum(gint64 corpus, gint64 document, const char *hash)
{
    XXH3_state_t *sum = catalogue_sum_begin(corpus);

    catalogue_sum_int(sum, document);
    catalogue_sum_text(sum, hash);
    return catalogue_sum_end(sum);
}

static gboolean
put_content(Catalogue *catalogue, gint64 corpus, gint64 document, const char *hash, GError **error)
{
    return !hash || database_do(&catalogue->db, error, "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", "iiti", document,
                                corpus, hash, content_checksum(corpus, document, hash));
}

/* The document that says what HASH (may be NULL) stands for. */
static gboolean
find_alike(Catalogue *catalogue, gint64 corpus, const char *hash, Stored *stored, GError **error)
{
    sqlite3_stmt *s = hash ? database_query(&catalogue->db, error, "SELECT document, checksum FROM content WHERE corpus = ?"
                                            " AND hash = ? ORDER BY document LIMIT 1", "it", corpus, hash) : NULL;
    int row = s ? database_step(&catalogue->db, s, error) : -1;
    gint64 id = 0;

    if (row == 1) {
        /* A damaged row is as good as none: the document is stored. */
        if (content_checksum(corpus, sqlite3_column_int64(s, 0), hash) == sqlite3_column_int64(s, 1))
            id = sqlite3_column_int64(s, 0);
        database_reset(s);
    }
    if (id == 0)
        return !hash || row >= 0;
    return take_stored(catalogue, database_query(&catalogue->db, error, "SELECT id, position, pages, hash, path FROM document"
                                                 " WHERE id = ?", "i", id), stored, error);
}

static gint64
copy_checksum(gint64 corpus, gint64 document, const CatalogueDocument *d)
{
    XXH3_state_t *sum = catalogue_sum_begin(corpus);

    catalogue_sum_int(sum, document);
    catalogue_sum_text(sum, d->path);
    catalogue_sum_int(sum, d->added);
    catalogue_sum_int(sum, d->file_size);
    catalogue_sum_int(sum, d->file_mtime_ns);
    return catalogue_sum_end(sum);
}

static gboolean
put_copy(Catalogue *catalogue, gint64 corpus, gint64 document, const CatalogueDocument *d, GError **error)
{
    return database_do(&catalogue->db, error, "INSERT OR REPLACE INTO copy VALUES (?, ?, ?, ?, ?, ?, ?)", "ibiiiii", corpus,
                       d->path, strlen(d->path), document, d->added, d->file_size, d->file_mtime_ns,
                       copy_checksum(corpus, document, d));
}

static gboolean
drop_copy(Catalogue *catalogue, gint64 corpus, const char *path, GError **error)
{
    return database_do(&catalogue->db, error, "DELETE FROM copy WHERE corpus = ? AND path = ?", "ib", corpus, path, strlen(path));
}

/* The row at S, which is in the order of the table, with its document's hash. */
static CatalogueDocument *
copy_of_row(sqlite3_stmt *s)
{
    CatalogueDocument *d = g_new0(CatalogueDocument, 1);

    d->path = catalogue_column_text(s, 1);
    d->added = sqlite3_column_int64(s, 3);
    d->file_size = sqlite3_column_int64(s, 4);
    d->file_mtime_ns = sqlite3_column_int64(s, 5);
    d->hash = catalogue_column_text(s, 7);
    /* A damaged row is as good as none: its file is read again. */
    if (!d->path || copy_checksum(sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 2), d) != sqlite3_column_int64(s, 6))
        g_clear_pointer(&d, catalogue_document_free);
    return d;
}

GPtrArray *
catalogue_copies(Catalogue *catalogue, const char *corpus, GError **error)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func((GDestroyNotify) catalogue_document_free);
    sqlite3_stmt *s;
    int row;

    if (catalogue->db.version < 5)
        return copies;
    s = database_query(&catalogue->db, error, "SELECT copy.corpus, copy.path, document, copy.added, copy.file_size,"
                       " copy.file_mtime_ns, copy.checksum, document.hash FROM copy JOIN corpus ON corpus.id = copy.corpus"
                       " JOIN document ON document.id = copy.document WHERE corpus.name = ? ORDER BY copy.path", "t", corpus);
    row = s ? database_step(&catalogue->db, s, error) : -1;
    for (; row == 1; row = database_step(&catalogue->db, s, error)) {
        CatalogueDocument *copy = copy_of_row(s);

        if (copy)
            g_ptr_array_add(copies, copy);
    }
    if (row < 0)
        g_clear_pointer(&copies, g_ptr_array_unref);
    return copies;
}

gboolean
catalogue_copy_of(Catalogue *catalogue, const char *corpus, const char *path, char **document, GError **error)
{
    sqlite3_stmt *s;
    int row;

    *document = NULL;
    if (catalogue->db.version < 5)
        return TRUE;
    s = database_query(&catalogue->db, error, "SELECT document.path FROM copy JOIN corpus ON corpus.id = copy.corpus"
                       " JOIN document ON document.id = copy.document WHERE corpus.name = ? AND copy.path = ?", "tb",
                       corpus, path, strlen(path));
    row = s ? database_step(&catalogue->db, s, error) : -1;
    if (row == 1) {
        *document = catalogue_column_text(s, 0);
        database_reset(s);
    }
    return row >= 0;
}

/* The full row of document ID, without pages; NULL on error. */
static CatalogueDocument *
load_row(Catalogue *catalogue, gint64 id, GError **error)
{
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT format, title, author, date, hash FROM document WHERE id = ?",
                                     "i", id);
    CatalogueDocument *d = NULL;

    if (s && database_step(&catalogue->db, s, error) == 1) {
        d = g_new0(CatalogueDocument, 1);
        d->format = catalogue_column_text(s, 0);
        d->title = catalogue_column_text(s, 1);
        d->author = catalogue_column_text(s, 2);
        d->date = catalogue_column_text(s, 3);
        d->hash = catalogue_column_text(s, 4);
        database_reset(s);
    }
    return d;
}

/* Makes ROW, whose file was at FROM, that of the file of D. */
static void
move_row(CatalogueDocument *row, const char *from, const CatalogueDocument *d)
{
    g_autofree char *old_name = g_path_get_basename(from);

    /* A title that is only the name of the file changes with it. */
    if (g_strcmp0(row->title, old_name) == 0) {
        g_free(row->title);
        row->title = g_path_get_basename(d->path);
    }
    row->path = g_strdup(d->path);
    row->added = d->added;
    row->file_size = d->file_size;
    row->file_mtime_ns = d->file_mtime_ns;
}

/* The file of STORED has gone or changed: if there is a copy, the document is that file's now.  *DONE: it is. */
static gboolean
hand_over(Catalogue *catalogue, gint64 corpus, const Stored *stored, gboolean *done, GError **error)
{
    g_autoptr(CatalogueDocument) copy = NULL, row = NULL;
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT corpus, path, document, added, file_size, file_mtime_ns,"
                                     " checksum, NULL FROM copy WHERE corpus = ? AND document = ? ORDER BY path LIMIT 1", "ii",
                                     corpus, stored->id);
    int found = s ? database_step(&catalogue->db, s, error) : -1;
    gint64 id;

    *done = FALSE;
    if (found == 1) {
        copy = copy_of_row(s);
        database_reset(s);
    }
    if (!copy)
        return found >= 0;
    row = load_row(catalogue, stored->id, error);
    if (!row)
        return FALSE;
    move_row(row, stored->path, copy);
    *done = TRUE;
    return drop_copy(catalogue, corpus, copy->path, error)
           && put_row(catalogue, corpus, stored->id, stored->position, stored->pages, row, &id, error);
}

/* STORED is no document of its path any more. */
static gboolean
give_up(Catalogue *catalogue, gint64 corpus, const Stored *stored, GError **error)
{
    gboolean done;

    if (!hand_over(catalogue, corpus, stored, &done, error))
        return FALSE;
    return done || delete_document(catalogue, stored->id, error);
}

static gboolean
touch_corpus(Catalogue *catalogue, gint64 corpus, GError **error)
{
    return database_do(&catalogue->db, error, "UPDATE corpus SET changed = ? WHERE id = ?", "ii",
                       g_get_real_time() / G_USEC_PER_SEC, corpus);
}

/* Whether the file of STORED is another one than D's and still there. */
static gboolean
stands_beside(const Stored *stored, const CatalogueDocument *d)
{
    return strcmp(stored->path, d->path) != 0 && g_file_test(stored->path, G_FILE_TEST_IS_REGULAR);
}

/* A document of the corpus has the content of D: a renamed one, or one of which D's file is a copy. */
static gboolean
put_known(Catalogue *catalogue, gint64 corpus, const CatalogueDocument *d, const Stored *same, GError **error)
{
    gint64 id;

    if (stands_beside(same, d))
        return put_copy(catalogue, corpus, same->id, d, error);
    return put_row(catalogue, corpus, same->id, same->position, same->pages, d, &id, error)
           && put_content(catalogue, corpus, id, d->text_hash, error);
}

/* A document of the corpus says what D says: it stays as it is, of its own file or, if that has gone, of D's. */
static gboolean
put_alike(Catalogue *catalogue, gint64 corpus, const CatalogueDocument *d, const Stored *alike, GError **error)
{
    g_autoptr(CatalogueDocument) row = NULL;
    gint64 id;

    if (stands_beside(alike, d))
        return put_copy(catalogue, corpus, alike->id, d, error);
    row = load_row(catalogue, alike->id, error);
    if (!row)
        return FALSE;
    move_row(row, alike->path, d);
    return put_row(catalogue, corpus, alike->id, alike->position, alike->pages, row, &id, error);
}

static gboolean
put_new(Catalogue *catalogue, gint64 corpus, const CatalogueDocument *d, GError **error)
{
    gint64 position, id;

    return database_get(&catalogue->db, 0, &position, error,
                        "SELECT ifnull(max(position), -1) + 1 FROM document WHERE corpus = ?", "i", corpus)
           && put_row(catalogue, corpus, 0, position, d->pages ? d->pages->len : 0, d, &id, error)
           && insert_pages(catalogue, id, d->pages, error) && put_content(catalogue, corpus, id, d->text_hash, error);
}

static gboolean
put_inside(Catalogue *catalogue, gint64 corpus, const CatalogueDocument *d, gboolean *changed, GError **error)
{
    Stored before = { 0 }, same = { 0 }, alike = { 0 };
    gboolean ok = find_path(catalogue, corpus, d->path, &before, error)
                  && drop_copy(catalogue, corpus, d->path, error);

    *changed = FALSE;
    if (ok && before.id && strcmp(before.hash, d->hash) == 0) {
        ok = put_known(catalogue, corpus, d, &before, error);
    } else if (ok) {
        *changed = before.id != 0;
        ok = (!before.id || give_up(catalogue, corpus, &before, error))
             && (d->distinct || find_hash(catalogue, corpus, d->hash, &same, error));
        if (same.id && d->incomplete && stands_beside(&same, d))
            stored_clear(&same);
        ok = ok && (d->distinct || same.id || find_alike(catalogue, corpus, d->text_hash, &alike, error));
        *changed |= !same.id && !alike.id;
        ok = ok && (same.id ? put_known(catalogue, corpus, d, &same, error)
                    : alike.id ? put_alike(catalogue, corpus, d, &alike, error) : put_new(catalogue, corpus, d, error))
             && (!*changed || touch_corpus(catalogue, corpus, error));
    }
    stored_clear(&before);
    stored_clear(&same);
    stored_clear(&alike);
    return ok;
}

/* The number of the corpus, which is made if it is new, with its seal taken up. */
static gboolean
begin_corpus(Catalogue *catalogue, const char *corpus, gint64 *id, GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    if (!catalogue_corpus_id(catalogue, corpus, id, error))
        return FALSE;
    if (*id)
        return catalogue_seal_begin(catalogue, corpus, *id, error);
    catalogue->seal = (CatalogueSeal) { 0 };
    return database_do(&catalogue->db, error, "INSERT INTO corpus (name, created, changed, checksum) VALUES (?, ?, ?, 0)",
                       "tii", corpus, now, now)
           && catalogue_corpus_id(catalogue, corpus, id, error);
}

gboolean
catalogue_put(Catalogue *catalogue, const char *corpus, const CatalogueDocument *document,
              gboolean *changed, GError **error)
{
    gint64 id;
    gboolean differs;

    g_return_val_if_fail(document->path && document->hash, FALSE);
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    if (!begin_corpus(catalogue, corpus, &id, error) || !put_inside(catalogue, id, document, &differs, error)
        || !catalogue_seal_end(catalogue, id, error)) {
        database_rollback(&catalogue->db);
        return FALSE;
    }
    if (changed)
        *changed = differs;
    return database_commit(&catalogue->db, error);
}

/* The document or copy at PATH.  *FOUND: there was one. */
static gboolean
remove_inside(Catalogue *catalogue, const char *name, gint64 corpus, const char *path, gboolean *found, GError **error)
{
    Stored stored = { 0 };
    gboolean ok = find_path(catalogue, corpus, path, &stored, error);

    *found = ok && stored.id != 0;
    if (*found) {
        ok = catalogue_seal_begin(catalogue, name, corpus, error) && give_up(catalogue, corpus, &stored, error)
             && touch_corpus(catalogue, corpus, error) && catalogue_seal_end(catalogue, corpus, error);
    } else if (ok) {
        ok = drop_copy(catalogue, corpus, path, error);
        *found = ok && sqlite3_changes(catalogue->db.db) > 0;
    }
    stored_clear(&stored);
    return ok;
}

gboolean
catalogue_remove_document(Catalogue *catalogue, const char *corpus, const char *path, gboolean *found, GError **error)
{
    gint64 id;

    *found = FALSE;
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    if (!catalogue_corpus_id(catalogue, corpus, &id, error) || !remove_inside(catalogue, corpus, id, path, found, error)) {
        database_rollback(&catalogue->db);
        return FALSE;
    }
    return database_commit(&catalogue->db, error) && (!*found || catalogue_shrink(catalogue, error));
}

gboolean
catalogue_remove_corpus(Catalogue *catalogue, const char *corpus, gboolean *found, GError **error)
{
    gint64 id = 0;
    gboolean ok;

    *found = FALSE;
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    ok = catalogue_corpus_id(catalogue, corpus, &id, error)
         && database_do(&catalogue->db, error, "DELETE FROM page WHERE document IN"
                        " (SELECT id FROM document WHERE corpus = ?)", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM content WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM document WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM copy WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM volumes WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM bibliography WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM seal WHERE corpus = ?", "i", id)
         && database_do(&catalogue->db, error, "DELETE FROM corpus WHERE id = ?", "i", id);
    if (!ok) {
        database_rollback(&catalogue->db);
        return FALSE;
    }
    *found = id != 0;
    return database_commit(&catalogue->db, error) && (!*found || catalogue_shrink(catalogue, error));
}
