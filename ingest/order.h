/* order.h - what order.c, gutter.c and ruledtable.c share: segments on their way to lines (internal to ingest). */
#ifndef KVASIR_INGEST_ORDER_H
#define KVASIR_INGEST_ORDER_H

#include "ingest/table.h"

typedef struct {
    PageLayout *layout;
    GArray *found;          /* Segment, with first/count into order */
    GArray *prose;          /* guint: visible letters if the segment reads like prose, else 0 */
    GArray *letters;        /* guint: visible characters of each segment */
    GArray *fill;           /* float: its width as a share of the widest of the lines next to it in its column */
    guint regions;
    gboolean unsure;        /* rows of tables were guessed */
} Order;

static inline const Segment *segment(const Order *o, guint i)
{
    return &g_array_index(o->found, Segment, i);
}

/* A segment without words stands for a whole table whose cells are known. */
static inline gboolean is_block(const Segment *s)
{
    return s->count == 0;
}

typedef enum { LEFT, RIGHT, ACROSS } Side;

/* A place to cut columns: at X, the members FROM .. TO. */
typedef struct {
    float x;
    guint from, to;
    int score;
} Gutter;

Side side_of(const Segment *s, float x);
/* The best place to cut MEMBERS (sorted by y) into columns; FALSE: there is none. */
gboolean find_gutter(Order *o, const GArray *members, Gutter *best);

/* Appends MEMBERS (guint: segments sorted by y) to the page's lines: in columns, around tables, or in rows.  DEPTH counts the cuts
 * so far. */
void order_emit(Order *o, const GArray *members, int depth);
/* The same as rows of what is one region. */
void order_emit_rows(Order *o, const GArray *members);
/* MEMBERS as rows, top down (of Row*): segments that stand on one line. */
GPtrArray *order_rows(const Order *o, const GArray *members);
/* Appends a row whose members are in reading order; COLUMN is the box of its region. */
void order_append(Order *o, const Row *row, Box column);

/* Makes a block of each table that has segments from number FROM on, and appends it to MEMBERS. */
void ruled_blocks(Order *o, guint from, GArray *members);
/* Appends the rows of BLOCK's table to the page's lines. */
void ruled_emit(Order *o, guint block, int depth);

#endif
