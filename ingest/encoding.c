/* encoding.c - bytes of unknown encoding to UTF-8. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <uchardet.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"

/* Labels whose everyday meaning is wider than their standard: what browsers read them as. */
static const struct { const char *label, *iconv; } ALIASES[] = {
    { "ascii", "CP1252" }, { "us-ascii", "CP1252" }, { "latin1", "CP1252" },
    { "iso-8859-1", "CP1252" }, { "iso8859-1", "CP1252" }, { "iso_8859-1", "CP1252" },
    { "windows-1252", "CP1252" }, { "iso-8859-9", "CP1254" }, { "latin5", "CP1254" },
    { "iso-8859-11", "CP874" }, { "tis-620", "CP874" }, { "windows-874", "CP874" },
    { "gb2312", "GB18030" }, { "gbk", "GB18030" }, { "x-gbk", "GB18030" },
    { "gb_2312-80", "GB18030" }, { "hz-gb-2312", "HZ" }, { "big5", "BIG5-HKSCS" },
    { "x-x-big5", "BIG5-HKSCS" }, { "cn-big5", "BIG5-HKSCS" }, { "shift_jis", "CP932" },
    { "shift-jis", "CP932" }, { "sjis", "CP932" }, { "x-sjis", "CP932" },
    { "windows-31j", "CP932" }, { "ms_kanji", "CP932" }, { "x-euc-jp", "EUC-JP" },
    { "euc-kr", "CP949" }, { "ks_c_5601-1987", "CP949" }, { "ksc5601", "CP949" },
    { "uhc", "CP949" }, { "windows-949", "CP949" }, { "korean", "CP949" },
    { "x-mac-cyrillic", "MAC-CYRILLIC" }, { "mac-cyrillic", "MAC-CYRILLIC" },
    { "x-mac-roman", "MACINTOSH" }, { "macintosh", "MACINTOSH" },
    { "macroman", "MACINTOSH" }, { "mac-centraleurope", "MAC-CENTRALEUROPE" },
    { "unicode", "UTF-16LE" }, { "utf-16", "UTF-16LE" }, { "utf8", "UTF-8" },
    { "iso-8859-8-i", "ISO-8859-8" }, { "logical", "ISO-8859-8" }, { "visual", "ISO-8859-8" },
    { "x-cp1250", "CP1250" }, { "x-cp1251", "CP1251" }, { "win-1251", "CP1251" },
    { "koi", "KOI8-R" }, { "koi8", "KOI8-R" }, { "koi8-ru", "KOI8-U" },
    { "viscii", "VISCII" },
};

const char *encoding_for_label(const char *label)
{
    static const char *const NEVER[] = { "utf-7", "ucs-2", "ucs-4", "utf-32" };
    for (gsize i = 0; i < G_N_ELEMENTS(NEVER); i++)
        if (!g_ascii_strcasecmp(label, NEVER[i]))
            return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(ALIASES); i++)
        if (!g_ascii_strcasecmp(label, ALIASES[i].label))
            return ALIASES[i].iconv;
    /* The label comes from a stranger's file: only what looks like a name goes to iconv. */
    for (const char *p = label; *p; p++)
        if (!g_ascii_isalnum(*p) && !strchr("-_:.+()", *p))
            return NULL;
    GIConv cd = g_iconv_open("UTF-8", label);
    if (cd == (GIConv) -1)
        return NULL;
    g_iconv_close(cd);
    return g_intern_string(label);
}

