/* unit-citation.c - page marks as models really write them. */
#include "config.h"

#include <string.h>

#include "src/answer/citation.h"
#include "tests/test-documents.h"

static GPtrArray *two_documents(void)
{
    static const char *const trial[] = {
        "Aims and methods.\n",
        "Forty patients took part. The trial lasted six weeks\nin all. Nobody left it.\n",
        "Results were mixed.\n", "Thanks.\n", NULL,
    };
    static const char *const chinese[] = { "本文介绍方法。学习率为零点零三。批量为八。\n", "结论。\n", NULL };
    GPtrArray *documents = test_documents_new();

    g_ptr_array_add(documents, test_document("Trial", "pdf", trial));
    g_ptr_array_add(documents, test_document("方法", "html", chinese));
    return documents;
}

typedef struct {
    const char *answer, *shown;
    const char *cited;          /* "document:first-last", counted from 1, divided by spaces */
    guint unknown;
} Case;

static const Case cases[] = {
    { "Six weeks 【1:2】.", "Six weeks [1].", "1:2-2", 0 },
    { "A【1:2】【1:3】 B【1:2】", "A[1][2] B[1]", "1:2-2 1:3-3", 0 },
    { "A 【1:2-4】", "A [1]", "1:2-4", 0 },
    { "A 【1:2–4】", "A [1]", "1:2-4", 0 },
    { "A 【1:2-1:4】", "A [1]", "1:2-4", 0 },
    { "A 【1:2, 4】", "A [1][2]", "1:2-2 1:4-4", 0 },
    { "A 【1:2；2:1】", "A [1][2]", "1:2-2 2:1-1", 0 },
    { "A 【1：2】", "A [1]", "1:2-2", 0 },
    { "A 【 1 : 2 】", "A [1]", "1:2-2", 0 },
    { "A 【1:2†The trial, part 3】", "A [1]", "1:2-2", 0 },
    { "A 【1:p. 2】", "A [1]", "1:2-2", 0 },
    { "A 【document 1, page 3】", "A [1]", "1:3-3", 0 },
    { "A 【Doc 1: p2】", "A [1]", "1:2-2", 0 },
    { "A 【2†source】", "A [1]", "2:1-2", 0 },
    { "A 【2】", "A [1]", "2:1-2", 0 },
    { "A 【文档2：第1页】", "A [1]", "2:1-1", 0 },
    { "A 【1:9】", "A [?]", "", 1 },
    { "A 【3:1】【1:1】", "A [?][1]", "1:1-1", 1 },
    { "A 【1:3-2】", "A [?]", "", 1 },
    { "A 【0:1】", "A [?]", "", 1 },
    { "A 【1:0】", "A [?]", "", 1 },
    { "A 【99999999999999999999:1】", "A [?]", "", 1 },
    { "【注意】没有。", "【注意】没有。", "", 0 },
    { "【2024年】没有。", "【2024年】没有。", "", 0 },
    { "open 【1:2", "open 【1:2", "", 0 },
    { "【1:\n2】", "【1:\n2】", "", 0 },
    { "【【1:2】", "【[1]", "1:2-2", 0 },
    { "【】", "【】", "", 0 },
    { "", "", "", 0 },
};

static char *list_text(const CitationReader *reader)
{
    const GArray *list = citation_reader_list(reader);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const Citation *c = &g_array_index(list, Citation, i);
        g_string_append_printf(text, "%s%u:%u-%u", i > 0 ? " " : "", c->document + 1, c->first + 1, c->last + 1);
    }
    return g_string_free(text, FALSE);
}

/* STEP: bytes fed at once, whole characters. */
static void check_case(const Case *c, gsize step)
{
    g_autoptr(GPtrArray) documents = two_documents();
    g_autoptr(CitationReader) reader = citation_reader_new(documents);
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autofree char *cited = NULL;

    for (const char *p = c->answer; *p != '\0';) {
        const char *end = p;
        while (*end != '\0' && (gsize) (end - p) < step)
            end += g_utf8_skip[(guchar) *end];
        citation_reader_feed(reader, p, (gsize) (end - p), shown);
        p = end;
    }
    citation_reader_end(reader, shown);
    cited = list_text(reader);
    g_assert_cmpstr(shown->str, ==, c->shown);
    g_assert_cmpstr(cited, ==, c->cited);
    g_assert_cmpuint(citation_reader_unknown(reader)->len, ==, c->unknown);
}

static void test_marks(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        check_case(&cases[i], 1);
        check_case(&cases[i], 5);
        check_case(&cases[i], 1000);
    }
}

/* An opening bracket without an end must not hold the answer back for ever. */
static void test_long_bracket(void)
{
    g_autoptr(GPtrArray) documents = two_documents();
    g_autoptr(CitationReader) reader = citation_reader_new(documents);
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autofree char *text = g_strnfill(300, 'x');

    citation_reader_feed(reader, "【", strlen("【"), shown);
    g_assert_cmpuint(shown->len, ==, 0);
    citation_reader_feed(reader, text, 300, shown);
    g_assert_cmpuint(shown->len, ==, 300 + strlen("【"));
}

