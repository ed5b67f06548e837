/* tokenizer-file.c - how vocabularies are written in files: tokenizer.model,
 * and the printable form of GGUF and JSON. */
#include "config.h"
#include "src/model/tokenizer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/failure.h"

#define FILE_MAX (256u << 20)

static const char *const special_names[] = {
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>",
    "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
    "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
};

/* ---- GPT-2's printable bytes ---- */

/* The byte that the character C stands for, or -1.  Printable bytes of Latin-1 stand
 * for themselves; the others, in order, are U+0100 and up. */
static int byte_of(gunichar c)
{
    if ((c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xAC) || (c >= 0xAE && c <= 0xFF))
        return (int) c;
    if (c >= 0x100 && c <= 0x120)
        return (int) (c - 0x100);
    if (c >= 0x121 && c <= 0x142)
        return (int) (c - 0x121 + 0x7F);
    return c == 0x143 ? 0xAD : -1;
}

gboolean tokenizer_piece_from_gpt2(const char *text, gsize length, GByteArray *out)
{
    guint before = out->len;
    guint8 *to;

    if (length > G_MAXUINT - before)
        return FALSE;
    g_byte_array_set_size(out, before + (guint) length);
    to = out->data + before;
    /* All characters of the table have one or two bytes; the caller's text may be anything. */
    for (const guint8 *p = (const guint8 *) text, *end = p + length; p < end; ) {
        int byte = -1;

        if (p[0] < 0x80) {
            byte = byte_of(p[0]);
            p++;
        } else if (p[0] >= 0xC2 && p[0] <= 0xDF && end - p >= 2 && (p[1] & 0xC0) == 0x80) {
            byte = byte_of((p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu));
            p += 2;
        }
        if (byte < 0) {
            g_byte_array_set_size(out, before);
            return FALSE;
        }
        *to++ = (guint8) byte;
    }
    g_byte_array_set_size(out, (guint) (to - out->data));
    return TRUE;
}

/* ---- tokenizer.model ---- */

#define X 0xFF                  /* not base64 */
static const guint8 base64_values[256] = {
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
    X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    [123 ... 255] = X,
};
#undef X

/* Decodes LENGTH characters to OUT (3/4 of it), strictly, unlike g_base64_decode.
 * Returns the number of bytes, 0 if it is not base64. */
static gsize base64_decode(const char *text, gsize length, guint8 *out)
{
    gsize n = 0, padding = 0;
    guint8 bad = 0;

    if (length == 0 || length % 4 != 0)
        return 0;
    while (padding < 2 && text[length - 1 - padding] == '=')
        padding++;
    for (gsize i = 0; i < length; i += 4) {
        guint8 v[4];

        for (gsize j = 0; j < 4; j++) {
            v[j] = i + j >= length - padding ? 0 : base64_values[(guint8) text[i + j]];
            bad |= v[j];        /* values have six bits */
        }
        out[n++] = (guint8) (v[0] << 2 | v[1] >> 4);
        out[n++] = (guint8) (v[1] << 4 | v[2] >> 2);
        out[n++] = (guint8) (v[2] << 6 | v[3]);
    }
    return bad < 64 ? n - padding : 0;
}

/* A rank of at most nine digits; -1 if TEXT is none. */
static gint32 parse_rank(const char *text, gsize length)
{
    gint32 rank = 0;

    if (length == 0 || length > 9)
        return -1;
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        rank = rank * 10 + (text[i] - '0');
    }
    return rank;
}

/* One line (without its end) as the piece of rank EXPECTED; its bytes go to *OUT, which moves on. */
static gboolean parse_line(const char *line, gsize length, guint expected, guint8 **out,
                           TokenizerPiece *piece, GError **error)
{
    const char *blank = memchr(line, ' ', length);
    gsize encoded = blank ? (gsize) (blank - line) : 0;
    gsize n = base64_decode(line, encoded, *out);
    gint32 rank = blank ? parse_rank(blank + 1, length - encoded - 1) : -1;

    if (n == 0 || rank < 0) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "is not a token in base64 and its rank");
        return FALSE;
    }
    if ((guint) rank != expected) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "has rank %d where %u is expected", rank, expected);
        return FALSE;
    }
    *piece = (TokenizerPiece) { .bytes = *out, .length = (guint32) n };
    *out += n;
    return TRUE;
}

Tokenizer *tokenizer_parse(const char *name, const char *text, gsize length, GError **error)
{
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(TokenizerPiece));
    g_autofree guint8 *bytes = g_malloc(length + 3);
    guint8 *out = bytes;
    const char *end = text + length;
    Tokenizer *tokenizer;

    for (const char *line = text; line < end; ) {
        const char *stop = memchr(line, '\n', (gsize) (end - line));
        gsize size = (gsize) ((stop ? stop : end) - line);
        TokenizerPiece piece;

        if (size > 0 && line[size - 1] == '\r')
            size--;
        if (!parse_line(line, size, pieces->len, &out, &piece, error)) {
            g_prefix_error(error, "%s: line %u ", name, pieces->len + 1);
            return NULL;
        }
        g_array_append_val(pieces, piece);
        line = stop ? stop + 1 : end;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(special_names); i++) {
        TokenizerPiece piece = { (const guint8 *) special_names[i], (guint32) strlen(special_names[i]), TRUE };

        g_array_append_val(pieces, piece);
    }
    tokenizer = tokenizer_new((const TokenizerPiece *) (void *) pieces->data, pieces->len, error);
    if (!tokenizer)
        g_prefix_error(error, "%s: ", name);
    return tokenizer;
}

Tokenizer *tokenizer_load(const char *path, GError **error)
{
    g_autoptr(GMappedFile) file = NULL;
    g_autoptr(GError) cause = NULL;
    GStatBuf status;

    if (g_stat(path, &status) != 0) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "cannot read the tokenizer %s: %s", path, g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "the tokenizer %s is not a regular file", path);
        return NULL;
    }
    file = g_mapped_file_new(path, FALSE, &cause);
    if (!file) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "cannot read the tokenizer %s: %s", path, cause->message);
        return NULL;
    }
    if (g_mapped_file_get_length(file) == 0 || g_mapped_file_get_length(file) > FILE_MAX) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "%s has %" G_GSIZE_FORMAT " bytes and is no tokenizer.model",
                    path, g_mapped_file_get_length(file));
        return NULL;
    }
    return tokenizer_parse(path, g_mapped_file_get_contents(file), g_mapped_file_get_length(file), error);
}
