/* article.h - measures of a web page's elements, for finding its main content (internal to ingest).
 *
 * article.c   which element is the content
 * clutter.c   what is none inside of it
 */
#ifndef KVASIR_INGEST_ARTICLE_H
#define KVASIR_INGEST_ARTICLE_H

#include <glib.h>
#include <libxml/tree.h>

/* Elements that matter to what holds them. */
enum {
    ARTICLE_BLOCK = 1,      /* a paragraph, list, heading and so on */
    ARTICLE_QUOTE = 2,
    ARTICLE_CODE = 4,
    ARTICLE_HEADING = 8,
    ARTICLE_LABEL = 16,     /* of a table: its caption, heads of columns */
};

typedef struct {
    guint text, links;      /* letters, and those inside of links */
    guint commas, paragraphs, items, anchors;
    guint prose;            /* letters in paragraphs and code that are not links */
    guint headings, linked; /* headings, and those that are links */
    guint kinds, inside;    /* which of the elements above it is, and which stand inside */
    guint titles, core;     /* "h1" inside, and letters of the largest "main" or "article" inside */
    float score;
    gboolean candidate;
} Stats;

typedef struct {
    GPtrArray *nodes;       /* xmlNode: elements and texts in document order */
    GArray *stats;          /* Stats of each */
    GHashTable *index;      /* xmlNode -> position + 1 in nodes */
    GHashTable *dropped;    /* the result */
} Article;

/* Those of NODE, or NULL: it is not looked at. */
Stats *article_stats(const Article *a, const xmlNode *node);
/* " class id " in lower case; to be freed. */
char *article_names(const xmlNode *node);
/* Whether one of WORDS (ending with NULL) is in TEXT. */
gboolean article_has_word(const char *text, const char *const *words);
/* What class and id say: 25 for content, -25 against it, or 0. */
int article_class_weight(const xmlNode *node);

/* The share of the text that is links. */
static inline float article_link_density(const Stats *stats)
{
    return stats->text ? (float) stats->links / (float) stats->text : 0;
}

/* Drops inside of BEST blocks of links, buttons, notices, the heading that repeats TITLE and, if the page is DATED elsewhere, a line
 * with its date. */
void article_drop_clutter(Article *a, xmlNode *best, const char *title, gboolean dated);
/* Drops what comes behind a heading such as "Related", when most of the content stands before it. */
void article_drop_tail(Article *a, xmlNode *best);

#endif
