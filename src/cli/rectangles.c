/* rectangles.c - where on the pages of PDF files the passages of an answer stand. */
#include "config.h"
#include "src/cli/rectangles.h"

#include <string.h>

#include "src/answer/json.h"
#include "src/cli/reading.h"

/* A passage of the answer. */
typedef struct {
    guint document;
    PagePlace place;
    gboolean any;           /* there is one */
} Cited;

/* Citations, then quotations. */
static GArray *collect(const Answer *answer)
{
    const GArray *citations = citation_reader_list(answer->citations);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Cited));

    for (guint i = 0; i < citations->len; i++) {
        const Citation *c = &g_array_index(citations, Citation, i);
        /* Not of pages as a whole, in which no passage stands out. */
        Cited cited = { .document = c->document, .place = { c->page, c->page, c->begin, c->end }, .any = c->end > 0 };

        g_array_append_val(all, cited);
    }
    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *q = &g_array_index(answer->quotations, Quotation, i);
        Cited cited = { .document = q->document, .place = { q->first, q->last, q->begin, q->end },
                        .any = q->status != QUOTATION_NOT_FOUND };

        g_array_append_val(all, cited);
    }
    return all;
}

/* The rectangles of PLACE among those of DOCUMENT, or NULL. */
static JsonNode *place_json(const Document *document, guint place)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    guint n = 0;

    json_builder_begin_array(builder);
    for (guint i = 0; i < document->rectangles->len; i++) {
        const PageRectangle *r = &g_array_index(document->rectangles, PageRectangle, i);

        if (r->place != place)
            continue;
        json_builder_begin_object(builder);
        json_add_int(builder, "page_number", (gint64) r->page + 1);
        json_add_double(builder, "x0", r->x0 / 100.0);
        json_add_double(builder, "y0", r->y0 / 100.0);
        json_add_double(builder, "x1", r->x1 / 100.0);
        json_add_double(builder, "y1", r->y1 / 100.0);
        json_builder_end_object(builder);
        n++;
    }
    json_builder_end_array(builder);
    return n > 0 ? json_builder_get_root(builder) : NULL;
}

/* The file of DOCUMENT read again, if it says the same; else NULL: that a passage has no rectangle is no failure. */
static Document *locate(const Document *document, const GArray *places)
{
    g_autoptr(Document) again = reading_locate(document->path, places, NULL);
    g_autofree char *then = document_hash(document), *now = again != NULL ? document_hash(again) : NULL;

    return g_strcmp0(then, now) == 0 && again->rectangles != NULL ? g_steal_pointer(&again) : NULL;
}

/* Fills in what document INDEX has of PASSAGES. */
static void find_in(const Answer *answer, guint index, const GArray *passages, GPtrArray *found)
{
    const Document *document = g_ptr_array_index(answer->documents, index);
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(PagePlace));
    g_autoptr(GArray) owners = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(Document) again = NULL;

    for (guint i = 0; i < passages->len; i++) {
        const Cited *cited = &g_array_index(passages, Cited, i);

        if (!cited->any || cited->document != index)
            continue;
        g_array_append_val(places, cited->place);
        g_array_append_val(owners, i);
    }
    if (places->len == 0 || (again = locate(document, places)) == NULL)
        return;
    for (guint i = 0; i < owners->len; i++)
        g_ptr_array_index(found, g_array_index(owners, guint, i)) = place_json(again, i);
}

static void free_node(gpointer node)
{
    g_clear_pointer((JsonNode **) &node, json_node_unref);
}

GPtrArray *rectangles_find(const Answer *answer)
{
    g_autoptr(GArray) passages = collect(answer);
    GPtrArray *found = g_ptr_array_new_with_free_func(free_node);

    g_ptr_array_set_size(found, (gint) passages->len);
    for (guint i = 0; i < answer->documents->len; i++) {
        const Document *document = g_ptr_array_index(answer->documents, i);

        if (strcmp(document->format, "pdf") == 0)
            find_in(answer, i, passages, found);
    }
    return found;
}
