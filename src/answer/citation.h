/* citation.h - page marks in an answer, and the pages they stand for.
 *
 * A mark is 【document:page】, both counted from 1 as the pack numbers them.  Models
 * vary it: 【1:4-6】, 【1:4,7】, 【1:4；2:3】, 【1：4†line 3】, 【2†title】 (a whole document),
 * spaces and words such as "page" inside; all of these are understood.
 *
 * A CitationReader takes the answer as it streams, and gives it out with each mark replaced by
 * "[n]", where n is the number (from 1) of the citation in its list.  Equal citations have one number.
 * A mark that names no page of the documents comes out as "[?]" and is counted.
 */
#ifndef KVASIR_ANSWER_CITATION_H
#define KVASIR_ANSWER_CITATION_H

#include "ingest/document.h"

typedef struct {
    guint document;         /* from 0 */
    guint first, last;      /* pages from 0, both inclusive */
    char *text;             /* the passage of those pages nearest to the statement; owned by the reader */
    guint page;             /* the page that passage is on */
    gsize begin, end;       /* and its bytes there; both 0 when it is all of the pages */
} Citation;

/* A mark in the shown text: its bytes there, and the number of its citation from 1; 0: "[?]". */
typedef struct {
    gsize begin, end;
    guint number;
} CitationMark;

typedef struct CitationReader CitationReader;

/* DOCUMENTS: GPtrArray of Document* in pack order; must stay as long as the reader. */
CitationReader *citation_reader_new(const GPtrArray *documents);
void citation_reader_free(CitationReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CitationReader, citation_reader_free)

/* From now on the answer is in the form of longcite.h, about a pack with these CHUNKS, which must stay as long as the reader is
 * fed. */
void citation_reader_use_chunks(CitationReader *reader, const GArray *chunks);

/* Appends to SHOWN what can be shown of TEXT by now: an unfinished mark is held back. */
void citation_reader_feed(CitationReader *reader, const char *text, gsize length, GString *shown);
/* The answer is over: appends what was held back. */
void citation_reader_end(CitationReader *reader, GString *shown);

/* Array of Citation, in order of first use; owned by the reader. */
const GArray *citation_reader_list(const CitationReader *reader);
/* Array of CitationMark, ascending: where the text that was shown has its marks; owned by the reader. */
const GArray *citation_reader_marks(const CitationReader *reader);
/* Marks as written that name nothing: GPtrArray of char*; owned by the reader. */
const GPtrArray *citation_reader_unknown(const CitationReader *reader);

/* For an answer that cites nothing: if all of it (but for white space and closing punctuation) stands
 * word for word on pages of the documents, and on few enough of them to say something, adds those pages to
 * the list; their number. */
guint citation_reader_find_verbatim(CitationReader *reader, const char *answer);

/* Whether text of its pages was recognised from an image, and so may have errors. */
gboolean citation_recognised(const Citation *citation, const GPtrArray *documents);

/* "p. 4", "p. 4 (recognised from an image)", "pp. 4-6", "section \"Install\"", or "" for the whole document; free with g_free. */
char *citation_place(const Citation *citation, const GPtrArray *documents);

/* How people see the citation with that NUMBER: "[Ho 2020, p. 4]" when a bibliography names the document, else "[3]"; g_free. */
char *citation_label(const Citation *citation, guint number, const GPtrArray *documents);

#endif
