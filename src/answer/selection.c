/* selection.c - some pages of a list of documents, shown to the model in place of all. */
#include "config.h"
#include "src/answer/selection.h"

void selection_add(GArray *selection, guint document, guint page)
{
    PageRun *last = selection->len > 0 ? &g_array_index(selection, PageRun, selection->len - 1) : NULL;

    if (last != NULL && last->document == document && last->last + 1 == page) {
        last->last = page;
    } else {
        PageRun run = { document, page, page };
        g_array_append_val(selection, run);
    }
}

char *selection_to_text(const GArray *selection)
{
    GString *text = g_string_new(NULL);
    guint document = G_MAXUINT;

    for (guint i = 0; i < selection->len; i++) {
        const PageRun *run = &g_array_index(selection, PageRun, i);

        if (run->document != document)
            g_string_append_printf(text, "%s%u:", text->len > 0 ? " " : "", run->document + 1);
        else
            g_string_append_c(text, ',');
        document = run->document;
        g_string_append_printf(text, "%u", run->first + 1);
        if (run->last > run->first)
            g_string_append_printf(text, "-%u", run->last + 1);
    }
    return g_string_free(text, FALSE);
}

/* A number from 1 to MOST at *AT, as one from 0. */
static gboolean read_number(const char **at, guint most, guint *number)
{
    guint64 value = 0;

    if (!g_ascii_isdigit(**at))
        return FALSE;
    for (; g_ascii_isdigit(**at) && value <= G_MAXUINT; (*at)++)
        value = value * 10 + (guint64) (**at - '0');
    *number = (guint) (value - 1);
    return value >= 1 && value <= most;
}

static gboolean read_char(const char **at, char c)
{
    if (**at != c)
        return FALSE;
    (*at)++;
    return TRUE;
}

/* The runs of one document at *AT, behind its colon. */
static gboolean read_runs(const char **at, guint document, guint pages, GArray *selection)
{
    do {
        PageRun run = { .document = document };
        const PageRun *last = selection->len > 0 ? &g_array_index(selection, PageRun, selection->len - 1) : NULL;

        if (!read_number(at, pages, &run.first))
            return FALSE;
        run.last = run.first;
        if (read_char(at, '-') && !read_number(at, pages, &run.last))
            return FALSE;
        if (run.last < run.first || (last != NULL && (last->document > document ||
                                                      (last->document == document && last->last >= run.first))))
            return FALSE;
        g_array_append_val(selection, run);
    } while (read_char(at, ','));
    return TRUE;
}

GArray *selection_from_text(const char *text, const GPtrArray *documents)
{
    g_autoptr(GArray) selection = g_array_new(FALSE, FALSE, sizeof(PageRun));

    do {
        guint document;

        if (!read_number(&text, documents->len, &document) || !read_char(&text, ':') ||
            !read_runs(&text, document, ((const Document *) g_ptr_array_index(documents, document))->pages->len, selection))
            return NULL;
    } while (read_char(&text, ' '));
    return *text == '\0' ? g_steal_pointer(&selection) : NULL;
}

static Page blank = { .label = (char *) (guintptr) "", .text = (char *) (guintptr) "", .length = 0, .state = PAGE_EMPTY };

/* Owns its list of pages, and nothing else. */
static void free_view(gpointer document)
{
    g_ptr_array_unref(((Document *) document)->pages);
    g_free(document);
}

GPtrArray *selection_view(const GPtrArray *documents, const GArray *selection)
{
    GPtrArray *view = g_ptr_array_new_full(documents->len, free_view);

    for (guint i = 0; i < documents->len; i++) {
        Document *copy = g_memdup2(g_ptr_array_index(documents, i), sizeof *copy);
        copy->pages = g_ptr_array_new();
        g_ptr_array_add(view, copy);
    }
    for (guint i = 0; i < selection->len; i++) {
        const PageRun *run = &g_array_index(selection, PageRun, i);
        const Document *document = g_ptr_array_index(documents, run->document);
        GPtrArray *pages = ((Document *) g_ptr_array_index(view, run->document))->pages;

        while (pages->len < run->first)
            g_ptr_array_add(pages, &blank);
        for (guint page = run->first; page <= run->last; page++)
            g_ptr_array_add(pages, g_ptr_array_index(document->pages, page));
    }
    return view;
}

gboolean selection_shows(const Document *document, guint page)
{
    return page < document->pages->len && g_ptr_array_index(document->pages, page) != &blank;
}
