/* fuzz-mhtml.c - any bytes behind the head of a saved page. */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "ingest/document.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) document = document_read_bytes("a.mhtml", data, size, NULL, &error);
    g_assert_true((document == NULL) == (error != NULL));
    for (guint i = 0; document && i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        g_assert_true(g_utf8_validate(page->text, (gssize) page->length, NULL));
    }
    return 0;
}
