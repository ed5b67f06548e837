/* xml.h - small XML files of packages: names without their namespaces, no entities (internal to ingest).
 *
 * No external entity is loaded and no entity is ever expanded: a reference to one is no text.
 */
#ifndef KVASIR_INGEST_XML_H
#define KVASIR_INGEST_XML_H

#include <glib.h>
#include <libxml/tree.h>

/* NULL when it is not well formed enough to have a root.  Free with xmlFreeDoc(). */
xmlDoc *xml_parse(const guint8 *bytes, gsize length);
/* The next element called NAME (NULL: any) behind NODE in document order, within TOP. */
xmlNode *xml_next(xmlNode *node, const xmlNode *top, const char *name);
/* The text below NODE; to be freed. */
char *xml_text(xmlNode *node);
/* An attribute's value, or NULL; owned by the tree. */
const char *xml_attribute(const xmlNode *node, const char *name);

#endif
