/* pack.h - documents in order as one sequence of token ids, and the map back.
 *
 * Each document begins with a header line and each page with a mark; header,
 * marks and page texts are tokenized on their own, so that ids never depend on
 * neighbours and a prefix of the documents gives a prefix of the ids.
 * The packer does not know the tokenizer; it calls a function.
 *
 *     Document 1: Denoising Diffusion Probabilistic Models (Ho, 2020-12-16)
 *     【1:1】
 *     text of the first page
 *     【1:2†xii】
 *     text of the second page, whose printed label is xii
 *
 * A document that brings no title has none in its header, "Document 1" alone: the name of a file may change and costs nothing
 * then.  It can be told behind the documents, where nothing is cached.
 *
 * The numbers are those of the document in the pack and of the page in the
 * document, both from 1.  The label follows behind † where it is neither the
 * number nor the heading that the page begins with.  This is the form of citation that GLM-4
 * was trained on; an answer cites as 【1:12】, and whatever follows 1:12 up to 】 may be ignored.
 */
#ifndef KVASIR_INGEST_PACK_H
#define KVASIR_INGEST_PACK_H

#include "ingest/document.h"

/* Appends the ids of TEXT to IDS (GArray of gint32). */
typedef void (*PackEncodeFunc)(gpointer data, const char *text, gsize length, GArray *ids);

/* Tokens FIRST .. FIRST+COUNT-1 of the pack hold the text of this page.  DOCUMENT counts
 * from 0 in pack order, PAGE from 0 within it. */
typedef struct {
    guint32 document, page;
    guint32 first, count;
} PackSpan;

/* A sentence with a mark of its own: bytes BEGIN to before END of a page's text. */
typedef struct {
    guint32 document, page;
    gsize begin, end;
} PackChunk;

typedef struct {
    GArray *ids;            /* gint32 */
    GArray *spans;          /* PackSpan, ascending, one for each page with text */
    GArray *document_end;   /* guint32: length of ids after each document */
    GPtrArray *names;       /* char *: of each document without a title the name of its file, of others NULL */
    GArray *chunks;         /* NULL, or PackChunk by number: in a pack whose sentences have marks in the place of pages */
} Pack;

Pack *pack_new(void);
void pack_free(Pack *pack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pack, pack_free)

/* Appends DOCUMENT, its number the next one (the first is 1 in the text, 0 in spans). */
void pack_add(Pack *pack, const Document *document, PackEncodeFunc encode, gpointer data);
/* Lets a document number pass that is not shown. */
void pack_skip(Pack *pack);
/* The lines that stand before a document and before a page, as tokenized; to be freed.
 * Indices count from 0. */
char *pack_header(const Document *document, guint document_index);
char *pack_mark(const Document *document, guint document_index, guint page_index);
/* The span that holds token POSITION, or NULL (header, mark). */
const PackSpan *pack_span_at(const Pack *pack, gsize position);

#endif
