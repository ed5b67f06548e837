/* why.c - what each sentence of an answer looked at. */
#include "config.h"
#include "src/answer/why.h"

#include <string.h>

#include "src/answer/sentence.h"

#define SHARE_LEAST 0.05        /* of what fell on pages: less is not told */

#define ABOVE 0.25f             /* of the background: less than that above it is noise */
#define NEAR_TILES 2            /* at the documents' end */

struct Why {
    const Heads *heads;
    const Tokenizer *tokenizer;
    const Prompt *prompt;
    const Pack *pack;
    const GPtrArray *documents;
    gsize tiles;                /* that the documents reach into */
    float *background;          /* [tile] */
    GArray *mass;               /* float [token][tile] */
    GArray *at;                 /* gsize: bytes of text before each token */
    GArray *sentences;
};

Why *why_new(const Heads *heads, const Tokenizer *tokenizer, const Prompt *prompt, const Pack *pack,
             const GPtrArray *documents)
{
    Why *why = g_new0(Why, 1);

    why->heads = heads;
    why->tokenizer = tokenizer;
    why->prompt = prompt;
    why->pack = pack;
    why->documents = documents;
    why->tiles = (prompt->first + pack->ids->len + ENGINE_TILE - 1) / ENGINE_TILE;
    why->background = g_new0(float, why->tiles);
    why->mass = g_array_new(FALSE, FALSE, sizeof(float));
    why->at = g_array_new(FALSE, FALSE, sizeof(gsize));
    why->sentences = g_array_new(FALSE, FALSE, sizeof(WhySentence));
    return why;
}

void why_free(Why *why)
{
    if (why == NULL)
        return;
    g_free(why->background);
    g_array_unref(why->mass);
    g_array_unref(why->at);
    g_array_unref(why->sentences);
    g_free(why);
}

const GArray *why_sentences(const Why *why)
{
    return why->sentences;
}

const Heads *why_heads(const Why *why)
{
    return why->heads;
}

/* --- While the answer is made --- */

/* Adds to SUM what the heads looked at in row ROW, weighted; FALSE when it was not noted. */
static gboolean add_row(const Why *why, const Session *session, gsize row, float weight, float *sum)
{
    weight /= (float) why->heads->n;
    for (gsize h = 0; h < why->heads->n; h++) {
        gsize n;
        const float *mass = session_witness_mass(session, row, h, &n);

        if (mass == NULL)
            return FALSE;
        n = MIN(n, why->tiles);
        for (gsize i = 0; i < n; i++)
            sum[i] += weight * mass[i];
    }
    return TRUE;
}

void why_note_background(Why *why, const float *shares, gsize n)
{
    gsize first = why->prompt->first / ENGINE_TILE, near = why->tiles - MIN(why->tiles, NEAR_TILES);
    double rest = 0;

    n = MIN(n, why->tiles);
    memcpy(why->background, shares, n * sizeof *shares);
    for (gsize i = first; i < near; i++)
        rest += (double) why->background[i];
    rest = near > first ? rest / (double) (near - first) : 0;
    for (gsize i = near; i < why->tiles; i++)
        why->background[i] = MIN(why->background[i], (float) rest);
}

/* What is looked at before the question is known, from the call that ended with the prompt. */
static void note_background(Why *why, const Session *session, gsize row)
{
    g_autofree float *sum = g_new0(float, why->tiles);
    gsize end = why->prompt->ids->len, from = MAX(why->prompt->lead, end - (row + 1));

    for (gsize i = from; i < why->prompt->asked; i++)
        add_row(why, session, row + 1 - (end - i), 1.0f / (float) (why->prompt->asked - from), sum);
    why_note_background(why, sum, why->tiles);
}

void why_note(Why *why, const float *shares, gsize n, gsize length)
{
    gsize size = why->mass->len;

    n = MIN(n, why->tiles);
    g_array_set_size(why->mass, (guint) (size + why->tiles));
    memset(&g_array_index(why->mass, float, size), 0, why->tiles * sizeof(float));
    memcpy(&g_array_index(why->mass, float, size), shares, n * sizeof(float));
    g_array_append_val(why->at, length);
}

