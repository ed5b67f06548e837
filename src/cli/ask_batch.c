/* ask_batch.c - many questions about the same documents, several of them decoded at once. */
#include "config.h"
#include "src/cli/ask_batch.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/answer/prompt.h"
#include "src/answer/selection.h"
#include "src/answer/together.h"
#include "src/base/failure.h"
#include "src/cli/ask_volumes.h"
#include "src/cli/asking.h"
#include "src/cli/output.h"
#include "src/cli/present.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

/* A question whose line waits for those before it. */
typedef struct {
    Prompt *prompt;
    Answer *answer;
    Record *record;                 /* or NULL */
    gint64 begun;
    char *line;                     /* NULL: not final */
} Work;

typedef struct {
    AskBatch *batch;
    Session *base;
    Work *works;                    /* one for each question */
    guint next, written;            /* questions taken up; questions whose lines are out */
} Run;

static const BatchQuestion *question_at(const AskBatch *batch, guint i)
{
    return g_ptr_array_index(batch->questions, i);
}

static void clear_work(Work *work)
{
    answer_free(work->answer);
    prompt_free(work->prompt);
    record_free(work->record);
    g_free(work->line);
    *work = (Work) { 0 };
}

/* ---------------------------------------------------------------- lines */

static void show_progress(const AskBatch *batch, guint done)
{
    const Progress progress = {
        .phase = "answering", .unit = "questions", .start = batch->before, .done = done, .total = batch->questions->len
    };

    meter_update(&progress, batch->meter);
}

/* The line of an answer, to which VOLUMES (or NULL) belong. */
static char *answer_line(const AskBatch *batch, const BatchQuestion *question, const Answer *answer, const AskVolumes *volumes)
{
    JsonBuilder *builder = batch_begin(question);

    json_add_text(builder, "manifest_hash", batch->manifest);
    present_json(builder, answer, engine_info(batch->engine)->name, batch->gathered->unread);
    if (volumes != NULL)
        ask_volumes_json(builder, volumes);
    return batch_end(builder);
}

static void remark(const AskBatch *batch, const BatchQuestion *question, const char *reason)
{
    meter_clear(batch->meter);
    output_note("kvasir %s: question %u: %s\n", batch->command->name, question->line, reason);
}

/* Writes a final line; then the history gets the answer, while the others go on. */
static gboolean write_line(AskBatch *batch, const Work *work, GError **error)
{
    if (!batch_output_write(batch->output, work->line, error))
        return FALSE;
    if (work->answer == NULL) {
        batch->failed++;
        return TRUE;
    }
    batch->answered++;
    batch->unsupported += !outcome_found(work->answer->outcome);
    if (work->record != NULL)
        keeper_add(batch->keeper, work->record, work->answer);
    return TRUE;
}

/* Writes all lines that are final and whose turn it is. */
static gboolean write_lines(Run *run, GError **error)
{
    AskBatch *batch = run->batch;

    for (; run->written < run->next; run->written++) {
        Work *work = &run->works[run->written];

        if (question_at(batch, run->written)->answered)
            continue;
        if (work->line == NULL)
            break;
        if (!write_line(batch, work, error))
            return FALSE;
        clear_work(work);
    }
    show_progress(batch, run->written);
    return TRUE;
}

/* ---------------------------------------------------------------- one prefix */

/* Makes the prompt of a question; FALSE with the reason when it cannot be asked. */
static gboolean prepare(AskBatch *batch, const BatchQuestion *question, Work *work, GError **error)
{
    if (question->trouble != NULL) {
        g_set_error_literal(error, FAILURE, FAILURE_USAGE, question->trouble);
        return FALSE;
    }
    work->prompt = asking_prompt(batch->engine, batch->pack, question->question, error);
    if (work->prompt == NULL ||
        !asking_check_room(batch->engine, work->prompt, batch->pack, batch->gathered->documents, error))
        return FALSE;
    work->begun = g_get_monotonic_time();
    work->answer = asking_answer(batch->engine, batch->gathered->documents, batch->pack, NULL);
    if (asking_keeps_history())
        work->record = asking_record(batch->engine, batch->gathered, work->prompt, question->question);
    return TRUE;
}

/* A TogetherNextFunc. */
static gboolean next_item(TogetherItem *item, gpointer data)
{
    Run *run = data;
    AskBatch *batch = run->batch;

    while (run->next < batch->questions->len) {
        const BatchQuestion *question = question_at(batch, run->next);
        Work *work = &run->works[run->next];
        g_autoptr(GError) local = NULL;

        run->next++;
        if (question->answered)
            continue;
        if (!prepare(batch, question, work, &local)) {
            remark(batch, question, local->message);
            work->line = batch_trouble(question, local->message);
            continue;
        }
        work->answer->prefix.tokens = work->prompt->ids->len;
        work->answer->prefix.cached = session_length(run->base);
        *item = (TogetherItem) { .ids = work->prompt->ids, .answer = work->answer, .tag = GUINT_TO_POINTER(run->next - 1) };
        return TRUE;
    }
    return FALSE;
}

/* A TogetherSeatFunc. */
static void seat_item(const TogetherItem *item, Session *session, gpointer data)
{
    const Run *run = data;
    const AskBatch *batch = run->batch;

    if (batch->heads != NULL)
        answer_watch(item->answer, session, batch->engine, batch->heads, run->works[GPOINTER_TO_UINT(item->tag)].prompt, batch->pack);
}

/* A TogetherDoneFunc. */
static gboolean done_item(const TogetherItem *item, gpointer data, GError **error)
{
    Run *run = data;
    guint at = GPOINTER_TO_UINT(item->tag);
    Work *work = &run->works[at];

    answer_finish(work->answer);
    work->answer->seconds = (double) (g_get_monotonic_time() - work->begun) / 1e6;
    work->line = answer_line(run->batch, question_at(run->batch, at), work->answer, NULL);
    return write_lines(run, error);
}