/* Converts all of it; what does not convert becomes U+FFFD. */
static char *convert(const guint8 *bytes, gsize length, const char *from, gsize *out_length)
{
    GIConv cd = g_iconv_open("UTF-8", from);
    if (cd == (GIConv) -1)
        return NULL;
    GString *out = g_string_sized_new(length + length / 2 + 16);
    g_autofree guint8 *copy = g_memdup2(bytes, length);
    char *in = (char *) copy;
    gsize left = length;
    while (left > 0) {
        char buffer[16384];
        char *to = buffer;
        gsize room = sizeof buffer;
        gsize rc = g_iconv(cd, &in, &left, &to, &room);
        int why = errno;
        g_string_append_len(out, buffer, to - buffer);
        if (rc != (gsize) -1 || why == E2BIG)
            continue;
        g_string_append(out, "\357\277\275");
        in++;
        left--;
    }
    char buffer[64];
    char *to = buffer;
    gsize room = sizeof buffer;
    if (g_iconv(cd, NULL, NULL, &to, &room) != (gsize) -1)
        g_string_append_len(out, buffer, to - buffer);
    g_iconv_close(cd);
    *out_length = out->len;
    return g_string_free(out, FALSE);
}

/* Well-formed UTF-8 with enough beyond ASCII that no other encoding looks so by chance. */
static gboolean is_surely_utf8(const guint8 *bytes, gsize length)
{
    enum { ENOUGH = 12 };
    gsize beyond = 0;
    for (gsize i = 0; i < length && beyond < ENOUGH; i++)
        beyond += bytes[i] >= 0xc0;
    return beyond >= ENOUGH && g_utf8_validate_len((const char *) bytes, length, NULL);
}

/* UTF-8 apart from a few broken sequences (a page cut in the middle, one bad quotation). */
static gboolean is_mostly_utf8(const guint8 *bytes, gsize length)
{
    gsize good = 0, bad = 0;
    const char *p = (const char *) bytes, *end = p + length;
    while (p < end) {
        if (!((guchar) *p & 0x80)) {
            p++;
            continue;
        }
        gunichar c = g_utf8_get_char_validated(p, end - p);
        if (c == (gunichar) -1 || c == (gunichar) -2) {
            bad++;
            p++;
        } else {
            good++;
            p = clean_next(p);
        }
    }
    return bad == 0 || good > 50 * bad;
}

/* UTF-16 or UTF-32 without a mark: every other byte of Western text is zero, or three of four. */
static const char *guess_wide(const guint8 *bytes, gsize length)
{
    gsize quads = MIN(length, 4096) / 4, high = 0, low = 0;
    for (gsize i = 0; i < quads; i++) {
        high += bytes[4 * i] == 0 && bytes[4 * i + 1] <= 0x10 && (bytes[4 * i + 2] || bytes[4 * i + 3]);
        low += bytes[4 * i + 3] == 0 && bytes[4 * i + 2] <= 0x10 && (bytes[4 * i] || bytes[4 * i + 1]);
    }
    if (quads >= 4 && length % 4 == 0 && MAX(high, low) == quads)
        return high == quads ? "UTF-32BE" : "UTF-32LE";
    gsize n = MIN(length, 4096) & ~(gsize) 1, even = 0, odd = 0;
    for (gsize i = 0; i < n; i += 2) {
        even += bytes[i] == 0;
        odd += bytes[i + 1] == 0;
    }
    if (n < 4)
        return NULL;
    if (odd > n / 4 && even <= n / 32)
        return "UTF-16LE";
    if (even > n / 4 && odd <= n / 32)
        return "UTF-16BE";
    return NULL;
}

/* Encodings in seven bits that shift by escape sequences. */
static const char *guess_shifted(const guint8 *bytes, gsize length)
{
    static const struct { const char *mark, *iconv; } MARKS[] = {
        { "\033$B", "ISO-2022-JP" }, { "\033$@", "ISO-2022-JP" }, { "\033$)C", "ISO-2022-KR" },
        { "\033$)A", "ISO-2022-CN" },
    };
    gsize n = MIN(length, 65536);
    if (!memchr(bytes, '\033', n))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(MARKS); i++)
        if (memmem(bytes, n, MARKS[i].mark, strlen(MARKS[i].mark)))
            return MARKS[i].iconv;
    return NULL;
}

