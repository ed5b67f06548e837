/* settings.c - options, environment and configuration file. */
#include "config.h"
#include "src/cli/settings.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/failure.h"

/* What the command line gave; NULL, 0 or FALSE where it said nothing. */
static struct {
    char *model, *kv, *isa;
    int threads;
    gboolean precise, no_cache, quiet;
} given;

static Settings settings;

#define DEFAULT_CACHE_LIMIT (G_GUINT64_CONSTANT(20) << 30)
#define MOST_THREADS 1024

const Settings *settings_get(void)
{
    return &settings;
}

static gboolean has_content(const char *path)
{
    GStatBuf status;

    return g_stat(path, &status) == 0 && (status.st_size > 0 || !S_ISREG(status.st_mode));
}

gboolean settings_have_catalogue(void)
{
    return has_content(settings.catalogue_path);
}

gboolean settings_have_store(void)
{
    return has_content(settings.store_path);
}

gboolean settings_parse_size(const char *text, guint64 *bytes)
{
    static const char units[] = "KMGT";
    const char *unit;
    char *end;
    guint64 n;
    guint shift = 0;

    if (!g_ascii_isdigit(text[0]))
        return FALSE;
    n = g_ascii_strtoull(text, &end, 10);
    if (n == G_MAXUINT64)
        return FALSE;
    if (*end != '\0' && (unit = strchr(units, g_ascii_toupper(*end))) != NULL) {
        shift = 10 * (guint) (unit - units + 1);
        end++;
        if (*end == 'i')
            end++;
    }
    if (*end == 'B')
        end++;
    if (*end != '\0' || (shift > 0 && n >> (64 - shift) != 0))
        return FALSE;
    *bytes = n << shift;
    return TRUE;
}

/* Bytes of the file system that PATH, or the nearest folder above it that is there, lies on; 0 if that cannot be told. */
static guint64 disk_size(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    struct statvfs status;

    while (statvfs(folder, &status) != 0) {
        char *parent = g_path_get_dirname(folder);
        gboolean top = strcmp(parent, folder) == 0;

        g_free(folder);
        folder = parent;
        if (top)
            return 0;
    }
    return (guint64) status.f_blocks * status.f_frsize;
}

gboolean settings_parse_limit(const char *text, const char *path, guint64 *bytes)
{
    char *end;
    guint64 percent = g_ascii_isdigit(text[0]) ? g_ascii_strtoull(text, &end, 10) : 0;

    if (percent == 0 || strcmp(end, "%") != 0)
        return settings_parse_size(text, bytes);
    if (percent > 100)
        return FALSE;
    /* A byte where the size cannot be told: 0 would be no limit. */
    *bytes = MAX(disk_size(path) / 100 * percent, 1);
    return TRUE;
}

static gboolean parse_threads(const char *text, int *threads)
{
    guint64 n;

    if (!g_ascii_string_to_unsigned(text, 10, 0, MOST_THREADS, &n, NULL))
        return FALSE;
    *threads = (int) n;
    return TRUE;
}

static gboolean known_isa(const char *name)
{
    static const char *const names[] = { "c", "blas", "avx2", "avx512", NULL };

    return g_strv_contains(names, name);
}

/* SOURCE names where the value stands: a variable, or a file and key. */
static gboolean bad_value(GError **error, const char *source, const char *value, const char *wanted)
{
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: \"%s\" is not %s", source, value, wanted);
    return FALSE;
}

#define ISA_NAMES "one of c, blas, avx2, avx512"
#define KV_NAMES "one of int8, f16, f32"
#define THREADS_RANGE "a number of threads from 1 to " G_STRINGIFY(MOST_THREADS) " (0: one for each core)"

/* A path of the configuration: "~/" is the home folder, a relative one starts at the file's folder. */
static char *config_path(const char *file, const char *value)
{
    g_autofree char *folder = g_path_get_dirname(file);

    if (g_str_has_prefix(value, "~/"))
        return g_build_filename(g_get_home_dir(), value + 2, NULL);
    return g_canonicalize_filename(value, folder);
}

