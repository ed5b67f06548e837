/* article.c - the main content of a web page: what the page is about, without what stands around it.
 *
 * First, elements go that are hidden or whose role, class or id says menu, advert, comment and so on,
 * unless most of the page is in them.  Then paragraphs give points to the elements that hold them,
 * as in Readability (Arc90): for length and commas, less for links.  The element with most points,
 * with those of its siblings that are like it, is the content; inside it, blocks of links
 * go.  A page without paragraphs (a manual's table of contents) keeps all that is not a menu.
 */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/html.h"

/* Letters: less is no paragraph, less is no article, more is no teaser. */
enum { PARAGRAPH = 25, ARTICLE = 250, TEASER = 300 };

typedef struct {
    guint text, links;      /* letters, and those inside of links */
    guint commas, paragraphs, items, anchors;
    guint prose;            /* letters in paragraphs and code that are not links */
    guint headings, linked; /* headings, and those that are links */
    float score;
    gboolean candidate;
} Stats;

typedef struct {
    GPtrArray *nodes;       /* xmlNode: elements and texts in document order */
    GArray *stats;          /* Stats of each */
    GHashTable *index;      /* xmlNode -> position + 1 in nodes */
    GHashTable *dropped;    /* the result */
} Article;

static Stats *stats_of(const Article *a, const xmlNode *node)
{
    guint i = GPOINTER_TO_UINT(g_hash_table_lookup(a->index, node));
    return i ? &g_array_index(a->stats, Stats, i - 1) : NULL;
}

static gboolean has_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strstr(text, *words))
            return TRUE;
    return FALSE;
}

/* " class id " in lower case; to be freed. */
static char *names_of(const xmlNode *node)
{
    const char *class = html_attribute(node, "class"), *id = html_attribute(node, "id");
    g_autofree char *both = g_strdup_printf(" %s %s ", class ? class : "", id ? id : "");
    return g_ascii_strdown(both, -1);
}

/* Never content, whatever else the name says. */
static const char *const STRONG[] = { "comment", "disqus", "sidebar", "side-bar", "related", "share-", "-share",
    " share", "sharing", "social", "newsletter", "promo", "advert", "-ad-", " ad-", "-ads", " ads", "breadcrumb",
    "cookie", "consent", "gdpr", "recommend", "subscribe", "subscription", "navbar", "navigation", "-nav", " nav",
    "menu", "popup", "modal", "outbrain", "taboola", "pagination", "pager", "sponsor", "skip-", "toolbar",
    "most-read", "mostread", "most-popular", "trending", "read-more", "readmore", "read-next", "see-also",
    "signup", "sign-up", "login", "author-bio", "about-author", "tag-list", " tags", "-tags", "taglist",
    "print-only", "noprint", "screen-reader", "visually-hidden", "sr-only", "site-header", "site-footer",
    "page-footer", "global-header", "masthead", "jumplinks", "mw-editsection", "reply", "rating", "paywall",
    "copyright", "disclaimer", "more-stories", "morestories", "sidenav", "feedback", "donate", "trackback", NULL };
/* Not content unless the name also says that it is. */
static const char *const WEAK[] = { "header", "footer", "banner", "extra", "legends", "rss", "supplemental",
    "community", "combx", "remark", "shoutbox", "widget", "meta", "byline", "dateline", "timestamp", "toc",
    "aside", "tools", "utility", "teaser", "overlay", "topic", "category", NULL };
static const char *const CONTENT[] = { "article", "body", "content", "main", "entry", "story", "text", "post-", "page", NULL };
static const char *const GOOD[] = { "article", "body", "content", "entry", "hentry", "main", "page", "post", "text", "blog",
    "story", NULL };
static const char *const BAD[] = { "hidden", "banner", "combx", "comment", "contact", "foot", "masthead", "media", "meta",
    "outbrain", "promo", "related", "scroll", "share", "shoutbox", "sidebar", "skyscraper", "sponsor", "shopping", "tags",
    "tool", "widget", "teaser", "more", NULL };

