/* cmd_text.c - kvasir text: what was extracted from a document. */
#include "config.h"

#include <stdio.h>

#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/output.h"
#include "src/cli/reading.h"
#include "src/cli/work.h"

static gboolean json;

static const GOptionEntry ENTRIES[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "write one JSON object per document", NULL },
    { NULL },
};

static void print_pages(const Document *document)
{
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        fwrite(page->text, 1, page->length, stdout);
        fputs("\n\f", stdout);
    }
}

static void add_page(JsonBuilder *builder, const Page *page, guint number)
{
    json_builder_begin_object(builder);
    json_add_int(builder, "page", number);
    json_add_text(builder, "label", page->label);
    json_add_text(builder, "state", page_state_name(page->state));
    json_add_text(builder, "text", page->text);
    if (page->hidden)
        json_add_text(builder, "hidden", page->hidden);
    json_builder_end_object(builder);
}

static void add_attachments(JsonBuilder *builder, const GPtrArray *attachments)
{
    json_builder_set_member_name(builder, "attachments");
    json_builder_begin_array(builder);
    for (guint i = 0; attachments && i < attachments->len; i++) {
        const Attachment *attachment = g_ptr_array_index(attachments, i);
        json_builder_begin_object(builder);
        json_add_text(builder, "name", attachment->name);
        if (attachment->size != ATTACHMENT_SIZE_UNKNOWN)
            json_add_int(builder, "size", (gint64) attachment->size);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void print_json(const Document *document)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_builder_begin_object(builder);
    json_add_text(builder, "path", document->path);
    json_add_text(builder, "format", document->format);
    json_add_text(builder, "title", document->title);
    json_add_text(builder, "author", document->author);
    json_add_text(builder, "date", document->date);
    json_builder_set_member_name(builder, "pages");
    json_builder_begin_array(builder);
    for (guint i = 0; i < document->pages->len; i++)
        add_page(builder, g_ptr_array_index(document->pages, i), i + 1);
    json_builder_end_array(builder);
    add_attachments(builder, document->attachments);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    puts(text);
}

/* "paper.pdf: no text on pages 3-5, 9 (scan; ...)": one line per state that occurs. */
static void report_state(const Document *document, PageState state, const char *what)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint count = 0;
    for (guint i = 0; i < document->pages->len; ) {
        guint first = i;
        while (i < document->pages->len
               && ((const Page *) g_ptr_array_index(document->pages, i))->state == state)
            i++;
        if (i > first) {
            count += i - first;
            g_string_append_printf(list, i - first > 1 ? "%s%u-%u" : "%s%u",
                                   list->len ? ", " : "", first + 1, i);
        } else {
            i++;
        }
    }
    if (count)
        output_note("kvasir text: %s: %s %s: %s\n", document->path, count > 1 ? "pages" : "page",
                    list->str, what);
}

static void report(const Document *document)
{
    report_state(document, PAGE_EMPTY, "empty");
    report_state(document, PAGE_SCAN, "no text, only an image (a scan)");
    report_state(document, PAGE_UNREADABLE, "unreadable, its fonts do not say which letters they show");
    report_state(document, PAGE_DAMAGED, "damaged, cannot be opened");
    work_tell_left_out(&command_text, document);
}

static int run(int argc, char **argv)
{
    int status = command_parse(&command_text, ENTRIES, FALSE, &argc, &argv);
    if (status >= 0)
        return status;
    if (argc < 2)
        return command_fail(&command_text,
                            g_error_new(FAILURE, FAILURE_USAGE, "name the files to read"));
    g_autoptr(Pool) pool = reading_pool();
    GError *error = NULL;
    for (int i = 1; i < argc; i++)
        if (!reading_add(pool, argv[i], &error))
            return command_fail(&command_text, error);
    status = 0;
    while (pool_left(pool) > 0) {
        g_autoptr(Document) document = pool_next(pool, NULL, NULL, &error);
        if (!document) {
            gboolean stop = !work_can_go_on(error);
            status = command_fail(&command_text, g_steal_pointer(&error));
            if (stop)
                break;
            continue;
        }
        if (json)
            print_json(document);
        else
            print_pages(document);
        report(document);
        if (document_unread_pages(document) && status == 0)
            status = 3;
    }
    return command_finish(&command_text, status);
}

const Command command_text = { "text", "show the text that is read from documents",
    "FILE...", run, TRUE };
