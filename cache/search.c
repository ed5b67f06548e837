/* search.c - the full-text index: which pages hold which words, in SQLite's FTS5. */
#include "config.h"
#include "cache/search.h"
#include "cache/database.h"
#include "cache/search_query.h"

#include <glib/gstdio.h>
#include <string.h>
#include <xxhash.h>

#include "src/base/failure.h"

struct SearchIndex {
    Database db;
};

static const char *const tables[] = {
    "CREATE TABLE document (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE);"
    "CREATE TABLE page (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, number INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL, UNIQUE (document, number));"
    "CREATE VIRTUAL TABLE words USING fts5(head, text, tokenize = 'porter unicode61 remove_diacritics 2');",
};

/* The text is kept beside the words, as FTS5 needs it to take a page out again and to show where it matched.  What
 * stands on a page before it is shown is compared with the page's checksum. */
static const DatabaseFormat search_format = {
    .what = "the search index",
    .remedy = "make it again with 'kvasir search --rebuild'",
    .application_id = 0x4b565358,       /* "KVSX" */
    .version = 1,
    .setup = "PRAGMA journal_mode = WAL",
    .steps = tables,
    .connect =
        "PRAGMA synchronous = NORMAL;"
        "PRAGMA secure_delete = ON;"
        "PRAGMA temp_store = MEMORY;"
        "CREATE TEMP TABLE among (hash TEXT PRIMARY KEY)",
};

SearchIndex *
search_open(const char *path, GError **error)
{
    SearchIndex *index = g_new0(SearchIndex, 1);

    if (!database_open(&index->db, path, &search_format, DATABASE_CREATE, error))
        g_clear_pointer(&index, g_free);
    return index;
}

void
search_close(SearchIndex *index)
{
    if (!index)
        return;
    database_close(&index->db);
    g_free(index);
}

void
search_delete(const char *path)
{
    static const char *const endings[] = { "", "-wal", "-shm" };

    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_strconcat(path, endings[i], NULL);

        g_unlink(name);
    }
}

gboolean
search_has(SearchIndex *index, const char *hash, gboolean *has, GError **error)
{
    gint64 id;
    gboolean ok = database_get(&index->db, 0, &id, error, "SELECT id FROM document WHERE hash = ?", "t", hash);

    *has = ok && id != 0;
    return ok;
}

static gint64
page_checksum(const char *head, const char *text)
{
    return (gint64) (XXH3_64bits(head, strlen(head)) ^ XXH3_64bits_withSeed(text, strlen(text), 1));
}

/* What belongs to each page of DOCUMENT though it need not stand on it. */
static char *
head_of(const CatalogueDocument *document, const CataloguePage *page)
{
    g_autofree char *line = g_strjoin("\n", document->title ? document->title : "",
                                      document->author ? document->author : "", page->label ? page->label : "", NULL);

    return search_spread(line);
}

static gboolean
add_page(SearchIndex *index, gint64 document, guint number, const char *head, const char *text, GError **error)
{
    gint64 id;

    if (!database_do(&index->db, error, "INSERT INTO page (document, number, checksum) VALUES (?, ?, ?)", "iii",
                     document, (gint64) number, page_checksum(head, text)))
        return FALSE;
    id = sqlite3_last_insert_rowid(index->db.db);
    return database_do(&index->db, error, "INSERT INTO words (rowid, head, text) VALUES (?, ?, ?)", "itt", id, head, text);
}

