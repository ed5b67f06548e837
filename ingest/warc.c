/* warc.c - WARC 0.17 to 1.1: web archives, plain or compressed by record.
 *
 *     WARC/1.0 CRLF   name: value CRLF ...   CRLF   a block of Content-Length bytes   CRLF CRLF
 *
 * Of the records, responses of HTTP with status 200 and resources are read if they are HTML or PDF: each is a document, called FILE#URL, with the day
 * of its capture as the date where it has none.  Bodies in chunks or compressed are decoded (body.h).  What comes a second time with
 * the same bytes is left out, as are revisits, requests and metadata.  The archive is read as a stream: what is not kept is not stored.
 * An archive that breaks off is read as far as it goes, and the rest is told as a damaged page.
 */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "ingest/body.h"
#include "ingest/html.h"
#include "ingest/reader.h"
#include "ingest/unpack.h"
#include "src/base/failure.h"

enum {
    LINE_MAX_BYTES = 65536,
    FIELDS_MAX = 1000,
    HEAD_BYTES = 65536,     /* of a compressed file, for a look */
    DOCUMENTS_MAX = 20000,
    /* More than this many bytes unpacked for each of the file is a bomb. */
    EXPANSION_MAX = 200,
};
/* Text of all documents of one archive. */
static const gsize TEXT_MAX = (gsize) 512 << 20;

typedef struct {
    const guint8 *from;     /* what is left of the file */
    gsize left;
    GZlibDecompressor *gzip;    /* or NULL: it is not compressed */
    guint8 buffer[65536];
    gsize at, end;
    guint64 total, most;    /* bytes that came out of the stream */
    gboolean damaged;
} Input;

typedef struct {
    const char *path;
    const DocumentOptions *options;
    Document *all;
    GHashTable *digests;    /* of bodies that were read */
    GHashTable *urls;       /* that have a document */
    gsize text;
    gboolean full;
} Warc;

/* --- The stream --- */

static void input_open(Input *in, const guint8 *bytes, gsize length)
{
    in->from = bytes;
    in->left = length;
    in->gzip = length > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b ? g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP) : NULL;
}

/* The next bytes of the file, unpacked if it is in gzip, member by member. */
static gsize next_bytes(Input *in)
{
    gsize taken = MIN(in->left, sizeof in->buffer), given = taken;
    if (!in->gzip) {
        memcpy(in->buffer, in->from, taken);
    } else {
        GConverterResult result = g_converter_convert(G_CONVERTER(in->gzip), in->from, in->left, in->buffer, sizeof in->buffer,
                                                      G_CONVERTER_INPUT_AT_END, &taken, &given, NULL);
        if (result == G_CONVERTER_FINISHED)
            g_converter_reset(G_CONVERTER(in->gzip));
        if (result == G_CONVERTER_ERROR || (taken == 0 && given == 0)) {
            in->damaged = TRUE;
            return 0;
        }
    }
    in->from += taken;
    in->left -= taken;
    return given;
}

static gboolean fill(Input *in)
{
    while (in->at >= in->end && in->left > 0 && !in->damaged) {
        in->at = 0;
        in->end = next_bytes(in);
        in->total += in->end;
        in->damaged |= in->total > in->most;
    }
    return in->at < in->end && in->total <= in->most;
}

/* A line without its end; to be freed.  NULL: there is none, or it is too long. */
static char *take_line(Input *in)
{
    g_autoptr(GString) line = g_string_new(NULL);
    while (fill(in)) {
        const guint8 *begin = in->buffer + in->at, *feed = memchr(begin, '\n', in->end - in->at);
        gsize n = feed ? (gsize) (feed - begin) : in->end - in->at;
        if (line->len + n > LINE_MAX_BYTES)
            return NULL;
        g_string_append_len(line, (const char *) begin, (gssize) n);
        in->at += n + (feed != NULL);
        if (!feed)
            continue;
        if (line->len > 0 && line->str[line->len - 1] == '\r')
            g_string_truncate(line, line->len - 1);
        return g_strdup(line->str);
    }
    return NULL;
}

