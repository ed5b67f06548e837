/* mhtml.c - MHTML: a web page as browsers save it, a mail message with the page and its images as parts.
 *
 * Of MIME (RFC 2045, 2046, 2557) only what that needs: header fields folded over lines, multipart bodies inside of one
 * another, quoted-printable and base64.  The text is that of the root part, or where that has none (frames) of all
 * HTML parts in their order.
 */
#include "config.h"

#include <string.h>

#include "ingest/html.h"
#include "ingest/reader.h"
#include "src/base/failure.h"

enum { DEPTH = 8, PARTS = 10000, HEAD_BYTES = 65536 };

typedef struct {
    const char *start, *end;
} Span;

typedef struct {
    Span head, body;
} Part;

/* The part between START and END: the head ends at the first empty line. */
static Part split_part(Span whole)
{
    Part part = { .head = { whole.start, whole.end }, .body = { whole.end, whole.end } };
    for (const char *line = whole.start; line < whole.end; ) {
        const char *feed = memchr(line, '\n', (gsize) (whole.end - line));
        const char *next = feed ? feed + 1 : whole.end;
        if (line == feed || (*line == '\r' && line + 1 == feed)) {
            part.head.end = line;
            part.body.start = next;
            break;
        }
        line = next;
    }
    return part;
}

/* The value of a header field, unfolded; to be freed, or NULL. */
static char *field(Span head, const char *name)
{
    gsize n = strlen(name);
    GString *value = NULL;
    for (const char *line = head.start; line < head.end; ) {
        const char *feed = memchr(line, '\n', (gsize) (head.end - line));
        const char *stop = feed ? feed : head.end;
        if (value && *line != ' ' && *line != '\t')
            break;
        if (value)
            g_string_append_len(value, line, stop - line);
        else if ((gsize) (stop - line) > n && line[n] == ':' && !g_ascii_strncasecmp(line, name, n))
            value = g_string_new_len(line + n + 1, stop - line - (gssize) n - 1);
        line = feed ? feed + 1 : head.end;
    }
    return value ? g_strstrip(g_string_free(value, FALSE)) : NULL;
}

/* "boundary" of 'multipart/related; boundary="x"; ...'; to be freed, or NULL. */
static char *parameter(const char *value, const char *name)
{
    gsize n = strlen(name);
    for (const char *p = value; p && (p = strchr(p, ';')); ) {
        p += 1 + strspn(p + 1, " \t\r");
        if (g_ascii_strncasecmp(p, name, n) || p[n] != '=')
            continue;
        p += n + 1;
        if (*p == '"')
            return g_strndup(p + 1, strcspn(p + 1, "\""));
        return g_strndup(p, strcspn(p, "; \t\r"));
    }
    return NULL;
}

static int hex(char c)
{
    return g_ascii_isxdigit(c) ? g_ascii_xdigit_value(c) : -1;
}

static GByteArray *decode_quoted(Span body)
{
    GByteArray *out = g_byte_array_new();
    for (const char *p = body.start; p < body.end; p++) {
        guint8 c = (guint8) *p;
        if (c == '=' && p + 2 < body.end && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
            c = (guint8) (hex(p[1]) * 16 + hex(p[2]));
            p += 2;
        } else if (c == '=') {
            /* A soft line break; blanks may stand before the newline. */
            const char *q = p + 1;
            while (q < body.end && (*q == ' ' || *q == '\t' || *q == '\r'))
                q++;
            if (q == body.end || *q == '\n') {
                p = q;
                continue;
            }
        }
        g_byte_array_append(out, &c, 1);
    }
    return out;
}

static GByteArray *decode_base64(Span body)
{
    GByteArray *out = g_byte_array_sized_new((guint) (body.end - body.start) / 4 * 3 + 4);
    int state = 0;
    guint save = 0;
    out->len = (guint) g_base64_decode_step(body.start, (gsize) (body.end - body.start), out->data, &state, &save);
    return out;
}

static GByteArray *decode(const Part *part)
{
    g_autofree char *encoding = field(part->head, "Content-Transfer-Encoding");
    if (encoding && !g_ascii_strcasecmp(encoding, "quoted-printable"))
        return decode_quoted(part->body);
    if (encoding && !g_ascii_strcasecmp(encoding, "base64"))
        return decode_base64(part->body);
    GByteArray *out = g_byte_array_new();
    return g_byte_array_append(out, (const guint8 *) part->body.start, (guint) (part->body.end - part->body.start));
}

/* The next line at or behind P that begins with "--" and BOUNDARY, or NULL. */
static const char *find_boundary(const char *p, const char *end, const char *boundary)
{
    gsize n = strlen(boundary);
    while (p < end) {
        if ((gsize) (end - p) >= n + 2 && p[0] == '-' && p[1] == '-' && !memcmp(p + 2, boundary, n))
            return p;
        const char *feed = memchr(p, '\n', (gsize) (end - p));
        if (!feed)
            break;
        p = feed + 1;
    }
    return NULL;
}