/* Whether the element's own words say that it is no content. */
static gboolean is_unlikely(const xmlNode *node)
{
    static const char ROLES[] = " navigation banner contentinfo complementary dialog alertdialog search menu menubar toolbar ";
    const char *role = html_attribute(node, "role");
    if (html_is_hidden(node) || html_is_any(node, " nav form footer aside dialog "))
        return TRUE;
    if (role) {
        g_autofree char *word = g_strdup_printf(" %s ", role);
        if (strstr(ROLES, word))
            return TRUE;
    }
    if (html_is_any(node, " a tr td th code pre span em strong b i h1 "))
        return FALSE;
    g_autofree char *names = names_of(node);
    return has_word(names, STRONG) || (has_word(names, WEAK) && !has_word(names, CONTENT));
}

static gboolean is_skipped(const xmlNode *node)
{
    return node->type != XML_ELEMENT_NODE
        ? node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE
        : html_is_any(node, " script style template noscript head iframe object svg select textarea button ");
}

static void measure_text(Stats *stats, const char *text)
{
    for (const char *p = text; *p; p++) {
        guchar c = (guchar) *p;
        if (c <= ' ' || (c & 0xc0) == 0x80)
            continue;
        stats->text++;
        stats->commas += c == ',';
        /* Ideographic and full-width comma, ideographic full stop; Arabic comma. */
        if ((c == 0xe3 && !strncmp(p, "\343\200", 2)) || (c == 0xef && !strncmp(p, "\357\274\214", 3))
            || (c == 0xd8 && !strncmp(p, "\330\214", 2)))
            stats->commas++;
    }
}

/* Measures every element without those in dropped. */
static void measure(Article *a)
{
    for (guint i = a->nodes->len; i-- > 0; ) {
        const xmlNode *node = g_ptr_array_index(a->nodes, i);
        Stats *stats = &g_array_index(a->stats, Stats, i);
        if (node->type != XML_ELEMENT_NODE) {
            *stats = (Stats) { 0 };
            if (node->content)
                measure_text(stats, (const char *) node->content);
        }
        if (html_is(node, "a")) {
            stats->links = stats->text;
            stats->anchors = 1;
        }
        stats->paragraphs += html_is(node, "p") && stats->text >= PARAGRAPH;
        stats->items += html_is(node, "li");
        if (html_is_any(node, " p pre dd ") && stats->links * 2 < stats->text)
            stats->prose = stats->text;
        if (html_is_any(node, " h1 h2 h3 h4 h5 h6 ")) {
            stats->headings = 1;
            stats->linked = stats->links * 10 > stats->text * 7 || (node->parent && html_is(node->parent, "a"));
        }
        Stats *parent = stats_of(a, node->parent);
        if (!parent || g_hash_table_contains(a->dropped, node))
            continue;
        parent->text += stats->text;
        parent->links += stats->links;
        parent->commas += stats->commas;
        parent->paragraphs += stats->paragraphs;
        parent->items += stats->items;
        parent->anchors += stats->anchors;
        parent->prose += stats->prose;
        parent->headings += stats->headings;
        parent->linked += stats->linked;
    }
}

static void clear_stats(Article *a)
{
    memset(a->stats->data, 0, a->stats->len * sizeof(Stats));
}

static void collect(Article *a, xmlNode *root)
{
    for (xmlNode *n = root; n; ) {
        gboolean skipped = is_skipped(n);
        if (!skipped) {
            Stats stats = { 0 };
            g_ptr_array_add(a->nodes, n);
            g_array_append_val(a->stats, stats);
            g_hash_table_insert(a->index, n, GUINT_TO_POINTER(a->nodes->len));
        }
        n = html_next(n, root, !skipped);
    }
}

