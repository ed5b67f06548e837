/* program.c - another program as a filter: bytes in, bytes out. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ingest/program.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

/* How often the flag of Ctrl-C is looked at, in ms. */
enum { GLANCE = 100 };

typedef struct {
    const char *path, *name;    /* of the document, and the program; for messages */
    guint seconds;
    GPid pid;
    int in, out;                /* our ends of its standard input (-1: closed) and output */
} Program;

/* In the child. */
static void set_limits(gpointer data)
{
    const Program *program = data;
    const struct rlimit cpu = { program->seconds, program->seconds }, core = { 0, 0 };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
}

/* "Include this file" of a page finds what everybody may read anyway: mandoc takes it relative to its folder and never
 * upwards. */
static const char *public_folder(void)
{
    static const char MAN[] = "/usr/share/man";
    return g_file_test(MAN, G_FILE_TEST_IS_DIR) ? MAN : "/usr/share";
}

static gboolean start(Program *program, const char *const *argv, GError **error)
{
    g_autofree char *search = g_strdup_printf("PATH=%s", g_getenv("PATH") ? g_getenv("PATH") : "/usr/bin:/bin");
    const char *const environment[] = { search, "LC_ALL=C.UTF-8", "OMP_THREAD_LIMIT=1", NULL };
    g_autoptr(GError) local = NULL;
    if (g_spawn_async_with_pipes_and_fds(public_folder(), argv, environment, G_SPAWN_DO_NOT_REAP_CHILD
                                         | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_CLOEXEC_PIPES, set_limits, program,
                                         -1, -1, -1, NULL, NULL, 0, &program->pid, &program->in, &program->out, NULL,
                                         &local)) {
        fcntl(program->in, F_SETFL, O_NONBLOCK);
        return TRUE;
    }
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s cannot be started: %s", program->path, argv[0], local->message);
    return FALSE;
}

static void close_input(Program *program)
{
    close(program->in);
    program->in = -1;
}

/* Writes some of *BYTES; closes when all is written or nobody reads. */
static void feed(Program *program, const guint8 **bytes, gsize *length)
{
    gssize n = *length > 0 ? write(program->in, *bytes, *length) : 0;
    if (n > 0) {
        *bytes += n;
        *length -= (gsize) n;
    }
    if (*length == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_input(program);
}

/* Feeds the program and takes all that it says; NULL with ERROR. */
static GByteArray *converse(Program *program, const guint8 *bytes, gsize length, gsize most, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const gint64 end = g_get_monotonic_time() + 3 * (gint64) program->seconds * G_USEC_PER_SEC;

    while (!interrupt_check(error)) {
        struct pollfd wait[2] = { { .fd = program->out, .events = POLLIN }, { .fd = program->in, .events = POLLOUT } };
        guint8 buffer[65536];
        gssize n = -1;
        if (g_get_monotonic_time() > end) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s took too long for it", program->path, program->name);
            return NULL;
        }
        if (poll(wait, 2, GLANCE) <= 0)
            continue;
        if (wait[1].revents)
            feed(program, &bytes, &length);
        if (wait[0].revents)
            n = read(program->out, buffer, sizeof buffer);
        if (n == 0)
            return g_steal_pointer(&out);
        if (n > 0 && out->len + (gsize) n > most) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s makes too much text of it", program->path, program->name);
            return NULL;
        }
        if (n > 0)
            g_byte_array_append(out, buffer, (guint) n);
    }
    return NULL;
}

/* COMPLETE: its output has ended, so will it; whether unharmed.  Else it is killed, if that is allowed here. */
static gboolean finish(const Program *program, gboolean complete, GError **error)
{
    int status = 0;
    pid_t done;
    if (!complete && kill(program->pid, SIGKILL) != 0)
        return FALSE;
    while ((done = waitpid(program->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    g_spawn_close_pid(program->pid);
    if (!complete || !WIFSIGNALED(status))
        return complete;
    if (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU)
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s took more than %u s for it", program->path, program->name,
                    program->seconds);
    else
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: %s could not read it to its end", program->path, program->name);
    return FALSE;
}

GByteArray *program_filter(const char *path, const char *const *argv, const guint8 *bytes, gsize length,
                           guint seconds, gsize most, GError **error)
{
    g_autofree char *name = g_path_get_basename(argv[0]);
    Program program = { .path = path, .name = name, .seconds = seconds, .in = -1, .out = -1 };
    if (!start(&program, argv, error))
        return NULL;
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    sigaction(SIGPIPE, &ignore, &before);
    g_autoptr(GByteArray) out = converse(&program, bytes, length, most, error);
    sigaction(SIGPIPE, &before, NULL);
    if (program.in >= 0)
        close_input(&program);
    close(program.out);
    return finish(&program, out != NULL, error) ? g_steal_pointer(&out) : NULL;
}
