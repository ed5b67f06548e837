/* document.c - one document as text: what is common to all formats. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"
#include "ingest/reader.h"
#include "ingest/unpack.h"
#include "src/base/failure.h"

void page_words_free(PageWords *words)
{
    if (!words)
        return;
    g_free(words->letters);
    g_array_unref(words->words);
    g_free(words);
}

static void page_free(gpointer data)
{
    Page *page = data;
    g_free(page->label);
    g_free(page->text);
    g_free(page->hidden);
    page_words_free(page->words);
    g_free(page);
}

GPtrArray *page_list_new(void)
{
    return g_ptr_array_new_with_free_func(page_free);
}

Document *document_new(const char *path, const char *format)
{
    Document *document = g_new0(Document, 1);
    g_autofree char *base = g_path_get_basename(path);
    document->path = g_strdup(path);
    document->format = g_strdup(format);
    document->title = clean_line(base, -1);
    document->pages = page_list_new();
    return document;
}

void document_free(Document *document)
{
    if (!document)
        return;
    g_free(document->path);
    g_free(document->format);
    g_free(document->title);
    g_free(document->author);
    g_free(document->date);
    g_clear_pointer(&document->parts, g_ptr_array_unref);
    g_free(document->name);
    g_free(document->key);
    g_ptr_array_unref(document->pages);
    g_clear_pointer(&document->attachments, g_ptr_array_unref);
    g_free(document);
}

static void free_document(gpointer document)
{
    document_free(document);
}

GPtrArray *document_list_new(void)
{
    return g_ptr_array_new_with_free_func(free_document);
}

static gboolean has_visible(const char *text)
{
    for (const char *p = text; *p; p = clean_next(p))
        if (clean_is_visible(g_utf8_get_char(p)))
            return TRUE;
    return FALSE;
}

Page *document_take_page(Document *document, char *label, char *text, PageState state)
{
    Page *page = g_new0(Page, 1);
    page->label = label;
    page->text = text;
    page->length = strlen(text);
    page->state = state;
    g_ptr_array_add(document->pages, page);
    return page;
}

static void attachment_free(gpointer data)
{
    Attachment *attachment = data;
    g_free(attachment->name);
    g_free(attachment);
}

void document_take_attachment(Document *document, char *name, guint64 size)
{
    Attachment *attachment = g_new0(Attachment, 1);
    attachment->name = name;
    attachment->size = size;
    if (!document->attachments)
        document->attachments = g_ptr_array_new_with_free_func(attachment_free);
    g_ptr_array_add(document->attachments, attachment);
}

/* Around hidden text: noncharacters that no text has. */
#define HIDE "\357\267\220"
#define SHOW "\357\267\221"

void document_hide(GString *out, const char *text)
{
    g_autoptr(GString) inside = g_string_new(text);
    /* A stranger's text that has it would show what is behind it. */
    g_string_replace(inside, SHOW, " ", 0);
    g_string_append_printf(out, HIDE "%s" SHOW, inside->str);
}

/* Parts TEXT in what is shown and what is not, a line for each run of it. */
static void part_hidden(const char *text, gsize length, GString *shown, GString *hidden)
{
    const char *end = text + length, *from, *to;
    while ((from = memmem(text, (gsize) (end - text), HIDE, strlen(HIDE)))) {
        const char *inside = from + strlen(HIDE);
        if (!(to = memmem(inside, (gsize) (end - inside), SHOW, strlen(SHOW))))
            break;
        g_string_append_len(shown, text, from - text);
        g_string_append_len(hidden, inside, to - inside);
        g_string_append_c(hidden, '\n');
        text = to + strlen(SHOW);
    }
    g_string_append_len(shown, text, end - text);
}

