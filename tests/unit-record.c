/* unit-record.c - tests of records: written, read, compared. */
#include "config.h"

#include <string.h>

#include "src/answer/record.h"
#include "src/base/failure.h"

#define CITATION(PAGE) "{\"document_index\":0,\"document_title\":\"Gr\xc3\xbc\xc3\x9f" "e\",\"start_page_number\":" PAGE \
    ",\"end_page_number\":9,\"cited_text\":\"\xe4\xb8\xad\xe6\x96\x87 \\\"x\\\"\\n\",\"basis\":\"model\"}"
#define BODY(CITATIONS, IDS) "{\"kvasir_record\":1,\"program\":\"p\",\"made\":5,\"model\":\"m\",\"model_fingerprint\":\"f\"," \
    "\"tokenizer_hash\":\"t\",\"arithmetic\":\"a\",\"isa\":\"c\",\"kv\":\"int8\",\"corpus\":null,\"documents\":[{\"path\":\"/a\"," \
    "\"title\":\"A\",\"hash\":\"h\",\"in_corpus\":false}],\"manifest_hash\":\"x\",\"prompt_hash\":\"y\",\"prompt_tokens\":3," \
    "\"question\":\"q\",\"system\":null,\"temperature\":0.10000000000000001,\"top_p\":1.0,\"seed\":-7,\"max_tokens\":4," \
    "\"answer\":\"b [1]\",\"answer_ids\":" IDS ",\"stop_reason\":\"end_turn\",\"citations\":[" CITATIONS "],\"timings\":{\"total_s\":0.5}"

static char *
seal(const char *body)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);

    return g_strconcat(body, ",\"sha256\":\"", hash, "\"}\n", NULL);
}

static Record *
parse(const char *body)
{
    g_autofree char *text = seal(body);
    g_autoptr(GError) error = NULL;
    Record *record = record_from_text("r", text, strlen(text), &error);

    g_assert_no_error(error);
    return record;
}

/* What is written is read back, and equal to the bit. */
static void
test_round(void)
{
    g_autoptr(Record) record = parse(BODY(CITATION("4"), "[1,2,3]"));
    g_autofree char *once = record_to_text(record);
    g_autoptr(Record) again = record_from_text("r", once, strlen(once), NULL);
    g_autofree char *twice = again ? record_to_text(again) : NULL;
    g_autoptr(GPtrArray) differences = g_ptr_array_new_with_free_func(g_free);

    g_assert_cmpstr(once, ==, twice);
    g_assert_cmpfloat(again->temperature, ==, 0.1);
    g_assert_cmpint(again->seed, ==, -7);
    g_assert_cmpuint(again->ids->len, ==, 3);
    record_compare_inputs(record, again, differences);
    record_compare_answers(record, again, NULL, differences);
    g_assert_cmpuint(differences->len, ==, 0);
}

static void
test_compared(void)
{
    g_autoptr(Record) then = parse(BODY(CITATION("4"), "[1,2,3]")), now = parse(BODY(CITATION("5"), "[1,2,3]"));
    g_autoptr(GPtrArray) differences = g_ptr_array_new_with_free_func(g_free);

    record_compare_answers(then, now, NULL, differences);
    g_assert_cmpuint(differences->len, ==, 1);
    g_assert_true(g_str_has_prefix(differences->pdata[0], "the citations differ"));
}

/* What a bibliography calls the documents may change: the citation is the same. */
static void
test_named(void)
{
    g_autoptr(Record) then = parse(BODY(CITATION("4"), "[1,2,3]"));
    g_autoptr(Record) now = parse(BODY(CITATION("4"), "[1,2,3]"));
    g_autoptr(GPtrArray) differences = g_ptr_array_new_with_free_func(g_free);
    JsonObject *citation = json_array_get_object_element(json_node_get_array(now->citations), 0);

    g_assert_cmpstr(record_citation_name(citation), ==, "Gr\xc3\xbc\xc3\x9f" "e");
    json_object_set_string_member(citation, "document_name", "Ho 2020");
    json_object_set_string_member(citation, "document_key", "ho");
    g_assert_cmpstr(record_citation_name(citation), ==, "Ho 2020");
    record_compare_answers(then, now, NULL, differences);
    g_assert_cmpuint(differences->len, ==, 0);
}

static void
refused(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(record_from_text("r", text, strlen(text), &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
    g_assert_nonnull(strstr(error->message, expected));
}

/* Every single bit that changes is found. */
static void
test_flips(void)
{
    g_autofree char *text = seal(BODY(CITATION("4"), "[1,2,3]"));
    gsize length = strlen(text);

    for (gsize bit = 0; bit < 8 * length; bit++) {
        g_autoptr(GError) error = NULL;

        text[bit / 8] = (char) (text[bit / 8] ^ (1 << bit % 8));
        g_assert_null(record_from_text("r", text, length, &error));
        g_assert_error(error, FAILURE, FAILURE_INPUT);
        text[bit / 8] = (char) (text[bit / 8] ^ (1 << bit % 8));
    }
}

/* Well sealed, but no record. */
static void
test_refused(void)
{
    static const char *const bodies[] = {
        "{\"kvasir_record\":1", "{\"a\":1", "{\"kvasir_record\":\"1\"", "{\"kvasir_record\":[]", "{\"kvasir_record\":1]",
        BODY("", "[1,\"2\"]"), BODY("", "[-1]"), BODY("", "[4294967296]"), BODY("", "{}"), BODY("", "[[]]"), BODY("1", "[1]"), BODY("{}", "[1]"),
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *text = seal(bodies[i]);

        refused(text, "not a record");
    }
    refused("", "not a record");
    refused("{\"", "changed");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/round", test_round);
    g_test_add_func("/record/compared", test_compared);
    g_test_add_func("/record/named", test_named);
    g_test_add_func("/record/flips", test_flips);
    g_test_add_func("/record/refused", test_refused);
    return g_test_run();
}
