/* site.c - a manual of many HTML files as one document, in the order of its table of contents.
 *
 * It begins at the front page and goes on depth first: a page, then the pages that its table of contents names (of Sphinx,
 * DocBook, Texinfo, ...), or for want of one on the front page all that its text links to; and behind these the page that it calls
 * the next one.  Each file is read once.  No link leads out of the folder of the front page, through symbolic links
 * neither; indexes and search pages are left out.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/clean.h"
#include "ingest/html.h"
#include "ingest/reader.h"
#include "ingest/sections.h"
#include "ingest/zip.h"
#include "src/base/failure.h"

enum { FILES_MAX = 20000 };

typedef struct {
    const char *path;
    const DocumentOptions *options;
    char *root;             /* the folder, without links */
    const char *front;      /* the name of the front page in it */
    GHashTable *seen;       /* names below it that were read or are left out */
    GPtrArray *waiting;     /* names; the last one is read next */
    Document *document;
    guint files;
    gsize bytes;
} Site;

/* Whether one of NODE's classes is in WORDS, which begins and ends with a blank. */
static gboolean has_class(const xmlNode *node, const char *words)
{
    const char *value = html_attribute(node, "class");
    g_auto(GStrv) classes = g_strsplit_set(value ? value : "", " \t\r\n", -1);
    for (char **c = classes; *c; c++) {
        g_autofree char *word = g_strdup_printf(" %s ", *c);
        if (**c && strstr(words, word))
            return TRUE;
    }
    return FALSE;
}

/* A table of contents of the files, not only of its page. */
static gboolean is_contents(const xmlNode *node)
{
    static const char CLASSES[] = " toctree-wrapper toc TOC book-toc table-of-contents element-contents contents ";
    static const char ROLES[] = " doc-toc ";
    const char *role = html_attribute(node, "role");
    g_autofree char *word = g_strdup_printf(" %s ", role ? role : "-");
    return has_class(node, CLASSES) || strstr(ROLES, word) != NULL;
}

/* What is around the text of a manual's page: links to its neighbours, signs behind headings, side bars. */
static gboolean is_frame(const xmlNode *node)
{
    static const char CLASSES[] = " related sphinxsidebar sphinxsidebarwrapper navheader navfooter headerlink footer "
        "nav-wrapper nav-chapters nav-panel mobile-nav wy-nav-side rst-footer-buttons copiable-anchor genindex-jumptable "
        "header-navigation ";
    const char *role = html_attribute(node, "role");
    return html_is(node, "nav") || (role && (!strcmp(role, "navigation") || !strcmp(role, "search"))) || has_class(node, CLASSES);
}

/* A generated index: words and links. */
static gboolean is_index(xmlNode *root)
{
    static const char CLASSES[] = " index indextable genindextable modindextable printindex ";
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE))
        if ((html_is(n, "div") || html_is(n, "table")) && has_class(n, CLASSES))
            return TRUE;
    return FALSE;
}

/* The member of the site that HREF on the page NAME means; to be freed, or NULL if it is none that could be read. */
static char *target_of(const char *name, const char *href)
{
    static const char *const ENDINGS[] = { ".html", ".htm", ".xhtml", NULL };
    g_autofree char *target = href ? zip_resolve(name, href) : NULL;
    gsize bare = href ? strcspn(href, "?#") : 0;
    if (target && bare > 0 && href[bare - 1] == '/')
        return g_build_filename(target, "index.html", NULL);
    for (int i = 0; target && ENDINGS[i]; i++)
        if (g_str_has_suffix(target, ENDINGS[i]))
            return g_steal_pointer(&target);
    return NULL;
}

/* Links below TOP, those in DROPPED left out, to the end of TARGETS. */
static void add_links(const char *name, xmlNode *top, GHashTable *dropped, GPtrArray *targets)
{
    for (xmlNode *n = top; n; ) {
        gboolean skip = dropped && g_hash_table_contains(dropped, n);
        char *target = !skip && html_is(n, "a") ? target_of(name, html_attribute(n, "href")) : NULL;
        if (target)
            g_ptr_array_add(targets, target);
        n = html_next(n, top, !skip);
    }
}

