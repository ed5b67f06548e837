/* source.c - where documents come from. */
#include "config.h"
#include "src/answer/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/failure.h"

#define SECOND_NS G_GINT64_CONSTANT(1000000000)

/* For so long a file may change again without its time showing it.  A time of whole seconds may be of a file system that has no
 * finer ones (FAT: 2 s); the others go with the kernel's clock, a tick of which is 10 ms at most, or that of a file server. */
#define COARSE_GRAIN_NS (2 * SECOND_NS)
#define FINE_GRAIN_NS (SECOND_NS / 10)

static gint64 mtime_ns(const struct stat *st)
{
    return (gint64) st->st_mtim.tv_sec * SECOND_NS + st->st_mtim.tv_nsec;
}

/* ADDED, in whole seconds, is not later than the moment when the stamp was taken. */
static gboolean has_settled(gint64 mtime, gint64 added)
{
    gint64 grain = mtime % SECOND_NS == 0 ? COARSE_GRAIN_NS : FINE_GRAIN_NS;

    return added > (mtime + grain) / SECOND_NS;
}

gboolean source_stamp(const char *path, SourceStamp *stamp, GError **error)
{
    struct stat st;

    stamp->taken = g_get_real_time() / G_USEC_PER_SEC;
    if (stat(path, &st) != 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    stamp->size = st.st_size;
    stamp->mtime_ns = mtime_ns(&st);
    return TRUE;
}

CatalogueDocument *source_row(const Document *document, const char *path, const SourceStamp *stamp)
{
    CatalogueDocument *row = g_new0(CatalogueDocument, 1);

    row->path = g_strdup(path);
    row->format = g_strdup(document->format);
    row->title = g_strdup(document->title);
    row->author = g_strdup(document->author);
    row->date = g_strdup(document->date);
    row->hash = document_hash(document);
    row->text_hash = document_text_hash(document);
    row->incomplete = document_unread_pages(document) > 0;
    row->added = stamp->taken;
    row->file_size = stamp->size;
    row->file_mtime_ns = stamp->mtime_ns;
    row->pages = catalogue_page_list_new();
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        CataloguePage *copy = g_new0(CataloguePage, 1);

        copy->label = g_strdup(page->label);
        copy->text = g_strdup(page->text);
        copy->state = (int) page->state;
        g_ptr_array_add(row->pages, copy);
    }
    return row;
}

Document *source_from_catalogue(const CatalogueDocument *row)
{
    Document *document = g_new0(Document, 1);

    document->path = g_strdup(row->path);
    document->format = g_strdup(row->format);
    document->title = g_strdup(row->title);
    document->author = g_strdup(row->author);
    document->date = g_strdup(row->date);
    document->pages = page_list_new();
    for (guint i = 0; i < row->pages->len; i++) {
        const CataloguePage *page = g_ptr_array_index(row->pages, i);
        Page *copy = g_new0(Page, 1);

        copy->label = g_strdup(page->label);
        copy->text = g_strdup(page->text);
        copy->length = strlen(copy->text);
        copy->state = (PageState) CLAMP(page->state, PAGE_TEXT, PAGE_RECOGNISED);
        g_ptr_array_add(document->pages, copy);
    }
    return document;
}

GPtrArray *source_corpus(Catalogue *catalogue, const char *corpus, GError **error)
{
    GError *local = NULL;
    g_autoptr(GPtrArray) rows = catalogue_documents(catalogue, corpus, TRUE, &local);
    GPtrArray *documents;

    if (local != NULL) {
        g_propagate_error(error, local);
        return NULL;
    }
    if (rows == NULL || rows->len == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    rows == NULL ? "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are"
                                 : "there are no documents in corpus \"%s\"", corpus);
        return NULL;
    }
    documents = document_list_new();
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(documents, source_from_catalogue(g_ptr_array_index(rows, i)));
    return documents;
}

gboolean source_bibliography(Catalogue *catalogue, const char *corpus, Bibliography *bibliography, GError **error)
{
    g_autofree char *text = NULL;

    return catalogue_bibliography(catalogue, corpus, &text, error) &&
           (text == NULL || bibliography_add(bibliography, "the catalogue", (const guint8 *) text, strlen(text), error));
}

gboolean source_unchanged(const CatalogueDocument *row)
{
    struct stat st;

    return stat(row->path, &st) == 0 && st.st_size == row->file_size && mtime_ns(&st) == row->file_mtime_ns &&
           has_settled(row->file_mtime_ns, row->added);
}

Pack *source_pack(const GPtrArray *documents, PackEncodeFunc encode, gpointer data)
{
    Pack *pack = pack_new();

    for (guint i = 0; i < documents->len; i++)
        pack_add(pack, g_ptr_array_index(documents, i), encode, data);
    return pack;
}