static void collect(Span whole, GArray *parts, int depth);

/* The parts of a multipart body. */
static void collect_multipart(Span body, const char *boundary, GArray *parts, int depth)
{
    gsize n = strlen(boundary);
    const char *at = find_boundary(body.start, body.end, boundary);
    while (at && parts->len < PARTS) {
        const char *feed = memchr(at, '\n', (gsize) (body.end - at));
        /* "--boundary--" is the end. */
        if (!feed || ((gsize) (body.end - at) >= n + 4 && at[2 + n] == '-' && at[3 + n] == '-'))
            break;
        const char *next = find_boundary(feed + 1, body.end, boundary);
        collect((Span) { feed + 1, next ? next : body.end }, parts, depth + 1);
        at = next;
    }
}

/* Appends the part, or the parts in it (Part), to PARTS. */
static void collect(Span whole, GArray *parts, int depth)
{
    Part part = split_part(whole);
    g_autofree char *type = field(part.head, "Content-Type");
    g_autofree char *boundary = type ? parameter(type, "boundary") : NULL;
    if (depth < DEPTH && boundary && *boundary && !g_ascii_strncasecmp(type, "multipart/", 10))
        collect_multipart(part.body, boundary, parts, depth);
    else
        g_array_append_val(parts, part);
}

static gboolean is_html(const Part *part)
{
    g_autofree char *type = field(part->head, "Content-Type");
    return type && (!g_ascii_strncasecmp(type, "text/html", 9) || !g_ascii_strncasecmp(type, "application/xhtml+xml", 21));
}

/* The part that is the page: the one that "start" names, else the first in HTML. */
static const Part *find_root(const GArray *parts, const char *start)
{
    const Part *first = NULL;
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = &g_array_index(parts, Part, i);
        g_autofree char *id = field(part->head, "Content-ID");
        if (!is_html(part))
            continue;
        if (start && id && !strcmp(start, id))
            return part;
        if (!first)
            first = part;
    }
    return first;
}

static Document *read_part(const char *path, const Part *part, const DocumentOptions *options, GError **error)
{
    g_autofree char *type = field(part->head, "Content-Type");
    g_autofree char *charset = parameter(type, "charset");
    g_autoptr(GByteArray) bytes = decode(part);
    return html_read_as(path, bytes->data, bytes->len, charset, options, error);
}

static gboolean has_text(const Document *document)
{
    for (guint i = 0; document && i < document->pages->len; i++)
        if (((const Page *) g_ptr_array_index(document->pages, i))->state == PAGE_TEXT)
            return TRUE;
    return FALSE;
}

/* A page of frames: the pages of all HTML parts, under the title of the first. */
static Document *read_frames(const char *path, const GArray *parts, const DocumentOptions *options)
{
    g_autoptr(Document) all = NULL;
    for (guint i = 0; i < parts->len; i++) {
        const Part *part = &g_array_index(parts, Part, i);
        g_autoptr(Document) one = is_html(part) ? read_part(path, part, options, NULL) : NULL;
        if (!one)
            continue;
        if (!all) {
            all = document_new(path, "mhtml");
            document_set_title(all, one->title);
        }
        for (guint k = 0; k < one->pages->len; k++) {
            const Page *page = g_ptr_array_index(one->pages, k);
            if (page->state == PAGE_TEXT)
                document_add_page(all, page->label, page->text, (gssize) page->length, page->state);
        }
    }
    return all && all->pages->len > 0 ? g_steal_pointer(&all) : NULL;
}

Document *mhtml_read(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options, GError **error)
{
    const Span whole = { (const char *) bytes, (const char *) bytes + length };
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(Part));
    const Part top = split_part(whole);
    g_autofree char *type = field(top.head, "Content-Type");
    g_autofree char *start = type ? parameter(type, "start") : NULL;
    collect(whole, parts, 0);
    const Part *root = find_root(parts, start);
    if (!root) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there is no HTML in this MHTML file", path);
        return NULL;
    }
    g_autoptr(Document) document = read_part(path, root, options, NULL);
    if (!has_text(document)) {
        Document *frames = read_frames(path, parts, options);
        if (frames) {
            document_free(document);
            document = frames;
        }
    }
    if (!document) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there is nothing in this MHTML file", path);
        return NULL;
    }
    g_free(document->format);
    document->format = g_strdup("mhtml");
    return g_steal_pointer(&document);
}

gboolean mhtml_is(const guint8 *bytes, gsize length)
{
    const char *text = (const char *) bytes;
    const Part top = split_part((Span) { text, text + MIN(length, HEAD_BYTES) });
    g_autofree char *type = field(top.head, "Content-Type");
    g_autofree char *version = field(top.head, "MIME-Version");
    return version && type && !g_ascii_strncasecmp(type, "multipart/related", 17);
}
