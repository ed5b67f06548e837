/* json_text.c - reading JSON that comes from a stranger. */
#include "config.h"
#include "src/base/json_text.h"

#include <string.h>

#include "src/base/failure.h"

#define MAX_NESTING 32

static gboolean G_GNUC_PRINTF(2, 3) fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, FAILURE, FAILURE_INPUT, message);
    return FALSE;
}

/* The end of a string that starts behind the quote at I, or LENGTH; *NUL: it has an escaped NUL, which would cut it off. */
static gsize skip_string(const char *text, gsize length, gsize i, gboolean *nul)
{
    static const char escape[] = "\\u0000";
    gsize n = strlen(escape);

    *nul = FALSE;
    while (i < length && text[i] != '"') {
        *nul = *nul || (length - i >= n && memcmp(text + i, escape, n) == 0);
        i += text[i] == '\\' ? 2 : 1;
    }
    return MIN(i, length);
}

/* The last character of the number at I; *TOO_LARGE: it is a whole one that no gint64 holds. */
static gsize skip_number(const char *text, gsize length, gsize i, gboolean *too_large)
{
    guint64 value = 0;

    *too_large = FALSE;
    for (; i < length && g_ascii_isdigit(text[i]); i++) {
        guint64 digit = (guint64) g_ascii_digit_value(text[i]);
        *too_large = *too_large || value > (G_MAXINT64 - digit) / 10;
        value = 10 * value + digit;
    }
    for (; i < length && text[i] != '\0' && strchr("0123456789.eE+-", text[i]) != NULL; i++)
        *too_large = FALSE;
    return i - 1;
}

/* What stands outside of strings besides brackets. */
static gboolean is_token_character(char c)
{
    switch (c) {
    case ' ': case '\t': case '\r': case '\n': case ':': case ',': case '+': case '-': case '.':
        return TRUE;
    default:
        return g_ascii_isalnum(c);
    }
}

/* Refuses what is no JSON token and what nests too deeply. */
static gboolean check_text(const char *text, gsize length, GError **error)
{
    gboolean nul = FALSE, too_large = FALSE;
    int depth = 0;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];
        if (c == '"')
            i = skip_string(text, length, i + 1, &nul);
        else if (g_ascii_isdigit(c))
            i = skip_number(text, length, i, &too_large);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (!is_token_character(c))
            return fail(error, "is not JSON: unexpected character at byte %" G_GSIZE_FORMAT, i);
        if (nul || too_large)
            return fail(error, nul ? "a string has the character NUL" : "a number is too large");
        if (depth > MAX_NESTING)
            return fail(error, "the JSON text nests deeper than %d levels", MAX_NESTING);
    }
    return TRUE;
}

/* Counts the members that the parser sees, per object. */
static void count_member(JsonParser *parser, JsonObject *object, const char *name, gpointer counts)
{
    guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(counts, object));

    g_hash_table_insert(counts, object, GUINT_TO_POINTER(seen + 1));
}

JsonObject *json_text_parse(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
    g_autoptr(GError) reason = NULL;

    if (!check_text(text, length, error))
        return NULL;
    if (!g_utf8_validate_len(text, length, NULL)) {
        fail(error, "the JSON text is not UTF-8");
        return NULL;
    }
    g_signal_connect(parser, "object-member", G_CALLBACK(count_member), counts);
    if (!json_parser_load_from_data(parser, text, (gssize) length, &reason)) {
        fail(error, "is not valid JSON: %s", reason->message);
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        fail(error, "the JSON text is not an object");
        return NULL;
    }
    JsonObject *object = json_node_get_object(root);
    if (json_object_get_size(object) != GPOINTER_TO_UINT(g_hash_table_lookup(counts, object))) {
        fail(error, "a member of the JSON object occurs twice");
        return NULL;
    }
    return json_object_ref(object);
}

JsonNode *json_text_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}
