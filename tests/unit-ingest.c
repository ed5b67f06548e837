/* unit-ingest.c - documents to text, text to a pack. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "ingest/document.h"
#include "ingest/pack.h"
#include "ingest/places.h"
#include "ingest/program.h"
#include "src/base/failure.h"

static Document *read_as(const char *name, const char *bytes, gsize length)
{
    GError *error = NULL;
    Document *document = document_read_bytes(name, (const guint8 *) bytes, length, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(document);
    return document;
}

static Document *read_string(const char *name, const char *text)
{
    return read_as(name, text, strlen(text));
}

static const Page *page(const Document *document, guint i)
{
    g_assert_cmpuint(i, <, document->pages->len);
    return g_ptr_array_index(document->pages, i);
}

/* A PDF whose pages have these content streams (NULL ends), in Helvetica as /F; to be freed. */
static GString *make_pdf(const char *const *streams, const char *info)
{
    GString *pdf = g_string_new("%PDF-1.4\n");
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
    guint n = 0;
    while (streams[n])
        n++;
    GString *kids = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
        g_string_append_printf(kids, "%u 0 R ", 5 + 2 * i);
    for (guint id = 1; id <= 4 + 2 * n; id++) {
        gsize offset = pdf->len;
        g_array_append_val(offsets, offset);
        g_string_append_printf(pdf, "%u 0 obj\n", id);
        if (id == 1)
            g_string_append(pdf, "<< /Type /Catalog /Pages 2 0 R /PageLabels << /Nums "
                                 "[ 0 << /S /r >> 2 << /S /D >> ] >> >>");
        else if (id == 2)
            g_string_append_printf(pdf, "<< /Type /Pages /Kids [ %s] /Count %u >>", kids->str, n);
        else if (id == 3)
            g_string_append(pdf, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
                                 "/Encoding /WinAnsiEncoding >>");
        else if (id == 4)
            g_string_append_printf(pdf, "<< %s >>", info);
        else if (id % 2)
            g_string_append_printf(pdf, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents "
                                   "%u 0 R /Resources << /Font << /F 3 0 R >> >> >>", id + 1);
        else
            g_string_append_printf(pdf, "<< /Length %zu >>\nstream\n%s\nendstream",
                                   strlen(streams[(id - 6) / 2]), streams[(id - 6) / 2]);
        g_string_append(pdf, "\nendobj\n");
    }
    gsize xref = pdf->len;
    g_string_append_printf(pdf, "xref\n0 %u\n0000000000 65535 f \n", offsets->len + 1);
    for (guint i = 0; i < offsets->len; i++)
        g_string_append_printf(pdf, "%010zu 00000 n \n", g_array_index(offsets, gsize, i));
    g_string_append_printf(pdf, "trailer\n<< /Root 1 0 R /Info 4 0 R /Size %u >>\nstartxref\n%zu\n%%%%EOF\n",
                           offsets->len + 1, xref);
    g_array_unref(offsets);
    g_string_free(kids, TRUE);
    return pdf;
}

static void test_text(void)
{
    g_autoptr(Document) d = read_string("dir/notes.txt", "one\r\ntwo \x01\n\n\n\nthree\n\ffour\n");
    g_assert_cmpstr(d->format, ==, "text");
    g_assert_cmpstr(d->title, ==, "notes.txt");
    g_assert_cmpuint(d->pages->len, ==, 2);
    g_assert_cmpstr(page(d, 0)->text, ==, "one\ntwo\n\nthree");
    g_assert_cmpstr(page(d, 1)->text, ==, "four");
    g_assert_cmpstr(page(d, 1)->label, ==, "2");
    g_assert_cmpuint(page(d, 1)->length, ==, 4);
}

static void test_encodings(void)
{
    static const struct { const char *bytes; gsize length; } CASES[] = {
        { "caf\xc3\xa9 na\xc3\xafve", 12 }, { "\xef\xbb\xbf" "caf\xc3\xa9 na\xc3\xafve", 15 },
        { "\xff\xfe" "c\0a\0f\0\xe9\0 \0n\0a\0\xef\0v\0e\0", 22 },
        { "\xfe\xff" "\0c\0a\0f\0\xe9\0 \0n\0a\0\xef\0v\0e", 22 },
        { "cafe\xcc\x81 na\xc3\xafve", 13 },
        { "c\0a\0f\0\xe9\0 \0n\0a\0\xef\0v\0e\0", 20 },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Document) d = read_as("a.txt", CASES[i].bytes, CASES[i].length);
        g_assert_cmpstr(page(d, 0)->text, ==, "café naïve");
    }
    g_autoptr(Document) latin = read_string("a.html", "<meta charset=latin1><p>caf\xe9 \x93quoted\x94");
    g_assert_cmpstr(page(latin, 0)->text, ==, "café “quoted”");
    g_autoptr(Document) koi = read_string("a.html", "<?xml version='1.0' encoding='koi8-r'?><p>\xf0\xd2\xc9\xd7\xc5\xd4");
    g_assert_cmpstr(page(koi, 0)->text, ==, "Привет");
    g_autoptr(Document) wrong = read_string("a.html", "<meta charset=klingon><p>caf\xc3\xa9");
    g_assert_cmpstr(page(wrong, 0)->text, ==, "café");
    g_autoptr(Document) japanese = read_string("a.txt",
        "\x82\xb1\x82\xea\x82\xcd\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x95\xb6\x8f\xcd\x82\xc5\x82\xb7\x81\x42");
    g_assert_cmpstr(page(japanese, 0)->text, ==, "これは日本語の文章です。");
}

static void test_clean(void)
{
    g_autoptr(Document) d = read_string("a.txt", "o\xef\xac\x83" "ce so\xc2\xad" "ft\xc2\xa0" "a\xe2\x80\x8b" "b");
    g_assert_cmpstr(page(d, 0)->text, ==, "office soft ab");
    g_autoptr(Document) nul = read_as("a.txt", "abc\0def, a long enough line of text to carry a lone NUL in it "
        "which a careless editor has left behind, and which does no harm to anyone who reads this text; the text goes "
        "on for a while so that one control character in two hundred is not exceeded by it at all", 200);
    g_assert_true(g_str_has_prefix(page(nul, 0)->text, "abcdef"));
}

