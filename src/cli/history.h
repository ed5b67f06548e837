/* history.h - records in the catalogue, by number. */
#ifndef KVASIR_CLI_HISTORY_H
#define KVASIR_CLI_HISTORY_H

#include <glib.h>

/* Whether TEXT is a number as the history gives them, from 1. */
gboolean history_is_number(const char *text);

/* The text of record NUMBER, g_free; *NAME (g_free): "record 3" for messages.  FAILURE_USAGE when there is none. */
char *history_load(const char *number, char **name, GError **error);

#endif
