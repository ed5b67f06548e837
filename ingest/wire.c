/* wire.c - documents, requests and errors as bytes. */
#include "config.h"
#include "ingest/wire.h"

#include <string.h>

#include "ingest/reader.h"
#include "src/base/failure.h"

static const char MAGIC[4] = "KVR1";
/* The length of a string that is NULL. */
static const guint64 NOTHING = G_MAXUINT64;

#define WORD_NUMBERS 6

static void put_number(GByteArray *out, guint64 value)
{
    guint64 little = GUINT64_TO_LE(value);
    g_byte_array_append(out, (const guint8 *) &little, sizeof little);
}

static void put_bytes(GByteArray *out, const void *data, gsize length)
{
    put_number(out, length);
    if (length)
        g_byte_array_append(out, data, (guint) length);
}

static void put_string(GByteArray *out, const char *text)
{
    if (text)
        put_bytes(out, text, strlen(text));
    else
        put_number(out, NOTHING);
}

static GByteArray *begin(WireKind kind)
{
    GByteArray *out = g_byte_array_new();
    guint32 little = GUINT32_TO_LE((guint32) kind);
    g_byte_array_append(out, (const guint8 *) MAGIC, sizeof MAGIC);
    g_byte_array_append(out, (const guint8 *) &little, sizeof little);
    put_number(out, 0);
    return out;
}

static GByteArray *end(GByteArray *out)
{
    guint64 little = GUINT64_TO_LE((guint64) out->len - WIRE_HEADER);
    memcpy(out->data + 8, &little, sizeof little);
    return out;
}

GByteArray *wire_from_request(const char *path, GBytes *bytes, const DocumentOptions *options)
{
    GByteArray *out = begin(WIRE_REQUEST);
    put_string(out, path);
    put_string(out, options->password);
    put_string(out, options->language);
    put_number(out, (guint64) options->whole);
    put_number(out, (guint64) options->ocr);
    put_number(out, (guint64) options->forms);
    put_number(out, (guint64) options->annotations);
    put_number(out, (guint64) options->site);
    put_number(out, (guint64) options->invisible);
    put_number(out, (guint64) options->words);
    if (bytes) {
        gsize length;
        const void *data = g_bytes_get_data(bytes, &length);
        put_bytes(out, data, length);
    } else {
        put_number(out, NOTHING);
    }
    return end(out);
}

static guint32 *word_number(PageWord *word, gsize i)
{
    guint32 *const numbers[WORD_NUMBERS] = { &word->end, &word->line, &word->x0, &word->y0, &word->x1, &word->y1 };
    return numbers[i];
}

/* The letters, then WORD_NUMBERS numbers of 4 bytes for each word. */
static void put_words(GByteArray *out, const PageWords *words)
{
    put_string(out, words ? words->letters : NULL);
    if (!words)
        return;
    put_number(out, words->words->len);
    for (guint i = 0; i < words->words->len; i++)
        for (gsize k = 0; k < WORD_NUMBERS; k++) {
            guint32 little = GUINT32_TO_LE(*word_number(&g_array_index(words->words, PageWord, i), k));
            g_byte_array_append(out, (const guint8 *) &little, sizeof little);
        }
}

static void put_document(GByteArray *out, const Document *document)
{
    put_string(out, document->path);
    put_string(out, document->format);
    put_string(out, document->title);
    put_string(out, document->author);
    put_string(out, document->date);
    put_number(out, document->pages->len);
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        put_number(out, page->state);
        put_string(out, page->label);
        put_string(out, page->text);
        put_string(out, page->hidden);
        put_words(out, page->words);
    }
    put_number(out, document->attachments ? document->attachments->len : 0);
    for (guint i = 0; document->attachments && i < document->attachments->len; i++) {
        const Attachment *attachment = g_ptr_array_index(document->attachments, i);
        put_string(out, attachment->name);
        put_number(out, attachment->size);
    }
}

