/* mapped.c - files that are mapped: when one cannot be read any more, the program ends with a sentence. */
#include "config.h"
#include "src/base/mapped.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MOST 256
#define STATUS 4            /* as of FAILURE_MODEL and FAILURE_CACHE */

typedef struct {
    const guint8 *start;
    gsize bytes;
    gsize length;
    char text[];            /* "kvasir: " and the path */
} Mapping;

static Mapping *mappings[MOST];     /* NULL: free; set and cleared atomically, read by the handler */

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static const char reason[] = ": cannot be read any more: it was shortened while in use, or its disk fails; "
                                 "restore the file and start again\n";
    const guint8 *at = info->si_addr;

    (void) context;
    for (gsize i = 0; i < MOST; i++) {
        const Mapping *m = g_atomic_pointer_get(&mappings[i]);

        if (m == NULL || at < m->start || at >= m->start + m->bytes)
            continue;
        if (write(STDERR_FILENO, m->text, m->length) < 0 || write(STDERR_FILENO, reason, sizeof reason - 1) < 0)
            _exit(STATUS);
        _exit(STATUS);
    }
    /* Of nothing that is known here: let it be what it would have been. */
    signal(number, SIG_DFL);
}

void mapped_install(void)
{
    struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

void mapped_watch(const void *start, gsize bytes, const char *path)
{
    g_autofree char *text = g_strconcat("kvasir: ", path, NULL);
    gsize length = strlen(text);
    Mapping *m = g_malloc(sizeof *m + length);

    *m = (Mapping) { .start = start, .bytes = bytes, .length = length };
    memcpy(m->text, text, length);
    for (gsize i = 0; i < MOST; i++)
        if (g_atomic_pointer_compare_and_exchange(&mappings[i], NULL, m))
            return;
    g_free(m);
}

void mapped_forget(const void *start)
{
    for (gsize i = 0; i < MOST; i++) {
        Mapping *m = g_atomic_pointer_get(&mappings[i]);

        if (m != NULL && m->start == start && g_atomic_pointer_compare_and_exchange(&mappings[i], m, NULL)) {
            g_free(m);
            return;
        }
    }
}
