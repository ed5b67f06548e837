/* archive_import.c - an archive into catalogue and store, checked before anything is taken. */
#include "config.h"
#include "src/answer/archive_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"

/* Largest members that are taken into memory. */
#define MOST_HEAD (1 << 27)     /* a bibliography may be in it */
#define MOST_DOCUMENT (1 << 30)
#define MOST_MANIFEST (1 << 28)

typedef struct {
    const Archive *archive;
    const char *path, *corpus;
    ArchiveHead head;
    KvType kv;
    GPtrArray *lines;           /* of the manifest, as computed by the first reading */
    GPtrArray *documents;       /* of CatalogueDocument*, without pages */
    GHashTable *paths;          /* theirs: a set */
    guint there;                /* of them, those that the corpus has already */
    guint8 *keys;
    guint8 root[STORE_KEY_BYTES];
    gboolean complete;          /* the manifest was there, as last member, and right */
    ArchiveReport *report;
} Import;

/* Called with each member, in order. */
typedef gboolean (*MemberFunc)(Import *im, gsize index, const char *name, guint8 *bytes, gsize size, GError **error);

static gboolean damaged(const Import *im, const char *what, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s is damaged or incomplete (%s); nothing was imported", im->path, what);
    return FALSE;
}

static gsize members(const Import *im)
{
    return 2 + im->head.documents + im->head.blocks;
}

/* The name that member INDEX must have, and the bounds of its size; the head must be known for INDEX > 0. */
static char *expected(const Import *im, gsize index, gsize *least, gsize *most)
{
    *least = 0;
    *most = index == 0 ? MOST_HEAD : MOST_DOCUMENT;
    if (index == 0)
        return g_strdup(ARCHIVE_HEAD);
    if (index == 1) {
        *least = *most = im->head.blocks * ENGINE_BLOCK * sizeof(gint32);
        return g_strdup(ARCHIVE_TOKENS);
    }
    if (index < 2 + im->head.documents)
        return g_strdup_printf(ARCHIVE_DOCUMENT, (guint) (index - 2));
    if (index < members(im)) {
        *least = *most = im->head.parts * im->head.part_size;
        return g_strdup_printf(ARCHIVE_BLOCK, index - 2 - im->head.documents);
    }
    *most = MOST_MANIFEST;
    return g_strdup(ARCHIVE_MANIFEST);
}

static gboolean read_member(Import *im, struct archive *in, struct archive_entry *entry, gsize index,
                            MemberFunc visit, GError **error)
{
    gsize least, most, size = (gsize) MAX(archive_entry_size(entry), 0);
    g_autofree char *name = expected(im, index, &least, &most);
    g_autofree guint8 *bytes = NULL;

    if (g_strcmp0(archive_entry_pathname(entry), name) != 0 && index == 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s is no kvasir archive", im->path);
        return FALSE;
    }
    if (g_strcmp0(archive_entry_pathname(entry), name) != 0 || archive_entry_filetype(entry) != AE_IFREG
        || index > members(im) || size < least || size > most || (bytes = g_try_malloc(size + 1)) == NULL
        || archive_read_data(in, bytes, size) != (la_ssize_t) size)
        return damaged(im, name, error);
    bytes[size] = '\0';
    return visit(im, index, name, bytes, size, error);
}

static gboolean read_members(Import *im, MemberFunc visit, const char *phase, GError **error)
{
    struct archive *in = archive_read_new();
    struct archive_entry *entry;
    gboolean ok;
    int rc = ARCHIVE_EOF;

    archive_read_support_format_tar(in);
    ok = archive_read_open_filename(in, im->path, 1 << 20) == ARCHIVE_OK;
    if (!ok && archive_errno(in) > 0 && !g_file_test(im->path, G_FILE_TEST_EXISTS))
        g_set_error(error, FAILURE, FAILURE_INPUT, "cannot read %s: %s", im->path, g_strerror(ENOENT));
    else if (!ok)
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s is no kvasir archive", im->path);
    im->complete = FALSE;
    for (gsize i = 0; ok && (rc = archive_read_next_header(in, &entry)) == ARCHIVE_OK; i++) {
        Progress progress = { .phase = phase, .unit = "members", .done = MIN(i, members(im)), .total = members(im) };

        if (im->archive->progress != NULL && i > 0)
            im->archive->progress(&progress, im->archive->data);
        ok = !interrupt_check(error) && read_member(im, in, entry, i, visit, error);
    }
    archive_read_free(in);
    if (ok && rc != ARCHIVE_EOF && im->head.corpus == NULL) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s is no kvasir archive", im->path);
        return FALSE;
    }
    return ok && ((rc == ARCHIVE_EOF && im->complete) || damaged(im, ARCHIVE_MANIFEST, error));
}

