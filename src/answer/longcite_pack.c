/* longcite_pack.c - documents with a mark before each sentence. */
#include "config.h"
#include "src/answer/longcite.h"

#include <string.h>

#include "src/answer/sentence.h"

/* Length of the first sentence; a full-width semicolon ends one, too. */
static gsize chunk_length(const char *text, gsize length)
{
    gsize n = sentence_length(text, length);
    const char *semicolon = g_strstr_len(text, (gssize) n, "；");

    return semicolon != NULL ? (gsize) (semicolon - text) + strlen("；") : n;
}

/* HEADER stands before the first sentence of the document; it is "" on later pages. */
static void add_page(Pack *pack, const Page *page, guint document, guint index, const char *header, PackEncodeFunc encode,
                     gpointer data)
{
    PackSpan span = { .document = document, .page = index, .first = pack->ids->len };
    g_autoptr(GString) text = g_string_new(NULL);

    for (gsize at = 0, n; at < page->length; at += n) {
        PackChunk chunk = { .document = document, .page = index, .begin = at };

        n = chunk_length(page->text + at, page->length - at);
        chunk.end = at + n;
        g_string_append_printf(text, "<C%u>%s%.*s", pack->chunks->len, at == 0 ? header : "", (int) n, page->text + at);
        g_array_append_val(pack->chunks, chunk);
    }
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    encode(data, text->str, text->len, pack->ids);
    span.count = pack->ids->len - span.first;
    if (span.count > 0)
        g_array_append_val(pack->spans, span);
}

Pack *longcite_pack(const GPtrArray *documents, PackEncodeFunc encode, gpointer data)
{
    Pack *pack = pack_new();

    pack->chunks = g_array_new(FALSE, FALSE, sizeof(PackChunk));
    for (guint d = 0; d < documents->len; d++) {
        const Document *document = g_ptr_array_index(documents, d);
        g_autofree char *header = pack_header(document, d);
        gboolean first = TRUE;

        g_ptr_array_add(pack->names, document_untitled(document) ? g_strdup(document->title) : NULL);
        for (guint p = 0; p < document->pages->len; p++) {
            const Page *page = g_ptr_array_index(document->pages, p);

            add_page(pack, page, d, p, first ? header : "", encode, data);
            first = first && page->length == 0;
        }
        guint32 end = pack->ids->len;
        g_array_append_val(pack->document_end, end);
    }
    return pack;
}
