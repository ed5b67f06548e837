/* tree.h - which files of a folder are documents.
 *
 * A folder stands for the documents in it and below it, in the order of their names (bytes).  Left out are: what
 * EXCLUDE matches; what a file ".kvasirignore" in a folder on the way leaves out (syntax of gitignore(5)); hidden files and
 * folders; symbolic links to folders; files that are larger than MAX_SIZE; and files that INCLUDE does not match,
 * or without it those that do not look like documents (document_is_likely()).
 */
#ifndef KVASIR_INGEST_TREE_H
#define KVASIR_INGEST_TREE_H

#include <glib.h>

typedef struct {
    char **include, **exclude;  /* patterns as in gitignore(5), relative to the folder that was named; or NULL */
    gboolean hidden;            /* hidden ones, too */
    gboolean follow;            /* links to folders, too; each folder once */
    gboolean no_ignore;         /* .kvasirignore files say nothing */
    guint64 max_size;           /* bytes; 0: no limit */
} TreeRules;

/* What of folders was left out, but for what the user's own rules leave out. */
typedef struct {
    guint too_large;            /* files, for their size */
    guint other_kinds;          /* files that do not look like documents */
    GPtrArray *closed;          /* char*: folders below that cannot be listed */
    GPtrArray *reasons;         /* GError* (FAILURE_INPUT): why, of each */
} TreeLeft;

TreeLeft *tree_left_new(void);
void tree_left_free(TreeLeft *left);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TreeLeft, tree_left_free)

/* Turns PATH into absolute paths, appended to FILES (of char*): a file stands for itself, whatever the RULES (NULL: none).
 * What is left out is added to LEFT.  FAILURE_INPUT when PATH is missing or a folder that cannot be listed. */
gboolean tree_collect(const char *path, const TreeRules *rules, GPtrArray *files, TreeLeft *left, GError **error);

#endif
