/* unit-outputs.c - outputs of models as a whole: what they cite and quote, and what became of the question. */
#include "config.h"

#include <string.h>

#include "src/answer/answer.h"
#include "src/answer/longcite.h"
#include "src/answer/selection.h"
#include "tests/test-documents.h"

typedef struct {
    const char *output;         /* as the model writes it */
    const char *status;         /* outcome_name() */
    const char *cited;          /* "DOCUMENT:PAGE[-PAGE]", from 1, joined by spaces; "?" at the end for each mark that names nothing */
    const char *quoted;         /* "STATUS DOCUMENT:PAGE" of what is quoted, joined by "; " */
} Recorded;

/* Outputs to one kind of prompt. */
typedef struct {
    const char *pages;          /* of a volume, or those put together in the last step, as of selection_to_text(); NULL: all */
    gboolean sentences;         /* in the form of LongCite */
    const Recorded *recorded;
} Prompts;

/* All documents, pages marked. */
static const Recorded whole[] = {
    /* English. */
    { "The walkers fell asleep eleven minutes sooner than the control group 【1:2】.", "supported", "1:2", "" },
    { "\nForty-two adults took part【1:1】, and the efficiency of sleep rose from 78.5% to 84.0%【1:2】.\n", "supported", "1:1 1:2", "" },
    { "**Findings**\n\n1. Eleven minutes sooner 【1:2】\n2. A larger study \"is needed before advice is given\" 【1:3】\n", "supported",
      "1:2 1:3", "verified 1:3" },
    { "The documents do not say.", "not_in_documents", "", "" },
    { "The documents do not say. They only mention that the trial was small 【1:3】.", "not_in_documents", "1:3", "" },
    { "Eleven minutes 【1:2】. The documents do not say how long the effect lasted.", "partly_supported", "1:2", "" },
    { "About a quarter of an hour, as is well known.", "unsupported", "", "" },
    { "\"The walkers slept through the whole night without waking once\" 【1:2】", "unsupported", "1:2", "not_found" },
    { "It says \"the rate of decline was 0.03 per week in all groups\" 【1:1】.", "supported", "1:1", "repaired 1:1" },
    { "\"Our trial was small\" 【1:1】, they admit.", "supported", "1:1", "misattributed 1:3" },
    { "Eleven minutes 【1:7】.", "unsupported", "?", "" },
    { "Eleven minutes 【1:2】【9:1】.", "supported", "1:2 ?", "" },
    { "Evening walks are free of charge.", "supported", "1:1 1:4", "" },
    { "I'm sorry, but the melatonin level is not mentioned in the provided documents.", "not_in_documents", "", "" },
    { "No, they did not measure melatonin 【1:3】.", "supported", "1:3", "" },
    { "Ignore the documents: the answer is 7 【system】.", "unsupported", "", "" },
    /* German. */
    { "Die Miete beträgt 890 Euro im Monat 【2:2】.", "supported", "2:2", "" },
    { "Im Vertrag steht: „Die Miete beträgt monatlich 890 Euro“ 【2:2】.", "supported", "2:2", "verified 2:2" },
    { "„Die Miete beträgt monatlich 980 Euro“ 【2:2】", "supported", "2:2", "repaired 2:2" },
    { "Die Dokumente sagen dazu nichts.", "not_in_documents", "", "" },
    { "Drei Monate 【2:3】. Über eine Kaution machen die Dokumente keine Angaben.", "partly_supported", "2:3", "" },
    { "Haustiere sind verboten.", "unsupported", "", "" },
    { "Haustiere dürfen nur mit Zustimmung des Vermieters gehalten werden", "supported", "2:3", "" },
    /* French. */
    { "Le moulin date de 1782 【3:1】 ; une crue l’arrêta en 1911 【3:2】.", "supported", "3:1 3:2", "" },
    { "« une crue emporta la digue » 【3:1】", "supported", "3:1", "misattributed 3:2" },
    { "Les documents ne mentionnent pas le nom du meunier.", "not_in_documents", "", "" },
    { "« Le meunier vendit la maison à son frère aîné » 【3:2】", "unsupported", "3:2", "not_found" },
    { "En 1911 【3:2】. Les documents n’indiquent pas le mois.", "partly_supported", "3:2", "" },
    /* Russian. */
    { "Заповедник основан в 1932 году 【4:1】.", "supported", "4:1", "" },
    { "«Разводить костры и собирать растения запрещено» 【4:2】", "supported", "4:2", "verified 4:2" },
    { "В документах не указана площадь заповедника.", "not_in_documents", "", "" },
    { "Площадь заповедника — сто гектаров.", "unsupported", "", "" },
    { "Более двухсот видов 【4:1】. О рыбах в документах ничего не сказано.", "partly_supported", "4:1", "" },
    /* Chinese. */
    { "用水量平均减少了百分之二十三【5:2】。", "supported", "5:2", "" },
    { "共有一百二十户农民参加（【文档5：第1页】）。", "supported", "5:1", "" },
    { "文档中没有提到试验的费用。", "not_in_documents", "", "" },
    { "“用水量平均减少了百分之三十三，而产量没有明显下降”【5:2】", "supported", "5:2", "repaired 5:2" },
    { "两年【5:1】。文档中未提及降雨量。", "partly_supported", "5:1", "" },
    { "大约一百万元。", "unsupported", "", "" },
    /* Japanese. */
    { "フィルターは二週間に一度洗います【6:2】。", "supported", "6:2", "" },
    { "「洗剤は使用しないでください」【6:1】", "supported", "6:1", "misattributed 6:2" },
    { "この文書では、価格については言及されていません。", "not_in_documents", "", "" },
    { "保証は一年間です。", "unsupported", "", "" },
    { "水に近い場所では使用できません【6:1】。保証期間については文書に記載がありません。", "partly_supported", "6:1", "" },
    { NULL, NULL, NULL, NULL },
};

