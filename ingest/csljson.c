/* csljson.c - CSL-JSON, as Zotero and citation processors write it, and the JSON of Better BibTeX, which has Zotero's own names. */
#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "ingest/references.h"

/* The parser recurses, and a value of two bytes takes it a hundred; no library nests deeper or has more values.  What
 * bibliography_to_json() writes has at most 56 for an entry. */
enum { DEPTH_MAX = 64, VALUES_MAX = 60 * BIBLIOGRAPHY_ENTRIES };

/* Whether brackets outside of strings nest deeper than DEPTH_MAX or, commas among them, are more than VALUES_MAX, or
 * something follows the first value (which json-glib would then forget to free). */
static gboolean is_unfit(const char *text, gsize length)
{
    guint depth = 0, values = 0;
    gboolean quoted = FALSE, closed = FALSE, more = FALSE;
    for (gsize i = 0; i < length && !more && depth <= DEPTH_MAX && values <= VALUES_MAX; i++) {
        more = closed && text[i] != '\0' && !g_ascii_isspace(text[i]);
        values += !quoted && strchr("{[,", text[i]) != NULL;
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            depth++;
        else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
            closed = --depth == 0;
    }
    return more || depth > DEPTH_MAX || values > VALUES_MAX;
}

/* The first of the members that is a string or a number, as text; to be freed. */
static char *text_of(JsonObject *object, const char *const *names)
{
    for (; *names; names++) {
        JsonNode *node = json_object_get_member(object, *names);
        if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
            return json_node_dup_string(node);
        if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
            return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    }
    return NULL;
}

static JsonArray *array_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static guint length_of(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}

static JsonObject *object_at(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void add_person(BibEntry *entry, JsonObject *person)
{
    static const char *const FAMILY[] = { "family", "lastName", "literal", "name", NULL };
    static const char *const PARTICLE[] = { "non-dropping-particle", NULL };
    g_autofree char *family = text_of(person, FAMILY), *particle = text_of(person, PARTICLE);
    g_autofree char *name = particle && *particle ? g_strdup_printf("%s %s", particle, family ? family : "") : g_strdup(family);
    bib_entry_add_author(entry, name);
}

/* Authors, or without any editors. */
static void add_people(BibEntry *entry, JsonObject *item)
{
    static const char *const ROLES[] = { "author", "editor", NULL }, *const TYPE[] = { "creatorType", NULL };
    JsonArray *creators = array_of(item, "creators");
    for (int r = 0; ROLES[r] && entry->authors->len == 0; r++) {
        JsonArray *people = array_of(item, ROLES[r]);
        for (guint i = 0; i < length_of(people); i++)
            if (object_at(people, i))
                add_person(entry, object_at(people, i));
        for (guint i = 0; i < length_of(creators); i++) {
            JsonObject *person = object_at(creators, i);
            g_autofree char *type = person ? text_of(person, TYPE) : NULL;
            if (type && !strcmp(type, ROLES[r]))
                add_person(entry, person);
        }
    }
}

/* {"date-parts": [[2020, 12, 16]]}, {"raw": "2020-12-16"} or {"literal": "winter 2020"}. */
static char *issued_year(JsonObject *item)
{
    static const char *const WORDS[] = { "raw", "literal", NULL };
    JsonNode *node = json_object_get_member(item, "issued");
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    JsonObject *issued = json_node_get_object(node);
    JsonArray *parts = array_of(issued, "date-parts");
    node = length_of(parts) > 0 ? json_array_get_element(parts, 0) : NULL;
    JsonArray *date = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    node = length_of(date) > 0 ? json_array_get_element(date, 0) : NULL;
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_dup_string(node);
    return text_of(issued, WORDS);
}

static void add_files(BibEntry *entry, JsonObject *item)
{
    static const char *const FILE_NAMES[] = { "file", NULL }, *const PATHS[] = { "path", "localPath", NULL };
    JsonArray *attachments = array_of(item, "attachments");
    g_autofree char *file = text_of(item, FILE_NAMES);
    if (file)
        latex_files(entry, file);
    for (guint i = 0; i < length_of(attachments); i++) {
        JsonObject *attachment = object_at(attachments, i);
        g_autofree char *path = attachment ? text_of(attachment, PATHS) : NULL;
        bib_entry_add_file(entry, path);
    }
}

static void add_item(Bibliography *bibliography, JsonObject *item)
{
    static const char *const KEY[] = { "citation-key", "citationKey", "citekey", "id", "itemID", NULL };
    static const char *const TITLE[] = { "title", "title-short", NULL }, *const DOI[] = { "DOI", "doi", NULL };
    static const char *const DATE[] = { "date", "year", NULL }, *const NUMBER[] = { "number", "arxiv", NULL };
    g_autofree char *key = text_of(item, KEY), *title = text_of(item, TITLE), *doi = text_of(item, DOI);
    g_autofree char *issued = issued_year(item), *date = text_of(item, DATE), *number = text_of(item, NUMBER);
    if (!key || !*key) {
        /* Notes and attachments are items of their own in Zotero, without a key. */
        bibliography->damaged += title != NULL;
        return;
    }
    BibEntry *entry = bib_entry_new(key);
    bib_entry_set_title(entry, title);
    bib_entry_set_year(entry, issued ? issued : date);
    bib_entry_set_doi(entry, doi);
    if (number && !g_ascii_strncasecmp(number, "arxiv:", 6))
        bib_entry_set_arxiv(entry, number);
    add_people(entry, item);
    add_files(entry, item);
    g_ptr_array_add(bibliography->entries, entry);
}

gboolean csljson_read(Bibliography *bibliography, const char *text, gsize length)
{
    static const char *const LISTS[] = { "items", "references", NULL };
    g_autoptr(JsonParser) parser = json_parser_new();
    if (is_unfit(text, length) || !json_parser_load_from_data(parser, text, (gssize) length, NULL))
        return FALSE;
    JsonNode *root = json_parser_get_root(parser);
    JsonArray *items = root && JSON_NODE_HOLDS_ARRAY(root) ? json_node_get_array(root) : NULL;
    for (int i = 0; root && JSON_NODE_HOLDS_OBJECT(root) && LISTS[i] && !items; i++)
        items = array_of(json_node_get_object(root), LISTS[i]);
    if (!items)
        return FALSE;
    for (guint i = 0; i < length_of(items) && bibliography->entries->len < BIBLIOGRAPHY_ENTRIES; i++)
        if (object_at(items, i))
            add_item(bibliography, object_at(items, i));
        else
            bibliography->damaged++;
    return TRUE;
}

static void add_member(JsonBuilder *builder, const char *name, const char *value)
{
    if (!value)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value);
}

/* {NAME: [{MEMBER: value}, ...]} */
static void add_list(JsonBuilder *builder, const char *name, const char *member, const GPtrArray *values)
{
    if (values->len == 0)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < values->len; i++) {
        json_builder_begin_object(builder);
        add_member(builder, member, g_ptr_array_index(values, i));
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

char *bibliography_to_json(const Bibliography *bibliography)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < bibliography->entries->len; i++) {
        const BibEntry *entry = g_ptr_array_index(bibliography->entries, i);
        g_autofree char *arxiv = entry->arxiv ? g_strconcat("arXiv:", entry->arxiv, NULL) : NULL;
        json_builder_begin_object(builder);
        add_member(builder, "id", entry->key);
        add_member(builder, "title", entry->title);
        add_member(builder, "DOI", entry->doi);
        add_member(builder, "number", arxiv);
        add_member(builder, "date", entry->year);
        add_list(builder, "author", "family", entry->authors);
        add_list(builder, "attachments", "path", entry->files);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}
