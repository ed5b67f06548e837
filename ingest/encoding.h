/* encoding.h - bytes of unknown encoding to UTF-8 (internal to ingest).
 *
 * A byte order mark decides; then a declaration, unless the bytes are plainly something else;
 * then, if the bytes are well-formed, UTF-8; then a detector.  Sequences that do not convert
 * become U+FFFD, they never end the text.
 */
#ifndef KVASIR_INGEST_ENCODING_H
#define KVASIR_INGEST_ENCODING_H

#include <glib.h>

/* DECLARED: a label as in HTML ("latin1", "x-sjis", ...), or NULL.  The result is to be freed,
 * *OUT_LENGTH its length; it holds no NULs. */
char *encoding_decode(const guint8 *bytes, gsize length, const char *declared, gsize *out_length);
/* The name that iconv knows for LABEL as browsers understand it, or NULL if nobody knows it. */
const char *encoding_for_label(const char *label);
/* Whether the bytes look like text in some encoding rather than like a program or an image. */
gboolean encoding_looks_like_text(const guint8 *bytes, gsize length);

#endif
