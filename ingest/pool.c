/* pool.c - documents read in other processes, several at a time. */
#include "config.h"
#include "ingest/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ingest/wire.h"
#include "src/base/failure.h"
#include "src/base/interrupt.h"

/* Files are read ahead of the one that is asked for, as many for each process. */
enum { AHEAD = 4 };
/* A process that waits instead of working has this many times as long. */
enum { PATIENCE = 10 };
/* Milliseconds between looks at the clock. */
enum { TICK = 100 };
/* Of what a process says on its standard error, the end is kept: it may tell why it died. */
enum { LAST_WORDS = 4096 };

typedef struct {
    char *path;
    GBytes *bytes;
    Document *document;     /* the result: one of these two */
    guint parts;            /* of it, given */
    GError *error;
} Job;

typedef struct {
    GPid pid;               /* 0: not running */
    int socket, errors;
    Job *job;               /* or NULL: idle */
    GByteArray *frame;      /* what has come of its answer */
    GString *words;
    gint64 begun;           /* monotonic, microseconds */
    gint64 processor;       /* its processor time then */
} Worker;

struct Pool {
    PoolLimits limits;
    DocumentOptions options;
    GPtrArray *jobs;        /* Job* */
    guint started, given;   /* of them */
    Worker *workers;
    guint n;
};

static void job_free(gpointer data)
{
    Job *job = data;
    g_free(job->path);
    g_clear_pointer(&job->bytes, g_bytes_unref);
    document_free(job->document);
    g_clear_error(&job->error);
    g_free(job);
}

Pool *pool_new(const PoolLimits *limits, const DocumentOptions *options)
{
    Pool *pool = g_new0(Pool, 1);
    if (limits)
        pool->limits = *limits;
    if (pool->limits.seconds == 0)
        pool->limits.seconds = POOL_SECONDS;
    if (pool->limits.memory == 0)
        pool->limits.memory = POOL_MEMORY;
    if (options)
        pool->options = *options;
    pool->options.password = g_strdup(pool->options.password);
    pool->options.language = g_strdup(pool->options.language);
    pool->jobs = g_ptr_array_new_with_free_func(job_free);
    pool->n = limits && limits->processes ? limits->processes : g_get_num_processors();
    pool->workers = g_new0(Worker, pool->n);
    return pool;
}

/* Ends the process, or gathers it if it has ended; its status. */
static int end_worker(Worker *worker)
{
    int status = 0;
    /* With what it has started, once it leads a group. */
    kill(-worker->pid, SIGKILL);
    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    g_spawn_close_pid(worker->pid);
    close(worker->socket);
    if (worker->errors >= 0)
        close(worker->errors);
    g_byte_array_unref(worker->frame);
    g_string_free(worker->words, TRUE);
    *worker = (Worker) { 0 };
    return status;
}

void pool_free(Pool *pool)
{
    if (!pool)
        return;
    for (guint i = 0; i < pool->n; i++)
        if (pool->workers[i].pid)
            end_worker(&pool->workers[i]);
    g_free(pool->workers);
    g_ptr_array_unref(pool->jobs);
    g_free((char *) (guintptr) pool->options.password);
    g_free((char *) (guintptr) pool->options.language);
    g_free(pool);
}

void pool_add_bytes(Pool *pool, const char *name, GBytes *bytes)
{
    Job *job = g_new0(Job, 1);
    job->path = g_strdup(name);
    job->bytes = bytes ? g_bytes_ref(bytes) : NULL;
    g_ptr_array_add(pool->jobs, job);
}

void pool_add(Pool *pool, const char *path)
{
    pool_add_bytes(pool, path, NULL);
}

guint pool_left(const Pool *pool)
{
    return pool->jobs->len - pool->given;
}

