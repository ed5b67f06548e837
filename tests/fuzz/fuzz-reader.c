/* fuzz-reader.c - HTML, Markdown and plain text in any encoding; the first byte says which.  What comes out must be
 * clean, and must survive the way from a reading process. */
#include "config.h"

#include <string.h>

#include "ingest/document.h"
#include "ingest/wire.h"
#include "tests/fuzz/fuzz.h"

static void check_line(const char *line)
{
    g_assert_true(g_utf8_validate(line, -1, NULL));
    for (const char *p = line; *p; p++)
        g_assert_true((guchar) *p >= 0x20 && *p != 0x7f);
}

static void check(const Document *document)
{
    check_line(document->title);
    if (document->author)
        check_line(document->author);
    if (document->date)
        check_line(document->date);
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        check_line(page->label);
        g_assert_cmpuint(strlen(page->text), ==, page->length);
        g_assert_true(g_utf8_validate(page->text, -1, NULL));
        for (const char *p = page->text; *p; p++)
            g_assert_true((guchar) *p >= 0x20 || *p == '\n' || *p == '\t');
    }
}

static void send_and_compare(const Document *document)
{
    g_autoptr(GByteArray) frame = wire_from_document(document);
    WireKind kind;
    guint64 length;
    g_assert_true(wire_header(frame->data, &kind, &length));
    g_autoptr(Document) back = wire_to_document(frame->data + WIRE_HEADER, length);
    g_assert_nonnull(back);
    g_autofree char *a = document_hash(document), *b = document_hash(back);
    g_assert_cmpstr(a, ==, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *name = size == 0 ? "x" : data[0] == 'h' ? "x.html" : data[0] == 'm' ? "x.md" : "x.txt";
    /* PDF is poppler's own matter, and far slower. */
    if (size < 1 || memmem(data, size, "%PDF-", 5))
        return 0;
    for (int whole = 0; whole < 2; whole++) {
        const DocumentOptions options = { .whole = whole };
        g_autoptr(Document) document = document_read_bytes(name, data + 1, size - 1, &options, NULL);
        if (!document)
            continue;
        check(document);
        send_and_compare(document);
    }
    return 0;
}
