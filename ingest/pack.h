/* pack.h - documents in order as one sequence of token ids, and the map back.
 *
 * Each document begins with a header line and each page with a mark; header,
 * marks and page texts are tokenized on their own, so that ids never depend on
 * neighbours and a prefix of the documents gives a prefix of the ids.
 * The packer does not know the tokenizer; it calls a function.
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

typedef struct {
    GArray *ids;            /* gint32 */
    GArray *spans;          /* PackSpan, ascending, one for each page with text */
    GArray *document_end;   /* guint32: length of ids after each document */
} Pack;

Pack *pack_new(void);
void pack_free(Pack *pack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pack, pack_free)

/* Appends DOCUMENT as number DOCUMENT_INDEX (from 0). */
void pack_add(Pack *pack, const Document *document, PackEncodeFunc encode, gpointer data);
/* The span that holds token POSITION, or NULL (header, mark). */
const PackSpan *pack_span_at(const Pack *pack, gsize position);

#endif
