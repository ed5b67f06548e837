/* naming.c - the bibliography of a corpus. */
#include "config.h"
#include "src/cli/naming.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/output.h"

/* More are counted. */
enum { LISTED = 20 };

void naming_free(Naming *naming)
{
    if (naming == NULL)
        return;
    bibliography_free(naming->bibliography);
    g_clear_pointer(&naming->documents, g_ptr_array_unref);
    g_clear_pointer(&naming->unused, g_ptr_array_unref);
    g_free(naming);
}

Naming *naming_new(Catalogue *catalogue, const char *corpus, const GPtrArray *rows, GError **error)
{
    g_autoptr(Naming) naming = g_new0(Naming, 1);
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);

    naming->bibliography = bibliography_new();
    naming->unused = g_ptr_array_new();
    if (!source_bibliography(catalogue, corpus, naming->bibliography, error))
        return NULL;
    naming->documents = document_list_new();
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(naming->documents, source_from_catalogue(g_ptr_array_index(rows, i)));
    bibliography_name(naming->bibliography, naming->documents, used);
    for (guint i = 0; i < naming->bibliography->entries->len; i++) {
        gpointer entry = g_ptr_array_index(naming->bibliography->entries, i);
        if (!g_hash_table_contains(used, entry))
            g_ptr_array_add(naming->unused, entry);
    }
    return g_steal_pointer(&naming);
}

static void tell_unused(const Naming *naming)
{
    guint n = naming->unused->len;

    if (n == 0)
        return;
    output_note("kvasir: %u %s in the bibliography without a document:", n, n == 1 ? "entry" : "entries");
    for (guint i = 0; i < MIN(n, LISTED); i++)
        output_note("%s %s", i > 0 ? "," : "", ((const BibEntry *) g_ptr_array_index(naming->unused, i))->key);
    output_note(n > LISTED ? ", and %u more\n" : "\n", n - LISTED);
}

/* Those without an entry; their number. */
static guint tell_nameless(const Naming *naming)
{
    guint n = 0;

    for (guint i = 0; i < naming->documents->len; i++) {
        const Document *document = g_ptr_array_index(naming->documents, i);
        if (document->name != NULL)
            continue;
        if (++n <= LISTED)
            output_note("kvasir: %s: not in the bibliography; it is cited by its title\n", document->path);
    }
    if (n > LISTED)
        output_note("kvasir: and %u more documents that are not in the bibliography\n", n - LISTED);
    return n;
}

gboolean naming_keep(const Command *command, Catalogue *catalogue, const char *corpus, const Bibliography *bibliography,
                     NamingCounts *counts, GError **error)
{
    gboolean none = bibliography->entries->len == 0;
    g_autofree char *text = none ? NULL : bibliography_to_json(bibliography);
    g_autoptr(GPtrArray) rows = NULL;
    g_autoptr(Naming) naming = NULL;
    GError *local = NULL;

    rows = catalogue_documents(catalogue, corpus, TRUE, &local);
    if (rows == NULL && local == NULL)
        g_set_error(&local, FAILURE, FAILURE_USAGE, "there is no corpus \"%s\"; name files or folders, too, to make it", corpus);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (text != NULL && strlen(text) > BIBLIOGRAPHY_MAX) {
        g_set_error(error, FAILURE, FAILURE_INPUT,
                    "the bibliography of the corpus %s is too large (limit 64 MiB); name fewer files", corpus);
        return FALSE;
    }
    if (!catalogue_set_bibliography(catalogue, corpus, text, error) ||
        (naming = naming_new(catalogue, corpus, rows, error)) == NULL)
        return FALSE;
    if (bibliography->damaged > 0)
        output_note("kvasir %s: %u %s of the bibliography cannot be read\n", command->name, bibliography->damaged,
                    bibliography->damaged == 1 ? "entry" : "entries");
    *counts = (NamingCounts) { .entries = bibliography->entries->len, .documents = naming->documents->len };
    if (none)
        return TRUE;
    tell_unused(naming);
    counts->named = counts->documents - tell_nameless(naming);
    return TRUE;
}

void naming_print(const char *corpus, const NamingCounts *counts)
{
    if (counts->entries == 0)
        output_print("%s: no bibliography\n", corpus);
    else
        output_print("%s: a bibliography of %u %s names %u of %u documents\n", corpus, counts->entries,
                     counts->entries == 1 ? "entry" : "entries", counts->named, counts->documents);
    fflush(stdout);
}
