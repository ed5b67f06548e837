/* table.h - rows of tables whose cells have several lines (internal to ingest). */
#ifndef KVASIR_INGEST_TABLE_H
#define KVASIR_INGEST_TABLE_H

#include "ingest/layout.h"

typedef struct {
    GArray *members;        /* guint: segments */
    Box box;
    guint cells, numbers;   /* cells, and those of them that are numbers */
    gboolean merged;        /* from several lines */
} Row;

Row *table_row_new(void);
void table_row_free(gpointer row);
void table_row_add(Row *row, guint index, const Segment *segment);

/* Merges rows (of Row*, owned, one line each, top down) that are lines of the same row of a table. */
void table_merge(GPtrArray *rows, const Segment *segments);
/* Puts the members in reading order: cells from left to right (RTL: the other way), in a cell
 * from top to bottom.  Sets cells. */
void table_arrange(Row *row, const Segment *segments, gboolean rtl);

#endif
