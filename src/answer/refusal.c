/* refusal.c - whether a sentence says that the documents do not say. */
#include "config.h"
#include "src/answer/refusal.h"

#include <string.h>

/* Regular expressions without case, a line for each language or family of endings. */
static const char *const strong[] = {
    /* English */
    "\\b(documents?|texts?|pages?|passages?|files?|context|materials?|sources?|excerpts?|articles?|papers?|information|content)\\b"
    "[^.;:]{0,60}\\b(do|does|did|is|are)(es)?(n['’]t| not)( \\w+)? "
    "(say|contain|mention|provide|include|specify|state|give|discuss|address|describe|indicate|cover|answer|tell|reveal|offer|list|"
    "disclose|explain|sufficient|enough)",
    "\\b(not|n['’]t|never|nowhere)( \\w+)? (mentioned|contained|given|stated|specified|provided|included|found|said|listed|discussed|"
    "described|covered|addressed|available|present|answered)( \\w+)? (in|by|within|from|anywhere in)( \\w+){0,3} "
    "(documents?|texts?|pages?|passages?|files?|context|materials?|sources?|excerpts?)",
    "\\b(no|neither|none of|nothing in)\\b[^.;:]{0,60}\\b(documents?|texts?|pages?|passages?|files?|context|materials?|excerpts?)\\b",
    "\\b(can ?not|can['’]t|could not|couldn['’]t|unable to|not able to|not possible to)( \\w+)? (find|answer|determine|locate|tell|say|be (found|"
    "answered|determined))\\b[^.;:]{0,80}\\b(documents?|texts?|pages?|passages?|files?|context|materials?|sources?|provided|given)\\b",
    "^\\W*not in (these|the)( \\w+)? documents",
    /* Chinese */
    "(文档|文檔|文件|文中|文本|文章|资料|資料|材料|上下文|原文|提供的(信息|内容|資訊|內容))[^。；]{0,24}"
    "(没有|沒有|并未|並未|未|不包含|不包括|不涉及|无|無)[^。；]{0,12}"
    "(提到|提及|说明|說明|给出|給出|包含|提供|涉及|记载|記載|指出|找到|回答|描述|信息|資訊|内容|內容|答案)",
    "(无法|無法|不能)(从|從|在|根据|根據)?[^。；]{0,16}(文档|文檔|文件|文中|文本|资料|資料|材料|原文)[^。；]{0,16}"
    "(找到|得知|确定|確定|回答|得出|获取|獲取)",
    /* Japanese */
    "(文書|文章|資料|ドキュメント|テキスト|本文|書類|文脈)[^。]{0,40}(記載|記述|言及|含ま|書か|説明|示さ|述べ|触れ|見つか|見つけ|情報|答え|明記)"
    "[^。]{0,12}(ない|なかっ|ありませ|ませんで|いませ|れませ|りませ|おりませ|きませ)",
    /* Korean */
    "(문서|자료|본문|텍스트|문맥|지문|글)[^.]{0,40}(언급|포함|나와|나오|기재|설명|명시|제시|찾을|정보|내용|답)[^.]{0,12}(않|없|못)",
    /* German, Dutch, Scandinavian */
    "(dokument|unterlage|text|seite|quelle|kontext|material|datei)\\w*\\b[^.;:]{0,60}\\b(nicht|kein\\w*|nichts|weder)\\b[^.;:]{0,80}"
    "(enthalt|enthält|erwähn|nenn|genannt|angegeben|angabe|sag|steh|find|gefunden|hervor|beantwort|auskunft|information|hinweis|aussage|beschr)",
    "(dokument|unterlage|text|seite|quelle|kontext|material)\\w*\\b[^.;:]{0,30}\\b(enthält|enthalten|geben|gibt|nennen|nennt|erwähnen|erwähnt|machen|sagen|sagt|"
    "liefern|liefert)\\b[^.;:]{0,60}\\b(nicht|kein\\w*|nichts)\\b",
    "(dokument|unterlage|text|quelle|seite)\\w*\\b[^.;:]{0,30}\\b(steht|stehen|findet|finden)\\b[^.;:]{0,40}\\b(kein\\w*|nichts)\\b",
    "\\b(sag|nenn|erwähn|enthalten|enthält|machen|macht|geben|gibt)\\w*\\b (die|das|der|diese[rs]?) (\\w+ )?"
    "(dokument|unterlage|text|quelle|seite)\\w*\\b[^.;:]{0,40}\\b(nicht|kein\\w*|nichts)\\b",
    "\\b(nicht|kein\\w*|nichts)\\b[^.;:]{0,60}(in|aus) den (\\w+ )?(dokument|unterlage|text|quelle|seite)\\w*",
    "(document|tekst|pagina|bron|context|materia)\\w*\\b[^.;:]{0,60}\\b(niet|geen|niets)\\b",
    "\\b(niet|geen|niets)\\b[^.;:]{0,60}in (de|het|deze)( \\w+)? (document|tekst|bron)\\w*",
    "(dokument|text|tekst|källo|kilde|materiale?|underlag)\\w*\\b[^.;:]{0,60}\\b(inte|ikke|ingen|inga|inget|intet|ingenting)\\b",
    "\\b(inte|ikke|ingen|inga|inget|intet)\\b[^.;:]{0,60}\\bi (de |den |det |disse |dessa )?(\\w+ )?(dokument|text|tekst|underlag)\\w*",
    /* Finnish, Hungarian, Turkish, Indonesian and Malay */
    "(asiakirj|dokument|teksti|lähte|aineisto)\\w*\\b[^.;:]{0,40}\\b(ei|eivät)\\b",
    "\\b(ei|eivät)\\b[^.;:]{0,40}(asiakirj|dokument|teksti)\\w*",
    "(dokumentum|szöveg|irat|forrás|anyag)\\w*\\b[^.;:]{0,60}\\b(nem|nincs|nincsen|sem)\\b",
    "\\b(nem|nincs)\\b[^.;:]{0,60}(dokumentum|szöveg|irat)\\w*(ban|ben|ból|ből|ok|uk)",
    "(belge|metin|metn|doküman|kaynak|sayfa)\\w*\\b[^.;:]{0,80}(yok|bulunm|belirtilm|yer alm|bahsed\\w*m|içerm|verilm|değin\\w*m|söylen?m)",
    "(dokumen|teks|halaman|sumber|konteks)\\w*\\b[^.;:]{0,40}\\b(tidak|tiada|tak|belum)\\b",
    "\\b(tidak|tiada)\\b[^.;:]{0,60}\\b(di|dalam|pada)( \\w+)? (dokumen|teks)",
    /* Romance */
    "\\b(document|texte|page|source|contexte|fichier|extrait|information)s?\\b[^.;:]{0,40}\\b(ne|n['’])[^.;:]{0,40}\\b(pas|aucune?|rien|guère|ni)\\b",
    "\\b(aucune?|rien|pas)\\b[^.;:]{0,60}\\b(dans|par) (les|le|ces|ce)( \\w+)? (document|texte|page|source|extrait)s?",
    "\\b(documentos?|textos?|páginas?|fuentes?|contexto|archivos?|materiales)\\b[^.;:]{0,40}\\b(no|ningun[oa]?|nada|tampoco)\\b[^.;:]{0,40}"
    "(mencion|conti|indic|dice|dan|da|especific|proporcion|incluy|señal|aparec|inform|encuentr|respond)",
    "\\b(no|ningun[oa]?|nada)\\b[^.;:]{0,60}\\ben (los|el|estos|este|las)( \\w+)? (documentos?|textos?|páginas?|fuentes?)",
    "\\b(documentos?|textos?|páginas?|fontes?|contexto|arquivos?|materiais)\\b[^.;:]{0,40}\\b(não|nenhuma?|nada)\\b",
    "\\b(não|nenhuma?|nada)\\b[^.;:]{0,60}\\b(nos|no|nestes|neste|em)( \\w+)? (documentos?|textos?)",
    "\\b(document[oi]|test[oi]|pagin[ae]|font[ei]|contesto|materiale)\\b[^.;:]{0,40}\\b(non|nessun[oa]?|nulla|niente)\\b",
    "\\b(non|nessun[oa]?|nulla)\\b[^.;:]{0,60}\\b(nei|nel|dai|dal|in questi)( \\w+)? (document[oi]|test[oi])",
    "\\b(document|text|sursel|context|pagin|materialel)\\w*\\b[^.;:]{0,40}\\bnu\\b",
    "\\b(nu|nicio|niciun)\\b[^.;:]{0,60}\\bîn( \\w+)? (document|text)\\w*",
    /* Slavic */
    "(документ|текст|страниц|источник|контекст|материал|файл)\\w*[^.;:]{0,60}\\b(не|нет|ничего|отсутству\\w+)\\b",
    "\\b(не|нет|отсутству\\w+)\\b[^.;:]{0,60}\\bв( \\w+)? (документ|текст|материал)\\w*",
    "(документ|текст|сторін|джерел|матеріал)\\w*[^.;:]{0,60}\\b(не|немає|нема|нічого|відсутн\\w+)\\b",
    "(dokument|tekst|źródł|stron|kontekst|materiał)\\w*\\b[^.;:]{0,60}\\b(nie|brak|żaden|żadn\\w+)\\b",
    "\\b(nie|brak)\\b[^.;:]{0,60}\\bw( \\w+)? (dokument|tekst|materiał)\\w*",
    "(dokument|text|zdroj|stránk|kontext|materiál)\\w*\\b[^.;:]{0,60}\\b(ne\\w{2,}|není|nejsou|žádn\\w+|nic)\\b",
    "\\b(ne\\w{2,}|není|nejsou|žádn\\w+)\\b[^.;:]{0,60}\\bv( \\w+)? (dokument|text)\\w*",
    /* Greek, Arabic, Hebrew, Hindi, Vietnamese, Thai */
    "(έγγραφ|κείμεν|σελίδ|πηγ)\\w*[^.;:]{0,60}(\\bδεν\\b|\\bκαμία\\b|\\bτίποτα\\b)",
    "\\bδεν\\b[^.;:]{0,60}\\bστ(α|ο)( \\w+)? (έγγραφ|κείμεν)\\w*",
    "(الوثائق|الوثيقة|المستندات|المستند|النص|النصوص|السياق|الوثائق المقدمة)[^.؛]{0,40}(لا|لم|ليس|ليست)",
    "(لا|لم|ليس)[^.؛]{0,60}(في|من) (هذه )?(الوثائق|الوثيقة|المستندات|المستند|النص|النصوص)",
    "(ה?מסמך|ה?מסמכים|ה?טקסט)[^.]{0,40}(לא|אינו|אינם|אין)|(לא|אין)[^.]{0,60}(ב|מה)(מסמך|מסמכים|טקסט)",
    "(दस्तावेज़|दस्तावेज|दस्तावेज़ों|दस्तावेजों|पाठ|संदर्भ)[^।]{0,60}(नहीं|कोई जानकारी नहीं)",
    "(tài liệu|văn bản|trang|nguồn|ngữ cảnh)[^.;:]{0,40}(không|chưa)[^.;:]{0,30}(đề cập|nói|nêu|chứa|cung cấp|có|cho biết|ghi|tìm thấy)",
    "(không|chưa)[^.;:]{0,40}(trong|từ)( các)? (tài liệu|văn bản)",
    "(เอกสาร|ข้อความ|เนื้อหา|บริบท)[^.]{0,60}(ไม่ได้|ไม่มี|ไม่พบ|ไม่ระบุ|มิได้)",
    "(ไม่ได้|ไม่มี|ไม่พบ)[^.]{0,60}(ในเอกสาร|ในข้อความ|จากเอกสาร)",
};

