/* progress.h - how the layers below report what they are doing.
 *
 * A layer that works for long takes a ProgressFunc (may be NULL) and calls it
 * from the thread that called it, at least every few seconds of work.
 */
#ifndef KVASIR_BASE_PROGRESS_H
#define KVASIR_BASE_PROGRESS_H

#include <glib.h>

typedef struct {
    const char *phase;      /* "prefill", "reading documents", ... */
    const char *unit;       /* "tokens", "files", "blocks" */
    guint64 start;          /* where this run began (what a cache had already) */
    guint64 done;           /* now, start <= done <= total */
    guint64 total;
} Progress;

typedef void (*ProgressFunc)(const Progress *progress, gpointer data);

#endif
