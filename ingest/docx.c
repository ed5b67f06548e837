/* docx.c - DOCX (Office Open XML, WordprocessingML).
 *
 * Pages end where Word has seen them end (lastRenderedPageBreak) and at breaks that somebody set; a file without the former, as
 * other programs write them, is cut at its headings.  Insertions are text, deletions are not; comments only with
 * the option "annotations"; hidden text is kept apart, but for the option "invisible".  Numbers of lists and headings, which are not in the text, are counted.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/html.h"
#include "ingest/office.h"
#include "ingest/xml.h"
#include "src/base/failure.h"

enum { LEVELS = 9, CHAIN = 16 };

typedef struct {
    char *based_on;         /* or NULL */
    int heading;            /* 1 .. 9; 0: none; -1: as the style that it is based on */
    int number, level;      /* of a list, likewise */
} Style;

typedef struct {
    char *format[LEVELS], *text[LEVELS];
    int start[LEVELS], count[LEVELS];
} List;

typedef struct {
    Office office;
    const DocumentOptions *options;
    GHashTable *styles;     /* id -> Style */
    GHashTable *lists;      /* id of an abstract list -> List */
    GHashTable *numbers;    /* id of a list -> id of its abstract one */
    GHashTable *footnotes, *endnotes, *comments;    /* id -> char * */
    GString *hidden;        /* text of hidden runs since the last block */
    GPtrArray *boxes;       /* xmlNode *: text boxes in the paragraph that is being read */
    gboolean broken;        /* a page ended inside of a table's row */
} Docx;

static void free_style(gpointer data)
{
    Style *style = data;
    g_free(style->based_on);
    g_free(style);
}

static void free_list(gpointer data)
{
    List *list = data;
    for (int i = 0; i < LEVELS; i++) {
        g_free(list->format[i]);
        g_free(list->text[i]);
    }
    g_free(list);
}

static xmlNode *child(const xmlNode *node, const char *name)
{
    for (xmlNode *n = node ? node->children : NULL; n; n = n->next)
        if (html_is(n, name))
            return n;
    return NULL;
}

/* The value of an element NAME in NODE as a number, -1 if there is none. */
static int value_of(const xmlNode *node, const char *name)
{
    const xmlNode *element = child(node, name);
    const char *value = element ? xml_attribute(element, "val") : NULL;
    guint64 number;
    return value && g_ascii_string_to_unsigned(value, 10, 0, 1000000, &number, NULL) ? (int) number : -1;
}

/* --- Styles and lists --- */

/* "heading 2", "Title", as Word names them in every language. */
static int named_level(const xmlNode *style)
{
    const xmlNode *name = child(style, "name");
    const char *value = name ? xml_attribute(name, "val") : NULL;
    if (value && !g_ascii_strncasecmp(value, "heading ", 8) && value[8] >= '1' && value[8] <= '9' && !value[9])
        return value[8] - '0';
    return value && !g_ascii_strcasecmp(value, "Title") ? 1 : -1;
}

static int outline_level(const xmlNode *properties)
{
    int level = value_of(properties, "outlineLvl");
    return level < 0 ? -1 : level < LEVELS ? level + 1 : 0;
}

static gboolean read_styles(Docx *docx, Zip *zip, GError **error)
{
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, "word/styles.xml", &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root; n; n = xml_next(n, root, "style")) {
        const char *id = xml_attribute(n, "styleId");
        const xmlNode *properties = child(n, "pPr"), *base = child(n, "basedOn"), *number = child(properties, "numPr");
        if (!id)
            continue;
        Style *style = g_new0(Style, 1);
        style->based_on = g_strdup(base ? xml_attribute(base, "val") : NULL);
        style->heading = named_level(n) > 0 ? named_level(n) : outline_level(properties);
        style->number = number ? value_of(number, "numId") : -1;
        style->level = number ? value_of(number, "ilvl") : -1;
        g_hash_table_replace(docx->styles, g_strdup(id), style);
    }
    xmlFreeDoc(tree);
    if (local)
        g_propagate_error(error, local);
    return local == NULL;
}