static const char *const weak[] = {
    "\\bthere (is|are|was|were) no (information|mention|details?|data|indication|reference|answer|evidence)\\b",
    "\\b(is|are|was|were)(n['’]t| not)( \\w+)? (mentioned|specified|stated|provided|given|disclosed|indicated)\\b",
    "\\bno (information|details?|answer|data) (is|are|was|were)?\\b[^.]{0,20}(given|provided|available|found)",
    "\\bI( am sorry)?[^.]{0,20}\\b(do not|don['’]t|cannot|can['’]t|could not|couldn['’]t) (know|find|answer|determine|say)\\b",
    "\\b(cannot|can['’]t|could not) be (determined|answered|found)\\b",
    "(没有|沒有|并未|並未|未)(被)?(提到|提及|说明|說明|给出|給出|找到|提供|涉及)|(无法|無法|不能)(回答|确定|確定|找到|得知|判断)|没有相关(信息|内容)|沒有相關(資訊|內容)",
    "(記載|記述|言及|情報|答え)[^。]{0,8}(ない|ありません|いません|おりません)|(わかりません|分かりません|見つかりません)",
    "(언급|정보|내용|답)[^.]{0,10}(없|않)|(알 수 없|찾을 수 없|답할 수 없)",
    "\\b(keine (angaben?|informationen|hinweise)|nicht (angegeben|erwähnt|genannt|bekannt))\\b",
    "\\b(n['’]est pas (mentionnée?|précisée?|indiquée?)|aucune (information|mention|indication))\\b",
    "\\bno se (menciona|indica|especifica|dice|encuentra)\\b|\\bno hay (información|datos|mención)\\b",
    "\\bnão (é|foi|há|se) (mencionad|informad|especificad|indicad|informaç|menção|menciona)",
    "\\bnon (è|viene|sono|si) (indicat|specificat|menzionat|trova|dice)|\\bnessuna (informazione|menzione)\\b",
    "\\b(не (указан|упомин|сказан|говорит)\\w*|нет (информации|сведений|данных))",
    "\\b(nie (podano|wspomniano|określono|ma informacji)|brak informacji)\\b",
};

