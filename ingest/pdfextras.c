/* pdfextras.c - what a PDF page holds besides its text. */
#include "config.h"
#include "ingest/pdfextras.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/reader.h"

static void append(GString *out, const char *kind, const char *name, const char *value)
{
    g_autofree char *clean_name = name ? clean_line(name, -1) : g_strdup("");
    g_autofree char *clean_value = value ? clean_line(value, -1) : g_strdup("");
    if (*clean_value)
        g_string_append_printf(out, "\n[%s] %s%s%s", kind, clean_name, *clean_name ? ": " : "", clean_value);
}

/* What is chosen in a list, or NULL. */
static char *choices(PopplerFormField *field)
{
    g_autoptr(GString) all = g_string_new(NULL);
    char *text = poppler_form_field_choice_get_text(field);
    int n = poppler_form_field_choice_get_n_items(field);
    for (int i = 0; i < n; i++) {
        g_autofree char *item = NULL;
        if (!poppler_form_field_choice_is_item_selected(field, i))
            continue;
        item = poppler_form_field_choice_get_item(field, i);
        g_string_append_printf(all, "%s%s", all->len ? ", " : "", item ? item : "");
    }
    if (all->len == 0)
        return text;
    g_free(text);
    return g_string_free(g_steal_pointer(&all), FALSE);
}

static char *field_value(PopplerFormField *field)
{
    switch (poppler_form_field_get_field_type(field)) {
    case POPPLER_FORM_FIELD_TEXT:
        /* A password is nobody's reading. */
        return poppler_form_field_text_is_password(field) ? NULL : poppler_form_field_text_get_text(field);
    case POPPLER_FORM_FIELD_CHOICE:
        return choices(field);
    case POPPLER_FORM_FIELD_BUTTON:
        if (poppler_form_field_button_get_button_type(field) == POPPLER_FORM_BUTTON_PUSH)
            return NULL;
        return g_strdup(poppler_form_field_button_get_state(field) ? "yes" : "no");
    default:
        return NULL;
    }
}

static void append_forms(GString *out, PopplerPage *page)
{
    GList *fields = poppler_page_get_form_field_mapping(page);
    for (GList *l = fields; l; l = l->next) {
        PopplerFormField *field = ((PopplerFormFieldMapping *) l->data)->field;
        g_autofree char *name = poppler_form_field_get_name(field);
        g_autofree char *partial = poppler_form_field_get_partial_name(field);
        g_autofree char *value = field_value(field);
        append(out, "form", name && *name ? name : partial, value);
    }
    poppler_page_free_form_field_mapping(fields);
}

static void append_notes(GString *out, PopplerPage *page)
{
    GList *notes = poppler_page_get_annot_mapping(page);
    for (GList *l = notes; l; l = l->next) {
        PopplerAnnot *note = ((PopplerAnnotMapping *) l->data)->annot;
        g_autofree char *contents = poppler_annot_get_contents(note);
        g_autofree char *author = POPPLER_IS_ANNOT_MARKUP(note)
            ? poppler_annot_markup_get_label(POPPLER_ANNOT_MARKUP(note)) : NULL;
        append(out, "note", author, contents);
    }
    poppler_page_free_annot_mapping(notes);
}

char *pdf_extras(PopplerPage *page, const DocumentOptions *options)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (options->forms)
        append_forms(out, page);
    if (options->annotations)
        append_notes(out, page);
    return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* What a file that lies may claim to have. */
enum { ATTACHMENTS_MAX = 1000 };

/* Poppler's size is an int that became unsigned: -1 where the file gives none. */
static guint64 attachment_size(PopplerAttachment *attachment)
{
    gsize size = poppler_attachment_get_size(attachment);
    return size <= G_MAXINT ? size : ATTACHMENT_SIZE_UNKNOWN;
}

/* The list of the document names some of those that pages have, too. */
static gboolean is_noted(const Document *document, const char *name, guint64 size)
{
    for (guint i = 0; document->attachments && i < document->attachments->len; i++) {
        const Attachment *other = g_ptr_array_index(document->attachments, i);
        if (other->size == size && !strcmp(other->name, name))
            return TRUE;
    }
    return FALSE;
}

/* Takes ATTACHMENT. */
static void note_attachment(Document *document, PopplerAttachment *attachment)
{
    const char *name = poppler_attachment_get_name(attachment);
    g_autofree char *clean = clean_line(name ? name : "", -1);
    guint64 size = attachment_size(attachment);
    if ((!document->attachments || document->attachments->len < ATTACHMENTS_MAX) && !is_noted(document, clean, size))
        document_take_attachment(document, g_steal_pointer(&clean), size);
    g_object_unref(attachment);
}

void pdf_attachments(Document *document, PopplerDocument *pdf)
{
    GList *attachments = poppler_document_has_attachments(pdf) ? poppler_document_get_attachments(pdf) : NULL;
    for (GList *l = attachments; l; l = l->next)
        note_attachment(document, l->data);
    g_list_free(attachments);
}

void pdf_page_attachments(Document *document, PopplerPage *page)
{
    GList *notes = poppler_page_get_annot_mapping(page);
    for (GList *l = notes; l; l = l->next) {
        PopplerAnnot *note = ((PopplerAnnotMapping *) l->data)->annot;
        PopplerAttachment *attachment = POPPLER_IS_ANNOT_FILE_ATTACHMENT(note)
            ? poppler_annot_file_attachment_get_attachment(POPPLER_ANNOT_FILE_ATTACHMENT(note)) : NULL;
        if (attachment)
            note_attachment(document, attachment);
    }
    poppler_page_free_annot_mapping(notes);
}
