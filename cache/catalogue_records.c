/* catalogue_records.c - the catalogue's records of answers, and the conversations that they make. */
#include "config.h"
#include "cache/catalogue_internal.h"

#include <string.h>

#include "src/base/failure.h"

void
catalogue_record_free(CatalogueRecord *record)
{
    if (!record)
        return;
    g_free(record->corpus);
    g_free(record->question);
    g_free(record->text);
    g_free(record);
}

static void
free_record(gpointer record)
{
    catalogue_record_free(record);
}

static gint64
record_checksum(const CatalogueRecord *r)
{
    XXH3_state_t *sum = catalogue_sum_begin(r->id);

    catalogue_sum_int(sum, r->made);
    catalogue_sum_text(sum, r->corpus);
    catalogue_sum_text(sum, r->question);
    catalogue_sum_text(sum, r->text);
    return catalogue_sum_end(sum);
}

/* Inside a transaction. */
static gboolean
insert_record(Catalogue *catalogue, const CatalogueRecord *record, gint64 *id, GError **error)
{
    CatalogueRecord r = *record;

    /* The checksum covers the number, so it must be known before. */
    if (!database_get(&catalogue->db, 0, &r.id, error, "SELECT ifnull(max(id), 0) + 1 FROM record", ""))
        return FALSE;
    *id = r.id;
    return database_do(&catalogue->db, error, "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", "iittit", r.id, r.made,
                       r.corpus, r.question, record_checksum(&r), r.text);
}

/* Ends a transaction. */
static gboolean
end(Catalogue *catalogue, gboolean ok, GError **error)
{
    if (ok)
        return database_commit(&catalogue->db, error);
    database_rollback(&catalogue->db);
    return FALSE;
}

gboolean
catalogue_add_record(Catalogue *catalogue, const CatalogueRecord *record, gint64 *id, GError **error)
{
    return database_begin(&catalogue->db, error) && end(catalogue, insert_record(catalogue, record, id, error), error);
}

gboolean
catalogue_add_records(Catalogue *catalogue, const GPtrArray *records, GError **error)
{
    gboolean ok = database_begin(&catalogue->db, error);

    if (!ok)
        return FALSE;
    for (guint i = 0; ok && i < records->len; i++) {
        CatalogueRecord *record = g_ptr_array_index(records, i);
        ok = insert_record(catalogue, record, &record->id, error);
    }
    return end(catalogue, ok, error);
}

static gint64
turn_checksum(gint64 conversation, gint64 number, gint64 record)
{
    XXH3_state_t *sum = catalogue_sum_begin(conversation);

    catalogue_sum_int(sum, number);
    catalogue_sum_int(sum, record);
    return catalogue_sum_end(sum);
}

#define RECORD_SQL \
    "SELECT record.id, made, corpus, question, record.checksum, text, ifnull(conversation, 0), ifnull(number, 0)," \
    " turn.checksum FROM record LEFT JOIN turn ON turn.record = record.id "
#define RECORD_SQL_2 "SELECT id, made, corpus, question, checksum, text, 0, 0, 0 FROM record "

/* The row that S stands at; NULL with ERROR, and S reset, when it is damaged. */
static CatalogueRecord *
record_of_row(Catalogue *catalogue, sqlite3_stmt *s, GError **error)
{
    CatalogueRecord *r = g_new0(CatalogueRecord, 1);

    r->id = sqlite3_column_int64(s, 0);
    r->made = sqlite3_column_int64(s, 1);
    r->corpus = catalogue_column_text(s, 2);
    r->question = catalogue_column_text(s, 3);
    r->text = catalogue_column_text(s, 5);
    r->conversation = sqlite3_column_int64(s, 6);
    r->turn = sqlite3_column_int64(s, 7);
    if (record_checksum(r) != sqlite3_column_int64(s, 4)
        || (r->conversation && turn_checksum(r->conversation, r->turn, r->id) != sqlite3_column_int64(s, 8))) {
        g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged at record %" G_GINT64_FORMAT
                    " of the history; the other records can still be shown", catalogue->db.path, r->id);
        database_reset(s);
        g_clear_pointer(&r, catalogue_record_free);
    }
    return r;
}

/* All rows of S, which is NULL after an error. */
static GPtrArray *
collect_records(Catalogue *catalogue, sqlite3_stmt *s, GError **error)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    int row = s ? database_step(&catalogue->db, s, error) : -1;

    for (; row == 1; row = database_step(&catalogue->db, s, error)) {
        CatalogueRecord *record = record_of_row(catalogue, s, error);

        if (!record) {
            row = -1;
            break;
        }
        g_ptr_array_add(records, record);
    }
    if (row < 0)
        g_clear_pointer(&records, g_ptr_array_unref);
    return records;
}

