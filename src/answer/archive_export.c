/* archive_export.c - a corpus and its cached blocks into one file. */
#include "config.h"
#include "src/answer/archive_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "src/answer/prompt.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

typedef struct {
    const Archive *archive;
    struct archive *out;
    const char *path;
    GString *manifest;
    GPtrArray *documents;       /* of the corpus, with pages */
    GArray *ids;                /* of its prefix */
    guint8 *keys;
    ArchiveHead head;
} Export;

static gboolean fail(Export *e, GError **error)
{
    const char *why = archive_error_string(e->out);

    g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write %s: %s", e->path, why != NULL ? why : "unknown error");
    return FALSE;
}

static gboolean write_member(Export *e, const char *name, const void *bytes, gsize size, GError **error)
{
    struct archive_entry *entry = archive_entry_new();
    gboolean ok;

    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t) size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    ok = archive_write_header(e->out, entry) == ARCHIVE_OK
         && archive_write_data(e->out, bytes, size) == (la_ssize_t) size
         && archive_write_finish_entry(e->out) == ARCHIVE_OK;
    archive_entry_free(entry);
    return ok || fail(e, error);
}

/* A member that the manifest lists. */
static gboolean write_listed(Export *e, const char *name, const void *bytes, gsize size, GError **error)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);

    g_string_append_printf(e->manifest, "%s  %s\n", sum, name);
    return write_member(e, name, bytes, size, error);
}

guint8 *archive_corpus_keys(const Engine *engine, KvType kv, const GPtrArray *rows,
                            gsize *n, gsize *first, GArray **ids, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);
    g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func((GDestroyNotify) document_free);
    g_autoptr(Pack) pack = NULL;
    g_autoptr(Prompt) prompt = NULL;

    if (tokenizer == NULL) {
        g_set_error(error, FAILURE, FAILURE_MODEL, "%s brings no tokenizer", engine_info(engine)->path);
        return NULL;
    }
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(documents, source_from_catalogue(g_ptr_array_index(rows, i)));
    pack = source_pack(documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    prompt = prompt_new(tokenizer, NULL, pack, NULL, error);
    if (prompt == NULL)
        return NULL;
    *n = prompt->prefix / ENGINE_BLOCK;
    if (first != NULL)
        *first = prompt->first / ENGINE_BLOCK;
    if (ids != NULL)
        *ids = g_array_ref(prompt->ids);
    return archive_keys(engine, kv, (const gint32 *) (void *) prompt->ids->data, *n);
}

/* The ids and keys of the corpus's prefix, and how many of its blocks are cached. */
static gboolean find_blocks(Export *e, ArchiveReport *report, GError **error)
{
    const Archive *archive = e->archive;
    GError *local = NULL;

    e->keys = archive_corpus_keys(archive->engine, archive->kv, e->documents, &report->prefix_blocks, NULL, &e->ids, error);
    if (e->keys == NULL)
        return FALSE;
    e->head.blocks = store_find(archive->store, e->keys, report->prefix_blocks, &local);
    if (local == NULL && e->head.blocks > 0
        && !store_shape(archive->store, e->keys, &e->head.parts, &e->head.part_size, &local))
        e->head.blocks = 0;
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    e->head.model = g_strdup(engine_info(archive->engine)->name);
    e->head.fingerprint = g_strdup(engine_info(archive->engine)->fingerprint);
    e->head.kv = g_strdup(kv_type_name(archive->kv));
    e->head.arithmetic = g_strdup(engine_arithmetic(archive->engine));
    return TRUE;
}

static gboolean write_tokens(Export *e, GError **error)
{
    gsize n = e->head.blocks * ENGINE_BLOCK;
    g_autofree gint32 *little = g_new(gint32, MAX(n, 1));

    for (gsize i = 0; i < n; i++)
        little[i] = GINT32_TO_LE(g_array_index(e->ids, gint32, i));
    return write_listed(e, ARCHIVE_TOKENS, little, n * sizeof *little, error);
}

