/* pack.c - documents in order as one sequence of token ids, and the map back. */
#include "config.h"

#include <string.h>

#include "ingest/pack.h"

Pack *pack_new(void)
{
    Pack *pack = g_new0(Pack, 1);
    pack->ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    pack->spans = g_array_new(FALSE, FALSE, sizeof(PackSpan));
    pack->document_end = g_array_new(FALSE, FALSE, sizeof(guint32));
    pack->names = g_ptr_array_new_with_free_func(g_free);
    return pack;
}

void pack_free(Pack *pack)
{
    if (!pack)
        return;
    g_array_unref(pack->ids);
    g_array_unref(pack->spans);
    g_array_unref(pack->document_end);
    g_ptr_array_unref(pack->names);
    g_clear_pointer(&pack->chunks, g_array_unref);
    g_free(pack);
}

char *pack_header(const Document *document, guint document_index)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "Document %u", document_index + 1);
    if (!document_untitled(document))
        g_string_append_printf(line, ": %s", document->title);
    if (document->author && document->date)
        g_string_append_printf(line, " (%s, %s)", document->author, document->date);
    else if (document->author || document->date)
        g_string_append_printf(line, " (%s)", document->author ? document->author : document->date);
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

/* Whether the label tells the reader something that number and text do not. */
static gboolean label_is_news(const Page *page, const char *number)
{
    const char *text = page->text + strspn(page->text, "# ");
    return strcmp(page->label, number) && strncmp(text, page->label, strlen(page->label));
}

char *pack_mark(const Document *document, guint document_index, guint page_index)
{
    const Page *page = g_ptr_array_index(document->pages, page_index);
    g_autofree char *number = g_strdup_printf("%u", page_index + 1);
    if (label_is_news(page, number))
        return g_strdup_printf("【%u:%s†%s】\n", document_index + 1, number, page->label);
    return g_strdup_printf("【%u:%s】\n", document_index + 1, number);
}

static void encode_text(Pack *pack, const char *text, PackEncodeFunc encode, gpointer data)
{
    encode(data, text, strlen(text), pack->ids);
}

void pack_add(Pack *pack, const Document *document, PackEncodeFunc encode, gpointer data)
{
    guint index = pack->document_end->len;
    g_autofree char *header = pack_header(document, index);
    g_ptr_array_add(pack->names, document_untitled(document) ? g_strdup(document->title) : NULL);
    encode_text(pack, header, encode, data);
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        if (page->length == 0)
            continue;
        g_autofree char *mark = pack_mark(document, index, i);
        encode_text(pack, mark, encode, data);
        PackSpan span = { .document = index, .page = i, .first = pack->ids->len };
        encode(data, page->text, page->length, pack->ids);
        span.count = pack->ids->len - span.first;
        if (span.count)
            g_array_append_val(pack->spans, span);
        encode_text(pack, "\n", encode, data);
    }
    guint32 end = pack->ids->len;
    g_array_append_val(pack->document_end, end);
}

void pack_skip(Pack *pack)
{
    g_ptr_array_add(pack->names, NULL);
    guint32 end = pack->ids->len;
    g_array_append_val(pack->document_end, end);
}

const PackSpan *pack_span_at(const Pack *pack, gsize position)
{
    guint low = 0, high = pack->spans->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const PackSpan *span = &g_array_index(pack->spans, PackSpan, middle);
        if (position < span->first)
            high = middle;
        else if (position >= (gsize) span->first + span->count)
            low = middle + 1;
        else
            return span;
    }
    return NULL;
}
