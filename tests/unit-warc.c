/* unit-warc.c - web archives: which records are documents, how bodies are packed, what is told of damage. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "ingest/document.h"
#include "ingest/wire.h"
#include "src/base/failure.h"

/* A string and its length. */
#define TEXT(STRING) STRING, strlen(STRING)
#define HTML "Content-Type: text/html; charset=ISO-8859-1\r\n"
#define ONE "<html><title>One</title><body><p>The first page has these words.</p></body></html>"
#define LONG "<p>These words were packed before they were sent.</p>"
#define TWO "<html><body><h1>Two</h1><p>Caf\xe9 is what the second page says.</p></body></html>"

/* LONG with "4" behind it as brotli packs it, with "5" as zstd does, and 64 MiB of blanks (brotli). */
static const char BROTLI[] =
    "\x8b\x1a\x80\x3c\x70\x3e\x54\x68\x65\x73\x65\x20\x77\x6f\x72\x64\x73\x20\x77\x65\x72\x65\x20\x70\x61\x63\x6b\x65"
    "\x64\x20\x62\x65\x66\x6f\x72\x65\x20\x74\x68\x65\x79\x20\x77\x65\x72\x65\x20\x73\x65\x6e\x74\x2e\x3c\x2f\x70\x3e"
    "\x34\x03";
static const char ZSTD[] =
    "\x28\xb5\x2f\xfd\x00\x68\xb1\x01\x00\x3c\x70\x3e\x54\x68\x65\x73\x65\x20\x77\x6f\x72\x64\x73\x20\x77\x65\x72\x65"
    "\x20\x70\x61\x63\x6b\x65\x64\x20\x62\x65\x66\x6f\x72\x65\x20\x74\x68\x65\x79\x20\x77\x65\x72\x65\x20\x73\x65\x6e"
    "\x74\x2e\x3c\x2f\x70\x3e\x35";
static const char BOMB[] =
    "\xcb\xff\xff\x3f\xf8\x25\x40\xe2\xb1\x40\x20\xf7\xfe\x8f\xff\xff\x7f\xf0\x4b\x00\xc4\x61\x11\x80\xee\xfd\x1f\xff"
    "\xff\xff\xe0\x97\x00\x88\xc3\x02\x00\xdd\xfb\x3f\xfe\xff\xff\xc1\x2f\x01\x10\x87\x05\x00\xba\xf7\x7f\xfc\xff\xff"
    "\x83\x5f\x02\x20\x0e\x0b\x00\x74\xef\xff\xf8\xff\xff\x07\xbf\x04\x40\x1c\x16\x00\xe8\xde\xff\xf1\xff\xff\x0f\x7e"
    "\x09\x80\x38\x2c\x00\xd0\xbd\xff\xcb\xff\xff\x3f\xfc\x12\x00\x71\x58\x00\xa0\x7b\xff\x07";

static void add_record(GByteArray *out, const char *type, const char *url, const char *mime, const void *block, gsize length)
{
    g_autofree char *head = g_strdup_printf(
        "WARC/1.0\r\nWARC-Type: %s\r\nwarc-target-uri: %s\r\nWARC-Date: 2020-05-06T07:08:09Z\r\nContent-Type: %s\r\n"
        "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", type, url, mime, length);
    g_byte_array_append(out, (const guint8 *) head, (guint) strlen(head));
    g_byte_array_append(out, block, (guint) length);
    g_byte_array_append(out, (const guint8 *) TEXT("\r\n\r\n"));
}

/* A response with FIELDS and BODY. */
static void add_response(GByteArray *out, const char *url, const char *status, const char *fields, const void *body, gsize length)
{
    g_autofree char *head = g_strdup_printf("HTTP/1.1 %s\r\n%s\r\n", status, fields);
    g_autoptr(GByteArray) block = g_byte_array_new();
    g_byte_array_append(block, (const guint8 *) head, (guint) strlen(head));
    g_byte_array_append(block, body, (guint) length);
    add_record(out, "response", url, "application/http; msgtype=response", block->data, block->len);
}

