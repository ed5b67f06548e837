/* interrupt.c - Ctrl-C and SIGTERM as a flag that long work looks at. */
#include "config.h"
#include "src/base/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "src/base/failure.h"

static volatile sig_atomic_t requested;     /* the signal, or 0 */

static void on_signal(int number)
{
    if (requested)
        _exit(75);
    requested = number;
}

void interrupt_install(void)
{
    /* No SA_RESTART: a read from a terminal or a pipe must return. */
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
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
    if (requested == SIGTERM)
        return FALSE;
    requested = 0;
    return TRUE;
}
