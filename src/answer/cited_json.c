/* cited_json.c - what an answer cites and quotes, as JSON output and records have it. */
#include "config.h"
#include "src/answer/cited_json.h"

#include "ingest/places.h"
#include "src/answer/json.h"

/* The member "rectangles" of PLACE, if any are known. */
static void add_rectangles(JsonBuilder *builder, const Document *document, const PagePlace *place)
{
    g_autoptr(GArray) rectangles = places_find(place, document->pages);

    if (rectangles->len == 0)
        return;
    json_builder_set_member_name(builder, "rectangles");
    json_builder_begin_array(builder);
    for (guint i = 0; i < rectangles->len; i++) {
        const PageRectangle *r = &g_array_index(rectangles, PageRectangle, i);

        json_builder_begin_object(builder);
        json_add_int(builder, "page_number", (gint64) r->page + 1);
        json_add_double(builder, "x0", r->x0 / 100.0);
        json_add_double(builder, "y0", r->y0 / 100.0);
        json_add_double(builder, "x1", r->x1 / 100.0);
        json_add_double(builder, "y1", r->y1 / 100.0);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

JsonNode *cited_json_citations(const Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations);
    const GPtrArray *documents = answer->documents;
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < list->len; i++) {
        const Citation *citation = &g_array_index(list, Citation, i);
        const Document *document = g_ptr_array_index(documents, citation->document);

        json_builder_begin_object(builder);
        json_add_int(builder, "document_index", citation->document);
        json_add_text(builder, "document_title", document->title);
        if (document->name != NULL) {
            json_add_text(builder, "document_name", document->name);
            json_add_text(builder, "document_key", document->key);
        }
        json_add_int(builder, "start_page_number", (gint64) citation->first + 1);
        json_add_int(builder, "end_page_number", (gint64) citation->last + 2);
        json_add_text(builder, "cited_text", citation->text);
        json_add_text(builder, "basis", answer->verbatim ? "verbatim" : "model");
        if (citation_recognised(citation, documents))
            json_add_boolean(builder, "recognised", TRUE);
        /* In pages as a whole no passage stands out. */
        if (citation->end > 0)
            add_rectangles(builder, document, &(PagePlace) { citation->page, citation->page, citation->begin, citation->end });
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}

/* Where a quotation stands. */
static void add_source(JsonBuilder *builder, const Answer *answer, const Quotation *quotation)
{
    const Document *document = g_ptr_array_index(answer->documents, quotation->document);

    json_add_int(builder, "document_index", quotation->document);
    json_add_text(builder, "document_title", document->title);
    json_add_int(builder, "start_page_number", (gint64) quotation->first + 1);
    json_add_int(builder, "end_page_number", (gint64) quotation->last + 2);
    json_add_text(builder, "cited_text", quotation->source);
    add_rectangles(builder, document, &(PagePlace) { quotation->first, quotation->last, quotation->begin, quotation->end });
}

JsonNode *cited_json_quotations(const Answer *answer)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *quotation = &g_array_index(answer->quotations, Quotation, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "text", quotation->text);
        json_add_text(builder, "status", quotation_status_name(quotation->status));
        if (quotation->status != QUOTATION_NOT_FOUND)
            add_source(builder, answer, quotation);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    return json_builder_get_root(builder);
}
