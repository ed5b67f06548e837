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

#include "ingest/article.h"
#include "ingest/html.h"

/* Letters: less is no paragraph, less is no article. */
enum { PARAGRAPH = 25, ARTICLE = 250, WEAK_TEXT = 100 };
/* A heading with so many elements around it may still be in a link: a whole teaser may be one. */
enum { LINK_LEVELS = 4 };

Stats *article_stats(const Article *a, const xmlNode *node)
{
    guint i = GPOINTER_TO_UINT(g_hash_table_lookup(a->index, node));
    return i ? &g_array_index(a->stats, Stats, i - 1) : NULL;
}

/* The bit of a letter; some share one. */
static inline guint32 bit(char c)
{
    return 1u << (c & 31);
}

gboolean article_has_word(const char *text, const char *const *words)
{
    guint32 letters = 0;
    for (const char *p = text; *p; p++)
        letters |= bit(*p);
    for (; *words; words++) {
        /* Nearly all words have a letter that the text lacks: it need not be searched for them. */
        const char *p = *words;
        while (*p && letters & bit(*p))
            p++;
        if (!*p && strstr(text, *words))
            return TRUE;
    }
    return FALSE;
}

char *article_names(const xmlNode *node)
{
    const char *class = html_attribute(node, "class"), *id = html_attribute(node, "id");
    char *both = g_strconcat(" ", class ? class : "", " ", id ? id : "", " ", NULL);
    for (char *p = both; *p; p++)
        *p = g_ascii_tolower(*p);
    return both;
}