static gboolean has_rel(const xmlNode *node, const char *wanted)
{
    const char *rel = html_attribute(node, "rel");
    return rel && (html_is(node, "link") || html_is(node, "a")) && !g_ascii_strcasecmp(rel, wanted);
}

/* Pages that a page calls index or search are no text; old ones call the front page an index. */
static void leave_out(Site *site, const char *name, xmlNode *root)
{
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE)) {
        if (!has_rel(n, "index") && !has_rel(n, "search"))
            continue;
        char *target = target_of(name, html_attribute(n, "href"));
        if (target && strcmp(target, site->front))
            g_hash_table_add(site->seen, target);
        else
            g_free(target);
    }
}

/* Puts TARGETS before what is waiting, the first of them to be read next. */
static void push(Site *site, GPtrArray *targets)
{
    for (guint i = targets->len; i-- > 0; )
        if (!g_hash_table_contains(site->seen, g_ptr_array_index(targets, i)))
            g_ptr_array_add(site->waiting, g_strdup(g_ptr_array_index(targets, i)));
}

static void follow(Site *site, const char *name, xmlNode *root, GHashTable *dropped, gboolean front)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) next = g_ptr_array_new_with_free_func(g_free);
    for (xmlNode *n = root; n; ) {
        gboolean contents = n->type == XML_ELEMENT_NODE && is_contents(n);
        if (contents)
            add_links(name, n, NULL, targets);
        char *target = has_rel(n, "next") ? target_of(name, html_attribute(n, "href")) : NULL;
        if (target)
            g_ptr_array_add(next, target);
        n = html_next(n, root, !contents);
    }
    if (front && targets->len == 0 && next->len == 0)
        add_links(name, root, dropped, targets);
    push(site, next);
    push(site, targets);
}

/* The element with the text, where the page says so; else ROOT. */
static xmlNode *find_main(xmlNode *root)
{
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE)) {
        const char *role = n->type == XML_ELEMENT_NODE ? html_attribute(n, "role") : NULL;
        if (html_is(n, "main") || (role && !strcmp(role, "main")) || (html_is(n, "div") && has_class(n, " body ")))
            return n;
    }
    return root;
}

/* What is not text under ROOT; the table of contents stays on the front page alone. */
static GHashTable *find_dropped(xmlNode *root, xmlNode *main, const char *title, gboolean front)
{
    GHashTable *dropped = NULL, *frames = g_hash_table_new(NULL, NULL);
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE))
        if (n->type == XML_ELEMENT_NODE && (is_frame(n) || (!front && is_contents(n))))
            g_hash_table_add(frames, n);
    /* Where neither the page nor its frame tells what is text, it is a page like others. */
    if (main == root && g_hash_table_size(frames) == 0)
        dropped = article_find(root, title, FALSE);
    if (!dropped)
        return frames;
    g_hash_table_unref(frames);
    return dropped;
}

static gboolean has_text(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!strchr("# \t\r\n", *p))
            return TRUE;
    return FALSE;
}

/* The page's title as a label for text without a heading; to be freed, or NULL. */
static char *page_title(xmlNode *root)
{
    for (xmlNode *n = root; n; n = html_next(n, root, TRUE))
        if (html_is(n, "title")) {
            xmlChar *content = xmlNodeGetContent(n);
            char *title = content ? clean_line((const char *) content, -1) : NULL;
            xmlFree(content);
            if (title && *title)
                return title;
            g_free(title);
            return NULL;
        }
    return NULL;
}

