/* reader.h - what the readers of the formats share (internal to ingest).
 *
 * A reader turns bytes into a Document.  It builds page texts as it likes and
 * hands them to document_add_page(), which makes them clean.
 */
#ifndef KVASIR_INGEST_READER_H
#define KVASIR_INGEST_READER_H

#include "ingest/document.h"

/* Input larger than this is refused: more than any context holds, and a bound for the parsers. */
#define READER_PDF_MAX ((gsize) 1 << 30)
#define READER_TEXT_MAX ((gsize) 256 << 20)

/* A document without pages, titled after the base name of PATH. */
Document *document_new(const char *path, const char *format);
/* Appends a page; LABEL NULL: its number from 1.  TEXT is cleaned and copied.  A page in state
 * PAGE_TEXT without a visible character becomes PAGE_EMPTY. */
void document_add_page(Document *document, const char *label, const char *text, gssize length,
                       PageState state);
/* Appends TEXT, which nobody who looks at the page would see, to what is to be a page's text: document_add_page() takes it out and
 * keeps it apart. */
void document_hide(GString *out, const char *text);
/* The same with texts that are clean already; takes LABEL and TEXT.  The page is the document's. */
Page *document_take_page(Document *document, char *label, char *text, PageState state);
/* Takes NAME, which is clean. */
void document_take_attachment(Document *document, char *name, guint64 size);
/* Takes over a title, author or date if it says something; keeps what is there otherwise. */
void document_set_title(Document *document, const char *title);
void document_set_author(Document *document, const char *author);
/* TEXT in any usual form that begins with or contains YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD, YYYY-MM or YYYY. */
void document_set_date(Document *document, const char *text);

/* All of FD, at most READER_PDF_MAX bytes; PATH is for messages.  A file that grows or shrinks meanwhile does no harm. */
GByteArray *reader_load(int fd, const char *path, GError **error);

/* Readers.  BYTES is not changed.  NULL with FAILURE_INPUT or FAILURE_PASSWORD. */
Document *pdf_read(const char *path, const guint8 *bytes, gsize length,
                   const DocumentOptions *options, GError **error);
Document *html_read(const char *path, const guint8 *bytes, gsize length,
                    const DocumentOptions *options, GError **error);
Document *text_read(const char *path, const guint8 *bytes, gsize length, GError **error);
Document *markdown_read(const char *path, const guint8 *bytes, gsize length, GError **error);
Document *man_read(const char *path, const guint8 *bytes, gsize length, GError **error);
/* Whether the bytes begin as the source of a manual page does (man or mdoc macros). */
gboolean man_is_page(const guint8 *bytes, gsize length);
Document *epub_read(const char *path, const guint8 *bytes, gsize length, GError **error);
/* Whether the bytes are a zip archive that is an EPUB. */
gboolean epub_is(const guint8 *bytes, gsize length);
Document *office_read(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options, GError **error);
/* Whether the bytes are a zip archive that is an office document (Office Open XML or OpenDocument). */
gboolean office_is(const guint8 *bytes, gsize length);
/* A document without pages whose parts are those of the archive. */
Document *warc_read(const char *path, const guint8 *bytes, gsize length, const DocumentOptions *options, GError **error);
/* Whether the bytes begin as a web archive does, unpacked if need be. */
gboolean warc_is(const guint8 *bytes, gsize length);
Document *mhtml_read(const char *path, const guint8 *bytes, gsize length,
                     const DocumentOptions *options, GError **error);
/* Whether the bytes begin as a MIME message of a page and its images. */
gboolean mhtml_is(const guint8 *bytes, gsize length);

/* What PATH, a folder or its front page, leads to; it opens files itself. */
Document *site_read(const char *path, const DocumentOptions *options, GError **error);

#endif
