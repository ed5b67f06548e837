/* clean.c - text as a careful typist would have left it. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"

gboolean clean_is_visible(gunichar c)
{
    return g_unichar_isgraph(c) && c != 0xfffd;
}

/* Characters that carry no text: controls, soft hyphens, joiners of lines, direction marks. */
static gboolean is_dropped(gunichar c)
{
    if (c < 0x20)
        return c != '\n' && c != '\t';
    if (c < 0x7f)
        return FALSE;
    if (c < 0xa0)
        return TRUE;
    return c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff || (c >= 0x200e && c <= 0x200f)
        || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)
        || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* Latin ligatures, Armenian and Hebrew ones, Arabic letter forms: shapes, not letters. */
static gboolean is_presentation_form(gunichar c)
{
    return (c >= 0xfb00 && c <= 0xfb4f) || (c >= 0xfb50 && c <= 0xfdcf)
        || (c >= 0xfdf0 && c <= 0xfdfc) || (c >= 0xfe70 && c <= 0xfefc);
}

static void append_form(GString *out, gunichar c)
{
    char utf8[8];
    int n = g_unichar_to_utf8(c, utf8);
    g_autofree char *spelled = g_utf8_normalize(utf8, n, G_NORMALIZE_NFKC);
    g_string_append(out, spelled ? spelled : "");
}

/* Ends a line: no blanks before the newline, at most one empty line. */
static void append_newline(GString *out)
{
    while (out->len && (out->str[out->len - 1] == ' ' || out->str[out->len - 1] == '\t'))
        out->len--;
    out->str[out->len] = '\0';
    if (out->len == 0 || (out->len >= 2 && !memcmp(out->str + out->len - 2, "\n\n", 2)))
        return;
    g_string_append_c(out, '\n');
}

static void append_char(GString *out, gunichar c, gboolean *composes)
{
    if (c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029) {
        append_newline(out);
    } else if (is_dropped(c)) {
        return;
    } else if (c == 0xa0 || c == 0x202f || (c >= 0x2000 && c <= 0x200a)) {
        g_string_append_c(out, ' ');
    } else if (is_presentation_form(c)) {
        append_form(out, c);
        *composes = TRUE;
    } else {
        if (c >= 0x300)
            *composes = TRUE;
        g_string_append_unichar(out, c);
    }
}

/* Whether C neither changes what stands before it nor takes part in it when text is composed. */
static gboolean stands_apart(gunichar c)
{
    return c < 0x300 || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
}

/* TEXT in NFC.  GLib moves all that follows for each pair that it composes, so that it is given pieces. */
static char *compose(const GString *text)
{
    enum { PIECE = 1024 };
    const char *end = text->str + text->len;
    GString *out = g_string_sized_new(text->len + 1);
    for (const char *p = text->str, *stop = p; p < end; p = stop) {
        while (stop < end && (stop - p < PIECE || !stands_apart(g_utf8_get_char(stop))))
            stop = clean_next(stop);
        g_autofree char *piece = g_utf8_normalize(p, stop - p, G_NORMALIZE_NFC);
        g_string_append(out, piece);
    }
    return g_string_free(out, FALSE);
}

char *clean_text(const char *text, gssize length)
{
    gsize n = length < 0 ? strlen(text) : (gsize) length;
    g_autofree char *valid = g_utf8_make_valid(text, (gssize) n);
    const char *end = valid + strlen(valid);
    GString *out = g_string_sized_new(n + 1);
    gboolean composes = FALSE;

    for (const char *p = valid; p < end; p = clean_next(p)) {
        if (*p == '\r') {
            if (p[1] != '\n')
                append_newline(out);
        } else if ((guchar) *p >= 0x20 && (guchar) *p < 0x7f) {
            g_string_append_c(out, *p);
        } else {
            append_char(out, g_utf8_get_char(p), &composes);
        }
    }
    append_newline(out);
    while (out->len && out->str[out->len - 1] == '\n')
        g_string_truncate(out, out->len - 1);
    if (!composes)
        return g_string_free(out, FALSE);
    char *composed = compose(out);
    g_string_free(out, TRUE);
    return composed;
}

char *clean_line(const char *text, gssize length)
{
    char *clean = clean_text(text, length);
    char *to = clean;
    for (const char *from = clean; *from; from++) {
        gboolean blank = *from == ' ' || *from == '\t' || *from == '\n';
        if (!blank)
            *to++ = *from;
        else if (to > clean && to[-1] != ' ')
            *to++ = ' ';
    }
    if (to > clean && to[-1] == ' ')
        to--;
    *to = '\0';
    return clean;
}
