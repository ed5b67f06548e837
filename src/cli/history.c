/* history.c - records in the catalogue, by number. */
#include "config.h"
#include "src/cli/history.h"

#include "cache/catalogue.h"
#include "src/base/failure.h"
#include "src/cli/settings.h"

gboolean history_is_number(const char *text)
{
    guint64 n;

    return g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &n, NULL);
}

char *history_load(const char *number, char **name, GError **error)
{
    const char *path = settings_get()->catalogue_path;
    g_autoptr(CatalogueRecord) record = NULL;
    GError *local = NULL;

    *name = g_strdup_printf("record %s of the history", number);
    if (settings_have_catalogue()) {
        g_autoptr(Catalogue) catalogue = catalogue_open(path, TRUE, &local);
        if (catalogue != NULL)
            record = catalogue_record(catalogue, g_ascii_strtoll(number, NULL, 10), &local);
    }
    if (local != NULL) {
        g_propagate_error(error, local);
        return NULL;
    }
    if (record == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there is no record %s; \"kvasir history\" lists them", number);
        return NULL;
    }
    return g_steal_pointer(&record->text);
}
