/* sections.c - pages of a format that has none: cut at its top-level headings. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/sections.h"

enum { LEVELS = 6 };

/* A file of a book or manual that is longer is cut at its headings: a citation should name less. */
enum { PART_BYTES = 60000 };

/* A higher heading and the first one below it share a page when so little stands between. */
enum { SAME_PAGE_BYTES = 200 };

static int page_level(const GArray *headings)
{
    guint count[LEVELS + 1] = { 0 };
    int lone = 0;
    for (guint i = 0; i < headings->len; i++)
        count[g_array_index(headings, Heading, i).level]++;
    for (int level = 1; level <= LEVELS; level++) {
        if (count[level] >= 2)
            return level;
        if (count[level] == 1 && !lone)
            lone = level;
    }
    return lone;
}

static gboolean is_blank(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]))
            return FALSE;
    return TRUE;
}

static void add_page(Document *document, const char *text, const Heading *heading, gsize start,
                     gsize stop)
{
    g_autofree char *label = NULL;
    if (!heading && is_blank(text + start, stop - start))
        return;
    if (heading)
        label = clean_line(text + heading->label, (gssize) heading->length);
    document_add_page(document, label, text + start, (gssize) (stop - start), PAGE_TEXT);
}

void sections_add(Document *document, const char *text, gsize length, const GArray *headings)
{
    int level = page_level(headings);
    const Heading *open = NULL;
    gsize start = 0;
    int open_level = 0;

    for (guint i = 0; i < headings->len; i++) {
        const Heading *heading = &g_array_index(headings, Heading, i);
        if (heading->level > level)
            continue;
        if (open && heading->level > open_level && heading->start - start < SAME_PAGE_BYTES) {
            open_level = heading->level;
            continue;
        }
        add_page(document, text, open, start, heading->start);
        open = heading;
        open_level = heading->level;
        start = heading->start;
    }
    add_page(document, text, open, start, length);
}

void sections_add_part(Document *document, const char *label, const char *text, gsize length, const GArray *headings)
{
    g_autofree char *heading = NULL;
    if (length > PART_BYTES && headings->len > 1) {
        sections_add(document, text, length, headings);
        return;
    }
    if (!label && headings->len > 0) {
        const Heading *first = &g_array_index(headings, Heading, 0);
        heading = clean_line(text + first->label, (gssize) first->length);
    }
    document_add_page(document, label ? label : heading, text, (gssize) length, PAGE_TEXT);
}
