/* work.c - what ask and ingest share. */
#include "config.h"
#include "src/cli/work.h"

#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/prepared_files.h"
#include "src/cli/settings.h"

static char *command_line;

static gboolean needs_no_quotes(const char *word)
{
    if (word[0] == '\0')
        return FALSE;
    for (const char *p = word; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("-_./:=,+@%", *p) == NULL)
            return FALSE;
    return TRUE;
}

/* WORD as a shell reads it; what a terminal would obey stands as an escape in $'...'. */
static char *quote(const char *word)
{
    g_autofree char *visible = output_visible(word, "\n"), *escaped = NULL, *inner = NULL;
    g_auto(GStrv) parts = NULL;

    if (needs_no_quotes(word))
        return g_strdup(word);
    if (strcmp(visible, word) == 0)
        return g_shell_quote(word);
    escaped = g_strescape(word, NULL);
    parts = g_strsplit(escaped, "'", -1);
    inner = g_strjoinv("\\'", parts);
    return g_strdup_printf("$'%s'", inner);
}

void work_begin(int argc, char **argv)
{
    g_autoptr(GString) line = g_string_new("kvasir");

    for (int i = 0; i < argc; i++) {
        g_autofree char *quoted = quote(argv[i]);
        g_string_append_printf(line, " %s", quoted);
    }
    g_free(command_line);
    command_line = g_strdup(line->str);
}

Store *work_open_store(const Engine *engine, GError **error)
{
    const Settings *settings = settings_get();
    g_autofree char *note = g_strdup_printf("%s, %s", engine_info(engine)->name, kv_type_name(settings->kv));
    StoreOptions options = { .limit = settings->cache_limit, .others = prepared_files_give_way, .note = note, .or_read_only = TRUE };

    return settings->no_cache ? NULL : store_open(settings->store_path, &options, error);
}

void work_tell_resume(const PrefixReport *report, gboolean kept)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (kept && report->tokens > 0) {
        meter_count(line, report->cached + report->stored);
        g_string_append(line, " of ");
        meter_count(line, report->tokens);
        output_note("kvasir: %s prompt tokens are kept.  To go on:\n  %s\n", line->str, command_line);
    } else {
        output_note("kvasir: to go on:\n  %s\n", command_line);
    }
}

/* "about 14 minutes": for people, so no more exact than it is. */
static void append_about(GString *line, double seconds)
{
    if (seconds < 1.5)
        g_string_append(line, "about a second");
    else if (seconds < 90)
        g_string_append_printf(line, "about %.0f seconds", seconds);
    else if (seconds < 90 * 60)
        g_string_append_printf(line, "about %.0f minutes", seconds / 60);
    else
        g_string_append_printf(line, "about %.1f hours", seconds / 3600);
}

void work_tell_outlook(const Engine *engine, KvType kv, Store *store, const gint32 *ids, gsize n, gsize prefix)
{
    const double brief = 0.5;
    g_autoptr(GString) line = g_string_new(NULL);
    PrefixOutlook outlook;

    if (store == NULL || settings_get()->quiet || prefix < ENGINE_BLOCK)
        return;
    outlook = prefix_look(engine, kv, store, ids, n, prefix);
    if (outlook.cached + ENGINE_BLOCK > prefix || (outlook.seconds >= 0 && outlook.seconds < brief))
        return;
    if (outlook.cached == 0)
        g_string_append(line, "nothing of the prefix is cached; ");
    else
        g_string_append_printf(line, "%u%% of the prefix is cached; ", (guint) (100 * outlook.cached / prefix));
    if (outlook.seconds >= 0) {
        append_about(line, outlook.seconds);
    } else {
        meter_count(line, n - outlook.cached);
        g_string_append(line, " tokens");
    }
    output_note("kvasir: %s left\n", line->str);
}

