/* citation.c - page marks in an answer, and the pages they stand for. */
#include "config.h"
#include "src/answer/citation.h"

#include <string.h>

#include "src/answer/longcite.h"
#include "src/answer/selection.h"
#include "src/answer/sentence.h"

#define OPEN "【"
#define CLOSE "】"

enum {
    CITE_MOST = 400,            /* the same between <cite> and </cite> */
    MARK_MOST = 240,            /* bytes between the brackets; beyond that it is text */
    VERBATIM_LEAST = 8,         /* characters; half as many where each is a word */
    VERBATIM_PAGES = 3,         /* on more pages than this an answer says nothing about where it is from */
};

struct CitationReader {
    const GPtrArray *documents;
    GString *held;              /* not shown yet */
    GString *said;              /* shown so far, marks left out */
    GArray *list;
    GArray *marks;
    GPtrArray *unknown;
    const GArray *chunks;       /* PackChunk; NULL: marks name pages */
};

static void clear_citation(gpointer citation)
{
    g_free(((Citation *) citation)->text);
}

CitationReader *citation_reader_new(const GPtrArray *documents)
{
    CitationReader *reader = g_new0(CitationReader, 1);

    reader->documents = documents;
    reader->held = g_string_new(NULL);
    reader->said = g_string_new(NULL);
    reader->list = g_array_new(FALSE, TRUE, sizeof(Citation));
    g_array_set_clear_func(reader->list, clear_citation);
    reader->marks = g_array_new(FALSE, FALSE, sizeof(CitationMark));
    reader->unknown = g_ptr_array_new_with_free_func(g_free);
    return reader;
}

void citation_reader_free(CitationReader *reader)
{
    if (reader == NULL)
        return;
    g_string_free(reader->held, TRUE);
    g_string_free(reader->said, TRUE);
    g_array_unref(reader->list);
    g_array_unref(reader->marks);
    g_ptr_array_unref(reader->unknown);
    g_free(reader);
}

void citation_reader_use_chunks(CitationReader *reader, const GArray *chunks)
{
    reader->chunks = chunks;
}

const GArray *citation_reader_list(const CitationReader *reader)
{
    return reader->list;
}

const GArray *citation_reader_marks(const CitationReader *reader)
{
    return reader->marks;
}

const GPtrArray *citation_reader_unknown(const CitationReader *reader)
{
    return reader->unknown;
}

/* --- Passages: which part of a page a statement is about --- */

/* The sentence that SAID ends with. */
static const char *last_statement(const GString *said, gsize *length)
{
    const char *text = said->str;
    gsize begin = 0, end = said->len;

    while (begin < end) {
        gsize n = sentence_length(text + begin, end - begin);
        if (begin + n >= end)
            break;
        begin += n;
    }
    *length = end - begin;
    return text + begin;
}

/* Sets where the passage of CITATION is, and its text. */
static void find_passage(const CitationReader *reader, Citation *citation)
{
    const Document *document = g_ptr_array_index(reader->documents, citation->document);
    gsize said_length;
    const char *said = last_statement(reader->said, &said_length);
    g_autoptr(GHashTable) statement = sentence_words(said, said_length);
    g_autoptr(GString) whole = g_string_new(NULL);
    double best_score = 0;

    for (guint i = citation->first; i <= citation->last; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);

        g_string_append_printf(whole, "%s%s", whole->len > 0 ? "\n" : "", page->text);
        for (gsize at = 0, n; at < page->length; at += n) {
            n = sentence_passage_length(page->text + at, page->length - at);
            double score = sentence_likeness(statement, page->text + at, n);
            if (score > best_score) {
                best_score = score;
                citation->page = i;
                citation->begin = at;
                citation->end = at + n;
            }
        }
    }
    if (best_score > 0) {
        const Page *page = g_ptr_array_index(document->pages, citation->page);
        citation->text = g_strndup(page->text + citation->begin, citation->end - citation->begin);
    } else {
        citation->text = g_strdup(whole->str);
    }
    g_strstrip(citation->text);
}

/* --- Marks --- */

/* Number of the citation, from 1. */
static guint add_citation(CitationReader *reader, Citation citation)
{
    for (guint i = 0; i < reader->list->len; i++) {
        const Citation *known = &g_array_index(reader->list, Citation, i);
        if (known->document == citation.document && known->first == citation.first && known->last == citation.last)
            return i + 1;
    }
    find_passage(reader, &citation);
    g_array_append_val(reader->list, citation);
    return reader->list->len;
}

