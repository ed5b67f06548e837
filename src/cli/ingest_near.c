/* ingest_near.c - which documents are nearly the same. */
#include "config.h"
#include "src/cli/ingest_near.h"

#include "ingest/sketch.h"
#include "src/base/interrupt.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"

/* From so many percent on; so many lines at most, as a corpus may be all of one licence. */
enum { NEAR_PERCENT = 90, LINES_MAX = 20 };

typedef struct {
    GPtrArray *indexed;         /* CatalogueDocument*, in the order of the index */
    SketchIndex *index;
    IngestReport *report;
    guint told;
} Near;

static gboolean make_sketch(Catalogue *catalogue, const char *corpus, CatalogueDocument *row, Sketch *sketch, GError **error)
{
    sketch_begin(sketch);
    if (interrupt_check(error) || !catalogue_load_pages(catalogue, corpus, row, error))
        return FALSE;
    for (guint i = 0; i < row->pages->len; i++)
        sketch_add(sketch, ((const CataloguePage *) g_ptr_array_index(row->pages, i))->text);
    g_clear_pointer(&row->pages, g_ptr_array_unref);
    return TRUE;
}

static void compare(Near *near, const CatalogueDocument *row, const Sketch *sketch)
{
    guint number, percent = sketch_index_find(near->index, sketch, NEAR_PERCENT, &number);
    if (percent == 0)
        return;
    /* What is all the same is a duplicate, and was told as that. */
    percent = MIN(percent, 99);
    const CatalogueDocument *like = g_ptr_array_index(near->indexed, number);
    if (near->told++ < LINES_MAX && !settings_get()->quiet)
        output_note("kvasir ingest: %s: nearly the same as %s (%u%%)\n", row->path, like->path, percent);
    ingest_report_add_near(near->report, row->path, like->path, percent);
}

/* One walk over the documents that are as before, which are compared with nothing, then one over the others. */
static gboolean walk(Near *near, Catalogue *catalogue, const char *corpus, GPtrArray *rows, GHashTable *fresh, gboolean comparing,
                     GError **error)
{
    for (guint i = 0; i < rows->len; i++) {
        CatalogueDocument *row = g_ptr_array_index(rows, i);
        Sketch sketch;
        if (g_hash_table_contains(fresh, row->path) != comparing)
            continue;
        if (!make_sketch(catalogue, corpus, row, &sketch, error))
            return FALSE;
        if (comparing)
            compare(near, row, &sketch);
        sketch_index_add(near->index, &sketch);
        g_ptr_array_add(near->indexed, row);
    }
    return TRUE;
}

gboolean ingest_near_tell(Catalogue *catalogue, const char *corpus, GHashTable *fresh, IngestReport *report, GError **error)
{
    if (g_hash_table_size(fresh) == 0)
        return TRUE;
    g_autoptr(GPtrArray) rows = catalogue_documents(catalogue, corpus, FALSE, error);
    if (rows == NULL)
        return FALSE;
    g_autoptr(GPtrArray) indexed = g_ptr_array_new();
    g_autoptr(SketchIndex) index = sketch_index_new();
    Near near = { .indexed = indexed, .index = index, .report = report };
    if (!walk(&near, catalogue, corpus, rows, fresh, FALSE, error) || !walk(&near, catalogue, corpus, rows, fresh, TRUE, error))
        return FALSE;
    if (near.told > LINES_MAX && !settings_get()->quiet)
        output_note("kvasir ingest: %u more are nearly the same as others (--json names all)\n", near.told - LINES_MAX);
    return TRUE;
}
