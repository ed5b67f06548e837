/* clean.h - text as a careful typist would have left it (internal to ingest).
 *
 * Well-formed UTF-8 in NFC; "\n" line ends; no control characters but "\n" and
 * "\t"; no soft hyphens, byte order marks or zero-width spaces; ligatures and Arabic
 * presentation forms spelled out; no blanks at line ends; at most one empty line in a row.
 */
#ifndef KVASIR_INGEST_CLEAN_H
#define KVASIR_INGEST_CLEAN_H

#include <glib.h>

/* The next character of well-formed UTF-8 (g_utf8_next_char casts const away). */
static inline const char *clean_next(const char *p)
{
    return p + g_utf8_skip[*(const guchar *) p];
}

/* To be freed.  LENGTH -1: up to the NUL. */
char *clean_text(const char *text, gssize length);
/* The same as one line, white space squeezed and trimmed: titles, labels. */
char *clean_line(const char *text, gssize length);
/* Whether C takes part in words or marks, that is, would be seen on paper. */
gboolean clean_is_visible(gunichar c);

#endif
