/* unpack.h - compressed files: gzip, xz, zstd and bzip2 (internal to ingest).
 *
 * libarchive's filters do it.  What comes out is bounded, so that a bomb ends in a sentence.
 */
#ifndef KVASIR_INGEST_UNPACK_H
#define KVASIR_INGEST_UNPACK_H

#include <glib.h>

/* More than this is not unpacked. */
#define UNPACK_MAX ((gsize) 256 << 20)

/* "gzip", "xz", "zstd", "bzip2" if the bytes begin as such a file does, else NULL. */
const char *unpack_kind(const guint8 *bytes, gsize length);
/* PATH without ".gz" and the like at its end; to be freed. */
char *unpack_inner_name(const char *path);
/* What is in BYTES, packed once or several times.  FAILURE_INPUT when they are damaged or are more than UNPACK_MAX. */
GByteArray *unpack(const char *path, const guint8 *bytes, gsize length, GError **error);
/* At most MOST bytes of the beginning, as far as LENGTH bytes of the file tell it: for a look. */
GByteArray *unpack_head(const guint8 *bytes, gsize length, gsize most);

#endif
