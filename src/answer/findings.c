/* findings.c - what the answers about several volumes found, put together for the last question about all of it. */
#include "config.h"
#include "src/answer/findings.h"

#define PAGES_PER_RUN 4

/* What stands behind ANSWER, array of PageRun: what it cites, then what stood out for sentences that cite nothing. */
static GArray *runs_of(const Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations), *sentences = answer->why != NULL ? why_sentences(answer->why) : NULL;
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(PageRun));

    for (guint i = 0; i < list->len; i++) {
        const Citation *citation = &g_array_index(list, Citation, i);
        const PageRun run = { citation->document, citation->first, citation->last };

        g_array_append_val(runs, run);
    }
    for (guint i = 0; sentences != NULL && i < sentences->len; i++) {
        const WhySentence *sentence = &g_array_index(sentences, WhySentence, i);
        const PageRun run = { sentence->places[0].document, sentence->places[0].page, sentence->places[0].page };

        if (sentence->stands_out && !sentence->cited)
            g_array_append_val(runs, run);
    }
    return runs;
}

gboolean findings_has(const Answer *answer)
{
    g_autoptr(GArray) runs = runs_of(answer);

    return runs->len > 0 && answer->outcome != OUTCOME_NOT_THERE;
}

/* Less is better: pages behind it, then that nothing is there, and last what nothing supports. */
static guint rank(const Answer *answer)
{
    if (outcome_found(answer->outcome))
        return answer->outcome;
    return answer->outcome == OUTCOME_NOT_THERE ? G_MAXUINT - 1 : G_MAXUINT;
}

guint findings_best(const GPtrArray *answers)
{
    guint best = 0;

    for (guint i = 1; i < answers->len; i++)
        if (rank(g_ptr_array_index(answers, i)) < rank(g_ptr_array_index(answers, best)))
            best = i;
    return best;
}

static gint compare_pages(gconstpointer a, gconstpointer b)
{
    const PageRun *x = a, *y = b;

    if (x->document != y->document)
        return x->document < y->document ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* The first pages of RUN that have text. */
static void add_pages(const Answer *answer, const PageRun *run, GArray *pages)
{
    const GPtrArray *all = ((const Document *) g_ptr_array_index(answer->documents, run->document))->pages;
    guint n = 0;

    for (guint p = run->first; p <= run->last && n < PAGES_PER_RUN; p++) {
        const PageRun page = { run->document, p, p };

        if (((const Page *) g_ptr_array_index(all, p))->length == 0)
            continue;
        g_array_append_val(pages, page);
        n++;
    }
}

/* The pages of the first MOST runs of each of the first N of ANSWERS. */
static GArray *select_pages(const GPtrArray *answers, guint n, guint most)
{
    g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(PageRun));
    GArray *selection = g_array_new(FALSE, FALSE, sizeof(PageRun));

    for (guint i = 0; i < n; i++) {
        const Answer *answer = g_ptr_array_index(answers, i);
        g_autoptr(GArray) runs = runs_of(answer);

        for (guint k = 0; k < MIN(runs->len, most); k++)
            add_pages(answer, &g_array_index(runs, PageRun, k), pages);
    }
    g_array_sort(pages, compare_pages);
    for (guint i = 0; i < pages->len; i++) {
        const PageRun *page = &g_array_index(pages, PageRun, i);
        if (i == 0 || compare_pages(page - 1, page) != 0)
            selection_add(selection, page->document, page->first);
    }
    return selection;
}

static gboolean fits(const GArray *selection, const GPtrArray *documents, gsize limit, PackEncodeFunc encode, gpointer data)
{
    g_autoptr(GPtrArray) view = selection_view(documents, selection);
    g_autoptr(Pack) pack = selection_pack(view, encode, data);

    return pack->ids->len <= limit;
}

GArray *findings_selection(const GPtrArray *answers, const GPtrArray *documents, gsize limit, PackEncodeFunc encode, gpointer data,
                           guint *used)
{
    guint most = 1;
    GArray *selection;

    *used = answers->len;
    for (guint i = 0; i < answers->len; i++) {
        g_autoptr(GArray) runs = runs_of(g_ptr_array_index(answers, i));
        most = MAX(most, runs->len);
    }
    selection = select_pages(answers, *used, most);
    while ((most > 1 || *used > 1) && !fits(selection, documents, limit, encode, data)) {
        if (most > 1)
            most--;
        else
            (*used)--;
        g_array_unref(selection);
        selection = select_pages(answers, *used, most);
    }
    return selection;
}
