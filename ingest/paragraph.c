/* paragraph.c - lines in reading order to text: paragraphs rejoined, rows of tables kept. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

typedef enum { JOIN_SPACE, JOIN_LINE, JOIN_PARAGRAPH } Join;

static const Word *word_at(const PageLayout *layout, const Segment *s, guint i)
{
    return &g_array_index(layout->words, Word, g_array_index(layout->order, guint, s->first + i));
}

static const Segment *segment_at(const PageLayout *layout, const Line *line, guint i)
{
    return &g_array_index(layout->segments, Segment, line->first + i);
}

/* Scripts that are written without blanks between words. */
static gboolean is_unspaced(gunichar c)
{
    return g_unichar_iswide(c) && !(c >= 0x1100 && c <= 0x11ff) && !(c >= 0xac00 && c <= 0xd7af);
}

static gunichar last_char(const GString *out)
{
    const char *p = g_utf8_find_prev_char(out->str, out->str + out->len);
    return p ? g_utf8_get_char(p) : 0;
}

/* A large initial of one letter that the next word goes on with; A and I may be words. */
static gboolean is_initial(const PageLayout *layout, const Word *initial, const Word *next)
{
    const char *text = layout->text + initial->start;
    return initial->size > 1.7f * next->size && clean_next(text) == text + initial->length && *text != 'A'
        && *text != 'I' && g_unichar_isupper(g_utf8_get_char(text))
        && g_unichar_islower(g_utf8_get_char(layout->text + next->start));
}

/* Whether there is a blank between BEFORE and W, which OUT has and gets. */
static gboolean is_apart(const PageLayout *layout, const Segment *s, const Word *before, const Word *w, const GString *out)
{
    const char *text = layout->text + w->start;
    if (w->glued && before->start + before->length == w->start)
        return FALSE;
    float gap = s->rtl ? before->box.x0 - w->box.x1 : w->box.x0 - before->box.x1;
    gboolean unspaced = is_unspaced(last_char(out)) || is_unspaced(g_utf8_get_char(text));
    /* Small capitals are no new word: another size and no gap. */
    gboolean same_size = ABS(w->size - before->size) < 0.1f * w->size;
    float least = unspaced ? 0.4f : !w->space ? 0.1f : same_size ? -0.1f : 0.15f;
    return !is_initial(layout, before, w) && gap > least * MIN(w->size, before->size);
}

/* FIRST: the line's first segment. */
static void append_segment(const PageLayout *layout, const Segment *s, gboolean first, GString *out)
{
    const Word *before = NULL;
    gboolean begins = FALSE;
    for (guint i = 0; i < s->count; i++) {
        const Word *w = word_at(layout, s, i), *after = i + 1 < s->count ? word_at(layout, s, i + 1) : NULL;
        if (before && (begins || is_apart(layout, s, before, w, out)))
            g_string_append_c(out, ' ');
        begins = first && notemark_begins(layout, before, w, after);
        gboolean mark = begins || notemark_refers(layout, before, w, after);
        g_string_append(out, mark ? "[" : "");
        g_string_append_len(out, layout->text + w->start, w->length);
        g_string_append(out, mark ? "]" : "");
        before = w;
    }
}

static const Word *first_word(const PageLayout *layout, const Line *line)
{
    return word_at(layout, segment_at(layout, line, 0), 0);
}

/* Whether a line starts with a bullet, a number with a point, "(a)" and the like. */
static gboolean is_item(const PageLayout *layout, const Line *line)
{
    const Word *w = first_word(layout, line);
    const char *text = layout->text + w->start;
    gunichar c = g_utf8_get_char(text);
    static const gunichar BULLETS[] = { 0x2022, 0x25cf, 0x25cb, 0x25aa, 0x25a0, 0x25e6, 0x2013, 0x2014,
        0x2212, 0xb7, 0x2043, 0x27a2, 0x2713, 0xf0b7, 0xf0a7, '*', '-' };
    if (clean_next(text) == text + w->length) {
        for (gsize i = 0; i < G_N_ELEMENTS(BULLETS); i++)
            if (c == BULLETS[i])
                return TRUE;
        return FALSE;
    }
    gsize digits = 0, n = MIN(w->length, 6);
    if (text[0] == '(' || text[0] == '[')
        return text[w->length - 1] == ')' || text[w->length - 1] == ']';
    while (digits < n && (g_ascii_isdigit(text[digits]) || (text[digits] == '.' && digits)))
        digits++;
    return digits && digits <= 6 && (digits == w->length ? text[digits - 1] == '.'
                                     : text[digits] == ')' && digits + 1 == w->length);
}

/* A hyphen at the end of what is written that the next line goes on with; its bytes, or 0. */
static gsize hyphen_length(const GString *out, const char *next)
{
    const char *hyphen = NULL;
    if (g_str_has_suffix(out->str, "-"))
        hyphen = out->str + out->len - 1;
    else if (g_str_has_suffix(out->str, "\302\255"))
        hyphen = out->str + out->len - 2;
    else if (g_str_has_suffix(out->str, "\342\200\220"))
        hyphen = out->str + out->len - 3;
    if (!hyphen)
        return 0;
    const char *before = g_utf8_find_prev_char(out->str, hyphen);
    if (!before || !g_unichar_isalpha(g_utf8_get_char(before)))
        return 0;
    return g_unichar_islower(g_utf8_get_char(next)) ? out->len - (gsize) (hyphen - out->str) : 0;
}

