/* outline.c - the headings that a PDF's outline names, marked in the text.
 *
 * An entry tells a title and a page, not which line of it is meant; so the first line of that page is taken that says the same, but
 * for case, marks and a number before it, or two or three lines that do together.  An entry that no line says marks nothing.
 */
#include "config.h"
#include "ingest/outline.h"

#include <string.h>

#include "ingest/clean.h"

/* Entries, levels and characters of a title: more is no table of contents. */
enum { ENTRIES_MAX = 20000, DEPTH_MAX = 16, TITLE_MAX = 400 };
/* Lines that a title may run over, letters and digits of a number such as "Chapter 12" before it, levels of marks. */
enum { LINES_MAX = 3, NUMBER_MAX = 12, MARKS_MAX = 6 };

typedef struct {
    char *title;            /* folded */
    guint level;            /* from 1 */
} Entry;

struct Outline {
    GPtrArray **pages;      /* of Entry*, in the order of the outline; NULL: none */
    guint n, entries;
};

static void entry_free(gpointer data)
{
    Entry *entry = data;
    g_free(entry->title);
    g_free(entry);
}

/* Appends TEXT's letters and digits in lower case. */
static void fold(GString *out, const char *text, gsize length)
{
    g_autofree char *same = g_utf8_normalize(text, (gssize) length, G_NORMALIZE_NFKC);
    for (const char *p = same ? same : ""; *p; p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isalnum(c) || g_unichar_ismark(c))
            g_string_append_unichar(out, g_unichar_tolower(c));
    }
}

/* The page from 1 that ACTION leads to, or 0. */
static int page_of(PopplerDocument *pdf, const PopplerAction *action)
{
    int page = 0;
    if (action->type != POPPLER_ACTION_GOTO_DEST || !action->goto_dest.dest)
        return 0;
    const PopplerDest *dest = action->goto_dest.dest;
    if (dest->type != POPPLER_DEST_NAMED)
        return dest->page_num;
    PopplerDest *found = dest->named_dest ? poppler_document_find_dest(pdf, dest->named_dest) : NULL;
    if (found) {
        page = found->page_num;
        poppler_dest_free(found);
    }
    return page;
}

static void add_entry(Outline *outline, int page, const char *title, guint level)
{
    if (page < 1 || (guint) page > outline->n || !title || strlen(title) > TITLE_MAX)
        return;
    g_autoptr(GString) folded = g_string_new(NULL);
    fold(folded, title, strlen(title));
    if (folded->len == 0)
        return;
    Entry *entry = g_new(Entry, 1);
    *entry = (Entry) { g_string_free(g_steal_pointer(&folded), FALSE), level };
    GPtrArray **entries = &outline->pages[page - 1];
    if (!*entries)
        *entries = g_ptr_array_new_with_free_func(entry_free);
    g_ptr_array_add(*entries, entry);
}

/* The entries at ITER and below, which is level LEVEL; frees it. */
static void add_level(Outline *outline, PopplerDocument *pdf, PopplerIndexIter *iter, guint level)
{
    do {
        PopplerAction *action = poppler_index_iter_get_action(iter);
        PopplerIndexIter *child;
        if (action) {
            add_entry(outline, page_of(pdf, action), action->any.title, level);
            poppler_action_free(action);
        }
        if (++outline->entries < ENTRIES_MAX && level < DEPTH_MAX && (child = poppler_index_iter_get_child(iter)))
            add_level(outline, pdf, child, level + 1);
    } while (outline->entries < ENTRIES_MAX && poppler_index_iter_next(iter));
    poppler_index_iter_free(iter);
}

Outline *outline_new(PopplerDocument *pdf, guint pages)
{
    PopplerIndexIter *iter = poppler_index_iter_new(pdf);
    if (!iter)
        return NULL;
    Outline *outline = g_new0(Outline, 1);
    outline->n = pages;
    outline->pages = g_new0(GPtrArray *, pages);
    add_level(outline, pdf, iter, 1);
    return outline;
}

void outline_free(Outline *outline)
{
    if (!outline)
        return;
    for (guint i = 0; i < outline->n; i++)
        g_clear_pointer(&outline->pages[i], g_ptr_array_unref);
    g_free(outline->pages);
    g_free(outline);
}

/* Whether the first letters of FOLDED, those before its last LENGTH bytes, number a heading: "12", "iv", "chapter3". */
static gboolean is_number(const char *folded, gsize length)
{
    gboolean digit = FALSE;
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isalnum(folded[i]))
            return FALSE;
        digit |= g_ascii_isdigit(folded[i]);
    }
    return length <= 3 || (length <= NUMBER_MAX && digit);
}

/* Whether two folded lines say the same but for a number before one of them. */
static gboolean says(const char *line, const char *title)
{
    gsize n = strlen(line), m = strlen(title);
    if (n >= m)
        return !strcmp(line + (n - m), title) && is_number(line, n - m);
    return n > 0 && !strcmp(title + (m - n), line) && is_number(title, m - n);
}

/* The end of the line at P. */
static char *line_end(char *p)
{
    return p + strcspn(p, "\n");
}

/* Where the lines end that begin at LINE and say TITLE, or NULL. */
static char *match(char *line, const char *title)
{
    g_autoptr(GString) folded = g_string_new(NULL);
    char *p = line;
    for (guint i = 0; i < LINES_MAX && *p; i++) {
        char *end = line_end(p);
        if (end - line > 2 * TITLE_MAX)
            return NULL;
        fold(folded, p, (gsize) (end - p));
        if (folded->len > 0 && says(folded->str, title))
            return end;
        if (folded->len > strlen(title) + NUMBER_MAX)
            return NULL;
        p = end + strspn(end, "\n");
    }
    return NULL;
}

/* Writes the heading from LINE to END as one line. */
static void write_heading(GString *out, const char *line, const char *end, guint level)
{
    while (out->len && out->str[out->len - 1] == '\n')
        g_string_truncate(out, out->len - 1);
    g_string_append(out, out->len ? "\n\n" : "");
    g_string_append_len(out, "######", (gssize) MIN(level, MARKS_MAX));
    g_string_append_c(out, ' ');
    for (; line < end; line++)
        if (*line != '\n')
            g_string_append_c(out, *line);
        else if (out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    g_string_append(out, "\n\n");
}

char *outline_mark(const Outline *outline, guint index, char *text)
{
    const GPtrArray *entries = outline ? outline->pages[index] : NULL;
    if (!entries)
        return text;
    g_autofree gboolean *used = g_new0(gboolean, entries->len);
    GString *out = g_string_sized_new(strlen(text) + 8 * entries->len);
    guint left = entries->len;
    for (char *p = text; *p; ) {
        char *end = NULL;
        for (guint i = 0; i < entries->len && left > 0 && !end && *p != '\n'; i++) {
            const Entry *entry = g_ptr_array_index(entries, i);
            if (used[i] || !(end = match(p, entry->title)))
                continue;
            write_heading(out, p, end, entry->level);
            used[i] = TRUE;
            left--;
        }
        if (end) {
            p = end + strspn(end, "\n");
            continue;
        }
        end = line_end(p);
        end += *end == '\n';
        g_string_append_len(out, p, end - p);
        p = end;
    }
    g_free(text);
    return g_string_free(out, FALSE);
}