/* N bytes to the end of OUT, or (NULL) to nowhere. */
static gboolean take_bytes(Input *in, guint64 n, GByteArray *out)
{
    while (n > 0 && fill(in)) {
        gsize some = (gsize) MIN(n, (guint64) (in->end - in->at));
        if (out)
            g_byte_array_append(out, in->buffer + in->at, (guint) some);
        in->at += some;
        n -= some;
    }
    return n == 0;
}

/* --- Fields, of records and of HTTP --- */

/* Adds "name: value" to FIELDS, names in lower case; the first of a name counts. */
static void add_field(GHashTable *fields, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!colon || g_hash_table_size(fields) >= FIELDS_MAX)
        return;
    g_autofree char *raw = g_strstrip(g_strndup(line, (gsize) (colon - line)));
    char *name = g_ascii_strdown(raw, -1);
    if (g_hash_table_contains(fields, name))
        g_free(name);
    else
        g_hash_table_insert(fields, name, g_strstrip(g_utf8_make_valid(colon + 1, -1)));
}

static GHashTable *fields_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* Never NULL. */
static const char *field(GHashTable *fields, const char *name)
{
    const char *value = g_hash_table_lookup(fields, name);
    return value ? value : "";
}

static gboolean begins(const char *value, const char *with)
{
    return !g_ascii_strncasecmp(value, with, strlen(with));
}

/* The fields of a record up to the empty line; NULL when the archive breaks off. */
static GHashTable *take_fields(Input *in)
{
    g_autoptr(GHashTable) fields = fields_new();
    for (;;) {
        g_autofree char *line = take_line(in);
        if (!line)
            return NULL;
        if (!*line)
            return g_steal_pointer(&fields);
        add_field(fields, line);
    }
}

/* The fields in front of the LENGTH bytes of a response, behind its first line; *BODY: what follows. */
static GHashTable *http_fields(const guint8 *bytes, gsize length, gsize *body)
{
    GHashTable *fields = fields_new();
    gsize at = 0;
    while (at < length) {
        const guint8 *begin = bytes + at, *feed = memchr(begin, '\n', length - at);
        gsize n = feed ? (gsize) (feed - begin) : length - at;
        gboolean first = at == 0;
        at += n + (feed != NULL);
        while (n > 0 && begin[n - 1] == '\r')
            n--;
        if (n == 0)
            break;
        g_autofree char *line = g_strndup((const char *) begin, n);
        if (!first)
            add_field(fields, line);
    }
    *body = at;
    return fields;
}

/* --- Documents --- */

static gboolean is_pdf(const guint8 *bytes, gsize length)
{
    return memmem(bytes, MIN(length, 1024), "%PDF-", 5) != NULL;
}

static gboolean is_wanted(const char *type)
{
    return begins(type, "text/html") || begins(type, "application/xhtml+xml") || begins(type, "application/pdf");
}

/* The value behind "charset=" in TYPE; to be freed, or NULL. */
static char *charset_of(const char *type)
{
    const char *p = strcasestr(type, "charset=");
    if (!p)
        return NULL;
    p += strlen("charset=");
    p += *p == '"' || *p == '\'';
    return g_strndup(p, strcspn(p, "\"'; \t"));
}

static gboolean has_words(const Document *document)
{
    for (guint i = 0; i < document->pages->len; i++)
        if (((const Page *) g_ptr_array_index(document->pages, i))->state != PAGE_EMPTY)
            return TRUE;
    return FALSE;
}

/* FILE#URL, with the time of the capture behind a URL that comes again; to be freed. */
static char *part_path(Warc *warc, const char *url, const char *time)
{
    g_autofree char *name = g_hash_table_contains(warc->urls, url) ? g_strdup_printf("%s@%s", url, time) : g_strdup(url);
    if (!g_hash_table_add(warc->urls, g_strdup(name)))
        return NULL;
    return g_strdup_printf("%s#%s", warc->path, name);
}

