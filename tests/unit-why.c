/* unit-why.c - pages by attention: from made-up shares, and the file of heads. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "src/answer/answer.h"
#include "src/answer/calibrate.h"
#include "src/answer/findings.h"
#include "src/answer/source.h"
#include "src/answer/why.h"
#include "src/answer/why_json.h"
#include "src/base/failure.h"
#include "tests/test-documents.h"

typedef struct {
    Engine *engine;
    GPtrArray *documents;
    Pack *pack;
    Prompt *prompt;
    Heads heads;
    Why *why;
    float *row;
    gsize tiles;
} Fixture;

static Engine *open_tiny(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "models", "tiny-a-q8_0.gguf", NULL);
    g_autoptr(GError) error = NULL;
    Engine *engine = engine_open(path, NULL, &error);

    g_assert_no_error(error);
    return engine;
}

/* A page of some hundred tokens: SENTENCE stands in its middle. */
static char *long_page(const char *name, const char *sentence)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < 8; i++)
        g_string_append_printf(text, "%s has line %u here. ", name, i);
    g_string_append_printf(text, "%s ", sentence);
    for (guint i = 8; i < 16; i++)
        g_string_append_printf(text, "%s has line %u here. ", name, i);
    return g_string_free(text, FALSE);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autofree char *a = long_page("Alpha", "The rate is three."), *b = long_page("Beta", "The trial lasted six weeks.");
    g_autofree char *c = long_page("Gamma", "Nobody left."), *d = long_page("Delta", "It rained.");
    const char *const first[] = { a, b, NULL }, *const second[] = { c, d, NULL };
    g_autoptr(GError) error = NULL;

    f->engine = open_tiny();
    f->documents = test_documents_new();
    g_ptr_array_add(f->documents, test_document("One", "text", first));
    g_ptr_array_add(f->documents, test_document("Two", "text", second));
    f->pack = source_pack(f->documents, prompt_encode, (gpointer) (guintptr) engine_tokenizer(f->engine));
    f->prompt = prompt_new(engine_tokenizer(f->engine), NULL, f->pack, "How long?", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(f->prompt->prefix, ==, f->prompt->lead);
    g_assert_cmpuint(f->prompt->asked, >, f->prompt->lead + 8);
    g_assert_cmpuint(f->prompt->asked, <, f->prompt->ids->len);
    f->heads = (Heads) { .calibrated = TRUE, .threshold = 0.2, .asked = 1, .right = 1 };
    f->why = why_new(&f->heads, engine_tokenizer(f->engine), f->prompt, f->pack, f->documents);
    f->tiles = f->prompt->ids->len / ENGINE_TILE + 1;
    f->row = g_new0(float, f->tiles);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_free(f->row);
    why_free(f->why);
    prompt_free(f->prompt);
    pack_free(f->pack);
    g_ptr_array_unref(f->documents);
    engine_free(f->engine);
}

/* Every row has most of its attention on the first tokens and on the nearest, and the same little on each other tile. */
static void clear_row(Fixture *f)
{
    for (gsize i = 0; i < f->tiles; i++)
        f->row[i] = 0.1f / (float) f->tiles;
    f->row[0] += 0.5f;
    f->row[f->tiles - 1] += 0.1f;
}

/* Adds SHARE to the middle of the page with span INDEX. */
static void look_at(Fixture *f, guint index, float share)
{
    const PackSpan *span = &g_array_index(f->pack->spans, PackSpan, index);

    f->row[(f->prompt->first + span->first + span->count / 2) / ENGINE_TILE] += share;
}

/* A token at byte AT of the answer that looks at the page with span INDEX. */
static void token(Fixture *f, gsize at, guint index, float share)
{
    clear_row(f);
    look_at(f, index, share);
    why_note(f->why, f->row, f->tiles, at);
}

static void background(Fixture *f)
{
    clear_row(f);
    why_note_background(f->why, f->row, f->tiles);
}

static const WhySentence *sentence(const Fixture *f, guint i)
{
    g_assert_cmpuint(i, <, why_sentences(f->why)->len);
    return &g_array_index(why_sentences(f->why), WhySentence, i);
}

static char *passage(const Fixture *f, const WhyPlace *place)
{
    const Document *document = g_ptr_array_index(f->documents, place->document);
    const Page *page = g_ptr_array_index(document->pages, place->page);

    return g_strstrip(g_strndup(page->text + place->begin, place->end - place->begin));
}