/* TEXT, of one file: its parts, if it is cut, say of what they are. */
static void add_text(Site *site, const char *label, const GString *text, const GArray *headings)
{
    GPtrArray *pages = site->document->pages;
    guint first = pages->len;
    sections_add_part(site->document, label, text->str, text->len, headings);
    for (guint i = first + 1; i < pages->len; i++) {
        Page *page = g_ptr_array_index(pages, i);
        char *whole = g_strdup_printf("%s: %s", ((const Page *) g_ptr_array_index(pages, first))->label, page->label);
        g_free(page->label);
        page->label = whole;
    }
}

static void add_page(Site *site, const char *name, const guint8 *bytes, gsize length)
{
    gboolean front = site->files == 1;
    xmlDoc *tree = html_parse(bytes, length, NULL);
    xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    if (root && (front || !is_index(root))) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GArray) headings = g_array_new(FALSE, FALSE, sizeof(Heading));
        xmlNode *main = find_main(root);
        g_autofree char *title = page_title(root);
        g_autoptr(GHashTable) dropped = find_dropped(root, main, title ? title : "", front);
        if (front)
            html_metadata(site->document, root);
        leave_out(site, name, root);
        follow(site, name, root, dropped, front);
        if (!site->options->invisible)
            html_mark_hidden(root);
        htmltext_append(main, site->options->whole ? NULL : dropped, text, headings);
        if (has_text(text->str))
            add_text(site, headings->len > 0 ? NULL : title ? title : name, text, headings);
    }
    xmlFreeDoc(tree);
}

/* A file below the folder, also when links are seen through; NULL if there is none. */
static GByteArray *load(const Site *site, const char *name)
{
    g_autofree char *path = g_build_filename(site->root, name, NULL);
    char *real = realpath(path, NULL);
    gsize n = strlen(site->root);
    struct stat st;
    GByteArray *bytes = NULL;
    int fd = real && !strncmp(real, site->root, n) && (real[n] == '/' || site->root[n - 1] == '/')
        ? open(real, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW) : -1;
    free(real);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t) READER_TEXT_MAX)
        bytes = reader_load(fd, path, NULL);
    if (fd >= 0)
        close(fd);
    return bytes;
}

static gboolean walk(Site *site, GError **error)
{
    while (site->waiting->len > 0) {
        g_autofree char *name = g_ptr_array_steal_index(site->waiting, site->waiting->len - 1);
        if (!g_hash_table_add(site->seen, g_strdup(name)))
            continue;
        g_autoptr(GByteArray) bytes = load(site, name);
        if (!bytes)
            continue;
        site->files++;
        site->bytes += bytes->len;
        if (site->files > FILES_MAX || site->bytes > READER_TEXT_MAX) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: is too large for one document (limits 20,000 files, 256 MiB); "
                        "name a part of it", site->path);
            return FALSE;
        }
        add_page(site, name, bytes->data, bytes->len);
        if (site->options->alive)
            site->options->alive();
    }
    return TRUE;
}

Document *site_read(const char *path, const DocumentOptions *options, GError **error)
{
    g_autofree char *front = document_site_front(path);
    g_autofree char *folder = front ? g_path_get_dirname(front) : NULL, *base = front ? g_path_get_basename(front) : NULL;
    char *real = folder ? realpath(folder, NULL) : NULL;
    if (!real) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there is no index.html in this folder; name the front page of the site", path);
        return NULL;
    }
    Site site = { .path = path, .options = options, .root = real, .front = base, .document = document_new(path, "site"),
                  .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                  .waiting = g_ptr_array_new_with_free_func(g_free) };
    g_ptr_array_add(site.waiting, g_strdup(base));
    gboolean ok = walk(&site, error);
    if (ok && site.files == 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: the front page of this site cannot be read", path);
        ok = FALSE;
    }
    if (ok && site.document->pages->len == 0)
        document_add_page(site.document, NULL, "", 0, PAGE_EMPTY);
    if (!ok)
        g_clear_pointer(&site.document, document_free);
    g_hash_table_unref(site.seen);
    g_ptr_array_unref(site.waiting);
    free(real);
    return site.document;
}