/* Long text is composed in pieces, the same as at once, and in time that does not grow with its square. */
static void test_clean_composes(void)
{
    GString *apart = g_string_new(NULL), *together = g_string_new(NULL);
    for (int i = 0; i < 300000; i++) {
        g_string_append(apart, "e\xcc\x81");
        g_string_append(together, "\xc3\xa9");
    }
    clock_t before = clock();
    g_autoptr(Document) d = read_as("a.txt", apart->str, apart->len);
    g_assert_cmpfloat((double) (clock() - before) / CLOCKS_PER_SEC, <, 5);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < d->pages->len; i++)
        g_string_append_len(text, page(d, i)->text, (gssize) page(d, i)->length);
    g_assert_true(g_string_equal(text, together));
    g_string_free(apart, TRUE);
    g_string_free(together, TRUE);
}

static void test_markdown(void)
{
    g_autoptr(Document) d = read_string("a.md", "# The Title\n\nintro\n\n## One\ntext\n```\n## no heading\n```\n"
                                        "Two\n---\nmore\n\n## Three ##\n");
    g_assert_cmpstr(d->format, ==, "markdown");
    g_assert_cmpstr(d->title, ==, "The Title");
    g_assert_cmpuint(d->pages->len, ==, 3);
    g_assert_cmpstr(page(d, 0)->label, ==, "The Title");
    g_assert_nonnull(strstr(page(d, 0)->text, "## no heading"));
    g_assert_cmpstr(page(d, 1)->label, ==, "Two");
    g_assert_cmpstr(page(d, 1)->text, ==, "Two\n---\nmore");
    g_assert_cmpstr(page(d, 2)->label, ==, "Three");
}

static void test_html(void)
{
    g_autoptr(Document) d = read_string("a.html",
        "<!DOCTYPE html><html><head><title> A  page </title><meta name=author content='J. Doe'>"
        "<meta property='article:published_time' content='2021-03-04T05:06:07Z'><script>var x='no';</script>"
        "</head><body><h1>A page</h1><p>Intro <b>bold</b>text &eacute;&#147;x&#148;.</p>"
        "<h2>First</h2><ul><li>one<li>two<ol><li>deep</ol></ul><pre>a  b\n  c</pre>"
        "<h2>Second</h2><table><tr><th>k<th>v<tr><td>1<td><p>2</p></table>line<br>break");
    g_assert_cmpstr(d->title, ==, "A page");
    g_assert_cmpstr(d->author, ==, "J. Doe");
    g_assert_cmpstr(d->date, ==, "2021-03-04");
    g_assert_cmpuint(d->pages->len, ==, 2);
    g_assert_cmpstr(page(d, 0)->text, ==, "# A page\n\nIntro boldtext é“x”.\n\n## First\n\n- one\n- two\n"
                    "  1. deep\n\na  b\n  c");
    g_assert_cmpstr(page(d, 1)->label, ==, "Second");
    g_assert_cmpstr(page(d, 1)->text, ==, "## Second\n\nk | v\n1 | 2\n\nline\nbreak");
}

static void test_html_hostile(void)
{
    GString *deep = g_string_new("<html><body>");
    for (int i = 0; i < 200000; i++)
        g_string_append(deep, "<div><b>");
    g_string_append(deep, "bottom");
    g_autoptr(Document) d = read_as("deep.html", deep->str, deep->len);
    g_assert_cmpuint(d->pages->len, ==, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "bottom");
    g_string_assign(deep, "<body><p>A paragraph, of some length, with commas, is what an article has.</p>");
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, "<h2><div>");
    g_string_append(deep, "bottom");
    g_autoptr(Document) headings = read_as("deep.html", deep->str, deep->len);
    g_assert_nonnull(strstr(page(headings, headings->pages->len - 1)->text, "bottom"));
    g_string_free(deep, TRUE);
    g_autoptr(Document) entity = read_string("x.html", "<!DOCTYPE html [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
                                             "<html><p>before &a; after");
    g_assert_null(strstr(page(entity, 0)->text, "root:"));
    g_assert_nonnull(strstr(page(entity, 0)->text, "after"));
    g_autoptr(Document) empty = read_string("e.html", "<html></html>");
    g_assert_cmpint(page(empty, 0)->state, ==, PAGE_EMPTY);
}

static void test_pdf(void)
{
    static const char *const STREAMS[] = {
        "BT /F 12 Tf 72 700 Td (Hello from the first page) Tj 0 -14 Td (and its second line.) Tj ET",
        "0 0 m 10 10 l S", "BT /F 12 Tf 72 700 Td (Third) Tj ET", NULL };
    GString *pdf = make_pdf(STREAMS, "/Title (On Pages) /Author (Ann Author) /CreationDate (D:20200102030405Z)");
    g_autoptr(Document) d = read_as("x", pdf->str, pdf->len);
    g_assert_cmpstr(d->format, ==, "pdf");
    g_assert_cmpstr(d->title, ==, "On Pages");
    g_assert_cmpstr(d->author, ==, "Ann Author");
    g_assert_cmpstr(d->date, ==, "2020-01-02");
    g_assert_cmpuint(d->pages->len, ==, 3);
    g_assert_cmpstr(page(d, 0)->label, ==, "i");
    g_assert_cmpstr(page(d, 0)->text, ==, "Hello from the first page and its second line.");
    g_assert_cmpint(page(d, 1)->state, ==, PAGE_EMPTY);
    g_assert_cmpstr(page(d, 2)->label, ==, "1");
    g_assert_cmpuint(document_unread_pages(d), ==, 0);
    g_string_free(pdf, TRUE);
}

