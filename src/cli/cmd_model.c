/* cmd_model.c - "kvasir model": what a model is, and which there are. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/output.h"
#include "src/cli/prepare.h"
#include "src/cli/settings.h"
#include "src/cli/watching.h"
#include "src/model/engine.h"

static gboolean json, check, drop;

static const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Write JSON, on one line", NULL },
    { "check", 0, 0, G_OPTION_ARG_NONE, &check, "With prepare: compare the prepared weights with their checksums", NULL },
    { "remove", 0, 0, G_OPTION_ARG_NONE, &drop, "With prepare: remove the prepared weights", NULL },
    { NULL },
};

static char *size_text(guint64 bytes)
{
    return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* ---------------------------------------------------------------- JSON */

/* The members of INFO, into an object that is open. */
static void add_info(JsonBuilder *builder, const ModelInfo *info)
{
    json_add_text(builder, "path", info->path);
    json_add_text(builder, "name", info->name);
    json_add_text(builder, "format", info->format);
    json_add_text(builder, "architecture", info->architecture);
    json_add_int(builder, "parameters", info->parameters);
    json_add_int(builder, "bytes", info->bytes);
    json_add_text(builder, "weight_types", info->weight_types);
    json_add_int(builder, "layers", (guint64) info->layers);
    json_add_int(builder, "hidden", (guint64) info->hidden);
    json_add_int(builder, "ffn", (guint64) info->ffn);
    json_add_int(builder, "heads", (guint64) info->heads);
    json_add_int(builder, "kv_heads", (guint64) info->kv_heads);
    json_add_int(builder, "head_dim", (guint64) info->head_dim);
    json_add_int(builder, "rotary_dim", (guint64) info->rotary_dim);
    json_add_double(builder, "rope_theta", info->rope_theta);
    json_add_double(builder, "norm_eps", info->norm_eps);
    json_add_int(builder, "vocabulary", (guint64) info->vocabulary);
    json_add_int(builder, "context", (guint64) info->context);
    json_add_boolean(builder, "qkv_bias", info->qkv_bias);
    json_add_boolean(builder, "sandwich_norms", info->sandwich_norms);
    json_add_boolean(builder, "tied_output", info->tied_output);
    json_add_text(builder, "fingerprint", info->fingerprint);
    json_builder_set_member_name(builder, "warnings");
    json_builder_begin_array(builder);
    for (char **warning = info->warnings; *warning; warning++)
        json_builder_add_string_value(builder, *warning);
    json_builder_end_array(builder);
}

/* ---------------------------------------------------------------- info */

static void print_info(const ModelInfo *info)
{
    g_autofree char *size = size_text(info->bytes);

    printf("name         %s\n", info->name);
    printf("path         %s\n", info->path);
    printf("format       %s, %s\n", info->format, info->architecture);
    printf("parameters   %.3f billion\n", (double) info->parameters / 1e9);
    printf("weights      %s: %s\n", size, info->weight_types);
    printf("layers       %d, hidden %d, FFN %d%s\n", info->layers, info->hidden, info->ffn,
           info->sandwich_norms ? ", norms around attention and FFN" : "");
    printf("attention    %d heads over %d KV heads of size %d, %s bias\n", info->heads, info->kv_heads, info->head_dim,
           info->qkv_bias ? "with" : "without");
    printf("RoPE         base %.9g, %d of %d dimensions\n", info->rope_theta, info->rotary_dim, info->head_dim);
    printf("norms        epsilon %.7g\n", info->norm_eps);
    printf("vocabulary   %d%s\n", info->vocabulary, info->tied_output ? ", output tied to the embedding" : "");
    printf("context      %d tokens\n", info->context);
    printf("fingerprint  %s\n", info->fingerprint);
    for (char **warning = info->warnings; *warning; warning++)
        printf("warning      %s\n", *warning);
}

static int model_info(const char *path)
{
    GError *error = NULL;

    if (path == NULL)
        path = settings_model_path(&error);
    g_autoptr(ModelInfo) info = path ? model_info_read(path, &error) : NULL;
    if (info == NULL)
        return command_fail(&command_model, error);
    if (!json) {
        print_info(info);
        return 0;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    add_info(builder, info);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
    return 0;
}

/* ---------------------------------------------------------------- list */

static int by_name(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *) left, *(const char *const *) right);
}

static gboolean is_folder_model(const char *path)
{
    g_autofree char *config = g_build_filename(path, "config.json", NULL);

    return g_file_test(config, G_FILE_TEST_EXISTS);
}

