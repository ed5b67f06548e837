/* worker.c - the process that reads documents for a pool: requests in, documents out, until the pool
 * closes its end. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ingest/pool.h"
#include "ingest/sandbox.h"
#include "ingest/wire.h"

/* pool.c puts the socket here. */
enum { SOCKET = 3 };

static gboolean read_all(guint8 *to, gsize length)
{
    while (length > 0) {
        gssize n = read(SOCKET, to, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        to += n;
        length -= (gsize) n;
    }
    return TRUE;
}

static gboolean write_all(GByteArray *frame)
{
    const guint8 *from = frame->data;
    gsize left = frame->len;
    while (left > 0) {
        gssize n = write(SOCKET, from, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        from += n;
        left -= (gsize) n;
    }
    g_byte_array_unref(frame);
    return left == 0;
}

static void send_alive(void)
{
    write_all(wire_alive());
}

static gboolean next_request(WireRequest *request)
{
    guint8 header[WIRE_HEADER];
    WireKind kind;
    guint64 length;
    if (!read_all(header, sizeof header) || !wire_header(header, &kind, &length) || kind != WIRE_REQUEST)
        return FALSE;
    g_autofree guint8 *body = g_malloc(length);
    if (!read_all(body, length) || !wire_to_request(body, length, request))
        return FALSE;
    request->options.alive = send_alive;
    return TRUE;
}

static GByteArray *answer(const WireRequest *request)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) document = NULL;
    if (request->bytes) {
        gsize length;
        const guint8 *bytes = g_bytes_get_data(request->bytes, &length);
        document = document_read_bytes(request->path, bytes, length, &request->options, &error);
    } else {
        document = document_read(request->path, &request->options, &error);
    }
    return document ? wire_from_document(document) : wire_from_error(error);
}

int pool_work(int argc, char **argv)
{
    guint64 memory = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 0;
    /* Ctrl-C is for the pool, which ends the group; without a pool there is nobody to read for. */
    setsid();
    prctl(PR_SET_NAME, POOL_WORKER, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    sandbox_enter(memory);
    for (;;) {
        WireRequest request;
        if (!next_request(&request))
            return 0;
        gboolean ok = write_all(answer(&request));
        wire_request_clear(&request);
        if (!ok)
            return 1;
    }
}
