/* unit-refusal.c - sentences as models write them when the documents do not say, and others. */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "src/answer/refusal.h"

static const char *const refusals[] = {
    "Über den Preis sagen die Dokumente nichts.",
    "In den Dokumenten steht nichts zum Preis.",
    "The documents do not say.",
    "The provided documents do not contain information about the price of the pump.",
    "The text doesn't mention who painted the bridge.",
    "There is no information about the warranty in the given documents.",
    "Based on the provided context, I cannot find the answer in the documents.",
    "I'm sorry, but the name of the author is not mentioned in the provided text.",
    "The information provided does not specify the date of the trial.",
    "None of the documents describes the battery.",
    "根据提供的文档，没有提到该产品的价格。",
    "文档中未提及作者的出生年份。",
    "抱歉，文中没有给出相关信息。",
    "無法從文檔中找到答案。",
    "提供的資料並未說明原因。",
    "提供された文書には、価格についての記載はありません。",
    "この文章では著者の生年については言及されていません。",
    "申し訳ありませんが、資料にはその情報が含まれていません。",
    "제공된 문서에는 가격에 대한 언급이 없습니다.",
    "문서에서 해당 정보를 찾을 수 없습니다.",
    "Die Dokumente sagen dazu nichts.",
    "In den vorliegenden Dokumenten wird der Preis nicht erwähnt.",
    "Die Unterlagen enthalten keine Angaben zur Garantie.",
    "Das geht aus den Dokumenten nicht hervor.",
    "Les documents ne mentionnent pas le prix.",
    "Aucune information sur la garantie n'est donnée dans les documents.",
    "Le texte n’indique pas la date.",
    "Los documentos no mencionan el precio de la bomba.",
    "No se menciona la garantía en los documentos proporcionados.",
    "Os documentos não mencionam o preço.",
    "Não há informações sobre a garantia nos documentos fornecidos.",
    "I documenti non indicano il prezzo.",
    "Nei documenti non viene menzionata la garanzia, e nulla nei testi la nomina.",
    "В документах не указана цена насоса.",
    "Предоставленные документы не содержат информации о гарантии.",
    "De documenten vermelden de prijs niet.",
    "Er staat niets over de garantie in de documenten.",
    "Dokumenty nie podają ceny pompy.",
    "W dokumentach brak informacji o gwarancji.",
    "Belgelerde fiyat belirtilmemiştir.",
    "Metinde garanti hakkında bilgi bulunmamaktadır.",
    "لا تذكر الوثائق سعر المضخة.",
    "لم يرد ذكر الضمان في المستندات المقدمة.",
    "Các tài liệu không đề cập đến giá của máy bơm.",
    "Không có thông tin về bảo hành trong các tài liệu.",
    "เอกสารไม่ได้ระบุราคาของปั๊ม",
    "ไม่มีข้อมูลเกี่ยวกับการรับประกันในเอกสารที่ให้มา",
    "Dokumen tersebut tidak menyebutkan harga pompa.",
    "Tidak ada informasi tentang garansi dalam dokumen.",
    "Dokumenty neuvádějí cenu čerpadla.",
    "V dokumentech není záruka zmíněna.",
    "Dokumenten nämner inte priset.",
    "Det står inget om garantin i dokumenten.",
    "Dokumenterne nævner ikke prisen.",
    "Dokumentene oppgir ikke prisen.",
    "Asiakirjoissa ei mainita hintaa.",
    "A dokumentumok nem említik az árat.",
    "Documentele nu menționează prețul pompei.",
    "Τα έγγραφα δεν αναφέρουν την τιμή.",
    "המסמכים אינם מציינים את המחיר.",
    "दस्तावेज़ों में कीमत का उल्लेख नहीं है।",
    "Документи не містять інформації про ціну.",
};

static const char *const weak[] = {
    "There is no information about the warranty.",
    "The price is not specified.",
    "I don't know.",
    "It cannot be determined who painted it.",
    "没有相关信息。",
    "情報はありません。",
    "알 수 없습니다.",
    "Dazu gibt es keine Angaben.",
    "Aucune information n'est disponible.",
    "No se indica la fecha.",
    "Нет информации о цене.",
    "Brak informacji o cenie.",
};

/* Answers: also those that deny something, or quote a refusal. */
static const char *const answers[] = {
    "The trial lasted six weeks.",
    "No, the device does not contain lead.",
    "The pump must not be opened while it runs.",
    "Patients who did not finish were left out.",
    "The author writes that \"the documents do not say\" who painted it.",
    "The committee never met again, and nobody mentioned it.",
    "4242",
    "The special code for Bergen is 4242.",
    "该设备不含铅。",
    "试验持续了六周。",
    "試験は六週間続きました。",
    "この装置は鉛を使いません。",
    "시험은 육 주 동안 계속되었다.",
    "Der Versuch dauerte sechs Wochen.",
    "Das Gerät darf nicht geöffnet werden.",
    "L'essai n'a pas duré six semaines.",
    "La bomba no debe abrirse.",
    "A bomba não deve ser aberta.",
    "La pompa non va aperta.",
    "Насос нельзя открывать, он не охлаждён.",
    "Pompa nie może być otwarta.",
    "De pomp mag niet worden geopend.",
    "Pompa çalışırken açılmamalıdır.",
    "لا تفتح المضخة أثناء التشغيل.",
    "Không được mở máy bơm khi đang chạy.",
    "ห้ามเปิดปั๊มขณะทำงาน",
    "Pumpen får inte öppnas.",
    "Pumppua ei saa avata.",
};

static void expect(const char *const *sentences, gsize n, Refusal expected)
{
    for (gsize i = 0; i < n; i++) {
        Refusal got = refusal_of(sentences[i], strlen(sentences[i]));

        if (got != expected) {
            g_test_message("%s: %u, not %u", sentences[i], got, expected);
            g_test_fail();
        }
    }
}

static void test_refusals(void)
{
    expect(refusals, G_N_ELEMENTS(refusals), REFUSAL_STRONG);
}

static void test_weak(void)
{
    expect(weak, G_N_ELEMENTS(weak), REFUSAL_WEAK);
}

static void test_answers(void)
{
    expect(answers, G_N_ELEMENTS(answers), REFUSAL_NONE);
}

/* Bytes that are no text, and a part of a longer text. */
static void test_bytes(void)
{
    const char *text = "The documents do not say. More.";

    g_assert_cmpint(refusal_of("\xff\xfe", 2), ==, REFUSAL_NONE);
    g_assert_cmpint(refusal_of("", 0), ==, REFUSAL_NONE);
    g_assert_cmpint(refusal_of(text, 25), ==, REFUSAL_STRONG);
    g_assert_cmpint(refusal_of(text + 26, 5), ==, REFUSAL_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refusal/refusals", test_refusals);
    g_test_add_func("/refusal/weak", test_weak);
    g_test_add_func("/refusal/answers", test_answers);
    g_test_add_func("/refusal/bytes", test_bytes);
    return g_test_run();
}
