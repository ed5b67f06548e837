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
    const char *p = text, *end = text + length;
    guint before = out->len;

    while (p < end) {
        /* All characters of the table have one or two bytes; the caller's text may be anything. */
        guint8 lead = (guint8) *p;
        gunichar c = lead;
        int byte = -1;

        if (lead < 0x80) {
            p++;
            byte = byte_of(c);
        } else if (lead >= 0xC2 && lead <= 0xDF && end - p >= 2 && ((guint8) p[1] & 0xC0) == 0x80) {
            c = (lead & 0x1Fu) << 6 | ((guint8) p[1] & 0x3Fu);
            p += 2;
            byte = byte_of(c);
        }
        if (byte < 0) {
            g_byte_array_set_size(out, before);
            return FALSE;
        }
        g_byte_array_append(out, &(guint8) { (guint8) byte }, 1);
    }
    return TRUE;
}

/* ---- tokenizer.model ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes LENGTH characters to OUT (3/4 of it), strictly, unlike g_base64_decode.
 * Returns the number of bytes, 0 if it is not base64. */
static gsize base64_decode(const char *text, gsize length, guint8 *out)
{
    gsize n = 0, padding = 0;

    if (length == 0 || length % 4 != 0)
        return 0;
    while (padding < 2 && text[length - 1 - padding] == '=')
        padding++;
    for (gsize i = 0; i < length; i += 4) {
        guint32 bits = 0;

        for (gsize j = i; j < i + 4; j++) {
            int value = j >= length - padding ? 0 : base64_value(text[j]);

            if (value < 0)
                return 0;
            bits = bits << 6 | (guint32) value;
        }
        out[n++] = (guint8) (bits >> 16);
        out[n++] = (guint8) (bits >> 8);
        out[n++] = (guint8) bits;
    }
    return n - padding;
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
