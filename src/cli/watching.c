/* watching.c - which attention heads an answer is watched with, and "kvasir model calibrate". */
#include "config.h"
#include "src/cli/watching.h"

#include <stdio.h>

#include "src/answer/calibrate.h"
#include "src/answer/json.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

static char *heads_folder(void)
{
    return g_path_get_dirname(settings_get()->store_path);
}

Heads *watching_heads(const Command *command, const Engine *engine, gboolean anyway)
{
    g_autofree char *folder = heads_folder();
    g_autoptr(GError) error = NULL;
    Heads *heads = heads_load(engine, folder, &error);

    if (error != NULL)
        output_note("kvasir %s: warning: %s\n", command->name, error->message);
    return heads == NULL && anyway ? heads_default(engine) : heads;
}

static void print_json(const Heads *heads, const char *path)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_text(builder, "path", path);
    json_add_int(builder, "heads", (gint64) heads->n);
    json_add_int(builder, "right", heads->right);
    json_add_int(builder, "asked", heads->asked);
    json_add_double(builder, "threshold", heads->threshold);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

gboolean watching_calibrate(const char *path, gboolean json, GError **error)
{
    const Settings *settings = settings_get();
    const EngineOptions options = { .isa = settings->isa, .threads = settings->threads, .precise = settings->precise,
                                    .prepared = settings->no_prepare ? NULL : settings->prepared_folder };
    g_autoptr(Engine) engine = engine_open(path, &options, error);
    g_autoptr(Meter) meter = meter_new(settings->quiet);
    g_autoptr(Heads) heads = NULL;
    g_autofree char *folder = heads_folder(), *file = NULL;

    if (engine == NULL || work_tokenizer(engine, error) == NULL)
        return FALSE;
    heads = calibrate_heads(engine, settings->kv, meter_update, meter, error);
    meter_clear(meter);
    if (heads == NULL || !heads_save(heads, engine, folder, error))
        return FALSE;
    file = heads_path(engine, folder);
    if (json) {
        print_json(heads, file);
        return TRUE;
    }
    printf("%s: %" G_GSIZE_FORMAT " heads; they named the right page of %u of %u facts\n", file, heads->n, heads->right,
           heads->asked);
    if (heads->threshold == 0)
        puts("What is not in the documents does not differ enough in attention: no answer is called unsupported by it.");
    return TRUE;
}
