/* tree.h - which files of a folder are documents.
 *
 * A folder stands for the documents in it and below it, in the order of their names (bytes).  Left out are: what
 * EXCLUDE matches; what a file ".kvasirignore" in a folder on the way leaves out (syntax of gitignore(5)); hidden files and
 * folders; symbolic links to folders; files that are larger than MAX_SIZE; and files that INCLUDE does not match,
 * or without it those whose names are not of a kind that is read (document_is_likely()).
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

/* Turns PATH into absolute paths, appended to FILES (of char*): a file stands for itself, whatever the RULES (NULL: none).
 * *TOO_LARGE (may be NULL) counts files that were left out for their size.  FAILURE_INPUT when PATH is missing or a folder
 * cannot be listed. */
gboolean tree_collect(const char *path, const TreeRules *rules, GPtrArray *files, guint *too_large, GError **error);

#endif
