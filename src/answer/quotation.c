/* quotation.c - the quotations of an answer, compared with the documents. */
#include "config.h"
#include "src/answer/quotation.h"

#include <string.h>

#include "src/answer/citation.h"
#include "src/answer/passage.h"
#include "src/answer/sentence.h"

enum {
    WORDS_LEAST = 3,
    LETTERS_LEAST = 12,
    WIDE_LEAST = 6,
};

/* A quotation in the answer: TEXT without marks, and the bytes from BEGIN to before END with them. */
typedef struct {
    char *text;
    gsize begin, end;
    gboolean block;
} Span;

static gunichar char_before(const char *text, const char *p)
{
    return p > text ? g_utf8_get_char(g_utf8_prev_char(p)) : '\n';
}

static gboolean is_wide(gunichar c)
{
    return g_unichar_isalnum(c) && g_unichar_iswide(c);
}

gboolean quotation_is_long_enough(const char *text)
{
    guint words = 0, letters = 0, wide = 0;
    gboolean in_word = FALSE;

    for (const char *p = text; *p != '\0'; p = sentence_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean letter = g_unichar_isalnum(c) && !is_wide(c);
        words += letter && !in_word;
        letters += letter;
        wide += is_wide(c);
        in_word = letter || g_unichar_ismark(c) || (in_word && (c == '\'' || c == 0x2019 || c == '-'));
    }
    return words >= WORDS_LEAST || letters >= LETTERS_LEAST || wide >= WIDE_LEAST;
}

/* --- Where the quotations of an answer are --- */

static void clear_span(gpointer span)
{
    g_free(((Span *) span)->text);
}

static void add_span(GArray *spans, const char *answer, const char *begin, const char *end, char *text, gboolean block)
{
    Span span = { .text = g_utf8_normalize(text, -1, G_NORMALIZE_NFC),
                  .begin = (gsize) (begin - answer), .end = (gsize) (end - answer), .block = block };

    g_free(text);
    if (span.text != NULL && quotation_is_long_enough(g_strstrip(span.text)))
        g_array_append_val(spans, span);
    else
        g_free(span.text);
}

