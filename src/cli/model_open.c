/* model_open.c - the model that the settings name, else the demonstration model. */
#include "config.h"
#include "src/cli/settings.h"

#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"

const char *settings_model_path(GError **error)
{
    const char *demo = PKGDATADIR "/demo.gguf";

    if (settings_get()->model != NULL)
        return settings_get()->model;
    if (g_file_test(demo, G_FILE_TEST_EXISTS))
        return demo;
    g_set_error(error, FAILURE, FAILURE_MODEL,
                "no model was named, and the demonstration model %s is not installed; "
                "name one with -m, in KVASIR_MODEL or in kvasir.conf", demo);
    return NULL;
}

Engine *settings_open_engine(GError **error)
{
    const Settings *settings = settings_get();
    EngineOptions options = {
        .isa = settings->isa,
        .threads = settings->threads,
        .precise = settings->precise,
    };
    const char *path = settings_model_path(error);
    Engine *engine = path != NULL ? engine_open(path, &options, error) : NULL;

    if (engine == NULL || settings->quiet)
        return engine;
    if (strstr(engine_info(engine)->name, "(random weights)") != NULL)
        fputs("kvasir: this demonstration model has random weights, its words mean nothing; "
              "kvasir-models(7) says how to get GLM-4-9B-Chat\n", stderr);
    else if (settings->model == NULL)
        fputs("kvasir: using the small demonstration model; "
              "kvasir-models(7) says how to get GLM-4-9B-Chat\n", stderr);
    return engine;
}