/* Whether the blocks are of use with the model at hand. */
static gboolean check_model(Import *im, GError **error)
{
    const ModelInfo *info;
    const char *arithmetic;

    if (im->archive->engine == NULL || im->head.blocks == 0)
        return TRUE;
    info = engine_info(im->archive->engine);
    arithmetic = engine_arithmetic(im->archive->engine);
    if (!kv_type_parse(im->head.kv, &im->kv))
        return damaged(im, "its KV type", error);
    if (strcmp(im->head.fingerprint, info->fingerprint) != 0)
        g_set_error(error, FAILURE, FAILURE_MODEL, "%s was made with other weights: %s (fingerprint %.12s), not %s "
                    "(%.12s); name that model with -m, or import the texts alone with --texts", im->path,
                    im->head.model != NULL ? im->head.model : "a model", im->head.fingerprint, info->name,
                    info->fingerprint);
    else if (strcmp(im->head.arithmetic, arithmetic) != 0)
        g_set_error(error, FAILURE, FAILURE_MODEL, "%s was made with the arithmetic \"%s\", this is \"%s\" (see --isa); "
                    "the texts alone can be imported with --texts", im->path, im->head.arithmetic, arithmetic);
    else
        return TRUE;
    return FALSE;
}

static gboolean take_head(Import *im, const guint8 *bytes, gsize size, GError **error)
{
    gint64 format;

    archive_head_clear(&im->head);
    if (archive_head_from_json((const char *) bytes, size, &im->head, &format))
        return check_model(im, error);
    if (format > ARCHIVE_FORMAT) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s has archive format %" G_GINT64_FORMAT ", which is newer than this "
                    "program's %d; use a newer kvasir", im->path, format, ARCHIVE_FORMAT);
        return FALSE;
    }
    return damaged(im, ARCHIVE_HEAD, error);
}

static void take_tokens(Import *im, const guint8 *bytes)
{
    gsize n = im->head.blocks * ENGINE_BLOCK;
    g_autofree gint32 *ids = g_new(gint32, MAX(n, 1));

    if (im->archive->engine == NULL)
        return;
    memcpy(ids, bytes, n * sizeof *ids);
    for (gsize i = 0; i < n; i++)
        ids[i] = GINT32_FROM_LE(ids[i]);
    g_free(im->keys);
    im->keys = archive_keys(im->archive->engine, im->kv, ids, im->head.blocks);
    engine_state_key(im->archive->engine, im->kv, im->root);
}

static char *manifest_line(const char *name, const guint8 *bytes, gsize size)
{
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);

    return g_strdup_printf("%s  %s\n", sum, name);
}

static gboolean check_manifest(Import *im, const guint8 *bytes, gsize size)
{
    gsize at = 0;

    for (guint i = 0; i < im->lines->len; i++) {
        const char *line = g_ptr_array_index(im->lines, i);
        gsize length = strlen(line);

        if (size - at < length || memcmp(bytes + at, line, length) != 0)
            return FALSE;
        at += length;
    }
    return at == size;
}

/* First reading: all is as the manifest says and makes sense. */
static gboolean check_member(Import *im, gsize index, const char *name, guint8 *bytes, gsize size, GError **error)
{
    if (index == members(im)) {
        im->complete = check_manifest(im, bytes, size);
        return im->complete || damaged(im, name, error);
    }
    g_ptr_array_add(im->lines, manifest_line(name, bytes, size));
    if (index == 0)
        return take_head(im, bytes, size, error);
    if (index == 1) {
        take_tokens(im, bytes);
    } else if (index < 2 + im->head.documents) {
        CatalogueDocument *document = archive_document_from_json((const char *) bytes, size);

        if (document == NULL)
            return damaged(im, name, error);
        g_clear_pointer(&document->pages, g_ptr_array_unref);
        g_ptr_array_add(im->documents, document);
        if (!g_hash_table_add(im->paths, document->path))
            return damaged(im, name, error);
    }
    return TRUE;
}

static gboolean take_block(Import *im, gsize block, guint8 *bytes, gsize size, GError **error)
{
    const guint8 *key = im->keys + block * STORE_KEY_BYTES;
    const StoreBlock row = { .root = im->root, .parent = block > 0 ? key - STORE_KEY_BYTES : NULL, .key = key,
                             .depth = block, .part_size = im->head.part_size, .parts = im->head.parts };

    im->report->written++;
    return store_write(im->archive->store, &row, g_memdup2(bytes, size), error);
}

