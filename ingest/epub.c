/* epub.c - EPUB 2 and 3: the spine's items in their order, a page each, under the titles of the table of contents.
 *
 *     META-INF/container.xml -> the package file (.opf): metadata, manifest (id -> file), spine (ids in order)
 *     the manifest's "nav" item (EPUB 3) or the spine's toc (EPUB 2, .ncx) -> titles of files
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/html.h"
#include "ingest/reader.h"
#include "ingest/sections.h"
#include "ingest/xml.h"
#include "ingest/zip.h"
#include "src/base/failure.h"

typedef struct {
    const char *path;
    Zip *zip;
    char *package;          /* name of the package file */
    xmlDoc *tree;           /* the package file */
    GHashTable *manifest;   /* id -> element "item", owned by the tree */
    GPtrArray *spine;       /* names of members in reading order, owned */
    char *contents;         /* name of the nav or ncx file, or NULL */
    GHashTable *titles;     /* name of member -> title */
} Epub;

static void epub_clear(Epub *epub)
{
    zip_close(epub->zip);
    g_free(epub->package);
    xmlFreeDoc(epub->tree);
    g_clear_pointer(&epub->manifest, g_hash_table_unref);
    g_clear_pointer(&epub->spine, g_ptr_array_unref);
    g_free(epub->contents);
    g_clear_pointer(&epub->titles, g_hash_table_unref);
}

static gboolean fail(const Epub *epub, GError **error, const char *what)
{
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", epub->path, what);
    return FALSE;
}

/* Loads and parses a member; NULL without ERROR when there is none or it is no XML. */
static xmlDoc *parse_member(Epub *epub, const char *name, GError **error)
{
    if (!zip_load_one(epub->zip, name, error))
        return NULL;
    const GByteArray *bytes = zip_member(epub->zip, name);
    return bytes ? xml_parse(bytes->data, bytes->len) : NULL;
}

static gboolean find_package(Epub *epub, GError **error)
{
    GError *local = NULL;
    xmlDoc *container = parse_member(epub, "META-INF/container.xml", &local);
    xmlNode *root = container ? xmlDocGetRootElement(container) : NULL;
    for (xmlNode *n = root; n && !epub->package; n = xml_next(n, root, "rootfile"))
        if (xml_attribute(n, "full-path"))
            epub->package = zip_resolve("", xml_attribute(n, "full-path"));
    xmlFreeDoc(container);
    if (!local && epub->package)
        epub->tree = parse_member(epub, epub->package, &local);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return epub->tree != NULL || fail(epub, error, "is a damaged EPUB, it does not say what is in it");
}

static void read_metadata(Epub *epub, Document *document)
{
    xmlNode *root = xmlDocGetRootElement(epub->tree);
    g_autoptr(GString) authors = g_string_new(NULL);
    gboolean titled = FALSE;
    for (xmlNode *n = xml_next(root, root, NULL); n && !html_is(n, "manifest"); n = xml_next(n, root, NULL)) {
        g_autofree char *text = xml_text(n);
        if (html_is(n, "title") && !titled) {
            document_set_title(document, text);
            titled = TRUE;
        } else if (html_is(n, "creator")) {
            g_autofree char *name = clean_line(text, -1);
            if (*name)
                g_string_append_printf(authors, "%s%s", authors->len ? ", " : "", name);
        } else if (html_is(n, "date") && !document->date) {
            document_set_date(document, text);
        }
    }
    document_set_author(document, authors->str);
}

/* Whether the item's properties have the word. */
static gboolean has_property(const xmlNode *item, const char *word)
{
    const char *properties = xml_attribute(item, "properties");
    g_auto(GStrv) words = g_strsplit(properties ? properties : "", " ", -1);
    return g_strv_contains((const char *const *) words, word);
}

static void read_spine(Epub *epub)
{
    xmlNode *root = xmlDocGetRootElement(epub->tree);
    const char *toc = NULL;
    epub->manifest = g_hash_table_new(g_str_hash, g_str_equal);
    epub->spine = g_ptr_array_new_with_free_func(g_free);
    for (xmlNode *n = root; n; n = xml_next(n, root, NULL)) {
        const char *id = xml_attribute(n, "id"), *reference = xml_attribute(n, "idref");
        if (html_is(n, "item") && id && xml_attribute(n, "href")) {
            g_hash_table_insert(epub->manifest, (gpointer) (guintptr) id, n);
            if (has_property(n, "nav") && !epub->contents)
                epub->contents = zip_resolve(epub->package, xml_attribute(n, "href"));
        } else if (html_is(n, "spine")) {
            toc = xml_attribute(n, "toc");
        } else if (html_is(n, "itemref") && reference) {
            const xmlNode *item = g_hash_table_lookup(epub->manifest, reference);
            char *name = item ? zip_resolve(epub->package, xml_attribute(item, "href")) : NULL;
            if (name)
                g_ptr_array_add(epub->spine, name);
        }
    }
    const xmlNode *ncx = toc ? g_hash_table_lookup(epub->manifest, toc) : NULL;
    if (!epub->contents && ncx)
        epub->contents = zip_resolve(epub->package, xml_attribute(ncx, "href"));
}

