/* cmd_logits.c - "kvasir logits": token ids in, logits or greedy continuation out. */
#include "config.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/cli/command.h"
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

/* Numbers divided by white space.  NAME is for messages. */
static GArray *parse_ids(const char *text, gsize length, const char *name, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    const char *p = text, *end = text + length;

    for (;;) {
        guint64 value = 0;
        const char *start;

        while (p < end && g_ascii_isspace(*p))
            p++;
        if (p == end)
            break;
        start = p;
        while (p < end && g_ascii_isdigit(*p) && value <= G_MAXINT32)
            value = value * 10 + (guint64) (*p++ - '0');
        if (p == start || (p < end && !g_ascii_isspace(*p)) || value > G_MAXINT32) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: number %u is not a token id", name, ids->len + 1);
            return NULL;
        }
        gint32 id = (gint32) value;
        g_array_append_val(ids, id);
    }
    if (ids->len == 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: there are no token ids in it", name);
        return NULL;
    }
    return g_steal_pointer(&ids);
}

static GArray *read_ids(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    if (path != NULL && strcmp(path, "-") != 0) {
        g_autoptr(GError) local = NULL;
        if (!g_file_get_contents(path, &text, &length, &local)) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s", local->message);
            return NULL;
        }
        return parse_ids(text, length, path, error);
    }
    g_autoptr(GString) all = g_string_new(NULL);
    char buffer[65536];
    gsize n;

    while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0)
        g_string_append_len(all, buffer, (gssize) n);
    return parse_ids(all->str, all->len, "standard input", error);
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
