/* body.c - HTTP's bodies: chunks and compression. */
#include "config.h"
#include "ingest/body.h"

#include <gio/gio.h>
#include <string.h>
#ifdef HAVE_BROTLI
#include <brotli/decode.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

enum {
    BUFFER_BYTES = 65536,
    /* More than this many bytes for each that came in, and for some more, are a bomb. */
    EXPANSION_MAX = 200,
    SPARE_BYTES = 16384,
    /* Each may be undone alone; real servers use one. */
    ENCODINGS_MAX = 4,
};

/* Bytes that come in, those that came out, and how it ended so far: BODY_CUT until an end was seen. */
typedef struct {
    const guint8 *bytes;
    gsize length;
    gsize most;
    GByteArray *out;
    guint8 *buffer;
    BodyState state;
} Unpacking;

/* Takes the first GIVEN bytes of the buffer; FALSE when that is too much. */
static gboolean keep(Unpacking *u, gsize given)
{
    if (u->out->len + given > u->most) {
        u->state = BODY_TOO_LARGE;
        return FALSE;
    }
    g_byte_array_append(u->out, u->buffer, (guint) given);
    return TRUE;
}

static void undo_zlib(Unpacking *u, GZlibCompressorFormat format)
{
    g_autoptr(GZlibDecompressor) engine = g_zlib_decompressor_new(format);
    GConverterResult result = G_CONVERTER_CONVERTED;
    while (u->length > 0 && result == G_CONVERTER_CONVERTED) {
        gsize taken = 0, given = 0;
        result = g_converter_convert(G_CONVERTER(engine), u->bytes, u->length, u->buffer, BUFFER_BYTES, G_CONVERTER_NO_FLAGS,
                                     &taken, &given, NULL);
        if (result == G_CONVERTER_ERROR || !keep(u, given) || (taken == 0 && given == 0))
            return;
        u->bytes += taken;
        u->length -= taken;
    }
    if (result == G_CONVERTER_FINISHED)
        u->state = BODY_WHOLE;
}

