/* program.h - another program as a filter: bytes in, bytes out (internal to ingest).
 *
 * For formats that an installed program reads best.  It works inside of the sandbox, where no file can be made and
 * no process be killed: the program has a limit of processor time of its own, ends with the process that started it,
 * has an environment of three variables and one core, and its folder is that of the system's manual pages.
 */
#ifndef KVASIR_INGEST_PROGRAM_H
#define KVASIR_INGEST_PROGRAM_H

#include <glib.h>

/* The output of ARGV (ARGV[0]: a path) with BYTES as its standard input; its standard error is dropped.
 * FAILURE_INPUT with a sentence about PATH when it cannot be started, takes longer than SECONDS (of processor time, and
 * three times that in all), ends by a signal or says more than MOST bytes.  Its exit status does not matter: renderers
 * complain of pages that they render well. */
GByteArray *program_filter(const char *path, const char *const *argv, const guint8 *bytes, gsize length,
                           guint seconds, gsize most, GError **error);

#endif