/* Appends "show TEXT at X, Y in SIZE". */
static void show(GString *stream, int x, int y, int size, const char *text)
{
    g_string_append_printf(stream, "BT /F %d Tf %d %d Td (%s) Tj ET\n", size, x, y, text);
}

static Document *read_streams(GString **streams, guint n)
{
    const char *list[16] = { NULL };
    g_assert_cmpuint(n, <, 16);
    for (guint i = 0; i < n; i++)
        list[i] = streams[i]->str;
    GString *pdf = make_pdf(list, "");
    Document *d = read_as("x.pdf", pdf->str, pdf->len);
    g_string_free(pdf, TRUE);
    for (guint i = 0; i < n; i++)
        g_string_free(streams[i], TRUE);
    return d;
}

/* The columns are drawn line by line, as some programs do. */
static void test_columns(void)
{
    GString *s = g_string_new(NULL);
    show(s, 72, 740, 18, "A title that goes across both of the columns");
    for (int i = 0; i < 6; i++) {
        g_autofree char *left = g_strdup_printf("left column line %c of the prose words", 'a' + i);
        g_autofree char *right = g_strdup_printf("right column line %c of prose words", 'a' + i);
        show(s, 72, 700 - 14 * i, 11, left);
        show(s, 310, 700 - 14 * i, 11, right);
    }
    g_autoptr(Document) d = read_streams(&s, 1);
    const char *text = page(d, 0)->text;
    const char *title = strstr(text, "A title"), *left = strstr(text, "left column line f"),
        *right = strstr(text, "right column line a");
    g_assert_true(title && left && right && title < left && left < right);
    g_assert_nonnull(strstr(text, "line a of the prose words left column line b"));
}

/* Where TEXT stands on page INDEX of D, the last time there. */
static GArray *find_text(const Document *d, guint index, const char *text)
{
    const char *all = page(d, index)->text, *at = g_strrstr(all, text);
    g_assert_nonnull(at);
    const PagePlace place = { index, index, (gsize) (at - all), (gsize) (at - all) + strlen(text) };
    return places_find(&place, d->pages);
}

/* Rectangle INDEX is around a text of 12 points whose baseline goes from X to END at Y above the lower edge. */
static void assert_around(const GArray *rectangles, guint index, int x, int end, int y)
{
    const PageRectangle *r = &g_array_index(rectangles, PageRectangle, index);
    guint32 left = (guint32) x * 100, right = (guint32) end * 100, base = (guint32) (792 - y) * 100;
    g_assert_cmpuint(r->page, ==, 0);
    g_assert_cmpuint(MAX(r->x0, left) - MIN(r->x0, left), <=, 200);
    g_assert_cmpuint(MAX(r->x1, right) - MIN(r->x1, right), <=, 200);
    g_assert_true(r->y0 >= base - 1300 && r->y0 <= base - 800 && r->y1 >= base && r->y1 <= base + 400);
}

static void test_places(void)
{
    static const char *const STREAMS[] = {
        "BT /F 12 Tf 72 700 Td (The end is near.) Tj 0 -14 Td (All of it was re-) Tj 0 -14 Td (peated in spring.) Tj "
        "0 -60 Td (The end is near.) Tj ET",
        "BT /F 12 Tf 0 1 -1 0 300 200 Tm (This text was turned upwards) Tj ET", NULL };
    GString *pdf = make_pdf(STREAMS, "");
    const DocumentOptions options = { .words = TRUE };
    g_autoptr(Document) plain = read_as("x.pdf", pdf->str, pdf->len);
    g_autoptr(Document) d = document_read_bytes("x.pdf", (const guint8 *) pdf->str, pdf->len, &options, NULL);
    g_assert_null(page(plain, 0)->words);
    g_autoptr(GArray) none = find_text(plain, 0, "near"), two = find_text(d, 0, "of it was repeated in spring");
    g_autoptr(GArray) one = find_text(d, 0, "The end is near."), up = find_text(d, 1, "was turned");
    g_assert_cmpuint(none->len, ==, 0);
    /* From the second word to the hyphen, then to the end of the line; widths by Helvetica's table. */
    g_assert_cmpuint(two->len, ==, 2);
    assert_around(two, 0, 89, 151, 686);
    assert_around(two, 1, 72, 161, 672);
    /* The lower of two equal passages. */
    g_assert_cmpuint(one->len, ==, 1);
    assert_around(one, 0, 72, 159, 612);
    g_assert_cmpuint(up->len, ==, 1);
    const PageRectangle *r = &g_array_index(up, PageRectangle, 0);
    g_assert_cmpuint(r->page, ==, 1);
    g_assert_true(r->x0 >= 28700 && r->x0 < 29300 && r->x1 >= 30000 && r->x1 < 30500);
    /* Above where it begins, below where it ends. */
    g_assert_true(r->y1 < 59200 - 4000 && r->y0 > 59200 - 16000 && r->y1 - r->y0 > 4000);
    /* Over the end of a page: a rectangle on each. */
    const PagePlace both = { 0, 1, page(d, 0)->length - 5, 9 };
    g_autoptr(GArray) across = places_find(&both, d->pages);
    g_assert_cmpuint(across->len, ==, 2);
    assert_around(across, 0, 131, 159, 612);
    g_assert_cmpuint(g_array_index(across, PageRectangle, 1).page, ==, 1);
    const PagePlace wrong[] = { { 0, 7, 0, 3 }, { 0, 0, 9, 4 }, { 1, 0, 0, 3 }, { 0, 0, 0, 4000 }, { 0, 0, 5, 5 } };
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GArray) nowhere = places_find(&wrong[i], d->pages);
        g_assert_cmpuint(nowhere->len, ==, 0);
    }
    g_string_free(pdf, TRUE);
}

