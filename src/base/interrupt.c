/* interrupt.c - signals that ask for an end as a flag that long work looks at. */
#include "config.h"
#include "src/base/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "src/base/failure.h"

static volatile sig_atomic_t requested;     /* the signal, or 0 */

static void on_signal(int number)
{
    /* A terminal that goes sends two by itself, from the kernel and from the shell: the second is nobody's impatience. */
    if (requested && number != SIGHUP)
        _exit(75);
    if (!requested)
        requested = number;
}

void interrupt_install(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    /* No SA_RESTART: a read from a terminal or a pipe must return. */
    struct sigaction action = { .sa_handler = on_signal }, before;

    sigemptyset(&action.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

gboolean interrupt_requested(void)
{
    return requested != 0;
}

gboolean interrupt_check(GError **error)
{
    if (!requested)
        return FALSE;
    g_set_error(error, FAILURE, FAILURE_INTERRUPTED, "interrupted");
    return TRUE;
}

gboolean interrupt_clear(void)
{
    if (requested != 0 && requested != SIGINT)
        return FALSE;
    requested = 0;
    return TRUE;
}