/* One item of a mark, numbers as written (from 1). */
typedef struct {
    guint document, first, last;
    gboolean whole;                 /* no page given */
} Item;

/* "page 4", "1 : 4 - 6", "1:4-1:6", "2": the numbers of an item. */
static Item parse_item(const char *text, guint document_before)
{
    guint numbers[4] = { 0 };
    gunichar joints[4] = { 0 };     /* ':' or '-' before the number */
    gunichar joint = 0;
    int n = 0;

    for (const char *p = text; *p != '\0' && n < 4;) {
        gunichar c = g_utf8_get_char(p);
        if (g_ascii_isdigit(*p)) {
            guint64 value = g_ascii_strtoull(p, NULL, 10);
            numbers[n] = (guint) MIN(value, G_MAXUINT);
            joints[n++] = joint;
            joint = 0;
            while (g_ascii_isdigit(*p))
                p++;
            continue;
        }
        if (c == ':' || c == 0xff1a)
            joint = ':';
        else if (c == '-' || c == '~' || c == 0xff5e || (c >= 0x2010 && c <= 0x2015))
            joint = '-';
        p = sentence_next_char(p);
    }
    if (n >= 2 && joints[1] == ':')     /* 1:4, 1:4-6, 1:4-1:6 */
        return (Item) { .document = numbers[0], .first = numbers[1],
                        .last = n == 4 && joints[3] == ':' ? numbers[3] : n >= 3 ? numbers[2] : numbers[1] };
    if (document_before != 0)           /* pages of the document named before */
        return (Item) { .document = document_before, .first = numbers[0], .last = n >= 2 ? numbers[1] : numbers[0] };
    return (Item) { .document = numbers[0], .whole = TRUE };
}

/* Whether what stands in the brackets is meant as a mark at all: 【注意】 is not. */
static gboolean is_mark(const char *inner)
{
    static GRegex *regex;

    if (regex == NULL)
        regex = g_regex_new("^\\s*(\\d+\\s*(†.*)?$|[^\\d†]{0,20}\\d+\\s*[:：]\\s*\\D{0,8}\\d|"
                            "(doc|document|page|pages|pp?\\.)\\s*\\d)",
                            G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
    return g_regex_match(regex, inner, 0, NULL);
}

/* Of a view the pages that it leaves out are nothing the model can have read: they go from both ends. */
static gboolean keep_shown(const Document *document, Citation *citation)
{
    while (citation->first <= citation->last && !selection_shows(document, citation->first))
        citation->first++;
    while (citation->last > citation->first && !selection_shows(document, citation->last))
        citation->last--;
    return citation->first <= citation->last;
}

static gboolean resolve(const CitationReader *reader, Item item, Citation *citation)
{
    const Document *document;

    if (item.document == 0 || item.document > reader->documents->len)
        return FALSE;
    document = g_ptr_array_index(reader->documents, item.document - 1);
    citation->document = item.document - 1;
    if (item.whole) {
        citation->first = 0;
        citation->last = document->pages->len - 1;
        return document->pages->len > 0 && keep_shown(document, citation);
    }
    if (item.first == 0)
        return FALSE;
    citation->first = item.first - 1;
    citation->last = item.last - 1;
    return citation->first <= citation->last && citation->last < document->pages->len && keep_shown(document, citation);
}

static GArray *parse_mark(const char *inner)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));
    g_auto(GStrv) parts = g_regex_split_simple("[;；,，、]", inner, 0, 0);
    guint document = 0;

    for (char **part = parts; *part != NULL; part++) {
        char *dagger = strstr(*part, "†");
        if (dagger != NULL)
            *dagger = '\0';
        if (strpbrk(*part, "0123456789") == NULL)
            continue;
        Item item = parse_item(*part, document);
        /* "document 1, page 4": the second part says which page of the first. */
        if (items->len > 0 && g_array_index(items, Item, items->len - 1).whole && item.document == document)
            g_array_set_size(items, items->len - 1);
        document = item.document;
        g_array_append_val(items, item);
        if (dagger != NULL && part[1] != NULL && strpbrk(part[1], ":") == NULL && strstr(part[1], "：") == NULL)
            break;              /* a comma inside the text behind the dagger */
    }
    return items;
}