/* Itself, then its parts, which have none. */
GByteArray *wire_from_document(const Document *document)
{
    GByteArray *out = begin(WIRE_DOCUMENT);
    put_document(out, document);
    put_number(out, document->parts ? document->parts->len : 0);
    for (guint i = 0; document->parts && i < document->parts->len; i++)
        put_document(out, g_ptr_array_index(document->parts, i));
    return end(out);
}

GByteArray *wire_from_error(const GError *error)
{
    GByteArray *out = begin(WIRE_ERROR);
    put_number(out, error->domain == FAILURE ? (guint64) error->code : FAILURE_INPUT);
    put_string(out, error->message);
    return end(out);
}

GByteArray *wire_alive(void)
{
    return end(begin(WIRE_ALIVE));
}

gboolean wire_header(const guint8 *p, WireKind *kind, guint64 *length)
{
    guint32 k;
    if (memcmp(p, MAGIC, sizeof MAGIC))
        return FALSE;
    memcpy(&k, p + 4, sizeof k);
    memcpy(length, p + 8, sizeof *length);
    *length = GUINT64_FROM_LE(*length);
    *kind = (WireKind) GUINT32_FROM_LE(k);
    return *kind >= WIRE_REQUEST && *kind <= WIRE_ALIVE && *length <= WIRE_MAX;
}

/* What is left of a body; BAD once something did not fit. */
typedef struct {
    const guint8 *p;
    gsize left;
    gboolean bad;
} Cursor;

static guint64 take_number(Cursor *c)
{
    guint64 value = 0;
    if (c->left < sizeof value) {
        c->bad = TRUE;
        return 0;
    }
    memcpy(&value, c->p, sizeof value);
    c->p += sizeof value;
    c->left -= sizeof value;
    return GUINT64_FROM_LE(value);
}

/* The bytes of a string, or NULL where there is none. */
static const guint8 *take_bytes(Cursor *c, gsize *length)
{
    guint64 n = take_number(c);
    const guint8 *p = c->p;
    *length = 0;
    if (c->bad || n == NOTHING)
        return NULL;
    if (n > c->left) {
        c->bad = TRUE;
        return NULL;
    }
    c->p += n;
    c->left -= n;
    *length = (gsize) n;
    return p;
}

/* A file's name may hold any byte but NUL. */
static char *take_name(Cursor *c)
{
    gsize length;
    const guint8 *p = take_bytes(c, &length);
    if (p && memchr(p, 0, length))
        c->bad = TRUE;
    return p && !c->bad ? g_strndup((const char *) p, length) : NULL;
}