/* The session that all prompts go on from.  Where a batch changes the bytes it ends with a block, as prefix_fill() does. */
static Session *fill_base(AskBatch *batch, GError **error)
{
    g_autoptr(Prompt) prompt = asking_prompt(batch->engine, batch->pack, NULL, error);
    g_auto(PrefixReport) report = { 0 };
    KvType kv = settings_get()->kv;
    const gint32 *ids = prompt != NULL ? (const gint32 *) (void *) prompt->ids->data : NULL;
    gsize n = prompt != NULL ? prompt->ids->len : 0, at;

    if (prompt == NULL || !asking_check_room(batch->engine, prompt, batch->pack, batch->gathered->documents, error))
        return NULL;
    g_autoptr(Session) base = session_new(batch->engine, kv, n, error);
    if (base == NULL)
        return NULL;
    work_tell_outlook(batch->engine, kv, batch->store, ids, n, n);
    if (!prefix_fill(base, batch->engine, kv, batch->store, ids, n, n, meter_update, batch->meter, &report, error))
        return NULL;
    meter_clear(batch->meter);
    at = session_length(base);
    if (engine_batch_invariant(batch->engine) && !session_append(base, ids + at, n - at, NULL, NULL, error))
        return NULL;
    if (report.stored > 0 && asking.system == NULL && asking.corpus != NULL &&
        batch->gathered->in_corpus == batch->gathered->documents->len)
        prefix_note_corpus(batch->engine, kv, batch->store, ids, n, asking.corpus);
    work_tell_prefix(batch->command, &report);
    return g_steal_pointer(&base);
}

static gboolean ask_together(AskBatch *batch, GError **error)
{
    const ReplyOptions options = asking_reply_options();
    g_autoptr(Session) base = fill_base(batch, error);
    Run run = { .batch = batch, .base = base };
    gboolean ok;

    if (base == NULL)
        return FALSE;
    run.works = g_new0(Work, batch->questions->len);
    ok = together_run(base, batch->engine, &options, batch->group, next_item, seat_item, done_item, &run, error) &&
         write_lines(&run, error);
    for (guint i = 0; i < batch->questions->len; i++)
        clear_work(&run.works[i]);
    g_free(run.works);
    return ok;
}

/* ---------------------------------------------------------------- volumes */

/* One question; ERROR is about it alone if work_can_go_on() or FAILURE_USAGE. */
static gboolean ask_question(AskBatch *batch, const BatchQuestion *question, Work *work, GError **error)
{
    AskVolumes volumes = {
        .command = batch->command, .engine = batch->engine, .store = batch->store, .gathered = batch->gathered,
        .question = question->question, .heads = batch->heads, .meter = batch->meter, .most = batch->most,
    };
    gboolean ok;

    if (question->trouble != NULL) {
        g_set_error_literal(error, FAILURE, FAILURE_USAGE, question->trouble);
        return FALSE;
    }
    work->begun = g_get_monotonic_time();
    ok = ask_volumes(&volumes, batch->pack, batch->limit, error);
    if (ok) {
        volumes.answer->seconds = (double) (g_get_monotonic_time() - work->begun) / 1e6;
        work->line = answer_line(batch, question, volumes.answer, &volumes);
        work->answer = volumes.answer;
        if (asking_keeps_history()) {
            work->record = asking_record(batch->engine, batch->gathered, volumes.prompt, question->question);
            work->record->shown_pages = selection_to_text(volumes.selection);
        }
        ok = write_line(batch, work, error);
        work->answer = NULL;
    }
    ask_volumes_clear(&volumes);
    return ok;
}

/* Each question has volumes of its own, so there is no prefix that all of them share. */
static gboolean ask_singly(AskBatch *batch, GError **error)
{
    gboolean ok = TRUE;

    for (guint i = 0; ok && i < batch->questions->len; i++) {
        const BatchQuestion *question = question_at(batch, i);
        GError *local = NULL;
        Work work = { 0 };

        if (!question->answered && !ask_question(batch, question, &work, &local)) {
            ok = g_error_matches(local, FAILURE, FAILURE_USAGE);
            if (ok) {
                remark(batch, question, local->message);
                work.line = batch_trouble(question, local->message);
                g_clear_error(&local);
                ok = write_line(batch, &work, error);
            } else {
                g_propagate_error(error, local);
            }
        }
        clear_work(&work);
        show_progress(batch, i + 1);
    }
    return ok;
}

/* ---------------------------------------------------------------- all of it */

gboolean ask_batch(AskBatch *batch, GError **error)
{
    gboolean ok;

    batch->keeper = asking_keeps_history() ? keeper_new(batch->command) : NULL;
    ok = batch->in_volumes ? ask_singly(batch, error) : ask_together(batch, error);
    meter_clear(batch->meter);
    keeper_free(batch->keeper);
    batch->keeper = NULL;
    return ok;
}

void ask_batch_tell(const AskBatch *batch, double seconds)
{
    g_autoptr(GString) line = g_string_new(NULL);

    meter_count(line, batch->answered + batch->before);
    g_string_append(line, " of ");
    meter_count(line, batch->questions->len);
    g_string_append(line, " questions are answered");
    if (batch->before > 0) {
        g_string_append(line, ", ");
        meter_count(line, batch->before);
        g_string_append(line, " of them before");
    }
    if (batch->failed > 0)
        g_string_append_printf(line, "; %u could not be asked", batch->failed);
    g_string_append(line, "; ");
    meter_time(line, seconds);
    output_note("kvasir: %s\n", line->str);
}
