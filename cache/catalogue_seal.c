/* catalogue_seal.c - the sum over a corpus and its documents: none can vanish unseen.
 *
 * A document adds a term to the sum, made of its number and its row's checksum.  Terms are added modulo 2^64, in any order: a
 * document that comes or goes costs the same in a corpus of ten and of a million.  (Where it stands is in its row's checksum.)
 * What was sealed before format 8 has no such sum, but one checksum over all documents in order; it is read as it is, and
 * sealed anew, once it has been checked, when a document comes or goes.
 */
#include "config.h"
#include "cache/catalogue_internal.h"

#include "src/base/failure.h"

/* What table seal has of a corpus. */
typedef struct {
    gboolean there;             /* not of one that was sealed before format 8 */
    CatalogueSeal seal;
} Kept;

static gboolean
damaged(Catalogue *catalogue, const char *corpus, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged in the corpus %s; remove that and "
                "ingest it again: 'kvasir corpus remove %s', 'kvasir ingest -c %s ...'", catalogue->db.path,
                corpus, corpus, corpus);
    return FALSE;
}

static guint64
term(gint64 document, gint64 checksum)
{
    XXH3_state_t *sum = catalogue_sum_begin(document);

    catalogue_sum_int(sum, checksum);
    return (guint64) catalogue_sum_end(sum);
}

static void
add(CatalogueSeal *seal, gint64 document, gint64 checksum)
{
    seal->documents++;
    seal->sum += term(document, checksum);
}

void
catalogue_seal_add(Catalogue *catalogue, gint64 document, gint64 checksum)
{
    add(&catalogue->seal, document, checksum);
}

gboolean
catalogue_seal_take(Catalogue *catalogue, gint64 document, GError **error)
{
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT checksum FROM document WHERE id = ?", "i", document);
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    if (row == 1) {
        catalogue->seal.documents--;
        catalogue->seal.sum -= term(document, sqlite3_column_int64(s, 0));
        database_reset(s);
    }
    return row >= 0;
}

static gboolean
load_kept(Catalogue *catalogue, gint64 corpus, Kept *kept, GError **error)
{
    sqlite3_stmt *s;
    int row;

    *kept = (Kept) { FALSE };
    if (catalogue->db.version < 8)
        return TRUE;
    s = database_query(&catalogue->db, error, "SELECT documents, sum FROM seal WHERE corpus = ?", "i", corpus);
    row = s ? database_step(&catalogue->db, s, error) : -1;
    if (row == 1) {
        *kept = (Kept) { TRUE, { sqlite3_column_int64(s, 0), (guint64) sqlite3_column_int64(s, 1) } };
        database_reset(s);
    }
    return row >= 0;
}

/* Begins the checksum of the corpus's row, *SUM, with the row itself.  To be ended, also on failure. */
static gboolean
begin_row(Catalogue *catalogue, gint64 corpus, XXH3_state_t **sum, GError **error)
{
    sqlite3_stmt *s = database_query(&catalogue->db, error, "SELECT name, created, changed FROM corpus WHERE id = ?",
                                     "i", corpus);
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    *sum = catalogue_sum_begin(corpus);
    if (row == 1) {
        catalogue_sum_text(*sum, (const char *) sqlite3_column_text(s, 0));
        catalogue_sum_int(*sum, sqlite3_column_int64(s, 1));
        catalogue_sum_int(*sum, sqlite3_column_int64(s, 2));
        database_reset(s);
    }
    return row >= 0;
}

static gboolean
row_checksum(Catalogue *catalogue, gint64 corpus, const CatalogueSeal *seal, gint64 *checksum, GError **error)
{
    XXH3_state_t *sum;
    gboolean ok = begin_row(catalogue, corpus, &sum, error);

    catalogue_sum_int(sum, seal->documents);
    catalogue_sum_int(sum, (gint64) seal->sum);
    *checksum = catalogue_sum_end(sum);
    return ok;
}

/* Over all documents: *SEAL as it should be, and *OLD, the checksum of before format 8. */
static gboolean
count_documents(Catalogue *catalogue, gint64 corpus, CatalogueSeal *seal, gint64 *old, GError **error)
{
    XXH3_state_t *sum;
    gboolean ok = begin_row(catalogue, corpus, &sum, error);
    sqlite3_stmt *s = ok ? database_query(&catalogue->db, error, "SELECT id, checksum FROM document WHERE corpus = ?"
                                          " ORDER BY position, id", "i", corpus) : NULL;
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    *seal = (CatalogueSeal) { 0 };
    for (; row == 1; row = database_step(&catalogue->db, s, error)) {
        gint64 id = sqlite3_column_int64(s, 0), checksum = sqlite3_column_int64(s, 1);

        catalogue_sum_int(sum, id);
        catalogue_sum_int(sum, checksum);
        add(seal, id, checksum);
    }
    *old = catalogue_sum_end(sum);
    return row == 0;
}

static gboolean
stored_checksum(Catalogue *catalogue, gint64 corpus, gint64 *checksum, GError **error)
{
    return database_get(&catalogue->db, 0, checksum, error, "SELECT checksum FROM corpus WHERE id = ?", "i", corpus);
}

/* *SEAL: what is right now. */
static gboolean
check_all(Catalogue *catalogue, const char *name, gint64 corpus, CatalogueSeal *seal, GError **error)
{
    gint64 is, should;
    Kept kept;

    if (!load_kept(catalogue, corpus, &kept, error) || !stored_checksum(catalogue, corpus, &should, error)
        || !count_documents(catalogue, corpus, seal, &is, error)
        || (kept.there && !row_checksum(catalogue, corpus, seal, &is, error)))
        return FALSE;
    return is == should || damaged(catalogue, name, error);
}

gboolean
catalogue_seal_check(Catalogue *catalogue, const char *name, gint64 corpus, GError **error)
{
    CatalogueSeal seal;

    return check_all(catalogue, name, corpus, &seal, error);
}

gboolean
catalogue_seal_begin(Catalogue *catalogue, const char *name, gint64 corpus, GError **error)
{
    gint64 is, should;
    Kept kept;

    if (!load_kept(catalogue, corpus, &kept, error))
        return FALSE;
    if (!kept.there)
        return check_all(catalogue, name, corpus, &catalogue->seal, error);
    catalogue->seal = kept.seal;
    if (!stored_checksum(catalogue, corpus, &should, error) || !row_checksum(catalogue, corpus, &kept.seal, &is, error))
        return FALSE;
    return is == should || damaged(catalogue, name, error);
}

gboolean
catalogue_seal_end(Catalogue *catalogue, gint64 corpus, GError **error)
{
    const CatalogueSeal *seal = &catalogue->seal;
    gint64 checksum;

    return row_checksum(catalogue, corpus, seal, &checksum, error)
           && database_do(&catalogue->db, error, "INSERT OR REPLACE INTO seal VALUES (?, ?, ?)", "iii", corpus,
                          seal->documents, (gint64) seal->sum)
           && database_do(&catalogue->db, error, "UPDATE corpus SET checksum = ? WHERE id = ?", "ii", checksum, corpus);
}
