/* fuzz-citation.c - what a model may write: marks of any form, given out whole however the text comes in pieces. */
#include "config.h"

#include <string.h>

#include "src/answer/citation.h"
#include "tests/fuzz/fuzz.h"
#include "tests/test-documents.h"

static GPtrArray *make_documents(void)
{
    static const char *const one[] = { "The ferry sails at nine.", "", "It is blue.", NULL }, *const two[] = { "A page.", NULL };
    GPtrArray *documents = test_documents_new();
    g_ptr_array_add(documents, test_document("One", "pdf", one));
    g_ptr_array_add(documents, test_document("Two", "text", two));
    return documents;
}

/* TEXT at once or a character at a time, as it is shown; to be freed. */
static char *show(const GPtrArray *documents, const char *text, gboolean at_once)
{
    g_autoptr(CitationReader) reader = citation_reader_new(documents);
    g_autoptr(GString) shown = g_string_new(NULL);
    for (const char *p = text, *next; *p; p = next) {
        next = at_once ? p + strlen(p) : p + g_utf8_skip[*(const guchar *) p];
        citation_reader_feed(reader, p, (gsize) (next - p), shown);
    }
    citation_reader_end(reader, shown);
    const GArray *list = citation_reader_list(reader), *marks = citation_reader_marks(reader);
    for (guint i = 0; i < list->len; i++) {
        const Citation *c = &g_array_index(list, Citation, i);
        g_assert_cmpuint(c->document, <, documents->len);
        const Document *document = g_ptr_array_index(documents, c->document);
        g_assert_true(c->first <= c->last && c->last < document->pages->len);
        g_autofree char *place = citation_place(c, documents);
        g_assert_true(g_utf8_validate(place, -1, NULL));
    }
    for (guint i = 0; i < marks->len; i++) {
        const CitationMark *mark = &g_array_index(marks, CitationMark, i);
        g_assert_true(mark->begin < mark->end && mark->end <= shown->len && mark->number <= list->len);
    }
    return g_strdup(shown->str);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static GPtrArray *documents;
    g_autofree char *text = g_utf8_make_valid((const char *) data, (gssize) size);
    if (!documents)
        documents = make_documents();
    g_autofree char *whole = show(documents, text, TRUE);
    g_autofree char *pieces = show(documents, text, FALSE);
    g_assert_cmpstr(whole, ==, pieces);
    return 0;
}
