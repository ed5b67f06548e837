/* text.c - plain text: one page per form feed. */
#include "config.h"

#include <string.h>

#include "ingest/encoding.h"
#include "ingest/reader.h"

Document *text_read(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    gsize n;
    g_autofree char *text = encoding_decode(bytes, length, NULL, &n);
    Document *document = document_new(path, "text");
    const char *p = text, *end = text + n;
    while (p < end) {
        const char *feed = memchr(p, '\f', (gsize) (end - p));
        const char *stop = feed ? feed : end;
        document_add_page(document, NULL, p, stop - p, PAGE_TEXT);
        p = feed ? feed + 1 : end;
    }
    return document;
}