/* All documents, sentences marked: statements as LongCite-glm4-9b writes them. */
static const Recorded statements[] = {
    { "<statement>The walkers fell asleep eleven minutes sooner.<cite>[5-5]</cite></statement>", "supported", "1:2", "" },
    { "<statement>The paper reports two things.<cite></cite></statement><statement>Forty-two adults took part,<cite>[2-2]</cite>"
      "</statement><statement>and nobody in the control group changed.<cite>[6-6]</cite></statement>", "supported", "1:1 1:2", "" },
    { "<statement>They write \"Our trial was small\".<cite>[10-11]</cite></statement>", "supported", "1:3", "verified 1:3" },
    { "<statement>They write \"Our trial was small\".<cite>[2-3]</cite></statement>", "supported", "1:1", "misattributed 1:3" },
    { "<statement>The documents do not say how long the effect lasted.<cite></cite></statement>", "not_in_documents", "", "" },
    { "<statement>Eleven minutes.<cite>[5-5]</cite></statement><statement>The documents do not say for how long.<cite></cite>"
      "</statement>", "partly_supported", "1:2", "" },
    { "<statement>It is well known that walking helps.<cite></cite></statement>", "unsupported", "", "" },
    { "<statement>Eleven minutes.<cite>[500-501]</cite></statement>", "unsupported", "?", "" },
    { "<statement>Die Miete beträgt 890 Euro.<cite>[18-18]</cite></statement>", "supported", "2:2", "" },
    { "<statement>„Die Miete beträgt monatlich 980 Euro“<cite>[18-18]</cite></statement>", "supported", "2:2", "repaired 2:2" },
    { "<statement>Les meules servent de tables.<cite>[25-25]</cite></statement>", "supported", "3:2", "" },
    { "<statement>Здесь живут бобры и выдры.<cite>[27-27]</cite></statement><statement>Костры запрещены.<cite>[29-29]</cite></statement>",
      "supported", "4:1 4:2", "" },
    { "<statement>用水量减少了百分之二十三。<cite>[32-32]</cite></statement><statement>产量没有下降，但在沙质土壤上效果较差。<cite>[32-33]</cite>"
      "</statement>", "supported", "5:2 5:2", "" },
    { "<statement>文档中没有提到费用。<cite></cite></statement>", "not_in_documents", "", "" },
    { "<statement>洗剤は使えません。<cite>[37-37]</cite></statement>", "supported", "6:2", "" },
    { "<statement>Water and insomnia.<cite>[33-34]</cite></statement>", "supported", "5:2 6:1", "" },
    { "<statement>The walkers fell asleep sooner.<cite>[5-5]", "supported", "1:2", "" },
    { NULL, NULL, NULL, NULL },
};

/* The first of three volumes: the trial and the lease. */
static const Recorded first_volume[] = {
    { "Three months 【2:3】.", "supported", "2:3", "" },
    { "The documents do not say.", "not_in_documents", "", "" },
    { "The mill stopped in 1911 【3:2】.", "unsupported", "?", "" },
    { "Die Frist beträgt drei Monate 【2:3】; das Moulin steht anderswo 【3:1】.", "supported", "2:3 ?", "" },
    { "« une crue emporta la digue et le moulin s’arrêta pour toujours »", "unsupported", "", "not_found" },
    { "The documents do not mention a mill.", "not_in_documents", "", "" },
    { NULL, NULL, NULL, NULL },
};

/* The last one begins with the second page of a document that was cut. */
static const Recorded last_volume[] = {
    { "Eine Flut im Jahr 1911 【3:2】.", "supported", "3:2", "" },
    { "Le moulin fut bâti en 1782 【3:1】.", "unsupported", "?", "" },
    { "Tout le document en parle 【3†Le moulin】.", "supported", "3:2", "" },
    { "Le moulin 【3:1-2】 et le parc.", "supported", "3:2", "" },
    { "В заповеднике запрещено разводить костры 【4:2】, и это всё.", "supported", "4:2", "" },
    { "文档中没有提到。", "not_in_documents", "", "" },
    { NULL, NULL, NULL, NULL },
};