/* Never content, whatever else the name says. */
static const char *const STRONG[] = { "comment", "disqus", "sidebar", "side-bar", "related", "share-", "-share",
    " share", "sharing", " widget ", "newsletter", "promo", "advert", "-ad-", " ad-", "-ads", " ads", "breadcrumb",
    "cookie", "consent", "gdpr", "recommend", "subscribe", "subscription", "navbar", "navigation", "-nav", " nav",
    "menu", "popup", "modal", "outbrain", "taboola", "pagination", "pager", "sponsor", "skip-", "toolbar",
    "most-read", "mostread", "most-popular", "trending", "read-more", "readmore", "read-next", "see-also",
    "signup", "sign-up", "login", "author-bio", "author_bio", "authorbio", "author-box", "authorbox",
    "author-info", "authorinfo", "author-profile", "about-author", "tag-list", " tags", "-tags", "taglist",
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

/* Whether it is there for programs that read aloud or for printing alone, by the names that are common for this. */
static gboolean is_unseen(const char *names)
{
    static const char *const UNSEEN[] = { "screen-reader", "visually-hidden", "visuallyhidden", "sr-only", "off-screen",
        "offscreen", "print-only", "noprint", NULL };
    static const char *const SHOWN[] = { " d-block", " d-sm-", " d-md-", " d-lg-", " d-xl-", NULL };
    return article_has_word(names, UNSEEN) || (strstr(names, " d-none ") && !article_has_word(names, SHOWN));
}

/* Whether it is text with few links, as long as a paragraph. */
static gboolean is_paragraph_like(const Stats *stats)
{
    return stats->text >= (stats->anchors ? WEAK_TEXT : WEAK_TEXT / 3) && article_link_density(stats) < 0.2f;
}

/* Whether the page's headline or most of its text is in it: then its name tells how the page is laid out ("sidebar-right"). */
static gboolean holds_article(const Stats *stats)
{
    return (stats->titles > 0 && stats->prose >= ARTICLE) || stats->core * 3 > stats->text * 2;
}

/* Whether the element's own words say that it is no content. */
static gboolean is_unlikely(const xmlNode *node, const Stats *stats)
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
    if (!html_attribute(node, "class") && !html_attribute(node, "id"))
        return FALSE;
    g_autofree char *names = article_names(node);
    if (is_unseen(names))
        return TRUE;
    if (html_is_any(node, " a tr td th code pre span em strong b i h1 blockquote "))
        return FALSE;
    gboolean strong = article_has_word(names, STRONG)
        || (strstr(names, "social") && stats->prose * 3 < stats->text);
    gboolean weak = article_has_word(names, WEAK) && !article_has_word(names, CONTENT) && !is_paragraph_like(stats);
    return (strong || weak) && !holds_article(stats);
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

static gboolean is_link_elsewhere(const xmlNode *node)
{
    const char *target = html_is(node, "a") ? html_attribute(node, "href") : NULL;
    return target && *target != '#';
}

/* Whether a heading is a link to another page, not to itself. */
static gboolean leads_elsewhere(const xmlNode *heading, const Stats *stats)
{
    const xmlNode *up = heading->parent;
    for (int level = 0; up && level < LINK_LEVELS; level++, up = up->parent)
        if (is_link_elsewhere(up))
            return TRUE;
    if (stats->links * 10 <= stats->text * 7 || stats->inside & ARTICLE_HEADING)
        return FALSE;
    for (xmlNode *n = heading->children; n; n = html_next(n, heading, TRUE))
        if (is_link_elsewhere(n))
            return TRUE;
    return FALSE;
}

/* Which of the elements that matter NODE is. */
static guint kinds_of(const xmlNode *node)
{
    static const char BLOCKS[] = " p div li ul ol dl table pre blockquote section article figure figcaption h1 h2 h3 h4 h5 h6 ";
    return (html_is_any(node, BLOCKS) ? ARTICLE_BLOCK : 0) | (html_is(node, "blockquote") ? ARTICLE_QUOTE : 0)
        | (html_is_any(node, " pre code ") ? ARTICLE_CODE : 0) | (html_is_any(node, " h1 h2 h3 h4 h5 h6 ") ? ARTICLE_HEADING : 0)
        | (html_is_any(node, " th caption ") ? ARTICLE_LABEL : 0);
}

/* Measures every element without those in dropped; texts are measured. */
static void measure(Article *a)
{
    for (guint i = a->nodes->len; i-- > 0; ) {
        const xmlNode *node = g_ptr_array_index(a->nodes, i);
        Stats *stats = &g_array_index(a->stats, Stats, i);
        if (html_is(node, "a")) {
            stats->links = stats->text;
            stats->anchors = 1;
            stats->commas = 0;
        }
        stats->paragraphs += html_is(node, "p") && stats->text >= PARAGRAPH;
        stats->items += html_is(node, "li");
        if (html_is_any(node, " p pre dd ") && stats->links * 2 < stats->text)
            stats->prose = stats->text;
        if (html_is_any(node, " h1 h2 h3 h4 h5 h6 ")) {
            stats->headings = 1;
            stats->linked = leads_elsewhere(node, stats);
        }
        Stats *parent = article_stats(a, node->parent);
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
        parent->inside |= stats->inside | stats->kinds;
        parent->titles += stats->titles + html_is(node, "h1");
        parent->core = MAX(parent->core, html_is_any(node, " main article ") ? stats->text : stats->core);
    }
}

/* Forgets what elements hold. */
static void clear_stats(Article *a)
{
    for (guint i = 0; i < a->nodes->len; i++) {
        Stats *stats = &g_array_index(a->stats, Stats, i);
        if (((const xmlNode *) g_ptr_array_index(a->nodes, i))->type == XML_ELEMENT_NODE)
            *stats = (Stats) { .kinds = stats->kinds };
    }
}

static void collect(Article *a, xmlNode *root)
{
    for (xmlNode *n = root; n; ) {
        gboolean skipped = is_skipped(n);
        if (!skipped) {
            Stats stats = { .kinds = kinds_of(n) };
            if (n->type != XML_ELEMENT_NODE && n->content)
                measure_text(&stats, (const char *) n->content);
            g_ptr_array_add(a->nodes, n);
            g_array_append_val(a->stats, stats);
            g_hash_table_insert(a->index, n, GUINT_TO_POINTER(a->nodes->len));
        }
        n = html_next(n, root, !skipped);
    }
}

/* The share of the page's text, in percent, from which an element is not dropped whatever it says: class names are
 * often wrong, elements seldom. */
static guint safe_share(const xmlNode *node)
{
    return html_is_hidden(node) ? 101 : html_is_any(node, " nav aside footer ") ? 70 : 40;
}

/* Drops unlikely elements, those only that hold less than a share of the page's text. */
static void drop_unlikely(Article *a)
{
    guint total = a->stats->len ? g_array_index(a->stats, Stats, 0).text : 0;
    for (guint i = 0; i < a->nodes->len; i++) {
        xmlNode *node = g_ptr_array_index(a->nodes, i);
        if (node->type != XML_ELEMENT_NODE || html_is_any(node, " html body article main "))
            continue;
        const Stats *stats = &g_array_index(a->stats, Stats, i);
        if (is_unlikely(node, stats) && (guint64) stats->text * 100 <= (guint64) total * safe_share(node))
            g_hash_table_add(a->dropped, node);
    }
}

int article_class_weight(const xmlNode *node)
{
    g_autofree char *names = article_names(node);
    int weight = 0;
    if (names[2]) {
        weight += article_has_word(names, GOOD) ? 25 : 0;
        weight -= article_has_word(names, BAD) ? 25 : 0;
    }
    return weight;
}

static void give(Article *a, xmlNode *node, float points)
{
    Stats *stats = node ? article_stats(a, node) : NULL;
    if (!stats || node->type != XML_ELEMENT_NODE)
        return;
    if (!stats->candidate) {
        stats->candidate = TRUE;
        stats->score = (float) article_class_weight(node);
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

/* What stands in NODE itself and not in an element of it. */
static Stats own_text(const Article *a, const xmlNode *node)
{
    Stats own = { 0 };
    for (const xmlNode *n = node->children; n; n = n->next) {
        const Stats *stats = n->type == XML_ELEMENT_NODE ? NULL : article_stats(a, n);
        own.text += stats ? stats->text : 0;
        own.commas += stats ? stats->commas : 0;
    }
    return own;
}

/* What of NODE is a paragraph: all, or where it holds blocks, too, what stands beside them. */
static Stats paragraph_of(const Article *a, const xmlNode *node, const Stats *stats)
{
    if (html_is_any(node, " p pre td blockquote dd li "))
        return *stats;
    if (!html_is_any(node, " div section "))
        return (Stats) { 0 };
    if (!has_block(node))
        return *stats;
    Stats own = own_text(a, node);
    return own.text < WEAK_TEXT ? (Stats) { 0 } : own;
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
        Stats stats = paragraph_of(a, node, &g_array_index(a->stats, Stats, i));
        if (stats.text < PARAGRAPH || article_link_density(&stats) > 0.5f || is_dropped_within(a, node))
            continue;
        float points = 1 + (float) stats.commas + MIN((float) stats.text / 100, 3);
        /* Text beside blocks counts for what holds it and them. */
        xmlNode *up = stats.text < g_array_index(a->stats, Stats, i).text ? node : node->parent;
        for (int level = 0; up && level < 4; level++, up = up->parent)
            give(a, up, points / (level == 0 ? 1 : level == 1 ? 2 : (float) level * 3));
    }
    xmlNode *best = NULL;
    float most = 0;
    for (guint i = 0; i < a->nodes->len; i++) {
        Stats *stats = &g_array_index(a->stats, Stats, i);
        if (!stats->candidate)
            continue;
        stats->score *= 1 - article_link_density(stats);
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
        const Stats *outer = article_stats(a, up), *inner = article_stats(a, best);
        if (!outer || html_is_any(up, " body html "))
            break;
        gboolean only_child = outer->text == inner->text;
        gboolean named = html_is(up, "article") && outer->text * 2 < 3 * inner->text;
        guint more = outer->text - inner->text, prose = outer->prose - inner->prose;
        gboolean split = prose * 10 > more * 6 && prose * 4 > inner->prose;
        gboolean better = outer->candidate && outer->score > 0.75f * inner->score
            && outer->paragraphs > inner->paragraphs && article_link_density(outer) < 0.25f;
        if (only_child || named || ((split || better) && outer->linked < inner->linked + 3))
            best = up;
    }
    return best;
}

/* Whether a sibling of the best element, BEFORE or behind it, belongs to it. */
static gboolean is_alike(const Article *a, const xmlNode *sibling, const xmlNode *best, gboolean before)
{
    const Stats *stats = article_stats(a, sibling), *top = article_stats(a, best);
    if (!stats || sibling->type != XML_ELEMENT_NODE)
        return FALSE;
    if (stats->linked >= 3 && stats->linked * 4 > stats->headings * 3)
        return FALSE;
    if (stats->candidate && stats->score >= MAX(10, 0.2f * top->score))
        return TRUE;
    /* What stands before it: a summary in larger letters. */
    if (before && stats->paragraphs && stats->text > 80 && article_link_density(stats) < 0.1f
        && article_class_weight(sibling) >= 0)
        return TRUE;
    return html_is_any(sibling, " p blockquote pre h2 h3 ul ol ") && stats->text > 80 && article_link_density(stats) < 0.25f;
}

/* Drops everything outside of BEST but its kin. */
static void drop_around(Article *a, xmlNode *best)
{
    gboolean kin = TRUE;
    for (xmlNode *up = best; up->parent; up = up->parent) {
        gboolean before = TRUE;
        for (xmlNode *n = up->parent->children; n; n = n->next)
            if (n == up)
                before = FALSE;
            else if (!(kin && is_alike(a, n, best, before)))
                g_hash_table_add(a->dropped, n);
        kin = FALSE;
    }
}

/* Without an article, menus still go, but not if they are the page. */
static void keep_page(Article *a, guint total)
{
    const Stats *rest = &g_array_index(a->stats, Stats, 0);
    if (rest->text * 3 < total && rest->prose < ARTICLE)
        g_hash_table_remove_all(a->dropped);
}

/* Whether the BEST element of a page is what the page is about: a fifth of it, or of what is no link, as a short article may stand
 * beside many. */
static gboolean is_article(const Stats *best, const Stats *page)
{
    guint own = best->text - best->links, all = page->text - page->links;
    return best->text >= ARTICLE && (best->text >= page->text / 5 || own >= all / 5);
}

GHashTable *article_find(xmlNode *root, const char *title, gboolean dated)
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
    if (best)
        best = widen(&a, best);
    if (best && is_article(article_stats(&a, best), &g_array_index(a.stats, Stats, 0))) {
        drop_around(&a, best);
        article_drop_clutter(&a, best, title, dated);
        article_drop_tail(&a, best);
    } else if (a.stats->len) {
        keep_page(&a, whole);
    }
    g_ptr_array_unref(a.nodes);
    g_array_unref(a.stats);
    g_hash_table_unref(a.index);
    return a.dropped;
}
