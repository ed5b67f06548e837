/* prepare.c - "kvasir model prepare" and "kvasir model prepared". */
#include "config.h"
#include "src/cli/prepare.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/prepared_files.h"
#include "src/cli/settings.h"
#include "src/model/engine.h"

/* The model with integer kernels and without its prepared weights. */
static Engine *open_plain(const char *path, GError **error)
{
    const Settings *settings = settings_get();
    EngineOptions options = { .isa = g_strcmp0(settings->isa, "blas") == 0 ? NULL : settings->isa, .threads = settings->threads };

    return engine_open(path, &options, error);
}

gboolean prepare_write(const char *path, GError **error)
{
    const Settings *settings = settings_get();
    g_autoptr(Engine) engine = open_plain(path, error);
    g_autoptr(Meter) meter = meter_new(settings->quiet);
    gboolean ok = engine != NULL && prepared_files_admit(engine, error) &&
                  engine_prepare(engine, settings->prepared_folder, meter_update, meter, error);

    meter_clear(meter);
    if (!ok)
        return FALSE;
    prepared_files_settle();
    g_autofree char *file = engine_prepared_path(engine, settings->prepared_folder);
    printf("%s\n", file);
    return TRUE;
}

gboolean prepare_check(const char *path, GError **error)
{
    const Settings *settings = settings_get();
    g_autoptr(Engine) engine = open_plain(path, error);
    g_autoptr(Meter) meter = meter_new(settings->quiet);
    gboolean ok = engine != NULL && engine_prepared_verify(engine, settings->prepared_folder, meter_update, meter, error);

    meter_clear(meter);
    if (!ok)
        return FALSE;
    g_autofree char *file = engine_prepared_path(engine, settings->prepared_folder);
    printf("%s: good\n", file);
    return TRUE;
}

gboolean prepare_remove(const char *path, GError **error)
{
    g_autoptr(Engine) engine = open_plain(path, error);

    if (engine == NULL)
        return FALSE;
    g_autofree char *file = engine_prepared_path(engine, settings_get()->prepared_folder);
    if (g_unlink(file) == 0)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_CACHE, "%s: cannot remove the prepared weights: %s", file, g_strerror(errno));
    return FALSE;
}

static void add_file(JsonBuilder *builder, const char *path, gboolean json)
{
    g_autofree char *name = engine_prepared_name(path);
    GStatBuf status;

    if (g_stat(path, &status) != 0)
        return;
    if (!json) {
        g_autofree char *size = g_format_size_full((guint64) status.st_size, G_FORMAT_SIZE_IEC_UNITS);
        printf("%s  %s  %s\n", name ? name : "(damaged or not finished)", size, path);
        return;
    }
    json_builder_begin_object(builder);
    json_add_text(builder, "name", name);
    json_add_int(builder, "bytes", (gint64) status.st_size);
    json_add_text(builder, "path", path);
    json_builder_end_object(builder);
}

static int by_name(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *) left, *(const char *const *) right);
}

gboolean prepare_list(gboolean json, GError **error)
{
    const char *folder = settings_get()->prepared_folder, *name;
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(JsonBuilder) builder = json_builder_new();

    if (dir == NULL && !g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", reason->message);
        return FALSE;
    }
    while (dir != NULL && (name = g_dir_read_name(dir)))
        g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, by_name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < paths->len; i++)
        add_file(builder, paths->pdata[i], json);
    json_builder_end_array(builder);
    if (json)
        output_json(builder, FALSE);
    return TRUE;
}
