/* unit-tokenizer.c - the tokenizer against reference ids and slow, plain definitions. */
#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/model/split.h"
#include "src/model/tokenizer.h"

#define PATTERN "\\G(?:(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" \
    "| ?[^" WHITE "\\p{L}\\p{N}]+[\\r\\n]*|[" WHITE "]*[\\r\\n]+|[" WHITE "]+(?![^" WHITE "])|[" WHITE "]+)"
/* White_Space, spelt out: the \s of GRegex differs in a few characters. */
#define WHITE "\\t\\n\\x{B}\\f\\r \\x{85}\\p{Z}"

static Tokenizer *load_data(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", name, NULL);
    Tokenizer *tokenizer = tokenizer_load(path, &error);

    g_assert_no_error(error);
    return tokenizer;
}

/* The file below the shared folder, or NULL after skipping the test. */
static char *shared_file(const char *name)
{
    const char *shared = g_getenv("KVASIR_SHARED");
    g_autofree char *path = shared ? g_build_filename(shared, "reference", "tokenizer", name, NULL) : NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_test_skip("no reference data here (KVASIR_SHARED)");
        return NULL;
    }
    return g_steal_pointer(&path);
}

static GArray *encode(const Tokenizer *tokenizer, const void *text, gsize length)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));

    tokenizer_encode(tokenizer, text, length, ids);
    return ids;
}

static const char *const special_names[] = {
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>",
    "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
};

/* Names of specials in the text become ids, as the reference's allow_special does. */
static GArray *encode_with_specials(const Tokenizer *tokenizer, const char *text, gsize length)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    gsize from = 0;

    for (gsize at = 0; at < length; at++) {
        for (gsize i = 0; i < G_N_ELEMENTS(special_names); i++) {
            gsize size = strlen(special_names[i]);

            if (length - at >= size && memcmp(text + at, special_names[i], size) == 0) {
                gint32 id = tokenizer_special(tokenizer, special_names[i]);

                g_assert_cmpint(id, >=, 0);
                g_assert_true(tokenizer_is_special(tokenizer, id));
                tokenizer_encode(tokenizer, text + from, at - from, ids);
                g_array_append_val(ids, id);
                from = at + size;
                at = from - 1;
                break;
            }
        }
    }
    tokenizer_encode(tokenizer, text + from, length - from, ids);
    return ids;
}

/* ---- reference ids ---- */

static void test_tiny(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "tiny_tokenizer_golden.jsonl", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint cases = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && *lines[i]; i++, cases++) {
        g_autoptr(JsonNode) root = json_from_string(lines[i], NULL);
        JsonObject *object = json_node_get_object(root);
        g_auto(GStrv) words = g_strsplit(json_object_get_string_member(object, "model"), "-", 3);
        g_autofree char *name = g_strdup_printf("tiny-%s.tokenizer", words[1]);
        g_autoptr(Tokenizer) tokenizer = load_data(name);
        const char *input = json_object_get_string_member(object, "text");
        JsonArray *expected = json_object_get_array_member(object, "ids");
        g_autoptr(GArray) ids = json_object_get_int_member(object, "kind") == 1
            ? encode_with_specials(tokenizer, input, strlen(input)) : encode(tokenizer, input, strlen(input));
        g_autoptr(GString) back = g_string_new(NULL);

        g_assert_cmpuint(ids->len, ==, json_array_get_length(expected));
        for (guint j = 0; j < ids->len; j++)
            g_assert_cmpint(g_array_index(ids, gint32, j), ==, json_array_get_int_element(expected, j));
        tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, TRUE, back);
        g_assert_cmpstr(back->str, ==, input);
    }
    g_assert_cmpuint(cases, ==, 24);
}

/* The next little-endian number of a binary golden file. */
static guint32 take_u32(const guint8 **p, const guint8 *end)
{
    guint32 value;

    g_assert_cmpint(end - *p, >=, 4);
    memcpy(&value, *p, 4);
    *p += 4;
    return GUINT32_FROM_LE(value);
}

