/* find.c - the search index, kept up with the catalogue. */
#include "config.h"
#include "src/answer/find.h"

#include "src/base/interrupt.h"

/* Pages that were not loaded yet are so only for the moment: an archive may be large. */
static gboolean add_row(SearchIndex *index, Catalogue *catalogue, const char *corpus, CatalogueDocument *row, GError **error)
{
    gboolean loaded = row->pages != NULL;
    gboolean ok = (loaded || catalogue_load_pages(catalogue, corpus, row, error)) && search_add(index, row, error);

    if (!loaded)
        g_clear_pointer(&row->pages, g_ptr_array_unref);
    return ok;
}

gboolean find_add(SearchIndex *index, Catalogue *catalogue, const char *corpus, const GPtrArray *rows,
                  ProgressFunc progress, gpointer data, GError **error)
{
    for (guint i = 0; i < rows->len; i++) {
        CatalogueDocument *row = g_ptr_array_index(rows, i);
        Progress state = { .phase = "indexing documents", .unit = "documents", .done = i, .total = rows->len };
        gboolean has;

        if (interrupt_check(error) || !search_has(index, row->hash, &has, error))
            return FALSE;
        if (has)
            continue;
        if (progress != NULL)
            progress(&state, data);
        if (!add_row(index, catalogue, corpus, row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean find_forget(SearchIndex *index, Catalogue *catalogue, GError **error)
{
    g_autoptr(GHashTable) hashes = catalogue_hashes(catalogue, error);

    return hashes != NULL && search_keep(index, hashes, NULL, error);
}
