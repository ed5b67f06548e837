/* html.c - HTML and XHTML through libxml2: parse, metadata, sections as pages. */
#include "config.h"

#include <string.h>
#include <libxml/HTMLparser.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"
#include "ingest/html.h"
#include "ingest/sections.h"
#include "src/base/failure.h"

/* A declaration further down is not looked for: browsers stop earlier. */
enum { DECLARATION_BYTES = 8192 };

gboolean html_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !strcmp((const char *) node->name, name);
}

gboolean html_is_any(const xmlNode *node, const char *names)
{
    if (node->type != XML_ELEMENT_NODE)
        return FALSE;
    /* By hand: it is asked some twenty times of each element, and calls of string functions would cost more than the letters. */
    const char *name = (const char *) node->name;
    for (const char *p = names + 1; *p; p++) {
        gsize n = 0;
        while (name[n] && p[n] == name[n])
            n++;
        if (!name[n] && p[n] == ' ')
            return TRUE;
        for (p += n; *p != ' '; p++)
            ;
    }
    return FALSE;
}

const char *html_attribute(const xmlNode *node, const char *name)
{
    const xmlAttr *attribute = xmlHasProp(node, (const xmlChar *) name);
    const xmlNode *value = attribute ? attribute->children : NULL;
    return value && value->type == XML_TEXT_NODE ? (const char *) value->content : NULL;
}

xmlNode *html_next(xmlNode *node, const xmlNode *top, gboolean deeper)
{
    if (deeper && node->children && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != top && !node->next)
        node = node->parent;
    return node == top ? NULL : node->next;
}

/* The value behind NAME= in TAG (lower case or not), quoted or bare; to be freed, or NULL. */
static char *value_of(const char *tag, const char *name)
{
    const char *p = strcasestr(tag, name);
    if (!p)
        return NULL;
    p += strlen(name);
    while (g_ascii_isspace(*p))
        p++;
    if (*p++ != '=')
        return NULL;
    while (g_ascii_isspace(*p) || *p == '"' || *p == '\'')
        p++;
    gsize n = strcspn(p, "\"' \t\r\n;/>?");
    return n ? g_strndup(p, n) : NULL;
}

/* The encoding that an XML declaration or a meta tag names; to be freed, or NULL. */
static char *declared_encoding(const guint8 *bytes, gsize length)
{
    g_autofree char *head = g_strndup((const char *) bytes, MIN(length, DECLARATION_BYTES));
    if (!strncmp(head, "<?xml", 5)) {
        g_autofree char *declaration = g_strndup(head, strcspn(head, ">"));
        char *label = value_of(declaration, "encoding");
        if (label)
            return label;
    }
    for (const char *p = head; (p = strcasestr(p, "<meta")); p++) {
        g_autofree char *tag = g_strndup(p, strcspn(p, ">"));
        char *label = value_of(tag, "charset");
        if (label)
            return label;
    }
    return NULL;
}

static xmlDoc *parse(const char *text, gsize length)
{
    htmlParserCtxt *context = htmlNewParserCtxt();
    if (!context || length > G_MAXINT) {
        htmlFreeParserCtxt(context);
        return NULL;
    }
    xmlDoc *tree = htmlCtxtReadMemory(context, text, (int) length, NULL, "UTF-8",
                                      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR
                                      | HTML_PARSE_NOWARNING | HTML_PARSE_NONET
                                      | HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT
                                      | XML_PARSE_HUGE);
    htmlFreeParserCtxt(context);
    return tree;
}

