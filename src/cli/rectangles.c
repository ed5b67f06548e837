/* rectangles.c - where on the pages of PDF files the passages of an answer stand. */
#include "config.h"
#include "src/cli/rectangles.h"

#include <string.h>

#include "src/cli/reading.h"

/* What was read again, by path. */
static GHashTable *known;

/* Gives the pages of DOCUMENT the words of those of AGAIN that have the same text. */
static void take_words(const Document *document, const Document *again)
{
    for (guint i = 0; i < MIN(document->pages->len, again->pages->len); i++) {
        Page *page = g_ptr_array_index(document->pages, i), *now = g_ptr_array_index(again->pages, i);

        if (page->length > 0 && page->words == NULL && strcmp(page->text, now->text) == 0)
            page->words = g_steal_pointer(&now->words);
    }
}

/* That a passage has no rectangle is no failure. */
static void read_again(const Document *document)
{
    g_autoptr(Document) again = NULL;

    if (known == NULL)
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_add(known, g_strdup(document->path)) && (again = reading_words(document->path, NULL)) != NULL)
        take_words(document, again);
}

static void prepare(const Answer *answer, guint index, guint first, guint last)
{
    const Document *document = g_ptr_array_index(answer->documents, index);
    gboolean missing = FALSE;

    for (guint i = first; i <= last; i++)
        missing = missing || ((const Page *) g_ptr_array_index(document->pages, i))->words == NULL;
    if (missing && strcmp(document->format, "pdf") == 0)
        read_again(document);
}

void rectangles_prepare(const Answer *answer)
{
    const GArray *citations = citation_reader_list(answer->citations);

    for (guint i = 0; i < citations->len; i++) {
        const Citation *c = &g_array_index(citations, Citation, i);

        /* In pages as a whole no passage stands out. */
        if (c->end > 0)
            prepare(answer, c->document, c->page, c->page);
    }
    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *q = &g_array_index(answer->quotations, Quotation, i);

        if (q->status != QUOTATION_NOT_FOUND)
            prepare(answer, q->document, q->first, q->last);
    }
}
