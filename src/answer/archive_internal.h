/* archive_internal.h - what the two halves of archive.h share. */
#ifndef KVASIR_ANSWER_ARCHIVE_INTERNAL_H
#define KVASIR_ANSWER_ARCHIVE_INTERNAL_H

#include <json-glib/json-glib.h>

#include "src/answer/archive.h"

#define ARCHIVE_FORMAT 1
#define ARCHIVE_HEAD "kvasir.json"
#define ARCHIVE_TOKENS "tokens.bin"
#define ARCHIVE_MANIFEST "MANIFEST.sha256"
#define ARCHIVE_DOCUMENT "documents/%06u.json"
#define ARCHIVE_BLOCK "blocks/%06" G_GSIZE_FORMAT ".bin"

/* What kvasir.json says. */
typedef struct {
    char *bibliography;             /* as the catalogue has it, or NULL */
    char *corpus, *model, *fingerprint, *kv, *arithmetic;
    gint64 volume_tokens;           /* of a volume at most; 0: it was not said */
    guint documents, parts;
    gsize blocks, part_size;
} ArchiveHead;

void archive_head_clear(ArchiveHead *head);
char *archive_head_to_json(const ArchiveHead *head);
/* FALSE when TEXT is no such object; *FORMAT is set when it is one of another format. */
gboolean archive_head_from_json(const char *text, gsize length, ArchiveHead *head, gint64 *format);

char *archive_document_to_json(const CatalogueDocument *document);
/* NULL when TEXT is no document, or its hash is not that of its text. */
CatalogueDocument *archive_document_from_json(const char *text, gsize length);

/* Keys of the first N blocks of IDS under the state key of ENGINE and KV; g_free. */
guint8 *archive_keys(const Engine *engine, KvType kv, const gint32 *ids, gsize n);

#endif
