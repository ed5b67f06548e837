/* unit-office.c - DOCX, ODT, PPTX and ODP: what is text, what is not, pages, damage. */
#include "config.h"

#include "ingest/document.h"
#include "src/base/failure.h"
#include "tests/zip-maker.h"

#define W(BODY) "<w:document xmlns:w='w' xmlns:mc='m'><w:body>" BODY "</w:body></w:document>"
#define P(TEXT) "<w:p><w:r><w:t xml:space='preserve'>" TEXT "</w:t></w:r></w:p>"
#define STYLED(STYLE, TEXT) "<w:p><w:pPr><w:pStyle w:val='" STYLE "'/></w:pPr><w:r><w:t>" TEXT "</w:t></w:r></w:p>"
#define ITEM(LEVEL, TEXT) "<w:p><w:pPr><w:numPr><w:ilvl w:val='" LEVEL "'/><w:numId w:val='3'/></w:numPr></w:pPr><w:r><w:t>" \
    TEXT "</w:t></w:r></w:p>"

static const char STYLES[] =
    "<w:styles xmlns:w='w'><w:style w:styleId='Kop1'><w:name w:val='heading 1'/></w:style>"
    "<w:style w:styleId='Mine'><w:basedOn w:val='Kop2'/></w:style>"
    "<w:style w:styleId='Kop2'><w:name w:val='Heading 2'/></w:style>"
    "<w:style w:styleId='Loop'><w:basedOn w:val='Loop'/></w:style></w:styles>";
static const char LISTS[] =
    "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='7'>"
    "<w:lvl w:ilvl='0'><w:start w:val='4'/><w:numFmt w:val='decimal'/><w:lvlText w:val='%1.'/></w:lvl>"
    "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='(%2)'/></w:lvl>"
    "<w:lvl w:ilvl='2'><w:start w:val='9'/><w:numFmt w:val='upperRoman'/><w:lvlText w:val='%1.%3'/></w:lvl>"
    "</w:abstractNum><w:num w:numId='3'><w:abstractNumId w:val='7'/></w:num></w:numbering>";

static Document *read_members(const char *const *members, const DocumentOptions *options)
{
    g_autoptr(GByteArray) zip = make_zip(members);
    GError *error = NULL;
    Document *document = document_read_bytes("a.zip", zip->data, zip->len, options, &error);
    g_assert_no_error(error);
    return document;
}

/* A DOCX with BODY, read with OPTIONS. */
static Document *read_docx(const char *body, const DocumentOptions *options)
{
    const char *const members[] = {
        "[Content_Types].xml", "<Types/>", "word/document.xml", body, "word/styles.xml", STYLES, "word/numbering.xml", LISTS,
        "word/footnotes.xml", "<w:footnotes xmlns:w='w'><w:footnote w:id='0' w:type='separator'><w:p/></w:footnote>"
        "<w:footnote w:id='2'><w:p><w:r><w:t>See there.</w:t></w:r></w:p></w:footnote></w:footnotes>",
        "word/comments.xml", "<w:comments xmlns:w='w'><w:comment w:id='1' w:author='Bo'>" P("Really?") "</w:comment></w:comments>",
        "docProps/core.xml", "<c xmlns:dc='d' xmlns:t='t'><dc:title>The title</dc:title><dc:creator>Ada</dc:creator>"
        "<t:created>2021-02-03T00:00:00Z</t:created></c>", NULL,
    };
    return read_members(members, options);
}

static const Page *page(const Document *document, guint i)
{
    g_assert_cmpuint(i, <, document->pages->len);
    return g_ptr_array_index(document->pages, i);
}

