/* markdown.c - Markdown: the text as it is, a page for each top-level heading.
 *
 * The marks stay: a model reads them, and a quotation must be found as it
 * stands in the file.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"
#include "ingest/sections.h"

static const char *line_end(const char *p, const char *end)
{
    const char *nl = memchr(p, '\n', (gsize) (end - p));
    return nl ? nl : end;
}

static const char *trim_end(const char *line, const char *stop, const char *what)
{
    while (stop > line && strchr(what, stop[-1]))
        stop--;
    return stop;
}

/* "## Title ##": its level, or 0; the title from *LABEL to *STOP. */
static int atx_level(const char *line, const char **label, const char **stop)
{
    const char *p = line;
    while (p < *stop && *p == '#')
        p++;
    if (p == line || p - line > 6 || p == *stop || (*p != ' ' && *p != '\t'))
        return 0;
    *stop = trim_end(p, *stop, "# \t\r");
    *label = p;
    return *stop > p ? (int) (strspn(line, "#")) : 0;
}

/* A line of only = or -, as under a heading: its level, or 0. */
static int setext_level(const char *line, const char *stop)
{
    stop = trim_end(line, stop, " \t\r");
    if (stop - line < 2 || (*line != '=' && *line != '-'))
        return 0;
    for (const char *p = line; p < stop; p++)
        if (*p != *line)
            return 0;
    return *line == '=' ? 1 : 2;
}

static void add_heading(GArray *headings, const char *text, const char *start, const char *label,
                        const char *stop, int level)
{
    Heading heading = { (gsize) (start - text), (gsize) (label - text), (gsize) (stop - label), level };
    g_array_append_val(headings, heading);
}

/* The headings outside of fenced code, in order. */
static GArray *find_headings(const char *text, const char *end)
{
    GArray *headings = g_array_new(FALSE, FALSE, sizeof(Heading));
    const char *above = NULL, *above_stop = NULL;   /* a line that may be a setext heading */
    char fence = 0;
    for (const char *line = text; line < end; ) {
        const char *eol = line_end(line, end), *stop = eol, *label, *paragraph = NULL;
        int level;
        if (!strncmp(line, "```", 3) || !strncmp(line, "~~~", 3)) {
            fence = !fence ? *line : fence == *line ? 0 : fence;
        } else if (fence) {
            /* code */
        } else if ((level = atx_level(line, &label, &stop))) {
            add_heading(headings, text, line, label, stop, level);
        } else if (above && (level = setext_level(line, stop))) {
            add_heading(headings, text, above, above, above_stop, level);
        } else if (trim_end(line, stop, " \t\r") > line && !strchr("-=>|*+", *line)) {
            paragraph = line;
        }
        above = paragraph;
        above_stop = eol;
        line = eol < end ? eol + 1 : end;
    }
    return headings;
}

Document *markdown_read(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    gsize n;
    g_autofree char *text = encoding_decode(bytes, length, NULL, &n);
    g_autoptr(GArray) headings = find_headings(text, text + n);
    Document *document = document_new(path, "markdown");

    if (headings->len) {
        const Heading *first = &g_array_index(headings, Heading, 0);
        g_autofree char *title = clean_line(text + first->label, (gssize) first->length);
        document_set_title(document, title);
    }
    sections_add(document, text, n, headings);
    return document;
}
