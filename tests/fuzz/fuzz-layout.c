/* fuzz-layout.c - words with boxes and drawn lines, as a PDF page might have them, to text: reading order, tables, running
 * heads, headings, paragraphs, hyphens.
 *
 * The input is a byte 0 for a new page, or 8 bytes for a word: which text and how it looks, x, y (each of two
 * bytes, in halves of a point), width, height, size; or 8 bytes for a line that is drawn: 255, whether it runs down the page, its
 * place, its ends (each of two bytes, in halves of a point). */
#include "config.h"

#include <string.h>

#include "ingest/ruled.h"
#include "tests/fuzz/fuzz.h"

static const char *const TEXTS[] = {
    "word", "The", "co-", "operate", "12", "3.5%", "\342\200\242", "(a)", "Table", "-", "1.", "\327\251\327\234\327\225\327\235",
    "\344\270\255\346\226\207", "x", "\302\255", "Introduction", "inter\302\255", "net", "p.", "W",
};

static PageLayout *new_page(void)
{
    PageLayout *page = g_new0(PageLayout, 1);
    page->width = 612;
    page->height = 792;
    page->text = g_strdup("");
    page->words = g_array_new(FALSE, FALSE, sizeof(Word));
    page->order = g_array_new(FALSE, FALSE, sizeof(guint));
    page->segments = g_array_new(FALSE, FALSE, sizeof(Segment));
    page->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    return page;
}

static void add_word(PageLayout *page, GString *text, const uint8_t *p)
{
    const char *word = TEXTS[p[0] % G_N_ELEMENTS(TEXTS)];
    gint16 x, y;
    memcpy(&x, p + 1, sizeof x);
    memcpy(&y, p + 3, sizeof y);
    Word w = { .box = { (float) x / 2, (float) y / 2, (float) x / 2 + p[5], (float) y / 2 + p[6] },
               .start = (guint) text->len, .length = (guint) strlen(word), .size = p[7] & 31,
               .run = p[7] >> 5 < RUNS ? p[7] >> 5 : RUN_RIGHT, .space = p[0] >> 7, .mono = p[0] >> 6 & 1,
               .bold = p[0] >> 5 & 1, .rtl = (guchar) word[0] == 0xd7 };
    g_string_append(text, word);
    g_array_append_val(page->words, w);
}

/* What is drawn on a page: of Rule. */
typedef struct {
    GArray *across, *down;
} Rules;

static void add_rule(Rules *rules, const uint8_t *p)
{
    gint16 place[3];
    memcpy(place, p + 2, sizeof place);
    Rule rule = { (float) place[0] / 2, (float) MIN(place[1], place[2]) / 2, (float) MAX(place[1], place[2]) / 2,
                  (p[1] & 2) == 0 };
    g_array_append_val(*(p[1] & 1 ? &rules->down : &rules->across), rule);
}

/* Reads the page by its RULES, which are gone then. */
static void read_rules(PageLayout *page, Rules *rules)
{
    if (rules->across->len) {
        rules_turn(&rules->across, &rules->down, page);
        const guint drawn = rules->down->len;
        across_find(page, rules->across, rules->down);
        if (grid_find(page, rules->across, rules->down, drawn))
            order_find(page);
    }
    g_array_set_size(rules->across, 0);
    g_array_set_size(rules->down, 0);
}

static void end_page(GPtrArray *pages, PageLayout *page, GString *text, Rules *rules)
{
    g_free(page->text);
    page->text = g_strdup(text->str);
    g_string_truncate(text, 0);
    order_find(page);
    read_rules(page, rules);
    guint words = 0;
    for (guint i = 0; i < page->segments->len; i++)
        words += g_array_index(page->segments, Segment, i).count;
    /* None is lost, none comes twice. */
    g_assert_cmpuint(words, ==, page->words->len);
    g_ptr_array_add(pages, page);
}

static void free_page(gpointer page)
{
    page_layout_free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func(free_page);
    g_autoptr(GString) text = g_string_new(NULL);
    PageLayout *page = new_page();
    Rules rules = { g_array_new(FALSE, FALSE, sizeof(Rule)), g_array_new(FALSE, FALSE, sizeof(Rule)) };
    while (size > 0) {
        gsize step = data[0] == 0 || size < 8 ? 1 : 8;
        if (step == 8 && data[0] == 255) {
            add_rule(&rules, data);
        } else if (step == 8) {
            add_word(page, text, data);
        } else if (data[0] == 0 && pages->len < 8) {
            end_page(pages, page, text, &rules);
            page = new_page();
        }
        data += step;
        size -= step;
    }
    end_page(pages, page, text, &rules);
    g_array_unref(rules.across);
    g_array_unref(rules.down);
    furniture_mark(pages);
    headings_mark(pages);
    g_autofree char **texts = g_new0(char *, pages->len);
    for (guint i = 0; i < pages->len; i++)
        texts[i] = paragraph_text(g_ptr_array_index(pages, i));
    hyphens_resolve(texts, pages->len);
    for (guint i = 0; i < pages->len; i++) {
        g_assert_true(g_utf8_validate(texts[i], -1, NULL));
        g_assert_null(strchr(texts[i], HYPHEN_MARK));
        g_free(texts[i]);
    }
    return 0;
}
