/* prepared.c - a model's weights interleaved for the kernels, in a file or in memory. */
#include "config.h"
#include "src/model/prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/model/checkpoint.h"

#define MAGIC "kvasir weights\n"
#define FORMAT 1
#define PAGE 4096
#define CHUNK (4u << 20)        /* bytes of panels that are made at a time, about */
#define HUGE_PAGE (2u << 20)

G_STATIC_ASSERT(sizeof(PreparedHeader) == 240);
G_STATIC_ASSERT(sizeof(PreparedEntry) == 48);

char *prepared_path(const char *folder, const char *fingerprint)
{
    g_autofree char *name = g_strdup_printf("%s-%d.weights", fingerprint, PREPARED_LAYOUT);

    return g_build_filename(folder, name, NULL);
}

/* ---------------------------------------------------------------- the tensors */

static void add_tensor(GPtrArray *tensors, Tensor *tensor)
{
    if (tensor->data != NULL && kernel_panel_bytes(tensor->type, (gsize) tensor->columns) != 0)
        g_ptr_array_add(tensors, tensor);
}

/* The matrices that are prepared, in the file's order. */
static GPtrArray *wanted_tensors(const Weights *weights)
{
    GPtrArray *tensors = g_ptr_array_new();

    for (int i = 0; i < weights->info.layers; i++) {
        LayerWeights *l = &weights->layers[i];
        Tensor *const of_layer[] = { &l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down };
        for (gsize j = 0; j < G_N_ELEMENTS(of_layer); j++)
            add_tensor(tensors, of_layer[j]);
    }
    add_tensor(tensors, (Tensor *) (guintptr) &weights->output);
    return tensors;
}

gboolean prepared_wanted(const Weights *weights)
{
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);

    return tensors->len > 0;
}

static guint64 panel_count(const Tensor *tensor)
{
    return ((guint64) tensor->rows + KERNEL_PANEL - 1) / KERNEL_PANEL;
}

/* The table with all but the checksums; *END is the size of the file. */
static PreparedEntry *make_table(const GPtrArray *tensors, guint64 *end)
{
    PreparedEntry *table = g_new0(PreparedEntry, tensors->len);
    guint64 at = (sizeof(PreparedHeader) + tensors->len * sizeof *table + PAGE - 1) / PAGE * PAGE;

    for (guint i = 0; i < tensors->len; i++) {
        const Tensor *t = tensors->pdata[i];
        guint64 bytes = panel_count(t) * kernel_panel_bytes(t->type, (gsize) t->columns);

        table[i] = (PreparedEntry) { t->type, (guint64) t->rows, (guint64) t->columns, at, bytes, 0 };
        at += bytes;
    }
    *end = at;
    return table;
}

guint64 prepared_bytes(const Weights *weights)
{
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);
    guint64 end;

    g_free(make_table(tensors, &end));
    return end;
}

static PreparedHeader make_header(const Weights *weights, const GPtrArray *tensors, guint64 file_bytes)
{
    PreparedHeader header = { .magic = MAGIC, .version = FORMAT, .layout = PREPARED_LAYOUT, .tensors = tensors->len,
                              .file_bytes = file_bytes };
    g_autofree char *name = g_utf8_make_valid(weights->info.name, -1);

    memcpy(header.fingerprint, weights->info.fingerprint, MIN(sizeof header.fingerprint, strlen(weights->info.fingerprint)));
    g_utf8_strncpy(header.name, name, MIN(g_utf8_strlen(name, -1), (glong) sizeof header.name / 4 - 1));
    return header;
}

static guint64 table_checksum(const PreparedHeader *header, const PreparedEntry *table, gsize n)
{
    PreparedHeader plain = *header;
    XXH3_state_t *state = XXH3_createState();
    guint64 sum;

    plain.checksum = 0;
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, &plain, sizeof plain);
    XXH3_64bits_update(state, table, n * sizeof *table);
    sum = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return sum;
}

/* ---------------------------------------------------------------- reading */

static gboolean unusable(GError **error, const char *path, const char *what)
{
    g_set_error(error, FAILURE, FAILURE_CACHE, "%s: the prepared weights %s; \"kvasir model prepare\" writes them again",
                path, what);
    return FALSE;
}

