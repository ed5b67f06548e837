/* present.c - answers as people and programs get them. */
#include "config.h"
#include "src/cli/present.h"

#include <stdio.h>

#include "src/answer/json.h"
#include "src/answer/record.h"
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

        printf("[%u] %s%s%s", i + 1, document_name(document), place[0] != '\0' ? ", " : "", place);
        if (document->name != NULL)
            printf(". %s", document->title);
        putchar('\n');
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
        printf("quotation not found: \"%s\"\n", text);
        return;
    }
    const Citation pages = { quotation->document, quotation->first, quotation->last, NULL };
    const Document *document = g_ptr_array_index(answer->documents, quotation->document);
    g_autofree char *place = citation_place(&pages, answer->documents);
    g_autofree char *source = one_line(quotation->source);

    if (quotation->status == QUOTATION_REPAIRED)
        printf("quotation not exact: \"%s\"; %s%s%s has: \"%s\"\n", text, document_name(document),
               place[0] != '\0' ? ", " : "", place, source);
    else
        printf("quotation from another page: \"%s\" stands in %s%s%s\n", text, document_name(document),
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

void present_remarks(const Command *command, const Answer *answer)
{
    const GPtrArray *unknown = citation_reader_unknown(answer->citations);

    for (guint i = 0; i < unknown->len; i++)
        fprintf(stderr, "kvasir %s: warning: the answer cites %s, which is none of these pages\n", command->name,
                (const char *) g_ptr_array_index(unknown, i));
    if (settings_get()->quiet)
        return;
    if (answer->reply.end == REPLY_LENGTH)
        fprintf(stderr, "kvasir: the answer was cut off after %" G_GSIZE_FORMAT " tokens; --max-tokens allows more\n",
                answer->reply.tokens);
    else if (answer->reply.end == REPLY_FULL)
        fputs("kvasir: the answer was cut off: the model's context is full\n", stderr);
    if (citation_reader_list(answer->citations)->len == 0)
        fputs("kvasir: the answer cites no page of the documents\n", stderr);
}

static void add_quotations(JsonBuilder *builder, const Answer *answer)
{
    json_builder_set_member_name(builder, "quotations");
    json_builder_begin_array(builder);
    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *quotation = &g_array_index(answer->quotations, Quotation, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "text", quotation->text);
        json_add_text(builder, "status", quotation_status_name(quotation->status));
        if (quotation->status != QUOTATION_NOT_FOUND) {
            const Document *document = g_ptr_array_index(answer->documents, quotation->document);
            json_add_int(builder, "document_index", quotation->document);
            json_add_text(builder, "document_title", document->title);
            json_add_int(builder, "start_page_number", (gint64) quotation->first + 1);
            json_add_int(builder, "end_page_number", (gint64) quotation->last + 2);
            json_add_text(builder, "cited_text", quotation->source);
        }
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_usage(JsonBuilder *builder, const Answer *answer)
{
    json_builder_set_member_name(builder, "usage");
    json_builder_begin_object(builder);
    json_add_int(builder, "prompt_tokens", (gint64) answer->prefix.tokens);
    json_add_int(builder, "cache_read_tokens", (gint64) answer->prefix.cached);
    json_add_int(builder, "cache_creation_tokens", (gint64) answer->prefix.stored);
    json_add_int(builder, "output_tokens", (gint64) answer->reply.tokens);
    json_add_int(builder, "drafted_tokens", (gint64) answer->reply.drafted);
    json_builder_end_object(builder);
}

JsonNode *present_timings(const Answer *answer)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_seconds(builder, "cache_read_s", answer->prefix.read_seconds);
    json_add_seconds(builder, "prefill_s", answer->prefix.compute_seconds);
    json_add_seconds(builder, "decode_s", answer->reply.seconds);
    json_add_seconds(builder, "total_s", answer->seconds);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

void present_json(JsonBuilder *builder, const Answer *answer, const char *model, guint unread)
{
    json_add_text(builder, "answer", answer->text->str);
    json_add_node(builder, "citations", record_citations(answer->citations, answer->documents, answer->verbatim));
    add_quotations(builder, answer);
    json_add_text(builder, "stop_reason", reply_end_name(answer->reply.end));
    json_add_text(builder, "model", model);
    json_add_int(builder, "unread_documents", unread);
    add_usage(builder, answer);
    json_add_node(builder, "timings", present_timings(answer));
}
