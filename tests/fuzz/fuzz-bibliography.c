/* fuzz-bibliography.c - any bytes as a library of references; what was read is written and read again. */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "ingest/bibliography.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Bibliography) bibliography = bibliography_new(), again = bibliography_new();
    gboolean ok = bibliography_add(bibliography, "a.bib", data, size, &error);
    g_assert_true(ok == (error == NULL));
    g_autofree char *text = bibliography_to_json(bibliography);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_true(bibliography_add(again, "again", (const guint8 *) text, strlen(text), NULL));
    g_assert_cmpuint(again->entries->len, ==, bibliography->entries->len);
    g_autofree char *same = bibliography_to_json(again);
    g_assert_cmpstr(same, ==, text);
    return 0;
}
