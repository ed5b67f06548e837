/* gather.c - the documents that a command is about. */
#include "config.h"
#include "src/cli/gather.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static void free_document(gpointer document)
{
    document_free(document);
}

void gathered_clear(Gathered *gathered)
{
    g_clear_pointer(&gathered->documents, g_ptr_array_unref);
}

static Document *read_stdin(const DocumentOptions *options, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gsize n;

    while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0) {
        if (bytes->len > G_MAXUINT32 - sizeof buffer) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: more than 4 GB");
            return NULL;
        }
        g_byte_array_append(bytes, buffer, (guint) n);
    }
    if (ferror(stdin) && !interrupt_check(error)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: %s", g_strerror(errno));
        return NULL;
    }
    return document_read_bytes("standard input", bytes->data, bytes->len, options, error);
}

static gboolean read_files(Gathered *gathered, const Command *command, char **files, const char *password,
                           Meter *meter, GError **error)
{
    const DocumentOptions options = { .password = password };
    GError *local = NULL;
    guint n = g_strv_length(files);

    for (guint i = 0; i < n; i++) {
        Progress progress = { .phase = "reading documents", .unit = "files", .done = i, .total = n };
        Document *document;

        if (interrupt_check(error))
            return FALSE;
        meter_update(&progress, meter);
        document = strcmp(files[i], "-") == 0 ? read_stdin(&options, &local) : document_read(files[i], &options, &local);
        if (document != NULL) {
            g_ptr_array_add(gathered->documents, document);
            meter_clear(meter);
            gathered->unread += work_tell_unread(command, document) > 0;
            continue;
        }
        if (i + 1 == n && gathered->documents->len == 0) {
            g_propagate_error(error, local);
            return FALSE;
        }
        meter_clear(meter);
        command_fail(command, g_steal_pointer(&local));
        gathered->unread++;
    }
    return TRUE;
}

static GPtrArray *read_corpus(const Command *command, const char *corpus, GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(Catalogue) catalogue = NULL;
    GPtrArray *documents;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there are no corpora yet; \"kvasir ingest\" makes one");
        return NULL;
    }
    catalogue = catalogue_open(path, TRUE, error);
    if (catalogue == NULL || (documents = source_corpus(catalogue, corpus, error)) == NULL)
        return NULL;
    /* ingest has told these pages, and ended with status 3. */
    for (guint i = 0; !settings_get()->quiet && i < documents->len; i++)
        work_tell_unread(command, g_ptr_array_index(documents, i));
    return documents;
}

gboolean gather(Gathered *gathered, const Command *command, const char *corpus, char **files, const char *password,
                Meter *meter, GError **error)
{
    if (corpus != NULL) {
        gathered->documents = read_corpus(command, corpus, error);
        if (gathered->documents == NULL)
            return FALSE;
        gathered->in_corpus = gathered->documents->len;
    } else {
        gathered->documents = g_ptr_array_new_with_free_func(free_document);
    }
    return read_files(gathered, command, files, password, meter, error);
}
