/* fuzz-office.c - any bytes as the members of an office document: "@@" and a name on a line before each. */
#include "config.h"

#include "ingest/document.h"
#include "tests/fuzz/fuzz.h"
#include "tests/zip-maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const DocumentOptions OPTIONS = { .annotations = TRUE };
    g_autofree char *text = g_strndup((const char *) data, size);
    g_auto(GStrv) members = g_strsplit(text, "@@", -1);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(list, (gpointer) (guintptr) "[Content_Types].xml");
    g_ptr_array_add(list, (gpointer) (guintptr) "<Types/>");
    for (int i = 0; members[i]; i++) {
        char *end = strchr(members[i], '\n');
        if (!end || end == members[i])
            continue;
        *end = '\0';
        g_ptr_array_add(list, members[i]);
        g_ptr_array_add(list, end + 1);
    }
    g_ptr_array_add(list, NULL);
    g_autoptr(GByteArray) zip = make_zip((const char *const *) list->pdata);
    g_autoptr(Document) document = document_read_bytes("a", zip->data, zip->len, &OPTIONS, &error);
    g_assert_true((document == NULL) == (error != NULL));
    for (guint i = 0; document && i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        g_assert_true(g_utf8_validate(page->text, (gssize) page->length, NULL));
    }
    return 0;
}
