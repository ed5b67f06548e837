/* replay.c - main of the fuzz targets in make check: each file of the corpus,
 * its beginnings, and a fixed series of mutations.  fuzz-X reads the corpus X
 * beside it, or the files named on the command line, these unchanged. */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MUTATIONS 400
#define BEGINNINGS 200

/* DATA in memory of exactly its size, so that a read past its end is seen. */
static void run(const char *data, gsize length)
{
    g_autofree char *copy = g_malloc(length + !length);

    memcpy(copy, data, length);
    LLVMFuzzerTestOneInput((const uint8_t *) copy, length);
}

static void mutate(GRand *random, GString *text)
{
    for (gint32 i = g_rand_int_range(random, 1, 6); i > 0 && text->len > 0; i--) {
        gsize at = (gsize) g_rand_int_range(random, 0, (gint32) text->len);
        gsize n = (gsize) g_rand_int_range(random, 1, 64);

        n = MIN(n, text->len - at);
        switch (g_rand_int_range(random, 0, 4)) {
        case 0:
            text->str[at] = (char) (text->str[at] ^ 1 << g_rand_int_range(random, 0, 8));
            break;
        case 1:
            text->str[at] = (char) g_rand_int_range(random, 0, 256);
            break;
        case 2:
            g_string_erase(text, (gssize) at, (gssize) n);
            break;
        default: {
            g_autofree char *part = g_memdup2(text->str + at, n);

            g_string_insert_len(text, g_rand_int_range(random, 0, (gint32) text->len + 1), part, (gssize) n);
        }
        }
    }
}

static void replay(gconstpointer path)
{
    g_autofree char *data = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    gsize length, step;

    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    run(data, length);
    step = MAX(length / BEGINNINGS, 1);
    for (gsize cut = 0; cut < length; cut += step)
        run(data, cut);
    for (int i = 0; i < MUTATIONS; i++) {
        g_autoptr(GString) text = g_string_new_len(data, (gssize) length);

        mutate(random, text);
        run(text->str, text->len);
    }
}

static int replay_named(int n, char **paths)
{
    for (int i = 0; i < n; i++) {
        g_autofree char *data = NULL;
        g_autoptr(GError) error = NULL;
        gsize length;

        if (!g_file_get_contents(paths[i], &data, &length, &error))
            g_error("%s", error->message);
        run(data, length);
    }
    return 0;
}

static void add_corpus(const char *folder)
{
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    GList *names = NULL;
    const char *name;

    g_assert_nonnull(files);
    while ((name = g_dir_read_name(files)))
        names = g_list_insert_sorted(names, g_strdup(name), (GCompareFunc) strcmp);
    for (GList *l = names; l; l = l->next) {
        g_autofree char *test = g_strconcat("/", l->data, NULL);

        g_test_add_data_func_full(test, g_build_filename(folder, l->data, NULL), replay, g_free);
    }
    g_list_free_full(names, g_free);
}

int main(int argc, char **argv)
{
    g_autofree char *program = g_path_get_basename(argv[0]);
    g_autofree char *folder = NULL;

    g_test_init(&argc, &argv, NULL);
    if (argc > 1)
        return replay_named(argc - 1, argv + 1);
    g_assert_true(g_str_has_prefix(program, "fuzz-"));
    folder = g_test_build_filename(G_TEST_DIST, "fuzz", program + strlen("fuzz-"), NULL);
    add_corpus(folder);
    return g_test_run();
}
