/* columns.h - how many columns of a terminal text takes: two for wide letters (Chinese, Japanese, Korean), none for marks on letters. */
#ifndef KVASIR_BASE_COLUMNS_H
#define KVASIR_BASE_COLUMNS_H

#include <glib.h>

/* TEXT is UTF-8 without control characters. */
gsize columns_of(const char *text);
/* How many bytes of TEXT, whole letters with their marks, fit into COLUMNS. */
gsize columns_fit(const char *text, gsize columns);
/* TEXT, and if it is wider than COLUMNS its beginning and "…", in all at most COLUMNS, of which there is at least one; g_free. */
char *columns_cut(const char *text, gsize columns);
/* The same, then as many spaces as COLUMNS leaves; for tables. */
char *columns_cell(const char *text, gsize columns);

#endif
