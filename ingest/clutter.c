/* clutter.c - what is no content inside of the main content: teasers, notices, repetitions, the tail. */
#include "config.h"

#include <string.h>

#include "ingest/article.h"
#include "ingest/clean.h"
#include "ingest/html.h"

/* Letters: more is no teaser, or none of a list of them; more is no notice, no name of a photographer, no
 * author with a date; less may well be under two pictures. */
enum { TEASER = 300, LISTED_TEASER = 700, NOTICE = 200, CREDIT = 80, BYLINE = 90, REPEATED = 40, TAIL_HEADING = 30, KICKER = 40 };
/* Bytes by which captions are told from each other. */
enum { CAPTION_KEY = 60 };
/* Percent of the content before which, or behind which, names, dates and calls are looked for: in between they are sentences. */
enum { HEAD_PART = 10, CALL_PART = 70, FOOT_PART = 90 };

/* The author's name and the date above an article; both are in the document's header. */
static gboolean is_byline(const xmlNode *node)
{
    static const char *const NAMES[] = { "byline", "author", "dateline", "timestamp", "pubdate", "publish",
        "post-date", "entry-date", "post-meta", "entry-meta", "article-meta", "article-info", "posted-on", " date", NULL };
    const char *rel = html_attribute(node, "rel"), *item = html_attribute(node, "itemprop");
    if ((rel && !strcmp(rel, "author")) || (item && (strstr(item, "author") || strstr(item, "date"))))
        return TRUE;
    g_autofree char *names = article_names(node);
    return article_has_word(names, NAMES);
}

/* A block of links, buttons or notes inside the content. */
static gboolean is_clutter(const Article *a, const xmlNode *node, const Stats *all)
{
    const Stats *stats = article_stats(a, node);
    gboolean list = html_is_any(node, " ul ol dl ");
    if (!list && !html_is_any(node, " div section table header aside fieldset p "))
        return FALSE;
    float density = article_link_density(stats);
    if (stats->text * 2 > all->text)
        return FALSE;
    if (stats->text < 100 && is_byline(node))
        return TRUE;
    if (html_is(node, "p"))
        return stats->anchors > 0 && density > 0.9f && stats->text < 120;
    /* Teasers: headings that lead elsewhere, some with a second one below. */
    gboolean leads = stats->linked * 4 > stats->headings * 3 || (stats->linked * 2 >= stats->headings && stats->prose == 0);
    guint teaser = stats->linked >= 3 ? LISTED_TEASER : TEASER;
    if (stats->linked >= 2 && leads && stats->text < stats->linked * teaser)
        return TRUE;
    if (stats->linked && stats->linked == stats->headings && density > 0.9f)
        return TRUE;
    if (stats->commas >= 10 || stats->text == 0)
        return FALSE;
    int weight = article_class_weight(node);
    if (weight < 0 && stats->text < 400)
        return !(stats->inside & ARTICLE_QUOTE);
    if (html_is(node, "table") && stats->inside & ARTICLE_LABEL)
        return FALSE;
    if (density > 0.6f && stats->anchors >= 2)
        return !(stats->inside & ARTICLE_CODE);
    return !list && weight < 25 && density > 0.35f && stats->anchors >= 3 && stats->paragraphs < 2;
}

/* What stands in NODE, on one line; to be freed.  Not to be asked of elements that may hold others of their kind: the same text would
 * be taken once for each. */
static char *line_of(const xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    char *line = clean_line((const char *) content, -1);
    xmlFree(content);
    return line;
}

/* Whether NODE is one of the headings in NAMES, without another one in it. */
static gboolean is_heading(const xmlNode *node, const Stats *stats, const char *names)
{
    return html_is_any(node, names) && !(stats->inside & ARTICLE_HEADING);
}