void document_add_page(Document *document, const char *label, const char *text, gssize length,
                       PageState state)
{
    gsize n = length < 0 ? strlen(text) : (gsize) length;
    g_autoptr(GString) shown = NULL, hidden = NULL;
    char *name = label ? clean_line(label, -1) : NULL;
    if (memmem(text, n, HIDE, strlen(HIDE))) {
        shown = g_string_new(NULL);
        hidden = g_string_new(NULL);
        part_hidden(text, n, shown, hidden);
    }
    char *clean = shown ? clean_text(shown->str, (gssize) shown->len) : clean_text(text, (gssize) n);
    if (!name || !*name) {
        g_free(name);
        name = g_strdup_printf("%u", document->pages->len + 1);
    }
    Page *page = document_take_page(document, name, clean,
                                    state == PAGE_TEXT && !has_visible(clean) ? PAGE_EMPTY : state);
    if (hidden && has_visible(hidden->str))
        page->hidden = clean_text(hidden->str, (gssize) hidden->len);
}

/* Takes VALUE over as one line; nothing if it says nothing. */
static void set_line(char **field, const char *value)
{
    if (!value)
        return;
    char *line = clean_line(value, -1);
    if (has_visible(line)) {
        g_free(*field);
        *field = line;
    } else {
        g_free(line);
    }
}

void document_set_title(Document *document, const char *title)
{
    set_line(&document->title, title);
}

void document_set_author(Document *document, const char *author)
{
    set_line(&document->author, author);
}

/* N digits at P as a number within FROM .. TO, else -1. */
static int digits(const char *p, int n, int from, int to)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!g_ascii_isdigit(p[i]))
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value >= from && value <= to ? value : -1;
}

void document_set_date(Document *document, const char *text)
{
    for (const char *p = text ? text : ""; *p; p++) {
        if (p > text && g_ascii_isdigit(p[-1]))
            continue;
        int year = digits(p, 4, 1000, 2999);
        if (year < 0)
            continue;
        const char *q = p + 4;
        q += *q == '-' || *q == '/' || *q == '.';
        int month = digits(q, 2, 1, 12);
        if (month < 0 && g_ascii_isdigit(p[4]))
            continue;
        int day = -1;
        if (month > 0) {
            q += 2;
            q += *q == '-' || *q == '/' || *q == '.';
            day = digits(q, 2, 1, 31);
        }
        g_free(document->date);
        document->date = day > 0 ? g_strdup_printf("%04d-%02d-%02d", year, month, day)
            : month > 0 ? g_strdup_printf("%04d-%02d", year, month) : g_strdup_printf("%04d", year);
        return;
    }
}

/* What a file is whose first bytes are a well-known mark; NULL: none of these. */
static const char *foreign_kind(const guint8 *bytes, gsize length)
{
    static const struct { const char *magic; gsize length; const char *kind; } KINDS[] = {
        { "\x89PNG\r\n\x1a\n", 8, "a PNG image" }, { "\xff\xd8\xff", 3, "a JPEG image" },
        { "GIF8", 4, "a GIF image" }, { "II*\0", 4, "a TIFF image" }, { "MM\0*", 4, "a TIFF image" },
        { "\x7f" "ELF", 4, "a program" }, { "PK\3\4", 4, "a zip archive" },
        { "\xd0\xcf\x11\xe0", 4, "an old or encrypted office document" }, { "GGUF", 4, "a model" },
        { "%!PS", 4, "PostScript" }, { "SQLite format 3", 15, "a database" },
        { "AT&TFORM", 8, "a DjVu document" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++)
        if (length >= KINDS[i].length && !memcmp(bytes, KINDS[i].magic, KINDS[i].length))
            return KINDS[i].kind;
    return NULL;
}

static gboolean has_suffix(const char *path, const char *const *suffixes)
{
    gsize n = strlen(path);
    for (; *suffixes; suffixes++) {
        gsize m = strlen(*suffixes);
        if (n > m && !g_ascii_strcasecmp(path + n - m, *suffixes))
            return TRUE;
    }
    return FALSE;
}

static gboolean contains(const guint8 *bytes, gsize length, const char *what)
{
    return memmem(bytes, length, what, strlen(what)) != NULL;
}

/* The start of the file in lower-case ASCII, zeros left out (so that UTF-16 is seen, too). */
static char *ascii_head(const guint8 *bytes, gsize length)
{
    GString *head = g_string_new(NULL);
    for (gsize i = 0; i < length && i < 4096; i++)
        if (bytes[i] != 0)
            g_string_append_c(head, g_ascii_tolower((char) bytes[i]));
    return g_string_free(head, FALSE);
}

static gboolean looks_like_html(const char *path, const guint8 *bytes, gsize length)
{
    static const char *const SUFFIXES[] = { ".html", ".htm", ".xhtml", ".xht", NULL };
    static const char *const TAGS[] = { "<!doctype html", "<html", "<head", "<body", "<title", NULL };
    g_autofree char *head = ascii_head(bytes, length);
    if (has_suffix(path, SUFFIXES))
        return TRUE;
    const char *p = head;
    if (g_str_has_prefix(p, "\xef\xbb\xbf"))
        p += 3;
    else if (g_str_has_prefix(p, "\xff\xfe") || g_str_has_prefix(p, "\xfe\xff"))
        p += 2;
    while (g_ascii_isspace(*p))
        p++;
    for (int i = 0; TAGS[i]; i++)
        if (g_str_has_prefix(p, TAGS[i]))
            return TRUE;
    return (g_str_has_prefix(p, "<?xml") || g_str_has_prefix(p, "<!--")) && strstr(p, "<html");
}

static Document *fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", path, what);
    return NULL;
}

