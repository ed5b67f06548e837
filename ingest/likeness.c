/* likeness.c - whether two documents say the same, whatever they are made of. */
#include "config.h"
#include "ingest/document.h"

#include "ingest/clean.h"

/* Adds TEXT without white space, in compatibility form; *SAYS: there is something of it. */
static void add(GChecksum *sum, const char *text, gboolean *says)
{
    g_autofree char *plain = g_str_is_ascii(text) ? NULL : g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
    const char *p = plain ? plain : text;
    while (*p) {
        const char *from = p;
        while (*p && !g_unichar_isspace(g_utf8_get_char(p)))
            p = clean_next(p);
        if (p > from) {
            g_checksum_update(sum, (const guchar *) from, p - from);
            *says = TRUE;
        }
        while (*p && g_unichar_isspace(g_utf8_get_char(p)))
            p = clean_next(p);
    }
}

char *document_text_hash(const Document *document)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gboolean says = FALSE;
    /* What could not be read may differ. */
    if (document_unread_pages(document) > 0)
        return NULL;
    for (guint i = 0; i < document->pages->len; i++)
        add(sum, ((const Page *) g_ptr_array_index(document->pages, i))->text, &says);
    return says ? g_strdup(g_checksum_get_string(sum)) : NULL;
}
