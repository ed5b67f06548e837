/* odf.c - OpenDocument text (ODT) and presentations (ODP, a slide a page).
 *
 * Pages end at soft page breaks, where the program that wrote the file has recorded them, else the text is cut at its headings.
 * Deletions that are tracked are no text; comments only with the option "annotations".
 */
#include "config.h"

#include <string.h>

#include "ingest/html.h"
#include "ingest/office.h"
#include "ingest/xml.h"
#include "src/base/failure.h"

/* Repetitions of cells and blanks beyond this are padding. */
enum { REPEAT_MAX = 100, LIST_DEPTH = 10 };

typedef struct {
    Office office;
    const DocumentOptions *options;
    GHashTable *numbered;       /* "style level" of lists with numbers */
    const char *list_style;     /* of the outermost list, owned by the tree */
    int lists;                  /* depth */
    int count[LIST_DEPTH];      /* items so far */
} Odf;

static int number_of(const xmlNode *node, const char *name, int missing, int most)
{
    const char *value = xml_attribute(node, name);
    guint64 number;
    return value && g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT, &number, NULL) ? (int) MIN(number, (guint64) most) : missing;
}

static void append_note(Odf *odf, xmlNode *node, GString *line);
static void append_annotation(Odf *odf, xmlNode *node, GString *line);

/* What is in a paragraph below NODE.  The parser bounds the depth. */
static void append_inline(Odf *odf, const xmlNode *node, GString *line)
{
    /* Alternative texts of images have no place in a sentence. */
    static const char SKIPPED[] = " title desc annotation-end bookmark event-listeners ruby-text ";
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type == XML_TEXT_NODE && n->content) {
            office_append(line, (const char *) n->content);
        } else if (n->type != XML_ELEMENT_NODE || html_is_any(n, SKIPPED)) {
            continue;
        } else if (html_is(n, "s")) {
            for (int i = number_of(n, "c", 1, REPEAT_MAX); i > 0; i--)
                g_string_append_c(line, ' ');
        } else if (html_is(n, "tab")) {
            office_append(line, " ");
        } else if (html_is(n, "line-break")) {
            g_string_append_c(line, '\n');
        } else if (html_is(n, "soft-page-break")) {
            g_string_append_c(line, '\f');
        } else if (html_is(n, "note")) {
            append_note(odf, n, line);
        } else if (html_is(n, "annotation")) {
            append_annotation(odf, n, line);
        } else {
            /* Paragraphs in here are of a text box: a line each. */
            if (html_is(n, "p") && line->len > 0)
                g_string_append_c(line, '\n');
            append_inline(odf, n, line);
        }
    }
}

/* The paragraphs below NODE on one line. */
static void append_paragraphs(Odf *odf, const xmlNode *node, GString *line)
{
    for (xmlNode *n = node->children; n; n = n->next) {
        if (html_is_any(n, " p h ")) {
            office_append(line, " ");
            append_inline(odf, n, line);
        } else if (n->type == XML_ELEMENT_NODE && !html_is_any(n, " creator date note-citation annotation ")) {
            append_paragraphs(odf, n, line);
        }
    }
}

static void append_note(Odf *odf, xmlNode *node, GString *line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    append_paragraphs(odf, node, text);
    office_note(&odf->office, text->str, line);
}

static void append_annotation(Odf *odf, xmlNode *node, GString *line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    xmlNode *author = xml_next(node, node, "creator");
    g_autofree char *name = author ? xml_text(author) : NULL;
    if (!odf->options->annotations)
        return;
    if (name && *name)
        g_string_append_printf(text, "%s:", name);
    append_paragraphs(odf, node, text);
    office_note(&odf->office, text->str, line);
}

static void read_row(Odf *odf, const xmlNode *row)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    gboolean broken = FALSE;
    for (xmlNode *n = row->children; n; n = n->next) {
        if (!html_is_any(n, " table-cell covered-table-cell "))
            continue;
        g_autoptr(GString) line = g_string_new(NULL);
        append_paragraphs(odf, n, line);
        broken |= strchr(line->str, '\f') != NULL;
        g_autofree char *text = g_strstrip(g_strdelimit(g_strdup(line->str), "\f", ' '));
        for (int i = number_of(n, "number-columns-repeated", 1, REPEAT_MAX); i > 0; i--)
            g_ptr_array_add(cells, g_strdup(text));
    }
    g_autofree char *text = office_row(cells);
    office_block(&odf->office, BLOCK_ROW, 0, text);
    if (broken)
        office_break(&odf->office);
}

/* "- " or the number, behind blanks for each list around; to be freed. */
static char *item_mark(Odf *odf)
{
    int level = CLAMP(odf->lists, 1, LIST_DEPTH) - 1;
    g_autofree char *key = g_strdup_printf("%s %d", odf->list_style ? odf->list_style : "", odf->lists);
    odf->count[level]++;
    if (g_hash_table_contains(odf->numbered, key))
        return g_strdup_printf("%*s%d. ", 2 * level, "", odf->count[level]);
    return g_strdup_printf("%*s- ", 2 * level, "");
}

