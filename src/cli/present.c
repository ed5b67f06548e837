/* present.c - answers as people and programs get them. */
#include "config.h"
#include "src/cli/present.h"

#include <stdio.h>

#include "src/answer/cited_json.h"
#include "src/answer/json.h"
#include "src/answer/why_json.h"
#include "src/base/columns.h"
#include "src/cli/output.h"
#include "src/cli/rectangles.h"
#include "src/cli/settings.h"

void present_sources(const Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations);

    if (list->len > 0)
        puts(answer->verbatim ? "\nIt cites no page; word for word it stands in:" : "");
    for (guint i = 0; i < list->len; i++) {
        const Citation *citation = &g_array_index(list, Citation, i);
        const Document *document = g_ptr_array_index(answer->documents, citation->document);
        g_autofree char *place = citation_place(citation, answer->documents);
        g_autofree char *label = citation_label(citation, i + 1, answer->documents);

        output_print("%s %s%s%s\n", label, document->title, place[0] != '\0' ? ", " : "", place);
    }
}

/* TEXT on one line. */
static char *one_line(const char *text)
{
    g_auto(GStrv) words = g_regex_split_simple("\\s+", text, 0, 0);

    return g_strstrip(g_strjoinv(" ", words));
}

static void print_quotation(const Answer *answer, const Quotation *quotation)
{
    g_autofree char *text = one_line(quotation->text);

    if (quotation->status == QUOTATION_NOT_FOUND) {
        output_print("quotation not found: \"%s\"\n", text);
        return;
    }
    const Citation pages = { quotation->document, quotation->first, quotation->last, NULL, 0, 0, 0 };
    const Document *document = g_ptr_array_index(answer->documents, quotation->document);
    g_autofree char *place = citation_place(&pages, answer->documents);
    g_autofree char *source = one_line(quotation->source);

    if (quotation->status == QUOTATION_REPAIRED)
        output_print("quotation not exact: \"%s\"; %s%s%s has: \"%s\"\n", text, document_name(document),
                     place[0] != '\0' ? ", " : "", place, source);
    else
        output_print("quotation from another page: \"%s\" stands in %s%s%s\n", text, document_name(document),
                     place[0] != '\0' ? ", " : "", place);
}

void present_quotations(const Answer *answer)
{
    gboolean first = TRUE;

    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *quotation = &g_array_index(answer->quotations, Quotation, i);
        if (quotation->status == QUOTATION_VERIFIED)
            continue;
        if (first)
            putchar('\n');
        first = FALSE;
        print_quotation(answer, quotation);
    }
}

void present_outcome(const char *status)
{
    if (g_strcmp0(status, outcome_name(OUTCOME_NOT_THERE)) == 0)
        puts("\nNot in these documents.");
    else if (g_strcmp0(status, outcome_name(OUTCOME_UNSUPPORTED)) == 0)
        puts("\nNothing in these documents supports this answer.");
}

/* --- What sentences looked at --- */

#define LINE_MOST 100           /* columns of a sentence or a passage that are shown */

/* TEXT on one line, cut. */
static char *brief(const char *text)
{
    g_autofree char *line = one_line(text);

    return columns_cut(line, LINE_MOST);
}

static void print_page(JsonObject *page)
{
    const char *place = json_object_get_string_member(page, "place");
    g_autofree char *passage = brief(json_object_get_string_member(page, "cited_text"));
    gint64 number = json_object_get_int_member_with_default(page, "volume", 0);
    g_autofree char *volume = number > 0 ? g_strdup_printf(", volume %" G_GINT64_FORMAT, number) : g_strdup("");

    output_print("  %3.0f%%  %s%s%s%s: %s\n", 100 * json_object_get_double_member(page, "share"),
                 json_object_get_string_member(page, "document_title"), place[0] != '\0' ? ", " : "", place, volume, passage);
}

void present_why(JsonNode *why)
{
    JsonObject *o = json_node_get_object(why);
    JsonArray *sentences = json_object_get_array_member(o, "sentences");

    puts(json_object_get_boolean_member(o, "calibrated") ? "\nWhy, by attention:" :
         "\nWhy, by attention (heads not calibrated, so only a hint):");
    for (guint i = 0; i < json_array_get_length(sentences); i++) {
        JsonObject *sentence = json_array_get_object_element(sentences, i);
        JsonArray *pages = json_object_get_array_member(sentence, "pages");
        g_autofree char *text = brief(json_object_get_string_member(sentence, "text"));

        puts(text);
        if (json_array_get_length(pages) == 0)
            puts("        no page more than any other");
        for (guint p = 0; p < json_array_get_length(pages); p++)
            print_page(json_array_get_object_element(pages, p));
    }
}