static const char *byte_order_mark(const guint8 *b, gsize n, gsize *skip)
{
    *skip = 0;
    if (n >= 3 && !memcmp(b, "\xef\xbb\xbf", 3)) {
        *skip = 3;
        return "UTF-8";
    }
    if (n >= 4 && !memcmp(b, "\xff\xfe\0\0", 4)) {
        *skip = 4;
        return "UTF-32LE";
    }
    if (n >= 4 && !memcmp(b, "\0\0\xfe\xff", 4)) {
        *skip = 4;
        return "UTF-32BE";
    }
    if (n >= 2 && (!memcmp(b, "\xff\xfe", 2) || !memcmp(b, "\xfe\xff", 2))) {
        *skip = 2;
        return b[0] == 0xff ? "UTF-16LE" : "UTF-16BE";
    }
    return NULL;
}

static const char *detect(const guint8 *bytes, gsize length)
{
    uchardet_t detector = uchardet_new();
    const char *name = NULL;
    if (uchardet_handle_data(detector, (const char *) bytes, MIN(length, (gsize) 1 << 20)) == 0) {
        uchardet_data_end(detector);
        const char *label = uchardet_get_charset(detector);
        if (*label)
            name = encoding_for_label(label);
    }
    uchardet_delete(detector);
    return name ? name : "CP1252";
}

/* Takes NULs out of TEXT and returns what is left of N. */
static gsize drop_nuls(char *text, gsize n)
{
    gsize to = 0;
    if (!memchr(text, 0, n))
        return n;
    for (gsize i = 0; i < n; i++)
        if (text[i])
            text[to++] = text[i];
    text[to] = '\0';
    return to;
}

static char *copy(const guint8 *bytes, gsize length, gsize *out_length)
{
    char *out = g_malloc(length + 1);
    memcpy(out, bytes, length);
    out[length] = '\0';
    *out_length = length;
    return out;
}

/* Converts to UTF-8; well-formed UTF-8 is copied.  NULL: iconv does not know FROM. */
static char *to_utf8(const guint8 *bytes, gsize length, const char *from, gsize *out_length)
{
    if (strcmp(from, "UTF-8") || !g_utf8_validate_len((const char *) bytes, length, NULL))
        return convert(bytes, length, from, out_length);
    return copy(bytes, length, out_length);
}

char *encoding_decode(const guint8 *bytes, gsize length, const char *declared, gsize *out_length)
{
    gsize skip;
    const char *from = byte_order_mark(bytes, length, &skip);
    bytes += skip;
    length -= skip;
    if (!from)
        from = guess_wide(bytes, length);
    if (!from)
        from = guess_shifted(bytes, length);
    /* Text that is UTF-8 throughout was converted by somebody who left the declaration alone. */
    gboolean sure = !from && is_surely_utf8(bytes, length);
    if (!from && !sure && declared) {
        from = encoding_for_label(declared);
        /* Read as ASCII up to the declaration, so it cannot be UTF-16. */
        if (from && g_str_has_prefix(from, "UTF-16"))
            from = NULL;
        if (from && !strcmp(from, "UTF-8") && !is_mostly_utf8(bytes, length))
            from = NULL;
    }
    if (!from && !sure && is_mostly_utf8(bytes, length))
        from = "UTF-8";
    if (!from && !sure)
        from = detect(bytes, length);
    char *out = sure ? copy(bytes, length, out_length) : to_utf8(bytes, length, from, out_length);
    if (!out)
        out = to_utf8(bytes, length, "CP1252", out_length);
    *out_length = drop_nuls(out, *out_length);
    return out;
}

gboolean encoding_looks_like_text(const guint8 *bytes, gsize length)
{
    gsize skip, odd = 0, n = MIN(length, (gsize) 65536);
    if (byte_order_mark(bytes, length, &skip) || guess_wide(bytes, length))
        return TRUE;
    for (gsize i = 0; i < n; i++)
        odd += bytes[i] < 0x20 && (bytes[i] == 0 || !strchr("\t\n\v\f\r\b\016\017\033", bytes[i]));
    /* A stray control character happens to editors. */
    return odd <= n / 100 + 2;
}