static void read_list(Docx *docx, const xmlNode *node, const char *id)
{
    List *list = g_new0(List, 1);
    for (const xmlNode *n = node->children; n; n = n->next) {
        const char *number = html_is(n, "lvl") ? xml_attribute(n, "ilvl") : NULL;
        const xmlNode *format = child(n, "numFmt"), *text = child(n, "lvlText");
        int level = number && number[0] >= '0' && number[0] < '0' + LEVELS && !number[1] ? number[0] - '0' : -1;
        if (level < 0 || list->format[level] || list->text[level])
            continue;
        list->format[level] = g_strdup(format ? xml_attribute(format, "val") : NULL);
        list->text[level] = g_strdup(text ? xml_attribute(text, "val") : NULL);
        list->start[level] = MAX(value_of(n, "start"), 0);
    }
    for (int i = 0; i < LEVELS; i++)
        list->count[i] = -1;
    g_hash_table_replace(docx->lists, g_strdup(id), list);
}

static gboolean read_lists(Docx *docx, Zip *zip, GError **error)
{
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, "word/numbering.xml", &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root ? root->children : NULL; n; n = n->next) {
        const xmlNode *abstract = child(n, "abstractNumId");
        const char *id = html_is(n, "abstractNum") ? xml_attribute(n, "abstractNumId") : NULL;
        const char *number = html_is(n, "num") ? xml_attribute(n, "numId") : NULL;
        const char *of = abstract ? xml_attribute(abstract, "val") : NULL;
        if (id)
            read_list(docx, n, id);
        else if (number && of)
            g_hash_table_replace(docx->numbers, g_strdup(number), g_strdup(of));
    }
    xmlFreeDoc(tree);
    if (local)
        g_propagate_error(error, local);
    return local == NULL;
}

static void append_roman(GString *out, guint number)
{
    static const struct { guint value; const char *text; } DIGITS[] = {
        { 1000, "m" }, { 900, "cm" }, { 500, "d" }, { 400, "cd" }, { 100, "c" }, { 90, "xc" }, { 50, "l" }, { 40, "xl" },
        { 10, "x" }, { 9, "ix" }, { 5, "v" }, { 4, "iv" }, { 1, "i" },
    };
    for (gsize i = 0; number < 4000 && i < G_N_ELEMENTS(DIGITS); i++)
        for (; number >= DIGITS[i].value; number -= DIGITS[i].value)
            g_string_append(out, DIGITS[i].text);
}

static void append_number(GString *out, const char *format, int number)
{
    gsize at = out->len;
    if (format && strstr(format, "Letter") && number > 0)
        g_string_append_c(out, (char) ('a' + (number - 1) % 26));
    else if (format && strstr(format, "Roman") && number > 0 && number < 4000)
        append_roman(out, (guint) number);
    else
        g_string_append_printf(out, "%d", number);
    if (format && g_str_has_prefix(format, "upper"))
        for (char *p = out->str + at; *p; p++)
            *p = g_ascii_toupper(*p);
}

/* What stands before an item of LIST in LEVEL, which is counted: "2.1", "(a)", "-"; to be freed. */
static char *item_mark(List *list, int level)
{
    GString *mark = g_string_new(NULL);
    const char *format = list->format[level], *text = list->text[level];
    list->count[level] = list->count[level] < 0 ? list->start[level] : list->count[level] + 1;
    for (int i = level + 1; i < LEVELS; i++)
        list->count[i] = -1;
    if (format && !strcmp(format, "none"))
        return g_string_free(mark, FALSE);
    if (!format || !strcmp(format, "bullet") || !text) {
        g_string_append_c(mark, '-');
        return g_string_free(mark, FALSE);
    }
    for (const char *p = text; *p; p++) {
        int of = p[0] == '%' && p[1] >= '1' && p[1] <= '9' ? p[1] - '1' : -1;
        if (of < 0) {
            g_string_append_c(mark, *p);
            continue;
        }
        append_number(mark, list->format[of], list->count[of] < 0 ? list->start[of] : list->count[of]);
        p++;
    }
    return g_string_free(mark, FALSE);
}