static void undo_gzip(Unpacking *u)
{
    undo_zlib(u, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
}

/* The name means zlib's format; some servers send the bare stream. */
static void undo_deflate(Unpacking *u)
{
    const Unpacking before = *u;
    undo_zlib(u, G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
    if (u->out->len > 0 || u->state == BODY_WHOLE)
        return;
    *u = before;
    undo_zlib(u, G_ZLIB_COMPRESSOR_FORMAT_RAW);
}

static void undo_br(Unpacking *u)
{
#ifdef HAVE_BROTLI
    BrotliDecoderState *engine = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (engine && result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        guint8 *next = u->buffer;
        gsize room = BUFFER_BYTES;
        result = BrotliDecoderDecompressStream(engine, &u->length, &u->bytes, &room, &next, NULL);
        if (!keep(u, BUFFER_BYTES - room))
            break;
        if (result == BROTLI_DECODER_RESULT_SUCCESS)
            u->state = BODY_WHOLE;
    }
    BrotliDecoderDestroyInstance(engine);
#else
    u->state = BODY_NO_LIBRARY;
#endif
}

static void undo_zstd(Unpacking *u)
{
#ifdef HAVE_ZSTD
    ZSTD_DCtx *engine = ZSTD_createDCtx();
    ZSTD_inBuffer in = { u->bytes, u->length, 0 };
    while (engine) {
        ZSTD_outBuffer out = { u->buffer, BUFFER_BYTES, 0 };
        const gsize before = in.pos;
        const gsize left = ZSTD_decompressStream(engine, &out, &in);
        if (ZSTD_isError(left) || !keep(u, out.pos) || (in.pos == before && out.pos == 0))
            break;
        /* The end of a frame, behind which another one may begin. */
        if (left == 0 && in.pos == in.size) {
            u->state = BODY_WHOLE;
            break;
        }
    }
    ZSTD_freeDCtx(engine);
#else
    u->state = BODY_NO_LIBRARY;
#endif
}

static gboolean begins_with(const guint8 *bytes, gsize length, const char *with)
{
    return length > strlen(with) && !memcmp(bytes, with, strlen(with));
}

/* Whether these are the bytes of a document, which no compressed stream begins with. */
static gboolean is_plain(const guint8 *bytes, gsize length)
{
    gsize at = begins_with(bytes, length, "\xef\xbb\xbf") ? 3 : 0;
    while (at < length && g_ascii_isspace(bytes[at]))
        at++;
    return begins_with(bytes + at, length - at, "%PDF-")
        || (length - at > 1 && bytes[at] == '<' && (g_ascii_isalpha(bytes[at + 1]) || strchr("!?/", bytes[at + 1]) != NULL));
}

typedef void (*Undo)(Unpacking *u);

/* What undoes what ENCODING, one name, and the first bytes say; NULL: there is nothing to undo. */
static Undo undo_of(const char *encoding, const guint8 *bytes, gsize length)
{
    static const struct { const char *name; Undo undo; } NAMES[] = { { "deflate", undo_deflate }, { "br", undo_br }, { "zstd", undo_zstd } };
    if (begins_with(bytes, length, "\x1f\x8b"))
        return undo_gzip;
    if (begins_with(bytes, length, "\x28\xb5\x2f\xfd"))
        return undo_zstd;
    if (is_plain(bytes, length))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
        if (!g_ascii_strcasecmp(encoding, NAMES[i].name))
            return NAMES[i].undo;
    return NULL;
}

/* BODY, which it takes, before it got ENCODING; otherwise as body_decode(). */
static GByteArray *undo(GByteArray *body, const char *encoding, BodyState *state, guint64 *unpacked)
{
    Undo how = body->len > 0 ? undo_of(encoding, body->data, body->len) : NULL;
    if (!how)
        return body;
    Unpacking u = { body->data, body->len, MIN(BODY_MAX, ((gsize) body->len + SPARE_BYTES) * EXPANSION_MAX),
                    g_byte_array_new(), g_malloc(BUFFER_BYTES), BODY_CUT };
    how(&u);
    *unpacked += u.out->len;
    g_free(u.buffer);
    g_byte_array_unref(body);
    if (u.state == BODY_CUT && u.out->len == 0)
        u.state = BODY_DAMAGED;
    if (u.state != BODY_WHOLE)
        *state = u.state;
    if (u.state == BODY_WHOLE || u.state == BODY_CUT)
        return u.out;
    g_byte_array_unref(u.out);
    return NULL;
}

/* A body in chunks, joined; one that is not, though its head says so, as it is.  *STATE: the last one may be missing. */
static GByteArray *join_chunks(const guint8 *bytes, gsize length, BodyState *state)
{
    GByteArray *out = g_byte_array_new();
    gsize at = 0;
    while (at < length) {
        guint64 n = 0;
        gsize digits = 0;
        for (; at < length && g_ascii_isxdigit(bytes[at]) && digits < 9; at++, digits++)
            n = n * 16 + (guint64) g_ascii_xdigit_value((char) bytes[at]);
        const guint8 *feed = digits > 0 ? memchr(bytes + at, '\n', length - at) : NULL;
        if (!feed && out->len == 0) {
            g_byte_array_append(out, bytes, (guint) length);
            return out;
        }
        if (feed && n == 0)
            return out;
        if (!feed)
            break;
        at = (gsize) (feed - bytes) + 1;
        gsize some = (gsize) MIN(n, (guint64) (length - at));
        g_byte_array_append(out, bytes + at, (guint) some);
        at += some;
        while (at < length && (bytes[at] == '\r' || bytes[at] == '\n'))
            at++;
    }
    *state = BODY_CUT;
    return out;
}

GByteArray *body_decode(const char *transfer, const char *encoding, const guint8 *bytes, gsize length,
                        BodyState *state, guint64 *unpacked)
{
    g_auto(GStrv) names = g_strsplit(encoding, ",", ENCODINGS_MAX);
    GByteArray *body;
    *state = BODY_WHOLE;
    if (!g_ascii_strncasecmp(transfer, "chunked", strlen("chunked"))) {
        body = join_chunks(bytes, length, state);
    } else {
        body = g_byte_array_new();
        g_byte_array_append(body, bytes, (guint) length);
    }
    /* The last that was put around it comes off first; without a name, the bytes alone may tell one. */
    guint n = MAX(g_strv_length(names), 1);
    for (guint i = n; body && i-- > 0;)
        body = undo(body, names[i] ? g_strstrip(names[i]) : "", state, unpacked);
    return body;
}
