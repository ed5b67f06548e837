/* cmd_cache.c - "kvasir cache": what the KV store holds, and its care. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/archive.h"
#include "src/answer/volume.h"
#include "src/base/failure.h"
#include "src/cli/cache_status.h"
#include "src/cli/command.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/prepared_files.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static struct {
    char *limit, *corpus;
    gboolean json, texts;
} option;

static const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "status: write one JSON object", NULL },
    { "limit", 0, 0, G_OPTION_ARG_STRING, &option.limit, "trim: keep at most SIZE bytes, or a share of the disk as 10% (default: the configured limit)", "SIZE" },
    { "corpus", 'c', 0, G_OPTION_ARG_STRING, &option.corpus, "status, clear, export: this corpus; import: under this name", "CORPUS" },
    { "texts", 0, 0, G_OPTION_ARG_NONE, &option.texts, "export, import: the texts without blocks; no model is needed", NULL },
    { NULL },
};

static Store *open_store(gboolean read_only, GError **error)
{
    const StoreOptions options = { .limit = settings_get()->cache_limit, .others = prepared_files_give_way, .read_only = read_only, .or_read_only = TRUE };

    return store_open(settings_get()->store_path, &options, error);
}

/* What export, import and the questions about a corpus need: with --texts no model and no store. */
static gboolean open_archive(Archive *archive, Engine **engine, Store **store, gboolean read_only, GError **error)
{
    if (read_only && !settings_have_catalogue()) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there is no corpus yet");
        return FALSE;
    }
    archive->kv = settings_get()->kv;
    archive->catalogue = catalogue_open(settings_get()->catalogue_path, read_only, error);
    if (archive->catalogue == NULL)
        return FALSE;
    if (option.texts || settings_get()->no_cache)
        return TRUE;
    *engine = settings_open_reader(error);
    if (*engine == NULL || (*store = work_open_store(*engine, error)) == NULL)
        return FALSE;
    archive->engine = *engine;
    archive->store = *store;
    return TRUE;
}

static GError *no_corpus(void)
{
    return g_error_new(FAILURE, FAILURE_USAGE, "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are",
                       option.corpus);
}

/* The documents of option.corpus; NULL without ERROR: it is not in the catalogue. */
static GPtrArray *corpus_documents(const Archive *archive, GError **error)
{
    if (archive->store != NULL)
        return catalogue_documents(archive->catalogue, option.corpus, TRUE, error);
    g_set_error(error, FAILURE, FAILURE_USAGE, "this needs the model and the cache: no --texts, no --no-cache");
    return NULL;
}

