/* speed.c - kvasir's side of compare.py: "bench-speed MODEL THREADS DEPTH ROOM".
 *
 * Reads lines "WHAT N"; answers each with the wall and the CPU seconds of N more tokens behind DEPTH tokens, which it forgets
 * again:
 *     prefill   at once
 *     decode    one by one, with logits
 *     quote     as an answer that quotes the documents word for word, with drafts (src/answer/draft.h)
 *     novel     as an answer of which nothing can be drafted but wrongly: three ids of the documents, then another
 *     singly    what novel does, without drafts
 * The DEPTH tokens have not been computed: their KV is one block, repeated (src/cli/deep.h).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "src/answer/draft.h"
#include "src/cli/deep.h"

enum { DOCUMENT = 4096, BATCH = DRAFT_MAX + 1, IDS = 256 };

static void fail(const char *message)
{
    fprintf(stderr, "bench-speed: %s\n", message);
    exit(1);
}

static double cpu_seconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double) (use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double) (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static gint32 random_id(guint32 *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (gint32) (*state >> 8) % IDS;
}

/* The answer is known beforehand, so whatever the weights are: what the logits say is not looked at. */
static void answer(Session *session, float *rows, Draft *draft, const gint32 *ids, gsize n, GError **error)
{
    for (gsize at = 0; at < n;) {
        gint32 batch[BATCH] = { ids[at] };
        gsize right = 1, count = 1, before = session_length(session);
        gint64 begun = g_get_monotonic_time();

        if (draft != NULL) {
            draft_push(draft, ids[at]);
            count += draft_propose(draft, n - at - 1, batch + 1);
        }
        if (!session_append_logits(session, batch, count, rows, error))
            return;
        if (draft != NULL)
            draft_cost(draft, count, (double) MAX(g_get_monotonic_time() - begun, 1) / 1e6);
        while (right < count && batch[right] == ids[at + right])
            draft_push(draft, ids[at + right++]);
        at += right;
        if (right < count)
            session_truncate(session, before + right);
    }
}

static gboolean measure(Session *session, const Engine *engine, const char *what, gsize n, GError **error)
{
    gboolean quote = strcmp(what, "quote") == 0, novel = strcmp(what, "novel") == 0;
    g_autofree gint32 *document = g_new(gint32, DOCUMENT), *ids = g_new(gint32, n);
    g_autofree float *rows = g_new(float, (gsize) BATCH * (gsize) engine_info(engine)->vocabulary);
    g_autoptr(Draft) draft = NULL;
    gsize before = session_length(session);
    guint32 state = 1;

    if (strcmp(what, "prefill") == 0)
        return deep_seconds(session, n, TRUE, error) >= 0;
    if (strcmp(what, "decode") == 0)
        return deep_seconds(session, n, FALSE, error) >= 0;
    for (gsize i = 0; i < DOCUMENT; i++)
        document[i] = random_id(&state);
    for (gsize i = 0; i < n; i++)
        ids[i] = quote ? document[(DOCUMENT / 2 + i) % DOCUMENT] : i % 4 < 3 ? document[i / 4 * 11 % (DOCUMENT - 4) + i % 4]
                                                                           : random_id(&state);
    if (quote || novel)
        draft = draft_new(document, DOCUMENT);
    answer(session, rows, draft, ids, n, error);
    session_truncate(session, before);
    return *error == NULL;
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    char what[16];
    unsigned long n;

    if (argc != 5)
        fail("wants MODEL THREADS DEPTH ROOM");
    const EngineOptions options = { .threads = atoi(argv[2]), .prepared = g_getenv("KVASIR_PREPARED") };
    g_autoptr(Engine) engine = engine_open(argv[1], &options, &error);
    if (engine == NULL)
        fail(error->message);
    g_autoptr(Session) session = deep_session(engine, KV_INT8, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10), &error);
    if (session == NULL)
        fail(error->message);
    printf("ready\n");
    fflush(stdout);
    while (scanf("%15s %lu", what, &n) == 2) {
        gint64 begun = g_get_monotonic_time();
        double cpu = cpu_seconds();

        if (!measure(session, engine, what, n, &error))
            fail(error->message);
        printf("%.6f %.6f\n", (double) (g_get_monotonic_time() - begun) / 1e6, cpu_seconds() - cpu);
        fflush(stdout);
    }
    return 0;
}
