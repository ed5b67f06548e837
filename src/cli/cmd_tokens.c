/* cmd_tokens.c - "kvasir tokens": text in, token ids out, and back. */
#include "config.h"

#include <stdio.h>

#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/input.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static char *vocabulary;
static gboolean decode;

static const GOptionEntry entries[] = {
    { "tokenizer", 0, 0, G_OPTION_ARG_FILENAME, &vocabulary,
      "Take the vocabulary from FILE, a tokenizer.model, not from a model", "FILE" },
    { "decode", 0, 0, G_OPTION_ARG_NONE, &decode, "Read ids and write their text", NULL },
    { NULL },
};

static void write_ids(const Tokenizer *tokenizer, const GString *text)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));

    tokenizer_encode(tokenizer, text->str, text->len, ids);
    for (guint i = 0; i < ids->len; i++)
        printf(i > 0 ? " %d" : "%d", g_array_index(ids, gint32, i));
    putchar('\n');
}

static gboolean write_text(const Tokenizer *tokenizer, const char *path, const GString *input, GError **error)
{
    g_autoptr(GArray) ids = input_parse_ids(path, input, error);
    g_autoptr(GString) text = g_string_new(NULL);

    if (ids == NULL)
        return FALSE;
    for (guint i = 0; i < ids->len; i++) {
        gint32 id = g_array_index(ids, gint32, i);

        if ((gsize) id >= tokenizer_size(tokenizer)) {
            g_set_error(error, FAILURE, FAILURE_INPUT,
                        "number %u, %d, is not in the vocabulary, which ends at %" G_GSIZE_FORMAT,
                        i + 1, id, tokenizer_size(tokenizer) - 1);
            return FALSE;
        }
    }
    tokenizer_decode(tokenizer, (const gint32 *) (void *) ids->data, ids->len, TRUE, text);
    fwrite(text->str, 1, text->len, stdout);
    return TRUE;
}

static gboolean tokens(const char *path, GError **error)
{
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Tokenizer) loaded = NULL;
    g_autoptr(GString) input = input_read(path, error);
    const Tokenizer *tokenizer;

    if (input == NULL)
        return FALSE;
    if (vocabulary != NULL)
        tokenizer = loaded = tokenizer_load(vocabulary, error);
    else
        tokenizer = (engine = settings_open_reader(error)) != NULL ? work_tokenizer(engine, error) : NULL;
    if (tokenizer == NULL)
        return FALSE;
    if (decode)
        return write_text(tokenizer, path, input, error);
    write_ids(tokenizer, input);
    return TRUE;
}

static int run(int argc, char **argv)
{
    GError *error = NULL;
    int status = command_parse(&command_tokens, entries, TRUE, &argc, &argv);

    if (status >= 0)
        return status;
    if (argc > 2)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "only one file can be read");
    else if (tokens(argc > 1 ? argv[1] : NULL, &error))
        return command_finish(&command_tokens, 0);
    return command_fail(&command_tokens, error);
}

const Command command_tokens = {
    "tokens", "turn text into token ids and back, for scripts and tests",
    "[-m MODEL | --tokenizer FILE] [--decode] [FILE]", run,
};