GPtrArray *
catalogue_records(Catalogue *catalogue, const char *corpus, GError **error)
{
    if (catalogue->db.version < 2)
        return g_ptr_array_new_with_free_func(free_record);
    if (catalogue->db.version < 3)
        return collect_records(catalogue, database_query(&catalogue->db, error, RECORD_SQL_2
                               "WHERE ?1 IS NULL OR corpus = ?1 ORDER BY id", "t", corpus), error);
    return collect_records(catalogue, database_query(&catalogue->db, error, RECORD_SQL
                           "WHERE ?1 IS NULL OR corpus = ?1 ORDER BY record.id", "t", corpus), error);
}

CatalogueRecord *
catalogue_record(Catalogue *catalogue, gint64 id, GError **error)
{
    CatalogueRecord *record = NULL;
    sqlite3_stmt *s;

    if (catalogue->db.version < 2)
        return NULL;
    if (catalogue->db.version < 3)
        s = database_query(&catalogue->db, error, RECORD_SQL_2 "WHERE id = ?", "i", id);
    else
        s = database_query(&catalogue->db, error, RECORD_SQL "WHERE record.id = ?", "i", id);
    if (s && database_step(&catalogue->db, s, error) == 1 && (record = record_of_row(catalogue, s, error)))
        database_reset(s);
    return record;
}

static gboolean
delete_record(Catalogue *catalogue, gint64 id, gboolean *found, GError **error)
{
    gint64 conversation = 0;

    if (!database_get(&catalogue->db, 0, &conversation, error, "SELECT conversation FROM turn WHERE record = ?", "i", id))
        return FALSE;
    if (conversation) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "answer %" G_GINT64_FORMAT " is a turn of conversation %" G_GINT64_FORMAT
                    ", which goes as a whole: 'kvasir chat --delete %" G_GINT64_FORMAT "'", id, conversation, conversation);
        return FALSE;
    }
    if (!database_do(&catalogue->db, error, "DELETE FROM record WHERE id = ?", "i", id))
        return FALSE;
    *found = sqlite3_changes(catalogue->db.db) > 0;
    return TRUE;
}

gboolean
catalogue_remove_records(Catalogue *catalogue, const gint64 *ids, gsize n, gboolean *found, GError **error)
{
    gboolean any = FALSE, ok = TRUE;

    memset(found, 0, n * sizeof *found);
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    for (gsize i = 0; ok && i < n; i++) {
        ok = delete_record(catalogue, ids[i], &found[i], error);
        any = any || found[i];
    }
    if (!ok)
        memset(found, 0, n * sizeof *found);
    return end(catalogue, ok, error) && (!any || catalogue_shrink(catalogue, error));
}

/* --- Conversations --- */

/* The record that is the last turn of CONVERSATION; 0: there is none. */
static gboolean
last_turn(Catalogue *catalogue, gint64 conversation, gint64 *record, GError **error)
{
    return database_get(&catalogue->db, 0, record, error, "SELECT record FROM turn WHERE conversation = ?"
                        " ORDER BY number DESC LIMIT 1", "i", conversation);
}

static gboolean
delete_turns(Catalogue *catalogue, gint64 conversation, gint64 number, GError **error)
{
    return database_do(&catalogue->db, error, "DELETE FROM turn WHERE conversation = ? AND number >= ?", "ii",
                       conversation, number);
}

/* The number that a conversation gets that is made now. */
static gboolean
new_conversation(Catalogue *catalogue, gint64 *conversation, GError **error)
{
    return database_get(&catalogue->db, 0, conversation, error, "SELECT ifnull(max(conversation), 0) + 1 FROM turn", "");
}

static gboolean
insert_turn(Catalogue *catalogue, const CatalogueRecord *record, gint64 conversation, gint64 number, gint64 *id, GError **error)
{
    return insert_record(catalogue, record, id, error)
           && database_do(&catalogue->db, error, "INSERT INTO turn VALUES (?, ?, ?, ?)", "iiii", conversation, number, *id,
                          turn_checksum(conversation, number, *id));
}

static gboolean
add_turn(Catalogue *catalogue, const CatalogueRecord *record, gint64 *conversation, gint64 number, gint64 last, gint64 *id,
         GError **error)
{
    gint64 is = 0;

    if (*conversation && !last_turn(catalogue, *conversation, &is, error))
        return FALSE;
    if (is != last) {
        *conversation = is ? *conversation : 0;
        return TRUE;
    }
    return (*conversation || new_conversation(catalogue, conversation, error))
           && delete_turns(catalogue, *conversation, number, error)
           && insert_turn(catalogue, record, *conversation, number, id, error);
}

gboolean
catalogue_add_turn(Catalogue *catalogue, const CatalogueRecord *record, gint64 *conversation, gint64 number,
                   gint64 last, gint64 *id, GError **error)
{
    *id = 0;
    return database_begin(&catalogue->db, error)
           && end(catalogue, add_turn(catalogue, record, conversation, number, last, id, error), error);
}