static void test_real(void)
{
    g_autofree char *model = shared_file("glm4_tokenizer.model");
    g_autofree char *golden = model ? shared_file("tokenizer_golden.bin") : NULL;
    g_autofree char *data = NULL;
    g_autoptr(Tokenizer) tokenizer = NULL;
    g_autoptr(GError) error = NULL;
    const guint8 *p, *end;
    gsize length;
    guint32 count;

    if (!golden)
        return;
    tokenizer = tokenizer_load(model, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tokenizer_size(tokenizer), ==, 151343);
    g_assert_cmpint(tokenizer_special(tokenizer, "<|user|>"), ==, 151336);
    g_assert_true(g_file_get_contents(golden, &data, &length, NULL));
    p = (const guint8 *) data;
    end = p + length;
    g_assert_cmpmem(p, 4, "TOKG", 4);
    p += 4;
    count = take_u32(&p, end);
    g_assert_cmpuint(count, >, 700);
    for (guint32 i = 0; i < count; i++) {
        guint32 kind = take_u32(&p, end), size = take_u32(&p, end), n;
        const char *text = (const char *) p;
        g_autoptr(GArray) ids = kind == 1 ? encode_with_specials(tokenizer, text, size) : encode(tokenizer, text, size);
        g_autoptr(GString) back = g_string_new(NULL);

        p += size;
        n = take_u32(&p, end);
        g_test_message("case %u, kind %u, %u bytes", i, kind, size);
        g_assert_cmpuint(ids->len, ==, n);
        for (guint32 j = 0; j < n; j++)
            g_assert_cmpuint((guint32) g_array_index(ids, gint32, j), ==, take_u32(&p, end));
        tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, TRUE, back);
        if (kind != 2)
            g_assert_cmpmem(back->str, back->len, text, size);
    }
    g_assert_true(p == end);
}

/* ---- the split pattern ---- */

static void check_split(GRegex *regex, const char *text, gsize length)
{
    gsize at = 0;

    while (at < length) {
        g_autoptr(GMatchInfo) match = NULL;
        gsize size = split_next((const guint8 *) text + at, (const guint8 *) text + length);
        int from = -1, to = -1;

        g_regex_match_full(regex, text, (gssize) length, (int) at, 0, &match, NULL);
        g_assert_true(g_match_info_fetch_pos(match, 0, &from, &to));
        g_assert_cmpint(from, ==, (int) at);
        if ((gsize) to - at != size)
            g_test_message("text: %s", g_strescape(text, NULL));
        g_assert_cmpuint((gsize) to - at, ==, size);
        at += size;
    }
}

static void test_split(void)
{
    static const char *const atoms[] = {
        "a", "Z", "s", "S", "t", "re", "VE", "ll", "'", "'", "1", "23", " ", " ", "\t", "\n", "\r", "\r\n", "\xC2\x85",
        "\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\xA8", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\xE1\xA0\x8E", "\x1C", ".",
        "!", "_",
        "\xC5\xBF", "e\xCC\x81", "\xCC\x81", "\xE4\xBD\xA0", "\xD0\xB4", "\xC2\xB2", "\xE2\x85\xA7", "\xE0\xA5\xA7",
        "\xF0\x9F\x9A\x80", "\xF0\x9D\x90\x80", "\xF0\x9D\x9F\x98", "\xE2\x84\xAA", "\xC7\x85",
        "\xCA\xB0", "\xE2\x93\x90",
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GRegex) regex = g_regex_new(PATTERN, G_REGEX_OPTIMIZE, 0, &error);

    g_assert_no_error(error);
    for (int round = 0; round < 20000; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        int n = g_test_rand_int_range(1, 24);

        for (int i = 0; i < n; i++)
            g_string_append(text, atoms[g_test_rand_int_range(0, G_N_ELEMENTS(atoms))]);
        check_split(regex, text->str, text->len);
    }
}

/* Bytes of the first word of C and then TAIL. */
static gsize first_word(gunichar c, const char *tail)
{
    char text[16];
    gsize size = (gsize) g_unichar_to_utf8(c, text), length = size + strlen(tail);

    strcpy(text + size, tail);
    return split_next((const guint8 *) text, (const guint8 *) text + length);
}