void why_token(Why *why, Session *session, gsize row, gsize length)
{
    g_autofree float *sum = g_new0(float, why->tiles);

    if (why->at->len == 0 && session_witness_tokens(session) > row)
        note_background(why, session, row);
    if (!add_row(why, session, row, 1, sum))
        length = G_MAXSIZE;             /* belongs to no sentence */
    why_note(why, sum, why->tiles, length);
}

/* --- Afterwards --- */

/* Where position POSITION of the page's tokens begins in its text. */
static gsize text_offset(const Why *why, const PackSpan *span, gsize position)
{
    gsize bytes = 0;

    for (gsize i = 0; i < MIN(position, span->count); i++) {
        gsize n = 0;
        tokenizer_bytes(why->tokenizer, g_array_index(why->pack->ids, gint32, span->first + i), &n);
        bytes += n;
    }
    return bytes;
}

/* The sentence of a page that touches FROM .. TO-1 and is likest to WORDS; with nothing in common, the one in the middle. */
static void choose_passage(const Page *page, gsize from, gsize to, GHashTable *words, WhyPlace *place)
{
    double best = -1;

    for (gsize at = 0, n; at < page->length; at += n) {
        n = sentence_length(page->text + at, page->length - at);
        if (at + n <= from || at >= to)
            continue;
        double score = sentence_likeness(words, page->text + at, n);
        if (at <= (from + to) / 2 && at + n > (from + to) / 2)
            score += 1e-6;
        if (score > best) {
            best = score;
            place->begin = at;
            place->end = at + n;
        }
    }
}

/* The passage of PLACE: around the tile of its page that was looked at most. */
static void find_passage(const Why *why, const float *net, const PackSpan *span, GHashTable *words, WhyPlace *place)
{
    const Document *document = g_ptr_array_index(why->documents, span->document);
    const Page *page = g_ptr_array_index(document->pages, span->page);
    gsize first = why->prompt->first + span->first, end = first + span->count, best = first / ENGINE_TILE;

    for (gsize tile = best; tile * ENGINE_TILE < end; tile++)
        if (net[tile] > net[best])
            best = tile;
    gsize from = MAX(best * ENGINE_TILE, first) - first, to = MIN((best + 1) * ENGINE_TILE, end) - first;
    choose_passage(page, text_offset(why, span, from), text_offset(why, span, to), words, place);
}

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const WhyPlace *x = a, *y = b;

    return x->attention > y->attention ? -1 : x->attention < y->attention;
}

/* What the tokens between FROM and TO of the text looked at, by tile, background taken off; how many tokens they are. */
static gsize net_of(const Why *why, gsize from, gsize to, const GArray *marks, float *net)
{
    float above = why->heads->calibrated ? ABOVE : 0;     /* the average of many heads differs by less */
    gsize n = 0;

    memset(net, 0, why->tiles * sizeof *net);
    for (guint i = 0; i < why->at->len; i++) {
        gsize at = g_array_index(why->at, gsize, i);
        gboolean in_mark = FALSE;

        for (guint m = 0; marks != NULL && m < marks->len; m++) {
            const WhyMark *mark = &g_array_index(marks, WhyMark, m);
            in_mark = in_mark || (at >= mark->at && at < mark->end);
        }
        if (at < from || at >= to || in_mark)
            continue;
        for (gsize t = 0; t < why->tiles; t++)
            net[t] += g_array_index(why->mass, float, i * why->tiles + t);
        n++;
    }
    /* By tile: what is looked at less than before the question takes nothing from what is looked at on the same page. */
    for (gsize t = 0; t < why->tiles && n > 0; t++) {
        net[t] = net[t] / (float) n - why->background[t];
        net[t] = net[t] > above * why->background[t] ? net[t] : 0;
    }
    return n;
}