static void add_part(Warc *warc, Document *document)
{
    for (guint i = 0; i < document->pages->len; i++)
        warc->text += ((const Page *) g_ptr_array_index(document->pages, i))->length;
    g_ptr_array_add(warc->all->parts, document);
    warc->full = warc->text > TEXT_MAX || warc->all->parts->len >= DOCUMENTS_MAX;
    if (warc->options->alive)
        warc->options->alive();
}

/* A page of a site, or what is missing of the archive, that cannot be read; LABEL, or NULL, says why. */
static void add_damaged(Warc *warc, const char *path, const char *title, const char *label)
{
    Document *document = document_new(path, "warc");
    document_set_title(document, title);
    document_add_page(document, label, "", 0, PAGE_DAMAGED);
    add_part(warc, document);
}

/* URL without its scheme, for people. */
static const char *bare_url(const char *url)
{
    const char *bare = strstr(url, "://");
    return bare ? bare + 3 : url;
}

/* What stands for a body that was not read; NULL: it is damaged. */
static const char *missing_label(BodyState state)
{
    return state == BODY_TOO_LARGE ? "(too large when unpacked)"
        : state == BODY_NO_LIBRARY ? "(compressed as br or zstd, for which this kvasir was built without the library)" : NULL;
}

/* BODY, NULL if it could not be decoded, as a document. */
static void add_body(Warc *warc, const char *url, const char *time, const char *type, const GByteArray *body, BodyState state)
{
    const gboolean cut = state == BODY_CUT;
    g_autofree char *charset = charset_of(type);
    g_autofree char *digest = body ? g_compute_checksum_for_data(G_CHECKSUM_SHA256, body->data, body->len) : NULL;
    if (body && (body->len == 0 || !g_hash_table_add(warc->digests, g_steal_pointer(&digest))))
        return;
    g_autofree char *path = part_path(warc, url, time);
    if (!path)
        return;
    g_autoptr(Document) document = !body ? NULL
        : is_pdf(body->data, body->len) ? pdf_read(path, body->data, body->len, warc->options, NULL)
        : begins(type, "application/pdf") ? NULL
        : html_read_as(path, body->data, body->len, charset, warc->options, NULL);
    if (!document) {
        add_damaged(warc, path, bare_url(url), missing_label(state));
        return;
    }
    /* A page of scripts alone, or one that only leads on. */
    if (!has_words(document) && !cut)
        return;
    if (cut)
        document_add_page(document, "rest", "", 0, PAGE_DAMAGED);
    if (document_untitled(document))
        document_set_title(document, bare_url(url));
    if (!document->date)
        document_set_date(document, time);
    add_part(warc, g_steal_pointer(&document));
}

/* The block of a response: HTTP's head and body. */
static void add_response(Warc *warc, Input *in, const char *url, const char *time, const GByteArray *block, gboolean cut)
{
    gsize at = 0;
    g_autoptr(GHashTable) fields = http_fields(block->data, block->len, &at);
    const char *type = field(fields, "content-type");
    g_autofree char *status = g_strndup((const char *) block->data, MIN(block->len, 16));
    const char *code = strchr(status, ' ');
    if (!begins(status, "HTTP/") || !code || strncmp(code + strspn(code, " "), "200", 3)
        || (!is_wanted(type) && !is_pdf(block->data + at, block->len - at)))
        return;
    BodyState state;
    guint64 unpacked = 0;
    g_autoptr(GByteArray) body = body_decode(field(fields, "transfer-encoding"), field(fields, "content-encoding"), block->data + at,
                                             block->len - at, &state, &unpacked);
    /* One archive may have many bodies that grow. */
    in->total += unpacked;
    in->damaged |= in->total > in->most;
    add_body(warc, url, time, type, body, state == BODY_WHOLE && cut ? BODY_CUT : state);
}

/* "20200506070809" of "2020-05-06T07:08:09Z"; to be freed. */
static char *digits_of(const char *date)
{
    GString *digits = g_string_new(NULL);
    for (; *date && digits->len < 14; date++)
        if (g_ascii_isdigit(*date))
            g_string_append_c(digits, *date);
    return g_string_free(digits, FALSE);
}