/* L, N, s or - for the character C, by what the splitter does with it beside others. */
static char class_by_split(gunichar c)
{
    char same[8] = "";
    gsize size = (gsize) g_unichar_to_utf8(c, same);

    if (first_word(c, "a") == size)
        return 'N';
    if (first_word(c, "!") == size + 1)
        return '-';
    strcpy(same + size, "1");
    return first_word(c, same) == 2 * size ? 'L' : 's';
}

static gboolean is_testable(gunichar c)
{
    /* Not: surrogates, line breaks, and the space that the pattern names. */
    return !(c >= 0xD800 && c < 0xE000) && c != '\r' && c != '\n' && c != ' ';
}

/* All characters against the reference list. */
static void test_classes(void)
{
    g_autofree char *path = shared_file("unicode_classes.txt");
    g_autofree char *text = NULL, *classes = g_malloc(0x110000);
    g_auto(GStrv) lines = NULL;

    if (!path)
        return;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    memset(classes, '-', 0x110000);
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);

        if (*lines[i] == '#' || g_strv_length(words) != 3)
            continue;
        for (guint64 c = g_ascii_strtoull(words[1], NULL, 16); c <= g_ascii_strtoull(words[2], NULL, 16); c++)
            classes[c] = *words[0] == 'S' ? 's' : *words[0];
    }
    for (gunichar c = 1; c < 0x110000; c++) {
        if (!is_testable(c))
            continue;
        if (class_by_split(c) != classes[c])
            g_test_message("U+%04X is %c, not %c", c, class_by_split(c), classes[c]);
        g_assert_cmpint(class_by_split(c), ==, classes[c]);
    }
}

static char class_by_glib(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    if (c == 0x85 || (c < 0x80 && g_ascii_isspace((char) c)) || c == 0xB || type == G_UNICODE_SPACE_SEPARATOR
        || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR)
        return 's';
    if (type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER || type == G_UNICODE_OTHER_NUMBER)
        return 'N';
    return g_unichar_isalpha(c) ? 'L' : '-';
}

/* The characters of the Basic Multilingual Plane against GLib, but for those that either does not know yet. */
static void test_classes_glib(void)
{
    guint newer = 0;

    for (gunichar c = 1; c < 0x10000; c++) {
        if (!is_testable(c) || class_by_split(c) == class_by_glib(c))
            continue;
        newer++;
        g_assert_true(g_unichar_type(c) == G_UNICODE_UNASSIGNED || class_by_split(c) == '-');
    }
    g_assert_cmpuint(newer, <, 100);
}

/* ---- merging ---- */

/* The definition, quadratic: ids of one word. */
static GArray *merge_plainly(GHashTable *ranks, const guint8 *word, gsize length)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    g_autoptr(GBytes) whole = g_bytes_new(word, length);
    gpointer found;

    if (g_hash_table_lookup_extended(ranks, whole, NULL, &found)) {
        g_array_append_val(ids, (gint32) { GPOINTER_TO_INT(found) });
        return ids;
    }
    for (gsize i = 0; i < length; i++)
        g_ptr_array_add(parts, g_bytes_new(word + i, 1));
    for (;;) {
        gint32 best = G_MAXINT32;
        guint at = 0;
        g_autoptr(GBytes) joined = NULL;

        for (guint i = 0; i + 1 < parts->len; i++) {
            gsize a, b;
            const guint8 *left = g_bytes_get_data(parts->pdata[i], &a);
            const guint8 *right = g_bytes_get_data(parts->pdata[i + 1], &b);
            g_autofree guint8 *both = g_malloc(a + b);
            g_autoptr(GBytes) key = NULL;

            memcpy(both, left, a);
            memcpy(both + a, right, b);
            key = g_bytes_new(both, a + b);
            if (g_hash_table_lookup_extended(ranks, key, NULL, &found) && GPOINTER_TO_INT(found) < best) {
                best = GPOINTER_TO_INT(found);
                at = i;
                g_clear_pointer(&joined, g_bytes_unref);
                joined = g_steal_pointer(&key);
            }
        }
        if (!joined)
            break;
        g_bytes_unref(parts->pdata[at]);
        parts->pdata[at] = g_steal_pointer(&joined);
        g_ptr_array_remove_index(parts, at + 1);
    }
    for (guint i = 0; i < parts->len; i++) {
        found = g_hash_table_lookup(ranks, parts->pdata[i]);
        g_array_append_val(ids, (gint32) { GPOINTER_TO_INT(found) });
    }
    return ids;
}

