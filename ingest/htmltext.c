/* htmltext.c - a tree of HTML as text with light marks.
 *
 * Blocks ask for newlines and inline white space asks for a blank; what was
 * asked for is written when the next word comes, so that nothing doubles.
 * The walk is a loop, not a recursion: depth is the stranger's choice.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/html.h"
#include "ingest/reader.h"
#include "ingest/sections.h"

enum { LIST_DEPTH = 32 };

typedef struct {
    GString *out;
    GArray *headings;
    int newlines;               /* wanted before the next word */
    gboolean blank;             /* wanted before the next word */
    int pre;                    /* depth of <pre> */
    int cell;                   /* depth of cells of data tables: no newlines inside */
    int lists;                  /* depth of lists */
    int number[LIST_DEPTH];     /* of the last item; -1: unordered */
    gboolean marked;            /* a list or heading mark was written, its text comes */
    gboolean first_cell;
    Heading heading;            /* being written */
    GString *hidden;            /* what no reader sees and is to be noted */
} Writer;

static const char NEVER[] = " script style template noscript head svg canvas iframe object embed "
    "audio video select datalist textarea button input map ";
static const char PARAGRAPHS[] = " p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote figure section "
    "article header footer main aside nav hr address details fieldset form ";
static const char LINES[] = " div li tr dt dd caption figcaption center summary legend option body "
    "tbody thead tfoot hgroup dir menu optgroup title td th ";

static void want_newlines(Writer *w, int n)
{
    if (w->cell)
        w->blank = TRUE;
    else if (!w->marked)
        w->newlines = MAX(w->newlines, n);
}

/* Writes what was asked for. */
static void flush(Writer *w)
{
    if (w->out->len == 0) {
        w->newlines = 0;
        w->blank = FALSE;
    }
    for (; w->newlines > 0; w->newlines--) {
        g_string_append_c(w->out, '\n');
        w->blank = FALSE;
    }
    if (w->blank && !w->marked)
        g_string_append_c(w->out, ' ');
    w->blank = FALSE;
    w->marked = FALSE;
}

/* Notes what no reader sees: behind text, so that it makes no page of its own, and not inside of a heading, which names a page. */
static void release(Writer *w)
{
    if (w->hidden->len == 0 || w->heading.level)
        return;
    document_hide(w->out, w->hidden->str);
    g_string_truncate(w->hidden, 0);
}

/* Takes the text under NODE for hidden. */
static void hide(Writer *w, xmlNode *node)
{
    gsize before = w->hidden->len;
    gboolean visible = FALSE;
    for (xmlNode *n = html_next(node, node, TRUE); n; ) {
        gboolean never = html_is_any(n, NEVER);
        if (n->type == XML_TEXT_NODE && n->content) {
            g_string_append(w->hidden, (const char *) n->content);
            for (const char *p = (const char *) n->content; *p && !visible; p = clean_next(p))
                visible = clean_is_visible(g_utf8_get_char(p));
        }
        n = html_next(n, node, !never);
    }
    if (!visible)
        g_string_truncate(w->hidden, before);
    else
        g_string_append_c(w->hidden, '\n');
    if (w->out->len > 0)
        release(w);
}

static gboolean is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/* Numeric references to 0x80..0x9f mean Windows-1252, as in every browser. */
static const char *windows_1252(guchar c)
{
    static const char *const TABLE[32] = {
        "€", "", "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "", "Ž", "",
        "", "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", "", "ž", "Ÿ",
    };
    return TABLE[c & 31];
}

static void append_word(Writer *w, const char *word, gsize length)
{
    const char *end = word + length;
    flush(w);
    while (word < end) {
        const char *c1 = memchr(word, 0xc2, (gsize) (end - word));
        if (!c1 || c1 + 1 >= end) {
            g_string_append_len(w->out, word, end - word);
            return;
        }
        g_string_append_len(w->out, word, c1 - word);
        guchar next = (guchar) c1[1];
        if (next < 0xa0)
            g_string_append(w->out, windows_1252(next));
        else
            g_string_append_len(w->out, c1, 2);
        word = c1 + 2;
    }
}

static void append_text(Writer *w, const char *text)
{
    if (w->pre && !w->cell) {
        if (*text) {
            flush(w);
            g_string_append(w->out, text);
        }
        return;
    }
    while (*text) {
        const char *word = text;
        while (*text && !is_space(*text))
            text++;
        if (text > word)
            append_word(w, word, (gsize) (text - word));
        if (*text)
            w->blank = TRUE;
        while (is_space(*text))
            text++;
    }
}

static int heading_level(const xmlNode *node)
{
    const char *name = (const char *) node->name;
    return name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && !name[2] ? name[1] - '0' : 0;
}

/* A table for layout: it holds another one, or a cell holds more than a cell's worth. */
static gboolean is_data_table(xmlNode *table)
{
    enum { CELL_BYTES = 600 };
    gsize bytes = 0;
    gboolean row = FALSE;
    for (xmlNode *n = html_next(table, table, TRUE); n; n = html_next(n, table, TRUE)) {
        if (n->type == XML_TEXT_NODE && n->content)
            bytes += strlen((const char *) n->content);
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (html_is(n, "table") || heading_level(n))
            return FALSE;
        row |= html_is(n, "tr");
        if (html_is_any(n, " td th "))
            bytes = 0;
        if (bytes > CELL_BYTES)
            return FALSE;
    }
    return row && bytes <= CELL_BYTES;
}

