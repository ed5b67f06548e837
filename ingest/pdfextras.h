/* pdfextras.h - what a PDF page holds besides its text (internal to ingest). */
#ifndef KVASIR_INGEST_PDFEXTRAS_H
#define KVASIR_INGEST_PDFEXTRAS_H

#include <poppler.h>

#include "ingest/document.h"

/* Filled-in form fields and readers' notes of PAGE, as OPTIONS ask for them: lines such as "[form] Name: Ada" and
 * "[note] Ada: too short", each after a line end.  To be freed; NULL when there are none. */
char *pdf_extras(PopplerPage *page, const DocumentOptions *options);
/* Notes the names and sizes of the files that the list of PDF names, each once. */
void pdf_attachments(Document *document, PopplerDocument *pdf);
/* The same for those that annotations of PAGE hold. */
void pdf_page_attachments(Document *document, PopplerPage *page);

#endif