static void test_docx(void)
{
    g_autoptr(Document) document = read_docx(W(
        STYLED("Kop1", "One") P("First &amp; second.") ITEM("0", "four") ITEM("1", "a") ITEM("1", "b") ITEM("2", "nine")
        ITEM("0", "five") ITEM("1", "again")
        "<w:tbl><w:tr><w:tc>" P("c1") P("more") "</w:tc><w:tc><w:tbl><w:tr><w:tc>" P("in") "</w:tc></w:tr></w:tbl></w:tc></w:tr>"
        "<w:tr><w:trPr><w:del/></w:trPr><w:tc>" P("lost row") "</w:tc></w:tr>"
        "<w:tr><w:tc>" P("d1") "</w:tc><w:tc>" P("d2") "</w:tc></w:tr></w:tbl>"
        STYLED("Kop1", "Two") STYLED("Mine", "Below") STYLED("Loop", "Round")), NULL);
    g_assert_cmpstr(document->format, ==, "docx");
    g_assert_cmpstr(document->title, ==, "The title");
    g_assert_cmpstr(document->author, ==, "Ada");
    g_assert_cmpstr(document->date, ==, "2021-02-03");
    g_assert_cmpuint(document->pages->len, ==, 2);
    g_assert_cmpstr(page(document, 0)->label, ==, "One");
    g_assert_cmpstr(page(document, 0)->text, ==, "# One\n\nFirst & second.\n\n4. four\n  (a) a\n  (b) b\n    4.IX nine\n5. five\n"
                    "  (a) again\n\nc1 more | in\nd1 | d2");
    g_assert_cmpstr(page(document, 1)->text, ==, "# Two\n\n## Below\n\nRound");
}

#define MARKED W("<w:p><w:r><w:t>Kept</w:t></w:r><w:ins><w:r><w:t> added</w:t></w:r></w:ins><w:del><w:r><w:t> x</w:t>" \
    "<w:delText>gone</w:delText></w:r></w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r>" \
    "<w:r><w:instrText>PAGE</w:instrText><w:footnoteReference w:id='2'/><w:commentReference w:id='1'/></w:r></w:p>" \
    "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" P("Boxed") "</w:txbxContent></mc:Choice><mc:Fallback>" \
    "<w:txbxContent>" P("Boxed") "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>")

static void test_docx_marks(void)
{
    const DocumentOptions all = { .annotations = TRUE, .invisible = TRUE };
    g_autoptr(Document) plain = read_docx(MARKED, NULL), more = read_docx(MARKED, &all);
    g_assert_cmpstr(page(plain, 0)->text, ==, "Kept added[note 1]\n\nBoxed\n\n[note 1] See there.");
    g_assert_cmpstr(page(plain, 0)->hidden, ==, "hidden");
    g_assert_null(page(more, 0)->hidden);
    g_assert_cmpstr(page(more, 0)->text, ==, "Kept added hidden[note 1][note 2]\n\nBoxed\n\n[note 1] See there.\n[note 2] Bo: Really?");
}

static void test_docx_pages(void)
{
    g_autoptr(Document) document = read_docx(W(
        P("One") "<w:p><w:r><w:br w:type='page'/></w:r></w:p><w:p><w:r><w:lastRenderedPageBreak/><w:t>Two</w:t>"
        "<w:footnoteReference w:id='2'/><w:t> goes</w:t></w:r><w:r><w:lastRenderedPageBreak/><w:t>on</w:t></w:r></w:p>"), NULL);
    g_assert_cmpuint(document->pages->len, ==, 3);
    g_assert_cmpstr(page(document, 0)->text, ==, "One");
    g_assert_cmpstr(page(document, 1)->text, ==, "Two[note 1] goes\n\n[note 1] See there.");
    g_assert_cmpstr(page(document, 2)->text, ==, "on");
    g_assert_cmpstr(page(document, 2)->label, ==, "3");
}

#define ODF(BODY) "<office:document-content xmlns:office='o' xmlns:text='t' xmlns:table='b' xmlns:style='s' xmlns:draw='d' xmlns:dc='c'>" \
    "<office:automatic-styles><text:list-style style:name='L1'><text:list-level-style-number text:level='1' style:num-format='1'/>" \
    "<text:list-level-style-bullet text:level='2'/></text:list-style></office:automatic-styles><office:body>" BODY \
    "</office:body></office:document-content>"