static GByteArray *packed(const void *bytes, gsize length, GZlibCompressorFormat format)
{
    g_autoptr(GZlibCompressor) engine = g_zlib_compressor_new(format, 6);
    GByteArray *out = g_byte_array_new();
    gsize taken, given;
    g_byte_array_set_size(out, (guint) length + 1000);
    g_assert_cmpint(g_converter_convert(G_CONVERTER(engine), bytes, length, out->data, out->len, G_CONVERTER_INPUT_AT_END, &taken,
                                        &given, NULL), ==, G_CONVERTER_FINISHED);
    g_byte_array_set_size(out, (guint) given);
    return out;
}

static Document *read_archive(const GByteArray *archive)
{
    GError *error = NULL;
    Document *all = document_read_bytes("a.warc", archive->data, archive->len, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(all->parts);
    return all;
}

static const Document *part(const Document *all, guint i)
{
    g_assert_cmpuint(i, <, all->parts->len);
    return g_ptr_array_index(all->parts, i);
}

static const Page *first_page(const Document *document)
{
    return g_ptr_array_index(document->pages, 0);
}

static void test_records(void)
{
    g_autoptr(GByteArray) archive = g_byte_array_new();
    add_record(archive, "warcinfo", "", "application/warc-fields", TEXT("software: x\r\n"));
    add_record(archive, "request", "http://a/one", "application/http; msgtype=request", TEXT("GET / HTTP/1.0\r\n\r\n"));
    add_response(archive, "<http://a/one>", "200 OK", HTML, TEXT(ONE));
    add_response(archive, "http://a/two", "200 OK", HTML, TEXT(TWO));
    add_response(archive, "http://a/again", "200 OK", HTML, TEXT(TWO));
    add_response(archive, "http://a/moved", "301 Moved", HTML, TEXT("<p>gone away to some place</p>"));
    add_response(archive, "http://a/x.png", "200 OK", "Content-Type: image/png\r\n", TEXT("\x89PNG"));
    add_response(archive, "http://a/two", "200 OK", HTML, TEXT("<p>Other words at the same place.</p>"));
    add_record(archive, "revisit", "http://a/one", "application/http", TEXT("HTTP/1.1 200 OK\r\n\r\n"));
    add_record(archive, "resource", "http://a/res", "text/html", TEXT("<p>A resource is a page as well.</p>"));
    g_autoptr(Document) all = read_archive(archive);
    g_assert_cmpuint(all->parts->len, ==, 4);
    g_assert_cmpstr(part(all, 0)->path, ==, "a.warc#http://a/one");
    g_assert_cmpstr(part(all, 0)->title, ==, "One");
    g_assert_cmpstr(part(all, 0)->date, ==, "2020-05-06");
    g_assert_cmpstr(first_page(part(all, 0))->text, ==, "The first page has these words.");
    g_assert_cmpstr(part(all, 1)->title, ==, "a/two");
    g_assert_cmpstr(first_page(part(all, 1))->text, ==, "# Two\n\nCaf\xc3\xa9 is what the second page says.");
    g_assert_cmpstr(part(all, 2)->path, ==, "a.warc#http://a/two@20200506070809");
    g_assert_cmpstr(part(all, 3)->path, ==, "a.warc#http://a/res");
    /* And through the pipe to the program. */
    g_autoptr(GByteArray) frame = wire_from_document(all);
    g_autoptr(Document) same = wire_to_document(frame->data + WIRE_HEADER, frame->len - WIRE_HEADER);
    g_assert_nonnull(same);
    g_assert_cmpuint(same->parts->len, ==, 4);
    g_assert_cmpstr(first_page(part(same, 0))->text, ==, first_page(part(all, 0))->text);
}

static void test_bodies(void)
{
    static const char CHUNKED[] = "9;a=b\r\n<p>Some w\r\n13\r\nords in chunks.</p>\r\n0\r\nTrailer: x\r\n\r\n";
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_autoptr(GByteArray) gzip = packed(LONG "1", strlen(LONG) + 1, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GByteArray) zlib = packed(LONG "2", strlen(LONG) + 1, G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
    g_autoptr(GByteArray) raw = packed(LONG "3", strlen(LONG) + 1, G_ZLIB_COMPRESSOR_FORMAT_RAW);
    add_response(archive, "http://a/1", "200 OK", HTML "Transfer-Encoding: chunked\r\n", TEXT(CHUNKED));
    add_response(archive, "http://a/2", "200 OK", HTML "Transfer-Encoding: chunked\r\n", TEXT("<p>Not in chunks at all.</p>"));
    add_response(archive, "http://a/3", "200 OK", HTML "Content-Encoding: gzip\r\n", gzip->data, gzip->len);
    add_response(archive, "http://a/4", "200 OK", HTML "Content-Encoding: deflate\r\n", zlib->data, zlib->len);
    add_response(archive, "http://a/5", "200 OK", HTML "Content-Encoding: deflate\r\n", raw->data, raw->len);
    add_response(archive, "http://a/6", "200 OK", HTML "Content-Encoding: gzip\r\n", TEXT("<p>Unpacked by the crawler.</p>"));
    add_response(archive, "http://a/7", "200 OK", HTML "Content-Encoding: br\r\n", "\x1b\x1f\0\0", 4);
    add_response(archive, "http://a/8", "200 OK", "Content-Type: application/pdf\r\n", TEXT("%PDF-1.4 torn"));
    g_autoptr(Document) all = read_archive(archive);
    g_assert_cmpuint(all->parts->len, ==, 8);
    g_assert_cmpstr(first_page(part(all, 0))->text, ==, "Some words in chunks.");
    g_assert_cmpstr(first_page(part(all, 1))->text, ==, "Not in chunks at all.");
    for (guint i = 2; i < 5; i++)
        g_assert_true(g_str_has_prefix(first_page(part(all, i))->text, "These words were packed"));
    g_assert_cmpstr(first_page(part(all, 5))->text, ==, "Unpacked by the crawler.");
    g_assert_cmpuint(document_unread_pages(part(all, 0)), ==, 0);
    g_assert_cmpuint(document_unread_pages(part(all, 2)), ==, 0);
    /* What cannot be read is told. */
    for (guint i = 6; i < 8; i++) {
        g_assert_cmpint(first_page(part(all, i))->state, ==, PAGE_DAMAGED);
        g_assert_cmpuint(document_unread_pages(part(all, i)), ==, 1);
    }
    /* So is what was cut off, in chunks or compressed. */
    g_autoptr(GByteArray) torn = g_byte_array_new();
    add_response(torn, "http://a/1", "200 OK", HTML "Transfer-Encoding: chunked\r\n", CHUNKED, strlen(CHUNKED) - 40);
    add_response(torn, "http://a/2", "200 OK", HTML "Content-Encoding: gzip\r\n", gzip->data, gzip->len - 12);
    g_autoptr(Document) cut = read_archive(torn);
    g_assert_cmpuint(cut->parts->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpint(first_page(part(cut, i))->state, ==, PAGE_TEXT);
        g_assert_cmpuint(document_unread_pages(part(cut, i)), ==, 1);
    }
}

/* PART, with the words that were packed and then KIND; or it says what is lacking. */
static void assert_unpacked(const Document *part, char kind, gboolean can)
{
    const Page *page = first_page(part);
    g_autofree char *text = g_strdup_printf("These words were packed before they were sent.\n\n%c", kind);
    if (can) {
        g_assert_cmpstr(page->text, ==, text);
        g_assert_cmpuint(document_unread_pages(part), ==, 0);
    } else {
        g_assert_cmpint(page->state, ==, PAGE_DAMAGED);
        g_assert_nonnull(strstr(page->label, "without the library"));
    }
}

static void test_newer_bodies(void)
{
#ifdef HAVE_BROTLI
    const gboolean br = TRUE;
#else
    const gboolean br = FALSE;
#endif
#ifdef HAVE_ZSTD
    const gboolean zstd = TRUE;
#else
    const gboolean zstd = FALSE;
#endif
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_autoptr(GByteArray) twice = packed(BROTLI, sizeof BROTLI - 1, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autofree char *frames = g_malloc(2 * (sizeof ZSTD - 1));
    memcpy(frames, ZSTD, sizeof ZSTD - 1);
    memcpy(frames + sizeof ZSTD - 1, ZSTD, sizeof ZSTD - 1);
    add_response(archive, "http://a/1", "200 OK", HTML "Content-Encoding: br\r\n", BROTLI, sizeof BROTLI - 1);
    add_response(archive, "http://a/2", "200 OK", HTML "Content-Encoding: zstd\r\n", ZSTD, sizeof ZSTD - 1);
    add_response(archive, "http://a/3", "200 OK", HTML "Content-Encoding: br\r\n", TEXT("\n<p>Unpacked by the crawler.</p>"));
    add_response(archive, "http://a/4", "200 OK", HTML "Content-Encoding: br\r\n", BROTLI, sizeof BROTLI - 9);
    add_response(archive, "http://a/5", "200 OK", HTML "Content-Encoding: zstd\r\n", frames, 2 * (sizeof ZSTD - 1));
    add_response(archive, "http://a/6", "200 OK", HTML "Content-Encoding: zstd\r\n", frames, 2 * (sizeof ZSTD - 1) - 9);
    add_response(archive, "http://a/7", "200 OK", HTML "Content-Encoding: zstd\r\n", TEXT("no zstd"));
    add_response(archive, "http://a/8", "200 OK", HTML "Content-Encoding: br\r\n", BOMB, sizeof BOMB - 1);
    g_autoptr(Document) all = read_archive(archive);
    g_assert_cmpuint(all->parts->len, ==, 8);
    assert_unpacked(part(all, 0), '4', br);
    assert_unpacked(part(all, 1), '5', zstd);
    g_assert_cmpstr(first_page(part(all, 2))->text, ==, "Unpacked by the crawler.");
    for (guint i = 3; i < 8; i++)
        g_assert_cmpuint(document_unread_pages(part(all, i)), ==, i == 4 ? !zstd : 1);
    if (br) {
        g_assert_true(g_str_has_prefix(first_page(part(all, 3))->text, "These words"));
        g_assert_cmpstr(first_page(part(all, 7))->label, ==, "(too large when unpacked)");
    }
    if (zstd) {
        g_assert_nonnull(strstr(first_page(part(all, 4))->text, "\n\n5\n\nThese words"));
        g_assert_true(g_str_has_prefix(first_page(part(all, 5))->text, "These words"));
    }
    /* What was put around it last comes off first. */
    g_autoptr(GByteArray) other = g_byte_array_new();
    add_response(other, "http://a/1", "200 OK", HTML "Content-Encoding: br, gzip\r\n", twice->data, twice->len);
    g_autoptr(Document) one = read_archive(other);
    assert_unpacked(part(one, 0), '4', br);
}

/* Bodies that grow more, all in all, than an archive of this size may. */
static void test_many_bombs(void)
{
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_autoptr(GByteArray) blanks = g_byte_array_new();
    g_byte_array_set_size(blanks, 3 << 20);
    memset(blanks->data, ' ', blanks->len);
    for (guint i = 0; i < 10; i++) {
        blanks->data[i] = 'a';
        g_autofree char *url = g_strdup_printf("http://a/%u", i);
        g_autoptr(GByteArray) body = packed(blanks->data, blanks->len, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
        add_response(archive, url, "200 OK", HTML "Content-Encoding: gzip\r\n", body->data, body->len);
    }
    g_autoptr(Document) all = read_archive(archive);
    g_assert_cmpuint(all->parts->len, <, 9);
    g_assert_cmpstr(part(all, all->parts->len - 1)->path, ==, "a.warc#rest");
}

/* Compressed by record, as crawlers write them, and cut off. */
static void test_packed(void)
{
    g_autoptr(GByteArray) one = g_byte_array_new(), two = g_byte_array_new(), archive = g_byte_array_new();
    add_response(one, "http://a/1", "200 OK", HTML, TEXT(ONE));
    add_response(two, "http://a/2", "200 OK", HTML, TEXT(TWO));
    g_autoptr(GByteArray) first = packed(one->data, one->len, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autoptr(GByteArray) second = packed(two->data, two->len, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_byte_array_append(archive, first->data, first->len);
    g_byte_array_append(archive, second->data, second->len);
    g_autoptr(Document) all = read_archive(archive);
    g_assert_cmpuint(all->parts->len, ==, 2);
    g_byte_array_set_size(archive, archive->len - second->len / 2);
    g_autoptr(Document) cut = read_archive(archive);
    g_assert_cmpuint(cut->parts->len, ==, 2);
    g_assert_cmpstr(part(cut, 1)->path, ==, "a.warc#rest");
    g_assert_cmpint(first_page(part(cut, 1))->state, ==, PAGE_DAMAGED);
}

static void assert_refused(const void *bytes, gsize length, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(document_read_bytes("a.warc", bytes, length, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "a.warc: "));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_damaged(void)
{
    g_autoptr(GByteArray) none = g_byte_array_new(), archive = g_byte_array_new(), blanks = g_byte_array_new();
    add_response(none, "http://a/x.png", "200 OK", "Content-Type: image/png\r\n", TEXT("\x89PNG"));
    assert_refused(none->data, none->len, "no HTML and no PDF");
    assert_refused(TEXT("WARC/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n"), "is a damaged web archive");
    assert_refused(TEXT("WARC/1.0\r\nContent-Length: -1\r\n\r\n"), "is a damaged web archive");
    /* A record that says more than there is, behind a good one. */
    add_response(archive, "http://a/1", "200 OK", HTML, TEXT(ONE));
    static const char SHORT[] = "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 5000\r\n\r\nHTTP/1.1";
    g_byte_array_append(archive, (const guint8 *) SHORT, sizeof SHORT - 1);
    g_autoptr(Document) cut = read_archive(archive);
    g_assert_cmpuint(cut->parts->len, ==, 2);
    /* Blanks without end in a few bytes. */
    g_byte_array_set_size(blanks, 64 << 20);
    memset(blanks->data, ' ', blanks->len);
    memcpy(blanks->data, TEXT("WARC/1.0\r\nContent-Length: 999999999\r\n\r\n"));
    g_autoptr(GByteArray) bomb = packed(blanks->data, blanks->len, G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    assert_refused(bomb->data, bomb->len, "is a damaged web archive");
}

/* What the fuzz target of frames starts from is what readers send today: else it finds nothing behind its first field. */
static void test_seeds(void)
{
    static const struct { const char *name; guint parts; } SEEDS[] = { { "document", 0 }, { "archive", 2 } };
    for (gsize i = 0; i < G_N_ELEMENTS(SEEDS); i++) {
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "fuzz", "wire", SEEDS[i].name, NULL), *frame = NULL;
        gsize length;
        g_assert_true(g_file_get_contents(path, &frame, &length, NULL));
        g_assert_cmpint(frame[0], ==, 'd');
        g_autoptr(Document) document = wire_to_document((const guint8 *) frame + 1, length - 1);
        g_assert_nonnull(document);
        g_assert_cmpuint(document->parts ? document->parts->len : 0, ==, SEEDS[i].parts);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/warc/records", test_records);
    g_test_add_func("/warc/bodies", test_bodies);
    g_test_add_func("/warc/newer-bodies", test_newer_bodies);
    g_test_add_func("/warc/many-bombs", test_many_bombs);
    g_test_add_func("/warc/packed", test_packed);
    g_test_add_func("/warc/damaged", test_damaged);
    g_test_add_func("/warc/seeds", test_seeds);
    return g_test_run();
}
