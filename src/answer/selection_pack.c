/* selection_pack.c - some pages of a list of documents, packed. */
#include "config.h"
#include "src/answer/selection.h"

Pack *selection_pack(const GPtrArray *view, PackEncodeFunc encode, gpointer data)
{
    Pack *pack = pack_new();

    for (guint i = 0; i < view->len; i++) {
        const Document *document = g_ptr_array_index(view, i);

        if (document->pages->len > 0)
            pack_add(pack, document, encode, data);
        else
            pack_skip(pack);
    }
    return pack;
}