/* Whether a heading says what the document's title says. */
static gboolean repeats_title(const xmlNode *node, const Stats *stats, const char *title)
{
    if (!is_heading(node, stats, " h1 h2 "))
        return FALSE;
    g_autofree char *line = line_of(node);
    return *line && strlen(line) >= 8 && strstr(title, line);
}

/* Whether NODE holds text and no other blocks; headings and items of lists are content whatever they say. */
static gboolean is_leaf_block(const xmlNode *node, const Stats *stats)
{
    return html_is_any(node, " p div center figcaption ") && !(stats->inside & ARTICLE_BLOCK);
}

/* Whether NODE could be the heading of what follows an article on the same page: where mostly links are BEHIND it, a block of a few
 * words, too. */
static gboolean may_head_tail(const xmlNode *node, const Stats *stats, const Stats *behind)
{
    return is_heading(node, stats, " h2 h3 h4 h5 h6 ")
        || (is_leaf_block(node, stats) && stats->text < TAIL_HEADING && !stats->anchors && article_link_density(behind) > 0.5f);
}

/* Whether a heading says so. */
static gboolean is_tail_heading(const xmlNode *node)
{
    static const char *const WORDS[] = { "more from", "more stories", "more news", "related", "recommended",
        "read more", "read next", "you may also", "you might also", "most read", "most popular", "popular", "trending",
        "latest news", "latest stories", "our latest", "sponsored", "about the author", "comments", "leave a reply",
        "leave a comment", "sign up", "subscribe", "newsletter", "follow us", "don't miss", "share this", "join the",
        "something to consider", "up next", "editor's picks", "more popular", "weitere ", "mehr zum thema", "das könnte",
        "lesen sie auch", "ähnliche", "kommentare", "articles similaires", "à lire aussi", "lire aussi", "sur le même",
        "te puede interesar", "lea también", "relacionad", "leia também", "関連", "相关", NULL };
    g_autofree char *line = line_of(node);
    g_autofree char *lower = g_utf8_strdown(line, -1);
    for (int i = 0; WORDS[i] && strlen(lower) < 60; i++)
        if (g_str_has_prefix(lower, WORDS[i]))
            return TRUE;
    return FALSE;
}

void article_drop_tail(Article *a, xmlNode *best)
{
    Stats behind = *article_stats(a, best);
    guint all = behind.text;
    for (xmlNode *n = best->children; n; ) {
        const Stats *stats = article_stats(a, n);
        gboolean known = stats && !g_hash_table_contains(a->dropped, n);
        if (known && n->type != XML_ELEMENT_NODE)
            behind.text -= MIN(behind.text, stats->text);
        if (known && html_is(n, "a"))
            behind.links -= MIN(behind.links, stats->links);
        if (known && (guint64) behind.text * 10 < (guint64) all * 3 && may_head_tail(n, stats, &behind) && is_tail_heading(n)) {
            for (xmlNode *up = n; up != best; up = up->parent)
                for (xmlNode *next = up->next; next; next = next->next)
                    g_hash_table_add(a->dropped, next);
            g_hash_table_add(a->dropped, n);
            return;
        }
        n = html_next(n, best, known);
    }
}

/* Whether it is one address and no words, which is no link, as the scripts of some pages need it; or the source of an image that was
 * meant to be one. */
static gboolean is_bare_address(const char *lower)
{
    return g_str_has_prefix(lower, "<img ") || g_str_has_prefix(lower, "<iframe ")
        || ((g_str_has_prefix(lower, "http://") || g_str_has_prefix(lower, "https://")) && !strpbrk(lower, " \t\n"));
}

/* "By Ada Lovelace on Monday, November 18th, 2019", "Updated 5:27 am, November 20, 2019": names and dates without a name of their own
 * in the markup. */
