/* catalogue_internal.c - what the catalogue's files share. */
#include "config.h"
#include "cache/catalogue_internal.h"

#include <string.h>

void
catalogue_sum_text(XXH3_state_t *sum, const char *text)
{
    if (text)
        XXH3_64bits_update(sum, text, strlen(text) + 1);
    else
        XXH3_64bits_update(sum, "\1", 1);
}

void
catalogue_sum_int(XXH3_state_t *sum, gint64 value)
{
    gint64 little = GINT64_TO_LE(value);

    XXH3_64bits_update(sum, &little, sizeof little);
}

gint64
catalogue_sum_end(XXH3_state_t *sum)
{
    gint64 digest = (gint64) XXH3_64bits_digest(sum);

    XXH3_freeState(sum);
    return digest;
}

XXH3_state_t *
catalogue_sum_begin(gint64 owner)
{
    XXH3_state_t *sum = XXH3_createState();

    if (!sum)
        g_error("no memory");
    XXH3_64bits_reset(sum);
    catalogue_sum_int(sum, owner);
    return sum;
}

char *
catalogue_column_text(sqlite3_stmt *s, int column)
{
    const void *bytes = sqlite3_column_blob(s, column);
    int size = sqlite3_column_bytes(s, column);

    if (sqlite3_column_type(s, column) == SQLITE_NULL)
        return NULL;
    return g_strndup(bytes ? bytes : "", (gsize) size);
}

gboolean
catalogue_shrink(Catalogue *catalogue, GError **error)
{
    if (!database_run(&catalogue->db, "PRAGMA incremental_vacuum", error))
        return FALSE;
    sqlite3_wal_checkpoint_v2(catalogue->db.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return TRUE;
}
