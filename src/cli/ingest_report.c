/* ingest_report.c - what became of each file that ingest was given. */
#include "config.h"
#include "src/cli/ingest_report.h"

#include <stdio.h>

#include "src/answer/json.h"
#include "src/cli/output.h"

void ingest_report_begin(IngestReport *report, gboolean json)
{
    *report = (IngestReport) { .files = json ? json_builder_new() : NULL, .near = json ? json_builder_new() : NULL };
    if (!json)
        return;
    json_builder_begin_array(report->files);
    json_builder_begin_array(report->near);
}

void ingest_report_clear(IngestReport *report)
{
    g_clear_object(&report->files);
    g_clear_object(&report->near);
}

guint ingest_report_read(const IngestReport *report)
{
    return report->new + report->changed + report->same + report->duplicates;
}

static void add_document(JsonBuilder *files, const Document *document)
{
    json_add_text(files, "format", document->format);
    json_add_int(files, "pages", document->pages->len);
    json_add_int(files, "unread_pages", document_unread_pages(document));
    json_builder_set_member_name(files, "hidden_text_pages");
    json_builder_begin_array(files);
    for (guint i = 0; i < document->pages->len; i++)
        if (((const Page *) g_ptr_array_index(document->pages, i))->hidden != NULL)
            json_builder_add_int_value(files, i + 1);
    json_builder_end_array(files);
    json_add_int(files, "attachments", document->attachments != NULL ? document->attachments->len : 0);
}

void ingest_report_add(IngestReport *report, guint *count, const char *path, const Document *document, const char *duplicate_of,
                       const char *why)
{
    const char *status = count == &report->new ? "new" : count == &report->changed ? "changed" : count == &report->same ? "same"
        : count == &report->duplicates ? "duplicate" : "unreadable";

    ++*count;
    if (document != NULL && document_unread_pages(document) > 0)
        report->partly++;
    if (report->files == NULL)
        return;
    json_builder_begin_object(report->files);
    json_add_text(report->files, "path", path);
    json_add_text(report->files, "status", status);
    if (document != NULL)
        add_document(report->files, document);
    if (duplicate_of != NULL)
        json_add_text(report->files, "duplicate_of", duplicate_of);
    if (why != NULL)
        json_add_text(report->files, "why", why);
    json_builder_end_object(report->files);
}

void ingest_report_add_near(IngestReport *report, const char *path, const char *like, guint percent)
{
    if (report->near == NULL)
        return;
    json_builder_begin_object(report->near);
    json_add_text(report->near, "path", path);
    json_add_text(report->near, "like", like);
    json_add_int(report->near, "percent", percent);
    json_builder_end_object(report->near);
}

static void print_json(IngestReport *report, const char *corpus)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_end_array(report->files);
    json_builder_end_array(report->near);
    json_builder_begin_object(builder);
    json_add_text(builder, "corpus", corpus);
    json_add_int(builder, "read", ingest_report_read(report));
    json_add_int(builder, "new", report->new);
    json_add_int(builder, "changed", report->changed);
    json_add_int(builder, "same", report->same);
    json_add_int(builder, "duplicates", report->duplicates);
    json_add_int(builder, "partly_read", report->partly);
    json_add_int(builder, "unreadable", report->unreadable);
    if (report->named) {
        json_add_int(builder, "bibliography_entries", report->names.entries);
        json_add_int(builder, "bibliography_documents", report->names.documents);
        json_add_int(builder, "bibliography_named", report->names.named);
    }
    json_add_node(builder, "files", json_builder_get_root(report->files));
    json_add_node(builder, "nearly_the_same", json_builder_get_root(report->near));
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

static void print_line(const IngestReport *report, const char *corpus)
{
    guint read = ingest_report_read(report);

    printf("%s: %u %s (%u new, %u changed, %u as before", corpus, read, read == 1 ? "document" : "documents",
           report->new, report->changed, report->same);
    if (report->duplicates > 0)
        printf(", %u duplicate%s", report->duplicates, report->duplicates == 1 ? "" : "s");
    putchar(')');
    if (report->partly > 0)
        printf(", %u of them partly read", report->partly);
    if (report->unreadable > 0)
        printf(", %u unreadable", report->unreadable);
    putchar('\n');
}

void ingest_report_print(IngestReport *report, const char *corpus)
{
    if (report->files != NULL)
        print_json(report, corpus);
    else
        print_line(report, corpus);
    if (report->named && report->files == NULL)
        naming_print(corpus, &report->names);
    fflush(stdout);
}
