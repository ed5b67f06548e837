/* words.c - glyphs of poppler to words with boxes and fonts. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* A gap inside a word wider than this share of the font's height ends the word: poppler joins
 * the cells of a row without a blank. */
static const float WORD_GAP = 0.25f;

/* The mark of a note is smaller than the text by this share of the larger size. */
static const float NOTE_SHRINK = 0.15f;
/* Bytes that a word has at least before a mark; three are an ideograph. */
enum { NOTE_WORD = 3 };

/* More words are no page to read; the search for lines would take too long. */
enum { WORDS_MAX = 20000 };

typedef struct {
    Word word;
    Box last;               /* the box of the last glyph */
    const PopplerRectangle *glyphs;
    guint n;                /* glyphs so far */
    int right, left, up, down;      /* votes for the direction */
    gboolean open;
} Builder;

static gboolean is_rtl(gunichar c)
{
    return (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfeff);
}

/* Poppler wraps right-to-left words in direction marks that have no boxes. */
static char *without_marks(char *text)
{
    char *out = g_malloc(strlen(text) + 1), *to = out;
    for (const char *p = text; *p; ) {
        const char *next = clean_next(p);
        gunichar c = g_utf8_get_char(p);
        if (!(c >= 0x202a && c <= 0x202e)) {
            memcpy(to, p, (gsize) (next - p));
            to += next - p;
        }
        p = next;
    }
    *to = '\0';
    g_free(text);
    return out;
}

static void vote(Builder *b, const Box *glyph)
{
    float dx = (glyph->x0 + glyph->x1 - b->last.x0 - b->last.x1) / 2;
    float dy = (glyph->y0 + glyph->y1 - b->last.y0 - b->last.y1) / 2;
    if (ABS(dx) >= ABS(dy)) {
        b->right += dx > 0;
        b->left += dx < 0;
    } else {
        b->down += dy > 0;
        b->up += dy < 0;
    }
}

/* Whether GLYPH goes on with the word: next to the last one, on its line or in its column. */
static gboolean adjoins(const Builder *b, const Box *glyph)
{
    const Box *l = &b->last;
    float height = MAX(box_height(l), box_height(glyph));
    float width = MAX(l->x1 - l->x0, glyph->x1 - glyph->x0);
    float gap_x = MAX(glyph->x0 - l->x1, l->x0 - glyph->x1);
    float gap_y = MAX(glyph->y0 - l->y1, l->y0 - glyph->y1);
    float size = MIN(height, b->word.size > 0 ? b->word.size : height);
    if (gap_y < 0 && gap_x < WORD_GAP * size)
        return TRUE;
    return gap_x < 0 && gap_y < WORD_GAP * MIN(width, size);
}

/* Notes where a right-to-left word has alef and lam; its boxes run from left to right. */
static void note_pairs(const Builder *b, const char *text, guint end, GArray *pairs)
{
    const char *start = text + b->word.start, *stop = text + end, *p = start;
    float size = MAX(b->word.size, 1);
    for (guint i = 0; i + 1 < b->n && p + 4 <= stop; i++, p = clean_next(p)) {
        if (!lamalef_is_pair(p))
            continue;
        const PopplerRectangle *alef = &b->glyphs[b->n - 1 - i], *lam = alef - 1;
        LamAlef pair = { .at = (guint) (p - text), .initial = p == start, .final = p + 4 == stop,
                         .alef = (float) (alef->x2 - alef->x1) / size,
                         .lam = (float) (lam->x2 - lam->x1) / size };
        g_array_append_val(pairs, pair);
    }
}

static void close_word(Builder *b, PageLayout *layout, guint end, GArray *pairs)
{
    if (!b->open)
        return;
    Word *w = &b->word;
    if (w->rtl)
        note_pairs(b, layout->text, end, pairs);
    int most = MAX(MAX(b->right, b->left), MAX(b->up, b->down));
    w->length = end - w->start;
    if (most == 0)
        w->run = RUNS;
    else if (w->rtl)
        w->run = b->up + b->down > b->left + b->right ? RUN_DOWN : RUN_RIGHT;
    else
        w->run = most == b->right ? RUN_RIGHT : most == b->down ? RUN_DOWN
            : most == b->up ? RUN_UP : RUN_LEFT;
    g_array_append_val(layout->words, *w);
    b->open = FALSE;
}

static gboolean has_token(const char *name, const char *const *tokens)
{
    for (; *tokens; tokens++)
        if (strcasestr(name, *tokens))
            return TRUE;
    return FALSE;
}

