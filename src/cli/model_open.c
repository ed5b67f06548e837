/* model_open.c - the model that the settings name, else the look-up model that is installed. */
#include "config.h"
#include "src/cli/settings.h"

#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/prepared_files.h"

/* general.name of the file that demo/export.py writes */
#define LOOKUP_MODEL "kvasir look-up model"

const char *settings_model_path(GError **error)
{
    const char *demo = PKGDATADIR "/demo.gguf";

    if (settings_get()->model != NULL)
        return settings_get()->model;
    if (g_file_test(demo, G_FILE_TEST_EXISTS))
        return demo;
    g_set_error(error, FAILURE, FAILURE_MODEL,
                "no model was named, and the look-up model %s is not installed; "
                "name one with -m, in KVASIR_MODEL or in kvasir.conf", demo);
    return NULL;
}

/* Prepares the weights of a model that is used for the first time.  FALSE when a signal stopped it;
 * whatever else goes wrong costs speed only. */
static gboolean prepare(Engine *engine, GError **error)
{
    const Settings *settings = settings_get();
    const char *reason = NULL;
    g_autoptr(GError) local = NULL;
    gboolean missing = engine_prepared(engine, &reason) == PREPARED_MISSING;

    if (!missing && reason == NULL)
        return TRUE;
    if (reason != NULL && !settings->quiet)
        output_note("kvasir: %s\n", reason);
    g_autoptr(Meter) meter = meter_new(settings->quiet);
    gboolean ok = prepared_files_admit(engine, &local) &&
                  engine_prepare(engine, settings->prepared_folder, meter_update, meter, &local);
    meter_clear(meter);
    if (ok) {
        prepared_files_settle();
        return TRUE;
    }
    if (g_error_matches(local, FAILURE, FAILURE_INTERRUPTED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!settings->quiet)
        output_note("kvasir: %s; going on without them, more slowly\n", local->message);
    return TRUE;
}

static Engine *open_engine(gboolean to_compute, GError **error)
{
    const Settings *settings = settings_get();
    EngineOptions options = {
        .isa = settings->isa,
        .threads = settings->threads,
        .precise = settings->precise,
        .prepared = to_compute && !settings->no_prepare ? settings->prepared_folder : NULL,
    };
    const char *path = settings_model_path(error);
    Engine *engine = path != NULL ? engine_open(path, &options, error) : NULL;

    if (engine != NULL && !prepare(engine, error))
        g_clear_pointer(&engine, engine_free);
    if (engine == NULL || settings->quiet)
        return engine;
    if (settings->model == NULL || g_str_equal(engine_info(engine)->name, LOOKUP_MODEL))
        fputs("kvasir: answering with the small look-up model, which finds and copies and does not reason; "
              "kvasir-models(7) says how to get GLM-4-9B-Chat\n", stderr);
    return engine;
}

Engine *settings_open_engine(GError **error)
{
    return open_engine(TRUE, error);
}

Engine *settings_open_reader(GError **error)
{
    return open_engine(FALSE, error);
}
