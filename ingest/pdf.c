/* pdf.c - PDF through poppler-glib: pages, labels, metadata, and a judgement of each page. */
#include "config.h"

#include <string.h>
#include <poppler.h>

#include "ingest/clean.h"
#include "ingest/layout.h"
#include "ingest/outline.h"
#include "ingest/pdfextras.h"
#include "ingest/reader.h"
#include "ingest/recognise.h"
#include "ingest/ruled.h"
#include "ingest/unseen.h"
#include "src/base/failure.h"

/* A file that claims more pages than this is lying or no document. */
enum { PAGES_MAX = 200000 };

/* A page of so few letters under an image of this share of its area is a scan with a stamp on it. */
enum { STAMP_LETTERS = 40 };
static const double SCAN_SHARE = 0.5;

typedef struct {
    guint letters, garbage;     /* visible characters, and those that cannot be text */
} Census;

/* Unassigned, private use, replacement: what a font without a map to Unicode gives. */
static gboolean is_garbage(gunichar c)
{
    if (c == 0xfffd || (c < 0x20 && c != '\n' && c != '\t' && c != '\f' && c != '\r'))
        return TRUE;
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_UNASSIGNED
        || type == G_UNICODE_SURROGATE;
}

static Census take_census(const char *text)
{
    Census census = { 0 };
    for (const char *p = text; *p; p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isspace(c))
            continue;
        census.letters++;
        census.garbage += is_garbage(c);
    }
    return census;
}

/* The share of the page that images cover (overlaps counted twice). */
static double image_share(PopplerPage *page)
{
    double width, height, covered = 0;
    poppler_page_get_size(page, &width, &height);
    GList *images = poppler_page_get_image_mapping(page);
    for (GList *l = images; l; l = l->next) {
        const PopplerRectangle *r = &((PopplerImageMapping *) l->data)->area;
        covered += ABS(r->x2 - r->x1) * ABS(r->y2 - r->y1);
    }
    poppler_page_free_image_mapping(images);
    return width > 0 && height > 0 ? covered / (width * height) : 0;
}

static PageState judge(PopplerPage *page, const char *text)
{
    Census census = take_census(text);
    if (census.letters < STAMP_LETTERS) {
        if (image_share(page) >= SCAN_SHARE)
            return PAGE_SCAN;
        if (census.letters == 0)
            return PAGE_EMPTY;
    }
    return census.garbage * 3 > census.letters ? PAGE_UNREADABLE : PAGE_TEXT;
}

/* A page on its way: its layout until the text is made, then the text. */
typedef struct {
    char *label;
    char *text;
    char *extras;           /* to stand behind the text, or NULL */
    char *hidden;           /* what no reader sees, or NULL */
    PageState state;
} Draft;

/* Tries to recognise what is on the page; then its text takes the place of the layout. */
static void recognise(Draft *draft, PopplerPage *page, const char *path, const DocumentOptions *options)
{
    char *text = recognise_page(page, path, options->language ? options->language : "eng");
    if (text) {
        g_free(draft->text);
        draft->text = text;
        draft->state = PAGE_RECOGNISED;
    }
    if (options->alive)
        options->alive();
}

/* A page with pale words or doubtful rows of a table is drawn, which takes long: no more pages of a document are than this. */
enum { DRAWN_MAX = 300, VAIN_MAX = 8 };

/* What is left of that in a document, and of the drawings in a row that may show no table: most have no rules anywhere. */
typedef struct {
    guint pages, vain;
} DrawingsLeft;

/* Lines in reading order.  Where the words leave doubts about the rows of a table, its drawn lines are looked for. */
static void find_lines(PageLayout *layout, Drawing *drawing, DrawingsLeft *left)
{
    g_autoptr(GArray) across = g_array_new(FALSE, FALSE, sizeof(Rule)), down = g_array_new(FALSE, FALSE, sizeof(Rule));
    if (!order_find(layout) || left->vain == 0)
        return;
    left->vain--;
    if (rules_find(drawing, layout, across, down)) {
        rules_turn(&across, &down, layout);
        const guint drawn = down->len;
        across_find(layout, across, down);
        if (grid_find(layout, across, down, drawn)) {
            left->vain = VAIN_MAX;
            order_find(layout);
        }
    }
}

/* Settles what is in LAYOUT: what no reader sees, which is returned, and the order of the rest. */
static char *settle(PopplerPage *page, PageLayout *layout, const DocumentOptions *options, DrawingsLeft *left)
{
    Drawing drawing = { .page = page, .width = layout->width, .height = layout->height, .left = &left->pages };
    char *hidden = options->invisible ? NULL : unseen_take(&drawing, layout);
    find_lines(layout, &drawing, left);
    if (drawing.tried && options->alive)
        options->alive();
    drawing_clear(&drawing);
    return hidden;
}

/* Reads a page; its layout goes to LAYOUTS (NULL: the draft has poppler's plain text).  LEFT: as above. */
static Draft read_page(Document *document, PopplerDocument *pdf, int index, const DocumentOptions *options,
                       GPtrArray *layouts, DrawingsLeft *left)
{
    Draft draft = { .state = PAGE_DAMAGED };
    PopplerPage *page = poppler_document_get_page(pdf, index);
    PageLayout *layout = NULL;
    if (page) {
        draft.label = poppler_page_get_label(page);
        layout = page_layout_new(page);
        if (!layout)
            draft.text = poppler_page_get_text(page);
        const char *text = layout ? layout->text : draft.text;
        draft.state = judge(page, text ? text : "");
        if (layout)
            draft.hidden = settle(page, layout, options, left);
        if (options->ocr && (draft.state == PAGE_SCAN || draft.state == PAGE_UNREADABLE))
            recognise(&draft, page, document->path, options);
        draft.extras = pdf_extras(page, options);
        pdf_page_attachments(document, page);
        g_object_unref(page);
    }
    g_ptr_array_add(layouts, layout);
    return draft;
}