/* The table of the file in BYTES, compared with what WEIGHTS demand. */
static const PreparedEntry *check(const Weights *weights, const GPtrArray *tensors, GBytes *bytes, const char *path, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    guint64 end;
    g_autofree PreparedEntry *want = make_table(tensors, &end);
    PreparedHeader header;

    if (size < sizeof header) {
        unusable(error, path, "are cut off");
        return NULL;
    }
    memcpy(&header, data, sizeof header);
    const PreparedEntry *table = (const PreparedEntry *) (gconstpointer) (data + sizeof header);
    const char *wrong =
        memcmp(header.magic, MAGIC, sizeof header.magic) != 0 ? "are damaged" :
        header.version != FORMAT || header.layout != PREPARED_LAYOUT ? "are of another version" :
        strncmp(header.fingerprint, weights->info.fingerprint, sizeof header.fingerprint) != 0 ? "are those of another model" :
        header.tensors != tensors->len || header.file_bytes != end ? "have another shape than the model" :
        size != end ? "are cut off" :
        table_checksum(&header, table, tensors->len) != header.checksum ? "are damaged" : NULL;
    for (guint i = 0; wrong == NULL && i < tensors->len; i++)
        if (memcmp(&want[i], &table[i], G_STRUCT_OFFSET(PreparedEntry, checksum)) != 0)
            wrong = "have another shape than the model";
    if (wrong == NULL)
        return table;
    unusable(error, path, wrong);
    return NULL;
}

/* A mapping, and the lock by which others see that it is in use. */
typedef struct {
    GBytes *bytes;
    int fd;
} Use;

static void end_use(gpointer data)
{
    Use *use = data;

    g_bytes_unref(use->bytes);
    if (use->fd >= 0)
        close(use->fd);
    g_free(use);
}

/* Takes BYTES of the file at PATH over.  The file's time is that of its last use.  Without lock or time it is used all the same. */
static GBytes *begin_use(GBytes *bytes, const char *path)
{
    Use *use = g_new(Use, 1);
    gsize size;
    const void *start = g_bytes_get_data(bytes, &size);

    *use = (Use) { bytes, open(path, O_RDONLY | O_CLOEXEC) };
    if (use->fd >= 0) {
        (void) flock(use->fd, LOCK_SH | LOCK_NB);
        (void) futimens(use->fd, NULL);
    }
    return g_bytes_new_with_free_func(start, size, end_use, use);
}

gboolean engine_prepared_remove_unused(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gboolean removed = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0;

    if (fd >= 0)
        close(fd);
    return removed;
}

/* Asks for huge pages: each token passes through all of the weights, and a CPU remembers few addresses of 4 KiB.  What is
 * not in memory is read in larger pieces as well.  Where the kernel has no huge pages for files nothing changes. */
static void want_huge_pages(const void *start, gsize bytes)
{
    gsize over = (guintptr) start % PAGE;

    if (bytes >= HUGE_PAGE)
        (void) madvise((char *) (guintptr) start + (over ? PAGE - over : 0), bytes - (over ? PAGE - over : 0), MADV_HUGEPAGE);
}

gboolean prepared_attach(Weights *weights, const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return FALSE;
    g_autoptr(GBytes) bytes = checkpoint_map(path, NULL);
    if (bytes == NULL)
        return unusable(error, path, "cannot be read");
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);
    const PreparedEntry *table = check(weights, tensors, bytes, path, error);
    if (table == NULL)
        return FALSE;
    want_huge_pages(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    for (guint i = 0; i < tensors->len; i++)
        ((Tensor *) tensors->pdata[i])->panels = (const guint8 *) g_bytes_get_data(bytes, NULL) + table[i].offset;
    g_ptr_array_add(weights->owned, begin_use(g_steal_pointer(&bytes), path));
    return TRUE;
}

gboolean prepared_verify(const Weights *weights, const char *path, ProgressFunc progress, gpointer data, GError **error)
{
    g_autoptr(GBytes) bytes = checkpoint_map(path, NULL);
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);
    const PreparedEntry *table = bytes ? check(weights, tensors, bytes, path, error) : NULL;

    if (table == NULL)
        return bytes != NULL ? FALSE : unusable(error, path, "cannot be read");
    const guint8 *start = g_bytes_get_data(bytes, NULL);
    for (guint i = 0; i < tensors->len; i++) {
        Progress now = { "checking prepared weights", "matrices", 0, i, tensors->len };

        if (interrupt_check(error))
            return FALSE;
        if (progress != NULL)
            progress(&now, data);
        if (XXH3_64bits(start + table[i].offset, table[i].bytes) != table[i].checksum)
            return unusable(error, path, "are damaged");
    }
    return TRUE;
}

