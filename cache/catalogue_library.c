/* catalogue_library.c - the catalogue: the bibliography of a corpus. */
#include "config.h"
#include "cache/catalogue.h"
#include "cache/catalogue_internal.h"

#include "src/base/failure.h"

static gint64
library_checksum(gint64 corpus, const char *text)
{
    XXH3_state_t *sum = catalogue_sum_begin(corpus);

    catalogue_sum_text(sum, text);
    return catalogue_sum_end(sum);
}

gboolean
catalogue_bibliography(Catalogue *catalogue, const char *corpus, char **text, GError **error)
{
    sqlite3_stmt *s;
    int row;

    *text = NULL;
    if (catalogue->db.version < 6)
        return TRUE;
    s = database_query(&catalogue->db, error, "SELECT bibliography.corpus, text, bibliography.checksum FROM bibliography"
                       " JOIN corpus ON corpus.id = bibliography.corpus WHERE corpus.name = ?", "t", corpus);
    row = s ? database_step(&catalogue->db, s, error) : -1;
    if (row != 1)
        return row == 0;
    *text = catalogue_column_text(s, 1);
    if (!*text || library_checksum(sqlite3_column_int64(s, 0), *text) != sqlite3_column_int64(s, 2)) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged in the bibliography of the corpus %s; give it "
                    "again: 'kvasir ingest -c %s --bibliography FILE'", catalogue->db.path, corpus, corpus);
        g_clear_pointer(text, g_free);
        row = -1;
    }
    database_reset(s);
    return row == 1;
}

gboolean
catalogue_set_bibliography(Catalogue *catalogue, const char *corpus, const char *text, GError **error)
{
    gint64 id;
    gboolean ok;

    if (!database_begin(&catalogue->db, error))
        return FALSE;
    ok = catalogue_corpus_id(catalogue, corpus, &id, error)
         && database_do(&catalogue->db, error, "DELETE FROM bibliography WHERE corpus = ?", "i", id)
         && (id == 0 || text == NULL
             || database_do(&catalogue->db, error, "INSERT INTO bibliography (corpus, text, checksum) VALUES (?, ?, ?)",
                            "iti", id, text, library_checksum(id, text)));
    if (!ok)
        database_rollback(&catalogue->db);
    return ok && database_commit(&catalogue->db, error);
}