static Document *read_odf(const char *content, const DocumentOptions *options)
{
    const char *const members[] = {
        "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", content, "meta.xml",
        "<m xmlns:dc='d' xmlns:meta='e'><dc:title>Titled</dc:title><dc:creator>Last</dc:creator>"
        "<meta:initial-creator>First</meta:initial-creator><meta:creation-date>2020-01-02T03</meta:creation-date></m>", NULL,
    };
    return read_members(members, options);
}

static void test_odt(void)
{
    static const char CONTENT[] = ODF("<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        "<text:h text:outline-level='1'>One</text:h><text:p>a<text:s text:c='2'/>b\n  c<text:note><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>Foot.</text:p></text:note-body></text:note><office:annotation>"
        "<dc:creator>Bo</dc:creator><dc:date>2020</dc:date><text:p>Why?</text:p></office:annotation></text:p>"
        "<text:list text:style-name='L1'><text:list-item><text:p>i</text:p><text:list><text:list-item><text:p>j</text:p>"
        "</text:list-item></text:list></text:list-item><text:list-item><text:p>k</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell table:number-columns-repeated='2'><text:p>c</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='16000'/></table:table-row></table:table>"
        "<text:h text:outline-level='1'>Two</text:h><text:p>End</text:p></office:text>");
    const DocumentOptions notes = { .annotations = TRUE };
    g_autoptr(Document) document = read_odf(CONTENT, NULL), more = read_odf(CONTENT, &notes);
    g_assert_cmpstr(document->format, ==, "odt");
    g_assert_cmpstr(document->title, ==, "Titled");
    g_assert_cmpstr(document->author, ==, "First");
    g_assert_cmpstr(document->date, ==, "2020-01-02");
    g_assert_cmpuint(document->pages->len, ==, 2);
    g_assert_cmpstr(page(document, 0)->text, ==, "# One\n\na  b c[note 1]\n\n1. i\n  - j\n2. k\n\nc | c\n\n[note 1] Foot.");
    g_assert_cmpstr(page(document, 1)->label, ==, "Two");
    g_assert_nonnull(strstr(page(more, 0)->text, "[note 2] Bo: Why?"));
}

static void test_odf_pages(void)
{
    g_autoptr(Document) text = read_odf(ODF("<office:text><text:p>one<text:soft-page-break/>two</text:p><text:soft-page-break/>"
                                            "<text:p>three</text:p></office:text>"), NULL);
    g_autoptr(Document) slides = read_odf(ODF("<office:presentation><draw:page><draw:frame><draw:text-box><text:p>First</text:p>"
                                              "</draw:text-box></draw:frame></draw:page><draw:page/><draw:page><text:p>Third</text:p>"
                                              "</draw:page></office:presentation>"), NULL);
    g_assert_cmpuint(text->pages->len, ==, 3);
    g_assert_cmpstr(page(text, 1)->text, ==, "two");
    g_assert_cmpstr(slides->format, ==, "odp");
    g_assert_cmpuint(slides->pages->len, ==, 3);
    g_assert_cmpint(page(slides, 1)->state, ==, PAGE_EMPTY);
    g_assert_cmpstr(page(slides, 2)->text, ==, "Third");
}