typedef struct {
    char *cache, *data;         /* folders */
    char *limit;                /* as the file has it, NULL: nothing; it may depend on the folder */
} Folders;

static gboolean config_key(const char *file, const char *key, const char *value, Folders *folders, GError **error)
{
    g_autofree char *source = g_strdup_printf("%s: %s", file, key);

    if (strcmp(key, "model") == 0) {
        g_free(settings.model);
        settings.model = config_path(file, value);
    } else if (strcmp(key, "isa") == 0) {
        if (!known_isa(value))
            return bad_value(error, source, value, ISA_NAMES);
        g_free(settings.isa);
        settings.isa = g_strdup(value);
    } else if (strcmp(key, "threads") == 0) {
        if (!parse_threads(value, &settings.threads))
            return bad_value(error, source, value, THREADS_RANGE);
    } else if (strcmp(key, "kv") == 0) {
        if (!kv_type_parse(value, &settings.kv))
            return bad_value(error, source, value, KV_NAMES);
    } else if (strcmp(key, "precise") == 0) {
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return bad_value(error, source, value, "true or false");
        settings.precise = value[0] == 't';
    } else if (strcmp(key, "prepare") == 0) {
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return bad_value(error, source, value, "true or false");
        settings.no_prepare = value[0] == 'f';
    } else if (strcmp(key, "history") == 0) {
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return bad_value(error, source, value, "true or false");
        settings.no_history = value[0] == 'f';
    } else if (strcmp(key, "cache-limit") == 0) {
        guint64 bytes;
        if (!settings_parse_limit(value, "/", &bytes))
            return bad_value(error, source, value, "a size such as 40G or a share such as 20% (0: no limit)");
        g_free(folders->limit);
        folders->limit = g_strdup(value);
    } else if (strcmp(key, "cache-dir") == 0) {
        g_free(folders->cache);
        folders->cache = config_path(file, value);
    } else if (strcmp(key, "data-dir") == 0) {
        g_free(folders->data);
        folders->data = config_path(file, value);
    } else {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: there is no key \"%s\"; kvasir.conf(5) lists them", file, key);
        return FALSE;
    }
    return TRUE;
}

static gboolean load_config(Folders *folders, GError **error)
{
    g_autofree char *file = g_build_filename(g_get_user_config_dir(), "kvasir", "kvasir.conf", NULL);
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(GError) local = NULL;
    g_auto(GStrv) groups = NULL;
    g_auto(GStrv) keys = NULL;

    if (!g_key_file_load_from_file(config, file, G_KEY_FILE_NONE, &local)) {
        if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s", file, local->message);
        return FALSE;
    }
    groups = g_key_file_get_groups(config, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (strcmp(*group, "kvasir") != 0) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "%s: there is no group [%s], only [kvasir]", file, *group);
            return FALSE;
        }
    }
    keys = g_key_file_get_keys(config, "kvasir", NULL, NULL);
    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *value = g_key_file_get_string(config, "kvasir", *key, &local);
        if (value == NULL) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s", file, local->message);
            return FALSE;
        }
        if (!config_key(file, *key, g_strchomp(value), folders, error))
            return FALSE;
    }
    return TRUE;
}