static char *place_text(const Answer *answer, const WhyPlace *place)
{
    const Citation pages = { .document = place->document, .first = place->page, .last = place->page };
    const Document *document = g_ptr_array_index(answer->documents, place->document);
    g_autofree char *where = citation_place(&pages, answer->documents);

    return g_strconcat(document->title, where[0] != '\0' ? ", " : "", where, NULL);
}

static char *sentence_text(const Answer *answer, const WhySentence *sentence)
{
    g_autofree char *text = g_strndup(answer->text->str + sentence->begin, sentence->end - sentence->begin);

    return brief(text);
}

void present_attached(const Answer *answer)
{
    const GArray *sentences = answer->why != NULL ? why_sentences(answer->why) : NULL;
    gboolean first = TRUE;

    for (guint i = 0; sentences != NULL && i < sentences->len; i++) {
        const WhySentence *sentence = &g_array_index(sentences, WhySentence, i);

        for (guint p = 0; sentence->stands_out && !sentence->cited && p < sentence->n; p++) {
            g_autofree char *place = place_text(answer, &sentence->places[p]), *text = sentence_text(answer, sentence);

            if (sentence->places[p].share < WHY_LEAST)
                break;
            if (first)
                puts("\nBy attention, where no page is cited:");
            first = FALSE;
            output_print("%s: %s\n", place, text);
        }
    }
}

static void warn_of_disagreement(const Command *command, const Answer *answer)
{
    const GArray *sentences = answer->why != NULL ? why_sentences(answer->why) : NULL;

    for (guint i = 0; sentences != NULL && i < sentences->len; i++) {
        const WhySentence *sentence = &g_array_index(sentences, WhySentence, i);
        g_autofree char *text = sentence_text(answer, sentence);

        if (!sentence->disagrees)
            continue;
        g_autofree char *place = place_text(answer, &sentence->places[0]);
        output_note("kvasir %s: warning: while the model wrote \"%s\", its attention was on %s, not on what it cites\n",
                    command->name, text, place);
    }
}

void present_remarks(const Command *command, const Answer *answer)
{
    const GPtrArray *unknown = citation_reader_unknown(answer->citations);

    for (guint i = 0; i < unknown->len; i++)
        output_note("kvasir %s: warning: the answer cites %s, which is none of these pages\n", command->name,
                    (const char *) g_ptr_array_index(unknown, i));
    warn_of_disagreement(command, answer);
    if (settings_get()->quiet)
        return;
    if (answer->reply.end == REPLY_LENGTH)
        output_note("kvasir: the answer was cut off after %" G_GSIZE_FORMAT " token%s; --max-tokens allows more\n",
                    answer->reply.tokens, answer->reply.tokens == 1 ? "" : "s");
    else if (answer->reply.end == REPLY_FULL)
        fputs("kvasir: the answer was cut off: the model's context is full\n", stderr);
    if (citation_reader_list(answer->citations)->len == 0)
        fputs("kvasir: the answer cites no page of the documents\n", stderr);
}

static void add_usage(JsonBuilder *builder, const Answer *answer)
{
    const AnswerCost cost = answer_cost(answer);

    json_builder_set_member_name(builder, "usage");
    json_builder_begin_object(builder);
    json_add_int(builder, "prompt_tokens", (gint64) cost.prompt);
    json_add_int(builder, "cache_read_tokens", (gint64) cost.cached);
    json_add_int(builder, "cache_creation_tokens", (gint64) cost.stored);
    json_add_int(builder, "output_tokens", (gint64) cost.output);
    json_add_int(builder, "drafted_tokens", (gint64) cost.drafted);
    json_builder_end_object(builder);
}

JsonNode *present_timings(const Answer *answer)
{
    const AnswerCost cost = answer_cost(answer);
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_seconds(builder, "cache_read_s", cost.read_seconds);
    json_add_seconds(builder, "prefill_s", cost.compute_seconds);
    json_add_seconds(builder, "decode_s", cost.decode_seconds);
    json_add_seconds(builder, "total_s", answer->seconds);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

void present_json(JsonBuilder *builder, const Answer *answer, const char *model, guint unread)
{
    rectangles_prepare(answer);
    json_add_text(builder, "answer", answer->text->str);
    json_add_node(builder, "citations", cited_json_citations(answer));
    json_add_node(builder, "quotations", cited_json_quotations(answer));
    if (answer->why != NULL)
        json_add_node(builder, "why", why_to_json(answer));
    json_add_text(builder, "stop_reason", reply_end_name(answer->reply.end));
    json_add_text(builder, "status", outcome_name(answer->outcome));
    json_add_boolean(builder, "found", outcome_found(answer->outcome));
    json_add_text(builder, "model", model);
    json_add_int(builder, "unread_documents", unread);
    add_usage(builder, answer);
    json_add_node(builder, "timings", present_timings(answer));
}
