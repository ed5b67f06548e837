/* hyphen.c - line-end hyphens settled by the words that the document itself uses. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

static gboolean is_word_char(gunichar c)
{
    return g_unichar_isalpha(c) || g_unichar_ismark(c);
}

/* The word (letters and inner hyphens) that begins at P ends here. */
static const char *word_end(const char *p)
{
    while (*p && (is_word_char(g_utf8_get_char(p)) || (*p == '-' && is_word_char(g_utf8_get_char(p + 1)))))
        p = clean_next(p);
    return p;
}

static void collect(GHashTable *words, const char *text)
{
    for (const char *p = text; *p; ) {
        const char *end = word_end(p);
        if (end == p) {
            p = clean_next(p);
            continue;
        }
        /* Halves of a broken word are not words. */
        gboolean broken = *end == HYPHEN_MARK || (p > text && p[-1] == HYPHEN_MARK);
        if (!broken)
            g_hash_table_add(words, g_utf8_strdown(p, end - p));
        p = end;
    }
}

static gboolean occurs(GHashTable *words, const char *left, gsize n, const char *middle,
                       const char *right, gsize m)
{
    g_autofree char *word = g_strdup_printf("%.*s%s%.*s", (int) n, left, middle, (int) m, right);
    g_autofree char *lower = g_utf8_strdown(word, -1);
    return g_hash_table_contains(words, lower);
}

/* Whether the hyphen between the word that ends at MARK and the one behind it belongs to them. */
static gboolean keeps_hyphen(GHashTable *words, const char *text, const char *mark)
{
    const char *left = mark;
    for (const char *p = mark; p > text; ) {
        p = g_utf8_find_prev_char(text, p);
        if (!p || !(is_word_char(g_utf8_get_char(p)) || *p == '-'))
            break;
        left = p;
    }
    gsize n = (gsize) (mark - left), m = (gsize) (word_end(mark + 1) - (mark + 1));
    if (occurs(words, left, n, "", mark + 1, m))
        return FALSE;
    if (occurs(words, left, n, "-", mark + 1, m))
        return TRUE;
    /* "state-of-the-" goes on. */
    return memchr(left, '-', n) != NULL;
}

void hyphens_resolve(char **pages, guint n)
{
    g_autoptr(GHashTable) words = NULL;
    for (guint i = 0; i < n; i++) {
        if (!strchr(pages[i], HYPHEN_MARK))
            continue;
        if (!words) {
            words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
            for (guint k = 0; k < n; k++)
                collect(words, pages[k]);
        }
        GString *out = g_string_new(NULL);
        const char *from = pages[i];
        for (const char *mark; (mark = strchr(from, HYPHEN_MARK)); from = mark + 1) {
            g_string_append_len(out, from, mark - from);
            if (keeps_hyphen(words, pages[i], mark))
                g_string_append_c(out, '-');
        }
        g_string_append(out, from);
        g_free(pages[i]);
        pages[i] = g_string_free(out, FALSE);
    }
}
