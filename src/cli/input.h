/* input.h - what commands read that is no document: text and token ids from a file or standard input. */
#ifndef KVASIR_CLI_INPUT_H
#define KVASIR_CLI_INPUT_H

#include <glib.h>

/* All bytes of PATH, or of standard input when PATH is NULL or "-", up to 256 MiB.  FAILURE_INPUT. */
GString *input_read(const char *path, GError **error);

/* Numbers divided by white space, as a GArray of gint32 (may be empty); PATH as above, for
 * messages.  FAILURE_INPUT says which number is none. */
GArray *input_parse_ids(const char *path, const GString *text, GError **error);

#endif