/* Shows the mark of citation NUMBER; 0: of none. */
static void append_number(CitationReader *reader, guint number, GString *shown)
{
    CitationMark mark = { .begin = shown->len, .number = number };

    if (number > 0)
        g_string_append_printf(shown, "[%u]", number);
    else
        g_string_append(shown, "[?]");
    mark.end = shown->len;
    g_array_append_val(reader->marks, mark);
}

static void show_mark(CitationReader *reader, const char *inner, GString *shown)
{
    g_autoptr(GArray) items = NULL;

    if (!is_mark(inner)) {
        g_string_append_printf(shown, OPEN "%s" CLOSE, inner);
        g_string_append_printf(reader->said, OPEN "%s" CLOSE, inner);
        return;
    }
    items = parse_mark(inner);
    for (guint i = 0; i < items->len; i++) {
        Citation citation = { 0 };

        if (resolve(reader, g_array_index(items, Item, i), &citation)) {
            append_number(reader, add_citation(reader, citation), shown);
        } else {
            append_number(reader, 0, shown);
            g_ptr_array_add(reader->unknown, g_strdup_printf(OPEN "%s" CLOSE, inner));
        }
    }
}

/* Moves N bytes of what is held to the reader. */
static void show_text(CitationReader *reader, gsize n, GString *shown)
{
    g_string_append_len(shown, reader->held->str, (gssize) n);
    g_string_append_len(reader->said, reader->held->str, (gssize) n);
    g_string_erase(reader->held, 0, (gssize) n);
}

/* --- Answers in statements with ranges of sentences --- */

/* Whether what is shown wants a space before more: not behind one, nor in scripts without. */
static gboolean ends_open(const CitationReader *reader, const GString *shown)
{
    gsize end = shown->len;
    const char *last;

    for (guint i = reader->marks->len; i-- > 0 && g_array_index(reader->marks, CitationMark, i).end == end; )
        end = g_array_index(reader->marks, CitationMark, i).begin;
    end -= end > 0 && end < shown->len && shown->str[end - 1] == ' ';
    last = end > 0 ? g_utf8_prev_char(shown->str + end) : NULL;
    return last != NULL && !g_unichar_isspace(g_utf8_get_char(last)) && !g_unichar_iswide(g_utf8_get_char(last));
}

/* Number of the citation of chunks FIRST .. LAST, which are of one document. */
static guint add_chunks(CitationReader *reader, guint first, guint last)
{
    const PackChunk *from = &g_array_index(reader->chunks, PackChunk, first), *to = &g_array_index(reader->chunks, PackChunk, last);
    const Document *document = g_ptr_array_index(reader->documents, from->document);
    g_autoptr(GString) text = g_string_new(NULL);
    Citation citation = { .document = from->document, .first = from->page, .last = to->page, .page = from->page,
                          .begin = from->begin, .end = to->end };

    if (to->page != from->page)
        citation.end = ((const Page *) g_ptr_array_index(document->pages, from->page))->length;
    for (guint i = first; i <= last; i++) {
        const PackChunk *chunk = &g_array_index(reader->chunks, PackChunk, i);
        const Page *page = g_ptr_array_index(document->pages, chunk->page);
        g_string_append_len(text, page->text + chunk->begin, (gssize) (chunk->end - chunk->begin));
    }
    g_strstrip(text->str);
    for (guint i = 0; i < reader->list->len; i++) {
        const Citation *known = &g_array_index(reader->list, Citation, i);
        if (known->document == citation.document && known->first == citation.first && strcmp(known->text, text->str) == 0)
            return i + 1;
    }
    citation.text = g_strdup(text->str);
    g_array_append_val(reader->list, citation);
    return reader->list->len;
}

/* A range may reach over several documents: each has a mark. */
static void show_range(CitationReader *reader, LongciteRange range, const char *inner, GString *shown)
{
    guint n = reader->chunks->len, first, last;

    if (range.first >= n || range.last < range.first) {
        append_number(reader, 0, shown);
        g_ptr_array_add(reader->unknown, g_strdup_printf("<cite>%s</cite>", inner));
        return;
    }
    last = (guint) MIN(range.last, n - 1);
    for (first = (guint) range.first; first <= last; ) {
        guint document = g_array_index(reader->chunks, PackChunk, first).document, end = first;

        while (end < last && g_array_index(reader->chunks, PackChunk, end + 1).document == document)
            end++;
        append_number(reader, add_chunks(reader, first, end), shown);
        first = end + 1;
    }
}