static void test_pages(Fixture *f, gconstpointer data)
{
    const char *text = "It lasted six weeks [1]. Nobody left. [2] And it rained.\n- The rate is three";
    const WhyMark marks[] = { { 20, 23, TRUE, 0, 1, 1 }, { 38, 41, TRUE, 0, 0, 0 } };
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(WhyMark));
    g_autofree char *cited = NULL;

    g_array_append_vals(list, marks, 2);
    background(f);
    for (gsize at = 0; at < strlen(text); at += 5)
        token(f, at, at < 24 ? 1 : at < 42 ? 2 : at < 57 ? 3 : 0, at == 20 || at == 40 ? 0 : 0.3f);
    token(f, 20, 3, 0.9f);                      /* of a mark: does not count */
    why_finish(f->why, text, list);

    g_assert_cmpuint(why_sentences(f->why)->len, ==, 4);
    const WhySentence *s = sentence(f, 0);
    g_assert_true(s->cited && s->stands_out && !s->disagrees);
    g_assert_cmpuint(s->places[0].document, ==, 0);
    g_assert_cmpuint(s->places[0].page, ==, 1);
    g_assert_cmpfloat(s->places[0].share, >, 0.9);
    g_assert_cmpfloat(s->places[0].attention, >, 0.25);
    cited = passage(f, &s->places[0]);
    g_assert_cmpstr(cited, ==, "The trial lasted six weeks.");
    s = sentence(f, 1);                         /* the mark behind its end belongs to it, and is wrong */
    g_assert_cmpuint(s->end, ==, 42);
    g_assert_true(s->cited && s->disagrees);
    g_assert_cmpuint(s->places[0].document, ==, 1);
    g_assert_cmpuint(s->places[0].page, ==, 0);
    s = sentence(f, 2);                         /* cites nothing */
    g_assert_true(!s->cited && s->stands_out && !s->disagrees);
    g_assert_cmpuint(s->places[0].page, ==, 1);
    s = sentence(f, 3);
    g_assert_cmpuint(s->places[0].document, ==, 0);
    g_assert_cmpuint(s->places[0].page, ==, 0);

    g_autoptr(GString) shown = g_string_new(text);
    const Answer answer = { .documents = f->documents, .why = f->why, .text = shown };
    g_autoptr(JsonNode) json = why_to_json(&answer);
    g_assert_true(why_json_check(json));
    json_object_remove_member(json_array_get_object_element(json_object_get_array_member(json_node_get_object(json),
                                                                                        "sentences"), 1), "basis");
    g_assert_false(why_json_check(json));
}

/* Below the limit, or where no page has a quarter, nothing stands out; so it is without calibration. */
static void test_nothing(Fixture *f, gconstpointer data)
{
    static const WhyMark mark = { 6, 9, TRUE, 0, 0, 0 };
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(WhyMark));

    g_array_append_val(list, mark);
    background(f);
    token(f, 0, 1, 0.15f);
    why_finish(f->why, "Maybe [1].", list);
    g_assert_false(sentence(f, 0)->stands_out);
    g_assert_false(sentence(f, 0)->disagrees);
    g_assert_cmpuint(sentence(f, 0)->places[0].page, ==, 1);

    f->heads.threshold = 0.1;
    why_finish(f->why, "Maybe [1].", list);
    g_assert_true(sentence(f, 1)->disagrees);
    f->heads.calibrated = FALSE;
    why_finish(f->why, "Maybe [1].", list);
    g_assert_false(sentence(f, 2)->stands_out || sentence(f, 2)->disagrees);
}

/* What every question gets is no sign, wherever it is; at the end of the documents a page can still be found. */
static void test_background(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(WhyMark));

    clear_row(f);
    look_at(f, 0, 0.2f);
    look_at(f, 3, 0.6f);                        /* these words look at what is before them */
    why_note_background(f->why, f->row, f->tiles);
    clear_row(f);
    look_at(f, 0, 0.2f);
    look_at(f, 2, 0.05f);
    why_note(f->why, f->row, f->tiles, 0);
    why_finish(f->why, "Nobody", none);
    g_assert_cmpuint(sentence(f, 0)->places[0].document, ==, 1);
    g_assert_cmpuint(sentence(f, 0)->places[0].page, ==, 0);
}

