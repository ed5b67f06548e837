/* search_query.h - what people type, as an expression of FTS5.
 *
 * In a query all words must stand on the page.  "..." is a phrase, -word excludes, OR between two words takes either, word*
 * takes all that begin so.  Nothing else has a meaning: any text is a valid query, as long as it has a letter or
 * digit to look for.
 */
#ifndef KVASIR_CACHE_SEARCH_QUERY_H
#define KVASIR_CACHE_SEARCH_QUERY_H

#include <glib.h>

/* QUERY (UTF-8) as an expression, to be freed; ANY: one of its words is enough.  NULL: nothing in it to look for. */
char *search_query(const char *query, gboolean any);
/* The same for a QUESTION in plain language: any of its words counts, no character has a meaning, and in scripts
 * without spaces every two letters in a row are looked for. */
char *search_question(const char *question);

/* TEXT with U+200B put between the letters of scripts that are written without spaces: as it is indexed. */
char *search_spread(const char *text);

#endif