/* The usual gap between the lines of a region: a small one of those between neighbours.  Few of them tell little: lines that are far
 * apart do not belong together. */
static float usual_gap(const PageLayout *layout, guint from)
{
    enum { SAMPLE = 64, FEW = 3 };
    static const float WIDEST = 0.8f;       /* of few, in units of the font's size */
    float gap[SAMPLE];
    guint n = 0;
    const Line *line = &g_array_index(layout->lines, Line, from);
    for (guint i = from + 1; i < layout->lines->len && n < SAMPLE; i++) {
        const Line *next = &g_array_index(layout->lines, Line, i);
        if (next->region != line->region)
            break;
        if (ABS(next->size - line->size) < 0.5f) {
            guint k = n++;
            float g = next->box.y0 - line->box.y1;
            for (; k > 0 && gap[k - 1] > g; k--)
                gap[k] = gap[k - 1];
            gap[k] = g;
        }
        line = next;
    }
    float usual = n ? gap[n / 3] : G_MAXFLOAT;
    return n < FEW ? MIN(usual, WIDEST * MAX(line->size, 1)) : usual;
}

static Join join_of(const PageLayout *layout, const Line *a, const Line *b, float usual)
{
    const Word *first = first_word(layout, b);
    float size = MAX(a->size, 1), gap = b->box.y0 - a->box.y1;
    if (a->heading || b->heading)
        return b->rest ? JOIN_SPACE : JOIN_PARAGRAPH;
    if (a->region != b->region)
        return JOIN_PARAGRAPH;
    if (gap > usual + 0.4f * size && gap > 0.1f * size)
        return JOIN_PARAGRAPH;
    if (ABS(a->size - b->size) > 0.12f * size || (a->bold != b->bold && a->cells == 1))
        return JOIN_LINE;
    if (a->cells > 1 || b->cells > 1 || a->mono || b->mono || is_item(layout, b))
        return JOIN_LINE;
    /* The next word would have had room: the line was ended on purpose. */
    float room = a->rtl ? a->box.x0 - a->left : a->right - a->box.x1;
    if (room > first->box.x1 - first->box.x0 + 0.6f * size)
        return JOIN_LINE;
    float indent = a->rtl ? a->box.x1 - b->box.x1 : b->box.x0 - a->box.x0;
    if (indent > 0.8f * size && !is_item(layout, a))
        return JOIN_LINE;
    return JOIN_SPACE;
}

static void append_join(GString *out, Join join, const char *next)
{
    if (out->len == 0)
        return;
    gsize hyphen = hyphen_length(out, next);
    if (join == JOIN_PARAGRAPH) {
        g_string_append(out, "\n\n");
    } else if (hyphen) {
        g_string_truncate(out, out->len - hyphen);
        g_string_append_c(out, HYPHEN_MARK);
    } else if (join == JOIN_LINE) {
        g_string_append_c(out, '\n');
    } else if (!is_unspaced(last_char(out)) || !is_unspaced(g_utf8_get_char(next))) {
        g_string_append_c(out, ' ');
    }
}

/* A line; in a row of a table the lines of a cell are rejoined. */
static void append_line(const PageLayout *layout, const Line *line, GString *out)
{
    const Segment *before = NULL;
    for (guint i = 0; i < line->count; i++) {
        const Segment *s = segment_at(layout, line, i);
        if (before && s->cell == before->cell && s->box.y1 > before->box.y1 + 0.5f * s->size)
            append_join(out, JOIN_SPACE, layout->text + word_at(layout, s, 0)->start);
        else if (before)
            g_string_append_c(out, ' ');
        append_segment(layout, s, i == 0, out);
        before = s;
    }
}

/* TEXT, which it takes, without what a widespread fault of dblatex prints around each character that its fonts must be switched
 * for: the empty byte strings of b''├b''b''─b''.  Nobody else writes two around one character that is not ASCII. */
static char *drop_byte_strings(char *text)
{
    if (!strstr(text, "b''"))
        return text;
    g_autoptr(GRegex) wrapped = g_regex_new("b''([^[:ascii:]])b''", 0, 0, NULL);
    char *bare = g_regex_replace(wrapped, text, -1, 0, "\\1", 0, NULL);
    if (!bare)
        return text;
    g_free(text);
    return bare;
}

char *paragraph_text(const PageLayout *layout)
{
    GString *out = g_string_new(NULL);
    const Line *before = NULL;
    float usual = G_MAXFLOAT;
    guint region = G_MAXUINT;
    for (guint i = 0; i < layout->lines->len; i++) {
        const Line *line = &g_array_index(layout->lines, Line, i);
        if (line->furniture)
            continue;
        if (line->region != region) {
            region = line->region;
            usual = usual_gap(layout, i);
        }
        if (before) {
            const char *next = layout->text + first_word(layout, line)->start;
            append_join(out, join_of(layout, before, line, usual), next);
        }
        if (line->heading && !line->rest) {
            g_string_append_len(out, "######", line->heading);
            g_string_append_c(out, ' ');
        }
        append_line(layout, line, out);
        before = line;
    }
    return drop_byte_strings(g_string_free(out, FALSE));
}
