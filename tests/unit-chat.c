/* unit-chat.c - the chat template against reference ids. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/model/chat.h"

static Tokenizer *tiny_tokenizer(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "tiny-a.tokenizer", NULL);
    Tokenizer *tokenizer = tokenizer_load(path, NULL);

    g_assert_nonnull(tokenizer);
    return tokenizer;
}

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

static ChatRole role_of(const char *name)
{
    static const char *const names[] = { "system", "user", "assistant", "observation" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (ChatRole) i;
    g_assert_not_reached();
}

/* A golden message; one that offers tools begins with a system message about them. */
static void append_message(const Tokenizer *tokenizer, JsonObject *message, const char *tool_text, GArray *ids)
{
    const char *content = json_object_get_string_member(message, "content");

    if (json_object_has_member(message, "tools")) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = json_to_string(json_object_get_member(message, "tools"), FALSE);
        g_autofree char *text = chat_tools_text(json, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, tool_text);
        chat_message(tokenizer, CHAT_SYSTEM, NULL, text, strlen(text), ids);
    }
    chat_message(tokenizer, role_of(json_object_get_string_member(message, "role")),
                 json_object_get_string_member_with_default(message, "metadata", NULL), content, strlen(content), ids);
}

static void check_case(const Tokenizer *tokenizer, JsonObject *golden)
{
    JsonArray *messages = json_object_get_array_member(golden, "messages");
    JsonArray *expected = json_object_get_array_member(golden, "ids");
    const char *tool_text = json_object_get_string_member_with_default(golden, "tool_text", "");
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));

    g_test_message("%s", json_object_get_string_member(golden, "name"));
    chat_begin(tokenizer, ids);
    for (guint i = 0; i < json_array_get_length(messages); i++)
        append_message(tokenizer, json_array_get_object_element(messages, i), tool_text, ids);
    if (json_object_get_boolean_member(golden, "generation_prompt"))
        chat_generate(tokenizer, ids);
    g_assert_cmpuint(ids->len, ==, json_array_get_length(expected));
    for (guint i = 0; i < ids->len; i++)
        g_assert_cmpint(g_array_index(ids, gint32, i), ==, json_array_get_int_element(expected, i));
}

