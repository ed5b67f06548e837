/* archive_json.c - the JSON members of an archive. */
#include "config.h"
#include "src/answer/archive_internal.h"

#include <string.h>

#include "ingest/document.h"
#include "src/answer/json.h"
#include "src/answer/source.h"
#include "src/base/json_text.h"

/* Bounds of what an archive may claim: far above what makes sense, far below what overflows. */
#define MOST_DOCUMENTS 1000000
#define MOST_BLOCKS 1000000

void archive_report_clear(ArchiveReport *report)
{
    g_clear_pointer(&report->corpus, g_free);
}

void archive_head_clear(ArchiveHead *head)
{
    g_free(head->bibliography);
    g_free(head->corpus);
    g_free(head->model);
    g_free(head->fingerprint);
    g_free(head->kv);
    g_free(head->arithmetic);
    memset(head, 0, sizeof *head);
}

static char *end_json(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = NULL;

    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, TRUE);
}

char *archive_head_to_json(const ArchiveHead *head)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_int(builder, "kvasir_archive", ARCHIVE_FORMAT);
    json_add_text(builder, "corpus", head->corpus);
    json_add_int(builder, "documents", head->documents);
    json_add_text(builder, "model", head->model);
    json_add_text(builder, "fingerprint", head->fingerprint);
    json_add_text(builder, "kv", head->kv);
    json_add_text(builder, "arithmetic", head->arithmetic);
    json_add_int(builder, "blocks", (gint64) head->blocks);
    json_add_int(builder, "parts", head->parts);
    json_add_int(builder, "part_size", (gint64) head->part_size);
    if (head->volume_tokens > 0)
        json_add_int(builder, "volume_tokens", head->volume_tokens);
    if (head->bibliography != NULL)
        json_add_text(builder, "bibliography", head->bibliography);
    return end_json(builder);
}

static char *get_string(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
           ? g_strdup(json_node_get_string(node)) : NULL;
}

/* -1 when it is no whole number from 0 to MOST. */
static gint64 get_int(JsonObject *object, const char *name, gint64 most)
{
    JsonNode *node = json_object_get_member(object, name);
    gint64 value;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return -1;
    value = json_node_get_int(node);
    return value >= 0 && value <= most ? value : -1;
}

gboolean archive_head_from_json(const char *text, gsize length, ArchiveHead *head, gint64 *format)
{
    g_autoptr(JsonObject) object = json_text_parse(text, length, NULL);
    gint64 documents, blocks, parts, part_size;

    *format = object != NULL ? get_int(object, "kvasir_archive", G_MAXINT32) : -1;
    if (*format != ARCHIVE_FORMAT)
        return FALSE;
    head->corpus = get_string(object, "corpus");
    head->bibliography = get_string(object, "bibliography");
    head->volume_tokens = json_object_has_member(object, "volume_tokens") ? get_int(object, "volume_tokens", G_MAXINT32) : 0;
    head->model = get_string(object, "model");
    head->fingerprint = get_string(object, "fingerprint");
    head->kv = get_string(object, "kv");
    head->arithmetic = get_string(object, "arithmetic");
    documents = get_int(object, "documents", MOST_DOCUMENTS);
    blocks = get_int(object, "blocks", MOST_BLOCKS);
    parts = get_int(object, "parts", STORE_MAX_PARTS);
    part_size = get_int(object, "part_size", G_MAXINT32 / 2);
    if (head->corpus == NULL || head->volume_tokens < 0 || documents < 0 || blocks < 0 || parts < 0 || part_size < 0
        || (blocks > 0 && (head->fingerprint == NULL || head->kv == NULL || head->arithmetic == NULL
                           || parts == 0 || part_size == 0)))
        return FALSE;
    head->documents = (guint) documents;
    head->blocks = (gsize) blocks;
    head->parts = (guint) parts;
    head->part_size = (gsize) part_size;
    return TRUE;
}

static void add_page(JsonBuilder *builder, const CataloguePage *page)
{
    json_builder_begin_object(builder);
    json_add_text(builder, "label", page->label);
    json_add_int(builder, "state", page->state);
    json_add_text(builder, "text", page->text);
    json_builder_end_object(builder);
}

char *archive_document_to_json(const CatalogueDocument *document)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    /* File names are bytes, JSON is not. */
    g_autofree char *path = g_uri_escape_bytes((const guint8 *) document->path, strlen(document->path), "/");

    json_builder_begin_object(builder);
    json_add_text(builder, "path", path);
    json_add_text(builder, "format", document->format);
    json_add_text(builder, "title", document->title);
    json_add_text(builder, "author", document->author);
    json_add_text(builder, "date", document->date);
    json_add_text(builder, "hash", document->hash);
    json_builder_set_member_name(builder, "pages");
    json_builder_begin_array(builder);
    for (guint i = 0; i < document->pages->len; i++)
        add_page(builder, g_ptr_array_index(document->pages, i));
    json_builder_end_array(builder);
    return end_json(builder);
}

static gboolean get_pages(JsonObject *object, GPtrArray *pages)
{
    JsonNode *node = json_object_get_member(object, "pages");
    JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        CataloguePage *page = g_new0(CataloguePage, 1);
        JsonObject *entry;

        g_ptr_array_add(pages, page);
        if (!JSON_NODE_HOLDS_OBJECT(element))
            return FALSE;
        entry = json_node_get_object(element);
        page->label = get_string(entry, "label");
        page->text = get_string(entry, "text");
        page->state = (int) get_int(entry, "state", PAGE_RECOGNISED);
        if (page->label == NULL || page->text == NULL || page->state < 0)
            return FALSE;
    }
    return array != NULL;
}

CatalogueDocument *archive_document_from_json(const char *text, gsize length)
{
    g_autoptr(JsonObject) object = json_text_parse(text, length, NULL);
    g_autoptr(CatalogueDocument) document = g_new0(CatalogueDocument, 1);
    g_autoptr(Document) content = NULL;
    g_autofree char *path = NULL, *hash = NULL;

    document->pages = catalogue_page_list_new();
    if (object == NULL || !get_pages(object, document->pages))
        return NULL;
    path = get_string(object, "path");
    document->path = path != NULL ? g_uri_unescape_string(path, NULL) : NULL;
    document->format = get_string(object, "format");
    document->title = get_string(object, "title");
    document->author = get_string(object, "author");
    document->date = get_string(object, "date");
    document->hash = get_string(object, "hash");
    document->added = g_get_real_time() / G_USEC_PER_SEC;
    document->distinct = TRUE;
    if (document->path == NULL || document->format == NULL || document->title == NULL || document->hash == NULL)
        return NULL;
    content = source_from_catalogue(document);
    hash = document_hash(content);
    return strcmp(hash, document->hash) == 0 ? g_steal_pointer(&document) : NULL;
}

guint8 *archive_keys(const Engine *engine, KvType kv, const gint32 *ids, gsize n)
{
    guint8 root[STORE_KEY_BYTES];
    const guint8 *parent = root;
    guint8 *keys = g_malloc(MAX(n, 1) * STORE_KEY_BYTES);

    engine_state_key(engine, kv, root);
    for (gsize b = 0; b < n; b++) {
        guint8 *key = keys + b * STORE_KEY_BYTES;

        store_chain_key(parent, ids + b * ENGINE_BLOCK, ENGINE_BLOCK, key);
        parent = key;
    }
    return keys;
}
