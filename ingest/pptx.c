/* pptx.c - PPTX (Office Open XML, PresentationML): a slide a page, its title as a heading, the speaker's notes behind the text. */
#include "config.h"

#include <string.h>

#include "ingest/html.h"
#include "ingest/office.h"
#include "ingest/xml.h"
#include "src/base/failure.h"

enum { SLIDES_MAX = 10000 };

/* The attribute "id" that has a namespace: a relation, not a number. */
static const char *relation_of(const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (a->ns && !strcmp((const char *) a->name, "id") && a->children)
            return (const char *) a->children->content;
    return NULL;
}

/* Relations of member NAME: id -> member, and "/" and the last word of the type -> member; NULL with ERROR. */
static GHashTable *read_relations(Zip *zip, const char *name, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(name), *base = g_path_get_basename(name);
    g_autofree char *member = g_strdup_printf("%s/_rels/%s.rels", folder, base);
    g_autoptr(GHashTable) relations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, member, &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root; n; n = xml_next(n, root, "Relationship")) {
        const char *id = xml_attribute(n, "Id"), *target = xml_attribute(n, "Target"), *type = xml_attribute(n, "Type");
        const char *word = type ? strrchr(type, '/') : NULL;
        char *to = target ? zip_resolve(*target == '/' ? "" : name, target + (*target == '/')) : NULL;
        if (to && word)
            g_hash_table_replace(relations, g_strdup(word), g_strdup(to));
        if (to && id)
            g_hash_table_replace(relations, g_strdup(id), g_strdup(to));
        g_free(to);
    }
    xmlFreeDoc(tree);
    if (!local)
        return g_steal_pointer(&relations);
    g_propagate_error(error, local);
    return NULL;
}

static void append_text(xmlNode *paragraph, GString *line)
{
    for (xmlNode *n = xml_next(paragraph, paragraph, NULL); n; n = xml_next(n, paragraph, NULL)) {
        g_autofree char *text = html_is(n, "t") ? xml_text(n) : NULL;
        if (text)
            office_append(line, text);
        else if (html_is(n, "br"))
            g_string_append_c(line, '\n');
    }
}

/* What a shape is for: "title", "body", "sldNum", ...; NULL: nothing special. */
static const char *purpose_of(xmlNode *shape)
{
    const xmlNode *place = xml_next(shape, shape, "ph");
    return place ? xml_attribute(place, "type") : NULL;
}

static void read_row(Office *office, xmlNode *row)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (xmlNode *cell = row->children; cell; cell = cell->next) {
        g_autoptr(GString) line = g_string_new(NULL);
        if (!html_is(cell, "tc"))
            continue;
        for (xmlNode *n = xml_next(cell, cell, "p"); n; n = xml_next(n, cell, "p")) {
            office_append(line, " ");
            append_text(n, line);
        }
        g_ptr_array_add(cells, g_strstrip(g_strdup(line->str)));
    }
    g_autofree char *text = office_row(cells);
    office_block(office, BLOCK_ROW, 0, text);
}

/* The paragraphs of a shape, those below the first level of a list as such. */
static void read_shape(Office *office, xmlNode *shape)
{
    const char *purpose = purpose_of(shape);
    if (purpose && (!strcmp(purpose, "sldNum") || !strcmp(purpose, "dt") || !strcmp(purpose, "ftr") || !strcmp(purpose, "hdr")))
        return;
    gboolean title = purpose && (!strcmp(purpose, "title") || !strcmp(purpose, "ctrTitle"));
    for (xmlNode *n = xml_next(shape, shape, "p"); n; n = xml_next(n, shape, "p")) {
        g_autoptr(GString) line = g_string_new(NULL);
        const xmlNode *properties = xml_next(n, n, "pPr");
        const char *level = properties ? xml_attribute(properties, "lvl") : NULL;
        int deep = level && *level >= '1' && *level <= '8' ? *level - '0' : 0;
        append_text(n, line);
        if (deep > 0 && line->str[strspn(line->str, " \n")]) {
            g_autofree char *mark = g_strdup_printf("%*s- ", 2 * (deep - 1), "");
            g_string_prepend(line, mark);
        }
        office_block(office, title ? BLOCK_PARAGRAPH : BLOCK_ITEM, title ? 1 : 0, line->str);
    }
}