static gboolean write_documents(Export *e, GError **error)
{
    for (guint i = 0; i < e->documents->len; i++) {
        g_autofree char *name = g_strdup_printf(ARCHIVE_DOCUMENT, i);
        g_autofree char *text = archive_document_to_json(g_ptr_array_index(e->documents, i));

        if (!write_listed(e, name, text, strlen(text), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_block(Export *e, gsize block, guint8 *bytes, GError **error)
{
    g_autofree char *name = g_strdup_printf(ARCHIVE_BLOCK, block);

    for (guint part = 0; part < e->head.parts; part++) {
        GError *local = NULL;

        if (store_read(e->archive->store, e->keys + block * STORE_KEY_BYTES, part, bytes + part * e->head.part_size,
                       e->head.part_size, &local))
            continue;
        if (local != NULL)
            g_propagate_error(error, local);
        else
            g_set_error(error, FAILURE, FAILURE_CACHE, "block %" G_GSIZE_FORMAT " of the corpus was damaged and is dropped; "
                        "compute it again with 'kvasir ingest -c %s ...', then export", block, e->head.corpus);
        return FALSE;
    }
    return write_listed(e, name, bytes, e->head.parts * e->head.part_size, error);
}

static gboolean write_blocks(Export *e, GError **error)
{
    g_autofree guint8 *bytes = g_malloc(MAX(e->head.parts * e->head.part_size, 1));

    for (gsize b = 0; b < e->head.blocks; b++) {
        Progress progress = { .phase = "exporting", .unit = "blocks", .done = b, .total = e->head.blocks };

        if (e->archive->progress != NULL)
            e->archive->progress(&progress, e->archive->data);
        if (interrupt_check(error) || !write_block(e, b, bytes, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_all(Export *e, GError **error)
{
    g_autofree char *head = archive_head_to_json(&e->head);

    return write_listed(e, ARCHIVE_HEAD, head, strlen(head), error)
           && write_tokens(e, error) && write_documents(e, error) && write_blocks(e, error)
           && write_member(e, ARCHIVE_MANIFEST, e->manifest->str, e->manifest->len, error)
           && (archive_write_close(e->out) == ARCHIVE_OK || fail(e, error));
}

/* Writes beside PATH and renames: a file of that name is always whole. */
static gboolean write_file(Export *e, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", e->path);
    int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
    gboolean ok;

    if (fd < 0) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write %s: %s", e->path, g_strerror(errno));
        return FALSE;
    }
    e->out = archive_write_new();
    archive_write_set_format_pax_restricted(e->out);
    ok = archive_write_open_fd(e->out, fd) == ARCHIVE_OK ? write_all(e, error) : fail(e, error);
    archive_write_free(e->out);
    if (ok && (fsync(fd) != 0 || g_rename(temporary, e->path) != 0)) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot write %s: %s", e->path, g_strerror(errno));
        ok = FALSE;
    }
    close(fd);
    if (!ok)
        g_unlink(temporary);
    return ok;
}

gboolean archive_export(const Archive *archive, const char *corpus, const char *path,
                        ArchiveReport *report, GError **error)
{
    Export e = { .archive = archive, .path = path, .manifest = g_string_new(NULL), .head.corpus = g_strdup(corpus) };
    GError *local = NULL;
    gboolean ok = FALSE;

    e.documents = catalogue_documents(archive->catalogue, corpus, TRUE, &local);
    if (local == NULL && e.documents == NULL)
        g_set_error(&local, FAILURE, FAILURE_USAGE,
                    "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are", corpus);
    if (local == NULL && catalogue_bibliography(archive->catalogue, corpus, &e.head.bibliography, &local)
        && catalogue_volume_tokens(archive->catalogue, corpus, &e.head.volume_tokens, &local)) {
        e.head.documents = e.documents->len;
        ok = (archive->store == NULL || find_blocks(&e, report, &local)) && write_file(&e, &local);
    }
    if (ok) {
        report->corpus = g_strdup(corpus);
        report->documents = e.head.documents;
        report->blocks = e.head.blocks;
    } else {
        g_propagate_error(error, local);
    }
    if (e.documents != NULL)
        g_ptr_array_unref(e.documents);
    if (e.ids != NULL)
        g_array_unref(e.ids);
    g_free(e.keys);
    g_string_free(e.manifest, TRUE);
    archive_head_clear(&e.head);
    return ok;
}