/* A vocabulary of single bytes and RANDOM strings over "abc", many of them not reachable by merges. */
static Tokenizer *random_vocabulary(GHashTable *ranks, guint n_random)
{
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(TokenizerPiece));
    Tokenizer *tokenizer;

    for (guint i = 0; i < 256 + n_random; i++) {
        guint8 text[8] = { (guint8) i };
        guint length = i < 256 ? 1 : (guint) g_test_rand_int_range(2, 8);
        GBytes *bytes;
        TokenizerPiece piece;

        for (guint j = 0; i >= 256 && j < length; j++)
            text[j] = (guint8) ('a' + g_test_rand_int_range(0, 3));
        bytes = g_bytes_new(text, length);
        if (g_hash_table_contains(ranks, bytes)) {
            g_bytes_unref(bytes);
            continue;
        }
        g_hash_table_insert(ranks, bytes, GINT_TO_POINTER(pieces->len));
        piece = (TokenizerPiece) { g_bytes_get_data(bytes, NULL), length, FALSE };
        g_array_append_val(pieces, piece);
    }
    tokenizer = tokenizer_new((const TokenizerPiece *) (void *) pieces->data, pieces->len, NULL);
    g_assert_nonnull(tokenizer);
    return tokenizer;
}

static void test_merge(void)
{
    for (int vocabulary = 0; vocabulary < 20; vocabulary++) {
        g_autoptr(GHashTable) ranks = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                                              (GDestroyNotify) g_bytes_unref, NULL);
        g_autoptr(Tokenizer) tokenizer = random_vocabulary(ranks, 20 + 30 * (guint) vocabulary);

        for (int round = 0; round < 60; round++) {
            g_autofree guint8 *word = g_malloc(200);
            gsize length = (gsize) g_test_rand_int_range(1, round % 2 ? 12 : 200);
            g_autoptr(GArray) expected = NULL, ids = NULL;

            for (gsize i = 0; i < length; i++)
                word[i] = (guint8) ('a' + g_test_rand_int_range(0, 3));
            expected = merge_plainly(ranks, word, length);
            ids = encode(tokenizer, word, length);
            g_assert_cmpmem(ids->data, ids->len * 4, expected->data, expected->len * 4);
        }
    }
}

/* Megabytes without a break, and runs that a backtracking matcher takes quadratic time for. */
static void test_hostile(void)
{
    static const char *const units[] = {
        "a", " ", "\n", " \n", "\t", "'", "!", "1", "ab", "\xE3\x80\x80", "\xFF", "\xE2\x82", " a", "\r",
    };
    g_autoptr(Tokenizer) tokenizer = load_data("tiny-a.tokenizer");

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) back = g_string_new(NULL);
        g_autoptr(GArray) ids = NULL;

        while (text->len < 1000000)
            g_string_append(text, units[i]);
        g_string_append(text, "x");
        ids = encode(tokenizer, text->str, text->len);
        tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, FALSE, back);
        if (g_utf8_validate(text->str, -1, NULL))
            g_assert_cmpmem(back->str, back->len, text->str, text->len);
    }
}

/* ---- bytes that are no UTF-8 ---- */