static gboolean is_mono(const char *font)
{
    static const char *const TOKENS[] = { "mono", "courier", "consol", "typewriter", "cmtt", "fixed",
        "inconsolata", "menlo", "sourcecode", "nimbusmonl", "ttfixed", "lettergothic", NULL };
    return has_token(font, TOKENS);
}

static gboolean is_bold(const char *font)
{
    static const char *const TOKENS[] = { "bold", "heavy", "black", "cmbx", "-semi", NULL };
    return has_token(font, TOKENS);
}

/* What a font's name tells. */
enum { FONT_KNOWN = 1, FONT_MONO = 2, FONT_BOLD = 4 };

/* What the name of FONT tells; KNOWN has those of the page that were asked before. */
static guint kind_of(const PopplerTextAttributes *font, GHashTable *known)
{
    if (!font->font_name)
        return FONT_KNOWN;
    guint kind = GPOINTER_TO_UINT(g_hash_table_lookup(known, font->font_name));
    if (!kind) {
        kind = FONT_KNOWN | (is_mono(font->font_name) ? FONT_MONO : 0u) | (is_bold(font->font_name) ? FONT_BOLD : 0u);
        g_hash_table_insert(known, font->font_name, GUINT_TO_POINTER(kind));
    }
    return kind;
}

/* So light that it needs a ground to be seen. */
static gboolean is_pale(const PopplerColor *color)
{
    enum { LEAST = 0xe000 };
    return color->red >= LEAST && color->green >= LEAST && color->blue >= LEAST;
}

/* A word of one glyph has no direction of its own: it takes its neighbour's. */
static void settle_runs(PageLayout *layout)
{
    guint8 run = RUNS;
    for (guint pass = 0; pass < 2; pass++)
        for (guint i = 0; i < layout->words->len; i++) {
            Word *w = &g_array_index(layout->words, Word, i);
            if (w->run == RUNS)
                w->run = run;
            run = w->run;
        }
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        if (w->run == RUNS)
            w->run = RUN_RIGHT;
    }
}

/* Turns the page under each word so that the word runs to the right. */
static void turn_boxes(PageLayout *layout)
{
    float width = (float) layout->width, height = (float) layout->height;
    for (guint i = 0; i < layout->words->len; i++) {
        Word *w = &g_array_index(layout->words, Word, i);
        Box b = w->box;
        if (w->run == RUN_UP)
            w->box = (Box) { height - b.y1, b.x0, height - b.y0, b.x1 };
        else if (w->run == RUN_DOWN)
            w->box = (Box) { b.y0, width - b.x1, b.y1, width - b.x0 };
        else if (w->run == RUN_LEFT)
            w->box = (Box) { width - b.x1, height - b.y1, width - b.x0, height - b.y0 };
    }
}

Box word_box(const PageLayout *layout, const Word *word)
{
    float width = (float) layout->width, height = (float) layout->height;
    const Box b = word->box;
    switch ((Run) word->run) {
    case RUN_UP:
        return (Box) { b.y0, height - b.x1, b.y1, height - b.x0 };
    case RUN_DOWN:
        return (Box) { width - b.y1, b.x0, width - b.y0, b.x1 };
    case RUN_LEFT:
        return (Box) { width - b.x1, height - b.y1, width - b.x0, height - b.y0 };
    default:
        return b;
    }
}

/* Whether the glyph C, AT in TEXT and in FONT, begins a number behind a word of another size, or a word behind such a number: the mark
 * of a note is a word of its own.  The powers and indices of formulas stay what they are. */
static gboolean parts_number(const Builder *b, const char *text, guint at, gunichar c, const PopplerTextAttributes *font)
{
    const char *start = text + b->word.start, *last = g_utf8_find_prev_char(start, text + at);
    float size = font ? (float) font->font_size : b->word.size;
    if (!last || ABS(size - b->word.size) < NOTE_SHRINK * MAX(size, b->word.size))
        return FALSE;
    if (!g_ascii_isdigit(c))
        return strspn(start, "0123456789,") >= at - b->word.start;
    gunichar before = g_utf8_get_char(last);
    return g_unichar_ispunct(before) || (g_unichar_isalpha(before) && at - b->word.start >= NOTE_WORD);
}