/* MARK (or NULL) stands before its first words. */
static void read_paragraph(Odf *odf, const xmlNode *node, const char *mark)
{
    g_autoptr(GString) line = g_string_new(NULL);
    int level = html_is(node, "h") ? CLAMP(number_of(node, "outline-level", 1, 9), 1, 9) : 0;
    append_inline(odf, node, line);
    gsize at = strspn(line->str, " \n\f");
    if (mark && line->str[at])
        g_string_insert(line, (gssize) at, mark);
    office_block(&odf->office, mark && !level ? BLOCK_ITEM : BLOCK_PARAGRAPH, level, line->str);
}

static void read_blocks(Odf *odf, const xmlNode *node, const char *mark);

static void read_list(Odf *odf, const xmlNode *node)
{
    const char *style = xml_attribute(node, "style-name"), *before = odf->list_style;
    const char *go_on = xml_attribute(node, "continue-numbering");
    if (style)
        odf->list_style = style;
    odf->lists++;
    if (odf->lists <= LIST_DEPTH && (!go_on || strcmp(go_on, "true")))
        odf->count[odf->lists - 1] = 0;
    for (xmlNode *n = node->children; n; n = n->next)
        if (html_is_any(n, " list-item list-header ")) {
            g_autofree char *mark = html_is(n, "list-item") ? item_mark(odf) : NULL;
            read_blocks(odf, n, mark);
        }
    odf->lists--;
    odf->list_style = before;
}

/* MARK: of the list item that NODE is; its first paragraph takes it. */
static void read_blocks(Odf *odf, const xmlNode *node, const char *mark)
{
    static const char SKIPPED[] = " tracked-changes sequence-decls forms notes settings annotation ";
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || html_is_any(n, SKIPPED))
            continue;
        if (html_is_any(n, " p h ")) {
            read_paragraph(odf, n, mark);
            mark = NULL;
        } else if (html_is(n, "list")) {
            read_list(odf, n);
        } else if (html_is(n, "table-row")) {
            read_row(odf, n);
        } else if (html_is(n, "soft-page-break")) {
            office_break(&odf->office);
        } else {
            read_blocks(odf, n, mark);
        }
    }
}

/* Which lists have numbers, in which levels. */
static void find_numbered(Odf *odf, xmlNode *root)
{
    for (xmlNode *n = root; n; n = xml_next(n, root, "list-level-style-number")) {
        const char *level = xml_attribute(n, "level"), *format = xml_attribute(n, "num-format");
        const char *style = n->parent && n->parent->type == XML_ELEMENT_NODE ? xml_attribute(n->parent, "name") : NULL;
        if (n != root && level && style && format && *format)
            g_hash_table_add(odf->numbered, g_strdup_printf("%s %s", style, level));
    }
}

static void read_slides(Odf *odf, xmlNode *root)
{
    for (xmlNode *n = xml_next(root, root, "page"); n; n = xml_next(n, root, "page")) {
        read_blocks(odf, n, NULL);
        office_page(&odf->office);
    }
}

static gboolean check_unlocked(const char *path, Zip *zip, GError **error)
{
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, "META-INF/manifest.xml", &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    gboolean locked = root && xml_next(root, root, "encryption-data");
    xmlFreeDoc(tree);
    if (locked)
        g_set_error(&local, FAILURE, FAILURE_INPUT, "%s: is encrypted; save it without a password first", path);
    if (local)
        g_propagate_error(error, local);
    return local == NULL;
}

/* What the body is: "text", "presentation", ..., or NULL. */
static xmlNode *find_content(xmlNode *root)
{
    xmlNode *body = root ? xml_next(root, root, "body") : NULL;
    return body ? xml_next(body, body, NULL) : NULL;
}

Document *odf_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error)
{
    Odf odf = { .options = options, .numbered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    GError *local = NULL;
    g_autoptr(Document) document = NULL;
    xmlDoc *tree = check_unlocked(path, zip, &local) ? office_member(zip, "content.xml", &local) : NULL;
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL, *content = find_content(root);
    gboolean slides = content && html_is(content, "presentation");
    if (content && (slides || html_is(content, "text"))) {
        document = document_new(path, slides ? "odp" : "odt");
        find_numbered(&odf, root);
        office_begin(&odf.office, document, slides || xml_next(content, content, "soft-page-break"));
        if (slides)
            read_slides(&odf, content);
        else
            read_blocks(&odf, content, NULL);
        office_end(&odf.office);
        office_metadata(zip, "meta.xml", document, &local);
    } else if (!local) {
        g_set_error(&local, FAILURE, FAILURE_INPUT, content ? "%s: is OpenDocument, but neither text nor presentation"
                    : "%s: is damaged, its text cannot be read", path);
    }
    xmlFreeDoc(tree);
    g_hash_table_unref(odf.numbered);
    if (!local)
        return g_steal_pointer(&document);
    g_propagate_error(error, local);
    return NULL;
}
