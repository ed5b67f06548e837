/* test-documents.c - documents made of strings, for tests that link no readers. */
#include "config.h"
#include "tests/test-documents.h"

#include <string.h>

static void free_page(gpointer data)
{
    Page *page = data;

    g_free(page->label);
    g_free(page->text);
    g_free(page);
}

static void free_document(gpointer data)
{
    Document *document = data;

    g_free(document->path);
    g_free(document->format);
    g_free(document->title);
    g_ptr_array_unref(document->pages);
    g_free(document);
}

Document *test_document(const char *title, const char *format, const char *const *texts)
{
    Document *document = g_new0(Document, 1);

    document->path = g_strdup(title);
    document->format = g_strdup(format);
    document->title = g_strdup(title);
    document->pages = g_ptr_array_new_with_free_func(free_page);
    for (guint i = 0; texts[i] != NULL; i++) {
        Page *page = g_new0(Page, 1);
        page->label = g_strdup_printf("%u", i + 1);
        page->text = g_strdup(texts[i]);
        page->length = strlen(page->text);
        g_ptr_array_add(document->pages, page);
    }
    return document;
}

GPtrArray *test_documents_new(void)
{
    return g_ptr_array_new_with_free_func(free_document);
}

GPtrArray *test_documents_six(void)
{
    static const char *const trial[] = {
        "A Trial of Evening Walks\nAims and methods. We asked whether a short walk after supper helps people to fall "
        "asleep sooner. Forty-two adults took part; the rate of decline was 0.003 per week in all groups. "
        "Evening walks are free of charge.\n",
        "Results. The walkers fell asleep eleven minutes sooner than the others (95% CI 7 to 15). Nobody in the "
        "control\ngroup reported a comparable change. The effi-\nciency of sleep rose from 78.5% to 84.0% in the "
        "\uFB01rst month. It doesn't follow that walking cures insomnia.\n",
        "Discussion. Our trial was small, and the participants knew what they were doing. We did not measure "
        "melatonin, and a larger study with a well-\nknown protocol is needed before advice is given. "
        "A walk is cheap, safe and\n",
        "pleasant for most people. The winter was mild [12] and dry. \u201CSleep is a habit,\u201D wrote one "
        "participant, \u201Cand habits can be walked into.\u201D "
        "Evening walks are free of charge.\n", NULL,
    };
    static const char *const lease[] = {
        "§ 1 Mietsache\nVermietet wird die Wohnung im zweiten Obergeschoss mit drei Zimmern, Küche und Bad. "
        "Die Wohnfläche beträgt 74,5 Quadratmeter.\n",
        "§ 2 Miete\nDie Miete beträgt monatlich 890 Euro und ist bis zum dritten Werktag eines Monats zu zahlen. "
        "Die Neben-\nkosten werden jährlich abgerechnet.\n",
        "§ 3 Kündigung\nDas Mietverhältnis kann von jeder Partei mit einer Frist von drei Monaten schriftlich "
        "gekündigt werden. Haustiere dürfen nur mit Zustimmung des Vermieters gehalten werden.\n", NULL,
    };
    static const char *const mill[] = {
        "Le moulin fut bâti en 1782 au bord de la rivière. L’eau faisait tourner deux grandes roues, et le meunier "
        "n’avait pas besoin du vent.\n",
        "En 1911, une crue emporta la digue et le moulin s’arrêta pour toujours. Les habitants gardèrent les meules, "
        "qui servent aujourd’hui de tables dans le jardin public.\n", NULL,
    };
    static const char *const reserve[] = {
        "Заповедник основан в 1932 году на берегу озера. Здесь живут бобры, выдры и более двухсот видов птиц.\n",
        "Посещение заповедника возможно только в сопровождении инспектора. Разводить костры и собирать растения "
        "запрещено в любое время года.\n", NULL,
    };
    static const char *const rice[] = {
        "本文提出一种新的水稻灌溉方法。试验在三个县进行，为期两年，共有一百二十户农民参加。\n",
        "结果表明，用水量平均减少了百分之二十三，而产量没有\n明显下降。但是，在沙质土壤上效果较差，需要进一步研究。\n", NULL,
    };
    static const char *const manual[] = {
        "本機を水に近い場所で使用しないでください。電源コードを傷つけたり、無理に曲げたりしないでください。\n",
        "フィルターは二週間に一度、ぬるま湯で洗ってください。洗剤は使用しないでください。\n", NULL,
    };
    GPtrArray *documents = test_documents_new();

    g_ptr_array_add(documents, test_document("Trial", "pdf", trial));
    g_ptr_array_add(documents, test_document("Mietvertrag", "pdf", lease));
    g_ptr_array_add(documents, test_document("Le moulin", "html", mill));
    g_ptr_array_add(documents, test_document("Заповедник", "html", reserve));
    g_ptr_array_add(documents, test_document("灌溉", "pdf", rice));
    g_ptr_array_add(documents, test_document("取扱説明書", "pdf", manual));
    return documents;
}
