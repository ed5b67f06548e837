/* cmd_logits.c - "kvasir logits": token ids in, logits or greedy continuation out. */
#include "config.h"

#include <stdio.h>

#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/input.h"
#include "src/cli/settings.h"
#include "src/model/sample.h"

static gboolean raw;
static int greedy;

static const GOptionEntry entries[] = {
    { "raw", 0, 0, G_OPTION_ARG_NONE, &raw, "Write little-endian float32 in vocabulary order instead of text", NULL },
    { "greedy", 0, 0, G_OPTION_ARG_INT, &greedy,
      "Write the N likeliest next ids instead: always N of them, on past stop tokens", "N" },
    { NULL },
};

static GArray *read_ids(const char *path, GError **error)
{
    g_autoptr(GString) text = input_read(path, error);
    g_autoptr(GArray) ids = text != NULL ? input_parse_ids(path, text, error) : NULL;

    if (ids != NULL && ids->len == 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there are no token ids in it", path != NULL ? path : "standard input");
        return NULL;
    }
    return g_steal_pointer(&ids);
}

static void write_logits(const float *logits, gsize n)
{
    if (raw) {
        fwrite(logits, sizeof *logits, n, stdout);
        return;
    }
    for (gsize i = 0; i < n; i++)
        printf("%.9g\n", (double) logits[i]);
}

/* Ids at or above this are padding of the output matrix. */
static gint32 id_limit(const Engine *engine)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);
    gint32 vocabulary = engine_info(engine)->vocabulary;

    if (tokenizer == NULL || tokenizer_size(tokenizer) > (gsize) vocabulary)
        return vocabulary;
    return (gint32) tokenizer_size(tokenizer);
}

static gboolean write_greedy(Session *session, gint32 limit, GError **error)
{
    const SampleOptions options = { .temperature = 0, .top_p = 1 };
    g_autoptr(Sampler) sampler = sampler_new(&options, limit);

    for (int i = 0; i < greedy; i++) {
        gint32 id = sampler_next(sampler, session_logits(session));

        printf(i > 0 ? " %d" : "%d", id);
        if (i + 1 < greedy && !session_append(session, &id, 1, NULL, NULL, error))
            return FALSE;
    }
    putchar('\n');
    return TRUE;
}

static gboolean logits(const char *path, GError **error)
{
    g_autoptr(GArray) ids = read_ids(path, error);
    if (ids == NULL)
        return FALSE;
    g_autoptr(Engine) engine = settings_open_engine(error);
    if (engine == NULL)
        return FALSE;
    g_autoptr(Session) session = session_new(engine, settings_get()->kv, ids->len + (gsize) greedy, error);
    if (session == NULL ||
        !session_append(session, (const gint32 *) (void *) ids->data, ids->len, NULL, NULL, error))
        return FALSE;
    if (greedy > 0)
        return write_greedy(session, id_limit(engine), error);
    write_logits(session_logits(session), (gsize) engine_info(engine)->vocabulary);
    return TRUE;
}

static int run(int argc, char **argv)
{
    GError *error = NULL;
    int status = command_parse(&command_logits, entries, TRUE, &argc, &argv);

    if (status >= 0)
        return status;
    if (argc > 2 || greedy < 0) {
        g_set_error(&error, FAILURE, FAILURE_USAGE, greedy < 0 ? "--greedy takes a number of tokens, not less than 0"
                                                               : "only one file of ids can be read");
        return command_fail(&command_logits, error);
    }
    if (!logits(argc > 1 ? argv[1] : NULL, &error))
        return command_fail(&command_logits, error);
    return command_finish(&command_logits, 0);
}

const Command command_logits = {
    "logits", "write the logits that follow token ids, for scripts and tests",
    "[-m MODEL] [--kv TYPE] [--raw] [--greedy N] [FILE]", run,
};