static void free_layout(gpointer layout)
{
    page_layout_free(layout);
}

static void read_pages(Document *document, PopplerDocument *pdf, guint n, const DocumentOptions *options)
{
    g_autoptr(GPtrArray) layouts = g_ptr_array_new_full(n, free_layout);
    g_autofree Draft *drafts = g_new0(Draft, n);
    g_autofree char **texts = g_new0(char *, n);
    g_autoptr(Outline) outline = outline_new(pdf, n);
    DrawingsLeft left = { DRAWN_MAX, VAIN_MAX };
    for (guint i = 0; i < n; i++)
        drafts[i] = read_page(document, pdf, (int) i, options, layouts, &left);
    if (!options->whole)
        furniture_mark(layouts);
    if (!outline)
        headings_mark(layouts);
    for (guint i = 0; i < n; i++) {
        PageLayout *layout = g_ptr_array_index(layouts, i);
        texts[i] = drafts[i].text ? drafts[i].text : layout ? paragraph_text(layout) : g_strdup("");
    }
    hyphens_resolve(texts, n);
    for (guint i = 0; i < n; i++) {
        gboolean unreadable = drafts[i].state == PAGE_UNREADABLE;
        if (!unreadable)
            texts[i] = outline_mark(outline, i, texts[i]);
        g_autoptr(GString) all = g_string_new(unreadable ? "" : texts[i]);
        g_string_append(all, drafts[i].extras ? drafts[i].extras : "");
        if (drafts[i].hidden)
            document_hide(all, drafts[i].hidden);
        document_add_page(document, drafts[i].label, all->str, (gssize) all->len, drafts[i].state);
        if (options->words && g_ptr_array_index(layouts, i))
            ((Page *) g_ptr_array_index(document->pages, i))->words = page_words(g_ptr_array_index(layouts, i));
        g_free(drafts[i].extras);
        g_free(drafts[i].hidden);
        g_free(drafts[i].label);
        g_free(texts[i]);
    }
}

/* Word processors put their own name or the file's into the title. */
static gboolean is_idle_title(const char *title)
{
    static const char *const SUFFIXES[] = { ".doc", ".docx", ".dvi", ".tex", ".pdf", ".indd", ".qxd",
        ".ps", ".rtf", ".odt", ".xls", ".fm", ".pmd", ".pub", ".ppt", ".pptx", ".p65", ".ps", NULL };
    if (!g_ascii_strncasecmp(title, "untitled", 8) || !g_ascii_strncasecmp(title, "microsoft ", 10))
        return TRUE;
    for (int i = 0; SUFFIXES[i]; i++) {
        gsize n = strlen(title), m = strlen(SUFFIXES[i]);
        if (n > m && !g_ascii_strcasecmp(title + n - m, SUFFIXES[i]))
            return TRUE;
    }
    return FALSE;
}

static void read_metadata(Document *document, PopplerDocument *pdf)
{
    g_autofree char *title = poppler_document_get_title(pdf);
    g_autofree char *author = poppler_document_get_author(pdf);
    g_autoptr(GDateTime) created = poppler_document_get_creation_date_time(pdf);
    if (title) {
        g_autofree char *line = clean_line(title, -1);
        if (!is_idle_title(line))
            document_set_title(document, line);
    }
    document_set_author(document, author);
    if (created) {
        g_autofree char *date = g_date_time_format(created, "%Y-%m-%d");
        document_set_date(document, date);
    }
}

/* What poppler has to say about a damaged file goes nowhere: the page states tell it. */
static void silence(void)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        g_log_set_handler("Poppler", G_LOG_LEVEL_MASK, g_log_default_handler, NULL);
        g_once_init_leave(&once, 1);
    }
}

static Document *refuse(GError **error, const char *path, const GError *why, gboolean had_password)
{
    if (why && g_error_matches(why, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED))
        g_set_error(error, FAILURE, FAILURE_PASSWORD, had_password
                    ? "%s: the password is wrong" : "%s: is encrypted; give its password with --password",
                    path);
    else
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: cannot be read as PDF (damaged, or no PDF)",
                    path);
    return NULL;
}

/* poppler_document_new_from_bytes() of poppler 22 crashes on a wrong password; a stream does not. */
static PopplerDocument *open_pdf(const guint8 *bytes, gsize length, const char *password, GError **error)
{
    g_autoptr(GBytes) borrowed = g_bytes_new_static(bytes, length);
    if (!password)
        return poppler_document_new_from_bytes(borrowed, NULL, error);
    g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes(borrowed);
    return poppler_document_new_from_stream(stream, (goffset) length, password, NULL, error);
}

Document *pdf_read(const char *path, const guint8 *bytes, gsize length,
                   const DocumentOptions *options, GError **error)
{
    g_autoptr(GError) why = NULL;
    silence();
    PopplerDocument *pdf = open_pdf(bytes, length, options->password, &why);
    if (!pdf)
        return refuse(error, path, why, options->password != NULL);
    int n = poppler_document_get_n_pages(pdf);
    if (n <= 0 || n > PAGES_MAX) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: claims to have %d pages", path, n);
        g_object_unref(pdf);
        return NULL;
    }
    Document *document = document_new(path, "pdf");
    read_metadata(document, pdf);
    pdf_attachments(document, pdf);
    read_pages(document, pdf, (guint) n, options);
    g_object_unref(pdf);
    return document;
}