static void read_meta(Document *document, const xmlNode *node)
{
    static const char AUTHORS[] = " author dc.creator dcterms.creator article:author citation_author ";
    static const char DATES[] = " date dc.date dcterms.date dcterms.created dcterms.issued "
        "article:published_time citation_publication_date citation_date datepublished pubdate ";
    const char *name = html_attribute(node, "name");
    const char *content = html_attribute(node, "content");
    if (!name)
        name = html_attribute(node, "property");
    if (!name)
        name = html_attribute(node, "itemprop");
    if (!name || !content)
        return;
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autofree char *key = g_strdup_printf(" %s ", lower);
    if (!document->author && strstr(AUTHORS, key) && !strstr(content, "://"))
        document_set_author(document, content);
    if (!document->date && strstr(DATES, key))
        document_set_date(document, content);
}

/* The date that an element says was that of publication. */
static void read_published(Document *document, const xmlNode *node)
{
    const char *item = html_attribute(node, "itemprop");
    if (item && !strcmp(item, "datePublished")) {
        const char *date = html_attribute(node, "datetime");
        document_set_date(document, date ? date : html_attribute(node, "content"));
    }
}

/* The same in JSON-LD, of which nothing else is looked at. */
static void read_linked_data(Document *document, const xmlNode *script)
{
    static const char KEY[] = "\"datePublished\"";
    const char *type = html_attribute(script, "type");
    if (!type || strcmp(type, "application/ld+json") || !script->children || !script->children->content)
        return;
    const char *p = strstr((const char *) script->children->content, KEY);
    if (!p)
        return;
    p += strlen(KEY);
    p += strspn(p, " \t\r\n:");
    g_autofree char *date = *p == '"' ? g_strndup(p + 1, strcspn(p + 1, "\"")) : NULL;
    document_set_date(document, date);
}

void html_metadata(Document *document, xmlNode *root)
{
    gboolean titled = FALSE;
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE)) {
        if (html_is(n, "title") && !titled) {
            xmlChar *title = xmlNodeGetContent(n);
            if (title)
                document_set_title(document, (const char *) title);
            xmlFree(title);
            titled = TRUE;
        } else if (html_is(n, "meta")) {
            read_meta(document, n);
        }
        if (!document->date && html_is(n, "script"))
            read_linked_data(document, n);
        else if (!document->date)
            read_published(document, n);
    }
}

xmlDoc *html_parse(const guint8 *bytes, gsize length, const char *charset)
{
    gsize n;
    if (length == 0)
        return NULL;
    g_autofree char *declared = charset && encoding_for_label(charset) ? g_strdup(charset)
        : declared_encoding(bytes, length);
    g_autofree char *text = encoding_decode(bytes, length, declared, &n);
    return parse(text, n);
}

void html_append(const guint8 *bytes, gsize length, GString *out, GArray *headings)
{
    xmlDoc *tree = html_parse(bytes, length, NULL);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    if (root) {
        html_mark_hidden(root);
        htmltext_append(root, NULL, out, headings);
    }
    xmlFreeDoc(tree);
}

Document *html_read(const char *path, const guint8 *bytes, gsize length,
                    const DocumentOptions *options, GError **error)
{
    return html_read_as(path, bytes, length, NULL, options, error);
}

Document *html_read_as(const char *path, const guint8 *bytes, gsize length, const char *charset,
                       const DocumentOptions *options, GError **error)
{
    xmlDoc *tree = html_parse(bytes, length, charset);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    if (!root) {
        xmlFreeDoc(tree);
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there is nothing in this HTML file", path);
        return NULL;
    }
    Document *document = document_new(path, "html");
    g_autoptr(GString) out = g_string_sized_new(length / 4 + 1);
    g_autoptr(GArray) headings = g_array_new(FALSE, FALSE, sizeof(Heading));
    html_metadata(document, root);
    if (!options->invisible)
        html_mark_hidden(root);
    g_autoptr(GHashTable) dropped = options->whole ? NULL : article_find(root, document->title, document->date != NULL);
    htmltext_append(root, dropped, out, headings);
    xmlFreeDoc(tree);
    sections_add(document, out->str, out->len, headings);
    if (document->pages->len == 0)
        document_add_page(document, NULL, "", 0, PAGE_EMPTY);
    return document;
}