/* How much of the prefix of option.corpus is cached. */
static gboolean tell_corpus(const Archive *archive, GError **error)
{
    GError *local = NULL;
    g_autoptr(GPtrArray) documents = corpus_documents(archive, &local);
    g_autofree guint8 *keys = NULL;
    gsize n = 0, found = 0;

    if (local == NULL && documents == NULL)
        local = no_corpus();
    if (local == NULL)
        keys = archive_corpus_keys(archive->engine, archive->kv, documents, &n, NULL, NULL, &local);
    if (local == NULL)
        found = store_find(archive->store, keys, n, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (option.json)
        printf("{\"blocks\":%" G_GSIZE_FORMAT ",\"cached\":%" G_GSIZE_FORMAT "}\n", n, found);
    else
        printf("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " blocks are cached (%.0f%%) for %s, %s\n", option.corpus,
               found, n, n > 0 ? 100.0 * (double) found / (double) n : 100.0, engine_info(archive->engine)->name,
               kv_type_name(archive->kv));
    return TRUE;
}

/* The names under which the cache may have noted option.corpus and its volumes; *NOTED: it has one of them.  NULL on error. */
static GPtrArray *noted_names(const Archive *archive, const guint8 *root, gboolean *noted, GError **error)
{
    g_autoptr(GArray) corpora = store_corpora(archive->store, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GError *local = NULL;

    if (corpora == NULL)
        return NULL;
    g_ptr_array_add(names, g_strdup(option.corpus));
    *noted = FALSE;
    for (guint i = 0; i < corpora->len; i++) {
        const StoreCorpus *corpus = &g_array_index(corpora, StoreCorpus, i);
        gboolean same = strcmp(corpus->name, option.corpus) == 0;

        if (memcmp(corpus->root, root, STORE_KEY_BYTES) != 0 || (!same && !volume_is_titled(corpus->name, option.corpus)))
            continue;
        /* A corpus may have the name of a volume. */
        g_autoptr(CatalogueCorpus) other = same ? NULL : catalogue_corpus(archive->catalogue, corpus->name, &local);
        if (local != NULL) {
            g_propagate_error(error, local);
            return NULL;
        }
        if (!same && other == NULL)
            g_ptr_array_add(names, g_strdup(corpus->name));
        *noted = *noted || same || other == NULL;
    }
    g_ptr_array_add(names, NULL);
    return g_steal_pointer(&names);
}

/* Takes option.corpus out of the cache; it may have gone from the catalogue already. */
static gboolean remove_corpus(const Archive *archive, GError **error)
{
    GError *local = NULL;
    guint8 root[STORE_KEY_BYTES];
    StoreRemoval what = { .root = root };
    g_autoptr(GPtrArray) documents = corpus_documents(archive, &local), names = NULL;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autofree guint8 *keys = NULL;
    guint64 removed = 0;
    gboolean noted = FALSE;

    if (local == NULL) {
        engine_state_key(archive->engine, archive->kv, root);
        names = noted_names(archive, root, &noted, &local);
    }
    if (local == NULL && documents == NULL && !noted)
        local = no_corpus();
    if (local == NULL)
        what.keys = keys = archive_corpus_keys(archive->engine, archive->kv, documents != NULL ? documents : none, &what.n,
                                               &what.first, NULL, &local);
    if (local == NULL) {
        what.names = (const char *const *) names->pdata;
        store_remove(archive->store, &what, &removed, &local);
    }
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    printf("%s: %" G_GUINT64_FORMAT " blocks removed\n", option.corpus, removed);
    return TRUE;
}

/* Does with option.corpus what RUN says. */
static int with_corpus(gboolean (*run)(const Archive *archive, GError **error))
{
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Store) store = NULL;
    Archive archive = { 0 };
    GError *error = NULL;

    if (open_archive(&archive, &engine, &store, TRUE, &error))
        run(&archive, &error);
    catalogue_close(archive.catalogue);
    return error != NULL ? command_fail(&command_cache, error) : 0;
}

static int cache_status(const char *file)
{
    static const StoreStatus nothing;
    StoreStatus status = nothing;
    g_autoptr(GArray) roots = NULL, corpora = NULL;
    GError *error = NULL;

    if (option.corpus != NULL)
        return with_corpus(tell_corpus);
    status.limit = settings_get()->cache_limit;
    if (settings_have_store()) {
        g_autoptr(Store) store = open_store(TRUE, &error);
        if (store == NULL || !store_status(store, &status, &error)
            || (roots = store_roots(store, &error)) == NULL || (corpora = store_corpora(store, &error)) == NULL)
            return command_fail(&command_cache, error);
    } else {
        roots = g_array_new(FALSE, FALSE, sizeof(StoreRoot));
        corpora = g_array_new(FALSE, FALSE, sizeof(StoreCorpus));
    }
    if (option.json)
        cache_status_print_json(&status, roots, corpora);
    else
        cache_status_print(&status, roots, corpora);
    return 0;
}

static int cache_verify(const char *file)
{
    guint64 checked = 0, bad = 0;
    GError *error = NULL;
    g_autoptr(Meter) meter = meter_new(settings_get()->quiet);

    if (settings_have_store()) {
        g_autoptr(Store) store = open_store(FALSE, &error);
        gboolean ok = store != NULL && store_verify(store, meter_update, meter, &checked, &bad, &error);
        meter_clear(meter);
        if (!ok)
            return command_fail(&command_cache, error);
    }
    printf("%" G_GUINT64_FORMAT " blocks checked, %" G_GUINT64_FORMAT " damaged%s\n", checked, bad,
           bad > 0 ? ": dropped with what hung on them, to be computed again when they are needed" : "");
    return bad > 0 ? 1 : 0;
}

/* Prepared weights go before blocks.  Returns what they take then, OTHERS before. */
static guint64 give_way(guint64 blocks, guint64 others, guint64 limit)
{
    guint64 all = blocks + others;

    return all > limit ? prepared_files_give_way(all - limit, NULL) : others;
}

static int cache_trim(const char *file)
{
    guint64 limit = settings_get()->cache_limit, evicted = 0, others;
    StoreStatus status = { 0 };
    guint files;
    GError *error = NULL;

    if (option.limit != NULL && !settings_parse_limit(option.limit, settings_get()->store_path, &limit)) {
        g_set_error(&error, FAILURE, FAILURE_USAGE, "--limit: \"%s\" is not a size such as 500M, 20G, 10%% or 0", option.limit);
        return command_fail(&command_cache, error);
    }
    /* As a setting, 0 means that there is no limit; on the command line it means what it says. */
    if (option.limit == NULL && limit == 0)
        limit = G_MAXUINT64;
    others = prepared_files_bytes(&files);
    if (settings_have_store()) {
        g_autoptr(Store) store = open_store(FALSE, &error);
        if (store == NULL || !store_status(store, &status, &error))
            return command_fail(&command_cache, error);
        others = give_way(status.bytes, others, limit);
        if (!store_trim(store, limit - MIN(others, limit), &evicted, &error) || !store_status(store, &status, &error))
            return command_fail(&command_cache, error);
    } else {
        others = give_way(0, others, limit);
    }
    g_autofree char *bytes = cache_size_text(status.bytes), *on_disk = cache_size_text(status.file_bytes);
    printf("%" G_GUINT64_FORMAT " blocks evicted; %" G_GUINT64_FORMAT " kept, %s, in a file of %s\n", evicted,
           status.blocks, bytes, on_disk);
    if (files > 0) {
        guint had = files;
        g_autofree char *size = cache_size_text(prepared_files_bytes(&files));
        printf("%u of %u files of prepared weights removed; %u kept, %s\n", had - files, had, files, size);
    }
    if (status.bytes + others > limit)
        fputs("kvasir cache: the rest is in use by running processes\n", stderr);
    return 0;
}

static int cache_clear(const char *file)
{
    StoreStatus status = { 0 };
    GError *error = NULL;

    if (option.corpus != NULL)
        return with_corpus(remove_corpus);
    if (settings_have_store()) {
        g_autoptr(Store) store = open_store(FALSE, &error);
        if (store == NULL) {
            g_autoptr(GError) reset = NULL;
            if (!store_reset(settings_get()->store_path, &reset))
                return command_fail(&command_cache, error);
            g_clear_error(&error);
        } else if (!store_status(store, &status, &error) || !store_clear(store, NULL, &error)) {
            g_clear_error(&error);
            store_close(g_steal_pointer(&store));
            if (!store_reset(settings_get()->store_path, &error))
                return command_fail(&command_cache, error);
        }
    }
    g_autofree char *bytes = cache_size_text(status.bytes);
    printf("%" G_GUINT64_FORMAT " blocks removed, %s\n", status.blocks, bytes);
    return 0;
}

static int cache_export(const char *file)
{
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Store) store = NULL;
    g_autoptr(Meter) meter = meter_new(settings_get()->quiet);
    Archive archive = { .progress = meter_update, .data = meter };
    ArchiveReport report = { 0 };
    GError *error = NULL;
    gboolean ok;

    if (option.corpus == NULL) {
        g_set_error(&error, FAILURE, FAILURE_USAGE, "say which corpus: -c CORPUS");
        return command_fail(&command_cache, error);
    }
    ok = open_archive(&archive, &engine, &store, TRUE, &error)
         && archive_export(&archive, option.corpus, file, &report, &error);
    meter_clear(meter);
    catalogue_close(archive.catalogue);
    if (!ok)
        return command_fail(&command_cache, error);
    printf("%s: %u documents, %" G_GSIZE_FORMAT " blocks\n", report.corpus, report.documents, report.blocks);
    if (report.blocks < report.prefix_blocks)
        output_note("kvasir cache: %" G_GSIZE_FORMAT " of the %" G_GSIZE_FORMAT " blocks are not in the cache; "
                    "\"kvasir ingest -c %s\" computes them\n", report.prefix_blocks - report.blocks, report.prefix_blocks,
                    report.corpus);
    archive_report_clear(&report);
    return 0;
}