/* The pages that NET falls on, best first, with shares of the sum; array of WhyPlace whose begin is the span's index. */
static GArray *pages_of(const Why *why, const float *net)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(WhyPlace));
    double sum = 0;

    for (guint i = 0; i < why->pack->spans->len; i++) {
        const PackSpan *span = &g_array_index(why->pack->spans, PackSpan, i);
        gsize first = why->prompt->first + span->first;
        WhyPlace place = { .document = span->document, .page = span->page, .begin = i };

        place.attention = witness_between(net, why->prompt->ids->len, first, first + span->count);
        if (place.attention <= 0)
            continue;
        sum += place.attention;
        g_array_append_val(places, place);
    }
    for (guint i = 0; i < places->len; i++)
        g_array_index(places, WhyPlace, i).share = g_array_index(places, WhyPlace, i).attention / sum;
    g_array_sort(places, compare_places);
    return places;
}

static void judge(const Why *why, const GArray *marks, const GArray *places, WhySentence *sentence)
{
    const WhyPlace *best = places->len > 0 ? &g_array_index(places, WhyPlace, 0) : NULL;
    double cited = 0;

    sentence->stands_out = why->heads->calibrated && best != NULL && best->share >= WHY_LEAST &&
                           best->attention >= why->heads->threshold;
    for (guint p = 0; p < places->len; p++) {
        const WhyPlace *place = &g_array_index(places, WhyPlace, p);
        gboolean in_mark = FALSE;

        for (guint m = 0; m < marks->len; m++) {
            const WhyMark *mark = &g_array_index(marks, WhyMark, m);
            in_mark = in_mark || (mark->at >= sentence->begin && mark->at < sentence->end && mark->known &&
                                  mark->document == place->document && mark->first <= place->page && mark->last >= place->page);
        }
        cited += in_mark ? place->share : 0;
    }
    for (guint m = 0; m < marks->len; m++) {
        const WhyMark *mark = &g_array_index(marks, WhyMark, m);
        sentence->cited = sentence->cited || (mark->at >= sentence->begin && mark->at < sentence->end && mark->known);
    }
    sentence->disagrees = sentence->stands_out && sentence->cited && cited < WHY_AGREES;
}

static void add_sentence(Why *why, const char *text, gsize begin, gsize end, const GArray *marks, float *net)
{
    WhySentence sentence = { .begin = begin, .end = end };
    g_autoptr(GHashTable) words = sentence_words(text + begin, end - begin);

    if (g_hash_table_size(words) == 0 || net_of(why, begin, end, marks, net) == 0)
        return;
    g_autoptr(GArray) places = pages_of(why, net);
    judge(why, marks, places, &sentence);
    for (guint i = 0; i < places->len && sentence.n < WHY_PLACES; i++) {
        WhyPlace place = g_array_index(places, WhyPlace, i);
        const PackSpan *span = &g_array_index(why->pack->spans, PackSpan, place.begin);

        if (place.share < SHARE_LEAST)
            break;
        find_passage(why, net, span, words, &place);
        sentence.places[sentence.n++] = place;
    }
    g_array_append_val(why->sentences, sentence);
}

gsize why_sentence_end(const char *text, gsize begin, const GArray *marks)
{
    gsize line = begin + strcspn(text + begin, "\n"), end;

    line += text[line] == '\n';
    end = begin + sentence_length(text + begin, line - begin);
    for (guint m = 0; m < marks->len; m++) {
        const WhyMark *mark = &g_array_index(marks, WhyMark, m);

        if (mark->at < end || mark->at > end)
            continue;
        end = mark->end + strspn(text + mark->end, " \t.,;:!?");
    }
    return MIN(end, line);
}

void why_finish(Why *why, const char *text, const GArray *marks)
{
    g_autofree float *net = g_new(float, why->tiles);
    gsize length = strlen(text);

    for (gsize at = 0; at < length; ) {
        gsize end = why_sentence_end(text, at, marks);
        add_sentence(why, text, at, end, marks, net);
        at = end;
    }
}

double why_best(const Why *why, guint *document, guint *page)
{
    g_autofree float *net = g_new(float, why->tiles);
    g_autoptr(GArray) places = NULL;

    if (net_of(why, 0, G_MAXSIZE, NULL, net) == 0)
        return -1;
    places = pages_of(why, net);
    if (places->len == 0)
        return 0;
    *document = g_array_index(places, WhyPlace, 0).document;
    *page = g_array_index(places, WhyPlace, 0).page;
    return g_array_index(places, WhyPlace, 0).attention;
}