static void test_ill_formed(void)
{
    static const struct {
        const char *text;
        gsize length;
        const char *means;
    } cases[] = {
        { "a\x80" "b", 3, "a\xEF\xBF\xBD" "b" },
        { "\xE2\x82", 2, "\xEF\xBF\xBD" },
        { "\xE2\x82" "a", 3, "\xEF\xBF\xBD" "a" },
        { "\xE0\x80\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xF0\x90\x80" "a", 4, "\xEF\xBF\xBD" "a" },
        { "\xF0\x80\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xF5\xC0\xC1\xFF", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xC3\xC3\xA9", 3, "\xEF\xBF\xBD\xC3\xA9" },
        { "\xF1\x80\x80\xE2\x82\xAC", 6, "\xEF\xBF\xBD\xE2\x82\xAC" },
        { "12345678\xF3\x80\x80", 11, "12345678\xEF\xBF\xBD" },
        { "\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80", 10, "\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80" },
    };
    g_autoptr(Tokenizer) tokenizer = load_data("tiny-a.tokenizer");

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) ids = encode(tokenizer, cases[i].text, cases[i].length);
        g_autoptr(GArray) expected = encode(tokenizer, cases[i].means, strlen(cases[i].means));

        g_assert_cmpmem(ids->data, ids->len * 4, expected->data, expected->len * 4);
        g_assert_cmpint(split_well_formed((const guint8 *) cases[i].text, cases[i].length), ==,
                        i == G_N_ELEMENTS(cases) - 1);
    }
}

static void test_nul(void)
{
    g_autoptr(Tokenizer) tokenizer = load_data("tiny-a.tokenizer");
    g_autoptr(GArray) ids = encode(tokenizer, "a\0b", 3);
    g_autoptr(GString) back = g_string_new(NULL);

    g_assert_cmpuint(ids->len, ==, 3);
    tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, FALSE, back);
    g_assert_cmpmem(back->str, back->len, "a\0b", 3);
}

/* ---- vocabularies ---- */

/* Loads CONTENT as a file; the message must have NEEDLE. */
static void expect_bad_file(const char *content, gsize length, const char *needle)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("kvasir-XXXXXX.model", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, content, (gssize) length, NULL));
    g_assert_null(tokenizer_load(path, &error));
    g_unlink(path);
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    g_assert_nonnull(strstr(error->message, path));
    if (!strstr(error->message, needle))
        g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, needle));
}

