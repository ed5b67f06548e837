/* xml.c - small XML files of packages. */
#include "config.h"

#include <string.h>
#include <libxml/parser.h>

#include "ingest/html.h"
#include "ingest/xml.h"

xmlDoc *xml_parse(const guint8 *bytes, gsize length)
{
    if (length > G_MAXINT)
        return NULL;
    xmlDoc *tree = xmlReadMemory((const char *) bytes, (int) length, NULL, NULL,
                                 XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
                                 | XML_PARSE_COMPACT | XML_PARSE_NOCDATA);
    if (tree && !xmlDocGetRootElement(tree)) {
        xmlFreeDoc(tree);
        return NULL;
    }
    return tree;
}

xmlNode *xml_next(xmlNode *node, const xmlNode *top, const char *name)
{
    do
        node = html_next(node, top, TRUE);
    while (node && (node->type != XML_ELEMENT_NODE || (name && !html_is(node, name))));
    return node;
}

char *xml_text(xmlNode *node)
{
    GString *text = g_string_new(NULL);
    for (xmlNode *n = html_next(node, node, TRUE); n; n = html_next(n, node, TRUE))
        if (n->type == XML_TEXT_NODE && n->content)
            g_string_append(text, (const char *) n->content);
    return g_string_free(text, FALSE);
}

const char *xml_attribute(const xmlNode *node, const char *name)
{
    return html_attribute(node, name);
}