static void test_tables(void)
{
    GString *s = g_string_new(NULL);
    static const char *const ROWS[][3] = { { "Country", "Exports", "Imports" }, { "Austria", "12.5", "13.1" },
        { "Belgium and", "", "" }, { "other countries", "14.0", "15.25" }, { "Cyprus", "7", "8" }, { "Denmark", "9", "10" } };
    static const int STEPS[] = { 0, 20, 20, 12, 20, 20 };
    for (int i = 0, y = 700; i < 6; i++) {
        y -= STEPS[i];
        for (int k = 0; k < 3; k++)
            if (*ROWS[i][k])
                show(s, 72 + 140 * k, y, 10, ROWS[i][k]);
    }
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "Country Exports Imports\nAustria 12.5 13.1\n"
                    "Belgium and other countries 14.0 15.25\nCyprus 7 8\nDenmark 9 10");
}

typedef struct {
    int x, y;
    const char *text;       /* NULL: the end */
} Cell;

static void assert_table(const Cell *cells, const char *text)
{
    GString *s = g_string_new(NULL);
    for (; cells->text; cells++)
        show(s, cells->x, cells->y, 10, cells->text);
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, text);
}

/* A cell of two lines, the others in the middle beside it: the rows around it stay apart. */
static void test_tall_cells(void)
{
    static const Cell CELLS[] = {
        { 72, 700, "sudo" }, { 160, 700, "638" }, { 220, 700, "5990" }, { 280, 700, "gives rights to users" },
        { 280, 688, "an editor of programs in" },
        { 72, 682, "vim" }, { 160, 682, "97" }, { 220, 682, "3570" },
        { 280, 676, "its standard edition" }, { 280, 664, "an editor of programs in" },
        { 72, 658, "vim-tiny" }, { 160, 658, "55" }, { 220, 658, "1660" },
        { 280, 652, "its smallest edition" },
        { 72, 640, "w3m" }, { 160, 640, "14" }, { 220, 640, "2828" }, { 280, 640, "a browser" },
        { 72, 628, "gpm" }, { 160, 628, "11" }, { 220, 628, "521" }, { 280, 628, "a mouse" }, { 0 } };
    assert_table(CELLS, "sudo 638 5990 gives rights to users\nvim 97 3570 an editor of programs in its standard edition\n"
                 "vim-tiny 55 1660 an editor of programs in its smallest edition\nw3m 14 2828 a browser\ngpm 11 521 a mouse");
}

/* A label of two lines beside two rows; labels in the middle of three rows. */
static void test_spanning_labels(void)
{
    static const Cell ENDS[] = {
        { 72, 700, "Asthma" }, { 180, 700, "Count" }, { 260, 700, "31" }, { 320, 700, "22" },
        { 180, 686, "Percent" }, { 260, 686, "6.3" }, { 320, 686, "4.4" },
        { 72, 672, "Chronic" }, { 180, 672, "Count" }, { 260, 672, "19" }, { 320, 672, "4" },
        { 72, 662, "fatigue" }, { 180, 658, "Percent" }, { 260, 658, "3.8" }, { 320, 658, "0.8" },
        { 72, 644, "Injury" }, { 180, 644, "Count" }, { 260, 644, "8" }, { 320, 644, "7" }, { 0 } };
    static const Cell CENTRAL[] = {
        { 120, 700, "Men" }, { 200, 700, "11.0" }, { 280, 700, "40.7" },
        { 72, 685, "1991" }, { 120, 685, "Women" }, { 200, 685, "6.6" }, { 280, 685, "16.0" },
        { 120, 670, "All" }, { 200, 670, "8.9" }, { 280, 670, "28.7" },
        { 120, 655, "Men" }, { 200, 655, "9.5" }, { 280, 655, "39.4" },
        { 72, 640, "1996" }, { 120, 640, "Women" }, { 200, 640, "5.3" }, { 280, 640, "13.9" },
        { 120, 625, "All" }, { 200, 625, "7.5" }, { 280, 625, "27.3" }, { 0 } };
    assert_table(ENDS, "Asthma Count 31 22\nPercent 6.3 4.4\nChronic fatigue Count 19 4\nPercent 3.8 0.8\nInjury Count 8 7");
    assert_table(CENTRAL, "1991 Men 11.0 40.7\nWomen 6.6 16.0\nAll 8.9 28.7\n1996 Men 9.5 39.4\nWomen 5.3 13.9\nAll 7.5 27.3");
}

/* Words of a label that are set apart to fill their cell are no cells; units under a head are no values. */
static void test_wide_labels(void)
{
    static const Cell LABEL[] = {
        { 72, 700, "Number" }, { 123, 700, "of" }, { 200, 700, "27" }, { 260, 700, "16" }, { 320, 700, "23" },
        { 72, 689, "companies in" }, { 72, 678, "all states" },
        { 72, 660, "Percent" }, { 200, 660, "33" }, { 260, 660, "20" }, { 320, 660, "28" }, { 0 } };
    static const Cell HEAD[] = {
        { 160, 700, "number of" }, { 240, 700, "people in" }, { 320, 700, "turnover" },
        { 160, 688, "(000)" }, { 240, 688, "(000)" }, { 320, 688, "1996" },
        { 72, 672, "Spain" }, { 160, 672, "2553" }, { 240, 672, "146" }, { 320, 672, "1261" },
        { 72, 658, "France" }, { 160, 658, "1530" }, { 240, 658, "171" }, { 320, 658, "1350" },
        { 72, 644, "Italy" }, { 160, 644, "1519" }, { 240, 644, "82" }, { 320, 644, "682" }, { 0 } };
    assert_table(LABEL, "Number of companies in all states 27 16 23\nPercent 33 20 28");
    assert_table(HEAD, "number of (000) people in (000) turnover 1996\nSpain 2553 146 1261\nFrance 1530 171 1350\n"
                 "Italy 1519 82 682");
}

