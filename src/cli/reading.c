/* reading.c - options for reading documents, and the pool that follows them. */
#include "config.h"
#include "src/cli/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/settings.h"

/* What a pipe may bring: no document has more, and it must fit a message to the process that reads it. */
#define STDIN_MAX ((guint) 512 << 20)

/* A day: a limit must not overflow, and "0" is no limit that anybody means. */
#define MOST_SECONDS (24 * 60 * 60)
/* Less is not enough for the libraries alone. */
#define LEAST_MEMORY (G_GUINT64_CONSTANT(64) << 20)

static DocumentOptions options;
static PoolLimits limits;

static gboolean take_seconds(const char *name, const char *value, gpointer data, GError **error)
{
    guint64 seconds;

    if (!g_ascii_string_to_unsigned(value, 10, 1, MOST_SECONDS, &seconds, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s takes seconds from 1 to %d, not \"%s\"",
                    name, MOST_SECONDS, value);
        return FALSE;
    }
    limits.seconds = (guint) seconds;
    return TRUE;
}

static gboolean take_memory(const char *name, const char *value, gpointer data, GError **error)
{
    if (!settings_parse_size(value, &limits.memory) || limits.memory < LEAST_MEMORY) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s takes a size of at least 64M, such as 8G, not \"%s\"", name, value);
        return FALSE;
    }
    return TRUE;
}

/* What tesseract can recognise, one a line; NULL when there is none. */
static char *known_languages(void)
{
    const char *argv[] = { "tesseract", "--list-langs", NULL };
    char *out = NULL;

    g_spawn_sync(NULL, (char **) (guintptr) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out,
                 NULL, NULL, NULL);
    return out;
}

static gboolean take_ocr(const char *name, const char *value, gpointer data, GError **error)
{
    g_autofree char *program = g_find_program_in_path("tesseract");

    if (program == NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%s needs the program tesseract; install it (Debian: tesseract-ocr)", name);
        return FALSE;
    }
    options.ocr = TRUE;
    return TRUE;
}

static gboolean take_language(const char *name, const char *value, gpointer data, GError **error)
{
    g_autofree char *known = known_languages();
    g_auto(GStrv) lines = g_strsplit(known != NULL ? known : "", "\n", -1);
    g_auto(GStrv) wanted = g_strsplit(value, "+", -1);

    for (char **language = wanted; *language != NULL; language++)
        if (!g_strv_contains((const char *const *) lines, *language) || **language == '\0') {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: tesseract has no language \"%s\"; "
                        "\"tesseract --list-langs\" shows those it has", name, *language);
            return FALSE;
        }
    options.language = g_strdup(value);
    return TRUE;
}

static const GOptionEntry entries[] = {
    { "annotations", 0, 0, G_OPTION_ARG_NONE, &options.annotations, "PDF, office: also the notes that readers have made", NULL },
    { "forms", 0, 0, G_OPTION_ARG_NONE, &options.forms, "PDF: also the form fields that are filled in", NULL },
    { "ocr", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) take_ocr,
      "PDF: recognise the text of scanned and unreadable pages (with tesseract)", NULL },
    { "ocr-language", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) take_language,
      "Languages of these pages, such as deu+eng (default eng)", "L" },
    { "invisible", 0, 0, G_OPTION_ARG_NONE, &options.invisible, "Keep text that no reader of the document sees", NULL },
    { "password", 0, 0, G_OPTION_ARG_FILENAME, &options.password, "Open encrypted PDF files with P", "P" },
    { "site", 0, 0, G_OPTION_ARG_NONE, &options.site,
      "HTML: a folder, or its index.html, is one document in the order of its contents", NULL },
    { "whole", 0, 0, G_OPTION_ARG_NONE, &options.whole, "Keep what repeats: menus of HTML pages, running heads of PDF pages", NULL },
    { "parse-time", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) take_seconds,
      "Give up a document after SECONDS of processor time (default 60)", "SECONDS" },
    { "parse-memory", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) take_memory,
      "Give up a document that takes more memory than SIZE (default 4G)", "SIZE" },
    { NULL },
};

const GOptionEntry *reading_entries(void)
{
    return entries;
}

const DocumentOptions *reading_options(void)
{
    return &options;
}

Pool *reading_pool(void)
{
    return pool_new(&limits, &options);
}

static GBytes *read_stdin(GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gsize n;

    while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0) {
        g_byte_array_append(bytes, buffer, (guint) n);
        if (bytes->len > STDIN_MAX) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: more than 512 MiB; save it to a file first");
            return NULL;
        }
    }
    if (ferror(stdin)) {
        int reason = errno;
        if (!interrupt_check(error))
            g_set_error(error, FAILURE, FAILURE_INPUT, "standard input: %s", g_strerror(reason));
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

gboolean reading_add(Pool *pool, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (strcmp(path, "-") != 0) {
        pool_add(pool, path);
        return TRUE;
    }
    bytes = read_stdin(error);
    if (bytes == NULL)
        return FALSE;
    pool_add_bytes(pool, "standard input", bytes);
    return TRUE;
}

Document *reading_read(const char *path, GError **error)
{
    g_autoptr(Pool) pool = reading_pool();

    return reading_add(pool, path, error) ? pool_next(pool, NULL, NULL, error) : NULL;
}

void reading_keep_words(void)
{
    options.words = TRUE;
}

Document *reading_words(const char *path, GError **error)
{
    DocumentOptions again = options;
    g_autoptr(Pool) pool = NULL;

    again.ocr = FALSE;
    again.words = TRUE;
    pool = pool_new(&limits, &again);
    pool_add(pool, path);
    return pool_next(pool, NULL, NULL, error);
}
