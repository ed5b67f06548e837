/* fuzz-warc.c - any bytes behind the mark of a web archive. */
#include "config.h"

#include <glib.h>

#include "ingest/document.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) all = document_read_bytes("a.warc", data, size, NULL, &error);
    g_assert_true((all == NULL) == (error != NULL));
    for (guint k = 0; all && all->parts && k < all->parts->len; k++) {
        const Document *document = g_ptr_array_index(all->parts, k);
        g_assert_cmpuint(document->pages->len, >, 0);
        for (guint i = 0; i < document->pages->len; i++) {
            const Page *page = g_ptr_array_index(document->pages, i);
            g_assert_true(g_utf8_validate(page->text, (gssize) page->length, NULL));
        }
    }
    return 0;
}