/* Drops unlikely elements, those only that hold less than a share of the page's text. */
static void drop_unlikely(Article *a)
{
    guint total = a->stats->len ? g_array_index(a->stats, Stats, 0).text : 0;
    for (guint i = 0; i < a->nodes->len; i++) {
        xmlNode *node = g_ptr_array_index(a->nodes, i);
        if (node->type != XML_ELEMENT_NODE || html_is_any(node, " html body article main "))
            continue;
        if (is_unlikely(node) && (html_is_hidden(node) || g_array_index(a->stats, Stats, i).text * 10 < total * 4))
            g_hash_table_add(a->dropped, node);
    }
}

static float link_density(const Stats *stats)
{
    return stats->text ? (float) stats->links / (float) stats->text : 0;
}

static int class_weight(const xmlNode *node)
{
    g_autofree char *names = names_of(node);
    int weight = 0;
    if (names[2]) {
        weight += has_word(names, GOOD) ? 25 : 0;
        weight -= has_word(names, BAD) ? 25 : 0;
    }
    return weight;
}

static void give(Article *a, xmlNode *node, float points)
{
    Stats *stats = node ? stats_of(a, node) : NULL;
    if (!stats || node->type != XML_ELEMENT_NODE)
        return;
    if (!stats->candidate) {
        stats->candidate = TRUE;
        stats->score = (float) class_weight(node);
        if (html_is_any(node, " article main "))
            stats->score += 25;
        else if (html_is_any(node, " div section "))
            stats->score += 5;
        else if (html_is_any(node, " ol ul dl li form address "))
            stats->score -= 3;
        else if (html_is_any(node, " h1 h2 h3 h4 h5 h6 th "))
            stats->score -= 5;
    }
    stats->score += points;
}

static gboolean has_block(const xmlNode *node)
{
    for (const xmlNode *n = node->children; n; n = n->next)
        if (html_is_any(n, " p div ul ol dl table pre blockquote section article h1 h2 h3 h4 h5 h6 "))
            return TRUE;
    return FALSE;
}

static gboolean is_dropped_within(const Article *a, const xmlNode *node)
{
    for (; node; node = node->parent)
        if (g_hash_table_contains(a->dropped, node))
            return TRUE;
    return FALSE;
}

/* The element with most points, or NULL. */
static xmlNode *find_best(Article *a)
{
    for (guint i = 0; i < a->nodes->len; i++) {
        xmlNode *node = g_ptr_array_index(a->nodes, i);
        Stats stats = g_array_index(a->stats, Stats, i);
        gboolean paragraph = html_is_any(node, " p pre td blockquote dd li ")
            || (html_is_any(node, " div section ") && !has_block(node));
        if (!paragraph || stats.text < PARAGRAPH || link_density(&stats) > 0.5f || is_dropped_within(a, node))
            continue;
        float points = 1 + (float) stats.commas + MIN((float) stats.text / 100, 3);
        xmlNode *up = node->parent;
        for (int level = 0; up && level < 4; level++, up = up->parent)
            give(a, up, points / (level == 0 ? 1 : level == 1 ? 2 : (float) level * 3));
    }
    xmlNode *best = NULL;
    float most = 0;
    for (guint i = 0; i < a->nodes->len; i++) {
        Stats *stats = &g_array_index(a->stats, Stats, i);
        if (!stats->candidate)
            continue;
        stats->score *= 1 - link_density(stats);
        if (stats->score > most) {
            most = stats->score;
            best = g_ptr_array_index(a->nodes, i);
        }
    }
    return best;
}

/* An ancestor that holds much more of the same: an article split over several blocks. */
static xmlNode *widen(const Article *a, xmlNode *best)
{
    for (xmlNode *up = best->parent; up; up = up->parent) {
        const Stats *outer = stats_of(a, up), *inner = stats_of(a, best);
        if (!outer || html_is_any(up, " body html "))
            break;
        gboolean only_child = outer->text == inner->text;
        gboolean named = html_is(up, "article") && outer->text * 2 < 3 * inner->text;
        guint more = outer->text - inner->text, prose = outer->prose - inner->prose;
        gboolean split = prose * 10 > more * 6 && prose * 4 > inner->prose;
        gboolean better = outer->candidate && outer->score > 0.75f * inner->score
            && outer->paragraphs > inner->paragraphs && link_density(outer) < 0.25f;
        if (only_child || named || ((split || better) && outer->linked < inner->linked + 3))
            best = up;
    }
    return best;
}

