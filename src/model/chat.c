/* chat.c - the chat template as token ids. */
#include "config.h"
#include "src/model/chat.h"

#include <string.h>

#include "src/base/failure.h"

static const char *const role_names[] = {
    [CHAT_SYSTEM] = "<|system|>",
    [CHAT_USER] = "<|user|>",
    [CHAT_ASSISTANT] = "<|assistant|>",
    [CHAT_OBSERVATION] = "<|observation|>",
};
static const char *const begin_names[] = { "[gMASK]", "<sop>" };
static const char *const stop_names[] = { "<|endoftext|>", "<|user|>", "<|observation|>" };

static gboolean check_names(const Tokenizer *tokenizer, const char *const *names, gsize n, GError **error)
{
    for (gsize i = 0; i < n; i++)
        if (tokenizer_special(tokenizer, names[i]) < 0) {
            g_set_error(error, FAILURE, FAILURE_MODEL,
                        "the model's vocabulary has no special token %s, which GLM-4's chat form needs", names[i]);
            return FALSE;
        }
    return TRUE;
}

gboolean chat_check(const Tokenizer *tokenizer, GError **error)
{
    return check_names(tokenizer, begin_names, G_N_ELEMENTS(begin_names), error)
        && check_names(tokenizer, role_names, G_N_ELEMENTS(role_names), error)
        && check_names(tokenizer, stop_names, G_N_ELEMENTS(stop_names), error);
}

static void append_special(const Tokenizer *tokenizer, const char *name, GArray *ids)
{
    gint32 id = tokenizer_special(tokenizer, name);

    g_return_if_fail(id >= 0);
    g_array_append_val(ids, id);
}

void chat_begin(const Tokenizer *tokenizer, GArray *ids)
{
    for (gsize i = 0; i < G_N_ELEMENTS(begin_names); i++)
        append_special(tokenizer, begin_names[i], ids);
}

void chat_open(const Tokenizer *tokenizer, ChatRole role, const char *metadata, GArray *ids)
{
    g_autofree char *line = g_strconcat(metadata ? metadata : "", "\n", NULL);

    append_special(tokenizer, role_names[role], ids);
    tokenizer_encode(tokenizer, line, strlen(line), ids);
}

void chat_message(const Tokenizer *tokenizer, ChatRole role, const char *metadata,
                  const char *content, gsize length, GArray *ids)
{
    if (length == 0)
        return;
    chat_open(tokenizer, role, metadata, ids);
    tokenizer_encode(tokenizer, content, length, ids);
}

void chat_generate(const Tokenizer *tokenizer, GArray *ids)
{
    append_special(tokenizer, role_names[CHAT_ASSISTANT], ids);
}

gboolean chat_is_stop(const Tokenizer *tokenizer, gint32 id)
{
    if (!tokenizer_is_special(tokenizer, id))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(stop_names); i++)
        if (tokenizer_special(tokenizer, stop_names[i]) == id)
            return TRUE;
    return FALSE;
}