/* Adds the GGUF files and Hugging Face folders in FOLDER to PATHS, those in plain subfolders too (DEPTH). */
static gboolean find_models(const char *folder, int depth, GPtrArray *paths, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    const char *name;

    if (dir == NULL) {
        if (g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s", reason->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
        if (is_folder ? is_folder_model(path) : g_str_has_suffix(name, ".gguf"))
            g_ptr_array_add(paths, g_steal_pointer(&path));
        else if (is_folder && depth > 0 && !find_models(path, depth - 1, paths, error))
            return FALSE;
    }
    return TRUE;
}

static void list_one(JsonBuilder *builder, const char *path, gboolean in_use)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ModelInfo) info = model_info_read(path, &error);

    if (!json && info == NULL) {
        output_note("kvasir model: %s\n", error->message);
    } else if (!json) {
        g_autofree char *size = size_text(info->bytes);
        printf("%c %s  %s, %s, %d tokens  %s\n", in_use ? '*' : ' ', info->name, size, info->architecture,
               info->context, path);
    } else {
        json_builder_begin_object(builder);
        if (info)
            add_info(builder, info);
        else
            json_add_text(builder, "path", path);
        if (error)
            json_add_text(builder, "error", error->message);
        json_add_boolean(builder, "in_use", in_use);
        json_builder_end_object(builder);
    }
}

static int model_list(void)
{
    g_autofree char *data = g_path_get_dirname(settings_get()->catalogue_path);
    g_autofree char *folder = g_build_filename(data, "models", NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    const char *configured = settings_model_path(NULL);
    GError *error = NULL;

    if (!find_models(folder, 1, paths, &error))
        return command_fail(&command_model, error);
    if (configured && !g_ptr_array_find_with_equal_func(paths, configured, g_str_equal, NULL))
        g_ptr_array_add(paths, g_strdup(configured));
    g_ptr_array_sort(paths, by_name);
    json_builder_begin_object(builder);
    json_add_text(builder, "folder", folder);
    json_builder_set_member_name(builder, "models");
    json_builder_begin_array(builder);
    for (guint i = 0; i < paths->len; i++)
        list_one(builder, paths->pdata[i], g_strcmp0(paths->pdata[i], configured) == 0);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (json)
        output_json(builder, FALSE);
    else if (paths->len == 0)
        output_note("kvasir model: no models in %s; kvasir-models(7) says how to get one\n", folder);
    return 0;
}

/* ---------------------------------------------------------------- prepare */

static int model_prepare(const char *path)
{
    GError *error = NULL;

    if (json)
        return command_fail(&command_model, g_error_new(FAILURE, FAILURE_USAGE, "--json is for info, list, prepared and calibrate"));
    if (check && drop)
        return command_fail(&command_model, g_error_new(FAILURE, FAILURE_USAGE, "--check and --remove exclude each other"));
    if (path == NULL)
        path = settings_model_path(&error);
    if (path == NULL || !(drop ? prepare_remove : check ? prepare_check : prepare_write)(path, &error))
        return command_fail(&command_model, error);
    return 0;
}

static int model_prepared(void)
{
    GError *error = NULL;

    return prepare_list(json, &error) ? 0 : command_fail(&command_model, error);
}

/* ---------------------------------------------------------------- calibrate */

static int model_calibrate(const char *path)
{
    GError *error = NULL;

    if (path == NULL)
        path = settings_model_path(&error);
    return path != NULL && watching_calibrate(path, json, &error) ? 0 : command_fail(&command_model, error);
}

static int run(int argc, char **argv)
{
    int status = command_parse(&command_model, entries, TRUE, &argc, &argv);

    if (status >= 0)
        return status;
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "prepare") == 0)
        return command_finish(&command_model, model_prepare(argc == 3 ? argv[2] : NULL));
    if (check || drop)
        return command_fail(&command_model, g_error_new(FAILURE, FAILURE_USAGE, "--check and --remove belong to prepare"));
    if (argc == 2 && strcmp(argv[1], "prepared") == 0)
        return command_finish(&command_model, model_prepared());
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "calibrate") == 0)
        return command_finish(&command_model, model_calibrate(argc == 3 ? argv[2] : NULL));
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "info") == 0)
        return command_finish(&command_model, model_info(argc == 3 ? argv[2] : NULL));
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return command_finish(&command_model, model_list());
    return command_fail(&command_model, g_error_new(FAILURE, FAILURE_USAGE, "say info, list, prepare, prepared or calibrate"));
}

const Command command_model = { "model", "show what a model is, list the models there are, prepare or calibrate one",
    "info|list|prepare|prepared|calibrate [-m MODEL] [--json] [--check|--remove]", run };
