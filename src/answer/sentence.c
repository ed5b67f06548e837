/* sentence.c - sentences, their words, and how alike they are. */
#include "config.h"
#include "src/answer/sentence.h"

#include <math.h>

#define PASSAGE_MOST 400        /* bytes of a paragraph that is given as it is */

/* g_utf8_next_char() casts const away. */
const char *sentence_next_char(const char *p)
{
    return p + g_utf8_skip[(guchar) *p];
}

gboolean sentence_is_end_mark(gunichar c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x3002 || c == 0xff01 || c == 0xff1f;
}

gsize sentence_length(const char *text, gsize length)
{
    const char *p = text, *end = text + length;

    while (p < end) {
        gunichar c = g_utf8_get_char(p);
        p = sentence_next_char(p);
        if (c == '\n' && p < end && *p == '\n')
            break;
        if (sentence_is_end_mark(c) && (c > 0x7f || p >= end || g_ascii_isspace(*p)))
            break;
    }
    while (p < end && g_ascii_isspace(*p))
        p++;
    return (gsize) (MIN(p, end) - text);
}

GHashTable *sentence_words(const char *text, gsize length)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) word = g_string_new(NULL);
    const char *end = text + length;
    gunichar before = 0;

    for (const char *p = text; p < end; p = sentence_next_char(p)) {
        gunichar c = g_unichar_tolower(g_utf8_get_char(p));
        gboolean wide = g_unichar_isalnum(c) && g_unichar_iswide(c);

        if (g_unichar_isalnum(c) && !wide) {
            g_string_append_unichar(word, c);
        } else if (word->len > 0) {
            g_hash_table_add(set, g_strdup(word->str));
            g_string_truncate(word, 0);
        }
        if (wide && before != 0) {
            g_autoptr(GString) pair = g_string_new(NULL);
            g_string_append_unichar(pair, before);
            g_string_append_unichar(pair, c);
            g_hash_table_add(set, g_strdup(pair->str));
        }
        before = wide ? c : 0;
    }
    if (word->len > 0)
        g_hash_table_add(set, g_strdup(word->str));
    return set;
}

double sentence_likeness(GHashTable *statement, const char *passage, gsize length)
{
    g_autoptr(GHashTable) words = sentence_words(passage, length);
    GHashTableIter iter;
    gpointer word;
    guint shared = 0;

    g_hash_table_iter_init(&iter, words);
    while (g_hash_table_iter_next(&iter, &word, NULL))
        shared += g_hash_table_contains(statement, word);
    return shared > 0 ? shared / sqrt((double) g_hash_table_size(words)) : 0;
}

gsize sentence_passage_length(const char *text, gsize length)
{
    const char *gap = g_strstr_len(text, (gssize) length, "\n\n");
    gsize paragraph = gap != NULL ? (gsize) (gap - text) + 2 : length;

    return paragraph <= PASSAGE_MOST ? paragraph : sentence_length(text, paragraph);
}