static void find_words(PageLayout *layout, const PopplerRectangle *glyphs, guint n, GList *fonts)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(LamAlef));
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    Builder b = { .open = FALSE };
    const PopplerTextAttributes *font = NULL;
    guint kind = FONT_KNOWN;
    gboolean pale = FALSE, space = TRUE;
    const char *p = layout->text;
    for (guint i = 0; i < n && *p; i++, p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        Box glyph = { (float) glyphs[i].x1, (float) glyphs[i].y1, (float) glyphs[i].x2, (float) glyphs[i].y2 };
        guint at = (guint) (p - layout->text);
        while (fonts && (gint) i > ((const PopplerTextAttributes *) fonts->data)->end_index)
            fonts = fonts->next;
        if (fonts && fonts->data != font) {
            font = fonts->data;
            kind = kind_of(font, known);
            pale = is_pale(&font->color);
        }
        if (g_unichar_isspace(c)) {
            close_word(&b, layout, at, pairs);
            space = TRUE;
            continue;
        }
        gboolean glued = b.open && adjoins(&b, &glyph);
        if (b.open && (!glued || parts_number(&b, layout->text, at, c, font)))
            close_word(&b, layout, at, pairs);
        if (!b.open) {
            b = (Builder) { .open = TRUE, .glyphs = glyphs + i };
            b.word = (Word) { .box = glyph, .start = at, .mono = (kind & FONT_MONO) != 0, .bold = (kind & FONT_BOLD) != 0,
                              .space = space, .glued = glued, .pale = pale,
                              .size = font ? (float) font->font_size : box_height(&glyph) };
            space = FALSE;
        } else {
            vote(&b, &glyph);
            box_join(&b.word.box, &glyph);
        }
        b.word.rtl |= is_rtl(c);
        b.last = glyph;
        b.n++;
    }
    close_word(&b, layout, (guint) (p - layout->text), pairs);
    lamalef_turn(layout->text, pairs);
}

/* What poppler gives for an area of the page. */
typedef struct {
    PopplerRectangle area;
    char *text;
    PopplerRectangle *glyphs;
    guint n;
} Reading;

static void reading_clear(Reading *reading)
{
    g_free(reading->text);
    g_free(reading->glyphs);
}

static Reading read_area(PopplerPage *page, PopplerRectangle area)
{
    Reading reading = { .area = area };
    char *text = poppler_page_get_text_for_area(page, &area);
    if (!poppler_page_get_text_layout_for_area(page, &area, &reading.glyphs, &reading.n))
        reading.n = 0;
    reading.text = without_marks(text ? text : g_strdup(""));
    return reading;
}

/* The page's text.  Poppler selects from one corner to the other; where text runs from right to
 * left it misses the lines at the ends unless the corners are the other ones. */
static Reading read_glyphs(PopplerPage *page, double width, double height)
{
    Reading reading = read_area(page, (PopplerRectangle) { 0, 0, width, height });
    gboolean rtl = reading.n == 0;
    for (const char *p = reading.text; *p && !rtl; p = clean_next(p))
        rtl = is_rtl(g_utf8_get_char(p));
    if (rtl) {
        Reading other = read_area(page, (PopplerRectangle) { width, 0, 0, height });
        Reading less = other.n > reading.n ? reading : other;
        reading = other.n > reading.n ? other : reading;
        reading_clear(&less);
    }
    return reading;
}

PageLayout *page_layout_new(PopplerPage *page)
{
    double width, height;
    poppler_page_get_size(page, &width, &height);
    Reading reading = read_glyphs(page, width, height);
    if (g_utf8_strlen(reading.text, -1) != (glong) reading.n) {
        reading_clear(&reading);
        return NULL;
    }
    PageLayout *layout = g_new0(PageLayout, 1);
    layout->width = width;
    layout->height = height;
    layout->text = g_steal_pointer(&reading.text);
    layout->words = g_array_new(FALSE, FALSE, sizeof(Word));
    layout->order = g_array_new(FALSE, FALSE, sizeof(guint));
    layout->segments = g_array_new(FALSE, FALSE, sizeof(Segment));
    layout->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    GList *fonts = poppler_page_get_text_attributes_for_area(page, &reading.area);
    find_words(layout, reading.glyphs, reading.n, fonts);
    poppler_page_free_text_attributes(fonts);
    reading_clear(&reading);
    if (layout->words->len > WORDS_MAX) {
        page_layout_free(layout);
        return NULL;
    }
    settle_runs(layout);
    turn_boxes(layout);
    return layout;
}

void page_layout_free(PageLayout *layout)
{
    if (!layout)
        return;
    g_free(layout->text);
    g_array_unref(layout->words);
    g_array_unref(layout->order);
    g_array_unref(layout->segments);
    g_array_unref(layout->lines);
    g_clear_pointer(&layout->cells, g_array_unref);
    g_free(layout);
}
