/* unit-longcite.c - answers of LongCite-glm4-9b as it writes them: right, sloppy, wrong, adversarial. */
#include "config.h"

#include <string.h>

#include "src/answer/citation.h"
#include "src/answer/longcite.h"
#include "tests/test-documents.h"

/* An id for each byte. */
static void encode_bytes(gpointer data, const char *text, gsize length, GArray *ids)
{
    for (gsize i = 0; i < length; i++) {
        gint32 id = (guchar) text[i];
        g_array_append_val(ids, id);
    }
}

static GPtrArray *two_documents(void)
{
    static const char *const trial[] = {
        "Forty patients took part. The trial lasted six weeks. Nobody left.\n",
        "Results were mixed. Thanks go to all.\n", NULL,
    };
    static const char *const chinese[] = { "学习率为零点零三；批量为八。没有正则化。\n", NULL };
    GPtrArray *documents = test_documents_new();

    g_ptr_array_add(documents, test_document("Trial", "pdf", trial));
    g_ptr_array_add(documents, test_document("方法", "html", chinese));
    return documents;
}

/* Chunks: 0-2 on page 1, 3-4 on page 2 of the first document, 5-7 in the second. */
static void test_pack(void)
{
    g_autoptr(GPtrArray) documents = two_documents();
    Pack *pack = longcite_pack(documents, encode_bytes, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < pack->ids->len; i++)
        g_string_append_c(text, (char) g_array_index(pack->ids, gint32, i));
    g_assert_cmpstr(text->str, ==,
                    "<C0>Document 1\nForty patients took part. <C1>The trial lasted six weeks. <C2>Nobody left.\n"
                    "<C3>Results were mixed. <C4>Thanks go to all.\n"
                    "<C5>Document 2\n学习率为零点零三；<C6>批量为八。<C7>没有正则化。\n");
    g_assert_cmpuint(pack->chunks->len, ==, 8);
    g_assert_cmpuint(pack->spans->len, ==, 3);
    g_assert_cmpuint(g_array_index(pack->document_end, guint32, 1), ==, pack->ids->len);
    const PackSpan *span = &g_array_index(pack->spans, PackSpan, 1);
    g_assert_cmpuint(span->page, ==, 1);
    g_assert_cmpint(memcmp(text->str + span->first, "<C3>", 4), ==, 0);
    g_assert_cmpuint(g_array_index(pack->chunks, PackChunk, 4).page, ==, 1);
    pack_free(pack);
}

typedef struct {
    const char *answer, *shown;
    const char *cited;          /* "document:first-last=text" of each citation, divided by " | " */
    guint unknown;
} Case;

