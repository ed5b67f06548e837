/* run-sql.c - SQL on a file that the program made, behind its back; for shell tests.
 *
 *     run-sql FILE SQL        the first column of each row on a line
 */
#include <sqlite3.h>
#include <stdio.h>

static int print_row(void *data, int n, char **values, char **names)
{
    (void) data;
    (void) names;
    if (n > 0)
        puts(values[0] ? values[0] : "");
    return 0;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    int rc = argc == 3 ? sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) : SQLITE_MISUSE;

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, 10000);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, argv[2], print_row, NULL, NULL);
    if (rc != SQLITE_OK)
        fprintf(stderr, "run-sql: %s\n", db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    sqlite3_close(db);
    return rc != SQLITE_OK;
}