/* Second reading: takes it, if it still is what was checked. */
static gboolean take_member(Import *im, gsize index, const char *name, guint8 *bytes, gsize size, GError **error)
{
    g_autofree char *line = NULL;
    gsize first_block = 2 + im->head.documents;

    if (index == members(im))
        return im->complete = TRUE;
    line = manifest_line(name, bytes, size);
    if (strcmp(line, g_ptr_array_index(im->lines, index)) != 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s was changed while it was being imported", im->path);
        return FALSE;
    }
    if (index >= 2 + im->there && index < first_block) {
        g_autoptr(CatalogueDocument) document = archive_document_from_json((const char *) bytes, size);

        return document != NULL && catalogue_put(im->archive->catalogue, im->corpus, document, NULL, error);
    }
    if (index >= first_block && im->archive->store != NULL && index - first_block >= im->report->blocks)
        return take_block(im, index - first_block, bytes, size, error);
    return TRUE;
}

/* A corpus of that name may be there if it begins as the archive does: an
 * import that was interrupted, or one that is done again. */
static gboolean check_corpus(Import *im, GError **error)
{
    GError *local = NULL;
    g_autoptr(GPtrArray) there = catalogue_documents(im->archive->catalogue, im->corpus, FALSE, &local);
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean same = there == NULL || there->len <= im->documents->len;

    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    for (guint i = 0; there != NULL && same && i < there->len; i++) {
        const CatalogueDocument *document = g_ptr_array_index(there, i);

        same = strcmp(document->hash, ((const CatalogueDocument *) g_ptr_array_index(im->documents, i))->hash) == 0;
        g_hash_table_add(paths, document->path);
    }
    im->there = there != NULL ? there->len : 0;
    /* One that is to come must not take the place of one that is there. */
    for (guint i = im->there; same && i < im->documents->len; i++)
        same = !g_hash_table_contains(paths, ((const CatalogueDocument *) g_ptr_array_index(im->documents, i))->path);
    if (!same)
        g_set_error(error, FAILURE, FAILURE_USAGE, "there is a different corpus \"%s\" already; import it under another "
                    "name with -c NAME", im->corpus);
    return same;
}

/* How large volumes shall be, unless the corpus has that already. */
static gboolean take_volume_tokens(Import *im, GError **error)
{
    gint64 tokens;

    return catalogue_volume_tokens(im->archive->catalogue, im->corpus, &tokens, error)
           && (tokens > 0 || im->head.volume_tokens == 0
               || catalogue_set_volume_tokens(im->archive->catalogue, im->corpus, im->head.volume_tokens, error));
}

static gboolean take_all(Import *im, GError **error)
{
    if (im->archive->store != NULL && im->head.blocks > 0) {
        im->report->blocks = store_find(im->archive->store, im->keys, im->head.blocks, error);
        if (*error != NULL)
            return FALSE;
    }
    if (!read_members(im, take_member, "importing", error) || !take_volume_tokens(im, error)
        || (im->head.bibliography != NULL
            && !catalogue_set_bibliography(im->archive->catalogue, im->corpus, im->head.bibliography, error))
        || (im->archive->store != NULL && !store_flush(im->archive->store, error)))
        return FALSE;
    if (im->archive->store != NULL && im->head.blocks > 0
        && !store_note_corpus(im->archive->store, im->root, im->corpus, im->keys, im->head.blocks, error))
        return FALSE;
    im->report->corpus = g_strdup(im->corpus);
    im->report->documents = im->head.documents;
    im->report->blocks = im->head.blocks;
    return TRUE;
}

gboolean archive_import(const Archive *archive, const char *path, const char *corpus,
                        ArchiveReport *report, GError **error)
{
    Import im = {
        .archive = archive, .path = path, .kv = archive->kv, .report = report,
        .lines = g_ptr_array_new_with_free_func(g_free),
        .documents = g_ptr_array_new_with_free_func((GDestroyNotify) catalogue_document_free),
        .paths = g_hash_table_new(g_str_hash, g_str_equal),
    };
    GError *local = NULL;
    gboolean ok = read_members(&im, check_member, "checking", &local);

    if (ok) {
        im.corpus = corpus != NULL ? corpus : im.head.corpus;
        ok = check_corpus(&im, &local) && take_all(&im, &local);
    }
    if (!ok)
        g_propagate_error(error, local);
    g_ptr_array_unref(im.lines);
    g_hash_table_unref(im.paths);
    g_ptr_array_unref(im.documents);
    g_free(im.keys);
    archive_head_clear(&im.head);
    return ok;
}