void work_tell_prefix(const Command *command, const PrefixReport *report)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (report->warning != NULL)
        output_note("kvasir %s: warning: %s; going on without the cache\n", command->name, report->warning->message);
    if (settings_get()->quiet)
        return;
    meter_count(line, report->cached);
    g_string_append(line, " of ");
    meter_count(line, report->tokens);
    g_string_append_printf(line, " prompt tokens read from the cache in %.2f s, ", report->read_seconds);
    meter_count(line, report->tokens - report->cached);
    g_string_append_printf(line, " computed in %.2f s", report->compute_seconds);
    output_note("kvasir: %s\n", line->str);
}

guint work_tell_unread(const Command *command, const Document *document)
{
    static const PageState states[] = { PAGE_SCAN, PAGE_UNREADABLE, PAGE_DAMAGED };
    guint unread = document_unread_pages(document), told = 0;

    if (unread == 0)
        return 0;
    output_note("kvasir %s: %s: %u of %u pages could not be read:", command->name, document->path,
                unread, document->pages->len);
    for (guint s = 0; s < G_N_ELEMENTS(states); s++) {
        guint n = 0;
        for (guint i = 0; i < document->pages->len; i++) {
            const Page *page = g_ptr_array_index(document->pages, i);
            if (page->state != states[s])
                continue;
            if (n++ == 0)
                output_note("%s %s ", told > 0 ? ";" : "", page_state_name(states[s]));
            output_note("%s%s", n > 1 ? ", " : "", page->label);
        }
        told += n;
    }
    fputc('\n', stderr);
    return unread;
}

static void tell_hidden(const Command *command, const Document *document)
{
    guint n = 0, pages = document_hidden_pages(document);
    glong letters = 0;

    if (pages == 0)
        return;
    output_note("kvasir %s: %s: text that no reader sees was left out of page%s", command->name, document->path,
                pages > 1 ? "s" : "");
    for (guint i = 0; i < document->pages->len; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        if (page->hidden == NULL)
            continue;
        letters += g_utf8_strlen(page->hidden, -1);
        output_note("%s %u", n++ > 0 ? "," : "", i + 1);
    }
    output_note(" (%ld characters; \"kvasir text --json\" shows it, --invisible keeps it)\n", letters);
}

void work_tell_left_out(const Command *command, const Document *document)
{
    tell_hidden(command, document);
    if (document->attachments == NULL)
        return;
    output_note("kvasir %s: %s: files in it are not read:", command->name, document->path);
    for (guint i = 0; i < document->attachments->len; i++) {
        const Attachment *attachment = g_ptr_array_index(document->attachments, i);
        g_autofree char *size = attachment->size == ATTACHMENT_SIZE_UNKNOWN
            ? g_strdup("size unknown") : g_format_size_full(attachment->size, G_FORMAT_SIZE_IEC_UNITS);

        output_note("%s %s (%s)", i > 0 ? "," : "", attachment->name, size);
    }
    fputc('\n', stderr);
}

gboolean work_can_go_on(const GError *error)
{
    return g_error_matches(error, FAILURE, FAILURE_INPUT) || g_error_matches(error, FAILURE, FAILURE_PASSWORD);
}

gboolean work_check_context(const Engine *engine, gsize prompt_tokens, gsize room,
                            gsize fitting, gsize documents, GError **error)
{
    gsize context = (gsize) engine_info(engine)->context;
    g_autoptr(GString) text = g_string_new("the prompt has ");

    if (prompt_tokens + room <= context)
        return TRUE;
    meter_count(text, prompt_tokens);
    g_string_append(text, " tokens, but the model's context has ");
    meter_count(text, context);
    g_string_append(text, ", of which ");
    meter_count(text, room);
    g_string_append_printf(text, " are for the answer; the first %" G_GSIZE_FORMAT
                           " of %" G_GSIZE_FORMAT " documents would fit", fitting, documents);
    g_set_error_literal(error, FAILURE, FAILURE_USAGE, text->str);
    return FALSE;
}

const Tokenizer *work_tokenizer(const Engine *engine, GError **error)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);

    if (tokenizer == NULL)
        g_set_error(error, FAILURE, FAILURE_MODEL,
                    "%s: the model brings no tokenizer; put its tokenizer.model beside the weights",
                    engine_info(engine)->path);
    return tokenizer;
}