gboolean
catalogue_add_conversation(Catalogue *catalogue, const GPtrArray *records, gint64 *conversation, GError **error)
{
    gboolean ok = database_begin(&catalogue->db, error);

    if (!ok)
        return FALSE;
    ok = new_conversation(catalogue, conversation, error);
    for (guint i = 0; ok && i < records->len; i++) {
        CatalogueRecord *record = g_ptr_array_index(records, i);
        ok = insert_turn(catalogue, record, *conversation, (gint64) i + 1, &record->id, error);
    }
    return end(catalogue, ok, error);
}

gboolean
catalogue_cut_turns(Catalogue *catalogue, gint64 conversation, gint64 number, gint64 last, gboolean *done, GError **error)
{
    gint64 is;
    gboolean ok;

    *done = FALSE;
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    ok = last_turn(catalogue, conversation, &is, error) && (is != last || delete_turns(catalogue, conversation, number, error));
    *done = ok && is == last;
    return end(catalogue, ok, error);
}

GPtrArray *
catalogue_turns(Catalogue *catalogue, gint64 conversation, GError **error)
{
    GPtrArray *turns;

    if (catalogue->db.version < 3)
        return g_ptr_array_new_with_free_func(free_record);
    turns = collect_records(catalogue, database_query(&catalogue->db, error, RECORD_SQL
                            "WHERE conversation = ? ORDER BY number", "i", conversation), error);
    for (guint i = 0; turns && i < turns->len; i++) {
        if (((const CatalogueRecord *) g_ptr_array_index(turns, i))->turn == (gint64) i + 1)
            continue;
        g_set_error(error, FAILURE, FAILURE_CACHE, "the catalogue %s is damaged: conversation %" G_GINT64_FORMAT
                    " has no turn %u; delete it with 'kvasir chat --delete %" G_GINT64_FORMAT "'", catalogue->db.path,
                    conversation, i + 1, conversation);
        g_clear_pointer(&turns, g_ptr_array_unref);
    }
    return turns;
}

void
catalogue_conversation_free(CatalogueConversation *conversation)
{
    if (!conversation)
        return;
    g_free(conversation->corpus);
    g_free(conversation->question);
    g_free(conversation);
}

static void
free_conversation(gpointer conversation)
{
    catalogue_conversation_free(conversation);
}

/* Takes TURN into the list: its conversation's first turn makes an element, the others add to it. */
static void
count_turn(GPtrArray *conversations, CatalogueRecord *turn)
{
    CatalogueConversation *c = NULL;

    if (conversations->len > 0)     /* they come in order */
        c = g_ptr_array_index(conversations, conversations->len - 1);
    if (!c || c->id != turn->conversation) {
        c = g_new0(CatalogueConversation, 1);
        c->id = turn->conversation;
        c->made = turn->made;
        c->corpus = g_steal_pointer(&turn->corpus);
        c->question = g_steal_pointer(&turn->question);
        g_ptr_array_add(conversations, c);
    }
    c->turns++;
    c->changed = turn->made;
}

GPtrArray *
catalogue_conversations(Catalogue *catalogue, const char *corpus, GError **error)
{
    GPtrArray *conversations = g_ptr_array_new_with_free_func(free_conversation);
    g_autoptr(GPtrArray) turns = NULL;

    if (catalogue->db.version < 3)
        return conversations;
    turns = collect_records(catalogue, database_query(&catalogue->db, error, RECORD_SQL "WHERE conversation > 0"
                            " AND (?1 IS NULL OR corpus = ?1) ORDER BY conversation, number", "t", corpus), error);
    for (guint i = 0; turns && i < turns->len; i++)
        count_turn(conversations, g_ptr_array_index(turns, i));
    if (!turns)
        g_clear_pointer(&conversations, g_ptr_array_unref);
    return conversations;
}

gboolean
catalogue_remove_conversation(Catalogue *catalogue, gint64 conversation, gboolean *found, GError **error)
{
    gint64 turns = 0;
    gboolean ok;

    *found = FALSE;
    if (!database_begin(&catalogue->db, error))
        return FALSE;
    ok = database_get(&catalogue->db, 0, &turns, error, "SELECT count(*) FROM turn WHERE conversation = ?", "i", conversation)
         && database_do(&catalogue->db, error, "DELETE FROM record WHERE id IN"
                        " (SELECT record FROM turn WHERE conversation = ?)", "i", conversation)
         && database_do(&catalogue->db, error, "DELETE FROM turn WHERE conversation = ?", "i", conversation);
    *found = ok && turns > 0;
    return end(catalogue, ok, error) && (!*found || catalogue_shrink(catalogue, error));
}