/* Whether a sibling of the best element belongs to it. */
static gboolean is_alike(const Article *a, const xmlNode *sibling, const xmlNode *best)
{
    const Stats *stats = stats_of(a, sibling), *top = stats_of(a, best);
    if (!stats || sibling->type != XML_ELEMENT_NODE)
        return FALSE;
    if (stats->candidate && stats->score >= MAX(10, 0.2f * top->score))
        return TRUE;
    return html_is_any(sibling, " p blockquote pre h2 h3 ul ol ") && stats->text > 80 && link_density(stats) < 0.25f;
}

/* Drops everything outside of BEST but its kin. */
static void drop_around(Article *a, xmlNode *best)
{
    gboolean kin = TRUE;
    for (xmlNode *up = best; up->parent; up = up->parent) {
        for (xmlNode *n = up->parent->children; n; n = n->next)
            if (n != up && !(kin && is_alike(a, n, best)))
                g_hash_table_add(a->dropped, n);
        kin = FALSE;
    }
}

static gboolean has_inside(const xmlNode *node, const char *names)
{
    for (xmlNode *n = node->children; n; n = html_next(n, node, TRUE))
        if (html_is_any(n, names))
            return TRUE;
    return FALSE;
}

/* The author's name and the date above an article; both are in the document's header. */
static gboolean is_byline(const xmlNode *node)
{
    static const char *const NAMES[] = { "byline", "author", "dateline", "timestamp", "pubdate", "publish",
        "post-date", "entry-date", "post-meta", "entry-meta", "article-meta", "article-info", "posted-on", " date", NULL };
    const char *rel = html_attribute(node, "rel"), *item = html_attribute(node, "itemprop");
    if ((rel && !strcmp(rel, "author")) || (item && (strstr(item, "author") || strstr(item, "date"))))
        return TRUE;
    g_autofree char *names = names_of(node);
    return has_word(names, NAMES);
}

/* A block of links, buttons or notes inside the content. */
static gboolean is_clutter(const Article *a, const xmlNode *node, const Stats *all)
{
    const Stats *stats = stats_of(a, node);
    gboolean list = html_is_any(node, " ul ol dl ");
    if (!list && !html_is_any(node, " div section table header aside fieldset p "))
        return FALSE;
    float density = link_density(stats);
    if (stats->text * 2 > all->text)
        return FALSE;
    if (stats->text < 100 && is_byline(node))
        return TRUE;
    if (html_is(node, "p"))
        return stats->anchors > 0 && density > 0.9f && stats->text < 120;
    /* Teasers: headings that lead elsewhere. */
    if (stats->linked >= 2 && stats->linked * 4 > stats->headings * 3 && stats->text < stats->linked * TEASER)
        return TRUE;
    if (stats->commas >= 10 || stats->text == 0)
        return FALSE;
    int weight = class_weight(node);
    if (weight < 0 && stats->text < 400)
        return TRUE;
    if (html_is(node, "table") && has_inside(node, " th caption "))
        return FALSE;
    if (density > 0.6f && stats->anchors >= 2)
        return !has_inside(node, " pre code ");
    return !list && weight < 25 && density > 0.35f && stats->anchors >= 3 && stats->paragraphs < 2;
}

/* Whether a heading says what the document's title says. */
static gboolean repeats_title(const xmlNode *node, const char *title)
{
    if (!html_is_any(node, " h1 h2 "))
        return FALSE;
    xmlChar *content = xmlNodeGetContent(node);
    g_autofree char *line = clean_line((const char *) content, -1);
    xmlFree(content);
    return *line && strlen(line) >= 8 && strstr(title, line);
}

