/* command.c - what the commands share: options, errors, the end. */
#include "config.h"
#include "src/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "src/base/failure.h"
#include "src/cli/settings.h"

int command_parse(const Command *command, const GOptionEntry *entries, gboolean with_engine,
                  int *argc, char ***argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(command->usage);
    g_autofree char *name = g_strconcat("kvasir ", command->name, NULL);
    g_autofree char *summary = g_strconcat("kvasir ", command->name, ": ", command->summary, ".", NULL);
    g_autofree char *details = g_strconcat("\"man kvasir-", command->name, "\" tells more.", NULL);
    gboolean help = FALSE;
    const GOptionEntry common[] = {
        { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL },
        { NULL },
    };
    GError *error = NULL;

    g_set_prgname(name);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, details);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    if (with_engine)
        g_option_context_add_main_entries(context, settings_entries(), NULL);
    g_option_context_add_main_entries(context, common, NULL);

    if (!g_option_context_parse(context, argc, argv, &error)) {
        int status = command_fail(command, error);
        fprintf(stderr, "usage: %s [OPTION...] %s\n", name, command->usage);
        return status;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        return command_finish(command, 0);
    }
    if (!settings_load(&error) || !settings_apply(&error))
        return command_fail(command, error);
    return -1;
}

int command_fail(const Command *command, GError *error)
{
    int status = failure_exit_status(error);

    fflush(stdout);
    if (command != NULL)
        fprintf(stderr, "kvasir %s: %s\n", command->name, error->message);
    else
        fprintf(stderr, "kvasir: %s\n", error->message);
    g_error_free(error);
    return status;
}

int command_finish(const Command *command, int status)
{
    GError *error = NULL;

    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    g_set_error(&error, FAILURE, FAILURE_SYSTEM, "cannot write to standard output: %s", g_strerror(errno));
    status = command_fail(command, error);
    return status;
}
