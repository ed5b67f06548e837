/* test-documents.h - documents made of strings, for tests that link no readers. */
#ifndef KVASIR_TESTS_TEST_DOCUMENTS_H
#define KVASIR_TESTS_TEST_DOCUMENTS_H

#include "ingest/document.h"

/* Called TITLE, of FORMAT, with a page for each of TEXTS, the last of which is NULL; labels count from 1. */
Document *test_document(const char *title, const char *format, const char *const *texts);
/* An empty array that owns such documents. */
GPtrArray *test_documents_new(void);
/* Six of them: a trial (English, 4 pages), a lease (German, 3), a mill (French, 2), a reserve (Russian, 2), rice fields (Chinese, 2),
 * a manual (Japanese, 2). */
GPtrArray *test_documents_six(void);

#endif