/* Headings of what follows an article on the same page. */
static gboolean is_tail_heading(const xmlNode *node)
{
    static const char *const WORDS[] = { "more from", "more stories", "more news", "related", "recommended",
        "read more", "read next", "you may also", "you might also", "most read", "most popular", "popular", "trending",
        "latest news", "latest stories", "our latest", "sponsored", "about the author", "comments", "leave a reply",
        "leave a comment", "sign up", "subscribe", "newsletter", "follow us", "don't miss", "share this", "join the",
        "something to consider", "up next", "editor's picks", "more popular", "weitere ", "mehr zum thema", "das könnte",
        "lesen sie auch", "ähnliche", "kommentare", "articles similaires", "à lire aussi", "lire aussi", "sur le même",
        "te puede interesar", "lea también", "relacionad", "leia também", "関連", "相关", NULL };
    if (!html_is_any(node, " h2 h3 h4 h5 h6 "))
        return FALSE;
    xmlChar *content = xmlNodeGetContent(node);
    g_autofree char *line = clean_line((const char *) content, -1);
    g_autofree char *lower = g_utf8_strdown(line, -1);
    xmlFree(content);
    for (int i = 0; WORDS[i] && strlen(lower) < 60; i++)
        if (g_str_has_prefix(lower, WORDS[i]))
            return TRUE;
    return FALSE;
}

/* Drops what comes behind such a heading, when most of the content stands before it. */
static void drop_tail(Article *a, xmlNode *best)
{
    guint before = 0, all = stats_of(a, best)->text;
    for (xmlNode *n = best->children; n; ) {
        const Stats *stats = stats_of(a, n);
        gboolean known = stats && !g_hash_table_contains(a->dropped, n);
        if (known && n->type != XML_ELEMENT_NODE)
            before += stats->text;
        if (known && before * 10 > all * 7 && is_tail_heading(n)) {
            for (xmlNode *up = n; up != best; up = up->parent)
                for (xmlNode *next = up->next; next; next = next->next)
                    g_hash_table_add(a->dropped, next);
            g_hash_table_add(a->dropped, n);
            return;
        }
        n = html_next(n, best, known);
    }
}

static void drop_clutter(Article *a, xmlNode *best, const char *title)
{
    gboolean titled = FALSE;
    for (xmlNode *n = best->children; n; ) {
        gboolean known = stats_of(a, n) && !g_hash_table_contains(a->dropped, n);
        gboolean title_again = known && !titled && repeats_title(n, title);
        titled |= title_again;
        if (title_again || (known && n->type == XML_ELEMENT_NODE && is_clutter(a, n, stats_of(a, best)))) {
            g_hash_table_add(a->dropped, n);
            known = FALSE;
        }
        n = html_next(n, best, known);
    }
}

/* Without an article, menus still go, but not if they are the page. */
static void keep_page(Article *a, guint total)
{
    const Stats *rest = &g_array_index(a->stats, Stats, 0);
    if (rest->text * 3 < total)
        g_hash_table_remove_all(a->dropped);
}

GHashTable *article_find(xmlNode *root, const char *title)
{
    Article a = { .nodes = g_ptr_array_new(), .stats = g_array_new(FALSE, FALSE, sizeof(Stats)),
                  .index = g_hash_table_new(NULL, NULL), .dropped = g_hash_table_new(NULL, NULL) };
    collect(&a, root);
    measure(&a);
    guint whole = a.stats->len ? g_array_index(a.stats, Stats, 0).text : 0;
    drop_unlikely(&a);
    clear_stats(&a);
    measure(&a);
    xmlNode *best = find_best(&a);
    guint text = 0, rest = a.stats->len ? g_array_index(a.stats, Stats, 0).text : 0;
    if (best) {
        best = widen(&a, best);
        text = stats_of(&a, best)->text;
    }
    if (text >= ARTICLE && text * 5 >= rest) {
        drop_around(&a, best);
        drop_clutter(&a, best, title);
        drop_tail(&a, best);
    } else if (a.stats->len) {
        keep_page(&a, whole);
    }
    g_ptr_array_unref(a.nodes);
    g_array_unref(a.stats);
    g_hash_table_unref(a.index);
    return a.dropped;
}
