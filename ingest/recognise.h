/* recognise.h - the text of a page that is an image, by tesseract (internal to ingest). */
#ifndef KVASIR_INGEST_RECOGNISE_H
#define KVASIR_INGEST_RECOGNISE_H

#include <poppler.h>

/* What tesseract reads on PAGE, drawn in 300 dots to the inch; LANGUAGE as it names them ("eng+deu").  NULL when there
 * is no tesseract, it fails, or finds nothing. */
char *recognise_page(PopplerPage *page, const char *path, const char *language);

#endif
