/* why_json.c - what sentences looked at, as JSON: for output, records and those who show them. */
#include "config.h"
#include "src/answer/why_json.h"

#include <math.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/answer/volume.h"

static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static char *strip(const char *text, gsize begin, gsize end)
{
    return g_strstrip(g_strndup(text + begin, end - begin));
}

static void add_place(JsonBuilder *builder, const WhyPlace *place, const Answer *answer)
{
    const GPtrArray *documents = answer->documents;
    const Document *document = g_ptr_array_index(documents, place->document);
    const Page *page = g_ptr_array_index(document->pages, place->page);
    const Citation pages = { .document = place->document, .first = place->page, .last = place->page };
    g_autofree char *text = strip(page->text, place->begin, place->end), *where = citation_place(&pages, documents);

    json_builder_begin_object(builder);
    json_add_int(builder, "document_index", place->document);
    json_add_text(builder, "document_title", document->title != NULL ? document->title : "");
    json_add_int(builder, "start_page_number", (gint64) place->page + 1);
    json_add_int(builder, "end_page_number", (gint64) place->page + 2);
    json_add_text(builder, "place", where);
    if (answer->volumes != NULL)
        json_add_int(builder, "volume", (gint64) volume_find(answer->volumes, place->document, place->page) + 1);
    json_add_double(builder, "share", rounded(place->share));
    json_add_double(builder, "attention", rounded(place->attention));
    json_add_text(builder, "cited_text", text);
    json_builder_end_object(builder);
}

static void add_sentence(JsonBuilder *builder, const WhySentence *sentence, const Answer *answer)
{
    g_autofree char *words = strip(answer->text->str, sentence->begin, sentence->end);

    json_builder_begin_object(builder);
    json_add_text(builder, "text", words);
    json_add_text(builder, "basis", sentence->cited ? "model" : sentence->stands_out ? "attention" : "none");
    json_add_boolean(builder, "stands_out", sentence->stands_out);
    json_add_boolean(builder, "disagrees", sentence->disagrees);
    json_builder_set_member_name(builder, "pages");
    json_builder_begin_array(builder);
    for (guint i = 0; i < sentence->n; i++)
        add_place(builder, &sentence->places[i], answer);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

JsonNode *why_to_json(const Answer *answer)
{
    const Why *why = answer->why;
    const GArray *sentences = why_sentences(why);
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_boolean(builder, "calibrated", why_heads(why)->calibrated);
    json_add_int(builder, "heads", (gint64) why_heads(why)->n);
    json_builder_set_member_name(builder, "sentences");
    json_builder_begin_array(builder);
    for (guint i = 0; i < sentences->len; i++)
        add_sentence(builder, &g_array_index(sentences, WhySentence, i), answer);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static JsonNode *value_of(JsonObject *o, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(o, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node : NULL;
}

static JsonArray *array_of(JsonObject *o, const char *name)
{
    JsonNode *node = json_object_get_member(o, name);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static gboolean check_page(JsonNode *node)
{
    JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *share = o != NULL ? json_object_get_member(o, "share") : NULL;
    gboolean in_volume = o != NULL && json_object_has_member(o, "volume");

    return o != NULL && value_of(o, "document_title", G_TYPE_STRING) != NULL && value_of(o, "place", G_TYPE_STRING) != NULL &&
           value_of(o, "cited_text", G_TYPE_STRING) != NULL && share != NULL && JSON_NODE_HOLDS_VALUE(share) &&
           json_node_get_value_type(share) != G_TYPE_STRING && (!in_volume || value_of(o, "volume", G_TYPE_INT64) != NULL);
}

gboolean why_json_check(JsonNode *why)
{
    JsonObject *o = why != NULL && JSON_NODE_HOLDS_OBJECT(why) ? json_node_get_object(why) : NULL;
    JsonArray *sentences = o != NULL ? array_of(o, "sentences") : NULL;

    if (sentences == NULL || value_of(o, "calibrated", G_TYPE_BOOLEAN) == NULL)
        return FALSE;
    for (guint i = 0; i < json_array_get_length(sentences); i++) {
        JsonNode *node = json_array_get_element(sentences, i);
        JsonObject *s = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        JsonArray *pages = s != NULL ? array_of(s, "pages") : NULL;

        if (pages == NULL || value_of(s, "text", G_TYPE_STRING) == NULL || value_of(s, "basis", G_TYPE_STRING) == NULL ||
            value_of(s, "disagrees", G_TYPE_BOOLEAN) == NULL)
            return FALSE;
        for (guint p = 0; p < json_array_get_length(pages); p++)
            if (!check_page(json_array_get_element(pages, p)))
                return FALSE;
    }
    return TRUE;
}
