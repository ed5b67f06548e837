/* ignore.h - patterns of files to leave out, in the syntax of gitignore(5) (internal to ingest).
 *
 * A pattern with a slash that is not its last character is relative to the folder of its list, any other matches names at
 * every depth.  "*", "?" and "[...]" stop at slashes, "**" between slashes stands for any folders, "!" takes back what
 * a pattern before it left out, a slash at the end means folders only.
 */
#ifndef KVASIR_INGEST_IGNORE_H
#define KVASIR_INGEST_IGNORE_H

#include <glib.h>

typedef struct Ignore Ignore;

typedef enum { IGNORE_SILENT, IGNORE_DROP, IGNORE_KEEP } IgnoreVerdict;

/* From the lines of a file. */
Ignore *ignore_new(const char *text, gsize length);
void ignore_free(Ignore *ignore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ignore, ignore_free)

/* What the last pattern that matches PATH says; PATH is relative to the folder of the list. */
IgnoreVerdict ignore_match(const Ignore *ignore, const char *path, gboolean folder);

#endif