/* Clean text as document.h promises it. */
static char *take_text(Cursor *c)
{
    gsize length;
    const guint8 *p = take_bytes(c, &length);
    if (!p)
        return NULL;
    for (gsize i = 0; i < length && !c->bad; i++)
        c->bad = (p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') || p[i] == 0x7f;
    c->bad = c->bad || !g_utf8_validate((const char *) p, (gssize) length, NULL);
    return c->bad ? NULL : g_strndup((const char *) p, length);
}

static gboolean take_flag(Cursor *c)
{
    guint64 value = take_number(c);
    c->bad |= value > 1;
    return value == 1;
}

void wire_request_clear(WireRequest *request)
{
    g_free(request->path);
    g_free((char *) (guintptr) request->options.password);
    g_free((char *) (guintptr) request->options.language);
    if (request->bytes)
        g_bytes_unref(request->bytes);
    *request = (WireRequest) { 0 };
}

gboolean wire_to_request(const guint8 *body, gsize length, WireRequest *request)
{
    Cursor c = { body, length, FALSE };
    gsize n;
    *request = (WireRequest) { .path = take_name(&c) };
    request->options.password = take_name(&c);
    request->options.language = take_name(&c);
    request->options.whole = take_flag(&c);
    request->options.ocr = take_flag(&c);
    request->options.forms = take_flag(&c);
    request->options.annotations = take_flag(&c);
    request->options.site = take_flag(&c);
    request->options.invisible = take_flag(&c);
    request->options.words = take_flag(&c);
    const guint8 *bytes = take_bytes(&c, &n);
    if (bytes)
        request->bytes = g_bytes_new(bytes, n);
    if (!c.bad && c.left == 0 && request->path)
        return TRUE;
    wire_request_clear(request);
    return FALSE;
}

static PageWord take_word(Cursor *c)
{
    PageWord word = { 0 };
    for (gsize k = 0; k < WORD_NUMBERS; k++, c->p += sizeof(guint32), c->left -= sizeof(guint32)) {
        guint32 little;
        memcpy(&little, c->p, sizeof little);
        *word_number(&word, k) = GUINT32_FROM_LE(little);
    }
    return word;
}

/* NULL where there are none. */
static PageWords *take_words(Cursor *c)
{
    PageWords *words = g_new0(PageWords, 1);
    guint32 before = 0;
    words->letters = take_text(c);
    words->words = g_array_new(FALSE, FALSE, sizeof(PageWord));
    guint64 n = words->letters ? take_number(c) : 0;
    c->bad |= n > c->left / (WORD_NUMBERS * sizeof(guint32));
    for (guint64 i = 0; i < n && !c->bad; i++) {
        PageWord word = take_word(c);
        c->bad = word.end <= before || word.x0 > word.x1 || word.y0 > word.y1;
        before = word.end;
        g_array_append_val(words->words, word);
    }
    c->bad |= words->letters && before != strlen(words->letters);
    if (words->letters && !c->bad)
        return words;
    page_words_free(words);
    return NULL;
}

static gboolean take_page(Cursor *c, Document *document)
{
    guint64 state = take_number(c);
    char *label = take_text(c), *text = take_text(c), *hidden = take_text(c);
    if (c->bad || state > PAGE_RECOGNISED || !label || !text) {
        g_free(label);
        g_free(text);
        g_free(hidden);
        return FALSE;
    }
    Page *page = document_take_page(document, label, text, (PageState) state);
    page->hidden = hidden;
    page->words = take_words(c);
    return !c->bad;
}

static void take_attachment(Cursor *c, Document *document)
{
    char *name = take_text(c);
    guint64 size = take_number(c);
    c->bad |= !name;
    if (c->bad)
        g_free(name);
    else
        document_take_attachment(document, name, size);
}

static Document *take_document(Cursor *c)
{
    g_autofree char *path = take_name(c), *format = take_text(c), *title = take_text(c);
    if (!path || !format || !title)
        return NULL;
    g_autoptr(Document) document = document_new(path, format);
    g_free(document->title);
    document->title = g_steal_pointer(&title);
    document->author = take_text(c);
    document->date = take_text(c);
    guint64 pages = take_number(c);
    /* Each takes bytes: a false number runs out of them. */
    for (guint64 i = 0; i < pages && !c->bad; i++)
        if (!take_page(c, document))
            return NULL;
    guint64 attachments = take_number(c);
    for (guint64 i = 0; i < attachments && !c->bad; i++)
        take_attachment(c, document);
    return c->bad ? NULL : g_steal_pointer(&document);
}

Document *wire_to_document(const guint8 *body, gsize length)
{
    Cursor c = { body, length, FALSE };
    g_autoptr(Document) document = take_document(&c);
    guint64 parts = document ? take_number(&c) : 0;
    if (parts > 0)
        document->parts = document_list_new();
    for (guint64 i = 0; i < parts; i++) {
        Document *part = take_document(&c);
        if (!part)
            return NULL;
        g_ptr_array_add(document->parts, part);
    }
    return c.bad || c.left ? NULL : g_steal_pointer(&document);
}

GError *wire_to_error(const guint8 *body, gsize length)
{
    Cursor c = { body, length, FALSE };
    guint64 code = take_number(&c);
    gsize n;
    const guint8 *p = take_bytes(&c, &n);
    if (c.bad || c.left || !p || n == 0 || memchr(p, 0, n) || code > FAILURE_INTERRUPTED)
        return NULL;
    /* It names a file, whose name may be any bytes; but a terminal shall not obey it. */
    g_autofree char *message = g_strndup((const char *) p, n);
    for (char *q = message; *q; q++)
        if ((guchar) *q < 0x20 || *q == 0x7f)
            *q = '?';
    return g_error_new_literal(FAILURE, (int) code, message);
}