static const char *line_end(const char *p)
{
    const char *end = strchr(p, '\n');

    return end != NULL ? end + 1 : p + strlen(p);
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* "— Ho 2020": who said it, below a block. */
static gboolean is_attribution(const char *line)
{
    return g_str_has_prefix(line, "—") || g_str_has_prefix(line, "–") || g_str_has_prefix(line, "--");
}

/* The block of lines with ">" that begins at P; where it ends. */
static const char *read_block(GArray *spans, const char *answer, const char *p)
{
    const char *begin = p;
    GString *text = g_string_new(NULL);

    while (*skip_blanks(p) == '>') {
        const char *end = line_end(p), *inner = skip_blanks(p);
        while (*inner == '>')
            inner = skip_blanks(inner + 1);
        if (!is_attribution(inner))
            g_string_append_len(text, inner, end - inner);
        p = end;
    }
    add_span(spans, answer, begin, p, g_string_free(text, FALSE), TRUE);
    return p;
}

static const char *skip_fence(const char *p)
{
    p = line_end(p);
    while (*p != '\0' && !g_str_has_prefix(skip_blanks(p), "```"))
        p = line_end(p);
    return line_end(p);
}

/* 'single' marks look like apostrophes: they open before a word and behind none, and '90s is a year. */
static gboolean opens_single(const char *answer, const char *p)
{
    gunichar before = char_before(answer, p), after = g_utf8_get_char(sentence_next_char(p));
    const char *q = sentence_next_char(p);

    if (g_unichar_isalnum(before) && !is_wide(before))
        return FALSE;
    if (g_ascii_isdigit(q[0]) && g_ascii_isdigit(q[1]) && (q[2] == 's' || !g_ascii_isalnum(q[2])))
        return FALSE;
    return g_unichar_isalnum(after) || g_unichar_ispunct(after);
}

/* What can close a quotation that C opens, the likelier first; NULL if it opens none. */
static const char *closers_of(const char *answer, const char *p)
{
    gunichar before = char_before(answer, p), after = g_utf8_get_char(sentence_next_char(p));

    switch (g_utf8_get_char(p)) {
    case '"':
        return !g_unichar_isalnum(before) || is_wide(before) ? (g_unichar_isspace(after) ? NULL : "\"") : NULL;
    case 0x201c: return "”“";
    case 0x201d: return !g_unichar_isalnum(before) && g_unichar_isalnum(after) ? "”" : NULL;
    case 0x201e: return "“”";
    case 0xab: return "»";
    case 0xbb: return !g_unichar_isalnum(before) && g_unichar_isalnum(after) ? "«" : NULL;
    case '\'': return opens_single(answer, p) ? "'" : NULL;
    case 0x2018: return opens_single(answer, p) ? "’" : NULL;
    case 0x201a: return "‘’";
    case 0x2039: return "›";
    case 0x203a: return !g_unichar_isalnum(before) && g_unichar_isalnum(after) ? "‹" : NULL;
    case 0x300c: return "」";
    case 0x300e: return "』";
    default: return NULL;
    }
}

/* Whether the single mark C at P is an apostrophe: within a word, or of a plural ("the walkers' shoes") when a mark follows that
 * can still close. */
static gboolean is_apostrophe(const char *p, gunichar c)
{
    const char *next = sentence_next_char(p);
    gunichar after = g_utf8_get_char(next);

    if (g_unichar_isalnum(after) && !is_wide(after))
        return TRUE;
    if ((p[-1] != 's' && p[-1] != 'S') || *next != ' ' || !g_unichar_islower(g_utf8_get_char(next + 1)))
        return FALSE;
    for (const char *q = next; *q != '\0' && *q != '\n'; q = sentence_next_char(q)) {
        gunichar behind = g_utf8_get_char(sentence_next_char(q));
        if (g_utf8_get_char(q) == c && (!g_unichar_isalnum(behind) || is_wide(behind)) && !g_unichar_isspace(char_before(next, q)))
            return TRUE;
    }
    return FALSE;
}

/* Where the quotation that opens before P with OPEN is closed by C, or NULL within the paragraph. */
static const char *find_closer(const char *p, gunichar open, gunichar c)
{
    guint depth = 0;

    for (; *p != '\0'; p = sentence_next_char(p)) {
        gunichar here = g_utf8_get_char(p);
        if (here == '\n' && (*skip_blanks(p + 1) == '\n' || *skip_blanks(p + 1) == '>'))
            return NULL;
        if (here == c) {
            gunichar after = g_utf8_get_char(sentence_next_char(p));
            if (c == '"' && g_unichar_isalnum(after) && !is_wide(after))
                continue;
            if ((c == '\'' || c == 0x2019) && is_apostrophe(p, c))
                continue;
            if (depth == 0)
                return p;
            depth--;
        } else if (here == open) {
            depth++;
        }
    }
    return NULL;
}

/* The quotation that begins at P, if there is one; where to go on. */
static const char *read_inline(GArray *spans, const char *answer, const char *p)
{
    const char *closers = closers_of(answer, p), *inner = sentence_next_char(p), *close = NULL;

    for (; closers != NULL && *closers != '\0' && close == NULL; closers = sentence_next_char(closers)) {
        gunichar open = g_utf8_get_char(p), c = g_utf8_get_char(closers);
        const char *at = find_closer(inner, c == open ? 0 : open, c);
        if (at != NULL && (close == NULL || at < close))
            close = at;
    }
    if (close == NULL)
        return inner;
    add_span(spans, answer, p, sentence_next_char(close), g_strndup(inner, (gsize) (close - inner)), FALSE);
    return sentence_next_char(close);
}

static GArray *find_spans(const char *answer)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(Span));
    const char *p = answer;

    g_array_set_clear_func(spans, clear_span);
    while (*p != '\0') {
        gboolean begins_line = p == answer || p[-1] == '\n';
        const char *word = begins_line ? skip_blanks(p) : p;

        if (begins_line && *word == '>') {
            p = read_block(spans, answer, p);
        } else if (begins_line && g_str_has_prefix(word, "```")) {
            p = skip_fence(p);
        } else if (*p == '`') {
            const char *close = strchr(p + 1, '`');
            p = close != NULL && close < line_end(p) ? close + 1 : p + 1;
        } else {
            p = read_inline(spans, answer, p);
        }
    }
    return spans;
}