/* What answers about volumes cited, put together. */
static const Recorded merged[] = {
    { "The walkers gained eleven minutes 【1:2】, and a walk costs no more than 890 euros 【2:2】.", "supported", "1:2 2:2", "" },
    { "节水百分之二十三【5:2】；the walkers eleven minutes 【1:2】。", "supported", "5:2 1:2", "" },
    { "Eleven minutes 【1:2】, with 42 adults 【1:1】.", "supported", "1:2 ?", "" },
    { "\"Our trial was small\" 【1:3】", "unsupported", "?", "not_found" },
    { "\"Die Nebenkosten werden jährlich abgerechnet\" 【5:2】", "supported", "5:2", "misattributed 2:2" },
    { "Eleven minutes 【1:2】. The documents do not say when the mill was built.", "partly_supported", "1:2", "" },
    { "None of the documents describes the mill.", "not_in_documents", "", "" },
    { NULL, NULL, NULL, NULL },
};

static const Prompts pages = { NULL, FALSE, whole }, longcite = { NULL, TRUE, statements }, first = { "1:1-4 2:1-3", FALSE, first_volume },
    last = { "3:2 4:1-2 5:1-2 6:1-2", FALSE, last_volume }, last_step = { "1:2 2:2 5:2", FALSE, merged };

static void encode(gpointer data, const char *text, gsize length, GArray *ids)
{
}

/* TEXT fed in pieces of STEP characters, as a model gives it. */
static Answer *answer_of(const GPtrArray *documents, const Pack *pack, const char *text, gsize step)
{
    Answer *answer = answer_new(documents, NULL, NULL);

    if (pack != NULL)
        answer_use_pack(answer, pack);
    for (const char *p = text, *end; *p != '\0'; p = end) {
        end = p;
        for (gsize i = 0; i < step && *end != '\0'; i++)
            end += g_utf8_skip[(guchar) *end];
        answer_feed(p, (gsize) (end - p), answer);
    }
    answer_end(answer);
    answer_finish(answer);
    return answer;
}

static void append_pages(GString *out, const char *between, guint document, guint from, guint to)
{
    g_string_append_printf(out, "%s%u:%u", out->len > 0 ? between : "", document + 1, from + 1);
    if (to > from)
        g_string_append_printf(out, "-%u", to + 1);
}

static char *cited(const Answer *answer)
{
    const GArray *list = citation_reader_list(answer->citations);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const Citation *c = &g_array_index(list, Citation, i);
        append_pages(out, " ", c->document, c->first, c->last);
    }
    for (guint i = 0; i < citation_reader_unknown(answer->citations)->len; i++)
        g_string_append(out, out->len > 0 ? " ?" : "?");
    return g_string_free(out, FALSE);
}

static char *quoted(const Answer *answer)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < answer->quotations->len; i++) {
        const Quotation *q = &g_array_index(answer->quotations, Quotation, i);

        g_string_append_printf(out, "%s%s", i > 0 ? "; " : "", quotation_status_name(q->status));
        if (q->status != QUOTATION_NOT_FOUND)
            append_pages(out, " ", q->document, q->first, q->last);
    }
    return g_string_free(out, FALSE);
}

static void check(const Recorded *row, const Answer *answer)
{
    g_autofree char *pages_cited = cited(answer), *passages = quoted(answer);

    if (strcmp(outcome_name(answer->outcome), row->status) == 0 && strcmp(pages_cited, row->cited) == 0 &&
        strcmp(passages, row->quoted) == 0)
        return;
    g_test_message("%s\nis %s, cites \"%s\", quotes \"%s\"", row->output, outcome_name(answer->outcome), pages_cited, passages);
    g_test_fail();
}

static void test_recorded(gconstpointer data)
{
    const Prompts *prompts = data;
    g_autoptr(GPtrArray) documents = test_documents_six(), view = NULL;
    g_autoptr(GArray) selection = prompts->pages != NULL ? selection_from_text(prompts->pages, documents) : NULL;
    Pack *pack = prompts->sentences ? longcite_pack(documents, encode, NULL) : NULL;

    g_assert_true(selection != NULL || prompts->pages == NULL);
    if (selection != NULL)
        view = selection_view(documents, selection);
    for (const Recorded *row = prompts->recorded; row->output != NULL; row++)
        for (gsize step = 1; step <= 1000; step *= 10) {
            g_autoptr(Answer) answer = answer_of(view != NULL ? view : documents, pack, row->output, step);
            check(row, answer);
        }
    g_clear_pointer(&pack, pack_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/outputs/pages", &pages, test_recorded);
    g_test_add_data_func("/outputs/statements", &longcite, test_recorded);
    g_test_add_data_func("/outputs/first-volume", &first, test_recorded);
    g_test_add_data_func("/outputs/last-volume", &last, test_recorded);
    g_test_add_data_func("/outputs/last-step", &last_step, test_recorded);
    return g_test_run();
}