static void show_ranges(CitationReader *reader, const char *inner, GString *shown)
{
    g_autoptr(GArray) ranges = longcite_ranges(inner);

    if (ranges->len > 0 && ends_open(reader, shown))
        g_string_append_c(shown, ' ');
    for (guint i = 0; i < ranges->len; i++)
        show_range(reader, g_array_index(ranges, LongciteRange, i), inner, shown);
}

/* Where what <cite> holds ends in TEXT: before a tag, or (LAST, or too long) with what looks like ranges; NULL: not yet. */
static const char *cite_end(const char *text, gboolean last)
{
    static const char *const tags[] = { "</cite>", "</statement>", "<statement>", "<cite>" };
    const char *end = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        const char *at = strstr(text, tags[i]);
        end = at != NULL && (end == NULL || at < end) ? at : end;
    }
    if (end == NULL && (last || strlen(text) > CITE_MOST))
        end = text + strspn(text, "[]0123456789-,; C<>_{}");
    return end;
}

static void show_statements(CitationReader *reader, gboolean last, GString *shown)
{
    GString *held = reader->held;

    while (held->len > 0) {
        const char *open = strchr(held->str, '<'), *end;
        gsize n;

        show_text(reader, open != NULL ? (gsize) (open - held->str) : held->len, shown);
        LongciteTag tag = held->len > 0 ? longcite_tag(held->str, &n) : LONGCITE_TEXT;
        if (tag == LONGCITE_UNSURE && !last)
            return;
        if (tag == LONGCITE_TEXT || tag == LONGCITE_UNSURE) {
            show_text(reader, MIN(held->len, 1), shown);
        } else if (tag == LONGCITE_CITE) {
            end = cite_end(held->str + n, last);
            if (end == NULL)
                return;
            g_autofree char *inner = g_strndup(held->str + n, (gsize) (end - held->str) - n);
            g_string_erase(held, 0, (gssize) (end - held->str));
            show_ranges(reader, inner, shown);
        } else {
            g_string_erase(held, 0, (gssize) n);
            if (tag == LONGCITE_STATEMENT && ends_open(reader, shown))
                g_string_append_c(shown, ' ');
        }
    }
}

static void show(CitationReader *reader, gboolean last, GString *shown)
{
    const gsize open_length = strlen(OPEN);
    GString *held = reader->held;

    while (held->len > 0) {
        const char *open = strstr(held->str, OPEN);
        if (open == NULL) {
            show_text(reader, held->len, shown);
            return;
        }
        show_text(reader, (gsize) (open - held->str), shown);
        const char *inner = held->str + open_length;
        const char *close = strstr(inner, CLOSE);
        gsize reach = close != NULL ? (gsize) (close - inner) : held->len - open_length;
        gboolean text = reach > MARK_MOST || memchr(inner, '\n', reach) != NULL ||
                        g_strstr_len(inner, (gssize) reach, OPEN) != NULL;

        if (!text && close == NULL && !last)
            return;
        if (text || close == NULL) {
            show_text(reader, open_length, shown);
            continue;
        }
        g_autofree char *mark = g_strndup(inner, reach);
        g_string_erase(held, 0, (gssize) (open_length + reach + strlen(CLOSE)));
        show_mark(reader, mark, shown);
    }
}

void citation_reader_feed(CitationReader *reader, const char *text, gsize length, GString *shown)
{
    g_string_append_len(reader->held, text, (gssize) length);
    (reader->chunks != NULL ? show_statements : show)(reader, FALSE, shown);
}

void citation_reader_end(CitationReader *reader, GString *shown)
{
    (reader->chunks != NULL ? show_statements : show)(reader, TRUE, shown);
}

/* --- Answers that stand word for word in the documents --- */

/* TEXT with every run of white space as one space, none at the ends. */
static GString *one_spaced(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *p = text; *p != '\0'; p = sentence_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isspace(c))
            g_string_append_unichar(out, c);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    return out;
}

static void strip_end_marks(GString *text)
{
    while (text->len > 0) {
        const char *last = g_utf8_prev_char(text->str + text->len);
        if (!sentence_is_end_mark(g_utf8_get_char(last)))
            return;
        g_string_truncate(text, (gsize) (last - text->str));
    }
}

static gboolean contains_words(const char *text, const char *words, gsize length)
{
    for (const char *at = text; (at = strstr(at, words)) != NULL; at = sentence_next_char(at)) {
        gunichar before = at > text ? g_utf8_get_char(g_utf8_prev_char(at)) : ' ';
        gunichar after = g_utf8_get_char(at + length);
        /* Scripts without spaces have no borders between words to look for. */
        if ((!g_unichar_isalnum(before) || g_unichar_iswide(before)) &&
            (!g_unichar_isalnum(after) || g_unichar_iswide(after)))
            return TRUE;
    }
    return FALSE;
}

