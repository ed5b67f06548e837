/* document.h - one document as text: title, pages, and what could not be read.
 *
 * document_read() finds the format by content (not by name alone) and gives
 * clean UTF-8 (well-formed, NFC, "\n" line ends, no control characters but "\n" and "\t").  A PDF's
 * page is a page; HTML and Markdown make a page of each top-level section; plain text is one page
 * per form feed.
 */
#ifndef KVASIR_INGEST_DOCUMENT_H
#define KVASIR_INGEST_DOCUMENT_H

#include <glib.h>

typedef enum {
    PAGE_TEXT,              /* text was read */
    PAGE_EMPTY,             /* nothing on it */
    PAGE_SCAN,              /* an image and no text layer: needs OCR */
    PAGE_UNREADABLE,        /* glyphs without a usable mapping to Unicode */
    PAGE_DAMAGED,           /* the page cannot be opened */
    PAGE_RECOGNISED,        /* text by optical character recognition: may have errors */
} PageState;

/* A word of a PDF's page: its letters, and its box in hundredths of a point from the top left of the page as it is seen; y grows
 * downwards. */
typedef struct {
    guint32 end;            /* of its letters in PageWords.letters; those of the next begin there */
    guint32 line;           /* words with the same number stand in one line */
    guint32 x0, y0, x1, y1;
} PageWord;

/* The words of a page in reading order: where its passages stand (places.h). */
typedef struct {
    char *letters;          /* of all words: letters and digits, in compatibility form */
    GArray *words;          /* of PageWord, owned */
} PageWords;

/* Pages are not wider or higher, in points. */
#define PLACE_MOST 1e6

typedef struct {
    char *label;            /* as printed: "12", "xii"; a section's heading for HTML and Markdown; never NULL */
    char *text;             /* never NULL */
    gsize length;           /* of text, bytes */
    char *hidden;           /* what is on the page but no reader of it sees, and is not in TEXT; or NULL */
    PageState state;
    PageWords *words;       /* or NULL: DocumentOptions.words did not ask for them, or they are not known */
} Page;

/* A file inside of a document; it is not read. */
typedef struct {
    char *name;             /* never NULL */
    guint64 size;           /* bytes, or ATTACHMENT_SIZE_UNKNOWN */
} Attachment;

#define ATTACHMENT_SIZE_UNKNOWN G_MAXUINT64

typedef struct {
    char *path;             /* as given */
    char *format;           /* "pdf", "html", "markdown", "text", ... */
    char *title;            /* never NULL: from the document, else the file's base name */
    char *author;           /* or NULL */
    char *date;             /* ISO 8601 (YYYY[-MM[-DD]]), or NULL */
    GPtrArray *pages;       /* of Page*, owned */
    GPtrArray *attachments; /* of Attachment*, owned; NULL: none */
    GPtrArray *parts;       /* of Document*, owned: a web archive is a document without pages that has these; NULL: none */
    char *name, *key;       /* as a bibliography cites it ("Ho 2020", its key there), or NULL: for people, no content */
} Document;

typedef struct {
    const char *password;   /* for encrypted PDF, or NULL */
    gboolean whole;         /* HTML: keep menus and other boilerplate too; PDF: running heads, feet and page numbers */
    gboolean ocr;           /* PDF: recognise pages that are scans or unreadable */
    const char *language;   /* of these, as tesseract names them; NULL: "eng" */
    gboolean forms;         /* PDF: filled-in form fields behind each page's text */
    gboolean annotations;   /* PDF: the same for notes that readers have made */
    gboolean invisible;     /* text that no reader sees stays where it is */
    gboolean site;          /* HTML: a folder, or its front page, stands for all that its table of contents names */
    gboolean words;         /* PDF: say of each page where its words stand */
    void (*alive)(void);    /* called between parts that take long; or NULL */
} DocumentOptions;

/* Reads PATH, or of a web archive ARCHIVE#URL one part.  FAILURE_INPUT (or FAILURE_PASSWORD) with a sentence that names the file when it is
 * missing, a directory, a FIFO, damaged, or of an unknown kind.  OPTIONS may be NULL. */
Document *document_read(const char *path, const DocumentOptions *options, GError **error);
/* The same from memory; PATH only names it. */
Document *document_read_bytes(const char *path, const guint8 *bytes, gsize length,
                              const DocumentOptions *options, GError **error);
/* Whether the file's name says that it is a document: in a folder of thousands, opening each costs too much.
 * Only names such as "ls.1", which logs and libraries have too, and those without a dot are looked into; of the latter PDF and HTML are
 * documents, text may be anything. */
gboolean document_is_likely(const char *path);
/* With the option "site", the front page that PATH stands for: that of a folder (index.html, index.htm or index.xhtml), a file
 * itself; to be freed.  NULL: the folder has none. */
char *document_site_front(const char *path);
void document_free(Document *document);
/* An empty array of Document* or of Page*, which it owns. */
GPtrArray *document_list_new(void);
GPtrArray *page_list_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

/* "text", "empty", "scan", "unreadable", "damaged", "recognised". */
const char *page_state_name(PageState state);
/* Pages that could not be read (scan, unreadable, damaged). */
guint document_unread_pages(const Document *document);
/* Pages with text that no reader sees. */
guint document_hidden_pages(const Document *document);
/* NULL is nothing to free. */
void page_words_free(PageWords *words);
/* By what it is cited: its name if it has one, else its title. */
const char *document_name(const Document *document);
/* Whether it brings no title, so that its title is only the name of its file. */
gboolean document_untitled(const Document *document);
/* SHA-256 (hex, to be freed) over title, author, date, labels and texts: equal content, equal
 * hash, whatever the file's name or time. */
char *document_hash(const Document *document);
/* SHA-256 (hex, to be freed) over the text alone, as one, without white space and in compatibility form (NFKC): documents that say
 * the same have the same, whatever their format, pages, title or dates.  NULL where there is no text or a page could not be read. */
char *document_text_hash(const Document *document);

#endif