static gboolean
add_document(SearchIndex *index, const CatalogueDocument *document, GError **error)
{
    gboolean has;
    gint64 id;

    if (!search_has(index, document->hash, &has, error))
        return FALSE;
    if (has)
        return TRUE;
    if (!database_do(&index->db, error, "INSERT INTO document (hash) VALUES (?)", "t", document->hash))
        return FALSE;
    id = sqlite3_last_insert_rowid(index->db.db);
    for (guint i = 0; i < document->pages->len; i++) {
        const CataloguePage *page = document->pages->pdata[i];

        if (!page->text || !page->text[0])
            continue;
        g_autofree char *head = head_of(document, page), *text = search_spread(page->text);
        if (!add_page(index, id, i, head, text, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
search_add(SearchIndex *index, const CatalogueDocument *document, GError **error)
{
    if (!database_begin(&index->db, error))
        return FALSE;
    if (add_document(index, document, error))
        return database_commit(&index->db, error);
    database_rollback(&index->db);
    return FALSE;
}

/* Fills the temporary table of hashes that a statement is about. */
static gboolean
set_among(SearchIndex *index, const GPtrArray *hashes, GError **error)
{
    if (!database_do(&index->db, error, "DELETE FROM among", ""))
        return FALSE;
    for (guint i = 0; i < hashes->len; i++) {
        if (!database_do(&index->db, error, "INSERT OR IGNORE INTO among VALUES (?)", "t",
                         (const char *) hashes->pdata[i]))
            return FALSE;
    }
    return TRUE;
}

#define GONE "SELECT id FROM document WHERE hash NOT IN (SELECT hash FROM among)"

static gboolean
remove_gone(SearchIndex *index, gint64 *gone, GError **error)
{
    return database_get(&index->db, 0, gone, error, "SELECT count(*) FROM (" GONE ")", "")
           && (*gone == 0
               || (database_do(&index->db, error, "DELETE FROM words WHERE rowid IN"
                               " (SELECT id FROM page WHERE document IN (" GONE "))", "")
                   && database_do(&index->db, error, "DELETE FROM page WHERE document IN (" GONE ")", "")
                   && database_do(&index->db, error, "DELETE FROM document WHERE id IN (" GONE ")", "")
                   /* Removed words stay in the file until their segments are merged. */
                   && database_do(&index->db, error, "INSERT INTO words (words) VALUES ('optimize')", "")));
}

gboolean
search_keep(SearchIndex *index, GHashTable *hashes, guint *removed, GError **error)
{
    guint length;
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(hashes, &length);
    GPtrArray array = { keys, length };
    gint64 gone = 0;

    if (!database_begin(&index->db, error))
        return FALSE;
    if (!set_among(index, &array, error) || !remove_gone(index, &gone, error)) {
        database_rollback(&index->db);
        return FALSE;
    }
    if (removed)
        *removed = (guint) gone;
    return database_commit(&index->db, error)
           /* The log still has the removed text, too. */
           && (gone == 0 || database_run(&index->db, "PRAGMA wal_checkpoint(TRUNCATE)", error));
}

static void
clear_hit(gpointer data)
{
    SearchHit *hit = data;

    g_free(hit->hash);
    g_free(hit->snippet);
}

/* A stretch of text on one line, without the marks that only the index needs. */
static char *
tidy(const char *text)
{
    GString *line = g_string_new(NULL);

    for (const char *p = text; *p; p += g_utf8_skip[*(const guchar *) p]) {
        gunichar c = g_utf8_get_char(p);

        if (c == 0x200b)
            continue;
        if (!g_unichar_isspace(c))
            g_string_append_unichar(line, c);
        else if (line->len && line->str[line->len - 1] != ' ')
            g_string_append_c(line, ' ');
    }
    return g_string_free(line, FALSE);
}

/* FALSE with ERROR when the page is not as it was written. */
static gboolean
add_hit(SearchIndex *index, sqlite3_stmt *s, GArray *hits, GError **error)
{
    const char *head = (const char *) sqlite3_column_text(s, 3), *text = (const char *) sqlite3_column_text(s, 4);
    const char *snippet = (const char *) sqlite3_column_text(s, 6);
    SearchHit hit = { .page = (guint) sqlite3_column_int(s, 1), .score = -sqlite3_column_double(s, 2) };

    if (!head || !text || !snippet || page_checksum(head, text) != sqlite3_column_int64(s, 5)
        || !g_utf8_validate(snippet, -1, NULL))
        return database_fail(&index->db, SQLITE_CORRUPT, error);
    hit.hash = g_strdup((const char *) sqlite3_column_text(s, 0));
    hit.snippet = tidy(snippet);
    g_array_append_val(hits, hit);
    return TRUE;
}

/* Title and author count less than what stands on the page. */
#define FIND_SQL \
    "SELECT document.hash, page.number, bm25(words, 0.3, 1.0) AS score, words.head, words.text, page.checksum," \
    " snippet(words, 1, char(1), char(2), '…', 24)" \
    " FROM words JOIN page ON page.id = words.rowid JOIN document ON document.id = page.document" \
    " WHERE words MATCH ? AND document.hash IN (SELECT hash FROM among)" \
    " ORDER BY score, document.id, page.number LIMIT ?"

GArray *
search_find(SearchIndex *index, const char *expression, const GPtrArray *hashes, guint limit, GError **error)
{
    g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(SearchHit));
    sqlite3_stmt *s;
    int row;

    g_array_set_clear_func(hits, clear_hit);
    if (!set_among(index, hashes, error))
        return NULL;
    s = database_query(&index->db, error, FIND_SQL, "ti", expression, (gint64) limit);
    row = s ? database_step(&index->db, s, error) : -1;
    for (; row == 1; row = database_step(&index->db, s, error)) {
        if (!add_hit(index, s, hits, error)) {
            database_reset(s);
            return NULL;
        }
    }
    return row == 0 ? g_steal_pointer(&hits) : NULL;
}