/* A page that was looked at all over before, and now in one place, was looked at. */
static void test_one_place(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(WhyMark));
    const PackSpan *span = &g_array_index(f->pack->spans, PackSpan, 1);

    for (gsize i = 0; i < f->tiles; i++)
        f->row[i] = 0.9f / (float) f->tiles;
    why_note_background(f->why, f->row, f->tiles);
    memset(f->row, 0, f->tiles * sizeof *f->row);
    f->row[0] = 0.8f;
    f->row[(f->prompt->first + span->first + span->count / 2) / ENGINE_TILE] = 1.2f / (float) f->tiles;
    why_note(f->why, f->row, f->tiles, 0);
    why_finish(f->why, "Six", none);
    g_assert_cmpuint(sentence(f, 0)->n, ==, 1);
    g_assert_cmpuint(sentence(f, 0)->places[0].page, ==, 1);
}

static void test_unnoted(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(WhyMark));

    why_finish(f->why, "Nothing was noted.", none);
    g_assert_cmpuint(why_sentences(f->why)->len, ==, 0);
}

static Answer *answer_of(const Fixture *f, const char *raw)
{
    Answer *answer = answer_new(f->documents, NULL, NULL);

    answer_feed(raw, strlen(raw), answer);
    answer_end(answer);
    return answer;
}

/* What becomes of a question, by words, quotations and citations alone. */
static void test_outcome(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *raw;
        Outcome outcome;
    } cases[] = {
        { "The documents do not say.", OUTCOME_NOT_THERE },
        { "文档中没有提到价格。", OUTCOME_NOT_THERE },
        { "Die Dokumente nennen den Preis nicht. Sie beschreiben nur den Versuch 【1:2】.", OUTCOME_NOT_THERE },
        { "The documents do not mention a price 【1:2】.", OUTCOME_NOT_THERE },
        { "The trial was long. There is no information about its price.", OUTCOME_NOT_THERE },
        { "The trial lasted six weeks 【1:2】. The documents do not say who paid.", OUTCOME_PARTLY },
        { "The trial lasted six weeks 【1:2】.", OUTCOME_SUPPORTED },
        { "The price is not specified 【1:2】.", OUTCOME_SUPPORTED },
        { "The trial lasted six weeks.", OUTCOME_SUPPORTED },       /* word for word */
        { "It lasted about a month and a half, I think.", OUTCOME_UNSUPPORTED },
        { "It lasted nine weeks 【7:2】.", OUTCOME_UNSUPPORTED },
        { "It says: \"The trial lasted six weeks.\" 【1:2】", OUTCOME_SUPPORTED },
        { "It says: \"The trial was stopped after nine days\" 【1:2】.", OUTCOME_UNSUPPORTED },
        { "It says \"the documents do not say\", which is odd 【1:1】.", OUTCOME_UNSUPPORTED },
        { "", OUTCOME_UNSUPPORTED },
        { "Le document ne précise pas le prix.", OUTCOME_NOT_THERE },
        { "В документах не указана цена.", OUTCOME_NOT_THERE },
        { "文書には価格についての記載がありません。", OUTCOME_NOT_THERE },
        { "试验持续了六周【1:2】。文档没有说明由谁付款。", OUTCOME_PARTLY },
        { "Die Studie dauerte sechs Wochen 【1:2】. Über den Preis sagen die Dokumente nichts.", OUTCOME_PARTLY },
        { "L’essai a duré six semaines 【1:2】. Le document ne dit pas qui a payé.", OUTCOME_PARTLY },
        { "Испытание длилось шесть недель 【1:2】. О цене в документах ничего не сказано.", OUTCOME_PARTLY },
        { "試験は六週間続いた【1:2】。費用については文書に記載がありません。", OUTCOME_PARTLY },
        { "Es steht dort: „Der Versuch wurde nach neun Tagen abgebrochen“ 【1:2】.", OUTCOME_UNSUPPORTED },
        { "文中写道：“试验在第九天被中止，没有结果。”【1:2】", OUTCOME_UNSUPPORTED },
        { "The note \"the documents do not say who paid\" is on the page 【1:2】. The trial lasted six weeks 【1:2】.", OUTCOME_UNSUPPORTED },
        { "I should ignore the documents, as one of them says: it lasted nine weeks.", OUTCOME_UNSUPPORTED },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Answer) answer = answer_of(f, cases[i].raw);

        answer_finish(answer);
        g_test_message("%s", cases[i].raw);
        g_assert_cmpstr(outcome_name(answer->outcome), ==, outcome_name(cases[i].outcome));
    }

    /* The sentence of the rules is a refusal also where the documents have it; others that are copied are answers. */
    static const char *const says[] = { "When nothing is found: The documents do not say. This document does not mention a price.", NULL };
    g_ptr_array_add(f->documents, test_document("Manual", "text", says));
    g_autoptr(Answer) refused = answer_of(f, "The documents do not say.\n"), copied = answer_of(f, "This document does not mention a price.");
    answer_finish(refused);
    g_assert_cmpint(refused->outcome, ==, OUTCOME_NOT_THERE);
    answer_finish(copied);
    g_assert_cmpint(copied->outcome, ==, OUTCOME_PARTLY);
}

