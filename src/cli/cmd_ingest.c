/* cmd_ingest.c - "kvasir ingest": documents into a corpus, and its prefix into the cache. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ingest/tree.h"
#include "src/answer/prompt.h"
#include "src/answer/source.h"
#include "src/answer/volume.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/asking.h"
#include "src/cli/command.h"
#include "src/cli/ingest_near.h"
#include "src/cli/ingest_report.h"
#include "src/cli/meter.h"
#include "src/cli/naming.h"
#include "src/cli/output.h"
#include "src/cli/reading.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static struct {
    char *corpus;
    gboolean no_prefill, reread, json;
    int volume_tokens;
    char **bibliographies;
} option = { .volume_tokens = -1 };

/* What of a folder is read. */
static TreeRules rules;

static gboolean take_size(const char *name, const char *value, gpointer data, GError **error)
{
    if (settings_parse_size(value, &rules.max_size) && rules.max_size > 0)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s takes a size such as 20M, not \"%s\"", name, value);
    return FALSE;
}

static const GOptionEntry entries[] = {
    { "include", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rules.include, "Of folders, only files that GLOB matches", "GLOB" },
    { "exclude", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rules.exclude, "Of folders, not what GLOB matches", "GLOB" },
    { "hidden", 0, 0, G_OPTION_ARG_NONE, &rules.hidden, "Of folders, hidden files and folders, too", NULL },
    { "follow", 0, 0, G_OPTION_ARG_NONE, &rules.follow, "Of folders, what links to folders lead to, too", NULL },
    { "no-ignore", 0, 0, G_OPTION_ARG_NONE, &rules.no_ignore, "Do not look at .kvasirignore files", NULL },
    { "max-size", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) (guintptr) take_size, "Of folders, no files larger than SIZE", "SIZE" },
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Add to CORPUS, which is made if it is new", "CORPUS" },
    { "bibliography", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option.bibliographies,
      "Cite documents as FILE (BibTeX or CSL-JSON) names them", "FILE" },
    { "no-prefill", 0, 0, G_OPTION_ARG_NONE, &option.no_prefill, "Keep the texts only; no model is needed", NULL },
    { "volume-tokens", 0, 0, G_OPTION_ARG_INT, &option.volume_tokens,
      "Keep the corpus in volumes of at most N tokens (default, and 0: what the model's context holds)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write what became of each file as JSON", NULL },
    { "reread", 0, 0, G_OPTION_ARG_NONE, &option.reread, "Read also files whose size and time are as before", NULL },
    { NULL },
};

typedef struct {
    Catalogue *catalogue;
    GHashTable *known;          /* path -> CatalogueDocument*, document or copy, of the corpus */
    GPtrArray *rows, *copies;   /* own those */
    GHashTable *fresh;          /* paths (owned) of documents that are new or have changed: a set */
    Meter *meter;
    Bibliography *bibliography; /* or NULL: it stays as it was */
    PrefixReport prefix;
    IngestReport report;
} Ingest;

