/* prepared_files.c - the room that prepared weights take in the cache, and when they give way. */
#include "config.h"
#include "src/cli/prepared_files.h"

#include <glib/gstdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/settings.h"

typedef struct {
    char *path;
    guint64 bytes;
    gint64 used;                /* microseconds since 1970 */
} File;

static void clear_file(gpointer file)
{
    g_free(((File *) file)->path);
}

static int by_use(gconstpointer left, gconstpointer right)
{
    gint64 l = ((const File *) left)->used, r = ((const File *) right)->used;

    return (l > r) - (l < r);
}

/* Array of File, the longest unused first. */
static GArray *list_files(void)
{
    const char *folder = settings_get()->prepared_folder, *name;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GArray *files = g_array_new(FALSE, FALSE, sizeof(File));

    g_array_set_clear_func(files, clear_file);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        File file = { .path = g_build_filename(folder, name, NULL) };
        GStatBuf status;

        if ((g_str_has_suffix(name, ".weights") || g_str_has_suffix(name, ".weights.part")) && g_stat(file.path, &status) == 0) {
            file.bytes = (guint64) status.st_size;
            file.used = (gint64) status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
            g_array_append_val(files, file);
        } else {
            g_free(file.path);
        }
    }
    g_array_sort(files, by_use);
    return files;
}

guint64 prepared_files_bytes(guint *n)
{
    g_autoptr(GArray) files = list_files();
    guint64 bytes = 0;

    for (guint i = 0; i < files->len; i++)
        bytes += g_array_index(files, File, i).bytes;
    if (n != NULL)
        *n = files->len;
    return bytes;
}

guint64 prepared_files_give_way(guint64 need, gpointer unused)
{
    g_autoptr(GArray) files = list_files();
    guint64 left = 0, freed = 0;

    (void) unused;
    for (guint i = 0; i < files->len; i++) {
        const File *file = &g_array_index(files, File, i);

        if (freed < need && engine_prepared_remove_unused(file->path))
            freed += file->bytes;
        else
            left += file->bytes;
    }
    return left;
}

gboolean prepared_files_admit(const Engine *engine, GError **error)
{
    const Settings *settings = settings_get();
    g_autofree char *path = engine_prepared_path(engine, settings->prepared_folder);
    guint64 bytes = engine_prepared_bytes(engine), limit = settings->cache_limit, others = prepared_files_bytes(NULL);
    GStatBuf status;

    if (limit == 0)
        return TRUE;
    if (bytes > limit / 2) {
        g_autofree char *need = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *have = g_format_size_full(limit, G_FORMAT_SIZE_IEC_UNITS);

        g_set_error(error, FAILURE, FAILURE_CACHE, "the prepared weights would take %s, more than half of the cache limit "
                    "of %s; raise cache-limit in kvasir.conf", need, have);
        return FALSE;
    }
    /* What is there under this name is replaced. */
    if (g_stat(path, &status) == 0)
        others -= MIN(others, (guint64) status.st_size);
    if (others + bytes > limit / 2)
        prepared_files_give_way(others + bytes - limit / 2, NULL);
    return TRUE;
}

void prepared_files_settle(void)
{
    const Settings *settings = settings_get();
    const StoreOptions options = { .limit = settings->cache_limit };
    guint64 files = prepared_files_bytes(NULL), limit = settings->cache_limit;
    StoreStatus status;

    if (limit == 0 || !settings_have_store())
        return;
    g_autoptr(Store) store = store_open(settings->store_path, &options, NULL);
    if (store != NULL && store_status(store, &status, NULL) && status.bytes + files > limit)
        store_trim(store, limit - MIN(files, limit), NULL, NULL);
}