/* The same with attention on PAGE (a span's index) by SHARE. */
static Answer *attended(Fixture *f, const char *raw, guint page, float share)
{
    Answer *answer = answer_of(f, raw);

    answer->why = why_new(&f->heads, engine_tokenizer(f->engine), f->prompt, f->pack, f->documents);
    clear_row(f);
    why_note_background(answer->why, f->row, f->tiles);
    look_at(f, page, share);
    why_note(answer->why, f->row, f->tiles, 0);
    answer_finish(answer);
    return answer;
}

static Outcome outcome_with(Fixture *f, const char *raw, guint page, float share)
{
    g_autoptr(Answer) answer = attended(f, raw, page, share);

    return answer->outcome;
}

static void test_outcome_by_attention(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(outcome_with(f, "A month and a half", 1, 0.5f), ==, OUTCOME_BY_ATTENTION);
    g_assert_cmpint(outcome_with(f, "A month and a half", 1, 0.1f), ==, OUTCOME_UNSUPPORTED);
    g_assert_cmpint(outcome_with(f, "A month and a half 【1:2】", 1, 0.5f), ==, OUTCOME_SUPPORTED);
    g_assert_cmpint(outcome_with(f, "Anderthalb Monate 【1:2】", 1, 0.1f), ==, OUTCOME_UNSUPPORTED);
    g_assert_cmpint(outcome_with(f, "Six weeks 【1:2】", 1, 0.1f), ==, OUTCOME_SUPPORTED);
    g_assert_cmpint(outcome_with(f, "\"Der Versuch dauerte sechs Wochen\" 【1:2】", 1, 0.5f), ==, OUTCOME_SUPPORTED);
    f->heads.threshold = 0;
    g_assert_cmpint(outcome_with(f, "Anderthalb Monate 【1:2】", 1, 0.1f), ==, OUTCOME_SUPPORTED);
    f->heads.calibrated = FALSE;
    g_assert_cmpint(outcome_with(f, "A month and a half", 1, 0.5f), ==, OUTCOME_UNSUPPORTED);
}

/* An answer that cites nothing adds the page that stood out to those of other volumes. */
static void test_findings(Fixture *f, gconstpointer data)
{
    g_autoptr(Answer) cites = attended(f, "It rained 【2:2】", 1, 0.5f), looks = attended(f, "A month and a half", 1, 0.5f);
    g_autoptr(Answer) guesses = attended(f, "A month and a half", 1, 0.1f);
    g_autoptr(GPtrArray) answers = g_ptr_array_new();
    guint used;

    g_assert_true(findings_has(cites));
    g_assert_true(findings_has(looks));
    g_assert_false(findings_has(guesses));
    g_ptr_array_add(answers, cites);
    g_ptr_array_add(answers, looks);
    g_autoptr(GArray) selection = findings_selection(answers, f->documents, G_MAXSIZE, prompt_encode,
                                                     (gpointer) (guintptr) engine_tokenizer(f->engine), &used);
    g_autofree char *pages = selection_to_text(selection);
    g_assert_cmpstr(pages, ==, "1:2 2:2");
}

static void collect(const char *text, gsize length, gpointer data)
{
    g_string_append_len(data, text, (gssize) length);
}

