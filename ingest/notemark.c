/* notemark.c - the marks of foot- and endnotes: raised numbers, which would stick to the words beside them. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/layout.h"

/* In units of the text's size: a mark is smaller, and its foot is higher. */
static const float SMALL = 0.85f, RAISED = 0.12f;
/* Bytes of a mark ("12", "1,2"); letters of a word that is no unit of measure and no variable. */
enum { MARK_BYTES = 5, WORD_LETTERS = 4 };

/* Whether WORD is a number, or several with commas between. */
static gboolean is_number(const PageLayout *layout, const Word *word)
{
    const char *text = layout->text + word->start;
    return word->length <= MARK_BYTES && strspn(text, "0123456789,") >= word->length && text[0] != '0'
        && g_ascii_isdigit(text[0]) && g_ascii_isdigit(text[word->length - 1]);
}

static gboolean is_raised(const Word *word, const Word *beside)
{
    return word->run == beside->run && word->size < SMALL * beside->size
        && word->box.y1 < beside->box.y1 - RAISED * beside->size;
}

/* Whether a mark may follow what WORD ends with: a word, a sentence, a bracket. */
static gboolean takes_mark(const PageLayout *layout, const Word *word)
{
    const char *start = layout->text + word->start, *p = start + word->length;
    guint letters = 0;
    gboolean closed = FALSE;
    while (p > start) {
        p = g_utf8_prev_char(p);
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_iswide(c))
            return TRUE;
        if (g_unichar_isalpha(c))
            letters++;
        else if (letters > 0 || !g_unichar_ispunct(c))
            break;
        else
            closed = TRUE;
    }
    return letters >= (closed ? 1 : WORD_LETTERS);
}

gboolean notemark_refers(const PageLayout *layout, const Word *before, const Word *word, const Word *after)
{
    if (!before || !is_number(layout, word) || !is_raised(word, before) || !takes_mark(layout, before))
        return FALSE;
    /* Something of the same kind goes on behind it: no mark, or more than one. */
    return !after || after->space || g_unichar_ispunct(g_utf8_get_char(layout->text + after->start))
        || g_unichar_iswide(g_utf8_get_char(layout->text + after->start));
}

gboolean notemark_begins(const PageLayout *layout, const Word *before, const Word *word, const Word *after)
{
    return !before && after && is_number(layout, word) && is_raised(word, after)
        && !g_ascii_isdigit(layout->text[after->start]);
}