static void test_pptx(void)
{
    static const char *const MEMBERS[] = {
        "[Content_Types].xml", "<Types/>", "ppt/presentation.xml",
        "<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst><p:sldId id='256' r:id='rId3'/><p:sldId id='257' r:id='rId2'/>"
        "<p:sldId id='258' r:id='rId3'/></p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels", "<R><Relationship Id='rId2' Type='http://x/slide' Target='slides/s1.xml'/>"
        "<Relationship Id='rId3' Type='http://x/slide' Target='/ppt/slides/s2.xml'/></R>",
        "ppt/slides/s1.xml", "<p:sld xmlns:p='p' xmlns:a='a'><p:sp><a:p><a:r><a:t>Last</a:t></a:r></a:p></p:sp></p:sld>",
        "ppt/slides/s2.xml", "<p:sld xmlns:p='p' xmlns:a='a'><p:sp><p:nvPr><p:ph type='title'/></p:nvPr><a:p><a:r><a:t>Why</a:t></a:r>"
        "</a:p></p:sp><p:sp><a:p><a:r><a:t>Point</a:t></a:r></a:p><a:p><a:pPr lvl='1'/><a:r><a:t>Sub</a:t></a:r></a:p></p:sp>"
        "<p:sp><p:ph type='sldNum'/><a:p><a:r><a:t>7</a:t></a:r></a:p></p:sp><a:tbl><a:tr><a:tc><a:p><a:r><a:t>x</a:t></a:r></a:p>"
        "</a:tc><a:tc><a:p><a:r><a:t>y</a:t></a:r></a:p></a:tc></a:tr></a:tbl></p:sld>",
        "ppt/slides/_rels/s2.xml.rels", "<R><Relationship Id='rId1' Type='http://x/notesSlide' Target='../notes/n1.xml'/></R>",
        "ppt/notes/n1.xml", "<n xmlns:p='p' xmlns:a='a'><p:sp><p:ph type='body'/><a:p><a:r><a:t>Say it.</a:t></a:r></a:p></p:sp></n>",
        NULL,
    };
    g_autoptr(Document) document = read_members(MEMBERS, NULL);
    g_assert_cmpstr(document->format, ==, "pptx");
    g_assert_cmpuint(document->pages->len, ==, 2);
    g_assert_cmpstr(page(document, 0)->text, ==, "# Why\n\nPoint\n- Sub\n\nx | y\n\nNotes: Say it.");
    g_assert_cmpstr(page(document, 1)->text, ==, "Last");
    g_assert_cmpstr(page(document, 1)->label, ==, "2");
}

static void assert_refused(const char *const *members, const char *words)
{
    g_autoptr(GByteArray) zip = make_zip(members);
    g_autoptr(GError) error = NULL;
    g_assert_null(document_read_bytes("a.zip", zip->data, zip->len, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "a.zip: "));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_refused(void)
{
    static const char *const SHEET[] = { "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<w/>", NULL };
    static const char *const OTHER[] = { "[Content_Types].xml", "<Types/>", "some.xml", "<w/>", NULL };
    static const char *const TORN[] = { "[Content_Types].xml", "<Types/>", "word/document.xml", "no XML", NULL };
    static const char *const ODS[] = { "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml",
        ODF("<office:spreadsheet/>"), NULL };
    static const char *const LOCKED[] = { "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "x",
        "META-INF/manifest.xml", "<m:manifest xmlns:m='m'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>", NULL };
    assert_refused(SHEET, "is a spreadsheet");
    assert_refused(OTHER, "of a kind that kvasir does not read");
    assert_refused(TORN, "is damaged, its text cannot be read");
    assert_refused(ODS, "neither text nor presentation");
    assert_refused(LOCKED, "is encrypted");
}

/* An entity that would double sixty times. */
static void test_entities(void)
{
    g_autoptr(GString) laughs = g_string_new("<!DOCTYPE d [<!ENTITY a0 'ha'>");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(laughs, "<!ENTITY a%d '&a%d;&a%d;'>", i + 1, i, i);
    g_string_append(laughs, "]><w:document xmlns:w='w'><w:body>" P("x&a60;y") "</w:body></w:document>");
    g_autoptr(Document) document = read_docx(laughs->str, NULL);
    g_assert_cmpuint(page(document, 0)->length, <, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/office/docx", test_docx);
    g_test_add_func("/office/docx/marks", test_docx_marks);
    g_test_add_func("/office/docx/pages", test_docx_pages);
    g_test_add_func("/office/odt", test_odt);
    g_test_add_func("/office/odf/pages", test_odf_pages);
    g_test_add_func("/office/pptx", test_pptx);
    g_test_add_func("/office/refused", test_refused);
    g_test_add_func("/office/entities", test_entities);
    return g_test_run();
}