static gboolean in_data_table(xmlNode *cell)
{
    xmlNode *n = cell->parent;
    while (n && !html_is(n, "table"))
        n = n->parent;
    return n && n->_private == n;
}

static void begin_item(Writer *w)
{
    int level = CLAMP(w->lists, 1, LIST_DEPTH) - 1;
    want_newlines(w, 1);
    if (w->cell)
        return;
    flush(w);
    g_string_append_printf(w->out, "%*s", 2 * level, "");
    if (w->lists == 0 || w->number[level] < 0)
        g_string_append(w->out, "- ");
    else
        g_string_append_printf(w->out, "%d. ", ++w->number[level]);
    w->marked = TRUE;
}

static void begin_list(Writer *w, xmlNode *node)
{
    if (w->lists < LIST_DEPTH)
        w->number[w->lists] = html_is(node, "ol") ? 0 : -1;
    want_newlines(w, w->lists ? 1 : 2);
    w->lists++;
}

static void begin_heading(Writer *w, int level)
{
    if (w->cell)
        return;
    w->marked = FALSE;
    want_newlines(w, 2);
    flush(w);
    w->heading = (Heading) { .start = w->out->len, .level = level };
    g_string_append_len(w->out, "######", level);
    g_string_append_c(w->out, ' ');
    w->heading.label = w->out->len;
    w->marked = TRUE;
}

static void end_heading(Writer *w)
{
    if (w->cell || !w->heading.level)
        return;
    if (w->out->len > w->heading.label) {
        w->heading.length = w->out->len - w->heading.label;
        g_array_append_val(w->headings, w->heading);
    } else {
        g_string_truncate(w->out, w->heading.start);
        w->newlines = 2;
    }
    w->heading.level = 0;
    w->marked = FALSE;
    release(w);
    want_newlines(w, 2);
}

static void begin(Writer *w, xmlNode *node)
{
    int level = heading_level(node);
    if (level) {
        begin_heading(w, level);
    } else if (html_is(node, "br")) {
        if (w->pre && !w->cell)
            append_text(w, "\n");
        else
            want_newlines(w, 1);
    } else if (html_is(node, "li")) {
        begin_item(w);
    } else if (html_is_any(node, " ul ol dir menu ")) {
        begin_list(w, node);
    } else if (html_is_any(node, " td th ") && in_data_table(node)) {
        if (!w->first_cell) {
            flush(w);
            g_string_append(w->out, " |");
            w->blank = TRUE;
        }
        w->first_cell = FALSE;
        w->cell++;
    } else if (html_is_any(node, PARAGRAPHS)) {
        want_newlines(w, 2);
    } else if (html_is_any(node, LINES)) {
        want_newlines(w, 1);
    }
    if (html_is(node, "table") && is_data_table(node))
        node->_private = node;
    if (html_is(node, "tr"))
        w->first_cell = TRUE;
    if (html_is_any(node, " pre listing xmp "))
        w->pre++;
}

static void end(Writer *w, xmlNode *node)
{
    if (heading_level(node)) {
        end_heading(w);
        return;
    }
    if (html_is_any(node, " ul ol dir menu "))
        w->lists--;
    if (html_is_any(node, " pre listing xmp "))
        w->pre--;
    if (html_is_any(node, " td th ") && in_data_table(node)) {
        w->cell--;
        w->blank = FALSE;
        return;
    }
    if (html_is(node, "li"))
        w->marked = FALSE;
    if (html_is_any(node, PARAGRAPHS))
        want_newlines(w, html_is_any(node, " ul ol ") && w->lists ? 1 : 2);
    else if (html_is_any(node, LINES))
        want_newlines(w, 1);
}

void htmltext_append(xmlNode *top, GHashTable *dropped, GString *out, GArray *headings)
{
    g_autoptr(GString) hidden = g_string_new(NULL);
    Writer w = { .out = out, .headings = headings, .hidden = hidden };
    xmlNode *node = top;
    while (node) {
        gboolean skipped = FALSE;
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
            if (node->content)
                append_text(&w, (const char *) node->content);
        } else if (html_is_hidden(node)) {
            hide(&w, node);
            skipped = TRUE;
        } else if (node->type != XML_ELEMENT_NODE || html_is_any(node, NEVER)
                   || (dropped && g_hash_table_contains(dropped, node))) {
            skipped = TRUE;
        } else {
            begin(&w, node);
            if (node->children) {
                node = node->children;
                continue;
            }
        }
        if (!skipped && node->type == XML_ELEMENT_NODE)
            end(&w, node);
        while (node != top && !node->next) {
            node = node->parent;
            end(&w, node);
        }
        node = node == top ? NULL : node->next;
    }
    w.heading.level = 0;
    release(&w);
}
