/* search_query.c - what people type, as an expression of FTS5. */
#include "config.h"
#include "cache/search_query.h"

#include <string.h>

#define ZERO_WIDTH_SPACE "\342\200\213"

/* g_utf8_next_char() casts const away. */
static const char *
next_char(const char *p)
{
    return p + g_utf8_skip[*(const guchar *) p];
}

/* Of a script that has no spaces between words. */
static gboolean
stands_alone(gunichar c)
{
    /* All of them lie behind the scripts that do; most text ends here. */
    if (c < 0x0e00)
        return FALSE;
    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
        return TRUE;
    default:
        return FALSE;
    }
}

char *
search_spread(const char *text)
{
    GString *spread = g_string_sized_new(strlen(text));
    gboolean after_alone = FALSE;

    for (const char *p = text, *next; *p; p = next) {
        gboolean alone = stands_alone(g_utf8_get_char(p));

        next = next_char(p);
        if (p > text && (alone || after_alone))
            g_string_append(spread, ZERO_WIDTH_SPACE);
        g_string_append_len(spread, p, next - p);
        after_alone = alone;
    }
    return g_string_free(spread, FALSE);
}

/* Whether there is anything in TEXT that the index has: it takes letters, digits and private use. */
static gboolean
has_word(const char *text, gsize length)
{
    for (const char *p = text; p < text + length; p = next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (g_unichar_isalnum(c) || g_unichar_type(c) == G_UNICODE_PRIVATE_USE)
            return TRUE;
    }
    return FALSE;
}

/* Appends TEXT as a string of FTS5, a phrase of all words in it. */
static void
append_string(GString *out, const char *text, gsize length)
{
    g_autofree char *copy = g_strndup(text, length);
    g_autofree char *spread = search_spread(copy);

    g_string_append_c(out, '"');
    for (const char *p = spread; *p; p++) {
        if (*p == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

typedef struct {
    const char *text;
    gsize length;
    gboolean quoted, excluded, prefix;
} Term;

/* The next term at *AT; FALSE at the end. */
static gboolean
next_term(const char **at, Term *term)
{
    const char *p = *at, *end;

    while (g_unichar_isspace(g_utf8_get_char(p)))
        p = next_char(p);
    if (!*p)
        return FALSE;
    memset(term, 0, sizeof *term);
    term->excluded = p[0] == '-' && p[1] != '\0' && p[1] != '-' && !g_ascii_isspace(p[1]);
    p += term->excluded;
    term->quoted = *p == '"' && strchr(p + 1, '"');
    if (term->quoted) {
        term->text = p + 1;
        end = strchr(p + 1, '"');
        term->length = (gsize) (end - term->text);
        *at = end + 1;
        return TRUE;
    }
    for (end = p; *end && !g_unichar_isspace(g_utf8_get_char(end)) && (end == p || *end != '"'); )
        end = next_char(end);
    term->text = p;
    term->length = (gsize) (end - p);
    term->prefix = term->length > 1 && end[-1] == '*';
    *at = end;
    return TRUE;
}

static void
append_term(GString *out, const Term *term)
{
    append_string(out, term->text, term->length);
    if (term->prefix)
        g_string_append(out, " *");
}

static gboolean
is_or(const Term *term)
{
    return !term->quoted && !term->excluded && term->length == 2 && !memcmp(term->text, "OR", 2);
}

char *
search_query(const char *query, gboolean any)
{
    g_autoptr(GString) wanted = g_string_new(NULL), unwanted = g_string_new(NULL);
    gboolean either = FALSE;
    Term term;

    for (const char *at = query; next_term(&at, &term); ) {
        if (is_or(&term)) {
            either = wanted->len > 0;
            continue;
        }
        if (!has_word(term.text, term.length))
            continue;
        if (term.excluded) {
            g_string_append(unwanted, unwanted->len ? " OR " : "");
            append_term(unwanted, &term);
        } else {
            /* OR binds tighter than the AND that stands between other words: "a b OR c" is a AND (b OR c). */
            if (wanted->len && either)
                g_string_truncate(wanted, wanted->len - 1);
            g_string_append(wanted, !wanted->len ? "(" : either ? " OR " : any ? " OR (" : " AND (");
            append_term(wanted, &term);
            g_string_append_c(wanted, ')');
        }
        either = FALSE;
    }
    if (!wanted->len)
        return NULL;
    return unwanted->len ? g_strdup_printf("(%s) NOT (%s)", wanted->str, unwanted->str) : g_strdup(wanted->str);
}

/* A run of letters without spaces: every two neighbours, or the one there is. */
static void
append_pairs(GString *out, const char *run, const char *end)
{
    for (const char *p = run, *next; p < end; p = next) {
        const char *behind;

        next = next_char(p);
        behind = next < end ? next_char(next) : next;
        if (behind == next && p > run)
            return;
        g_string_append(out, out->len ? " OR " : "");
        append_string(out, p, (gsize) (behind - p));
    }
}

char *
search_question(const char *question)
{
    GString *out = g_string_new(NULL);
    const char *p = question;

    while (*p) {
        const char *start = p;
        gboolean alone = stands_alone(g_utf8_get_char(p));

        if (!g_unichar_isalnum(g_utf8_get_char(p)) && !alone) {
            p = next_char(p);
            continue;
        }
        while (*p && stands_alone(g_utf8_get_char(p)) == alone
               && (alone || g_unichar_isalnum(g_utf8_get_char(p)) || g_unichar_ismark(g_utf8_get_char(p))))
            p = next_char(p);
        if (alone) {
            append_pairs(out, start, p);
        } else {
            g_string_append(out, out->len ? " OR " : "");
            append_string(out, start, (gsize) (p - start));
        }
    }
    if (!out->len) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}
