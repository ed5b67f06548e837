/* table.h - rows of tables whose cells have several lines (internal to ingest). */
#ifndef KVASIR_INGEST_TABLE_H
#define KVASIR_INGEST_TABLE_H

#include "ingest/layout.h"

typedef struct {
    GArray *members;        /* guint: segments */
    Box box;
    float base, foot;       /* the baseline of most cells of the last line, and the lowest */
    guint cells, numbers;   /* cells, and those of them that are numbers */
    gboolean merged;        /* from several lines */
    gboolean labelled;      /* the last line that was merged belongs to the first column alone */
} Row;

Row *table_row_new(void);
void table_row_free(gpointer row);
void table_row_add(Row *row, guint index, const Segment *segment);

/* Makes one segment of those that are words of one line of a cell, set apart to fill its width; appends it to
 * SEGMENTS and its words to ORDER.  Sorts the members of all rows (of Row*, one line each, top down) from left to right. */
void cells_join(GPtrArray *rows, GArray *segments, GArray *order);
/* Moves labels that stand beside several rows, and the ends of such labels, into the first of these rows.
 * The rows are sorted and have their bases. */
void labels_settle(GPtrArray *rows, const Segment *segments);
/* Merges rows (of Row*, owned, one line each, top down, sorted) that are lines of the same row of a table; TRUE: its drawn lines
 * might tell better. */
gboolean table_merge(GPtrArray *rows, const Segment *segments);
/* Puts the members in reading order: cells from left to right (RTL: the other way), in a cell
 * from top to bottom.  Sets cells. */
void table_arrange(Row *row, const Segment *segments, gboolean rtl);

#endif