static void test_furniture(void)
{
    GString *s[5];
    for (int i = 0; i < 5; i++) {
        g_autofree char *number = g_strdup_printf("%d", i + 1);
        g_autofree char *body = g_strdup_printf("Body of page %s with text enough to be read.", number);
        s[i] = g_string_new(NULL);
        show(s[i], 72, 760, 10, "The running head");
        if (i < 4)
            show(s[i], 72, 600, 10, body);
        show(s[i], 300, 40, 10, number);
    }
    g_autoptr(Document) d = read_streams(s, 5);
    g_assert_cmpstr(page(d, 1)->text, ==, "Body of page 2 with text enough to be read.");
    /* A page of nothing else keeps it. */
    g_assert_nonnull(strstr(page(d, 4)->text, "The running head"));
}

/* Two lines alone on a page: close together one paragraph, far apart two. */
static void test_lines_apart(void)
{
    static const struct { int y; const char *text; } CASES[] = {
        { 526, "A title that stands above a text of one line which goes on below it as far as the margin" },
        { 500, "A title that stands above a text of one line\n\nwhich goes on below it as far as the margin" } };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GString *s = g_string_new(NULL);
        show(s, 72, 540, 11, "A title that stands above a text of one line");
        show(s, 72, CASES[i].y, 11, "which goes on below it as far as the margin");
        g_autoptr(Document) d = read_streams(&s, 1);
        g_assert_cmpstr(page(d, 0)->text, ==, CASES[i].text);
    }
}

/* A page on its own: a foot in three parts is one, a table's row is not. */
static void test_lone_foot(void)
{
    GString *s = g_string_new(NULL);
    show(s, 72, 100, 10, "The last line of the text, which is long enough to be nothing else.");
    show(s, 72, 60, 10, "Revision 2");
    show(s, 285, 60, 10, "Part 119");
    show(s, 500, 60, 10, "June 2019");
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "The last line of the text, which is long enough to be nothing else.");

    s = g_string_new(NULL);
    show(s, 72, 100, 10, "The last line of the text, which is long enough to be nothing else.");
    show(s, 72, 60, 10, "Revision 2");
    show(s, 200, 60, 10, "Part 119");
    show(s, 500, 60, 10, "June 2019");
    g_autoptr(Document) row = read_streams(&s, 1);
    g_assert_nonnull(strstr(page(row, 0)->text, "Part 119"));
}

/* The byte strings that dblatex leaves around characters of other fonts; \\351 is an e with an acute. */
static void test_byte_strings(void)
{
    GString *s = g_string_new(NULL);
    show(s, 72, 700, 10, "A caf b''\\351b''b''\\350b'' and the code x = b'' + b'a' \\253b''\\253 of the rest.");
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "A caf éè and the code x = b'' + b'a' «b''« of the rest.");
}

static void test_hyphens(void)
{
    GString *s = g_string_new(NULL);
    show(s, 72, 700, 10, "The arrangement of all the parts is what the arrange-");
    show(s, 72, 688, 10, "ment is about, it is a well-known thing and a well-");
    show(s, 72, 676, 10, "known one at that, with a state-of-the-art back-");
    show(s, 72, 664, 10, "ground.");
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "The arrangement of all the parts is what the arrangement is about, it is "
                    "a well-known thing and a well-known one at that, with a state-of-the-art background.");
}

/* An image over the whole page and no text. */
static void test_scan(void)
{
    GString *s = g_string_new("q 612 0 0 792 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \200 EI Q\n");
    g_autoptr(Document) d = read_streams(&s, 1);
    g_assert_cmpint(page(d, 0)->state, ==, PAGE_SCAN);
    g_assert_cmpuint(document_unread_pages(d), ==, 1);
}

static void test_article(void)
{
    GString *html = g_string_new("<title>A story of rivers - The Paper</title><body><nav><a href=/>Home</a> <a href=/x>News</a>"
        "</nav><div class=sidebar><p>Buy this, buy that, and then buy more of it all.</p></div><div class=story><h1>A story of rivers</h1>");
    for (int i = 0; i < 6; i++)
        g_string_append(html, "<p>The river rose, fell, and rose again, and people came to see it, every year, from afar.</p>");
    g_string_append(html, "<ul><li>one thing, and another</li></ul></div><div><a href=/1>Elsewhere one</a> <a href=/2>Elsewhere two</a></div><div id=comments><p>First comment, of course, is here.</p></div>");
    g_autoptr(Document) d = read_as("a.html", html->str, html->len);
    const char *text = page(d, 0)->text;
    g_assert_nonnull(strstr(text, "The river rose"));
    g_assert_nonnull(strstr(text, "- one thing"));
    g_assert_null(strstr(text, "Home"));
    g_assert_null(strstr(text, "Buy this"));
    g_assert_null(strstr(text, "First comment"));
    g_assert_null(strstr(text, "Elsewhere"));
    const DocumentOptions whole = { .whole = TRUE };
    g_autoptr(Document) all = document_read_bytes("a.html", (const guint8 *) html->str, html->len, &whole, NULL);
    g_autoptr(GString) joined = g_string_new(NULL);
    for (guint i = 0; i < all->pages->len; i++)
        g_string_append(joined, page(all, i)->text);
    g_assert_nonnull(strstr(joined->str, "Home"));
    g_assert_nonnull(strstr(joined->str, "Buy this"));
    g_assert_nonnull(strstr(joined->str, "First comment"));
    g_string_free(html, TRUE);
}

/* PAGE as text, its sections joined; %s in it stands for paragraphs of an article. */
static char *article_of(const char *page_html)
{
    static const char STORY[] = "<p>The river rose, fell, and rose again, and people came to see it, every year, from afar.</p>"
        "<p>They brought bread, wine, and their children, who played where the water had been before.</p>"
        "<p>In winter, when it froze, the older ones told of floods, of bridges lost, and of boats in the square.</p>";
    g_auto(GStrv) parts = g_strsplit(page_html, "%s", -1);
    g_autofree char *html = g_strjoinv(STORY, parts);
    g_autoptr(Document) d = read_as("a.html", html, strlen(html));
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < d->pages->len; i++)
        g_string_append(text, page(d, i)->text);
    return g_string_free(text, FALSE);
}