/* A compressed document: read as what is in it, under the name of the file. */
static Document *read_packed(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options,
                             GError **error)
{
    g_autoptr(GByteArray) inner = unpack(path, bytes, length, error);
    if (!inner)
        return NULL;
    if (unpack_kind(inner->data, inner->len))
        return fail(error, path, "is compressed too many times");
    /* The parts of an archive have the name of the file. */
    g_autofree char *name = warc_is(inner->data, inner->len) ? g_strdup(path) : unpack_inner_name(path);
    GError *local = NULL;
    Document *document = document_read_bytes(name, inner->data, inner->len, options, &local);
    if (!document) {
        const char *what = g_str_has_prefix(local->message, name) ? local->message + strlen(name) : local->message;
        g_set_error(error, local->domain, local->code, "%s%s", path, what);
        g_error_free(local);
        return NULL;
    }
    g_autofree char *inner_base = g_path_get_basename(name), *base = g_path_get_basename(path);
    g_autofree char *untitled = clean_line(inner_base, -1);
    if (!strcmp(document->title, untitled))
        document_set_title(document, base);
    g_free(document->path);
    document->path = g_strdup(path);
    return document;
}

Document *document_read_bytes(const char *path, const guint8 *bytes, gsize length,
                              const DocumentOptions *options, GError **error)
{
    static const DocumentOptions NONE = { 0 };
    static const char *const PDF[] = { ".pdf", NULL };
    static const char *const MARKDOWN[] = { ".md", ".markdown", ".mkd", NULL };
    if (!options)
        options = &NONE;
    if (length == 0)
        return fail(error, path, "the file is empty");
    if (warc_is(bytes, length))
        return warc_read(path, bytes, length, options, error);
    if (contains(bytes, MIN(length, 1024), "%PDF-"))
        return pdf_read(path, bytes, length, options, error);
    if (unpack_kind(bytes, length))
        return read_packed(path, bytes, length, options, error);
    if (epub_is(bytes, length))
        return epub_read(path, bytes, length, error);
    if (office_is(bytes, length))
        return office_read(path, bytes, length, options, error);
    const char *kind = foreign_kind(bytes, length);
    if (kind) {
        g_autofree char *what = g_strdup_printf("is %s, not a document that kvasir reads", kind);
        return fail(error, path, what);
    }
    if (has_suffix(path, PDF))
        return pdf_read(path, bytes, length, options, error);
    if (length > READER_TEXT_MAX)
        return fail(error, path, "is too large for a text document (limit 256 MiB); split it");
    if (mhtml_is(bytes, length))
        return mhtml_read(path, bytes, length, options, error);
    if (looks_like_html(path, bytes, length))
        return html_read(path, bytes, length, options, error);
    if (!encoding_looks_like_text(bytes, length))
        return fail(error, path, "is neither PDF nor HTML nor text");
    if (man_is_page(bytes, length))
        return man_read(path, bytes, length, error);
    if (has_suffix(path, MARKDOWN))
        return markdown_read(path, bytes, length, error);
    return text_read(path, bytes, length, error);
}