/* Shapes and tables in the order of the file. */
static void read_tree(Office *office, xmlNode *root)
{
    for (xmlNode *n = root; n; ) {
        gboolean whole = html_is_any(n, " sp tr Fallback ");
        if (html_is(n, "sp"))
            read_shape(office, n);
        else if (html_is(n, "tr"))
            read_row(office, n);
        n = html_next(n, root, !whole);
    }
}

static gboolean read_notes(Office *office, Zip *zip, const char *slide, GError **error)
{
    g_autoptr(GHashTable) relations = read_relations(zip, slide, error);
    const char *name = relations ? g_hash_table_lookup(relations, "/notesSlide") : NULL;
    GError *local = NULL;
    xmlDoc *tree = name ? office_member(zip, name, &local) : NULL;
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root; n; n = xml_next(n, root, "sp")) {
        const char *purpose = n != root ? purpose_of(n) : NULL;
        if (!purpose || strcmp(purpose, "body"))
            continue;
        g_autoptr(GString) line = g_string_new("Notes:");
        for (xmlNode *p = xml_next(n, n, "p"); p; p = xml_next(p, n, "p")) {
            office_append(line, " ");
            append_text(p, line);
        }
        if (line->len > strlen("Notes: "))
            office_block(office, BLOCK_PARAGRAPH, 0, line->str);
    }
    xmlFreeDoc(tree);
    if (local)
        g_propagate_error(error, local);
    return relations != NULL && local == NULL;
}

static gboolean read_slide(Office *office, Zip *zip, const char *name, GError **error)
{
    GError *local = NULL;
    xmlDoc *tree = office_member(zip, name, &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    const char *show = root ? xml_attribute(root, "show") : NULL;
    gboolean hidden = show && (!strcmp(show, "0") || !strcmp(show, "false"));
    if (root && !hidden)
        read_tree(office, root);
    xmlFreeDoc(tree);
    if (root && !hidden)
        read_notes(office, zip, name, &local);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (root)
        office_page(office);
    else
        document_add_page(office->document, NULL, "", 0, PAGE_DAMAGED);
    return TRUE;
}

static gboolean read_slides(Office *office, Zip *zip, xmlNode *root, const DocumentOptions *options, GError **error)
{
    g_autoptr(GHashTable) relations = read_relations(zip, "ppt/presentation.xml", error), seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (xmlNode *n = root; relations && n; n = xml_next(n, root, "sldId")) {
        const char *id = n != root ? relation_of(n) : NULL, *name = id ? g_hash_table_lookup(relations, id) : NULL;
        /* A slide that is named again and again is read once. */
        if (!name || !g_hash_table_add(seen, (gpointer) (guintptr) name) || g_hash_table_size(seen) > SLIDES_MAX)
            continue;
        if (!read_slide(office, zip, name, error))
            return FALSE;
        if (options->alive)
            options->alive();
    }
    return relations != NULL;
}

Document *pptx_read(const char *path, Zip *zip, const DocumentOptions *options, GError **error)
{
    Office office;
    GError *local = NULL;
    g_autoptr(Document) document = document_new(path, "pptx");
    xmlDoc *tree = office_member(zip, "ppt/presentation.xml", &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    if (root && office_metadata(zip, "docProps/core.xml", document, &local)) {
        office_begin(&office, document, TRUE);
        read_slides(&office, zip, root, options, &local);
        office_end(&office);
    } else if (!local) {
        g_set_error(&local, FAILURE, FAILURE_INPUT, "%s: is damaged, its slides cannot be read", path);
    }
    xmlFreeDoc(tree);
    if (!local)
        return g_steal_pointer(&document);
    g_propagate_error(error, local);
    return NULL;
}
