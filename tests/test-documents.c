/* test-documents.c - documents made of strings, for tests that link no readers. */
#include "config.h"
#include "tests/test-documents.h"

#include <string.h>

static void free_page(gpointer data)
{
    Page *page = data;

    g_free(page->label);
    g_free(page->text);
    g_free(page);
}

static void free_document(gpointer data)
{
    Document *document = data;

    g_free(document->path);
    g_free(document->format);
    g_free(document->title);
    g_ptr_array_unref(document->pages);
    g_free(document);
}

Document *test_document(const char *title, const char *format, const char *const *texts)
{
    Document *document = g_new0(Document, 1);

    document->path = g_strdup(title);
    document->format = g_strdup(format);
    document->title = g_strdup(title);
    document->pages = g_ptr_array_new_with_free_func(free_page);
    for (guint i = 0; texts[i] != NULL; i++) {
        Page *page = g_new0(Page, 1);
        page->label = g_strdup_printf("%u", i + 1);
        page->text = g_strdup(texts[i]);
        page->length = strlen(page->text);
        g_ptr_array_add(document->pages, page);
    }
    return document;
}

GPtrArray *test_documents_new(void)
{
    return g_ptr_array_new_with_free_func(free_document);
}
