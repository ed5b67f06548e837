/* html.h - the parts of the HTML reader (internal to ingest). */
#ifndef KVASIR_INGEST_HTML_H
#define KVASIR_INGEST_HTML_H

#include <glib.h>
#include <libxml/tree.h>

/* The node behind NODE in document order, within TOP; DEEPER FALSE: skip what is inside NODE. */
xmlNode *html_next(xmlNode *node, const xmlNode *top, gboolean deeper);
gboolean html_is(const xmlNode *node, const char *name);
/* Whether NODE's name is one of the words in NAMES, which begins and ends with a blank. */
gboolean html_is_any(const xmlNode *node, const char *names);
/* The value of an attribute, owned by the tree, or NULL. */
const char *html_attribute(const xmlNode *node, const char *name);

/* Appends what is under TOP to OUT as text with light marks (headings "#", lists "-" or "1.",
 * cells " | ") and its headings to HEADINGS (Heading, see sections.h).  Nodes in DROPPED (a set,
 * may be NULL) are left out with all that is in them. */
void htmltext_append(xmlNode *top, GHashTable *dropped, GString *out, GArray *headings);

/* The nodes under ROOT that are not main content (menus, adverts, comments, the heading that repeats
 * TITLE), as a set to be freed. */
GHashTable *article_find(xmlNode *root, const char *title);

#endif