static const Case cases[] = {
    /* As published. */
    { "<statement>The trial lasted six weeks.<cite>[1-1]</cite></statement>", "The trial lasted six weeks. [1]",
      "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>It lasted six weeks.<cite>[1-1]</cite></statement> <statement>Forty took part and none left.<cite>[0-0][2-2]"
      "</cite></statement>", "It lasted six weeks. [1] Forty took part and none left. [2][3]",
      "1:1-1=The trial lasted six weeks. | 1:1-1=Forty patients took part. | 1:1-1=Nobody left.", 0 },
    { "<statement>In short:<cite></cite></statement><statement>results were mixed.<cite>[3-3]</cite></statement>",
      "In short: results were mixed. [1]", "1:2-2=Results were mixed.", 0 },
    { "<statement>Mixed results after six weeks.<cite>[1-3]</cite></statement>", "Mixed results after six weeks. [1]",
      "1:1-2=The trial lasted six weeks. Nobody left.\nResults were mixed.", 0 },
    { "<statement>学习率为0.03。<cite>[5-5]</cite></statement><statement>批量为八，没有正则化。<cite>[6-7]</cite></statement>",
      "学习率为0.03。[1]批量为八，没有正则化。[2]", "2:1-1=学习率为零点零三； | 2:1-1=批量为八。没有正则化。", 0 },
    { "<statement>Der Versuch dauerte sechs Wochen.<cite>[1-1]</cite></statement>\n\n<statement>Niemand ging.<cite>[2-2]</cite></statement>",
      "Der Versuch dauerte sechs Wochen. [1]\n\nNiemand ging. [2]", "1:1-1=The trial lasted six weeks. | 1:1-1=Nobody left.", 0 },
    { "<statement>L'essai a duré six semaines.<cite>[1-1]</cite></statement> Voilà.", "L'essai a duré six semaines. [1] Voilà.",
      "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>試験は六週間続いた。<cite>[1-1]</cite></statement>", "試験は六週間続いた。[1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>시험은 육 주였다.<cite>[1-1]</cite></statement>", "시험은 육 주였다. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>El ensayo duró seis semanas.<cite>[1-1]</cite></statement>", "El ensayo duró seis semanas. [1]",
      "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>Twice.<cite>[1-1]</cite></statement> <statement>Again.<cite>[1-1]</cite></statement>", "Twice. [1] Again. [1]",
      "1:1-1=The trial lasted six weeks.", 0 },
    /* Sloppy. */
    { "<statement>A.<cite>[1]</cite></statement>", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.<cite>[1–2]</cite></statement>", "A. [1]", "1:1-1=The trial lasted six weeks. Nobody left.", 0 },
    { "<statement>A.<cite>[0-0, 2-2]</cite></statement>", "A. [1][2]", "1:1-1=Forty patients took part. | 1:1-1=Nobody left.", 0 },
    { "<statement>A.<cite><C1>-<C2></cite></statement>", "A. [1]", "1:1-1=The trial lasted six weeks. Nobody left.", 0 },
    { "<statement>A.<cite> [ 1 - 1 ] </cite></statement>", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.<cite>[1-1]</statement> B", "A. [1] B", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.<cite>[1-1]<statement>B.", "A. [1] B.", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.<cite>[1-1]", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.<cite>[1-", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "A.<cite>[1-1]</cite>", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement>A.</statement>", "A.", "", 0 },
    { "No tags at all [1-1].", "No tags at all [1-1].", "", 0 },
    /* Wrong: what is beyond the end is cut there, as the publication does; what begins there is nothing. */
    { "<statement>A.<cite>[7-900]</cite></statement>", "A. [1]", "2:1-1=没有正则化。", 0 },
    { "<statement>A.<cite>[8-8]</cite></statement>", "A. [?]", "", 1 },
    { "<statement>A.<cite>[3-1]</cite></statement>", "A. [?]", "", 1 },
    { "<statement>A.<cite>[1-1][99-99]</cite></statement>", "A. [1][?]", "1:1-1=The trial lasted six weeks.", 1 },
    { "<statement>A.<cite>[99999999999999999999999-1]</cite></statement>", "A. [?]", "", 1 },
    { "<statement>A.<cite>[4-5]</cite></statement>", "A. [1][2]", "1:2-2=Thanks go to all. | 2:1-1=学习率为零点零三；", 0 },
    { "<statement>A.<cite>none</cite></statement>", "A.", "", 0 },
    /* Adversarial. */
    { "5 < 6 and <statement>x<y<cite>[1-1]</cite></statement>", "5 < 6 and x<y [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "<statement><statement>A.<cite><cite>[1-1]</cite></cite></statement></statement>", "A. [1]", "1:1-1=The trial lasted six weeks.", 0 },
    { "</cite></statement>A.", "A.", "", 0 },
    { "<stat", "<stat", "", 0 },
    { "<cite>", "", "", 0 },
    { "<C1>The trial</C1>", "<C1>The trial</C1>", "", 0 },
    { "【1:1】 stays text", "【1:1】 stays text", "", 0 },
};

/* PIECE bytes at a time. */
static void check_case(const Case *c, const GArray *chunks, const GPtrArray *documents, gsize piece)
{
    CitationReader *reader = citation_reader_new(documents);
    g_autoptr(GString) shown = g_string_new(NULL), cited = g_string_new(NULL);

    citation_reader_use_chunks(reader, chunks);
    for (const char *p = c->answer; *p != '\0';) {
        const char *end = p;
        while (*end != '\0' && (gsize) (end - p) < piece)
            end += g_utf8_skip[(guchar) *end];
        citation_reader_feed(reader, p, (gsize) (end - p), shown);
        g_assert_null(strstr(shown->str, "<statement>"));
        p = end;
    }
    citation_reader_end(reader, shown);
    g_assert_cmpstr(shown->str, ==, c->shown);
    for (guint i = 0; i < citation_reader_list(reader)->len; i++) {
        const Citation *citation = &g_array_index(citation_reader_list(reader), Citation, i);
        g_string_append_printf(cited, "%s%u:%u-%u=%s", i > 0 ? " | " : "", citation->document + 1, citation->first + 1,
                               citation->last + 1, citation->text);
    }
    g_assert_cmpstr(cited->str, ==, c->cited);
    g_assert_cmpuint(citation_reader_unknown(reader)->len, ==, c->unknown);
    for (guint i = 0; i < citation_reader_marks(reader)->len; i++) {
        const CitationMark *mark = &g_array_index(citation_reader_marks(reader), CitationMark, i);
        g_assert_cmpint(shown->str[mark->begin], ==, '[');
        g_assert_cmpint(shown->str[mark->end - 1], ==, ']');
    }
    citation_reader_free(reader);
}

static void test_answers(void)
{
    g_autoptr(GPtrArray) documents = two_documents();
    Pack *pack = longcite_pack(documents, encode_bytes, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        for (gsize piece = 1; piece <= 512; piece *= 8) {
            g_test_message("%s", cases[i].answer);
            check_case(&cases[i], pack->chunks, documents, piece);
        }
    pack_free(pack);
}

static void test_name(void)
{
    g_assert_true(longcite_is("LongCite-glm4-9b"));
    g_assert_true(longcite_is("longcite-glm4-9b-Q4_K_M"));
    g_assert_false(longcite_is("glm-4-9b-chat"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/longcite/pack", test_pack);
    g_test_add_func("/longcite/answers", test_answers);
    g_test_add_func("/longcite/name", test_name);
    return g_test_run();
}
