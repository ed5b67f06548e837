/* clock.c - to be preloaded: the calendar is KVASIR_TEST_CLOCK seconds off; time that is measured goes on as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t off(void)
{
    const char *seconds = getenv("KVASIR_TEST_CLOCK");

    return seconds ? (time_t) strtoll(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    union { void *found; int (*call)(clockid_t, struct timespec *); } real = { dlsym(RTLD_NEXT, "clock_gettime") };
    int rc = real.call(id, now);

    if (rc == 0 && id == CLOCK_REALTIME)
        now->tv_sec += off();
    return rc;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    int rc = clock_gettime(CLOCK_REALTIME, &precise);

    (void) zone;
    *now = (struct timeval) { precise.tv_sec, precise.tv_nsec / 1000 };
    return rc;
}

time_t time(time_t *out)
{
    struct timespec precise;

    clock_gettime(CLOCK_REALTIME, &precise);
    if (out)
        *out = precise.tv_sec;
    return precise.tv_sec;
}
