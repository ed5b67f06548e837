/* fuzz-wire.c - what a reading process might send; the first byte says which frame it shall be. */
#include "config.h"

#include <string.h>

#include "ingest/wire.h"
#include "tests/fuzz/fuzz.h"

static void try_document(const uint8_t *body, size_t length)
{
    g_autoptr(Document) document = wire_to_document(body, length);
    if (!document)
        return;
    /* What was taken is written as it came. */
    g_autoptr(GByteArray) frame = wire_from_document(document);
    g_assert_cmpmem(frame->data + WIRE_HEADER, frame->len - WIRE_HEADER, body, length);
}

static void try_request(const uint8_t *body, size_t length)
{
    WireRequest request;
    if (!wire_to_request(body, length, &request))
        return;
    g_autoptr(GByteArray) frame = wire_from_request(request.path, request.bytes, &request.options);
    g_assert_cmpmem(frame->data + WIRE_HEADER, frame->len - WIRE_HEADER, body, length);
    wire_request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WireKind kind;
    guint64 length;
    if (size == 0)
        return 0;
    if (size > WIRE_HEADER)
        wire_header(data + 1, &kind, &length);
    if (data[0] == 'd')
        try_document(data + 1, size - 1);
    else if (data[0] == 'r')
        try_request(data + 1, size - 1);
    else {
        g_autoptr(GError) error = wire_to_error(data + 1, size - 1);
        if (error)
            g_assert_cmpuint(strlen(error->message), >, 0);
    }
    return 0;
}