static GRegex *compile(const char *const *patterns, gsize n)
{
    g_autoptr(GString) all = g_string_new(NULL);
    GRegex *regex;

    for (gsize i = 0; i < n; i++)
        g_string_append_printf(all, "%s(?:%s)", i > 0 ? "|" : "", patterns[i]);
    /* With Unicode's classes, so that \w and \b know every script. */
    g_string_prepend(all, "(*UCP)");
    regex = g_regex_new(all->str, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
    g_assert(regex != NULL);
    return regex;
}

/* SENTENCE without what it quotes. */
static char *unquoted(const char *sentence, gsize length)
{
    static GRegex *quoted;
    g_autofree char *text = g_utf8_make_valid(sentence, (gssize) length);

    if (quoted == NULL)
        quoted = g_regex_new("\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|「[^」]*」|『[^』]*』", 0, 0, NULL);
    return g_regex_replace_literal(quoted, text, -1, 0, " ", 0, NULL);
}

Refusal refusal_of(const char *sentence, gsize length)
{
    static GRegex *of_documents, *of_nothing;
    g_autofree char *text = unquoted(sentence, length);

    if (of_documents == NULL) {
        of_documents = compile(strong, G_N_ELEMENTS(strong));
        of_nothing = compile(weak, G_N_ELEMENTS(weak));
    }
    if (g_regex_match(of_documents, text, 0, NULL))
        return REFUSAL_STRONG;
    return g_regex_match(of_nothing, text, 0, NULL) ? REFUSAL_WEAK : REFUSAL_NONE;
}