static void assert_article(const char *page_html, const char *kept, const char *gone)
{
    g_autofree char *text = article_of(page_html);
    g_assert_nonnull(strstr(text, "when it froze"));
    if (kept && !strstr(text, kept))
        g_error("\"%s\" is missing in: %s", kept, text);
    if (gone && strstr(text, gone))
        g_error("\"%s\" is in: %s", gone, text);
}

/* What stands in or next to an article and is part of it, or is not. */
static void test_article_parts(void)
{
    /* A long list of teasers, in an aside or in a block beside the text. */
    static const char TEASERS[] = "<h3><a href=/1>One thing</a></h3><p>It was so, and then it was not, said a man in a hat, who had "
        "seen it, from near, from the other side of the street, in May, with his own eyes.</p>"
        "<h3><a href=/2>Next thing</a></h3><p>Nobody knew, and nobody asked, until somebody did, and then all of them came, in cars, "
        "on foot, by train, and asked, all at once, what was going on.</p>"
        "<h3><a href=/3>Last thing</a></h3><p>Elsewhere, far away, a door was opened, and behind it, in the dark, was another one, "
        "which had no handle, no lock, and no name on it.</p>";
    static const char BARE[] = "it was so, and then it was not, said a man in a hat, who had seen it, from near, from the other side of "
        "the street, in May, with his own eyes, before the rain came, and the wind, and the night.";
    g_autofree char *aside = g_strdup_printf("<body><main>%%s%%s<aside>%s</aside></main>", TEASERS);
    g_autofree char *below = g_strdup_printf("<body><div class=a>%%s%%s</div><div class=b>%s</div>", TEASERS);
    assert_article(aside, NULL, "Nobody knew");
    assert_article(below, NULL, "Nobody knew");
    /* Headings that are links to themselves are no teasers. */
    assert_article("<body><div>%s<h2 id=x><a href=#x>One</a></h2>%s<h2 id=y><a href=#y>Two</a></h2>%s</div>", "## One", NULL);
    assert_article("<body><div><div class=summary><p>A town, a river, and what became of them in a hundred years of floods and droughts, told by those "
                   "who were there.</p></div><div>%s%s%s</div></div>", "A town, a river", NULL);
    assert_article("<body><div class=with-sidebar><h1>Rivers</h1>%s%s</div><div>Tools and other things that are not for reading, "
                   "of which there are many: a clock, a map, a list of towns, a list of rivers, prices of fish, the weather, the "
                   "tides, the moon, the winners, the losers, jobs, flats, cars, boats, dogs, and horses that are for sale or for "
                   "hire, by the hour or by the day, here and in the towns around, if you bring your own saddle, boots, and hay. "
                   "</div>", "The river rose", NULL);
    assert_article("<body><article>%s<div class=social-embed><blockquote><p>I saw it, too, from my own boat.</p>&mdash; A sailor"
                   "</blockquote></div>%s</article>", "from my own boat", NULL);
    assert_article("<body><article>%s<div class=teaser-text>Along the banks, the mills stood still for the first time in years."
                   "</div>%s</article>", "the mills stood", NULL);
    assert_article("<body><article>%s<div><p>Read more: <a href=/x>All that is known of the lakes</a></p></div>%s</article>", NULL,
                   "of the lakes");
    assert_article("<body><article>%s<p>Advertisement</p>%s</article>", NULL, "Advertisement");
    assert_article("<body><article>%s<div class=d-none>Printed from the paper</div>%s</article>", NULL, "Printed from");
    assert_article("<body><article>%s<div class='d-none d-md-block'>The mills stood still</div>%s</article>", "The mills stood", NULL);
    assert_article("<body><article>%s<figure><figcaption>The bridge, seen from the north</figcaption><span class=credit>A. "
                   "Painter</span></figure>%s</article>", "The bridge, seen", "Painter");
    assert_article("<body><article>%s<ul><li><h4><a href=/x>Another town floods</a></h4></li></ul>%s</article>", NULL, "Another town");
    assert_article("<body><div class=box-sidebar-right><article>%s</article></div><div>Fish, dogs, horses, saddles and hay, by the "
                   "pound, by the day, by the hour, or for good, from here, from there, from all over the land, in all weathers, "
                   "by boat, by train, on foot, by mail. Fish, dogs, horses, saddles and hay, by the pound, by the day, by the hour,"
                   " or for good, from here, from there, from all over the land, in all weathers, by boat, by train, on foot.</div>",
                   "The river rose", NULL);
    /* An article without paragraphs, with a block in it. */
    g_autofree char *bare = g_strdup_printf("<body><div><div>Menu, map</div></div><div class=x>%s<br><br>when it froze, %s"
                                            "<div>An advert</div></div>", BARE, BARE);
    assert_article(bare, "from the other side", "Menu, map");
    g_autofree char *twice = article_of("<body><article>%s<figcaption>The bridge in the winter of that year, from the north</figcaption>"
                                        "<figcaption>The bridge in the winter of that year, from the north</figcaption>%s</article>");
    const char *first = strstr(twice, "The bridge in the winter");
    g_assert_true(first && !strstr(first + 1, "The bridge in the winter"));
}