/* NULL when NAME is unset or empty, which means the same. */
static const char *environment(const char *name)
{
    const char *value = g_getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static gboolean load_environment(Folders *folders, GError **error)
{
    const char *value;

    if ((value = environment("KVASIR_MODEL")) != NULL) {
        g_free(settings.model);
        settings.model = g_strdup(value);
    }
    if ((value = environment("KVASIR_ISA")) != NULL) {
        if (!known_isa(value))
            return bad_value(error, "KVASIR_ISA", value, ISA_NAMES);
        g_free(settings.isa);
        settings.isa = g_strdup(value);
    }
    if ((value = environment("KVASIR_THREADS")) != NULL && !parse_threads(value, &settings.threads))
        return bad_value(error, "KVASIR_THREADS", value, THREADS_RANGE);
    if ((value = environment("KVASIR_PREPARE")) != NULL) {
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return bad_value(error, "KVASIR_PREPARE", value, "true or false");
        settings.no_prepare = value[0] == 'f';
    }
    if ((value = environment("KVASIR_CACHE_DIR")) != NULL) {
        g_free(folders->cache);
        folders->cache = g_strdup(value);
    }
    if ((value = environment("KVASIR_DATA_DIR")) != NULL) {
        g_free(folders->data);
        folders->data = g_strdup(value);
    }
    return TRUE;
}

/* A relative folder would be another one in each working folder.  The XDG Base Directory Specification ignores it; GLib does not. */
static void ignore_relative_folders(void)
{
    static const char *const names[] = { "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value != NULL && !g_path_is_absolute(value))
            g_unsetenv(names[i]);
    }
    /* As GLib does in the end for a user that the system does not know, but without its warnings. */
    if (g_getenv("HOME") == NULL && getpwuid(getuid()) == NULL)
        g_setenv("HOME", "/", TRUE);
}

gboolean settings_load(GError **error)
{
    ignore_relative_folders();
    Folders folders = {
        .cache = g_build_filename(g_get_user_cache_dir(), "kvasir", NULL),
        .data = g_build_filename(g_get_user_data_dir(), "kvasir", NULL),
    };
    gboolean ok;

    settings.kv = KV_INT8;
    settings.cache_limit = DEFAULT_CACHE_LIMIT;
    ok = load_config(&folders, error) && load_environment(&folders, error);
    g_free(settings.store_path);
    g_free(settings.catalogue_path);
    g_free(settings.search_path);
    g_free(settings.prepared_folder);
    settings.store_path = g_build_filename(folders.cache, "kv.db", NULL);
    settings.prepared_folder = g_build_filename(folders.cache, "prepared", NULL);
    settings.search_path = g_build_filename(folders.cache, "search.db", NULL);
    settings.catalogue_path = g_build_filename(folders.data, "catalogue.db", NULL);
    if (folders.limit != NULL)
        settings_parse_limit(folders.limit, settings.store_path, &settings.cache_limit);
    g_free(folders.limit);
    g_free(folders.cache);
    g_free(folders.data);
    return ok;
}

const GOptionEntry *settings_entries(void)
{
    static const GOptionEntry entries[] = {
        { "model", 'm', 0, G_OPTION_ARG_FILENAME, &given.model,
          "Use the model in MODEL, a GGUF file or a Hugging Face directory", "MODEL" },
        { "threads", 't', 0, G_OPTION_ARG_INT, &given.threads, "Compute with N threads (default: one for each core)", "N" },
        { "kv", 0, 0, G_OPTION_ARG_STRING, &given.kv, "Keep the KV cache as int8 (default), f16 or f32", "TYPE" },
        { "isa", 0, 0, G_OPTION_ARG_STRING, &given.isa, "Compute with at most this set: c, blas, avx2, avx512", "SET" },
        { "precise", 0, 0, G_OPTION_ARG_NONE, &given.precise, "Compute with activations in full precision, through BLAS", NULL },
        { "no-cache", 0, 0, G_OPTION_ARG_NONE, &given.no_cache, "Neither read nor write the KV store", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &given.quiet, "No progress and no remarks on standard error", NULL },
        { NULL },
    };

    return entries;
}

gboolean settings_apply(GError **error)
{
    if (given.model != NULL) {
        g_free(settings.model);
        settings.model = g_strdup(given.model);
    }
    if (given.isa != NULL) {
        if (!known_isa(given.isa))
            return bad_value(error, "--isa", given.isa, ISA_NAMES);
        g_free(settings.isa);
        settings.isa = g_strdup(given.isa);
    }
    if (given.kv != NULL && !kv_type_parse(given.kv, &settings.kv))
        return bad_value(error, "--kv", given.kv, KV_NAMES);
    settings.kv_given = given.kv != NULL;
    if (given.threads < 0 || given.threads > MOST_THREADS) {
        g_autofree char *value = g_strdup_printf("%d", given.threads);
        return bad_value(error, "-t", value, THREADS_RANGE);
    }
    if (given.threads > 0)
        settings.threads = given.threads;
    if (given.precise)
        settings.precise = TRUE;
    settings.no_cache = given.no_cache;
    settings.quiet = given.quiet;
    return TRUE;
}
