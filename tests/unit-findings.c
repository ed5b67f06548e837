/* unit-findings.c - the last step about several volumes: what their answers cite, in one prompt, and the pages of its answer. */
#include "config.h"

#include <string.h>

#include "src/answer/findings.h"
#include "src/answer/source.h"
#include "src/answer/volume.h"
#include "tests/test-documents.h"

#define LIMIT 105

/* Documents, their volumes (documents 1-2; document 3, pages 1-3 and 4-5; documents 4-5) and answers about these. */
typedef struct {
    GPtrArray *documents, *views, *answers;
    GArray *volumes;
} Fixture;

/* One id for each byte. */
static void encode(gpointer data, const char *text, gsize length, GArray *ids)
{
    for (gsize i = 0; i < length; i++) {
        gint32 id = (guchar) text[i];
        g_array_append_val(ids, id);
    }
}

static void set_up(Fixture *f, gconstpointer data)
{
    static const char *const one[] = { "The apple is red.", NULL }, *const two[] = { "The banana is yellow.", NULL };
    static const char *const large[] = { "The cherry is dark.", "", "The date is brown and sweet.", "The elder is black.",
                                         "The fig is violet, soft and full of seeds.", NULL };
    static const char *const four[] = { "The grape is green.", NULL }, *const five[] = { "The hazel is hard.", NULL };

    f->documents = test_documents_new();
    g_ptr_array_add(f->documents, test_document("One", "text", one));
    g_ptr_array_add(f->documents, test_document("Two", "text", two));
    g_ptr_array_add(f->documents, test_document("Large", "text", large));
    g_ptr_array_add(f->documents, test_document("Four", "text", four));
    g_ptr_array_add(f->documents, test_document("Five", "text", five));
    g_autoptr(Pack) pack = source_pack(f->documents, encode, NULL);
    f->volumes = volume_plan(f->documents, pack, LIMIT, encode, NULL, NULL);
    g_assert_cmpuint(f->volumes->len, ==, 4);
    f->views = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    f->answers = g_ptr_array_new_with_free_func((GDestroyNotify) answer_free);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_ptr_array_unref(f->answers);
    g_ptr_array_unref(f->views);
    g_array_unref(f->volumes);
    g_ptr_array_unref(f->documents);
}

/* The finished answer TEXT to a prompt about SELECTION, which it takes. */
static Answer *answer_about(Fixture *f, GArray *selection, const char *text)
{
    GPtrArray *view = selection_view(f->documents, selection);
    Answer *answer = answer_new(view, NULL, NULL);

    g_array_unref(selection);
    g_ptr_array_add(f->views, view);
    g_ptr_array_add(f->answers, answer);
    answer_feed(text, strlen(text), answer);
    answer_end(answer);
    answer_finish(answer);
    return answer;
}

static Answer *answer_of_volume(Fixture *f, guint volume, const char *text)
{
    return answer_about(f, volume_selection(&g_array_index(f->volumes, Volume, volume), f->documents), text);
}

static void check_citation(const Answer *answer, guint i, guint document, guint first, guint last, const char *text)
{
    const Citation *citation = &g_array_index(citation_reader_list(answer->citations), Citation, i);

    g_assert_cmpuint(citation->document, ==, document);
    g_assert_cmpuint(citation->first, ==, first);
    g_assert_cmpuint(citation->last, ==, last);
    g_assert_cmpstr(citation->text, ==, text);
}

