/* office.c - what the readers of office documents share. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/html.h"
#include "ingest/office.h"
#include "ingest/sections.h"
#include "ingest/xml.h"
#include "src/base/failure.h"

void office_begin(Office *office, Document *document, gboolean paged)
{
    *office = (Office) {
        .document = document, .paged = paged, .text = g_string_new(NULL), .notes = g_string_new(NULL),
        .headings = g_array_new(FALSE, FALSE, sizeof(Heading)),
    };
}

static void flush_notes(Office *office)
{
    if (office->notes->len == 0)
        return;
    g_string_append_printf(office->text, "%s%s", office->text->len ? "\n\n" : "", office->notes->str);
    g_string_truncate(office->notes, 0);
    office->last = BLOCK_PARAGRAPH;
}

void office_page(Office *office)
{
    flush_notes(office);
    document_add_page(office->document, NULL, office->text->str, (gssize) office->text->len, PAGE_TEXT);
    g_string_truncate(office->text, 0);
    g_array_set_size(office->headings, 0);
    office->last = BLOCK_PARAGRAPH;
}

void office_break(Office *office)
{
    if (office->paged && office->text->len > 0)
        office_page(office);
}

/* A part of a block, without form feeds. */
static void add_part(Office *office, BlockKind kind, int level, const char *text)
{
    static const char MARKS[] = "###### ";
    if (!text[strspn(text, " \t\n")])
        return;
    if (level > 0)
        flush_notes(office);
    if (office->text->len > 0)
        g_string_append(office->text, kind != BLOCK_PARAGRAPH && office->last == kind ? "\n" : "\n\n");
    office->last = kind;
    if (level > 0) {
        level = MIN(level, 6);
        Heading heading = { .start = office->text->len, .label = office->text->len + (gsize) level + 1, .length = strlen(text),
                            .level = level };
        g_string_append(office->text, MARKS + 6 - level);
        g_array_append_val(office->headings, heading);
    }
    g_string_append(office->text, text);
}

void office_block(Office *office, BlockKind kind, int level, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\f", -1);
    for (int i = 0; parts[i]; i++) {
        if (i > 0)
            office_break(office);
        g_strchomp(parts[i]);
        if (level > 0)
            g_strdelimit(g_strchug(parts[i]), "\n", ' ');
        add_part(office, kind, level, parts[i]);
    }
}

void office_note(Office *office, const char *text, GString *line)
{
    g_autofree char *plain = g_strstrip(g_strdelimit(g_strdup(text), "\f", ' '));
    if (!*plain)
        return;
    g_string_append_printf(line, "[note %u]", ++office->note);
    g_string_append_printf(office->notes, "%s[note %u] %s", office->notes->len ? "\n" : "", office->note, plain);
}

void office_end(Office *office)
{
    flush_notes(office);
    if (!office->paged)
        sections_add(office->document, office->text->str, office->text->len, office->headings);
    else
        office_break(office);
    if (office->document->pages->len == 0)
        document_add_page(office->document, NULL, "", 0, PAGE_EMPTY);
    g_string_free(office->text, TRUE);
    g_string_free(office->notes, TRUE);
    g_array_unref(office->headings);
}

void office_append(GString *line, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((guchar) *p > 0x20)
            g_string_append_c(line, *p);
        else if (line->len > 0 && !strchr(" \n\f", line->str[line->len - 1]))
            g_string_append_c(line, ' ');
    }
}

char *office_row(const GPtrArray *cells)
{
    GString *row = g_string_new(NULL);
    guint n = cells->len;
    while (n > 0 && !*(const char *) g_ptr_array_index(cells, n - 1))
        n--;
    for (guint i = 0; i < n; i++)
        g_string_append_printf(row, "%s%s", i ? " | " : "", (const char *) g_ptr_array_index(cells, i));
    g_strdelimit(row->str, "\n\f", ' ');
    return g_string_free(row, FALSE);
}

xmlDoc *office_member(Zip *zip, const char *name, GError **error)
{
    if (!zip_load_one(zip, name, error))
        return NULL;
    const GByteArray *bytes = zip_member(zip, name);
    return bytes ? xml_parse(bytes->data, bytes->len) : NULL;
}

gboolean office_metadata(Zip *zip, const char *name, Document *document, GError **error)
{
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, name, &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root; n; n = xml_next(n, root, NULL)) {
        g_autofree char *text = n->children && html_is_any(n, " title creator initial-creator created creation-date ") ? xml_text(n)
            : NULL;
        if (!text)
            continue;
        if (html_is(n, "title"))
            document_set_title(document, text);
        else if (html_is(n, "initial-creator") || (html_is(n, "creator") && !document->author))
            document_set_author(document, text);
        else if (html_is_any(n, " created creation-date "))
            document_set_date(document, text);
    }
    xmlFreeDoc(tree);
    if (local)
        g_propagate_error(error, local);
    return local == NULL;
}

/* --- Which kind --- */

static gboolean names_member(const guint8 *bytes, gsize length, const char *name)
{
    return memmem(bytes, length, name, strlen(name)) != NULL;
}

gboolean office_is(const guint8 *bytes, gsize length)
{
    static const char TYPE[] = "application/vnd.oasis.opendocument.";
    if (length < 4 || memcmp(bytes, "PK\3\4", 4))
        return FALSE;
    return names_member(bytes, MIN(length, 256), TYPE) || names_member(bytes, length, "[Content_Types].xml");
}

Document *office_read(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options, GError **error)
{
    g_autoptr(Zip) zip = zip_open(path, bytes, length, error);
    if (!zip)
        return NULL;
    if (zip_has(zip, "word/document.xml"))
        return docx_read(path, zip, options, error);
    if (zip_has(zip, "ppt/presentation.xml"))
        return pptx_read(path, zip, options, error);
    if (zip_has(zip, "content.xml"))
        return odf_read(path, zip, options, error);
    g_set_error(error, FAILURE, FAILURE_INPUT, zip_has(zip, "xl/workbook.xml")
                ? "%s: is a spreadsheet, which kvasir does not read; save it as HTML or text"
                : "%s: is a package of a kind that kvasir does not read", path);
    return NULL;
}
