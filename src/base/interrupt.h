/* interrupt.h - Ctrl-C, SIGTERM and SIGHUP as a flag that long work looks at.
 *
 * The first signal sets the flag: work stops at the next safe point and keeps
 * what it has.  The second ends the process at once with status 75 (nothing
 * that matters is lost: the stores are transactional), unless it is SIGHUP.
 */
#ifndef KVASIR_BASE_INTERRUPT_H
#define KVASIR_BASE_INTERRUPT_H

#include <glib.h>

/* Installs the handlers; once, from main.  A signal that the caller ignores stays ignored: that is what nohup(1), and a shell
 * without job control for what runs in the background, mean by it. */
void interrupt_install(void);

/* Whether a signal has come. */
gboolean interrupt_requested(void);

/* If a signal has come: sets ERROR (FAILURE_INTERRUPTED) and returns TRUE. */
gboolean interrupt_check(GError **error);

/* Takes note of Ctrl-C as done: whoever asks for the next command goes on.  FALSE when it was another signal, which
 * ends the program and stays. */
gboolean interrupt_clear(void);

#endif
