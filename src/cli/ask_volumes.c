/* ask_volumes.c - a question about a corpus that is larger than a prompt. */
#include "config.h"
#include "src/cli/ask_volumes.h"

#include <stdio.h>
#include <string.h>

#include "cache/search_query.h"
#include "src/answer/find.h"
#include "src/answer/findings.h"
#include "src/answer/json.h"
#include "src/answer/volume.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/asking.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"
#include "src/model/chat.h"

#define HITS 256                /* pages that are looked at to rank volumes */
#define BEST 5                  /* of them, those of a volume that count for it */
#define PROPOSED_TOKENS 48

/* What the model is asked before anything is read. */
static const char propose_form[] =
    "Which words would stand in a text that answers this question? Write at most ten single words or names, "
    "separated by commas, and nothing else.\n\nQuestion: %s";

void ask_volumes_clear(AskVolumes *ask)
{
    g_clear_pointer(&ask->volumes, g_array_unref);
    g_clear_pointer(&ask->asked, g_array_unref);
    g_clear_pointer(&ask->proposed, g_free);
    g_clear_pointer(&ask->answer, answer_free);
    g_clear_pointer(&ask->selection, g_array_unref);
    g_clear_pointer(&ask->view, g_ptr_array_unref);
    g_clear_pointer(&ask->prompt, prompt_free);
}

/* ---------------------------------------------------------------- which volumes */

static void collect_text(const char *text, gsize length, gpointer data)
{
    g_string_append_len(data, text, (gssize) length);
}

/* Words that the model would look for, in one line.  Trouble here costs only the words. */
static char *propose_words(AskVolumes *ask)
{
    const Tokenizer *tokenizer = engine_tokenizer(ask->engine);
    g_autofree char *text = g_strdup_printf(propose_form, ask->question);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autoptr(GString) words = g_string_new(NULL);
    const ReplyOptions options = { .sample = { .top_p = 1 }, .max_tokens = PROPOSED_TOKENS, .text = collect_text, .data = words };
    const gint64 begun = g_get_monotonic_time();
    PrefixReport prefix = { 0 };
    Reply reply;

    chat_begin(tokenizer, ids);
    chat_message(tokenizer, CHAT_USER, NULL, text, strlen(text), ids);
    chat_generate(tokenizer, ids);
    g_autoptr(Session) session = session_new(ask->engine, settings_get()->kv, ids->len + PROPOSED_TOKENS, NULL);
    if (session == NULL || !session_append(session, (const gint32 *) (void *) ids->data, ids->len, NULL, NULL, NULL))
        return NULL;
    prefix.tokens = ids->len;
    prefix.compute_seconds = (double) (g_get_monotonic_time() - begun) / 1e6;
    if (!reply_generate(session, ask->engine, &options, &reply, NULL))
        return NULL;
    answer_cost_add(&ask->proposing, &prefix, &reply);
    g_strdelimit(words->str, "\r\n\t", ' ');
    return g_strdup(g_strstrip(words->str));
}

/* The pages that hold words of the question or of WORDS, as hits whose hash is that of a document of ROWS. */
static GArray *find_pages(const AskVolumes *ask, const char *words, GPtrArray **rows, GError **error)
{
    const Settings *settings = settings_get();
    g_autoptr(Catalogue) catalogue = catalogue_open(settings->catalogue_path, TRUE, error);
    g_autoptr(SearchIndex) index = catalogue != NULL ? search_open(settings->search_path, error) : NULL;
    g_autoptr(GPtrArray) hashes = g_ptr_array_new();
    g_autofree char *text = g_strjoin(" ", ask->question, words, NULL), *expression = search_question(text);

    *rows = index != NULL ? catalogue_documents(catalogue, asking.corpus, FALSE, error) : NULL;
    if (*rows == NULL || !find_add(index, catalogue, asking.corpus, *rows, meter_update, ask->meter, error))
        return NULL;
    meter_clear(ask->meter);
    for (guint i = 0; i < (*rows)->len; i++)
        g_ptr_array_add(hashes, ((CatalogueDocument *) g_ptr_array_index(*rows, i))->hash);
    return expression != NULL ? search_find(index, expression, hashes, HITS, error) : g_array_new(FALSE, FALSE, sizeof(SearchHit));
}

/* The scores of the volumes: each that of its best pages together. */
static double *score_volumes(const AskVolumes *ask, GError **error)
{
    g_autoptr(GPtrArray) rows = NULL;
    g_autoptr(GArray) hits = find_pages(ask, ask->proposed, &rows, error);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree guint *counted = g_new0(guint, ask->volumes->len);
    double *scores;

    if (hits == NULL)
        return NULL;
    scores = g_new0(double, ask->volumes->len);
    for (guint i = rows->len; i-- > 0; )
        g_hash_table_insert(places, ((CatalogueDocument *) g_ptr_array_index(rows, i))->hash, GUINT_TO_POINTER(i));
    for (guint i = 0; i < hits->len; i++) {
        const SearchHit *hit = &g_array_index(hits, SearchHit, i);
        guint volume = volume_find(ask->volumes, GPOINTER_TO_UINT(g_hash_table_lookup(places, hit->hash)), hit->page);

        if (counted[volume]++ < BEST)
            scores[volume] += hit->score;
    }
    return scores;
}