static char *passage(const char *answer)
{
    g_autoptr(GPtrArray) documents = two_documents();
    g_autoptr(CitationReader) reader = citation_reader_new(documents);
    g_autoptr(GString) shown = g_string_new(NULL);

    citation_reader_feed(reader, answer, strlen(answer), shown);
    return g_strdup(g_array_index(citation_reader_list(reader), Citation, 0).text);
}

static void test_passage(void)
{
    g_autofree char *english = passage("It had forty patients. It lasted for six weeks 【1:2】");
    g_autofree char *behind = passage("It had forty patients. It lasted for six weeks. 【1:2】");
    g_autofree char *nothing = passage("Xyz 【1:4】");

    g_assert_nonnull(strstr(english, "six weeks\nin all."));
    g_assert_nonnull(strstr(behind, "six weeks\nin all."));
    g_assert_cmpstr(nothing, ==, "Thanks.");
}

static guint verbatim(const char *answer, char **cited)
{
    g_autoptr(GPtrArray) documents = two_documents();
    g_autoptr(CitationReader) reader = citation_reader_new(documents);
    guint n = citation_reader_find_verbatim(reader, answer);

    *cited = list_text(reader);
    return n;
}

static void test_verbatim(void)
{
    static const struct { const char *answer, *cited; } found[] = {
        { "The trial lasted six weeks in all.", "1:2-2" },
        { "the trial lasted six weeks in all", "" },        /* only as it is written */
        { "rial lasted six weeks", "" },                    /* whole words */
        { "Thanks", "" },                                   /* too short to say anything */
        { "学习率为零点零三", "2:1-1" },
        { "Results were good.", "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(found); i++) {
        g_autofree char *cited = NULL;
        guint n = verbatim(found[i].answer, &cited);
        g_assert_cmpstr(cited, ==, found[i].cited);
        g_assert_cmpuint(n, ==, found[i].cited[0] != '\0');
    }
}

static void test_place(void)
{
    static const struct { Citation citation; const char *place; } places[] = {
        { { 0, 1, 1, NULL }, "p. 2" }, { { 0, 1, 2, NULL }, "pp. 2-3" }, { { 0, 0, 3, NULL }, "" },
        { { 1, 1, 1, NULL }, "section \"2\"" }, { { 1, 0, 1, NULL }, "" },
    };
    g_autoptr(GPtrArray) documents = two_documents();

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *place = citation_place(&places[i].citation, documents);
        g_assert_cmpstr(place, ==, places[i].place);
    }
}

/* An office document has pages if its labels say so; slides are slides. */
static void test_office_place(void)
{
    static const char *const texts[] = { "a\n", "b\n", NULL };
    static const char *const formats[] = { "docx", "odt", "pptx", "odp", "epub" };
    static const char *const places[] = { "p. 2", "p. 2", "slide 2", "slide 2", "section \"2\"" };
    const Citation second = { 0, 1, 1, NULL };

    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GPtrArray) documents = test_documents_new();
        Document *document = test_document("Talk", formats[i], texts);
        g_ptr_array_add(documents, document);
        g_autofree char *place = citation_place(&second, documents);
        g_assert_cmpstr(place, ==, places[i]);
        Page *first = g_ptr_array_index(document->pages, 0);
        g_free(first->label);
        first->label = g_strdup("Preface");
        g_autofree char *section = citation_place(&second, documents);
        g_assert_cmpstr(section, ==, i < 2 ? "section \"2\"" : places[i]);
    }
}

/* Text that was recognised from an image says so wherever it is cited. */
static void test_recognised(void)
{
    static const char *const scan[] = { "A letter of which only an image is left.\n", "Its second page.\n", NULL };
    g_autoptr(GPtrArray) documents = test_documents_new();
    const Citation first = { 0, 0, 0, NULL }, second = { 0, 1, 1, NULL }, both = { 0, 0, 1, NULL };
    Document *document = test_document("Letter", "pdf", scan);
    g_autofree char *marked = NULL, *plain = NULL, *whole = NULL;

    g_ptr_array_add(documents, document);
    ((Page *) g_ptr_array_index(document->pages, 0))->state = PAGE_RECOGNISED;
    marked = citation_place(&first, documents);
    plain = citation_place(&second, documents);
    whole = citation_place(&both, documents);
    g_assert_cmpstr(marked, ==, "p. 1 (recognised from an image)");
    g_assert_cmpstr(plain, ==, "p. 2");
    g_assert_cmpstr(whole, ==, "recognised from an image");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/citation/marks", test_marks);
    g_test_add_func("/citation/long-bracket", test_long_bracket);
    g_test_add_func("/citation/passage", test_passage);
    g_test_add_func("/citation/verbatim", test_verbatim);
    g_test_add_func("/citation/place", test_place);
    g_test_add_func("/citation/office-place", test_office_place);
    g_test_add_func("/citation/recognised", test_recognised);
    return g_test_run();
}