static void test_real(void)
{
    g_autofree char *model = shared_file("glm4_tokenizer.model");
    g_autofree char *golden = model ? shared_file("chat_golden.jsonl") : NULL;
    g_autofree char *text = NULL;
    g_autoptr(Tokenizer) tokenizer = NULL;
    g_auto(GStrv) lines = NULL;
    guint cases = 0;

    if (!golden)
        return;
    tokenizer = tokenizer_load(model, NULL);
    g_assert_nonnull(tokenizer);
    g_assert_true(chat_check(tokenizer, NULL));
    g_assert_true(g_file_get_contents(golden, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (; lines[cases] && *lines[cases]; cases++) {
        g_autoptr(JsonNode) root = json_from_string(lines[cases], NULL);

        check_case(tokenizer, json_node_get_object(root));
    }
    g_assert_cmpuint(cases, >=, 12);
}

static void append_expected(const Tokenizer *tokenizer, const char *special, const char *text, GArray *ids)
{
    gint32 id = tokenizer_special(tokenizer, special);

    g_array_append_val(ids, id);
    tokenizer_encode(tokenizer, text, strlen(text), ids);
}

static void test_form(void)
{
    g_autoptr(Tokenizer) tokenizer = tiny_tokenizer();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autoptr(GArray) expected = g_array_new(FALSE, FALSE, sizeof(gint32));

    g_assert_true(chat_check(tokenizer, NULL));
    chat_begin(tokenizer, ids);
    chat_message(tokenizer, CHAT_SYSTEM, NULL, "", 0, ids);
    chat_message(tokenizer, CHAT_USER, NULL, "\nthe <|user|>", 12, ids);
    chat_message(tokenizer, CHAT_ASSISTANT, "search", "{}", 2, ids);
    chat_message(tokenizer, CHAT_OBSERVATION, NULL, "9", 1, ids);
    chat_generate(tokenizer, ids);

    append_expected(tokenizer, "[gMASK]", "", expected);
    append_expected(tokenizer, "<sop>", "", expected);
    append_expected(tokenizer, "<|user|>", "\n", expected);
    tokenizer_encode(tokenizer, "\nthe <|user|>", 12, expected);
    append_expected(tokenizer, "<|assistant|>", "search\n", expected);
    tokenizer_encode(tokenizer, "{}", 2, expected);
    append_expected(tokenizer, "<|observation|>", "\n", expected);
    tokenizer_encode(tokenizer, "9", 1, expected);
    append_expected(tokenizer, "<|assistant|>", "", expected);
    g_assert_cmpmem(ids->data, 4 * ids->len, expected->data, 4 * expected->len);
}

static void test_stop(void)
{
    static const char *const names[] = { "<|endoftext|>", "<|user|>", "<|observation|>" };
    g_autoptr(Tokenizer) tokenizer = tiny_tokenizer();
    guint stops = 0;

    for (gint32 id = -2; id < 330; id++)
        stops += chat_is_stop(tokenizer, id) ? 1 : 0;
    g_assert_cmpuint(stops, ==, 3);
    for (guint i = 0; i < 3; i++)
        g_assert_true(chat_is_stop(tokenizer, tokenizer_special(tokenizer, names[i])));
}

/* A vocabulary of bytes alone cannot chat. */
static void test_check(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Tokenizer) tokenizer = NULL;
    guint8 bytes[256];
    TokenizerPiece pieces[256];

    for (guint i = 0; i < 256; i++) {
        bytes[i] = (guint8) i;
        pieces[i] = (TokenizerPiece) { &bytes[i], 1, FALSE };
    }
    tokenizer = tokenizer_new(pieces, 256, NULL);
    g_assert_false(chat_check(tokenizer, &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
}

/* ---- tools ---- */

static void test_json(void)
{
    g_autofree char *text = chat_tools_text(
        "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"a\": [], \"b\": {}, \"c\": [1, -2.50, true, null,"
        " 1e16, 0.1, 1e-5, 1E2, 123456.789, 9007199254740993, 0.0001, 5e-324, 1.7976931348623157e308],"
        " \"d\": {\"\\u00e9\\u4f60\": \"\\\"\\\\\\n\\t\\u0001\\u007f/\\b\"}}}]", NULL);
    const char *json = text ? strchr(text, '{') : NULL;
    const char *expected =
        "{\n    \"name\": \"f\",\n    \"a\": [],\n    \"b\": {},\n    \"c\": [\n        1,\n        -2.5,\n"
        "        true,\n        null,\n        1e+16,\n        0.1,\n        1e-05,\n        100.0,\n"
        "        123456.789,\n        9007199254740993,\n        0.0001,\n        5e-324,\n"
        "        1.7976931348623157e+308\n    ],\n"
        "    \"d\": {\n        \"\xC3\xA9\xE4\xBD\xA0\": \"\\\"\\\\\\n\\t\\u0001\x7F/\\b\"\n    }\n}\n";

    g_assert_nonnull(json);
    if (!g_str_has_prefix(json, expected))
        g_assert_cmpstr(json, ==, expected);
}

static void test_bad_tools(void)
{
    static const char *const bad[] = {
        "", "{}", "[]", "[1]", "[{}]", "[{\"type\": 1}]", "[{\"type\": \"magic\"}]", "[{\"type\": \"function\"}]",
        "nonsense",
        "[{\"type\": \"function\", \"function\": 3}]", "[{\"type\": \"function\", \"function\": {\"name\": 3}}]",
        "[\"\xFF\"]",
    };
    g_autoptr(GString) deep = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(chat_tools_text(bad[i], &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
    }
    for (guint i = 0; i < 1000000; i++)
        g_string_append_c(deep, '[');
    g_assert_null(chat_tools_text(deep->str, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chat/real", test_real);
    g_test_add_func("/chat/form", test_form);
    g_test_add_func("/chat/stop", test_stop);
    g_test_add_func("/chat/check", test_check);
    g_test_add_func("/chat/json", test_json);
    g_test_add_func("/chat/bad-tools", test_bad_tools);
    return g_test_run();
}