static gboolean start_worker(const Pool *pool, Worker *worker, GError **error)
{
    g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, pool->limits.memory);
    const char *argv[] = { "/proc/self/exe", POOL_WORKER, memory, NULL };
    g_autoptr(GError) why = NULL;
    int pair[2], to = 3;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot start a process that reads documents: %s", g_strerror(errno));
        return FALSE;
    }
    gboolean ok = g_spawn_async_with_pipes_and_fds(
        NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_FILE_AND_ARGV_ZERO | G_SPAWN_STDOUT_TO_DEV_NULL,
        NULL, NULL, -1, -1, -1, &pair[1], &to, 1, &worker->pid, NULL, NULL, &worker->errors, &why);
    close(pair[1]);
    if (!ok) {
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot start a process that reads documents: %s", why->message);
        close(pair[0]);
        *worker = (Worker) { 0 };
        return FALSE;
    }
    worker->socket = pair[0];
    worker->frame = g_byte_array_new();
    worker->words = g_string_new(NULL);
    return TRUE;
}

/* What the process has used of the processor, in microseconds; children of its own aside. */
static gint64 processor_time(const Worker *worker)
{
    struct timespec used;
    clockid_t clock;
    if (clock_getcpuclockid(worker->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return (gint64) used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

static void start_clock(Worker *worker)
{
    worker->begun = g_get_monotonic_time();
    worker->processor = processor_time(worker);
}

/* Sends all of FRAME; a process that is gone is found out when its answer is read. */
static void send_frame(const Worker *worker, const GByteArray *frame)
{
    for (gsize at = 0; at < frame->len; ) {
        gssize n = send(worker->socket, frame->data + at, frame->len - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR && !interrupt_requested())
            continue;
        if (n <= 0)
            return;
        at += (gsize) n;
    }
}

/* Gives waiting jobs to idle processes, as many as the look ahead allows. */
static gboolean give_work(Pool *pool, GError **error)
{
    guint most = MIN(pool->jobs->len, pool->given + AHEAD * pool->n);
    for (guint i = 0; i < pool->n && pool->started < most; i++) {
        Worker *worker = &pool->workers[i];
        if (worker->job)
            continue;
        if (!worker->pid && !start_worker(pool, worker, error))
            return FALSE;
        Job *job = g_ptr_array_index(pool->jobs, pool->started++);
        g_autoptr(GByteArray) frame = wire_from_request(job->path, job->bytes, &pool->options);
        worker->job = job;
        start_clock(worker);
        send_frame(worker, frame);
        g_clear_pointer(&job->bytes, g_bytes_unref);
    }
    return TRUE;
}

/* What libraries say when they get no memory. */
static gboolean complains_of_memory(const char *words)
{
    static const char *const COMPLAINTS[] = { "out of memory", "bad_alloc", "failed to allocate", "cannot allocate" };
    g_autofree char *lower = g_ascii_strdown(words, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(COMPLAINTS); i++)
        if (strstr(lower, COMPLAINTS[i]))
            return TRUE;
    return FALSE;
}

static void hear(Worker *worker)
{
    char buffer[1024];
    gssize n = read(worker->errors, buffer, sizeof buffer);
    if (n > 0) {
        g_string_append_len(worker->words, buffer, n);
    } else if (n == 0 || errno != EINTR) {
        close(worker->errors);
        worker->errors = -1;
    }
    if (worker->words->len > LAST_WORDS)
        g_string_erase(worker->words, 0, (gssize) worker->words->len - LAST_WORDS);
}

static gboolean has_words(const Worker *worker)
{
    struct pollfd poller = { .fd = worker->errors, .events = POLLIN };
    return poll(&poller, 1, 0) == 1 && (poller.revents & POLLIN);
}

/* The process is gone, or makes no sense: its file has no document. */
static void bury(const Pool *pool, Worker *worker)
{
    Job *job = worker->job;
    while (has_words(worker))
        hear(worker);
    gboolean memory = complains_of_memory(worker->words->str);
    int status = end_worker(worker);
    if (!job)
        return;
    if (memory) {
        g_set_error(&job->error, FAILURE, FAILURE_INPUT, "%s: reading it took more than %" G_GUINT64_FORMAT
                    " MiB of memory; left out (--parse-memory sets the limit)", job->path, pool->limits.memory >> 20);
    } else if (WIFSIGNALED(status)) {
        g_set_error(&job->error, FAILURE, FAILURE_INPUT, "%s: the process that read it crashed (%s); left out",
                    job->path, g_strsignal(WTERMSIG(status)));
    } else {
        g_set_error(&job->error, FAILURE, FAILURE_INPUT, "%s: the process that read it ended without a result; left out",
                    job->path);
    }
}

/* Takes the answer that has come whole.  FALSE if it makes no sense. */
static gboolean take_answer(Worker *worker, WireKind kind, gsize length)
{
    Job *job = worker->job;
    const guint8 *body = worker->frame->data + WIRE_HEADER;
    if (!job)
        return FALSE;
    if (kind == WIRE_DOCUMENT)
        job->document = wire_to_document(body, length);
    else if (kind == WIRE_ERROR)
        job->error = wire_to_error(body, length);
    else if (kind != WIRE_ALIVE)
        return FALSE;
    if (kind == WIRE_ALIVE)
        start_clock(worker);
    else if (job->document || job->error)
        worker->job = NULL;
    else
        return FALSE;
    g_byte_array_remove_range(worker->frame, 0, (guint) (WIRE_HEADER + length));
    return TRUE;
}

static void listen_to(const Pool *pool, Worker *worker)
{
    enum { CHUNK = 65536 };
    guint at = worker->frame->len;
    WireKind kind;
    guint64 length;
    g_byte_array_set_size(worker->frame, at + CHUNK);
    gssize n = recv(worker->socket, worker->frame->data + at, CHUNK, MSG_DONTWAIT);
    g_byte_array_set_size(worker->frame, at + (guint) MAX(n, 0));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    gboolean ok = n > 0;
    while (ok && worker->frame->len >= WIRE_HEADER) {
        ok = wire_header(worker->frame->data, &kind, &length);
        if (!ok || worker->frame->len < WIRE_HEADER + length)
            break;
        ok = take_answer(worker, kind, length);
    }
    if (!ok)
        bury(pool, worker);
}

/* Ends a process that has had its time. */
static void watch_clock(const Pool *pool, Worker *worker)
{
    gint64 most = (gint64) pool->limits.seconds * G_USEC_PER_SEC;
    if (processor_time(worker) - worker->processor <= most && g_get_monotonic_time() - worker->begun <= PATIENCE * most)
        return;
    Job *job = worker->job;
    end_worker(worker);
    g_set_error(&job->error, FAILURE, FAILURE_INPUT, "%s: reading it took more than %u s; left out "
                "(--parse-time sets the limit)", job->path, pool->limits.seconds);
}

/* Waits for news of the processes, a moment at most. */
static void wait_for_news(const Pool *pool)
{
    g_autofree struct pollfd *pollers = g_new0(struct pollfd, 2 * pool->n);
    for (guint i = 0; i < pool->n; i++) {
        const Worker *worker = &pool->workers[i];
        pollers[2 * i] = (struct pollfd) { .fd = worker->pid ? worker->socket : -1, .events = POLLIN };
        pollers[2 * i + 1] = (struct pollfd) { .fd = worker->pid ? worker->errors : -1, .events = POLLIN };
    }
    if (poll(pollers, 2 * pool->n, TICK) < 0)
        return;
    for (guint i = 0; i < pool->n; i++) {
        Worker *worker = &pool->workers[i];
        if (pollers[2 * i + 1].revents)
            hear(worker);
        if (pollers[2 * i].revents)
            listen_to(pool, worker);
        else if (worker->job)
            watch_clock(pool, worker);
    }
}

Document *pool_next(Pool *pool, ProgressFunc progress, gpointer data, GError **error)
{
    g_return_val_if_fail(pool_left(pool) > 0, NULL);
    Job *job = g_ptr_array_index(pool->jobs, pool->given);
    for (;;) {
        Progress now = { .phase = "reading documents", .unit = "files", .done = pool->given, .total = pool->jobs->len };
        if (progress)
            progress(&now, data);
        if (interrupt_check(error) || !give_work(pool, error))
            return NULL;
        if (job->document || job->error)
            break;
        wait_for_news(pool);
    }
    const GPtrArray *parts = job->document ? job->document->parts : NULL;
    if (parts && job->parts + 1 < parts->len)
        return g_steal_pointer(&parts->pdata[job->parts++]);
    pool->given++;
    if (parts && parts->len > 0) {
        Document *last = g_steal_pointer(&parts->pdata[job->parts]);
        g_clear_pointer(&job->document, document_free);
        return last;
    }
    if (job->error)
        g_propagate_error(error, g_steal_pointer(&job->error));
    return g_steal_pointer(&job->document);
}
