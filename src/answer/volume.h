/* volume.h - documents that are too many for one prompt, cut into volumes.
 *
 * A volume is as many whole documents in a row as fit into a number of tokens; a document that alone does not fit is
 * cut between pages into volumes of its own.  Volumes are filled from the first document on, so that documents added at the end
 * change none but the last.
 */
#ifndef KVASIR_ANSWER_VOLUME_H
#define KVASIR_ANSWER_VOLUME_H

#include "src/answer/selection.h"
#include "src/model/engine.h"

/* From page FIRST_PAGE of document FIRST to (without it) page END_PAGE of document LAST. */
typedef struct {
    guint first, last;
    guint first_page, end_page;
    gsize tokens;               /* of its pack */
} Volume;

/* How many tokens of documents a prompt of ENGINE can have, whatever is asked; at most WANTED, if that is not 0. */
gsize volume_limit(const Engine *engine, gsize wanted);
/* The volumes of DOCUMENTS (of Document*), array of Volume, with at most LIMIT tokens each.  PACK: all of them, by source_pack()
 * with ENCODE and DATA.  FAILURE_USAGE when one page alone is longer than that. */
GArray *volume_plan(const GPtrArray *documents, const Pack *pack, gsize limit, PackEncodeFunc encode, gpointer data,
                    GError **error);
/* What volume INDEX (from 0) of CORPUS is noted as in the cache, g_free; and whether TITLE is such a name. */
char *volume_title(const char *corpus, guint index);
gboolean volume_is_titled(const char *title, const char *corpus);
/* Its pages as a selection of DOCUMENTS. */
GArray *volume_selection(const Volume *volume, const GPtrArray *documents);
/* The index of the volume that has PAGE of DOCUMENT. */
guint volume_find(const GArray *volumes, guint document, guint page);
/* "documents 4-9" or "document 3, pages 120-260"; g_free. */
char *volume_to_text(const Volume *volume, const GPtrArray *documents);

#endif