/* --- Which pages the answer cites for them --- */

/* Length of the mark "[n]" or "[?]" at P, or 0; adds what it stands for to WANTED (which may be NULL). */
static gsize read_mark(const char *p, const GArray *citations, GArray *wanted)
{
    guint64 n = 0;
    const char *q = p + 1;

    if (*p != '[')
        return 0;
    if (strncmp(p, "[?]", 3) == 0)
        return 3;
    while (g_ascii_isdigit(*q) && n < citations->len)
        n = n * 10 + (guint64) g_ascii_digit_value(*q++);
    if (*q != ']' || n == 0 || n > citations->len)
        return 0;
    if (wanted != NULL)
        g_array_append_val(wanted, g_array_index(citations, Citation, n - 1));
    return (gsize) (q + 1 - p);
}

static gboolean is_between(gunichar c)
{
    return g_unichar_isspace(c) || (g_unichar_ispunct(c) && c != '[' && c != '"' && c != 0x201c && c != 0x201e &&
                                    c != 0xab && c != 0x300c && c != 0x300e);
}

/* Adds the marks right behind P, with nothing but punctuation between. */
static void read_marks_behind(const char *p, guint lines, const GArray *citations, GArray *wanted)
{
    while (*p != '\0') {
        gsize n = read_mark(p, citations, wanted);
        if (*p == '\n' && lines-- == 0)
            return;
        if (n == 0 && !is_between(g_utf8_get_char(p)))
            return;
        p = n > 0 ? p + n : sentence_next_char(p);
    }
}

/* Whether a sentence ends before P: not in "p. 4" or "et al. say". */
static gboolean ends_sentence(const char *answer, const char *p)
{
    gunichar before = char_before(answer, p), next = g_utf8_get_char(p + strspn(p, " "));

    if (!sentence_is_end_mark(before))
        return FALSE;
    if (before > 0x7f || *p == '\0' || *p == '\n')
        return TRUE;
    return *p == ' ' && !g_unichar_islower(next) && !g_unichar_isdigit(next);
}

/* Adds the marks of the sentence around what lies from BEGIN to END. */
static void read_marks_around(const char *answer, const char *begin, const char *end, gboolean block,
                              const GArray *citations, GArray *wanted)
{
    const char *p = begin, *to = end;

    while (p > answer && g_unichar_isspace(char_before(answer, p)))
        p = g_utf8_prev_char(p);
    gunichar lead = char_before(answer, p);
    if (!block && memchr(p, '\n', (gsize) (begin - p)) != NULL && lead != ':' && lead != 0xff1a)
        p = begin;              /* the paragraph before does not lead to it */
    while (p > answer && p[-1] != '\n' && !ends_sentence(answer, p))
        p = g_utf8_prev_char(p);
    for (; p < begin; p = sentence_next_char(p))
        read_mark(p, citations, wanted);

    /* An end mark within the quotation ends the sentence, if what follows looks like a new one. */
    gunichar last = char_before(answer, g_utf8_prev_char(end));
    const char *after = skip_blanks(end);
    if (block || (sentence_is_end_mark(last) && !g_unichar_islower(g_utf8_get_char(after))))
        return;
    while (*to != '\0' && *to != '\n' && !(to > end && ends_sentence(answer, to)))
        to = sentence_next_char(to);
    for (p = end; p < to; p = sentence_next_char(p))
        read_mark(p, citations, wanted);
    read_marks_behind(to, 0, citations, wanted);
}

