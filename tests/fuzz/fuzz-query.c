/* fuzz-query.c - what somebody may look for: each query is one that SQLite takes, against pages of all kinds. */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "cache/search_query.h"
#include "tests/fuzz/fuzz.h"

static sqlite3 *open_index(void)
{
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "CREATE VIRTUAL TABLE page USING fts5 (text)", NULL, NULL, NULL), ==, SQLITE_OK);
    return db;
}

/* EXPRESSION (may be NULL) is none that SQLite refuses. */
static void look_for(sqlite3 *db, const char *expression)
{
    sqlite3_stmt *s;
    if (!expression)
        return;
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT count(*) FROM page WHERE page MATCH ?", -1, &s, NULL), ==, SQLITE_OK);
    sqlite3_bind_text(s, 1, expression, -1, SQLITE_STATIC);
    g_assert_cmpint(sqlite3_step(s), ==, SQLITE_ROW);
    sqlite3_finalize(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sqlite3 *db;
    g_autofree char *text = g_utf8_make_valid((const char *) data, (gssize) size);
    if (!db)
        db = open_index();
    /* SQLite has a limit of its own for the depth of an expression. */
    if (strlen(text) > 1000)
        return 0;
    g_autofree char *all = search_query(text, FALSE), *any = search_query(text, TRUE);
    g_autofree char *question = search_question(text), *spread = search_spread(text);
    g_assert_true(g_utf8_validate(spread, -1, NULL));
    look_for(db, all);
    look_for(db, any);
    look_for(db, question);
    return 0;
}