static int cache_import(const char *file)
{
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Store) store = NULL;
    g_autoptr(Meter) meter = meter_new(settings_get()->quiet);
    Archive archive = { .progress = meter_update, .data = meter };
    ArchiveReport report = { 0 };
    GError *error = NULL;
    gboolean ok = open_archive(&archive, &engine, &store, FALSE, &error)
                  && archive_import(&archive, file, option.corpus, &report, &error);

    meter_clear(meter);
    catalogue_close(archive.catalogue);
    if (!ok)
        return command_fail(&command_cache, error);
    printf("%s: %u documents, %" G_GSIZE_FORMAT " blocks, %" G_GSIZE_FORMAT " of them new\n", report.corpus,
           report.documents, report.blocks, report.written);
    archive_report_clear(&report);
    return 0;
}

/* An option that does nothing for ACTION is a mistake. */
static gboolean check_options(const char *action, GError **error)
{
    static const char *const with_texts[] = { "export", "import", NULL },
        *const with_corpus[] = { "status", "clear", "export", "import", NULL };
    const char *wrong = NULL;

    if (option.json && strcmp(action, "status") != 0)
        wrong = "--json is for status";
    else if (option.limit != NULL && strcmp(action, "trim") != 0)
        wrong = "--limit is for trim";
    else if (option.texts && !g_strv_contains(with_texts, action))
        wrong = "--texts is for export and import";
    else if (option.corpus != NULL && !g_strv_contains(with_corpus, action))
        wrong = "--corpus is for status, clear, export and import";
    if (wrong != NULL)
        g_set_error_literal(error, FAILURE, FAILURE_USAGE, wrong);
    return wrong == NULL;
}

static int run(int argc, char **argv)
{
    static const struct { const char *name; int arguments; int (*run)(const char *file); } actions[] = {
        { "status", 0, cache_status }, { "verify", 0, cache_verify }, { "trim", 0, cache_trim },
        { "clear", 0, cache_clear }, { "export", 1, cache_export }, { "import", 1, cache_import },
    };
    int status = command_parse(&command_cache, entries, TRUE, &argc, &argv);
    GError *error = NULL;

    if (status >= 0)
        return status;
    for (guint i = 0; argc >= 2 && i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(argv[1], actions[i].name) != 0 || argc - 2 != actions[i].arguments)
            continue;
        if (!check_options(actions[i].name, &error))
            return command_fail(&command_cache, error);
        return command_finish(&command_cache, actions[i].run(argc > 2 ? argv[2] : NULL));
    }
    return command_fail(&command_cache, g_error_new(FAILURE, FAILURE_USAGE,
                                                    "say one of: status, verify, trim, clear, export FILE, import FILE"));
}

const Command command_cache = { "cache", "show, check, trim, clear, export or import the KV cache",
    "status|verify|trim|clear|export FILE|import FILE", run };
