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
    char *name;             /* of the place where it leads, or NULL: PAGE is known */
    int page;               /* from 1; 0: none */
    guint level;            /* from 1 */
} Entry;

struct Outline {
    GPtrArray *all;         /* of Entry* */
    GPtrArray **pages;      /* those of a page, in the order of the outline; NULL: none */
    guint n, entries;
};

static void entry_free(gpointer data)
{
    Entry *entry = data;
    g_free(entry->title);
    g_free(entry->name);
    g_free(entry);
}

/* Appends TEXT's letters and digits in lower case. */
static void fold(GString *out, const char *text, gsize length)
{
    gsize ascii = 0;
    while (ascii < length && (guchar) text[ascii] < 0x80)
        ascii++;
    if (ascii == length) {          /* is in its normal form: most lines are */
        for (gsize i = 0; i < length; i++)
            if (g_ascii_isalnum(text[i]))
                g_string_append_c(out, g_ascii_tolower(text[i]));
        return;
    }
    g_autofree char *same = g_utf8_normalize(text, (gssize) length, G_NORMALIZE_NFKC);
    for (const char *p = same ? same : ""; *p; p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isalnum(c) || g_unichar_ismark(c))
            g_string_append_unichar(out, g_unichar_tolower(c));
    }
}

static void add_entry(Outline *outline, const PopplerAction *action, guint level)
{
    const char *title = action->any.title;
    if (action->type != POPPLER_ACTION_GOTO_DEST || !action->goto_dest.dest || !title || strlen(title) > TITLE_MAX)
        return;
    const PopplerDest *dest = action->goto_dest.dest;
    gboolean named = dest->type == POPPLER_DEST_NAMED;
    g_autoptr(GString) folded = g_string_new(NULL);
    fold(folded, title, strlen(title));
    if (folded->len == 0)
        return;
    Entry *entry = g_new(Entry, 1);
    *entry = (Entry) { g_string_free(g_steal_pointer(&folded), FALSE), named ? g_strdup(dest->named_dest) : NULL,
                       named ? 0 : dest->page_num, level };
    g_ptr_array_add(outline->all, entry);
}

/* The entries at ITER and below, which is level LEVEL; frees it. */
static void add_level(Outline *outline, PopplerIndexIter *iter, guint level)
{
    do {
        PopplerAction *action = poppler_index_iter_get_action(iter);
        PopplerIndexIter *child;
        if (action) {
            add_entry(outline, action, level);
            poppler_action_free(action);
        }
        if (++outline->entries < ENTRIES_MAX && level < DEPTH_MAX && (child = poppler_index_iter_get_child(iter)))
            add_level(outline, child, level + 1);
    } while (outline->entries < ENTRIES_MAX && poppler_index_iter_next(iter));
    poppler_index_iter_free(iter);
}

/* The page where the place called NAME is, or 0. */
static int page_of(PopplerDocument *pdf, const char *name)
{
    PopplerDest *found = poppler_document_find_dest(pdf, name);
    int page = found ? found->page_num : 0;
    if (found)
        poppler_dest_free(found);
    return page;
}

static void add_pages(Outline *outline, PopplerDocument *pdf)
{
    for (guint i = 0; i < outline->all->len; i++) {
        Entry *entry = g_ptr_array_index(outline->all, i);
        int page = entry->name ? page_of(pdf, entry->name) : entry->page;
        if (page < 1 || (guint) page > outline->n)
            continue;
        GPtrArray **entries = &outline->pages[page - 1];
        if (!*entries)
            *entries = g_ptr_array_new();
        g_ptr_array_add(*entries, entry);
    }
}

Outline *outline_new(PopplerDocument *pdf, guint pages)
{
    PopplerIndexIter *iter = poppler_index_iter_new(pdf);
    if (!iter)
        return NULL;
    Outline *outline = g_new0(Outline, 1);
    outline->n = pages;
    outline->pages = g_new0(GPtrArray *, pages);
    outline->all = g_ptr_array_new_with_free_func(entry_free);
    /* All page objects, then all entries, then all places: poppler keeps only a few of the streams that such objects are packed
     * into, and going to and fro it would unpack them again for each entry. */
    PopplerPage *last = poppler_document_get_page(pdf, (int) pages - 1);
    g_clear_object(&last);
    add_level(outline, iter, 1);
    if (outline->all->len == 0) {
        outline_free(outline);
        return NULL;
    }
    add_pages(outline, pdf);
    return outline;
}

void outline_free(Outline *outline)
{
    if (!outline)
        return;
    for (guint i = 0; i < outline->n; i++)
        g_clear_pointer(&outline->pages[i], g_ptr_array_unref);
    g_free(outline->pages);
    g_ptr_array_unref(outline->all);
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

/* Whether two folded lines, of N and M bytes, say the same but for a number before one of them. */
static gboolean says(const char *line, gsize n, const char *title, gsize m)
{
    if (n >= m)
        return !memcmp(line + (n - m), title, m) && is_number(line, n - m);
    return n > 0 && !memcmp(title + (m - n), line, n) && is_number(title, m - n);
}

/* The end of the line at P. */
static char *line_end(char *p)
{
    return p + strcspn(p, "\n");
}

/* What TEXT has at least when it is folded: its ASCII letters and digits and its ideographs stay, in as many bytes. */
static gsize least(const char *text, const char *end)
{
    gsize n = 0;
    for (; text < end; text++) {
        guchar c = (guchar) *text;
        n += c < 0x80 ? g_ascii_isalnum(c) : c >= 0xe5 && c <= 0xe9 ? 3 : 0;    /* U+5000 to U+9FFF */
    }
    return n;
}

/* What begins at a line: it alone, it and the next, and so on; the same for all titles. */
typedef struct {
    GString *folded;            /* of all these lines */
    gsize length[LINES_MAX];    /* of what N + 1 lines say */
    char *end[LINES_MAX];
    guint n;
} Start;

/* The lines at LINE, as far as a title of LONGEST bytes may reach. */
static void start_read(Start *start, char *line, gsize longest)
{
    char *p = line;
    g_string_truncate(start->folded, 0);
    start->n = 0;
    while (start->n < LINES_MAX && *p) {
        char *end = line_end(p);
        if (end - line > 2 * TITLE_MAX || start->folded->len + least(p, end) > longest + NUMBER_MAX)
            return;
        fold(start->folded, p, (gsize) (end - p));
        start->length[start->n] = start->folded->len;
        start->end[start->n++] = end;
        if (start->folded->len > longest + NUMBER_MAX)
            return;
        p = end + strspn(end, "\n");
    }
}

/* Where the lines end that say TITLE, or NULL. */
static char *match(const Start *start, const char *title)
{
    gsize m = strlen(title);
    for (guint i = 0; i < start->n && start->length[i] <= m + NUMBER_MAX; i++)
        if (start->length[i] > 0 && says(start->folded->str, start->length[i], title, m))
            return start->end[i];
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
    gsize longest = 0;
    for (guint i = 0; i < entries->len; i++)
        longest = MAX(longest, strlen(((const Entry *) g_ptr_array_index(entries, i))->title));
    Start start = { .folded = g_string_new(NULL) };
    for (char *p = text; *p; ) {
        char *end = NULL;
        if (left > 0 && *p != '\n')
            start_read(&start, p, longest);
        for (guint i = 0; i < entries->len && left > 0 && !end && *p != '\n'; i++) {
            const Entry *entry = g_ptr_array_index(entries, i);
            if (used[i] || !(end = match(&start, entry->title)))
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
    g_string_free(start.folded, TRUE);
    g_free(text);
    return g_string_free(out, FALSE);
}