/* What follows the fields of a record; FALSE when the archive breaks off in it. */
static gboolean read_block(Warc *warc, Input *in, GHashTable *fields)
{
    const char *kind = field(fields, "warc-type"), *type = field(fields, "content-type");
    g_autofree char *url = g_strdup(field(fields, "warc-target-uri")), *time = digits_of(field(fields, "warc-date"));
    gboolean response = !g_ascii_strcasecmp(kind, "response") && begins(type, "application/http");
    gboolean resource = !g_ascii_strcasecmp(kind, "resource") && is_wanted(type);
    guint64 length;
    if (!g_ascii_string_to_unsigned(field(fields, "content-length"), 10, 0, G_MAXINT64, &length, NULL))
        return FALSE;
    /* Version 1.0 had it in angles. */
    if (*url == '<')
        g_strdelimit(url, "<>", ' ');
    g_strstrip(url);
    gboolean wanted = (response || resource) && *url && length > 0 && !begins(url, "dns:");
    if (!wanted || length > UNPACK_MAX) {
        g_autofree char *path = wanted ? part_path(warc, url, time) : NULL;
        if (path && response)
            add_damaged(warc, path, bare_url(url), NULL);
        return take_bytes(in, length, NULL);
    }
    g_autoptr(GByteArray) block = g_byte_array_new();
    gboolean whole = take_bytes(in, length, block);
    gboolean cut = *field(fields, "warc-truncated") != '\0';
    if (whole && response)
        add_response(warc, in, url, time, block, cut);
    else if (whole)
        add_body(warc, url, time, type, block, cut ? BODY_CUT : BODY_WHOLE);
    return whole;
}

/* TRUE at the end of the archive, FALSE where it breaks off or there is too much in it. */
static gboolean read_records(Warc *warc, Input *in)
{
    while (!warc->full) {
        g_autofree char *line = NULL;
        do {
            g_free(line);
            line = take_line(in);
        } while (line && !*line);
        if (!line)
            return !in->damaged && in->at == in->end;
        g_autoptr(GHashTable) fields = g_str_has_prefix(line, "WARC/") ? take_fields(in) : NULL;
        if (!fields || !read_block(warc, in, fields))
            return FALSE;
    }
    return FALSE;
}

Document *warc_read(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options, GError **error)
{
    g_autofree Input *in = g_new0(Input, 1);
    g_autoptr(Document) all = document_new(path, "warc");
    Warc warc = { .path = path, .options = options, .all = all,
                  .digests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                  .urls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    all->parts = document_list_new();
    input_open(in, bytes, length);
    in->most = ((guint64) length + 65536) * EXPANSION_MAX;
    gboolean whole = read_records(&warc, in);
    if (!whole) {
        g_autofree char *rest = g_strdup_printf("%s#rest", path);
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *title = g_strdup_printf(warc.full ? "the rest of %s, which holds too much for one file"
                                                 : "the rest of %s, which is damaged", base);
        add_damaged(&warc, rest, title, NULL);
    }
    g_clear_object(&in->gzip);
    g_hash_table_unref(warc.digests);
    g_hash_table_unref(warc.urls);
    if (all->parts->len > (whole ? 0 : 1))
        return g_steal_pointer(&all);
    g_set_error(error, FAILURE, FAILURE_INPUT, whole ? "%s: there is no HTML and no PDF in this web archive"
                : "%s: is a damaged web archive, no document in it can be read", path);
    return NULL;
}

gboolean warc_is(const guint8 *bytes, gsize length)
{
    static const char MAGIC[] = "WARC/";
    if (length >= sizeof MAGIC - 1 && !memcmp(bytes, MAGIC, sizeof MAGIC - 1))
        return TRUE;
    if (length < 3 || bytes[0] != 0x1f || bytes[1] != 0x8b)
        return FALSE;
    g_autofree Input *in = g_new0(Input, 1);
    input_open(in, bytes, MIN(length, HEAD_BYTES));
    in->most = G_MAXUINT64;
    gboolean is = fill(in) && in->end >= sizeof MAGIC - 1 && !memcmp(in->buffer, MAGIC, sizeof MAGIC - 1);
    g_clear_object(&in->gzip);
    return is;
}