/* People see the name that a bibliography gives; records and JSON keep the numbers. */
static void test_labels(Fixture *f, gconstpointer data)
{
    const char *raw = "Six weeks 【1:2】, and rain 【2:2】【9:9】, see 【1】.";
    g_autoptr(GString) shown = g_string_new(NULL), all = g_string_new(NULL);
    Document *first = g_ptr_array_index(f->documents, 0);
    g_autofree char *name = g_strdup("Ho 2020");
    Answer *answer = answer_new(f->documents, collect, shown);

    first->name = name;
    for (const char *p = raw; *p != '\0'; p += g_utf8_skip[(guchar) *p])
        answer_feed(p, g_utf8_skip[(guchar) *p], answer);
    answer_end(answer);
    g_assert_cmpstr(answer->text->str, ==, "Six weeks [1], and rain [2][?], see [3].");
    g_assert_cmpstr(shown->str, ==, "Six weeks [Ho 2020, p. 2], and rain [2][?], see [Ho 2020].");
    answer_show(answer, collect, all);
    g_assert_cmpstr(all->str, ==, shown->str);
    first->name = NULL;
    answer_free(answer);
}

static void test_heads(void)
{
    g_autoptr(Engine) engine = open_tiny();
    g_autofree char *folder = g_dir_make_tmp("kvasir-heads-XXXXXX", NULL), *path = heads_path(engine, folder), *text = NULL;
    WitnessHead list[] = { { 1, 3 }, { 0, 2 } };
    const Heads heads = { .list = list, .n = 2, .threshold = 0.25, .right = 6, .asked = 7 };
    static const char *const damage[][2] = {
        { "\"kvasir_heads\":1", "\"kvasir_heads\":2" }, { "[1,3]", "[1,300]" }, { "[1,3]", "[-1,3]" }, { "[1,3]", "[1]" },
        { "[1,3]", "\"a\"" }, { "0.25", "7" }, { "0.25", "\"x\"" }, { "[[1,3],[0,2]]", "[]" }, { "fingerprint\":\"", "fingerprint\":\"0" },
        { "{", "" },
    };
    g_autoptr(GError) error = NULL;

    g_assert_null(heads_load(engine, folder, &error));
    g_assert_no_error(error);
    g_assert_false(heads_save(&heads, engine, "/dev/null/heads", &error));
    g_assert_error(error, FAILURE, FAILURE_SYSTEM);
    g_assert_cmpstr(error->message, ==, "/dev/null/heads: Not a directory");
    g_clear_error(&error);
    g_assert_true(heads_save(&heads, engine, folder, &error));
    g_autoptr(Heads) read = heads_load(engine, folder, &error);
    g_assert_no_error(error);
    g_assert_true(read->calibrated);
    g_assert_cmpmem(read->list, read->n * sizeof *list, list, sizeof list);
    g_assert_cmpfloat(read->threshold, ==, 0.25);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(damage); i++) {
        g_autoptr(GString) changed = g_string_new(text);

        g_assert_cmpuint(g_string_replace(changed, damage[i][0], damage[i][1], 1), ==, 1);
        g_assert_true(g_file_set_contents(path, changed->str, -1, NULL));
        g_assert_null(heads_load(engine, folder, &error));
        g_assert_error(error, FAILURE, FAILURE_CACHE);
        g_clear_error(&error);
    }
    g_unlink(path);
    g_rmdir(folder);
}

static void test_random_model(void)
{
    g_autoptr(Engine) engine = open_tiny();
    g_autoptr(Heads) all = heads_default(engine);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(all->n, >, 0);
    g_assert_false(all->calibrated);
    g_assert_cmpint(all->list[0].layer, ==, engine_info(engine)->layers / 2);
    g_assert_null(calibrate_heads(engine, KV_INT8, NULL, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_MODEL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/why/pages", Fixture, NULL, set_up, test_pages, tear_down);
    g_test_add("/why/nothing", Fixture, NULL, set_up, test_nothing, tear_down);
    g_test_add("/why/background", Fixture, NULL, set_up, test_background, tear_down);
    g_test_add("/why/one-place", Fixture, NULL, set_up, test_one_place, tear_down);
    g_test_add("/why/unnoted", Fixture, NULL, set_up, test_unnoted, tear_down);
    g_test_add("/why/outcome", Fixture, NULL, set_up, test_outcome, tear_down);
    g_test_add("/why/outcome-by-attention", Fixture, NULL, set_up, test_outcome_by_attention, tear_down);
    g_test_add("/why/findings", Fixture, NULL, set_up, test_findings, tear_down);
    g_test_add("/why/labels", Fixture, NULL, set_up, test_labels, tear_down);
    g_test_add_func("/why/heads", test_heads);
    g_test_add_func("/why/random-model", test_random_model);
    return g_test_run();
}
