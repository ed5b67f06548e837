/* checkpoint.c - a table of named tensors in mapped files. */
#include "config.h"
#include "src/model/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/base/mapped.h"

gboolean model_fail(GError **error, const char *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FAILURE, FAILURE_MODEL, "%s: %s", path, message);
    return FALSE;
}

void stored_tensor_free(StoredTensor *tensor)
{
    if (tensor == NULL)
        return;
    g_free(tensor->name);
    g_free(tensor->path);
    g_free(tensor->type_text);
    g_free(tensor);
}

static void free_stored(gpointer tensor)
{
    stored_tensor_free(tensor);
}

static void unref_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

Checkpoint *checkpoint_new(void)
{
    Checkpoint *checkpoint = g_new0(Checkpoint, 1);

    checkpoint->tensors = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_stored);
    checkpoint->mappings = g_ptr_array_new_with_free_func(unref_bytes);
    return checkpoint;
}

void checkpoint_free(Checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    g_hash_table_unref(checkpoint->tensors);
    g_ptr_array_unref(checkpoint->mappings);
    g_free(checkpoint);
}

static void unmap(gpointer mapping)
{
    mapped_forget(g_mapped_file_get_contents(mapping));
    g_mapped_file_unref(mapping);
}

GBytes *checkpoint_map(const char *path, GError **error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        model_fail(error, path, "cannot open the model file: %s", g_strerror(errno));
        return NULL;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        model_fail(error, path, "is not a regular file, so it cannot be a model");
        return NULL;
    }
    g_autoptr(GError) reason = NULL;
    GMappedFile *mapping = g_mapped_file_new_from_fd(fd, FALSE, &reason);
    close(fd);
    if (mapping == NULL) {
        model_fail(error, path, "cannot map the model file: %s", reason->message);
        return NULL;
    }
    const char *start = g_mapped_file_get_contents(mapping);
    gsize bytes = g_mapped_file_get_length(mapping);
    if (bytes > 0)
        mapped_watch(start, bytes, path);
    return g_bytes_new_with_free_func(start, bytes, unmap, mapping);
}

const StoredTensor *checkpoint_find(const Checkpoint *checkpoint, const char *name)
{
    return g_hash_table_lookup(checkpoint->tensors, name);
}

gboolean checkpoint_name_is_clean(const char *text, gsize length, gsize limit)
{
    if (length == 0 || length > limit)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isprint(text[i]))
            return FALSE;
    return TRUE;
}

gboolean checkpoint_tensor_bytes(const StoredTensor *tensor, guint64 *bytes, GError **error)
{
    guint64 columns = tensor->dims[tensor->n_dims - 1];
    gsize block = type_block(tensor->type);

    for (guint i = 0; i < tensor->n_dims; i++)
        if (tensor->dims[i] == 0)
            return model_fail(error, tensor->path, "tensor %s has a dimension of 0", tensor->name);
    if (columns % block != 0)
        return model_fail(error, tensor->path, "tensor %s has rows of %" G_GUINT64_FORMAT
                          " values, which is no multiple of the %" G_GSIZE_FORMAT " values of a %s block",
                          tensor->name, columns, block, tensor->type_text);
    *bytes = columns / block;
    gboolean fits = g_uint64_checked_mul(bytes, *bytes, type_block_bytes(tensor->type));
    for (guint i = 0; fits && i + 1 < tensor->n_dims; i++)
        fits = g_uint64_checked_mul(bytes, *bytes, tensor->dims[i]);
    /* Counts of values go into signed 64-bit numbers above. */
    if (!fits || *bytes > G_MAXINT64 / 8)
        return model_fail(error, tensor->path, "the shape of tensor %s is too large", tensor->name);
    return TRUE;
}

gboolean checkpoint_add(Checkpoint *checkpoint, StoredTensor *tensor, GError **error)
{
    g_autoptr(StoredTensor) mine = tensor;

    if (!checkpoint_name_is_clean(tensor->name, strlen(tensor->name), STORED_MAX_NAME))
        return model_fail(error, tensor->path, "a tensor's name is empty, too long or not printable");
    if (g_hash_table_contains(checkpoint->tensors, tensor->name))
        return model_fail(error, tensor->path, "tensor %s occurs twice", tensor->name);
    g_hash_table_insert(checkpoint->tensors, tensor->name, mine);
    mine = NULL;
    return TRUE;
}

static int by_address(gconstpointer left, gconstpointer right)
{
    const StoredTensor *a = *(const StoredTensor *const *) left;
    const StoredTensor *b = *(const StoredTensor *const *) right;

    return a->data < b->data ? -1 : a->data > b->data;
}

gboolean checkpoint_check_overlap(const Checkpoint *checkpoint, GError **error)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, checkpoint->tensors);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        if (((StoredTensor *) value)->data != NULL)
            g_ptr_array_add(sorted, value);
    g_ptr_array_sort(sorted, by_address);
    for (guint i = 1; i < sorted->len; i++) {
        const StoredTensor *a = sorted->pdata[i - 1], *b = sorted->pdata[i];
        if ((guint64) (b->data - a->data) < a->bytes)
            return model_fail(error, b->path, "the data of tensors %s and %s overlap", a->name, b->name);
    }
    return TRUE;
}