static void test_bad_files(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "tiny-b.tokenizer", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    expect_bad_file("", 0, "0 bytes");
    expect_bad_file("IQ== 0\nIg== 2\n", 14, "line 2 has rank 2 where 1 is expected");
    expect_bad_file("IQ== 0\nIg=* 1\n", 14, "line 2 is not");
    expect_bad_file("IQ== 0\n\n", 8, "line 2 is not");
    expect_bad_file("IQ= 0\n", 6, "line 1 is not");
    expect_bad_file("IQ===== 0\n", 10, "line 1 is not");
    expect_bad_file(" 0\n", 3, "line 1 is not");
    expect_bad_file("IQ==0\n", 6, "line 1 is not");
    expect_bad_file("IQ== \n", 6, "line 1 is not");
    expect_bad_file("IQ== -1\n", 8, "line 1 is not");
    expect_bad_file("IQ== 99999999999\n", 17, "line 1 is not");
    expect_bad_file("\0\xFF\x80GGUF", 7, "line 1 is not");
    expect_bad_file("IQ== 0\nIQ== 1\n", 14, "twice, as 0 and as 1");
    expect_bad_file("IQ== 0\nIg== 1\n", 14, "no token for the single byte 0x00");
    for (gsize cut = 1; cut < 2000; cut += 7) {
        g_autofree char *part = g_strndup(text, cut);

        expect_bad_file(part, cut, "");
    }
    g_assert_null(tokenizer_load("/nonexistent/tokenizer.model", &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    g_clear_error(&error);
    g_assert_null(tokenizer_load(g_get_tmp_dir(), &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
}

static void test_bad_pieces(void)
{
    static const TokenizerPiece empty = { (const guint8 *) "", 0, FALSE };
    static const TokenizerPiece special = { (const guint8 *) "<x>", 3, TRUE };
    g_autoptr(GError) error = NULL;

    g_assert_null(tokenizer_new(NULL, 0, &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    g_clear_error(&error);
    g_assert_null(tokenizer_new(&empty, 1, &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
    g_clear_error(&error);
    g_assert_null(tokenizer_new(&special, 1, &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
}

static void test_specials(void)
{
    g_autoptr(Tokenizer) tokenizer = load_data("tiny-a.tokenizer");
    g_autoptr(GArray) ids = encode(tokenizer, "<|user|>", 8);
    g_autoptr(GString) text = g_string_new(NULL);
    gint32 user = tokenizer_special(tokenizer, "<|user|>"), some[4] = { user, -1, 999999, 0 };
    gsize length;

    for (guint i = 0; i < ids->len; i++)
        g_assert_false(tokenizer_is_special(tokenizer, g_array_index(ids, gint32, i)));
    g_assert_cmpint(user, ==, 313);
    g_assert_cmpint(tokenizer_special(tokenizer, "<|nobody|>"), ==, -1);
    g_assert_cmpint(tokenizer_special(tokenizer, ""), ==, -1);
    g_assert_cmpint(tokenizer_special(tokenizer, "a"), ==, -1);
    g_assert_cmpmem(tokenizer_bytes(tokenizer, user, &length), 8, "<|user|>", 8);
    g_assert_cmpuint(length, ==, 8);
    g_assert_null(tokenizer_bytes(tokenizer, 320, &length));
    g_assert_null(tokenizer_bytes(tokenizer, -1, &length));
    g_assert_false(tokenizer_is_special(tokenizer, -1));
    g_assert_false(tokenizer_is_special(tokenizer, 320));
    tokenizer_decode(tokenizer, some, 4, FALSE, text);
    g_assert_cmpstr(text->str, ==, "!");
    tokenizer_decode(tokenizer, some, 4, TRUE, text);
    g_assert_cmpstr(text->str, ==, "!<|user|>!");
}

/* GPT-2's table, built as its authors did. */
static void test_gpt2(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    gunichar next = 256;

    for (guint b = 0; b < 256; b++) {
        gboolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
        char text[6];
        int size = g_unichar_to_utf8(printable ? b : next++, text);

        g_byte_array_set_size(out, 0);
        g_assert_true(tokenizer_piece_from_gpt2(text, (gsize) size, out));
        g_assert_cmpuint(out->len, ==, 1);
        g_assert_cmpuint(out->data[0], ==, b);
    }
    g_byte_array_set_size(out, 1);
    g_assert_true(tokenizer_piece_from_gpt2("\xC4\xA0to", 4, out));
    g_assert_cmpmem(out->data + 1, out->len - 1, " to", 3);
    for (gunichar c = next; c < 0x3000; c++) {
        char text[6];

        g_assert_false(tokenizer_piece_from_gpt2(text, (gsize) g_unichar_to_utf8(c, text), out));
    }
    g_assert_false(tokenizer_piece_from_gpt2("a b", 3, out));
    g_assert_false(tokenizer_piece_from_gpt2("a\xC4", 2, out));
    g_assert_false(tokenizer_piece_from_gpt2("a\xA0", 2, out));
    g_assert_false(tokenizer_piece_from_gpt2("a\xC1\xA1", 3, out));
    g_assert_cmpuint(out->len, ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokenizer/tiny", test_tiny);
    g_test_add_func("/tokenizer/real", test_real);
    g_test_add_func("/tokenizer/split", test_split);
    g_test_add_func("/tokenizer/classes", test_classes);
    g_test_add_func("/tokenizer/classes-glib", test_classes_glib);
    g_test_add_func("/tokenizer/merge", test_merge);
    g_test_add_func("/tokenizer/hostile", test_hostile);
    g_test_add_func("/tokenizer/ill-formed", test_ill_formed);
    g_test_add_func("/tokenizer/nul", test_nul);
    g_test_add_func("/tokenizer/bad-files", test_bad_files);
    g_test_add_func("/tokenizer/bad-pieces", test_bad_pieces);
    g_test_add_func("/tokenizer/specials", test_specials);
    g_test_add_func("/tokenizer/gpt2", test_gpt2);
    return g_test_run();
}
