/* tree.c - which files of a folder are documents. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ingest/document.h"
#include "ingest/ignore.h"
#include "ingest/tree.h"
#include "src/base/failure.h"

/* The list of a folder on the way; those further down come first. */
typedef struct List {
    const struct List *up;
    Ignore *ignore;             /* or NULL */
    gsize prefix;               /* bytes of a path before what is relative to that folder */
} List;

typedef struct {
    const TreeRules *rules;
    Ignore *include, *exclude;  /* or NULL */
    gsize prefix;               /* bytes before what is relative to the folder that was named */
    GHashTable *visited;        /* "device:inode" of folders */
    GPtrArray *files;
    TreeLeft *left;
} Walk;

TreeLeft *tree_left_new(void)
{
    TreeLeft *left = g_new0(TreeLeft, 1);
    left->closed = g_ptr_array_new_with_free_func(g_free);
    left->reasons = g_ptr_array_new_with_free_func((GDestroyNotify) g_error_free);
    return left;
}

void tree_left_free(TreeLeft *left)
{
    if (!left)
        return;
    g_ptr_array_unref(left->closed);
    g_ptr_array_unref(left->reasons);
    g_free(left);
}

static Ignore *from_patterns(char **patterns)
{
    if (!patterns)
        return NULL;
    g_autofree char *text = g_strjoinv("\n", patterns);
    return ignore_new(text, strlen(text));
}

/* Bytes of a path below FOLDER before what is relative to it. */
static gsize prefix_of(const char *folder)
{
    gsize n = strlen(folder);
    return n > 0 && folder[n - 1] == '/' ? n : n + 1;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static Ignore *read_list(const Walk *walk, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, ".kvasirignore", NULL);
    g_autofree char *text = NULL;
    gsize length;
    if (walk->rules->no_ignore || !g_file_test(path, G_FILE_TEST_IS_REGULAR)
        || !g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    return ignore_new(text, length);
}

static gboolean is_left_out(const Walk *walk, const List *list, const char *path, gboolean folder)
{
    if (walk->exclude && ignore_match(walk->exclude, path + walk->prefix, folder) == IGNORE_DROP)
        return TRUE;
    for (; list; list = list->up) {
        IgnoreVerdict verdict = list->ignore ? ignore_match(list->ignore, path + list->prefix, folder) : IGNORE_SILENT;
        if (verdict != IGNORE_SILENT)
            return verdict == IGNORE_DROP;
    }
    return FALSE;
}

static void take_file(const Walk *walk, const char *path, const struct stat *st)
{
    gboolean wanted = walk->include ? ignore_match(walk->include, path + walk->prefix, FALSE) == IGNORE_DROP
        : document_is_likely(path);
    if (!wanted) {
        walk->left->other_kinds += walk->include == NULL;
        return;
    }
    if (walk->rules->max_size > 0 && (guint64) st->st_size > walk->rules->max_size) {
        walk->left->too_large++;
        return;
    }
    g_ptr_array_add(walk->files, g_strdup(path));
}

static gboolean walk_folder(Walk *walk, const List *up, const char *folder, GError **error);

static void take(Walk *walk, const List *list, const char *path)
{
    GError *local = NULL;
    struct stat link, st;
    if (lstat(path, &link) != 0 || stat(path, &st) != 0)
        return;     /* gone meanwhile, or a link that leads nowhere */
    if (is_left_out(walk, list, path, S_ISDIR(st.st_mode)))
        return;
    if (S_ISREG(st.st_mode))
        take_file(walk, path, &st);
    if (!S_ISDIR(st.st_mode) || (S_ISLNK(link.st_mode) && !walk->rules->follow))
        return;
    if (!walk_folder(walk, list, path, &local)) {
        g_ptr_array_add(walk->left->closed, g_strdup(path));
        g_ptr_array_add(walk->left->reasons, local);
    }
}

static gboolean is_first_visit(Walk *walk, const char *folder)
{
    struct stat st;
    return stat(folder, &st) == 0
        && g_hash_table_add(walk->visited, g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) st.st_dev, (guint64) st.st_ino));
}

static gboolean walk_folder(Walk *walk, const List *up, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    const char *name;
    if (!is_first_visit(walk, folder))
        return TRUE;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &local);
    if (!dir) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s", local->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(dir)))
        if (name[0] != '.' || walk->rules->hidden)
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    List list = { .up = up, .ignore = read_list(walk, folder), .prefix = prefix_of(folder) };
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, g_ptr_array_index(names, i), NULL);
        take(walk, &list, path);
    }
    ignore_free(list.ignore);
    return TRUE;
}

gboolean tree_collect(const char *path, const TreeRules *rules, GPtrArray *files, TreeLeft *left, GError **error)
{
    static const TreeRules NONE = { 0 };
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    struct stat st;
    if (stat(absolute, &st) != 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    if (!rules)
        rules = &NONE;
    if (!S_ISDIR(st.st_mode)) {
        g_ptr_array_add(files, g_steal_pointer(&absolute));
        return TRUE;
    }
    g_autoptr(Ignore) include = from_patterns(rules->include), exclude = from_patterns(rules->exclude);
    g_autoptr(GHashTable) visited = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = { .rules = rules, .include = include, .exclude = exclude, .prefix = prefix_of(absolute),
                  .visited = visited, .files = files, .left = left };
    return walk_folder(&walk, NULL, absolute, error);
}