GByteArray *reader_load(int fd, const char *path, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (;;) {
        guint8 buffer[65536];
        gssize n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail(error, path, g_strerror(errno));
            return NULL;
        }
        if (n == 0)
            return g_steal_pointer(&bytes);
        if (bytes->len + (gsize) n > READER_PDF_MAX) {
            fail(error, path, "is too large for a document (limit 1 GiB)");
            return NULL;
        }
        g_byte_array_append(bytes, buffer, (guint) n);
    }
}

char *document_site_front(const char *path)
{
    static const char *const NAMES[] = { "index.html", "index.htm", "index.xhtml", NULL };
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return g_strdup(path);
    for (int i = 0; NAMES[i]; i++) {
        char *front = g_build_filename(path, NAMES[i], NULL);
        if (g_file_test(front, G_FILE_TEST_IS_REGULAR))
            return front;
        g_free(front);
    }
    return NULL;
}

static gboolean is_site(const char *path)
{
    static const char *const ENDINGS[] = { ".html", ".htm", ".xhtml", NULL };
    return has_suffix(path, ENDINGS) || g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* The part of a web archive that PATH, ARCHIVE#URL, names; NULL without ERROR if there is no file before any "#" in it. */
static Document *read_part(const char *path, const DocumentOptions *options, GError **error)
{
    for (const char *mark = strchr(path, '#'); mark; mark = strchr(mark + 1, '#')) {
        g_autofree char *archive = g_strndup(path, (gsize) (mark - path));
        if (!g_file_test(archive, G_FILE_TEST_IS_REGULAR))
            continue;
        g_autoptr(Document) all = document_read(archive, options, error);
        for (guint i = 0; all && all->parts && i < all->parts->len; i++)
            if (!strcmp(((const Document *) g_ptr_array_index(all->parts, i))->path, path))
                return g_ptr_array_steal_index(all->parts, i);
        if (all)
            fail(error, path, "there is no such document in this file");
        return NULL;
    }
    return NULL;
}

Document *document_read(const char *path, const DocumentOptions *options, GError **error)
{
    struct stat st;
    if (options && options->site && is_site(path))
        return site_read(path, options, error);
    /* Without O_NONBLOCK the opening of a FIFO would wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        int reason = errno;
        GError *local = NULL;
        Document *part = reason == ENOENT || reason == ENOTDIR ? read_part(path, options, &local) : NULL;
        if (local)
            g_propagate_error(error, local);
        else if (!part)
            fail(error, path, g_strerror(reason));
        return part;
    }
    g_autoptr(GByteArray) bytes = NULL;
    if (fstat(fd, &st) != 0)
        fail(error, path, g_strerror(errno));
    else if (S_ISDIR(st.st_mode))
        fail(error, path, "is a directory; name the files in it, or say --site if it is a manual in HTML");
    else if (!S_ISREG(st.st_mode))
        fail(error, path, "is not a regular file; save it to a file first");
    else if (st.st_size > (off_t) READER_PDF_MAX)
        fail(error, path, "is too large for a document (limit 1 GiB)");
    else
        bytes = reader_load(fd, path, error);
    close(fd);
    return bytes ? document_read_bytes(path, bytes->data, bytes->len, options, error) : NULL;
}

/* "ls.1", "printf.3posix": how manual pages end. */
static gboolean has_section_suffix(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || dot[1] < '1' || dot[1] > '9')
        return FALSE;
    for (dot += 2; *dot; dot++)
        if (!g_ascii_isalpha(*dot))
            return FALSE;
    return TRUE;
}

/* At most N bytes from the beginning of the file at PATH to HEAD; how many there are: 0 if it is no file that can be read. */
static gsize read_head(const char *path, guint8 *head, gsize n)
{
    struct stat st;
    gssize got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        got = read(fd, head, n);
    if (fd >= 0)
        close(fd);
    return got > 0 ? (gsize) got : 0;
}

/* Whether the file at PATH begins as a manual page, unpacked if need be. */
static gboolean begins_as_man_page(const char *path)
{
    enum { HEAD_BYTES = 32768 };
    guint8 head[HEAD_BYTES];
    gsize n = read_head(path, head, sizeof head);
    if (n == 0)
        return FALSE;
    if (!unpack_kind(head, n))
        return man_is_page(head, n);
    g_autoptr(GByteArray) inner = unpack_head(head, n, HEAD_BYTES);
    return man_is_page(inner->data, inner->len);
}

/* Whether the file at PATH, whose name says nothing, begins as PDF or HTML, as nothing else does. */
static gboolean begins_as_document(const char *path)
{
    guint8 head[4096];
    gsize n = read_head(path, head, sizeof head);
    return contains(head, MIN(n, 1024), "%PDF-") || looks_like_html(path, head, n);
}

gboolean document_is_likely(const char *path)
{
    static const char *const ENDINGS[] = { ".pdf", ".html", ".htm", ".xhtml", ".xht", ".md", ".markdown", ".mkd",
        ".txt", ".text", ".epub", ".mhtml", ".mht", ".warc", ".docx", ".odt", ".pptx", ".odp", NULL };
    g_autofree char *inner = unpack_inner_name(path);
    const char *slash = strrchr(inner, '/');
    const char *name = slash ? slash + 1 : inner;
    return has_suffix(inner, ENDINGS) || (has_section_suffix(name) && begins_as_man_page(path))
        || (!strchr(name, '.') && begins_as_document(path));
}

const char *page_state_name(PageState state)
{
    switch (state) {
    case PAGE_TEXT:
        return "text";
    case PAGE_EMPTY:
        return "empty";
    case PAGE_SCAN:
        return "scan";
    case PAGE_UNREADABLE:
        return "unreadable";
    case PAGE_DAMAGED:
        return "damaged";
    case PAGE_RECOGNISED:
        return "recognised";
    }
    return "damaged";
}

guint document_unread_pages(const Document *document)
{
    guint count = 0;
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        count += page->state != PAGE_TEXT && page->state != PAGE_EMPTY && page->state != PAGE_RECOGNISED;
    }
    return count;
}

guint document_hidden_pages(const Document *document)
{
    guint count = 0;
    for (guint i = 0; i < document->pages->len; i++)
        count += ((const Page *) g_ptr_array_index(document->pages, i))->hidden != NULL;
    return count;
}

/* A NUL behind each string keeps "ab" + "c" apart from "a" + "bc"; NULL differs from "". */
static void hash_string(GChecksum *sum, const char *text)
{
    const guchar present = text != NULL;
    g_checksum_update(sum, &present, 1);
    if (text)
        g_checksum_update(sum, (const guchar *) text, (gssize) strlen(text) + 1);
}

const char *document_name(const Document *document)
{
    return document->name ? document->name : document->title;
}

gboolean document_untitled(const Document *document)
{
    g_autofree char *base = g_path_get_basename(document->path);
    g_autofree char *name = clean_line(base, -1);

    return strcmp(document->title, name) == 0;
}

char *document_hash(const Document *document)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    /* A title that is only the file's name is no content. */
    hash_string(sum, document_untitled(document) ? NULL : document->title);
    hash_string(sum, document->author);
    hash_string(sum, document->date);
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        hash_string(sum, page->label);
        hash_string(sum, page->text);
    }
    return g_strdup(g_checksum_get_string(sum));
}