/* --- Text --- */

static gboolean is_hidden(const Docx *docx, const xmlNode *run)
{
    const xmlNode *vanish = child(child(run, "rPr"), "vanish");
    const char *value = vanish ? xml_attribute(vanish, "val") : NULL;
    return vanish && !docx->options->invisible && (!value || (strcmp(value, "0") && strcmp(value, "false")));
}

static void append_symbol(const xmlNode *node, GString *line)
{
    const char *code = xml_attribute(node, "char");
    guint64 c;
    if (code && g_ascii_string_to_unsigned(code, 16, 0x20, 0x10ffff, &c, NULL) && g_unichar_validate((gunichar) c)
        && g_unichar_type((gunichar) c) != G_UNICODE_PRIVATE_USE)
        g_string_append_unichar(line, (gunichar) c);
}

static void append_note(Docx *docx, GHashTable *notes, const xmlNode *node, GString *line)
{
    const char *id = xml_attribute(node, "id");
    const char *text = id && notes ? g_hash_table_lookup(notes, id) : NULL;
    /* A note in a note has no place. */
    if (text && docx->office.notes)
        office_note(&docx->office, text, line);
}

static void append_break(const xmlNode *node, GString *line)
{
    const char *type = xml_attribute(node, "type");
    g_string_append_c(line, type && !strcmp(type, "page") ? '\f' : '\n');
}

static void append_hidden(Docx *docx, xmlNode *run)
{
    for (xmlNode *n = xml_next(run, run, "t"); n; n = xml_next(n, run, "t")) {
        g_autofree char *text = xml_text(n);
        office_append(docx->hidden, text);
    }
}

/* Puts the hidden text behind the block where it stands, marked as such. */
static void flush_hidden(Docx *docx)
{
    if (docx->hidden->len > 0)
        document_hide(docx->office.text, docx->hidden->str);
    g_string_truncate(docx->hidden, 0);
}

/* What is in a paragraph or run below NODE.  The parser bounds the depth. */
static void append_inline(Docx *docx, const xmlNode *node, GString *line)
{
    static const char SKIPPED[] = " pPr rPr del moveFrom delText instrText Fallback rt softHyphen ";
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || html_is_any(n, SKIPPED))
            continue;
        if (html_is(n, "r") && is_hidden(docx, n)) {
            append_hidden(docx, n);
            continue;
        }
        g_autofree char *text = html_is(n, "t") ? xml_text(n) : NULL;
        if (text)
            office_append(line, text);
        else if (html_is(n, "tab"))
            office_append(line, " ");
        else if (html_is_any(n, " br cr "))
            append_break(n, line);
        else if (html_is(n, "lastRenderedPageBreak"))
            g_string_append_c(line, '\f');
        else if (html_is(n, "noBreakHyphen"))
            g_string_append_c(line, '-');
        else if (html_is(n, "sym"))
            append_symbol(n, line);
        else if (html_is(n, "footnoteReference"))
            append_note(docx, docx->footnotes, n, line);
        else if (html_is(n, "endnoteReference"))
            append_note(docx, docx->endnotes, n, line);
        else if (html_is(n, "commentReference"))
            append_note(docx, docx->comments, n, line);
        else if (html_is(n, "txbxContent"))
            g_ptr_array_add(docx->boxes, n);
        else
            append_inline(docx, n, line);
    }
}