static gboolean is_spelled_byline(const char *lower, const Stats *stats)
{
    static const char *const BEGINNINGS[] = { "by ", "updated", "last updated", "published", "first published", "posted", "von ",
        "par ", "por ", "publicado", "actualizado", "atualizado", "publié", "mis à jour", "veröffentlicht", "aktualisiert", NULL };
    gsize digits = 0;
    if (stats->text > BYLINE)
        return FALSE;
    for (const char *p = lower; *p; p++)
        digits += g_ascii_isdigit(*p);
    for (int i = 0; BEGINNINGS[i]; i++)
        if (g_str_has_prefix(lower, BEGINNINGS[i]))
            return digits >= 4;
    return FALSE;
}

/* "Wide Angle": the part of a paper that the article is of, above its headline. */
static gboolean is_kicker(const xmlNode *node, const Stats *stats)
{
    static const char *const NAMES[] = { "kicker", "eyebrow", "rubric", "overline", "category", NULL };
    if (stats->text > KICKER || stats->titles || html_is(node, "h1"))
        return FALSE;
    g_autofree char *names = article_names(node);
    return article_has_word(names, NAMES);
}

/* "11/19/2019 by Ada Lovelace": a line with a year that is no sentence. */
static gboolean is_dateline(const xmlNode *node, const Stats *stats)
{
    if (stats->text == 0 || stats->text > BYLINE || stats->inside & ARTICLE_BLOCK || !html_is_any(node, " p div li "))
        return FALSE;
    g_autofree char *line = line_of(node);
    if (!*line || strchr(".:!?", line[strlen(line) - 1]))
        return FALSE;
    for (const char *p = line; *p; p++)
        if ((p == line || !g_ascii_isdigit(p[-1])) && (g_str_has_prefix(p, "19") || g_str_has_prefix(p, "20"))
            && g_ascii_isdigit(p[2]) && g_ascii_isdigit(p[3]))
            return TRUE;
    return FALSE;
}

/* Whether it asks its readers to do something else: a sentence or two, without links in some pages.  "Subscribe to the list", say,
 * may be content; what is "ours" is the page's own. */
static gboolean is_call(const char *lower)
{
    static const char *const CALLS[] = { "have a tip?", "got a tip?", "get the latest ", "sign up for our ", "sign up to our ",
        "subscribe to our ", "join our ", "follow us ", "like us on ", "send us your ", "download our ", "become a member of our ", NULL };
    for (int i = 0; CALLS[i]; i++)
        if (g_str_has_prefix(lower, CALLS[i]))
            return TRUE;
    return g_str_has_prefix(lower, "follow ") && article_has_word(lower, (const char *const []) {
        " on twitter", " on facebook", " on instagram", " on linkedin", NULL });
}

/* "Advertisement", "Read more: ...", "Follow us ...": what pages say about themselves.  PART: how much of the content, in percent,
 * stands before it. */
static gboolean is_notice(const char *text, const Stats *stats, guint part)
{
    static const char *const ALONE[] = { "advertisement", "advert", "anzeige", "werbung", "publicidad", "publicidade",
        "publicité", "pubblicità", "реклама", "sponsored", "sponsored links", "スポンサードリンク", "スポンサーリンク", "広告", "广告",
        "iklan", "close", "caption", "comments", "comment", "explore further", "share this on whatsapp", "関連記事",
        "share this", "teilen", "compartir", "partager", "loading...", "continue reading", "story continues below advertisement", "this slideshow requires javascript.", NULL };
    static const char *const LINKED[] = { "read more", "read also", "also read", "read:", "related", "see also:", "more:",
        "watch:", "lea también", "lea tambien", "vea también", "lee también", "leer más", "te puede interesar", "leia ",
        "veja também", "lire aussi", "à lire", "a lire", "voir aussi", "lesen sie", "mehr zum", "mehr dazu", "siehe auch",
        "leggi anche", "lees ook", "читайте также", "explore further", "click here", "follow us", "subscribe", "sign up",
        "download the", "tags", "filed under", "this article was originally", "source:", NULL };
    g_autofree char *lower = g_utf8_strdown(text, -1);
    for (int i = 0; ALONE[i]; i++)
        if (!strcmp(lower, ALONE[i]))
            return TRUE;
    if ((stats->anchors == 0 && is_bare_address(lower)) || ((part < HEAD_PART || part > FOOT_PART) && is_spelled_byline(lower, stats))
        || (part > CALL_PART && is_call(lower)))
        return TRUE;
    for (int i = 0; LINKED[i]; i++)
        if (g_str_has_prefix(lower, LINKED[i]))
            return stats->anchors > 0 && article_link_density(stats) > 0.3f;
    return FALSE;
}

