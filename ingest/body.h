/* body.h - bodies of HTTP messages as they were before they were sent (internal to ingest).
 *
 * Chunks are joined, then gzip, deflate and, where their libraries were there when kvasir was built, br (libbrotlidec) and zstd
 * (libzstd) undone.  What comes out is bounded, by BODY_MAX and by the length of what came in.
 */
#ifndef KVASIR_INGEST_BODY_H
#define KVASIR_INGEST_BODY_H

#include <glib.h>

#include "ingest/unpack.h"

/* More than this does not come out of one body. */
#define BODY_MAX UNPACK_MAX

typedef enum {
    BODY_WHOLE,
    BODY_CUT,           /* it breaks off, and is given as far as it goes */
    BODY_DAMAGED,       /* from its beginning */
    BODY_TOO_LARGE,     /* unpacked */
    BODY_NO_LIBRARY,    /* for its compression, in this build */
} BodyState;

/* LENGTH bytes behind the fields of a message, of which TRANSFER is "transfer-encoding" and ENCODING "content-encoding" (both may
 * be ""): what crawlers have unpacked already, though these say otherwise, is given as it is.  NULL in the last three states.
 * *UNPACKED grows by the bytes that came out of compression on the way, kept or not. */
GByteArray *body_decode(const char *transfer, const char *encoding, const guint8 *bytes, gsize length,
                        BodyState *state, guint64 *unpacked);

#endif