/* Small blocks around an article's text that are not of it, and sentences within that begin as such do. */
static void test_article_notices(void)
{
    assert_article("<body><article><p>By Ada Lovelace on Monday, November 18th, 2019</p>%s%s</article>", NULL, "Ada Lovelace");
    assert_article("<body><article>%s%s<p>First Published on Nov 20, 2019 01:38 pm</p></article>", NULL, "First Published");
    assert_article("<body><article>%s<p>By 1850 more than 2,000 of them had left.</p>%s</article>", "2,000 of them", NULL);
    assert_article("<body><article>%s%s<p>Have a tip? The editor of this page likes to hear of it.</p></article>", NULL, "Have a tip");
    assert_article("<body><article>%s<p>Subscribe to nothing, the old man said.</p>%s</article>", "Subscribe to nothing", NULL);
    assert_article("<body><article>%s%s<p>Follow the river on foot, down to the town.</p></article>", "Follow the river", NULL);
    assert_article("<body><article><p>https://rivers.example/2019/11/a-flood.html</p>%s%s</article>", NULL, "rivers.example");
    assert_article("<body><article>%s%s<p>Subscribe to the list of readers, and write to it.</p></article>", "list of readers", NULL);
    assert_article("<body><article>%s<p>&lt;img height=1 src=http://count.example/&gt;</p>%s</article>", NULL, "count.example");
    /* Of a caption that is there short and in full, the full one stays. */
    g_autofree char *full = article_of("<body><article>%s<ul><li><div class=caption-short>The bridge in the winter of that year, seen from the "
                                       "north bank, bef...</div><div class=caption-full>The bridge in the winter of that year, seen from the "
                                       "north bank, before it fell.</div></li></ul>%s</article>");
    const char *first = strstr(full, "The bridge in the winter");
    g_assert_true(first && !strstr(first + 1, "The bridge in the winter") && strstr(full, "before it fell"));
}

/* What stands above an article, and what leads to other ones. */
static void test_article_links(void)
{
    static const char DATED[] = "<head><script type='application/ld+json'>{\"datePublished\" : \"2019-11-18T09:00:00Z\"}</script></head>";
    g_autofree char *dated = g_strdup_printf("%s<body><article><p>Nov. 18, 2019 | Ada Lovelace</p>%%s%%s</article>", DATED);
    g_autofree char *sentence = g_strdup_printf("%s<body><article><p>It was the winter of 1947.</p>%%s%%s</article>", DATED);
    assert_article(dated, NULL, "Lovelace");
    assert_article(sentence, "of 1947.", NULL);
    /* A date that is nowhere else stays. */
    assert_article("<body><article><p>Nov. 18, 2019 | Ada Lovelace</p>%s%s</article>", "Nov. 18, 2019", NULL);
    assert_article("<body><article><div class=post-kicker>Wide Angle</div>%s%s</article>", NULL, "Wide Angle");
    /* A short article beside many links; a whole teaser in one link; second headings below those that lead elsewhere. */
    GString *many = g_string_new("<body><div>%s%s</div><div>");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(many, "<div><a href=/%d>What the keepers of the locks did in the year %d</a></div>", i, 1900 + i);
    g_string_append(many, "</div>");
    assert_article(many->str, NULL, "keepers");
    g_string_free(many, TRUE);
    assert_article("<body><div>%s%s<div><a href=/1><div><h4>Boats</h4><p>Of wood, of tin, of straw, and of paper, in rows.</p></div></a>"
                   "<a href=/2><div><h4>Locks</h4><p>Of iron, of oak, of brass, and of stone, by age.</p></div></a></div></div>", NULL, "Of wood");
    assert_article("<body><article>%s%s<ul><li><h3><a href=/1>Boats</a></h3><h4>Of wood and tin</h4></li><li><h3><a href=/2>Locks</a></h3>"
                   "<h4>Of iron and oak</h4></li></ul></article>", NULL, "Of wood");
    /* A block of a few words heads what follows where that is links, not where it is text. */
    assert_article("<body><article>%s%s%s<div>Related things</div><div>Boats: <a href=/1>those that are of wood, or of tin, and float</a></div>"
                   "</article>", NULL, "those that are");
    assert_article("<body><article>%s%s%s<div>Related things</div><p>Boats are of wood, or of tin, and float.</p></article>", "Boats are", NULL);
}

static void test_published(void)
{
    g_autoptr(Document) item = read_string("a.html", "<body><p>One</p><time itemprop=datePublished datetime='2018-10-12T06:43Z'>x</time>");
    g_autoptr(Document) other = read_string("a.html", "<script>{\"datePublished\":\"2019-11-18\"}</script><body><p>One</p>");
    g_autoptr(Document) broken = read_string("a.html", "<script type='application/ld+json'>{\"datePublished\":</script><body><p>One</p>");
    g_autoptr(Document) open = read_string("a.html", "<script type='application/ld+json'>{\"datePublished\":\"2019-11</script><body><p>One</p>");
    g_assert_cmpstr(item->date, ==, "2018-10-12");
    g_assert_null(other->date);
    g_assert_null(broken->date);
    g_assert_cmpstr(open->date, ==, "2019-11");
}