/* Whether it is what is written under a picture. */
static gboolean is_caption(const xmlNode *node)
{
    static const char *const NAMES[] = { "caption", "credit", NULL };
    if (html_is(node, "figcaption"))
        return TRUE;
    g_autofree char *names = article_names(node);
    return article_has_word(names, NAMES);
}

/* Whether it is the photographer's name beside a caption. */
static gboolean is_credit(const xmlNode *node, const Stats *stats)
{
    static const char *const PICTURES[] = { "image", "photo", "picture", "figure", "caption", "media", "gallery", NULL };
    if (stats->text == 0 || stats->text > CREDIT || !html_is_any(node, " p div span small cite figcaption "))
        return FALSE;
    g_autofree char *names = article_names(node);
    if (!strstr(names, "credit"))
        return FALSE;
    const xmlNode *up = node;
    for (int level = 0; up && level < 4; level++, up = up->parent) {
        g_autofree char *above = article_names(up);
        if (html_is_any(up, " figure figcaption ") || article_has_word(above, PICTURES))
            return TRUE;
    }
    return FALSE;
}

/* Whether the block says nothing of its own: a notice, or a caption that was there before, as where a page brings its pictures in
 * two sizes, or its captions short and in full: then the shorter one goes, which may be the one before.  PART: as above.  SEEN: how
 * the captions so far begin (owned) -> their elements. */
static gboolean is_idle_block(Article *a, xmlNode *node, const Stats *stats, guint part, GHashTable *seen)
{
    if (!is_leaf_block(node, stats) || stats->text == 0)
        return FALSE;
    char *line = line_of(node);
    gboolean notice = stats->text < NOTICE && is_notice(line, stats, part);
    if (notice || stats->text < REPEATED || !is_caption(node)) {
        g_free(line);
        return notice;
    }
    if (strlen(line) > CAPTION_KEY)
        line[CAPTION_KEY] = '\0';
    xmlNode *before = g_hash_table_lookup(seen, line);
    if (before && article_stats(a, before)->text >= stats->text) {
        g_free(line);
        return TRUE;
    }
    if (before)
        g_hash_table_add(a->dropped, before);
    g_hash_table_replace(seen, line, node);
    return FALSE;
}

void article_drop_clutter(Article *a, xmlNode *best, const char *title, gboolean dated)
{
    const Stats *all = article_stats(a, best);
    xmlNode *top = best->parent ? best->parent : best;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean titled = FALSE;
    guint before = 0;
    for (xmlNode *n = top->children; n; ) {
        const Stats *stats = article_stats(a, n);
        gboolean known = stats && !g_hash_table_contains(a->dropped, n);
        gboolean title_again = known && !titled && repeats_title(n, stats, title);
        guint part = (guint) ((guint64) before * 100 / MAX(all->text, 1));
        titled |= title_again;
        before += known && n->type != XML_ELEMENT_NODE ? stats->text : 0;
        if (title_again || (known && n != best && n->type == XML_ELEMENT_NODE
                            && ((part < HEAD_PART && (is_kicker(n, stats) || (dated && is_dateline(n, stats))))
                                || is_clutter(a, n, all) || is_credit(n, stats) || is_idle_block(a, n, stats, part, seen)))) {
            g_hash_table_add(a->dropped, n);
            known = FALSE;
        }
        n = html_next(n, top, known);
    }
}
