/* failure.h - the kinds of failure that reach a user.
 *
 * Every layer reports through GError.  The domain is FAILURE, the code says
 * which kind it is (and so which exit status the program ends with), and the
 * message is one whole sentence without a final full stop that names the file
 * or field and, where there is something to do, what to do.
 */
#ifndef KVASIR_BASE_FAILURE_H
#define KVASIR_BASE_FAILURE_H

#include <glib.h>

#define FAILURE (failure_quark())

typedef enum {
    FAILURE_USAGE,          /* wrong call; prompt longer than the context: exit 2 */
    FAILURE_INPUT,          /* a document that cannot be read: exit 3 */
    FAILURE_PASSWORD,       /* a document that needs a (different) password: exit 3 */
    FAILURE_MODEL,          /* missing, damaged or unsupported model: exit 4 */
    FAILURE_CACHE,          /* cache or catalogue that cannot be used: exit 4 */
    FAILURE_SYSTEM,         /* no memory, no space, cannot write: exit 4 */
    FAILURE_INTERRUPTED,    /* stopped by a signal, resumable: exit 75 */
} Failure;

GQuark failure_quark(void);

/* Exit status of the program for ERROR (never 0). */
int failure_exit_status(const GError *error);

#endif