static gboolean load_known(Ingest *ingest, GError **error)
{
    GError *local = NULL;

    ingest->known = g_hash_table_new(g_str_hash, g_str_equal);
    ingest->rows = catalogue_documents(ingest->catalogue, option.corpus, FALSE, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    for (guint i = 0; ingest->rows != NULL && i < ingest->rows->len; i++) {
        CatalogueDocument *row = g_ptr_array_index(ingest->rows, i);
        g_hash_table_insert(ingest->known, row->path, row);
    }
    ingest->copies = catalogue_copies(ingest->catalogue, option.corpus, error);
    if (ingest->copies == NULL)
        return FALSE;
    for (guint i = 0; i < ingest->copies->len; i++) {
        CatalogueDocument *copy = g_ptr_array_index(ingest->copies, i);
        g_hash_table_insert(ingest->known, copy->path, copy);
    }
    return TRUE;
}

/* A file that is to be read. */
typedef struct {
    const char *path;
    SourceStamp stamp;
} Task;

/* PATH could not be read; frees ERROR. */
static void tell(Ingest *ingest, const char *path, GError *error)
{
    meter_clear(ingest->meter);
    ingest_report_add(&ingest->report, &ingest->report.unreadable, path, NULL, NULL, error->message);
    command_fail(&command_ingest, error);
}

/* The file of KNOWN is as before: what of it could not be read still cannot, which is told as it was when it was read. */
static gboolean keep_unchanged(Ingest *ingest, CatalogueDocument *known, GError **error)
{
    const guint unread = 1u << PAGE_SCAN | 1u << PAGE_UNREADABLE | 1u << PAGE_DAMAGED;
    gboolean partly;

    ingest_report_add(&ingest->report, &ingest->report.same, known->path, NULL, NULL, NULL);
    if (!catalogue_has_pages(ingest->catalogue, known->id, unread, &partly, error))
        return FALSE;
    if (!partly)
        return TRUE;
    if (!catalogue_load_pages(ingest->catalogue, option.corpus, known, error))
        return FALSE;
    g_autoptr(Document) document = source_from_catalogue(known);
    g_clear_pointer(&known->pages, g_ptr_array_unref);
    meter_clear(ingest->meter);
    work_tell_unread(&command_ingest, document);
    ingest->report.partly++;
    return TRUE;
}

/* Whether PATH must be read: its stamp is taken then.  FALSE with ERROR only for what ends the run. */
static gboolean must_read(Ingest *ingest, const char *path, Task *task, GError **error)
{
    /* Of a site only the front page has a stamp. */
    CatalogueDocument *known = g_hash_table_lookup(ingest->known, path);
    GError *local = NULL;

    task->path = path;
    if (known != NULL && !option.reread && g_strcmp0(known->format, "site") != 0 && reading_options()->password == NULL &&
        source_unchanged(known)) {
        keep_unchanged(ingest, known, error);
        return FALSE;
    }
    if (!source_stamp(path, &task->stamp, &local)) {
        tell(ingest, path, local);
        return FALSE;
    }
    return TRUE;
}

static gboolean keep(Ingest *ingest, const Task *task, const Document *document, GError **error)
{
    /* That of the file, or of a part of it. */
    const char *path = document->path;
    g_autoptr(CatalogueDocument) row = source_row(document, path, &task->stamp);
    g_autofree char *original = NULL;
    IngestReport *report = &ingest->report;
    gboolean changed, known = g_hash_table_contains(ingest->known, path);

    meter_clear(ingest->meter);
    work_tell_left_out(&command_ingest, document);
    work_tell_unread(&command_ingest, document);
    if (!catalogue_put(ingest->catalogue, option.corpus, row, &changed, error) ||
        !catalogue_copy_of(ingest->catalogue, option.corpus, path, &original, error))
        return FALSE;
    if (original != NULL && !settings_get()->quiet)
        output_note("kvasir ingest: %s: says what %s says, which stands for both\n", path, original);
    if (original == NULL && changed)
        g_hash_table_add(ingest->fresh, g_strdup(path));
    ingest_report_add(report, original != NULL ? &report->duplicates : !changed ? &report->same
                      : known ? &report->changed : &report->new, path, document, original, NULL);
    return TRUE;
}

/* FALSE only for what ends the run; a file that cannot be read is told and counted. */
static gboolean ingest_files(Ingest *ingest, const GPtrArray *files, GError **error)
{
    g_autoptr(Pool) pool = reading_pool();
    g_autoptr(GArray) tasks = g_array_new(FALSE, FALSE, sizeof(Task));

    for (guint i = 0; i < files->len; i++) {
        Task task;
        GError *local = NULL;

        if (must_read(ingest, g_ptr_array_index(files, i), &task, &local)) {
            g_array_append_val(tasks, task);
            pool_add(pool, task.path);
        } else if (local != NULL) {
            g_propagate_error(error, local);
            return FALSE;
        }
    }
    while (pool_left(pool) > 0) {
        guint i = tasks->len - pool_left(pool);
        GError *local = NULL;
        g_autoptr(Document) document = pool_next(pool, meter_update, ingest->meter, &local);

        if (document == NULL && !work_can_go_on(local)) {
            g_propagate_error(error, local);
            return FALSE;
        }
        if (document == NULL)
            tell(ingest, g_array_index(tasks, Task, i).path, local);
        else if (!keep(ingest, &g_array_index(tasks, Task, i), document, error))
            return FALSE;
    }
    meter_clear(ingest->meter);
    return TRUE;
}

/* The files that PATH stands for. */
static gboolean collect_path(const char *path, GPtrArray *files, TreeLeft *left, GError **error)
{
    g_autofree char *front = reading_options()->site ? document_site_front(path) : NULL;

    return tree_collect(front != NULL ? front : path, &rules, files, left, error);
}

/* Folders that cannot be listed count as files that cannot be read: what is in them is not known. */
static void tell_left(Ingest *ingest, const TreeLeft *left)
{
    for (guint i = 0; i < left->closed->len; i++)
        tell(ingest, g_ptr_array_index(left->closed, i), g_error_copy(g_ptr_array_index(left->reasons, i)));
    if (left->too_large > 0)
        output_note("kvasir ingest: %u %s larger than --max-size left out\n", left->too_large, left->too_large == 1 ? "file" : "files");
    if (left->other_kinds > 0 && !settings_get()->quiet)
        output_note("kvasir ingest: %u %s not look like %s left out (--include takes them)\n", left->other_kinds,
                    left->other_kinds == 1 ? "file that does" : "files that do",
                    left->other_kinds == 1 ? "a document was" : "documents were");
}

/* A path that is missing is one input that cannot be read, not the end. */
static GPtrArray *collect(Ingest *ingest, char **paths, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(TreeLeft) left = tree_left_new();

    for (char **path = paths; *path != NULL; path++) {
        GError *local = NULL;
        guint before = files->len;

        if (strcmp(*path, "-") == 0) {
            local = g_error_new(FAILURE, FAILURE_INPUT, "standard input: a corpus keeps where its documents lie; save it to a file first");
            tell(ingest, *path, local);
        } else if (!collect_path(*path, files, left, &local)) {
            tell(ingest, *path, local);
        } else if (files->len == before) {
            output_note("kvasir ingest: %s: no documents in this folder\n", *path);
        }
    }
    tell_left(ingest, left);
    if (files->len == 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "nothing to read");
        return NULL;
    }
    return g_steal_pointer(&files);
}

