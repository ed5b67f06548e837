/* unit-formats.c - packages of files: EPUB, MHTML. */
#include "config.h"

#include <string.h>

#include "ingest/document.h"
#include "ingest/ignore.h"
#include "ingest/zip.h"
#include "src/base/failure.h"
#include "tests/zip-maker.h"

static const Page *page(const Document *document, guint i)
{
    g_assert_cmpuint(i, <, document->pages->len);
    return g_ptr_array_index(document->pages, i);
}

static Document *read_bytes(const char *name, const void *bytes, gsize length)
{
    GError *error = NULL;
    Document *document = document_read_bytes(name, bytes, length, NULL, &error);
    g_assert_no_error(error);
    return document;
}

static void assert_refused(const char *name, const void *bytes, gsize length, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(document_read_bytes(name, bytes, length, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
    g_assert_true(g_str_has_prefix(error->message, name));
    if (!strstr(error->message, words))
        g_error("\"%s\" does not say \"%s\"", error->message, words);
}

#define CONTAINER "<?xml version='1.0'?><container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'>" \
    "<rootfiles><rootfile full-path='OPS/book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>"
#define METADATA "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>A Book &amp; more</dc:title>" \
    "<dc:creator>Ann Author</dc:creator><dc:creator>Bo Writer</dc:creator><dc:date>2019-02-03</dc:date></metadata>"
#define ITEMS "<item id='a' href='text/one%20a.xhtml' media-type='application/xhtml+xml'/>" \
    "<item id='b' href='text/two.xhtml' media-type='application/xhtml+xml'/>" \
    "<item id='x' href='../../../etc/passwd' media-type='application/xhtml+xml'/>" \
    "<item id='g' href='text/gone.xhtml' media-type='application/xhtml+xml'/>"
#define SPINE(attributes) "<spine" attributes "><itemref idref='b'/><itemref idref='a'/><itemref idref='x'/><itemref idref='b'/></spine>"
#define ONE "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>One</h1><p>First words, caf\303\251.</p></body></html>"
#define TWO "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>Before all.</p></body></html>"

static void check_book(const char *const *members)
{
    g_autoptr(GByteArray) zip = make_zip(members);
    g_autoptr(Document) d = read_bytes("a.epub", zip->data, zip->len);
    g_assert_cmpstr(d->format, ==, "epub");
    g_assert_cmpstr(d->title, ==, "A Book & more");
    g_assert_cmpstr(d->author, ==, "Ann Author, Bo Writer");
    g_assert_cmpstr(d->date, ==, "2019-02-03");
    g_assert_cmpuint(d->pages->len, ==, 2);
    g_assert_cmpstr(page(d, 0)->label, ==, "The preface");
    g_assert_cmpstr(page(d, 0)->text, ==, "Before all.");
    g_assert_cmpstr(page(d, 1)->label, ==, "Chapter one");
    g_assert_cmpstr(page(d, 1)->text, ==, "# One\n\nFirst words, café.");
}

static void test_epub(void)
{
    static const char *const THREE[] = { "mimetype", "application/epub+zip", "META-INF/container.xml", CONTAINER,
        "OPS/book.opf", "<package xmlns='http://www.idpf.org/2007/opf' version='3.0'>" METADATA "<manifest>" ITEMS
        "<item id='n' href='nav.xhtml' properties='x nav' media-type='application/xhtml+xml'/></manifest>" SPINE("") "</package>",
        "OPS/nav.xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><body><nav><ol><li><a href='text/two.xhtml'>The <b>preface</b></a>"
        "</li><li><a href='text/one%20a.xhtml#top'>Chapter one</a></li><li><a href='text/one%20a.xhtml#s2'>Section</a></li></ol></nav></body></html>",
        "OPS/text/one a.xhtml", ONE, "OPS/text/two.xhtml", TWO, NULL };
    static const char *const OLD[] = { "META-INF/container.xml", CONTAINER, "OPS/text/one a.xhtml", ONE, "OPS/text/two.xhtml", TWO,
        "OPS/book.opf", "<package xmlns='http://www.idpf.org/2007/opf' version='2.0'>" METADATA "<manifest>" ITEMS
        "<item id='ncx' href='toc.ncx' media-type='application/x-dtbncx+xml'/></manifest>" SPINE(" toc='ncx'") "</package>",
        "OPS/toc.ncx", "<?xml version='1.0'?><!DOCTYPE ncx PUBLIC '-//NISO//DTD ncx 2005-1//EN' 'http://www.daisy.org/z3986/2005/ncx-2005-1.dtd'>"
        "<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><docTitle><text>No</text></docTitle><navMap><navPoint id='1'><navLabel><text>The preface</text></navLabel>"
        "<content src='text/two.xhtml'/></navPoint><navPoint id='2'><navLabel><text>Chapter one</text></navLabel>"
        "<content src='text/one%20a.xhtml'/></navPoint></navMap></ncx>", NULL };
    check_book(THREE);
    check_book(OLD);
}

#define BOOK(spine) "<package>" METADATA "<manifest>" ITEMS "</manifest>" spine "</package>"

static void test_epub_refused(void)
{
    static const char LOCK[] = "<encryption><EncryptedData><EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/>"
        "</EncryptedData></encryption>";
    static const char FONTS[] = "<encryption><EncryptedData><EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/>"
        "</EncryptedData></encryption>";
    const char *locked[] = { "META-INF/container.xml", CONTAINER, "META-INF/encryption.xml", LOCK,
        "OPS/book.opf", BOOK(SPINE("")), "OPS/text/two.xhtml", TWO, NULL };
    const char *empty[] = { "META-INF/container.xml", CONTAINER, "OPS/book.opf", BOOK(""), NULL };
    const char *lost[] = { "META-INF/container.xml", CONTAINER, "x", "y", NULL };
    const char *other[] = { "word/document.xml", "<x/>", NULL };
    g_autoptr(GByteArray) zip = make_zip(locked), none = make_zip(empty), gone = make_zip(lost), word = make_zip(other);
    assert_refused("a.epub", zip->data, zip->len, "locked by its seller");
    assert_refused("a.epub", none->data, none->len, "no list of its chapters");
    assert_refused("a.epub", gone->data, gone->len, "does not say what is in it");
    locked[3] = FONTS;
    g_autoptr(GByteArray) fonts = make_zip(locked);
    g_autoptr(Document) d = read_bytes("a.epub", fonts->data, fonts->len);
    g_assert_cmpuint(d->pages->len, ==, 2);
    /* The chapter that is missing is told. */
    g_assert_cmpstr(page(d, 0)->text, ==, "Before all.");
    g_assert_cmpint(page(d, 1)->state, ==, PAGE_DAMAGED);
    assert_refused("a.epub", fonts->data, fonts->len / 2, "damaged");
    /* Any byte may be wrong: a document or a sentence, nothing else. */
    for (gsize i = 0; i < fonts->len; i += 7) {
        fonts->data[i] ^= 0x55;
        g_autoptr(GError) error = NULL;
        g_autoptr(Document) document = document_read_bytes("a.epub", fonts->data, fonts->len, NULL, &error);
        g_assert_true((document == NULL) == (error != NULL));
        fonts->data[i] ^= 0x55;
    }
}

/* 300 MB of blanks in a chapter; and entities that would be 10^9 of them. */
static void test_bombs(void)
{
    g_autofree char *blanks = g_strnfill(300 << 20, ' ');
    const char *members[] = { "META-INF/container.xml", CONTAINER, "OPS/book.opf", BOOK(SPINE("")), "OPS/text/two.xhtml", blanks, NULL };
    g_autoptr(GByteArray) zip = make_zip(members);
    assert_refused("a.epub", zip->data, zip->len, "more than 256 MiB");
    members[3] = "<!DOCTYPE package [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
        "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'><!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
        "<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'><!ENTITY p SYSTEM 'file:///etc/passwd'>]>"
        "<package><metadata><title>T&g;&p;</title></metadata><manifest>" ITEMS "</manifest>" SPINE("") "</package>";
    members[5] = TWO;
    g_autoptr(GByteArray) entities = make_zip(members);
    g_autoptr(GError) error = NULL;
    g_autoptr(Document) d = document_read_bytes("a.epub", entities->data, entities->len, NULL, &error);
    g_assert_true(d || error);
    if (d)
        g_assert_cmpuint(strlen(d->title), <, 10);
}

static void test_resolve(void)
{
    static const struct { const char *base, *reference, *name; } CASES[] = {
        { "OPS/book.opf", "a.xhtml", "OPS/a.xhtml" }, { "OPS/t/a.xhtml", "../b.xhtml#x", "OPS/b.xhtml" },
        { "book.opf", "a%20b.xhtml", "a b.xhtml" }, { "book.opf", "../a", NULL }, { "OPS/book.opf", "../../a", NULL },
        { "book.opf", "%2e%2e/a", NULL }, { "book.opf", "/etc/passwd", NULL }, { "book.opf", "http://example.org/a", NULL },
        { "book.opf", "#a", NULL }, { "", "a/./b//c", "a/b/c" }, { "a/b", "..", NULL },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *name = zip_resolve(CASES[i].base, CASES[i].reference);
        g_assert_cmpstr(name, ==, CASES[i].name);
    }
}

static const char MESSAGE[] = "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"--=_b--x\"\r\n\r\n\r\n"
    "----=_b--x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    "----=_b--x\r\nContent-Type: text/html; charset=iso-8859-2\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<html><head><meta charset=3D\"utf-8\"><title>A saved page</title></head><body><h1>A saved=\r\n page</h1>"
    "<p>Za=BF=F3=B3=E6 words= \r\n and =3D more.</p></body></html>\r\n----=_b--x--\r\n";

static void test_mhtml(void)
{
    g_autoptr(Document) d = read_bytes("a.mhtml", MESSAGE, sizeof MESSAGE - 1);
    g_assert_cmpstr(d->format, ==, "mhtml");
    g_assert_cmpstr(d->title, ==, "A saved page");
    g_assert_cmpuint(d->pages->len, ==, 1);
    g_assert_cmpstr(page(d, 0)->text, ==, "# A saved page\n\nZażółć words and = more.");
    /* The second of two, named by "start"; base64; bare newlines; a part inside of a part. */
    static const char NESTED[] = "MIME-Version: 1.0\nContent-Type: multipart/related; start=\"<b>\"; boundary=o\n\n--o\n"
        "Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>not this\n--i\nContent-Type: text/html\n"
        "Content-ID: <b>\nContent-Transfer-Encoding: base64\n\nPHA+dGhpcyBvbmU8L3A+\n--i--\n--o--\n";
    g_autoptr(Document) nested = read_bytes("a.mht", NESTED, sizeof NESTED - 1);
    g_assert_cmpstr(page(nested, 0)->text, ==, "this one");
    static const char FRAMES[] = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=o\n\n--o\nContent-Type: text/html\n\n"
        "<html><head><title>Frames</title></head><frameset></frameset></html>\n--o\nContent-Type: text/html\n\n<p>left\n--o\n"
        "Content-Type: text/html\n\n<p>right\n";
    g_autoptr(Document) frames = read_bytes("a.mht", FRAMES, sizeof FRAMES - 1);
    g_assert_cmpstr(frames->title, ==, "Frames");
    g_assert_cmpuint(frames->pages->len, ==, 2);
    g_assert_cmpstr(page(frames, 1)->text, ==, "right");
    static const char NONE[] = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=o\n\n--o\nContent-Type: image/png\n\nx\n--o--";
    assert_refused("a.mht", NONE, sizeof NONE - 1, "no HTML");
}

/* As git check-ignore says. */
static void test_ignore(void)
{
    static const struct { const char *list, *path; gboolean folder; IgnoreVerdict verdict; } CASES[] = {
        { "*.txt", "a.txt", FALSE, IGNORE_DROP }, { "*.txt", "x/y/a.txt", FALSE, IGNORE_DROP }, { "*.txt", "a.txt.gz", FALSE, IGNORE_SILENT },
        { "/a.txt", "a.txt", FALSE, IGNORE_DROP }, { "/a.txt", "x/a.txt", FALSE, IGNORE_SILENT }, { "x/a", "x/a", FALSE, IGNORE_DROP },
        { "x/a", "y/x/a", FALSE, IGNORE_SILENT }, { "x/*", "x/y/z", FALSE, IGNORE_SILENT }, { "x/**", "x/y/z", FALSE, IGNORE_DROP },
        { "x/**", "x", TRUE, IGNORE_SILENT }, { "**/z", "z", FALSE, IGNORE_DROP }, { "a/**/z", "a/z", FALSE, IGNORE_DROP },
        { "a/**/z", "a/b/c/z", FALSE, IGNORE_DROP }, { "build/", "build", TRUE, IGNORE_DROP }, { "build/", "build", FALSE, IGNORE_SILENT },
        { "*.txt\n!keep.txt", "keep.txt", FALSE, IGNORE_KEEP }, { "!keep.txt\n*.txt", "keep.txt", FALSE, IGNORE_DROP },
        { "# a\n\n  \n", "a", FALSE, IGNORE_SILENT }, { "\\#a", "#a", FALSE, IGNORE_DROP }, { "\\!a", "!a", FALSE, IGNORE_DROP },
        { "a   ", "a", FALSE, IGNORE_DROP }, { "a\\ ", "a ", FALSE, IGNORE_DROP }, { "a\r\n", "a", FALSE, IGNORE_DROP },
        { "[a-c]x", "bx", FALSE, IGNORE_DROP }, { "[!a-c]x", "bx", FALSE, IGNORE_SILENT }, { "[]]x", "]x", FALSE, IGNORE_DROP },
        { "[ab", "[ab", FALSE, IGNORE_DROP }, { "?", "\303\251", FALSE, IGNORE_DROP }, { "*\303\251*", "caf\303\251s", FALSE, IGNORE_DROP },
        { "/", "a", TRUE, IGNORE_SILENT }, { "*a*b*c", "xaybzc", FALSE, IGNORE_DROP }, { "*a*b*c", "xaybz", FALSE, IGNORE_SILENT },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Ignore) ignore = ignore_new(CASES[i].list, strlen(CASES[i].list));
        g_test_message("\"%s\" and %s", CASES[i].list, CASES[i].path);
        g_assert_cmpint(ignore_match(ignore, CASES[i].path, CASES[i].folder), ==, CASES[i].verdict);
    }
    /* A pattern made to take for ever. */
    g_autoptr(GString) stars = g_string_new(NULL);
    for (int i = 0; i < 2000; i++)
        g_string_append(stars, "*a");
    g_string_append(stars, "b");
    g_autofree char *name = g_strnfill(4000, 'a');
    g_autoptr(Ignore) ignore = ignore_new(stars->str, stars->len);
    g_assert_cmpint(ignore_match(ignore, name, FALSE), ==, IGNORE_SILENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/formats/epub", test_epub);
    g_test_add_func("/formats/epub-refused", test_epub_refused);
    g_test_add_func("/formats/bombs", test_bombs);
    g_test_add_func("/formats/resolve", test_resolve);
    g_test_add_func("/formats/mhtml", test_mhtml);
    g_test_add_func("/formats/ignore", test_ignore);
    return g_test_run();
}