/* A file's first title counts; those of places in it come later. */
static void add_title(Epub *epub, const char *reference, xmlNode *label)
{
    char *name = reference && label ? zip_resolve(epub->contents, reference) : NULL;
    if (!name || g_hash_table_contains(epub->titles, name)) {
        g_free(name);
        return;
    }
    g_autofree char *text = xml_text(label);
    g_hash_table_insert(epub->titles, name, clean_line(text, -1));
}

static gboolean read_titles(Epub *epub, GError **error)
{
    GError *local = NULL;
    epub->titles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    xmlDoc *tree = epub->contents ? parse_member(epub, epub->contents, &local) : NULL;
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    xmlNode *label = NULL;
    for (xmlNode *n = root; n; n = xml_next(n, root, NULL)) {
        if (html_is(n, "a")) {
            add_title(epub, xml_attribute(n, "href"), n);
        } else if (html_is(n, "navLabel")) {
            label = n;
        } else if (html_is(n, "content")) {
            add_title(epub, xml_attribute(n, "src"), label);
            label = NULL;
        }
    }
    xmlFreeDoc(tree);
    if (local)
        g_propagate_error(error, local);
    return local == NULL;
}

/* Fonts may be disguised by these; all else in the list of encrypted files is a lock. */
static gboolean is_obfuscation(const char *algorithm)
{
    return algorithm && (!strcmp(algorithm, "http://www.idpf.org/2008/embedding")
                         || !strcmp(algorithm, "http://ns.adobe.com/pdf/enc#RC"));
}

static gboolean check_unlocked(Epub *epub, GError **error)
{
    GError *local = NULL;
    gboolean locked = FALSE;
    xmlDoc *tree = parse_member(epub, "META-INF/encryption.xml", &local);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    for (xmlNode *n = root; n && !locked; n = xml_next(n, root, "EncryptedData")) {
        if (n == root)
            continue;
        const xmlNode *method = xml_next(n, n, "EncryptionMethod");
        locked = !method || !is_obfuscation(xml_attribute(method, "Algorithm"));
    }
    xmlFreeDoc(tree);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return !locked || fail(epub, error, "is locked by its seller (DRM), its text is encrypted");
}

static void add_item(Epub *epub, Document *document, const char *name)
{
    const GByteArray *bytes = zip_member(epub->zip, name);
    const char *label = g_hash_table_lookup(epub->titles, name);
    if (!bytes) {
        document_add_page(document, label ? label : name, "", 0, PAGE_DAMAGED);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) headings = g_array_new(FALSE, FALSE, sizeof(Heading));
    html_append(bytes->data, bytes->len, text, headings);
    sections_add_part(document, label, text->str, text->len, headings);
}

static Document *read_items(Epub *epub, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < epub->spine->len; i++)
        g_hash_table_add(names, g_ptr_array_index(epub->spine, i));
    if (!zip_load(epub->zip, names, error))
        return NULL;
    Document *document = document_new(epub->path, "epub");
    read_metadata(epub, document);
    for (guint i = 0; i < epub->spine->len; i++)
        /* Named twice, read once. */
        if (g_hash_table_remove(names, g_ptr_array_index(epub->spine, i)))
            add_item(epub, document, g_ptr_array_index(epub->spine, i));
    if (document->pages->len == 0)
        document_add_page(document, NULL, "", 0, PAGE_EMPTY);
    return document;
}

Document *epub_read(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    Epub epub = { .path = path, .zip = zip_open(path, bytes, length, error) };
    Document *document = NULL;
    if (epub.zip && find_package(&epub, error) && check_unlocked(&epub, error)) {
        read_spine(&epub);
        if (epub.spine->len == 0)
            fail(&epub, error, "is a damaged EPUB, it has no list of its chapters");
        else if (read_titles(&epub, error))
            document = read_items(&epub, error);
    }
    epub_clear(&epub);
    return document;
}

gboolean epub_is(const guint8 *bytes, gsize length)
{
    /* The first member must be "mimetype", as it is; some programs forget that, and a name further down tells as well. */
    static const char TYPE[] = "application/epub+zip", NAME[] = "META-INF/container.xml";
    if (length < 4 || memcmp(bytes, "PK\3\4", 4))
        return FALSE;
    return memmem(bytes, MIN(length, 256), TYPE, sizeof TYPE - 1) || memmem(bytes, length, NAME, sizeof NAME - 1);
}