/* TITLE: what the prompt is of, for "cache status". */
static gboolean fill_store(Ingest *ingest, const Engine *engine, Store *store, const Prompt *prompt, const char *title, GError **error)
{
    KvType kv = settings_get()->kv;
    const gint32 *ids = (const gint32 *) (void *) prompt->ids->data;
    g_autoptr(Session) session = session_new(engine, kv, prompt->ids->len, error);
    gboolean ok;

    if (session == NULL)
        return FALSE;
    work_tell_outlook(engine, kv, store, ids, prompt->ids->len, prompt->prefix);
    ok = prefix_fill(session, engine, kv, store, ids, prompt->ids->len, prompt->prefix,
                     meter_update, ingest->meter, &ingest->prefix, error);
    meter_clear(ingest->meter);
    /* Also when it was interrupted: of what is there, status shall tell whose it is. */
    prefix_note_corpus(engine, kv, store, ids, prompt->prefix, title);
    if (ok)
        work_tell_prefix(&command_ingest, &ingest->prefix);
    return ok;
}

/* One prefix for each volume; those before an interruption stay. */
static gboolean prefill_volumes(Ingest *ingest, const Engine *engine, Store *store, const GPtrArray *documents,
                                const GArray *volumes, GError **error)
{
    gpointer tokenizer = (gpointer) (guintptr) engine_tokenizer(engine);

    for (guint i = 0; i < volumes->len; i++) {
        const Volume *volume = &g_array_index(volumes, Volume, i);
        g_autoptr(GArray) selection = volume_selection(volume, documents);
        g_autoptr(GPtrArray) view = selection_view(documents, selection);
        g_autoptr(Pack) pack = selection_pack(view, prompt_encode, tokenizer);
        g_autoptr(Prompt) prompt = prompt_new(engine_tokenizer(engine), NULL, pack, NULL, error);
        g_autofree char *place = volume_to_text(volume, documents);
        g_autofree char *title = volume_title(option.corpus, i);

        if (prompt == NULL)
            return FALSE;
        if (!settings_get()->quiet)
            output_note("kvasir: volume %u of %u: %s\n", i + 1, volumes->len, place);
        prefix_report_clear(&ingest->prefix);
        if (!fill_store(ingest, engine, store, prompt, title, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean prefill(Ingest *ingest, const Engine *engine, Store *store, GError **error)
{
    const Tokenizer *tokenizer = work_tokenizer(engine, error);
    gint64 wanted;

    if (tokenizer == NULL || !catalogue_volume_tokens(ingest->catalogue, option.corpus, &wanted, error))
        return FALSE;
    g_autoptr(GPtrArray) documents = source_corpus(ingest->catalogue, option.corpus, error);
    if (documents == NULL)
        return FALSE;
    g_autoptr(Pack) pack = asking_pack(engine, documents);
    gsize limit = volume_limit(engine, (gsize) wanted);
    if (pack->ids->len > limit && pack->chunks == NULL) {
        g_autoptr(GArray) volumes = volume_plan(documents, pack, limit, prompt_encode, (gpointer) (guintptr) tokenizer, error);
        if (volumes == NULL) {
            g_prefix_error(error, "the texts are kept, but not prefilled: ");
            return FALSE;
        }
        return prefill_volumes(ingest, engine, store, documents, volumes, error);
    }
    g_autoptr(Prompt) prompt = prompt_new(tokenizer, NULL, pack, NULL, error);
    return prompt != NULL && fill_store(ingest, engine, store, prompt, option.corpus, error);
}

static gboolean read_libraries(Ingest *ingest, GError **error)
{
    ingest->bibliography = option.bibliographies != NULL ? bibliography_new() : NULL;
    for (char **path = option.bibliographies; path != NULL && *path != NULL; path++)
        if (!bibliography_add_file(ingest->bibliography, *path, error))
            return FALSE;
    return TRUE;
}

static gboolean read_all(Ingest *ingest, char **paths, GError **error)
{
    g_autoptr(GPtrArray) files = NULL;

    if (!read_libraries(ingest, error) || (files = collect(ingest, paths, error)) == NULL)
        return FALSE;
    ingest->catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    return ingest->catalogue != NULL && load_known(ingest, error) && ingest_files(ingest, files, error) &&
           ingest_near_tell(ingest->catalogue, option.corpus, ingest->fresh, &ingest->report, error);
}

static gboolean name_documents(Ingest *ingest, GError **error)
{
    IngestReport *report = &ingest->report;

    report->named = naming_keep(&command_ingest, ingest->catalogue, option.corpus, ingest->bibliography, &report->names, error);
    return report->named;
}

/* Names alone, for the documents that are there: nothing is read or computed. */
static gboolean only_names(Ingest *ingest, GError **error)
{
    if (!read_libraries(ingest, error))
        return FALSE;
    ingest->catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, error);
    if (ingest->catalogue == NULL || !name_documents(ingest, error))
        return FALSE;
    if (option.json)
        ingest_report_print(&ingest->report, option.corpus);
    else
        naming_print(option.corpus, &ingest->report.names);
    return TRUE;
}

static gboolean ingest_all(Ingest *ingest, char **paths, GError **error)
{
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Store) store = NULL;
    GError *local = NULL;

    /* What can be wrong with model and store is better known before hours of reading. */
    if (!option.no_prefill) {
        engine = settings_open_engine(error);
        if (engine == NULL)
            return FALSE;
        store = work_open_store(engine, &local);
        if (local != NULL) {
            g_propagate_error(error, local);
            return FALSE;
        }
    }
    if (!read_all(ingest, paths, error) ||
        (option.volume_tokens >= 0 &&
         !catalogue_set_volume_tokens(ingest->catalogue, option.corpus, option.volume_tokens, error)))
        return FALSE;
    gboolean ok = ingest->bibliography == NULL || ingest_report_read(&ingest->report) == 0 || name_documents(ingest, error);
    ingest_report_print(&ingest->report, option.corpus);
    if (!ok)
        return FALSE;
    if (store == NULL || ingest_report_read(&ingest->report) == 0)
        return TRUE;
    return prefill(ingest, engine, store, error);
}

static int finish(Ingest *ingest, GError *error)
{
    gboolean interrupted = error != NULL && g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
    int status;

    meter_clear(ingest->meter);
    if (error != NULL) {
        status = command_fail(&command_ingest, error);
        if (interrupted)
            work_tell_resume(&ingest->prefix, TRUE);
        return status;
    }
    return command_finish(&command_ingest, ingest->report.partly + ingest->report.unreadable > 0 ? 3 : 0);
}

static int run(int argc, char **argv)
{
    Ingest ingest = { 0 };
    GError *error = NULL;
    int status;

    work_begin(argc, argv);
    status = command_parse(&command_ingest, entries, TRUE, &argc, &argv);
    if (status >= 0)
        return status;
    if (option.volume_tokens < -1)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "--volume-tokens must not be negative");
    else if (option.corpus == NULL || option.corpus[0] == '\0' || !g_utf8_validate(option.corpus, -1, NULL))
        g_set_error(&error, FAILURE, FAILURE_USAGE, "a corpus is needed: -c NAME");
    else if (argc < 2 && option.bibliographies == NULL)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "nothing to ingest: name files or folders");
    if (error != NULL)
        return command_fail(&command_ingest, error);

    ingest_report_begin(&ingest.report, option.json);
    ingest.fresh = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ingest.meter = meter_new(settings_get()->quiet);
    if (argc < 2)
        only_names(&ingest, &error);
    else
        ingest_all(&ingest, argv + 1, &error);
    status = finish(&ingest, error);
    g_clear_pointer(&ingest.known, g_hash_table_unref);
    g_hash_table_unref(ingest.fresh);
    g_clear_pointer(&ingest.rows, g_ptr_array_unref);
    g_clear_pointer(&ingest.copies, g_ptr_array_unref);
    bibliography_free(ingest.bibliography);
    catalogue_close(ingest.catalogue);
    prefix_report_clear(&ingest.prefix);
    ingest_report_clear(&ingest.report);
    meter_free(ingest.meter);
    return status;
}

const Command command_ingest = {
    "ingest", "read documents into a corpus and compute its prefix once",
    "-c CORPUS [--no-prefill] [--bibliography FILE] PATH...", run, TRUE,
};