/* Fills ASKED with the best volumes. */
static gboolean choose(AskVolumes *ask, GError **error)
{
    g_autofree double *scores = NULL;

    ask->asked = g_array_new(FALSE, FALSE, sizeof(guint));
    if (ask->most < ask->volumes->len) {
        ask->proposed = propose_words(ask);
        if (interrupt_check(error) || (scores = score_volumes(ask, error)) == NULL)
            return FALSE;
    }
    for (guint n = 0; n < MIN(ask->most, ask->volumes->len); n++) {
        guint best = G_MAXUINT;

        for (guint i = 0; i < ask->volumes->len; i++)
            if (scores == NULL ? i == n : scores[i] > 0 && (best == G_MAXUINT || scores[i] > scores[best]))
                best = i;
        if (best == G_MAXUINT)
            break;
        if (scores != NULL)
            scores[best] = 0;
        g_array_append_val(ask->asked, best);
    }
    if (ask->asked->len == 0)
        g_set_error(error, FAILURE, FAILURE_USAGE, "no word of the question stands in the corpus %s; --all-volumes reads all "
                    "of its %u volumes", asking.corpus, ask->volumes->len);
    return ask->asked->len > 0;
}

/* ---------------------------------------------------------------- asking */

/* One prompt about some pages, and its answer. */
typedef struct {
    GArray *selection;
    GPtrArray *view;
    Prompt *prompt;
    Answer *answer;
} Finding;

static void free_finding(gpointer data)
{
    Finding *finding = data;

    answer_free(finding->answer);
    prompt_free(finding->prompt);
    g_clear_pointer(&finding->view, g_ptr_array_unref);
    g_clear_pointer(&finding->selection, g_array_unref);
    g_free(finding);
}

static gboolean fill_and_answer(const AskVolumes *ask, Finding *finding, const Pack *pack, const char *title, GError **error)
{
    const ReplyOptions options = asking_reply_options();
    const GArray *ids = finding->prompt->ids;
    KvType kv = settings_get()->kv;
    Answer *answer = finding->answer;
    g_autoptr(Session) session = session_new(ask->engine, kv, ids->len + options.max_tokens, error);
    gboolean ok;

    if (session == NULL)
        return FALSE;
    if (ask->heads != NULL)
        answer_watch(answer, session, ask->engine, ask->heads, finding->prompt, pack);
    if (title != NULL)
        work_tell_outlook(ask->engine, kv, ask->store, (const gint32 *) (void *) ids->data, ids->len, finding->prompt->prefix);
    ok = prefix_fill(session, ask->engine, kv, title != NULL ? ask->store : NULL, (const gint32 *) (void *) ids->data, ids->len,
                     finding->prompt->prefix, meter_update, ask->meter, &answer->prefix, error);
    meter_clear(ask->meter);
    if (title != NULL && answer->prefix.stored > 0 && asking.system == NULL)
        prefix_note_corpus(ask->engine, kv, ask->store, (const gint32 *) (void *) ids->data, finding->prompt->prefix, title);
    if (!ok)
        return FALSE;
    work_tell_prefix(ask->command, &answer->prefix);
    if (!answer_generate(answer, session, ask->engine, &options, error))
        return FALSE;
    answer_finish(answer);
    return TRUE;
}

/* Asks about SELECTION, which it takes.  TITLE: what its prefix is noted as in the cache, or NULL: it is not worth keeping. */
static Finding *ask_selection(const AskVolumes *ask, GArray *selection, const char *title, AnswerShowFunc show, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(ask->engine);
    Finding *finding = g_new0(Finding, 1);

    finding->selection = selection;
    finding->view = selection_view(ask->gathered->documents, selection);
    g_autoptr(Pack) pack = selection_pack(finding->view, prompt_encode, (gpointer) (guintptr) tokenizer);
    finding->prompt = asking_prompt(ask->engine, pack, ask->question, error);
    finding->answer = asking_answer(ask->engine, finding->view, pack, show);
    if (finding->prompt != NULL &&
        work_check_context(ask->engine, finding->prompt->ids->len, asking_room(ask->engine), 0, 1, error) &&
        fill_and_answer(ask, finding, pack, title, error))
        return finding;
    free_finding(finding);
    return NULL;
}

static void tell_volume(const AskVolumes *ask, guint index)
{
    g_autofree char *text = volume_to_text(&g_array_index(ask->volumes, Volume, index), ask->gathered->documents);

    if (!settings_get()->quiet)
        output_note("kvasir: volume %u of %u: %s\n", index + 1, ask->volumes->len, text);
}