/* What PROPERTIES and the styles under them say; 0: nothing. */
static void find_style(const Docx *docx, const xmlNode *properties, int *heading, int *number, int *level)
{
    const xmlNode *name = child(properties, "pStyle"), *list = child(properties, "numPr");
    const char *id = name ? xml_attribute(name, "val") : NULL;
    *heading = outline_level(properties);
    *number = list ? value_of(list, "numId") : -1;
    *level = list ? value_of(list, "ilvl") : -1;
    for (int i = 0; id && i < CHAIN; i++) {
        const Style *style = g_hash_table_lookup(docx->styles, id);
        if (!style)
            break;
        *heading = *heading < 0 ? style->heading : *heading;
        *number = *number < 0 ? style->number : *number;
        *level = *level < 0 ? style->level : *level;
        id = style->based_on;
    }
    *heading = MAX(*heading, 0);
    *level = CLAMP(*level, 0, LEVELS - 1);
}

static List *find_list(const Docx *docx, int number)
{
    g_autofree char *id = g_strdup_printf("%d", number);
    const char *abstract = number > 0 ? g_hash_table_lookup(docx->numbers, id) : NULL;
    return abstract ? g_hash_table_lookup(docx->lists, abstract) : NULL;
}

static void read_blocks(Docx *docx, const xmlNode *node);

static void read_boxes(Docx *docx, guint before)
{
    while (docx->boxes->len > before) {
        const xmlNode *box = g_ptr_array_steal_index(docx->boxes, before);
        read_blocks(docx, box);
    }
}

static void read_paragraph(Docx *docx, const xmlNode *node)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const xmlNode *properties = child(node, "pPr");
    int heading, number, level;
    guint before = docx->boxes->len;
    find_style(docx, properties, &heading, &number, &level);
    if (properties && child(properties, "pageBreakBefore"))
        g_string_append_c(line, '\f');
    append_inline(docx, node, line);
    List *list = line->str[strspn(line->str, " \n\f")] ? find_list(docx, number) : NULL;
    g_autofree char *mark = list ? item_mark(list, level) : NULL;
    if (mark && *mark) {
        gsize at = strspn(line->str, " \n\f");
        g_string_insert(line, (gssize) at, " ");
        g_string_insert(line, (gssize) at, mark);
        for (int i = 0; i < level && !heading; i++)
            g_string_insert(line, (gssize) at, "  ");
    }
    office_block(&docx->office, list && !heading ? BLOCK_ITEM : BLOCK_PARAGRAPH, heading, line->str);
    flush_hidden(docx);
    read_boxes(docx, before);
}

/* The text of a cell, its paragraphs on one line. */
static void append_cell(Docx *docx, const xmlNode *node, GString *line)
{
    for (xmlNode *n = node->children; n; n = n->next) {
        if (html_is(n, "p")) {
            office_append(line, " ");
            append_inline(docx, n, line);
        } else if (n->type == XML_ELEMENT_NODE && !html_is_any(n, " tcPr tblPr tblGrid trPr del moveFrom ")) {
            append_cell(docx, n, line);
        }
    }
}

static void read_row(Docx *docx, xmlNode *row)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    guint before = docx->boxes->len;
    /* A row that somebody has deleted. */
    if (child(child(row, "trPr"), "del"))
        return;
    for (xmlNode *n = xml_next(row, row, NULL); n; n = xml_next(n, row, NULL)) {
        if (!html_is(n, "tc"))
            continue;
        const xmlNode *up = n->parent;
        while (up != row && !html_is(up, "tc"))
            up = up->parent;
        if (up != row)
            continue;       /* of a table in a cell */
        g_autoptr(GString) line = g_string_new(NULL);
        append_cell(docx, n, line);
        docx->broken |= strchr(line->str, '\f') != NULL;
        g_ptr_array_add(cells, g_strstrip(g_strdelimit(g_strdup(line->str), "\f", ' ')));
    }
    g_autofree char *text = office_row(cells);
    office_block(&docx->office, BLOCK_ROW, 0, text);
    flush_hidden(docx);
    read_boxes(docx, before);
    if (docx->broken)
        office_break(&docx->office);
    docx->broken = FALSE;
}