char *engine_prepared_name(const char *path)
{
    FILE *file = fopen(path, "rbe");
    PreparedHeader header;
    gboolean good = file != NULL && fread(&header, sizeof header, 1, file) == 1 &&
                    memcmp(header.magic, MAGIC, sizeof header.magic) == 0;

    if (file != NULL)
        fclose(file);
    return good ? g_strndup(header.name, sizeof header.name) : NULL;
}

/* ---------------------------------------------------------------- writing */

static Matrix matrix_of(const Tensor *t)
{
    return (Matrix) { t->type, t->data, (gsize) t->rows, (gsize) t->columns, type_row_bytes(t->type, (gsize) t->columns), NULL };
}

/* N panels from panel FIRST. */
static void make_panels(const Tensor *t, const Kernels *kernels, int threads, guint64 first, guint64 n, guint8 *out)
{
    Matrix m = matrix_of(t);
    gsize bytes = kernel_panel_bytes(t->type, m.columns);

    #pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (guint64 i = 0; i < n; i++) {
        gsize row = (gsize) (first + i) * KERNEL_PANEL;
        kernels->prepare(&m, row, MIN((gsize) KERNEL_PANEL, m.rows - row), out + i * bytes);
    }
}

/* The file is written from its beginning to its end, in pieces that begin and end with a huge page: what a kernel
 * keeps of it in memory are such pages then, where it can have them of files, and whoever maps them misses fewer addresses. */
typedef struct {
    const Kernels *kernels;
    int threads, fd;
    const char *path;
    guint8 *buffer;
    gsize filled;
    guint64 at;                 /* where in the file the buffer goes */
    Progress now;
    ProgressFunc progress;
    gpointer data;
} Writer;

static gboolean write_failed(GError **error, const char *path, int code)
{
    g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s: cannot write the prepared weights: %s", path, g_strerror(code));
    return FALSE;
}

static gboolean write_all(const Writer *w, const guint8 *bytes, guint64 n, guint64 at, GError **error)
{
    while (n > 0) {
        gssize done = pwrite(w->fd, bytes, n, (off_t) at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return write_failed(error, w->path, done < 0 ? errno : ENOSPC);
        bytes += done;
        at += (guint64) done;
        n -= (guint64) done;
    }
    return TRUE;
}

/* Writes the first N bytes of the buffer. */
static gboolean write_buffer(Writer *w, gsize n, GError **error)
{
    if (!write_all(w, w->buffer, n, w->at, error))
        return FALSE;
    memmove(w->buffer, w->buffer + n, w->filled - n);
    w->at += n;
    w->filled -= n;
    return TRUE;
}

/* How many panels of that size are made at a time. */
static guint64 step_of(guint64 panel)
{
    return MAX(CHUNK / panel, 1);
}

/* An empty buffer with room for a huge page that is not full and the most panels that are made at a time. */
static void begin_buffer(Writer *w, const GPtrArray *tensors, guint64 at)
{
    guint64 most = 0;

    for (guint i = 0; i < tensors->len; i++) {
        const Tensor *t = tensors->pdata[i];
        guint64 panel = kernel_panel_bytes(t->type, (gsize) t->columns);
        most = MAX(most, step_of(panel) * panel);
    }
    w->at = at / HUGE_PAGE * HUGE_PAGE;
    w->filled = at - w->at;
    w->buffer = g_aligned_alloc0(1, HUGE_PAGE + most, 64);
}

static gboolean write_tensor(Writer *w, const Tensor *t, PreparedEntry *entry, GError **error)
{
    guint64 panel = kernel_panel_bytes(t->type, (gsize) t->columns), step = step_of(panel);
    XXH3_state_t *state = XXH3_createState();
    gboolean ok = TRUE;

    XXH3_64bits_reset(state);
    for (guint64 first = 0; ok && first < panel_count(t); first += step) {
        guint64 n = MIN(step, panel_count(t) - first);
        guint8 *panels = w->buffer + w->filled;

        make_panels(t, w->kernels, w->threads, first, n, panels);
        XXH3_64bits_update(state, panels, n * panel);
        w->filled += n * panel;
        ok = write_buffer(w, w->filled / HUGE_PAGE * HUGE_PAGE, error) && !interrupt_check(error);
        w->now.done += n * panel >> 10;
        if (w->progress != NULL)
            w->progress(&w->now, w->data);
    }
    entry->checksum = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return ok;
}

static gboolean write_tensors(Writer *w, const GPtrArray *tensors, PreparedEntry *table, GError **error)
{
    gboolean ok = TRUE;

    begin_buffer(w, tensors, table[0].offset);
    for (guint i = 0; ok && i < tensors->len; i++)
        ok = write_tensor(w, tensors->pdata[i], &table[i], error);
    ok = ok && write_buffer(w, w->filled, error);
    g_aligned_free(w->buffer);
    return ok;
}

/* Opens PART and locks it; whoever holds the lock of the file that has this name writes it. */
static int open_part(const char *part, GError **error)
{
    for (;;) {
        struct stat mine, named;
        int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0) {
            write_failed(error, part, errno);
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            close(fd);
            g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s: another process is writing the prepared weights", part);
            return -1;
        }
        /* Between open and lock another process may have finished it and given it its name. */
        if (fstat(fd, &mine) == 0 && stat(part, &named) == 0 && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino)
            return fd;
        close(fd);
    }
}

