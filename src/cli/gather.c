/* gather.c - the documents that a command is about. */
#include "config.h"
#include "src/cli/gather.h"

#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/reading.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

void gathered_clear(Gathered *gathered)
{
    g_clear_pointer(&gathered->documents, g_ptr_array_unref);
}

static gboolean read_files(Gathered *gathered, const Command *command, char **files, Meter *meter, GError **error)
{
    g_autoptr(Pool) pool = NULL;

    reading_keep_words();
    pool = reading_pool();
    for (; *files != NULL; files++)
        if (!reading_add(pool, *files, error))
            return FALSE;
    while (pool_left(pool) > 0) {
        GError *local = NULL;
        Document *document = pool_next(pool, meter_update, meter, &local);

        meter_clear(meter);
        if (document != NULL) {
            g_ptr_array_add(gathered->documents, document);
            gathered->unread += work_tell_unread(command, document) > 0;
            work_tell_left_out(command, document);
            continue;
        }
        if (!work_can_go_on(local) || (pool_left(pool) == 0 && gathered->documents->len == 0)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        command_fail(command, local);
        gathered->unread++;
    }
    return TRUE;
}

static GPtrArray *read_corpus(const Command *command, const char *corpus, gsize *volume_tokens, Bibliography *bibliography,
                              GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(Catalogue) catalogue = NULL;
    GPtrArray *documents;
    gint64 tokens;

    if (!settings_have_catalogue()) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there are no corpora yet; \"kvasir ingest\" makes one");
        return NULL;
    }
    catalogue = catalogue_open(path, TRUE, error);
    if (catalogue == NULL || !catalogue_volume_tokens(catalogue, corpus, &tokens, error) ||
        !source_bibliography(catalogue, corpus, bibliography, error) ||
        (documents = source_corpus(catalogue, corpus, error)) == NULL)
        return NULL;
    *volume_tokens = (gsize) tokens;
    /* ingest has told these pages, and ended with status 3. */
    for (guint i = 0; !settings_get()->quiet && i < documents->len; i++)
        work_tell_unread(command, g_ptr_array_index(documents, i));
    return documents;
}

gboolean gather(Gathered *gathered, const Command *command, const char *corpus, char **files,
                char **libraries, Meter *meter, GError **error)
{
    g_autoptr(Bibliography) bibliography = bibliography_new();

    /* What is wrong with a library is better known before long reading; what is named now goes before what the corpus has. */
    for (; libraries != NULL && *libraries != NULL; libraries++)
        if (!bibliography_add_file(bibliography, *libraries, error))
            return FALSE;
    if (corpus != NULL) {
        gathered->documents = read_corpus(command, corpus, &gathered->volume_tokens, bibliography, error);
        if (gathered->documents == NULL)
            return FALSE;
        gathered->in_corpus = gathered->documents->len;
    } else {
        gathered->documents = document_list_new();
    }
    if (!read_files(gathered, command, files, meter, error))
        return FALSE;
    if (bibliography->entries->len > 0)
        bibliography_name(bibliography, gathered->documents, NULL);
    return TRUE;
}