static void test_refusals(void)
{
    static const struct { const char *name, *bytes; gsize length; } CASES[] = {
        { "a.pdf", "\x89PNG\r\n\x1a\n0000", 12 }, { "a.pdf", "", 0 }, { "a.html", "", 0 },
        { "a.pdf", "%PDF-1.4 nothing more", 21 }, { "a.txt", "\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7", 16 },
        { "a", "\x7f" "ELF\2\1\1", 7 }, { "a.docx", "PK\3\4....", 8 },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        Document *d = document_read_bytes(CASES[i].name, (const guint8 *) CASES[i].bytes, CASES[i].length,
                                          NULL, &error);
        g_assert_null(d);
        g_assert_error(error, FAILURE, FAILURE_INPUT);
        g_assert_true(g_str_has_prefix(error->message, CASES[i].name));
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(document_read("/", NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
}

/* What a program does with time, output and signals.  It has far more time than it needs even on a busy machine; that its limit is
 * in force is asked of it, and the one that loops has a lower one, of a second of processor time. */
static void test_program(void)
{
    enum { SECONDS = 200 };
    static const char *const CAT[] = { "/bin/cat", NULL };
    static const char *const LIMIT[] = { "/bin/sh", "-c", "ulimit -S -t; ulimit -H -t", NULL };
    static const char *const LOOP[] = { "/bin/sh", "-c", "ulimit -t 1; while :; do :; done", NULL };
    static const char *const NONE[] = { "/nonexistent/program", NULL };
    static const char *const HARMED[] = { "/bin/sh", "-c", "echo words; kill -SEGV $$", NULL };
    static const struct { const char *const *argv; const char *message; } WRONG[] = {
        { LOOP, "a.1: sh took more than 200 s for it" }, { NONE, "a.1: /nonexistent/program cannot be started" },
        { HARMED, "a.1: sh could not read it to its end" }, { CAT, "a.1: cat makes too much text of it" },
    };
    g_autofree guint8 *bytes = g_malloc0(1000000);
    g_autoptr(GByteArray) same = program_filter("a.1", CAT, bytes, 1000000, SECONDS, 1000000, NULL);
    g_assert_cmpmem(same->data, same->len, bytes, 1000000);
    g_autoptr(GByteArray) limits = program_filter("a.1", LIMIT, NULL, 0, SECONDS, 100, NULL);
    g_assert_cmpmem(limits->data, limits->len, "200\n200\n", 8);
    for (gsize i = 0; i < G_N_ELEMENTS(WRONG); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(program_filter("a.1", WRONG[i].argv, bytes, 1000000, SECONDS, 999999, &error));
        g_assert_error(error, FAILURE, FAILURE_INPUT);
        g_assert_true(g_str_has_prefix(error->message, WRONG[i].message));
    }
}

/* One id per byte: enough to see what is tokenized together. */
static void encode_bytes(gpointer data, const char *text, gsize length, GArray *ids)
{
    for (gsize i = 0; i < length; i++) {
        gint32 id = (guchar) text[i];
        g_array_append_val(ids, id);
    }
}

static char *spell(const Pack *pack, gsize from, gsize to)
{
    GString *text = g_string_new(NULL);
    for (gsize i = from; i < to; i++)
        g_string_append_c(text, (char) g_array_index(pack->ids, gint32, i));
    return g_string_free(text, FALSE);
}

static void test_pack(void)
{
    g_autoptr(Document) a = read_string("a.txt", "first\ffoo bar");
    g_autoptr(Document) b = read_string("b.md", "# One\nx\n# Two\ny\n");
    g_autoptr(Pack) pack = pack_new();
    pack_add(pack, a, encode_bytes, NULL);
    gsize alone = pack->ids->len;
    pack_add(pack, b, encode_bytes, NULL);
    g_autofree char *all = spell(pack, 0, pack->ids->len);
    g_assert_cmpstr(all, ==, "Document 1\n【1:1】\nfirst\n【1:2】\nfoo bar\n"
                    "Document 2: One\n【2:1】\n# One\nx\n【2:2】\n# Two\ny\n");
    g_assert_cmpuint(g_array_index(pack->document_end, guint32, 0), ==, alone);
    g_assert_cmpuint(g_array_index(pack->document_end, guint32, 1), ==, pack->ids->len);
    g_assert_cmpuint(pack->spans->len, ==, 4);
    const PackSpan *span = &g_array_index(pack->spans, PackSpan, 1);
    g_autofree char *text = spell(pack, span->first, span->first + span->count);
    g_assert_cmpstr(text, ==, "foo bar");
    g_assert_true(pack_span_at(pack, span->first) == span);
    g_assert_true(pack_span_at(pack, span->first + span->count - 1) == span);
    g_assert_null(pack_span_at(pack, span->first - 1));
    g_assert_null(pack_span_at(pack, span->first + span->count));
    g_assert_null(pack_span_at(pack, 0));
    g_assert_null(pack_span_at(pack, pack->ids->len + 5));
}

static void test_hash(void)
{
    g_autoptr(Document) a = read_string("a.txt", "same text");
    g_autoptr(Document) b = read_string("b.txt", "same text\n");
    g_autoptr(Document) c = read_string("a.txt", "other text");
    g_autoptr(Document) split = read_string("a.txt", "same\f text");
    g_autofree char *ha = document_hash(a), *hb = document_hash(b), *hc = document_hash(c),
        *hs = document_hash(split);
    g_assert_cmpstr(ha, ==, hb);
    g_assert_cmpstr(ha, !=, hc);
    g_assert_cmpstr(ha, !=, hs);
    g_assert_cmpuint(strlen(ha), ==, 64);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ingest/text", test_text);
    g_test_add_func("/ingest/encodings", test_encodings);
    g_test_add_func("/ingest/clean", test_clean);
    g_test_add_func("/ingest/clean-composes", test_clean_composes);
    g_test_add_func("/ingest/markdown", test_markdown);
    g_test_add_func("/ingest/html", test_html);
    g_test_add_func("/ingest/html-hostile", test_html_hostile);
    g_test_add_func("/ingest/pdf", test_pdf);
    g_test_add_func("/ingest/places", test_places);
    g_test_add_func("/ingest/columns", test_columns);
    g_test_add_func("/ingest/tables", test_tables);
    g_test_add_func("/ingest/tall-cells", test_tall_cells);
    g_test_add_func("/ingest/spanning-labels", test_spanning_labels);
    g_test_add_func("/ingest/wide-labels", test_wide_labels);
    g_test_add_func("/ingest/furniture", test_furniture);
    g_test_add_func("/ingest/lines-apart", test_lines_apart);
    g_test_add_func("/ingest/lone-foot", test_lone_foot);
    g_test_add_func("/ingest/byte-strings", test_byte_strings);
    g_test_add_func("/ingest/hyphens", test_hyphens);
    g_test_add_func("/ingest/scan", test_scan);
    g_test_add_func("/ingest/article", test_article);
    g_test_add_func("/ingest/article-parts", test_article_parts);
    g_test_add_func("/ingest/article-notices", test_article_notices);
    g_test_add_func("/ingest/article-links", test_article_links);
    g_test_add_func("/ingest/published", test_published);
    g_test_add_func("/ingest/refusals", test_refusals);
    g_test_add_func("/ingest/program", test_program);
    g_test_add_func("/ingest/pack", test_pack);
    g_test_add_func("/ingest/hash", test_hash);
    return g_test_run();
}
