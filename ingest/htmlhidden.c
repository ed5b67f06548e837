/* htmlhidden.c - what of a page of HTML no reader sees.
 *
 * Only an element's own attributes are looked at, not style sheets: "hidden", and of its style display, visibility, opacity, a
 * font too small for ink, a place far off the page, a colour that is the ground's.  "aria-hidden" is no such mark: it says what a
 * screen reader passes over, and everybody else sees that.
 */
#include "config.h"

#include <string.h>

#include "ingest/html.h"

/* A node that is hidden points here. */
static char mark;

static const char NEVER[] = " script style template noscript head svg ";

/* Of a style's numbers. */
static const double TINY_FONT = 1, NO_OPACITY = 0.05, FAR = 999;

gboolean html_is_hidden(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->_private == &mark;
}

/* The value of PROPERTY in STYLE, declarations in lower case without blanks; to be freed, or NULL. */
static char *value_of(const char *style, const char *property)
{
    gsize n = strlen(property);
    char *value = NULL;
    for (const char *p = style; *p; p += strcspn(p, ";"), p += *p == ';') {
        if (strncmp(p, property, n) || p[n] != ':')
            continue;
        g_free(value);
        value = g_strndup(p + n + 1, strcspn(p + n + 1, ";!"));
    }
    return value;
}

/* Whether the property is a number (of dots, if it has a unit other than 0 of any) below LIMIT. */
static gboolean is_below(const char *style, const char *property, double limit)
{
    g_autofree char *value = value_of(style, property);
    char *unit;
    if (!value)
        return FALSE;
    double number = g_ascii_strtod(value, &unit);
    if (unit == value)
        return FALSE;
    gboolean dots = !*unit || g_str_has_prefix(unit, "px") || g_str_has_prefix(unit, "pt");
    return number < limit && (dots || number <= 0);
}

static gboolean is_one_of(const char *style, const char *property, const char *a, const char *b)
{
    g_autofree char *value = value_of(style, property);
    return value && (!strcmp(value, a) || !strcmp(value, b));
}

static gboolean is_of_ground(const char *style)
{
    g_autofree char *ink = value_of(style, "color"), *ground = value_of(style, "background-color");
    if (!ground)
        ground = value_of(style, "background");
    return ink && ground && !strcmp(ink, ground);
}

static gboolean style_hides(const char *text)
{
    g_autofree char *style = g_ascii_strdown(text, -1);
    char *to = style;
    for (const char *p = style; *p; p++)
        if (!g_ascii_isspace(*p))
            *to++ = *p;
    *to = '\0';
    gboolean placed = is_one_of(style, "position", "absolute", "fixed");
    return is_one_of(style, "display", "none", "none") || is_one_of(style, "visibility", "hidden", "collapse")
        || is_below(style, "font-size", TINY_FONT) || is_below(style, "opacity", NO_OPACITY)
        || is_below(style, "text-indent", -FAR) || (placed && is_below(style, "left", -FAR))
        || (placed && is_below(style, "top", -FAR)) || is_of_ground(style);
}

static gboolean hides(const xmlNode *node)
{
    const char *style = html_attribute(node, "style");
    if (html_is_any(node, " html body "))
        return FALSE;
    return xmlHasProp(node, (const xmlChar *) "hidden") || (style && style_hides(style));
}

/* Letters of a text. */
static gsize count(const xmlNode *text)
{
    gsize n = 0;
    for (const xmlChar *p = text->content; p && *p; p++)
        n += *p > ' ' && (*p & 0xc0) != 0x80;
    return n;
}

void html_mark_hidden(xmlNode *root)
{
    g_autoptr(GPtrArray) marked = g_ptr_array_new();
    gsize seen = 0, all = 0;
    /* END: the first node behind the hidden element that the walk is in. */
    const xmlNode *end = NULL;
    gboolean inside = FALSE;
    for (xmlNode *n = root; n; ) {
        gboolean never = html_is_any(n, NEVER);
        inside = inside && n != end;
        if (n->type == XML_TEXT_NODE) {
            gsize letters = count(n);
            all += letters;
            seen += inside ? 0 : letters;
        } else if (n->type == XML_ELEMENT_NODE && !inside && !never && hides(n)) {
            g_ptr_array_add(marked, n);
            end = html_next(n, root, FALSE);
            inside = TRUE;
        }
        n = html_next(n, root, !never);
    }
    for (guint i = 0; seen * 3 >= all && i < marked->len; i++)
        ((xmlNode *) g_ptr_array_index(marked, i))->_private = &mark;
}
