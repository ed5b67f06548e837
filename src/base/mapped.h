/* mapped.h - files that are mapped: when one cannot be read any more, the program ends with a sentence.
 *
 * A mapped file that another program shortens, or whose disk fails, cannot be read where it is touched next: the kernel sends
 * SIGBUS in the middle of some loop.  Nothing can be saved of that computation and nothing needs to be, since the stores are
 * transactional; so the handler says which file it is and ends the process with status 4.
 */
#ifndef KVASIR_BASE_MAPPED_H
#define KVASIR_BASE_MAPPED_H

#include <glib.h>

/* Installs the handler; once, from main. */
void mapped_install(void);

/* From now on BYTES at START are a mapping of the file PATH; until mapped_forget(), which comes before they are unmapped.
 * From any thread.  At most 256 are known; for others the signal is that of the system. */
void mapped_watch(const void *start, gsize bytes, const char *path);
void mapped_forget(const void *start);

#endif
