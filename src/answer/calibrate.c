/* calibrate.c - which heads of a model look at what is being copied. */
#include "config.h"
#include "src/answer/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/document.h"
#include "src/answer/why.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

#define FACT "The special code for %s is %u."
#define QUESTION "What is the special code for %s?"

enum {
    PAGES = 12,             /* of the document, each with one fact */
    RANKED = 5,             /* facts that heads are ranked by; the others judge them */
    ABSENT = 7,             /* facts asked that are not there */
    SENTENCES = 7,          /* of a page, that are no fact */
};

static const char *const towns[PAGES + ABSENT] = {
    "Bergen", "Lisbon", "Quebec", "Nairobi", "Osaka", "Tallinn", "Valencia", "Zagreb", "Ankara", "Dublin", "Havana", "Kyoto",
    "Geneva", "Jakarta", "Montreal", "Riga", "Seoul", "Turin", "Warsaw",
};

typedef struct {
    const Engine *engine;
    const Tokenizer *tokenizer;
    GPtrArray *documents;
    Pack *pack;
    Session *session;
    ProgressFunc progress;
    gpointer data;
    Progress state;
    double *score;          /* [layer][head] */
} Calibration;

/* --- The document --- */

static guint draw(guint32 *state, guint n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % n;
}

static void append_filler(GString *text, guint32 *state)
{
    static const char *const subjects[] = { "The committee", "A visitor", "The old library", "Her neighbour", "The ferry",
                                            "A second report", "The garden", "Their teacher" };
    static const char *const verbs[] = { "described", "followed", "avoided", "remembered", "repaired", "painted", "counted",
                                         "crossed" };
    static const char *const objects[] = { "the narrow bridge", "a wooden box", "the early trains", "several letters",
                                           "the harbour wall", "an empty field", "the long corridor", "three lamps" };
    static const char *const times[] = { "before the winter", "on a quiet morning", "after the meeting", "without any haste",
                                         "in the second week", "during the storm", "for the first time", "at the usual hour" };

    g_string_append_printf(text, "%s %s %s %s. ", subjects[draw(state, G_N_ELEMENTS(subjects))],
                           verbs[draw(state, G_N_ELEMENTS(verbs))], objects[draw(state, G_N_ELEMENTS(objects))],
                           times[draw(state, G_N_ELEMENTS(times))]);
}

/* The code of a town; the same for the document and the answer. */
static guint code_of(guint town)
{
    return 1000 + (town * 2741 + 357) % 9000;
}

static GPtrArray *make_documents(void)
{
    GPtrArray *documents = document_list_new();
    Document *document = g_new0(Document, 1);
    guint32 state = 1;

    document->path = g_strdup("notes.txt");
    document->format = g_strdup("text");
    document->title = g_strdup("Notes");
    document->pages = page_list_new();
    for (guint i = 0; i < PAGES; i++) {
        Page *page = g_new0(Page, 1);
        GString *text = g_string_new(NULL);
        guint at = draw(&state, SENTENCES);

        for (guint s = 0; s < SENTENCES; s++) {
            if (s == at)
                g_string_append_printf(text, FACT " ", towns[i], code_of(i));
            append_filler(text, &state);
        }
        g_string_append_c(text, '\n');
        page->label = g_strdup_printf("%u", i + 1);
        page->length = text->len;
        page->text = g_string_free(text, FALSE);
        page->state = PAGE_TEXT;
        g_ptr_array_add(document->pages, page);
    }
    g_ptr_array_add(documents, document);
    return documents;
}

/* --- Asking --- */

static void report(Calibration *c, guint64 tokens)
{
    c->state.done = MIN(c->state.done + tokens, c->state.total);
    if (c->progress != NULL)
        c->progress(&c->state, c->data);
}

/* Appends IDS from FROM on, so that the last call has at most ENGINE_BATCH tokens. */
static gboolean append(Calibration *c, const GArray *ids, gsize from, GError **error)
{
    while (from < ids->len) {
        gsize left = ids->len - from, n = left > ENGINE_BATCH ? MIN(left - ENGINE_BATCH, ENGINE_BLOCK) : left;

        if (interrupt_check(error) ||
            !session_append(c->session, (const gint32 *) (void *) ids->data + from, n, NULL, NULL, error))
            return FALSE;
        from += n;
        report(c, n);
    }
    return TRUE;
}