static void read_blocks(Docx *docx, const xmlNode *node)
{
    for (xmlNode *n = node->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || html_is_any(n, " del moveFrom sectPr sdtPr tblPr tblGrid Fallback "))
            continue;
        if (html_is(n, "p"))
            read_paragraph(docx, n);
        else if (html_is(n, "tr"))
            read_row(docx, n);
        else
            read_blocks(docx, n);
        if (docx->options->alive && node->parent && node->parent->type == XML_DOCUMENT_NODE)
            docx->options->alive();
    }
}

/* The notes in a member, by id; NULL with ERROR. */
static GHashTable *read_notes(Docx *docx, Zip *zip, const char *name, const char *element, GError **error)
{
    g_autoptr(GHashTable) notes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, name, &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root ? root->children : NULL; n; n = n->next) {
        const char *id = html_is(n, element) ? xml_attribute(n, "id") : NULL;
        const char *author = id ? xml_attribute(n, "author") : NULL, *type = id ? xml_attribute(n, "type") : NULL;
        if (!id || (type && strcmp(type, "normal")))
            continue;       /* lines that separate notes have a type */
        g_autoptr(GString) line = g_string_new(NULL);
        append_cell(docx, n, line);
        g_hash_table_replace(notes, g_strdup(id), author ? g_strdup_printf("%s: %s", author, line->str) : g_strdup(line->str));
    }
    xmlFreeDoc(tree);
    g_ptr_array_set_size(docx->boxes, 0);
    g_string_truncate(docx->hidden, 0);
    if (!local)
        return g_steal_pointer(&notes);
    g_propagate_error(error, local);
    return NULL;
}

static gboolean read_parts(Docx *docx, Zip *zip, GError **error)
{
    if (!read_styles(docx, zip, error) || !read_lists(docx, zip, error))
        return FALSE;
    docx->footnotes = read_notes(docx, zip, "word/footnotes.xml", "footnote", error);
    docx->endnotes = docx->footnotes ? read_notes(docx, zip, "word/endnotes.xml", "endnote", error) : NULL;
    if (docx->endnotes && docx->options->annotations)
        docx->comments = read_notes(docx, zip, "word/comments.xml", "comment", error);
    return docx->endnotes != NULL && (docx->comments != NULL || !docx->options->annotations);
}

static void docx_clear(Docx *docx)
{
    g_hash_table_unref(docx->styles);
    g_hash_table_unref(docx->lists);
    g_hash_table_unref(docx->numbers);
    g_clear_pointer(&docx->footnotes, g_hash_table_unref);
    g_clear_pointer(&docx->endnotes, g_hash_table_unref);
    g_clear_pointer(&docx->comments, g_hash_table_unref);
    g_ptr_array_unref(docx->boxes);
    g_string_free(docx->hidden, TRUE);
}

Document *docx_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error)
{
    Docx docx = {
        .options = options, .boxes = g_ptr_array_new(), .hidden = g_string_new(NULL),
        .styles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_style),
        .lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list),
        .numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    GError *local = NULL;
    g_autoptr(Document) document = document_new(path, "docx");
    xmlDoc *tree = read_parts(&docx, zip, &local) ? office_member(zip, "word/document.xml", &local) : NULL;
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    gboolean ok = root && office_metadata(zip, "docProps/core.xml", document, &local);
    if (ok) {
        office_begin(&docx.office, document, xml_next(root, root, "lastRenderedPageBreak") != NULL);
        read_blocks(&docx, root);
        office_end(&docx.office);
    } else if (!local) {
        g_set_error(&local, FAILURE, FAILURE_INPUT, "%s: is damaged, its text cannot be read", path);
    }
    xmlFreeDoc(tree);
    docx_clear(&docx);
    if (ok)
        return g_steal_pointer(&document);
    g_propagate_error(error, local);
    return NULL;
}