/* The answers of the volumes, best first. */
static GPtrArray *ask_each(const AskVolumes *ask, GError **error)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(free_finding);

    for (guint i = 0; i < ask->asked->len; i++) {
        guint index = g_array_index(ask->asked, guint, i);
        GArray *selection = volume_selection(&g_array_index(ask->volumes, Volume, index), ask->gathered->documents);
        g_autofree char *title = volume_title(asking.corpus, index);
        Finding *finding;

        tell_volume(ask, index);
        /* With one volume its answer is the answer. */
        finding = ask_selection(ask, selection, title, ask->asked->len == 1 ? ask->show : NULL, error);
        if (finding == NULL)
            return NULL;
        g_ptr_array_add(findings, finding);
    }
    return g_steal_pointer(&findings);
}

/* The answer from what ANSWERS cite, as far as it fits. */
static Finding *merge(const AskVolumes *ask, const GPtrArray *answers, gsize limit, GError **error)
{
    guint used;
    GArray *selection = findings_selection(answers, ask->gathered->documents, limit, prompt_encode,
                                           (gpointer) (guintptr) engine_tokenizer(ask->engine), &used);

    if (!settings_get()->quiet && used == answers->len)
        output_note("kvasir: findings of %u volumes together\n", used);
    else if (!settings_get()->quiet)
        output_note("kvasir: findings of the best %u of %u volumes together; those of the others do not fit into a prompt\n",
                    used, answers->len);
    return ask_selection(ask, selection, NULL, ask->show, error);
}

static void take(AskVolumes *ask, Finding *finding)
{
    ask->selection = g_steal_pointer(&finding->selection);
    ask->view = g_steal_pointer(&finding->view);
    ask->prompt = g_steal_pointer(&finding->prompt);
    ask->answer = g_steal_pointer(&finding->answer);
    ask->answer->volumes = ask->volumes;
}

/* What was spent on FINDINGS, without the answer itself, and on words goes to the answer. */
static void count_others(AskVolumes *ask, const GPtrArray *findings)
{
    AnswerCost *cost = &ask->answer->before;

    *cost = ask->proposing;
    for (guint i = 0; i < findings->len; i++) {
        const Answer *other = ((const Finding *) g_ptr_array_index(findings, i))->answer;

        if (other != NULL)
            answer_cost_add(cost, &other->prefix, &other->reply);
    }
}

gboolean ask_volumes(AskVolumes *ask, const Pack *pack, gsize limit, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(ask->engine);
    g_autoptr(GPtrArray) findings = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new(), found = g_ptr_array_new();

    ask->volumes = volume_plan(ask->gathered->documents, pack, limit, prompt_encode, (gpointer) (guintptr) tokenizer, error);
    if (ask->volumes == NULL || !choose(ask, error) || (findings = ask_each(ask, error)) == NULL)
        return FALSE;
    for (guint i = 0; i < findings->len; i++) {
        Answer *answer = ((Finding *) g_ptr_array_index(findings, i))->answer;

        g_ptr_array_add(all, answer);
        if (findings_has(answer))
            g_ptr_array_add(found, answer);
    }
    if (found->len > 1) {
        Finding *merged = merge(ask, found, limit, error);
        if (merged == NULL)
            return FALSE;
        take(ask, merged);
        free_finding(merged);
        count_others(ask, findings);
        return TRUE;
    }
    take(ask, g_ptr_array_index(findings, findings_best(all)));
    count_others(ask, findings);
    if (ask->show != NULL && ask->asked->len > 1)
        answer_show(ask->answer, ask->show, NULL);
    return TRUE;
}

/* ---------------------------------------------------------------- what was read */

void ask_volumes_present(const AskVolumes *ask)
{
    fputs("\nRead:", stdout);
    for (guint i = 0; i < ask->asked->len; i++) {
        guint index = g_array_index(ask->asked, guint, i);
        g_autofree char *text = volume_to_text(&g_array_index(ask->volumes, Volume, index), ask->gathered->documents);

        output_print("%s volume %u (%s)", i > 0 ? "," : "", index + 1, text);
    }
    output_print(" of %u\n", ask->volumes->len);
}

void ask_volumes_json(JsonBuilder *builder, const AskVolumes *ask)
{
    json_builder_set_member_name(builder, "volumes");
    json_builder_begin_object(builder);
    json_add_int(builder, "total", ask->volumes->len);
    json_builder_set_member_name(builder, "read");
    json_builder_begin_array(builder);
    for (guint i = 0; i < ask->asked->len; i++) {
        guint index = g_array_index(ask->asked, guint, i);
        const Volume *volume = &g_array_index(ask->volumes, Volume, index);

        json_builder_begin_object(builder);
        json_add_int(builder, "volume", (gint64) index + 1);
        json_add_int(builder, "first_document_index", volume->first);
        json_add_int(builder, "last_document_index", volume->last);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_add_text(builder, "proposed_words", ask->proposed);
    json_builder_end_object(builder);
}
