/* prepare.h - "kvasir model prepare" and "kvasir model prepared": files of prepared weights. */
#ifndef KVASIR_CLI_PREPARE_H
#define KVASIR_CLI_PREPARE_H

#include <glib.h>

/* Writes the prepared weights of the model at PATH, or compares those that are there with their checksums. */
gboolean prepare_write(const char *path, GError **error);
gboolean prepare_check(const char *path, GError **error);
/* Removes those of the model at PATH; FAILURE_CACHE when there are none. */
gboolean prepare_remove(const char *path, GError **error);
/* Prints a line, or with JSON an object, for each file there is. */
gboolean prepare_list(gboolean json, GError **error);

#endif