static gboolean write_content(Writer *w, const Weights *weights, GError **error)
{
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);
    guint64 end;
    g_autofree PreparedEntry *table = make_table(tensors, &end);
    PreparedHeader header = make_header(weights, tensors, end);
    int code;

    /* Room for all of it at once, so that a full disk is found before the work is done. */
    if (ftruncate(w->fd, 0) != 0)
        return write_failed(error, w->path, errno);
    if ((code = posix_fallocate(w->fd, 0, (off_t) end)) != 0)
        return write_failed(error, w->path, code);
    w->now = (Progress) { "preparing weights", "KiB", 0, 0, end >> 10 };
    if (!write_tensors(w, tensors, table, error))
        return FALSE;
    header.checksum = table_checksum(&header, table, tensors->len);
    if (!write_all(w, (const guint8 *) table, tensors->len * sizeof *table, sizeof header, error) ||
        !write_all(w, (const guint8 *) &header, sizeof header, 0, error))
        return FALSE;
    return fsync(w->fd) == 0 || write_failed(error, w->path, errno);
}

/* So that the new name outlives a loss of power; if it does not, the file is written again. */
static void flush_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void) fsync(fd);
        close(fd);
    }
}

gboolean prepared_write(const Weights *weights, const Kernels *kernels, int threads, const char *path,
                        ProgressFunc progress, gpointer data, GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    Writer w = { .kernels = kernels, .threads = threads, .path = path, .progress = progress, .data = data };

    if (g_mkdir_with_parents(folder, 0700) != 0)
        return write_failed(error, path, errno);
    if ((w.fd = open_part(part, error)) < 0)
        return FALSE;
    gboolean ok = write_content(&w, weights, error);
    if (ok && rename(part, path) != 0)
        ok = write_failed(error, path, errno);
    if (!ok)
        unlink(part);
    close(w.fd);
    if (ok)
        flush_folder(folder);
    return ok;
}

/* ---------------------------------------------------------------- in memory */

void prepared_in_memory(Weights *weights, const Kernels *kernels, int threads)
{
    g_autoptr(GPtrArray) tensors = wanted_tensors(weights);

    for (guint i = 0; i < tensors->len; i++) {
        Tensor *t = tensors->pdata[i];
        gsize bytes = panel_count(t) * kernel_panel_bytes(t->type, (gsize) t->columns);

        if (t->panels != NULL)
            continue;
        guint8 *panels = g_aligned_alloc(1, bytes, 64);
        want_huge_pages(panels, bytes);
        make_panels(t, kernels, threads, 0, panel_count(t), panels);
        g_ptr_array_add(weights->owned, g_bytes_new_with_free_func(panels, bytes, g_aligned_free, panels));
        t->panels = panels;
    }
}
