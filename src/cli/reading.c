/* reading.c - options for reading documents, and the pool that follows them. */
#include "config.h"
#include "src/cli/reading.h"

#include "src/cli/settings.h"

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

static const GOptionEntry entries[] = {
    { "password", 0, 0, G_OPTION_ARG_FILENAME, &options.password, "Open encrypted PDF files with P", "P" },
    { "whole", 0, 0, G_OPTION_ARG_NONE, &options.whole, "Keep menus and other boilerplate of HTML pages", NULL },
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

Document *reading_read(const char *path, GError **error)
{
    g_autoptr(Pool) pool = reading_pool();

    pool_add(pool, path);
    return pool_next(pool, NULL, NULL, error);
}