/* Characters, wide ones twice. */
static glong text_weight(const GString *text)
{
    glong weight = 0;

    for (const char *p = text->str; *p != '\0'; p = sentence_next_char(p))
        weight += g_unichar_iswide(g_utf8_get_char(p)) ? 2 : 1;
    return weight;
}

guint citation_reader_find_verbatim(CitationReader *reader, const char *answer)
{
    g_autoptr(GString) words = one_spaced(answer);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Citation));

    strip_end_marks(words);
    if (text_weight(words) < VERBATIM_LEAST)
        return 0;
    for (guint d = 0; d < reader->documents->len; d++) {
        const Document *document = g_ptr_array_index(reader->documents, d);
        for (guint p = 0; p < document->pages->len; p++) {
            const Page *page = g_ptr_array_index(document->pages, p);
            g_autoptr(GString) text = one_spaced(page->text);
            Citation citation = { .document = d, .first = p, .last = p };
            if (contains_words(text->str, words->str, words->len))
                g_array_append_val(found, citation);
        }
    }
    if (found->len > VERBATIM_PAGES)
        return 0;
    for (guint i = 0; i < found->len; i++) {
        Citation citation = g_array_index(found, Citation, i);
        citation.text = g_strdup(words->str);
        g_array_append_val(reader->list, citation);
    }
    return found->len;
}

/* --- For people --- */

gboolean citation_recognised(const Citation *citation, const GPtrArray *documents)
{
    const Document *document = g_ptr_array_index(documents, citation->document);

    for (guint i = citation->first; i <= citation->last && i < document->pages->len; i++)
        if (((const Page *) g_ptr_array_index(document->pages, i))->state == PAGE_RECOGNISED)
            return TRUE;
    return FALSE;
}

/* Whether the pages of DOCUMENT are those of paper rather than sections. */
static gboolean is_paged(const Document *document)
{
    static const char *const always[] = { "pdf", "text", NULL }, *const maybe[] = { "docx", "odt", NULL };
    const Page *first = document->pages->len > 0 ? g_ptr_array_index(document->pages, 0) : NULL;

    /* Sections of an office document have headings as labels. */
    return g_strv_contains(always, document->format) ||
           (g_strv_contains(maybe, document->format) && first != NULL && strcmp(first->label, "1") == 0);
}

static gboolean is_slides(const Document *document)
{
    return strcmp(document->format, "pptx") == 0 || strcmp(document->format, "odp") == 0;
}

/* "p. 4"; RECOGNISED stands behind it, or alone for a whole document. */
static char *place_with(const Citation *citation, const GPtrArray *documents, const char *recognised)
{
    const Document *document = g_ptr_array_index(documents, citation->document);
    const Page *first = g_ptr_array_index(document->pages, citation->first);
    const Page *last = g_ptr_array_index(document->pages, citation->last);
    gboolean paged = is_paged(document);
    g_autofree char *behind = recognised != NULL ? g_strdup_printf(" (%s)", recognised) : g_strdup("");

    if (citation->first == 0 && citation->last + 1 == document->pages->len && (citation->last > 0 || !paged))
        return g_strdup(recognised != NULL ? recognised : "");
    if (citation->first == citation->last && is_slides(document))
        return g_strdup_printf("slide %s", first->label);
    if (citation->first == citation->last)
        return g_strdup_printf(paged ? "p. %s%s" : "section \"%s\"%s", first->label, behind);
    return g_strdup_printf(paged ? "pp. %s-%s%s" : "sections \"%s\" to \"%s\"%s", first->label, last->label, behind);
}

char *citation_place(const Citation *citation, const GPtrArray *documents)
{
    return place_with(citation, documents, citation_recognised(citation, documents) ? "recognised from an image" : NULL);
}

char *citation_label(const Citation *citation, guint number, const GPtrArray *documents)
{
    const Document *document = g_ptr_array_index(documents, citation->document);
    g_autofree char *place = document->name != NULL ? place_with(citation, documents, NULL) : NULL;

    if (place == NULL)
        return g_strdup_printf("[%u]", number);
    return g_strdup_printf("[%s%s%s]", document->name, place[0] != '\0' ? ", " : "", place);
}
