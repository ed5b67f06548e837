/* ruled.h - tables whose lines are drawn (internal to ingest).
 *
 * rules.c   a drawn page   -> its straight lines and the edges of its grounds
 * across.c  lines across   -> the sides of cells, where columns have none
 * grid.c    those          -> cells of tables, and which words stand in them
 */
#ifndef KVASIR_INGEST_RULED_H
#define KVASIR_INGEST_RULED_H

#include "ingest/drawing.h"

/* A line across the page at the height AT, or down it at the place AT; points. */
typedef struct {
    float at, from, to;
    gboolean line;          /* not just the edge of a ground; known of those across */
} Rule;

/* The rules (of Rule) across and down the page, none of LAYOUT's words; FALSE: it cannot be drawn, or is a picture with too many. */
gboolean rules_find(Drawing *drawing, const PageLayout *layout, GArray *across, GArray *down);

/* Turns them as LAYOUT's words are turned that run as most do. */
void rules_turn(GArray **across, GArray **down, const PageLayout *layout);

/* Appends to DOWN the sides of cells in tables that have lines across only, and to ACROSS what belongs to them.  LAYOUT has its lines,
 * found without cells. */
void across_find(const PageLayout *layout, GArray *across, GArray *down);

/* Takes ACROSS and DOWN for the lines of tables: fills the cells of LAYOUT and the cell of each of its words that stands in one.
 * The first DRAWN of those down the page are drawn; the others are known to be of a table, whose head may be all that is ruled.
 * FALSE: there is no table in them. */
gboolean grid_find(PageLayout *layout, const GArray *across, const GArray *down, guint drawn);

#endif
