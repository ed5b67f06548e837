/* layout.h - a PDF page as words with boxes, then as lines in reading order, then as text
 * (internal to ingest).
 *
 * words.c    glyphs of poppler          -> words, each with its box and font
 * order.c    words                      -> lines in reading order: columns, headings across
 *                                          columns, rows of tables
 * grid.c     a drawn page               -> cells of tables, where the words leave doubts
 * furniture.c lines of all pages        -> running heads and feet, page numbers: marked
 * headings.c lines of all pages         -> headings by their font: marked, where no outline tells them
 * notemark.c words                      -> which are marks of notes: raised numbers
 * paragraph.c lines                     -> text: paragraphs rejoined, hyphens resolved
 * places.c   lines                      -> words with boxes; passages of the text -> their boxes
 *
 * Coordinates are points from the top left of the page as it is seen; y grows downwards.
 */
#ifndef KVASIR_INGEST_LAYOUT_H
#define KVASIR_INGEST_LAYOUT_H

#include <glib.h>
#include <poppler.h>

#include "ingest/document.h"

typedef struct {
    float x0, y0, x1, y1;
} Box;

/* Which way the letters of a word run on the page. */
typedef enum { RUN_RIGHT, RUN_UP, RUN_DOWN, RUN_LEFT, RUNS } Run;

typedef struct {
    Box box;                /* turned so that the text runs to the right */
    guint start, length;    /* in the page's text, bytes */
    float size;             /* of the font */
    guint8 run;             /* Run */
    guint8 mono, bold;
    guint8 rtl;             /* right-to-left script */
    guint8 space;           /* poppler has white space before it */
    guint8 glued;           /* goes on with the word before it: a number of another size, or what follows one */
    guint8 pale;            /* of a colour that white paper does not show */
    guint cell;             /* in the page's cells, from 1; 0: in none */
} Word;

/* A run of words without a wide gap: a line of a paragraph, or a cell's line. */
typedef struct {
    Box box;
    guint first, count;     /* in the page's order */
    float size;
    guint8 rtl, mono, bold;
    guint8 numeric;         /* a number, as in a table's cell */
    guint8 continues;       /* begins in lower case or with a bracket */
    guint cell;             /* that of its words */
} Segment;

/* A cell of a table whose lines are drawn. */
typedef struct {
    guint table, row;       /* from 0; a cell over several rows belongs to the first of them */
    float left, right;
} Cell;

/* One line of output. */
typedef struct {
    Box box;
    guint first, count;     /* in the page's segments */
    guint cells;            /* more than 1: a row of a table */
    float size;
    guint8 rtl, mono, bold;
    guint8 furniture;       /* running head, foot, page number: not part of the text */
    guint8 heading, rest;   /* the level of the heading that it is, or 0; it goes on with the heading before it */
    guint region;           /* lines with the same number share a column */
    float left, right;      /* of that column */
} Line;

typedef struct {
    double width, height;
    char *text;             /* of all words, poppler's order */
    GArray *words;          /* Word */
    Run run;                /* that most of the text has; the others have no cells */
    GArray *cells;          /* Cell, by table, row and place in the row; NULL: none were looked for */
    guint tables;
    GArray *order;          /* guint: words, grouped by segment */
    GArray *segments;       /* Segment, grouped by line */
    GArray *lines;          /* Line, in reading order */
} PageLayout;

/* NULL when poppler gives no boxes for this page or there are too many words on it (the caller then
 * takes its plain text). */
PageLayout *page_layout_new(PopplerPage *page);
void page_layout_free(PageLayout *layout);
/* The box of WORD, turned back to how the page is seen. */
Box word_box(const PageLayout *layout, const Word *word);

/* A pair alef-lam in the page's text, with the widths of its letters in units of the font's size. */
typedef struct {
    guint at;               /* bytes */
    float alef, lam;
    gboolean initial, final;
} LamAlef;

/* Whether the two letters at P are any alef and lam. */
gboolean lamalef_is_pair(const char *p);
/* Puts those PAIRS (of LamAlef) right that are ligatures. */
void lamalef_turn(char *text, const GArray *pairs);

/* Fills run, order, segments and lines from words and cells; TRUE: rows of tables had to be guessed. */
gboolean order_find(PageLayout *layout);
/* Marks running heads and feet and page numbers of a whole document (of PageLayout *, NULL allowed). */
void furniture_mark(const GPtrArray *layouts);
/* Marks the headings that their font tells, where furniture is marked. */
void headings_mark(const GPtrArray *layouts);
/* Whether WORD, which has BEFORE on its left and AFTER on its right in a line (NULL: none), is the mark of a note in the text; and
 * whether it is the one that the note itself begins with.  A raised number behind a number or a short word is a power, none is. */
gboolean notemark_refers(const PageLayout *layout, const Word *before, const Word *word, const Word *after);
gboolean notemark_begins(const PageLayout *layout, const Word *before, const Word *word, const Word *after);
/* The page's text, marks of notes in brackets, headings with "#" for each level; to be freed.  A hyphen at a line's end that the next line continues becomes
 * HYPHEN_MARK; hyphens_resolve() settles them all. */
char *paragraph_text(const PageLayout *layout);

/* A byte that clean text cannot hold, in place of a line-end hyphen. */
#define HYPHEN_MARK '\001'

/* Settles the HYPHEN_MARKs of a document's pages by the words that occur in it: in place, each
 * becomes "-" or nothing. */
void hyphens_resolve(char **pages, guint n);

/* The words of LAYOUT, which has lines; free with page_words_free(). */
PageWords *page_words(const PageLayout *layout);

static inline float box_height(const Box *b)
{
    return b->y1 - b->y0;
}

static inline void box_join(Box *a, const Box *b)
{
    a->x0 = MIN(a->x0, b->x0);
    a->y0 = MIN(a->y0, b->y0);
    a->x1 = MAX(a->x1, b->x1);
    a->y1 = MAX(a->y1, b->y1);
}

/* The height that both share as a share of the lower one; negative when apart. */
static inline float box_overlap_y(const Box *a, const Box *b)
{
    float least = MIN(box_height(a), box_height(b));
    return (MIN(a->y1, b->y1) - MAX(a->y0, b->y0)) / MAX(least, 0.1f);
}

#endif
