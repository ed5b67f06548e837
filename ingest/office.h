/* office.h - what the readers of office documents share (internal to ingest).
 *
 * A reader gives blocks in their order; they become pages where the program that wrote the file has left marks of the pages as it
 * saw them, else sections at the headings.  In a block a form feed is the end of a page.  Notes stand behind
 * the text of their page or section, "[note 1]" there and here.
 */
#ifndef KVASIR_INGEST_OFFICE_H
#define KVASIR_INGEST_OFFICE_H

#include <libxml/tree.h>

#include "ingest/reader.h"
#include "ingest/zip.h"

typedef enum { BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_ROW } BlockKind;

typedef struct {
    Document *document;     /* not owned */
    gboolean paged;
    GString *text;          /* of the page, or without pages of all */
    GArray *headings;       /* Heading */
    GString *notes;         /* to be put behind it */
    guint note;             /* number of the last one */
    BlockKind last;
} Office;

/* PAGED: the file tells where its pages end. */
void office_begin(Office *office, Document *document, gboolean paged);
/* LEVEL 1 .. 9: a heading; 0: none.  Items of a list and rows of a table follow others without an empty line. */
void office_block(Office *office, BlockKind kind, int level, const char *text);
/* The end of a page, if there are any.  A page has text: a break that somebody set and the end that the program saw there are one. */
void office_break(Office *office);
/* The end of a slide; one without text keeps its number. */
void office_page(Office *office);
/* Keeps a note for later; appends its mark to LINE. */
void office_note(Office *office, const char *text, GString *line);
/* Adds what is left to the document; frees all but the document. */
void office_end(Office *office);

/* Appends TEXT with runs of white space, which mean nothing in these files, as one blank. */
void office_append(GString *line, const char *text);
/* CELLS (of char *) as a row of a table: " | " between them, one line; empty ones at the end left out. */
char *office_row(const GPtrArray *cells);

/* Loads and parses a member; NULL without ERROR when there is none or it is no XML. */
xmlDoc *office_member(Zip *zip, const char *name, GError **error);
/* Title, author and date from a member in Dublin Core. */
gboolean office_metadata(Zip *zip, const char *name, Document *document, GError **error);

/* Readers; the zip archive is theirs while they run. */
Document *docx_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error);
Document *pptx_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error);
Document *odf_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error);

#endif
