/* html.h - the parts of the HTML reader (internal to ingest). */
#ifndef KVASIR_INGEST_HTML_H
#define KVASIR_INGEST_HTML_H

#include <glib.h>
#include <libxml/tree.h>

#include "ingest/document.h"

/* The node behind NODE in document order, within TOP; DEEPER FALSE: skip what is inside NODE. */
xmlNode *html_next(xmlNode *node, const xmlNode *top, gboolean deeper);
gboolean html_is(const xmlNode *node, const char *name);
/* Whether NODE's name is one of the words in NAMES, which begins and ends with a blank. */
gboolean html_is_any(const xmlNode *node, const char *names);
/* The value of an attribute, owned by the tree, or NULL. */
const char *html_attribute(const xmlNode *node, const char *name);

/* Appends what is under TOP to OUT as text with light marks (headings "#", lists "-" or "1.",
 * cells " | ") and its headings to HEADINGS (Heading, see sections.h).  Nodes in DROPPED (a set,
 * may be NULL) are left out with all that is in them; those that are marked as hidden go to
 * document_hide(). */
void htmltext_append(xmlNode *top, GHashTable *dropped, GString *out, GArray *headings);

/* Marks the elements under ROOT whose own attributes hide them, unless that is most of the page, which is what pages do that a
 * script shows: then they count as seen. */
void html_mark_hidden(xmlNode *root);
/* Whether it marked NODE. */
gboolean html_is_hidden(const xmlNode *node);

/* The nodes under ROOT that are not main content (menus, adverts, comments, the heading that repeats
 * TITLE and, if the page is DATED, a line with its date), as a set to be freed. */
GHashTable *article_find(xmlNode *root, const char *title, gboolean dated);

/* The bytes as a tree; CHARSET: what a protocol says about them, which goes before what they say themselves, or NULL.
 * NULL when there is nothing in them.  Free with xmlFreeDoc(). */
xmlDoc *html_parse(const guint8 *bytes, gsize length, const char *charset);
/* Title, author and date that the tree declares. */
void html_metadata(Document *document, xmlNode *root);
/* html_read() with such a CHARSET. */
Document *html_read_as(const char *path, const guint8 *bytes, gsize length, const char *charset,
                       const DocumentOptions *options, GError **error);
/* All that is in a file, as htmltext_append() gives it: for books, which have no menus. */
void html_append(const guint8 *bytes, gsize length, GString *out, GArray *headings);

#endif