/* The marks that a quotation ends with, as in "... [1]." or below a block, or NULL. */
static const char *marks_within(const char *begin, const char *end, const GArray *citations)
{
    const char *marks = NULL;

    for (const char *p = begin; p < end;) {
        gsize n = read_mark(p, citations, NULL);
        if (n > 0 && marks == NULL)
            marks = p;
        else if (n == 0 && !is_between(g_utf8_get_char(p)))
            marks = NULL;
        p = n > 0 ? p + n : sentence_next_char(p);
    }
    return marks;
}

static GArray *cited_pages(const char *answer, const Span *span, const GArray *citations)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(Citation));
    const char *begin = answer + span->begin, *end = answer + span->end;
    const char *tail = marks_within(begin, span->block ? end : g_utf8_prev_char(end), citations);

    if (tail != NULL)
        read_marks_behind(tail, 0, citations, wanted);
    if (wanted->len == 0)
        read_marks_behind(end, span->block ? 1 : 0, citations, wanted);
    if (wanted->len == 0)
        read_marks_around(answer, begin, end, span->block, citations, wanted);
    return wanted;
}

/* --- The check --- */

/* TEXT without the marks in it. */
static char *without_marks(const char *text, const GArray *citations)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gsize n = read_mark(text, citations, NULL);
        if (n == 0)
            g_string_append_unichar(out, g_utf8_get_char(text));
        text = n > 0 ? text + n : sentence_next_char(text);
    }
    return g_strstrip(g_string_free(out, FALSE));
}

static Quotation check(PassageIndex *index, const Span *span, const GPtrArray *documents,
                       const GArray *citations, const GArray *wanted)
{
    g_autofree char *bare = without_marks(span->text, citations);
    Quotation quotation = { .status = QUOTATION_NOT_FOUND };
    Passage passage = { 0 };

    /* What looks like a mark of ours may be a reference of the document's own. */
    if (passage_find_exact(index, span->text, wanted, &passage) || passage_find_exact(index, bare, wanted, &passage))
        quotation.status = wanted->len == 0 || passage_is_on(&passage, wanted) ? QUOTATION_VERIFIED
                                                                               : QUOTATION_MISATTRIBUTED;
    else if (passage_find_near(index, bare, wanted, &passage))
        quotation.status = QUOTATION_REPAIRED;
    quotation.text = g_steal_pointer(&bare);
    if (quotation.status == QUOTATION_NOT_FOUND)
        return quotation;
    quotation.document = passage.document;
    quotation.first = passage.first;
    quotation.last = passage.last;
    quotation.begin = passage.begin;
    quotation.end = passage.end;
    quotation.likeness = passage.likeness;
    quotation.source = passage_text(&passage, documents);
    return quotation;
}

static void clear_quotation(gpointer data)
{
    Quotation *quotation = data;

    g_free(quotation->text);
    g_free(quotation->source);
}

GArray *quotation_list_new(void)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(Quotation));

    g_array_set_clear_func(list, clear_quotation);
    return list;
}

GArray *quotation_check(const char *answer, const GPtrArray *documents, const GArray *citations)
{
    g_autoptr(GArray) spans = find_spans(answer);
    g_autoptr(PassageIndex) index = spans->len > 0 ? passage_index_new(documents) : NULL;
    GArray *list = quotation_list_new();

    for (guint i = 0; i < spans->len; i++) {
        const Span *span = &g_array_index(spans, Span, i);
        g_autoptr(GArray) wanted = cited_pages(answer, span, citations);
        Quotation quotation = check(index, span, documents, citations, wanted);
        g_array_append_val(list, quotation);
    }
    return list;
}

const char *quotation_status_name(QuotationStatus status)
{
    static const char *const names[] = {
        [QUOTATION_VERIFIED] = "verified", [QUOTATION_REPAIRED] = "repaired",
        [QUOTATION_MISATTRIBUTED] = "misattributed", [QUOTATION_NOT_FOUND] = "not_found",
    };

    return names[status];
}