static void test_merge(Fixture *f, gconstpointer data)
{
    Answer *answer;
    guint used;

    /* The better volume stands behind the other one in the corpus. */
    answer_of_volume(f, 2, "The fig is violet【3:5】.");
    answer_of_volume(f, 0, "The banana is yellow【2:1】, and the fig is not here【3:5】.");
    g_autoptr(GArray) selection = findings_selection(f->answers, f->documents, 1000, encode, NULL, &used);
    g_autoptr(GPtrArray) view = selection_view(f->documents, selection);
    g_autoptr(Pack) pack = selection_pack(view, encode, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *pages = selection_to_text(selection);

    for (guint i = 0; i < pack->ids->len; i++)
        g_string_append_c(text, (char) g_array_index(pack->ids, gint32, i));
    g_assert_cmpuint(used, ==, 2);
    g_assert_cmpstr(pages, ==, "2:1 3:5");
    g_assert_cmpstr(text->str, ==, "Document 2\n【2:1】\nThe banana is yellow.\nDocument 3\n【3:5】\n"
                    "The fig is violet, soft and full of seeds.\n");

    /* The answer to that prompt cites pages by the numbers that they have in the corpus; those it did not have are no pages. */
    answer = answer_about(f, g_steal_pointer(&selection),
                          "The fig is violet【3:5】, the banana yellow【2:1】, the cherry dark【3:1】, the apple red【1:1】.");
    g_assert_cmpuint(citation_reader_list(answer->citations)->len, ==, 2);
    check_citation(answer, 0, 2, 4, 4, "The fig is violet, soft and full of seeds.");
    check_citation(answer, 1, 1, 0, 0, "The banana is yellow.");
    g_assert_cmpuint(citation_reader_unknown(answer->citations)->len, ==, 2);
    g_assert_cmpstr(answer->text->str, ==, "The fig is violet[1], the banana yellow[2], the cherry dark[?], the apple red[?].");
}

/* "Document 3" in an answer about its last two pages means these two. */
static void test_part(Fixture *f, gconstpointer data)
{
    Answer *answer = answer_of_volume(f, 2, "The elder is black【3†Large】, and so is all of it【3:1-5】.");
    guint used;

    g_assert_cmpuint(citation_reader_list(answer->citations)->len, ==, 1);
    check_citation(answer, 0, 2, 3, 4, "The elder is black.");
    g_autoptr(GArray) selection = findings_selection(f->answers, f->documents, 1000, encode, NULL, &used);
    g_autofree char *pages = selection_to_text(selection);
    g_assert_cmpstr(pages, ==, "3:4-5");
}

/* Too much for one prompt: every volume keeps its first citations as long as that can be. */
static void test_limit(Fixture *f, gconstpointer data)
{
    static const struct { gsize limit; guint used; const char *pages; } cases[] = {
        { 1000, 3, "1:1 2:1 3:1,3 4:1 5:1" }, { 150, 3, "1:1 3:3 5:1" }, { 110, 2, "3:3 5:1" }, { 60, 1, "5:1" },
    };

    answer_of_volume(f, 3, "The hazel is hard【5:1】. The grape is green【4:1】.");
    answer_of_volume(f, 1, "The date is brown【3:3】. The cherry is dark【3:1】.");
    answer_of_volume(f, 0, "The apple is red【1:1】. The banana is yellow【2:1】.");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint used;
        g_autoptr(GArray) selection = findings_selection(f->answers, f->documents, cases[i].limit, encode, NULL, &used);
        g_autofree char *pages = selection_to_text(selection);

        g_assert_cmpstr(pages, ==, cases[i].pages);
        g_assert_cmpuint(used, ==, cases[i].used);
    }
}

/* Which answers have findings, and which is given when there is nothing to put together. */
static void test_best(Fixture *f, gconstpointer data)
{
    Answer *guess = answer_of_volume(f, 0, "It is blue."), *no, *empty, *yes;

    no = answer_of_volume(f, 1, "The documents do not say what the quince looks like.");
    empty = answer_of_volume(f, 2, "The documents do not say this【3:4】.");
    g_assert_false(findings_has(guess));
    g_assert_false(findings_has(no));
    g_assert_false(findings_has(empty));
    g_assert_cmpuint(findings_best(f->answers), ==, 1);
    yes = answer_of_volume(f, 3, "The grape is green【4:1】.");
    g_assert_true(findings_has(yes));
    g_assert_cmpuint(findings_best(f->answers), ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/findings/merge", Fixture, NULL, set_up, test_merge, tear_down);
    g_test_add("/findings/part", Fixture, NULL, set_up, test_part, tear_down);
    g_test_add("/findings/limit", Fixture, NULL, set_up, test_limit, tear_down);
    g_test_add("/findings/best", Fixture, NULL, set_up, test_best, tear_down);
    return g_test_run();
}
