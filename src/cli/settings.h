/* settings.h - what the program was told: options, environment, configuration.
 *
 * Precedence: command line, then environment (KVASIR_MODEL, KVASIR_ISA,
 * KVASIR_THREADS, KVASIR_CACHE_DIR, KVASIR_DATA_DIR), then
 * $XDG_CONFIG_HOME/kvasir/kvasir.conf (GKeyFile), then defaults.
 */
#ifndef KVASIR_CLI_SETTINGS_H
#define KVASIR_CLI_SETTINGS_H

#include <glib.h>

#include "src/model/engine.h"

typedef struct {
    char *model;                /* path, or NULL: the look-up model that is installed */
    char *isa;                  /* or NULL */
    int threads;                /* 0: default */
    gboolean precise;
    KvType kv;                  /* int8 unless told otherwise */
    gboolean kv_given;          /* on the command line */
    gboolean no_prepare;        /* weights are neither prepared nor prepared ones used */
    char *prepared_folder;      /* of prepared weights */
    gboolean no_history;        /* answers are not recorded in the catalogue */
    guint64 cache_limit;        /* bytes; 0: none */
    char *store_path;           /* .../kv.db */
    char *catalogue_path;       /* .../catalogue.db */
    char *search_path;          /* .../search.db, in the cache folder */
    gboolean quiet;             /* -q */
    gboolean no_cache;          /* --no-cache: neither read nor write the KV store */
} Settings;

/* The settings after command_parse(); valid until exit. */
const Settings *settings_get(void);

/* Whether there is a catalogue, a KV store: a file that is not empty, as a full disk leaves one that was to be made. */
gboolean settings_have_catalogue(void);
gboolean settings_have_store(void);

/* Reads environment and configuration, before options are applied.  FAILURE_USAGE names
 * file and key of a bad value. */
gboolean settings_load(GError **error);

/* The common options, to be merged into a command's: -m -t --kv --isa --precise --no-cache -q. */
const GOptionEntry *settings_entries(void);
/* Applies and checks what those options got. */
gboolean settings_apply(GError **error);

/* "40G", "512 MiB" without the space, "0": bytes, K M G T as powers of 1024.  FALSE if it is none. */
gboolean settings_parse_size(const char *text, guint64 *bytes);

/* The same, or a share of the disk that PATH lies on, or will lie on: "20%". */
gboolean settings_parse_limit(const char *text, const char *path, guint64 *bytes);

/* Path of the model of the settings, or of the installed look-up model; valid until
 * exit.  FAILURE_MODEL when there is neither. */
const char *settings_model_path(GError **error);

/* Opens the model of the settings and prepares its weights where they are not yet; with the
 * look-up model prints the one line that says what it is (unless quiet). */
Engine *settings_open_engine(GError **error);
/* The same for commands that only need its tokenizer and names: nothing is prepared. */
Engine *settings_open_reader(GError **error);

#endif