/* A question before the model, and the tokens of its answer, not yet. */
typedef struct {
    Prompt *prompt;
    GArray *answer;
} Asked;

static void asked_clear(Asked *asked)
{
    prompt_free(asked->prompt);
    g_clear_pointer(&asked->answer, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

static gboolean ask(Calibration *c, guint town, const Heads *heads, Asked *asked, GError **error)
{
    g_autofree char *question = g_strdup_printf(QUESTION, towns[town]), *answer = g_strdup_printf(FACT, towns[town], code_of(town));

    asked->prompt = prompt_new(c->tokenizer, NULL, c->pack, question, error);
    if (asked->prompt == NULL)
        return FALSE;
    asked->answer = g_array_new(FALSE, FALSE, sizeof(gint32));
    prompt_encode((gpointer) (guintptr) c->tokenizer, answer, strlen(answer), asked->answer);
    if (asked->answer->len > ENGINE_BATCH)
        g_array_set_size(asked->answer, ENGINE_BATCH);
    session_witness(c->session, heads->list, heads->n);
    return append(c, asked->prompt->ids, session_truncate(c->session, asked->prompt->prefix), error);
}

/* --- Ranking --- */

/* Adds to SHARES, [head][page], what row ROW of the last call looked at, weighted. */
static void add_shares(const Calibration *c, const Heads *heads, const Prompt *prompt, gsize row, double weight, double *shares)
{
    gsize keys = session_length(c->session) - session_witness_tokens(c->session) + row + 1;

    for (gsize h = 0; h < heads->n; h++) {
        gsize n;
        const float *mass = session_witness_mass(c->session, row, h, &n);

        for (guint p = 0; mass != NULL && p < PAGES; p++) {
            const PackSpan *span = &g_array_index(c->pack->spans, PackSpan, p);
            gsize first = prompt->first + span->first;
            shares[h * PAGES + p] += weight * witness_between(mass, keys, first, first + span->count);
        }
    }
}

/* Adds to the score of each head what it gave to the page of TOWN above the others. */
static gboolean rank(Calibration *c, guint town, const Heads *all, GError **error)
{
    g_auto(Asked) asked = { 0 };
    g_autofree double *shares = g_new0(double, all->n * PAGES);
    gsize end, noted, from;

    if (!ask(c, town, all, &asked, error))
        return FALSE;
    end = asked.prompt->ids->len;
    noted = session_witness_tokens(c->session);
    from = MAX(asked.prompt->lead, end - noted);
    for (gsize i = from; i < asked.prompt->asked; i++)
        add_shares(c, all, asked.prompt, noted - (end - i), -1.0 / (double) (asked.prompt->asked - from), shares);
    add_shares(c, all, asked.prompt, noted - 1, 1.0 / asked.answer->len, shares);
    if (!append(c, asked.answer, 0, error))
        return FALSE;
    for (gsize i = 0; i + 1 < asked.answer->len; i++)
        add_shares(c, all, asked.prompt, i, 1.0 / asked.answer->len, shares);
    for (gsize h = 0; h < all->n; h++)
        for (guint p = 0; p < PAGES; p++)
            c->score[h] += p == town ? shares[h * PAGES + p] : -MAX(shares[h * PAGES + p], 0) / (PAGES - 1);
    return TRUE;
}

/* The best of ALL by score. */
static Heads *best_heads(const Calibration *c, const Heads *all)
{
    const double far = 0.3;         /* of the best: such a head blurs more than it helps */
    g_autofree gboolean *taken = g_new0(gboolean, all->n);
    Heads *heads = g_new0(Heads, 1);
    double first = 0;

    heads->list = g_new0(WitnessHead, HEADS_MOST);
    heads->calibrated = TRUE;
    while (heads->n < HEADS_MOST) {
        gsize best = G_MAXSIZE;

        for (gsize h = 0; h < all->n; h++)
            if (!taken[h] && c->score[h] > 0 && (best == G_MAXSIZE || c->score[h] > c->score[best]))
                best = h;
        if (best == G_MAXSIZE || c->score[best] < far * first)
            break;
        first = MAX(first, c->score[best]);
        taken[best] = TRUE;
        heads->list[heads->n++] = all->list[best];
    }
    return heads;
}

static Heads *all_heads(const Engine *engine)
{
    const ModelInfo *info = engine_info(engine);
    Heads *heads = g_new0(Heads, 1);

    heads->n = (gsize) info->layers * (gsize) info->heads;
    heads->list = g_new(WitnessHead, heads->n);
    for (gsize i = 0; i < heads->n; i++)
        heads->list[i] = (WitnessHead) { (int) (i / (gsize) info->heads), (int) (i % (gsize) info->heads) };
    return heads;
}

/* --- Judging --- */

/* What the best page of TOWN's answer gets, and which it is. */
static gboolean judge(Calibration *c, guint town, const Heads *heads, double *attention, guint *page, GError **error)
{
    g_auto(Asked) asked = { 0 };
    guint document = 0;

    if (!ask(c, town, heads, &asked, error))
        return FALSE;
    g_autoptr(Why) why = why_new(heads, c->tokenizer, asked.prompt, c->pack, c->documents);
    why_token(why, c->session, session_witness_tokens(c->session) - 1, 0);
    if (!append(c, asked.answer, 0, error))
        return FALSE;
    for (gsize i = 0; i + 1 < asked.answer->len; i++)
        why_token(why, c->session, i, 0);
    *page = G_MAXUINT;
    *attention = why_best(why, &document, page);
    return TRUE;
}

static gint compare_doubles(gconstpointer a, gconstpointer b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

/* Counts the pages named right and sets the limit between what is there and what is not; one outlier on each side is
 * not counted. */
static gboolean judge_all(Calibration *c, Heads *heads, GError **error)
{
    double there[PAGES - RANKED], absent[ABSENT], least, most;

    for (guint town = RANKED; town < PAGES + ABSENT; town++) {
        double attention;
        guint page;

        if (!judge(c, town, heads, &attention, &page, error))
            return FALSE;
        if (town >= PAGES) {
            absent[town - PAGES] = attention;
            continue;
        }
        there[town - RANKED] = page == town ? attention : 0;
        heads->asked++;
        heads->right += page == town;
    }
    qsort(there, G_N_ELEMENTS(there), sizeof there[0], compare_doubles);
    qsort(absent, G_N_ELEMENTS(absent), sizeof absent[0], compare_doubles);
    least = there[1];
    most = MAX(absent[ABSENT - 2], least / 16);
    heads->threshold = most < least ? sqrt(most * least) : 0;
    return TRUE;
}

/* --- All of it --- */

static gboolean begin(Calibration *c, KvType kv, GError **error)
{
    g_autoptr(Prompt) prompt = NULL;

    c->documents = make_documents();
    c->pack = pack_new();
    pack_add(c->pack, g_ptr_array_index(c->documents, 0), prompt_encode, (gpointer) (guintptr) c->tokenizer);
    prompt = prompt_new(c->tokenizer, NULL, c->pack, NULL, error);
    if (prompt == NULL)
        return FALSE;
    c->session = session_new(c->engine, kv, prompt->ids->len + 4 * ENGINE_BATCH, error);
    c->state = (Progress) { "calibration", "tokens", 0, 0, prompt->ids->len + (PAGES + ABSENT) * (ENGINE_BATCH + 12) };
    return c->session != NULL && append(c, prompt->ids, 0, error);
}

static Heads *calibrate(Calibration *c, KvType kv, GError **error)
{
    g_autoptr(Heads) all = all_heads(c->engine), heads = NULL;

    c->score = g_new0(double, all->n);
    if (!begin(c, kv, error))
        return NULL;
    for (guint town = 0; town < RANKED; town++)
        if (!rank(c, town, all, error))
            return NULL;
    heads = best_heads(c, all);
    if (heads->n > 0 && !judge_all(c, heads, error))
        return NULL;
    if (heads->right >= CALIBRATE_LEAST * (PAGES - RANKED))
        return g_steal_pointer(&heads);
    g_set_error(error, FAILURE, FAILURE_MODEL, "%s: no attention heads of this model look at what is being copied (the best "
                "ones named %u of %d pages)", engine_info(c->engine)->path, heads->right, PAGES - RANKED);
    return NULL;
}

Heads *calibrate_heads(const Engine *engine, KvType kv, ProgressFunc progress, gpointer data, GError **error)
{
    Calibration c = { .engine = engine, .tokenizer = engine_tokenizer(engine), .progress = progress, .data = data };
    Heads *heads = calibrate(&c, kv, error);

    session_free(c.session);
    pack_free(c.pack);
    g_clear_pointer(&c.documents, g_ptr_array_unref);
    g_free(c.score);
    return heads;
}
