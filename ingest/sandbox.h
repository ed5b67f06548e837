/* sandbox.h - what a process that reads strangers' files gives up (internal to ingest).
 *
 * The parsers of PDF, HTML and the rest see hostile bytes.  After sandbox_enter() the process cannot
 * write or remove files, reach the network, look into other processes or gain rights, and has a
 * limit on its memory; processes that it starts inherit all of it.  It may still read files (fonts
 * and character maps are found by path).
 */
#ifndef KVASIR_INGEST_SANDBOX_H
#define KVASIR_INGEST_SANDBOX_H

#include <glib.h>

/* Gives these rights up for good, as far as the kernel can take them: Landlock and seccomp where it
 * has them, resource limits everywhere.  MEMORY: bytes of address space; 0: no limit. */
void sandbox_enter(guint64 memory);

#endif
