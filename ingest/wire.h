/* wire.h - documents, requests and errors as bytes, between kvasir and the processes that read for it
 * (internal to ingest).
 *
 * A frame is a header of WIRE_HEADER bytes (magic, kind, length of the body; little-endian) and its
 * body: numbers of 8 bytes and strings with their length before them.  The process at the other end
 * may be in a stranger's hands: whatever arrives is checked, and texts must be as document.h promises
 * them (UTF-8, no control characters).
 */
#ifndef KVASIR_INGEST_WIRE_H
#define KVASIR_INGEST_WIRE_H

#include "ingest/document.h"

enum { WIRE_HEADER = 16 };
/* No body is longer: more text than any reader gives. */
#define WIRE_MAX ((guint64) 1 << 30)

typedef enum {
    WIRE_REQUEST = 1,       /* to the reading process: read this file */
    WIRE_DOCUMENT,          /* from it: the document */
    WIRE_ERROR,             /* or why there is none */
    WIRE_ALIVE,             /* it has done a part that takes its time: the clock starts anew */
} WireKind;

typedef struct {
    char *path;
    GBytes *bytes;          /* the content, or NULL: to be read from PATH */
    DocumentOptions options;    /* its strings are owned */
} WireRequest;

void wire_request_clear(WireRequest *request);

/* Whole frames, header and all.  To be freed. */
GByteArray *wire_from_request(const char *path, GBytes *bytes, const DocumentOptions *options);
GByteArray *wire_from_document(const Document *document);
GByteArray *wire_from_error(const GError *error);
GByteArray *wire_alive(void);

/* Kind and length of the body from the header at P; FALSE if it is none. */
gboolean wire_header(const guint8 *p, WireKind *kind, guint64 *length);
/* The body of a frame of that kind; FALSE or NULL if it is not well formed. */
gboolean wire_to_request(const guint8 *body, gsize length, WireRequest *request);
Document *wire_to_document(const guint8 *body, gsize length);
GError *wire_to_error(const guint8 *body, gsize length);

#endif
