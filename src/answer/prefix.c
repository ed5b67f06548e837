/* prefix.c - a session filled with a prompt, from the KV store as far as it reaches. */
#include "config.h"
#include "src/answer/prefix.h"

#include <string.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"

enum {
    PART_MOST = 1024 * 1024,        /* bytes of a row of the store, unless one layer is larger */
    READERS_MOST = 8,
    PROGRESS_US = 100 * 1000,
    WAIT_MS = 200,                  /* for another process's block, between two looks at the signals */
    WAIT_MOST_MS = 120 * 1000,      /* after which that process is taken to hang, and waited for no more */
};

typedef struct {
    Session *session;
    Store *store;
    const gint32 *ids;
    int layers, part_layers, parts;
    gsize part_bytes;
    guint8 root[STORE_KEY_BYTES];
    guint8 *keys;                   /* of all whole blocks of the prefix */
    gsize blocks;
    gsize documents;                /* of them before the first that depends on a conversation */
    gsize begun;                    /* blocks that were in the session before */
    gsize cached;                   /* blocks in the session that came from the store */
    gint64 started;                 /* when the block at hand was begun; 0: it was not computed in one go */
    gsize queued;                   /* blocks handed to the writer */
    gboolean alone;                 /* other processes are not waited for */
    ProgressFunc progress;
    gpointer data;
    PrefixReport *report;
} Fill;

void prefix_report_clear(PrefixReport *report)
{
    g_clear_error(&report->warning);
}

/* The first trouble is the one worth telling. */
static void warn(Fill *fill, GError *error)
{
    if (fill->report->warning == NULL)
        fill->report->warning = error;
    else
        g_error_free(error);
}

/* Layers of a part: as many as fit PART_MOST and divide all layers evenly. */
static void plan_parts(Fill *fill, const Session *session, const Engine *engine)
{
    gsize layer_bytes = session_layer_bytes(session);

    fill->layers = engine_info(engine)->layers;
    fill->part_layers = 1;
    for (int n = 1; n <= fill->layers; n++)
        if (fill->layers % n == 0 && (gsize) n * layer_bytes <= PART_MOST)
            fill->part_layers = n;
    fill->parts = fill->layers / fill->part_layers;
    fill->part_bytes = (gsize) fill->part_layers * layer_bytes;
}

static const guint8 *block_key(const Fill *fill, gsize block)
{
    return fill->keys + block * STORE_KEY_BYTES;
}

static void chain_keys(Fill *fill)
{
    const guint8 *parent = fill->root;

    fill->keys = g_malloc(MAX(fill->blocks, 1) * STORE_KEY_BYTES);
    for (gsize b = 0; b < fill->blocks; b++) {
        guint8 *key = fill->keys + b * STORE_KEY_BYTES;
        store_chain_key(parent, fill->ids + b * ENGINE_BLOCK, ENGINE_BLOCK, key);
        parent = key;
    }
}

static void report_progress(const Fill *fill, const char *phase, gsize start, gsize done, gsize total)
{
    Progress progress = { .phase = phase, .unit = "tokens", .start = start, .done = done, .total = total };

    if (fill->progress != NULL)
        fill->progress(&progress, fill->data);
}

/* Where the store's bytes of a block go in the session, a place for each layer. */
static void find_places(const Fill *fill, gsize block, guint8 **places)
{
    for (int layer = 0; layer < fill->layers; layer++)
        places[layer] = session_layer_place(fill->session, block, layer);
}

/* Reads a block to its place, PLACES being room for that of each layer. */
static gboolean read_block(const Fill *fill, gsize block, guint8 **places, GError **error)
{
    find_places(fill, block, places);
    return store_read_block(fill->store, block_key(fill, block), (guint) fill->parts, fill->part_bytes,
                            places, fill->part_bytes / (gsize) fill->part_layers, error);
}

/* Reading back: threads take blocks in order until one is missing.  Whole blocks, because a block is a run of the file, which the
 * system then reads ahead for each thread. */
typedef struct {
    Fill *fill;
    gsize blocks;                   /* to read */
    GMutex lock;
    GCond changed;
    gsize next;                     /* block to take */
    gsize done;                     /* blocks in place */
    gsize good;                     /* no earlier block was missing */
    int running;
    GError *error;                  /* the first, or NULL */
} Reading;

static gpointer read_blocks(gpointer data)
{
    Reading *reading = data;
    g_autofree guint8 **places = g_new(guint8 *, reading->fill->layers);
    GError *error = NULL;

    g_mutex_lock(&reading->lock);
    while (reading->next < reading->good && !interrupt_requested()) {
        gsize block = reading->next++;
        gboolean ok;

        g_mutex_unlock(&reading->lock);
        ok = read_block(reading->fill, reading->fill->begun + block, places, &error);
        g_mutex_lock(&reading->lock);
        reading->done++;
        if (!ok)
            reading->good = MIN(reading->good, block);
        if (error != NULL && reading->error == NULL)
            reading->error = g_steal_pointer(&error);
        g_clear_error(&error);
    }
    reading->running--;
    g_cond_signal(&reading->changed);
    g_mutex_unlock(&reading->lock);
    return NULL;
}

/* Puts what the store has of the chain into the session. */
static void read_back(Fill *fill, const Engine *engine)
{
    Reading reading = { .fill = fill };
    GError *error = NULL;
    GThread *threads[READERS_MOST];
    int n = CLAMP(engine_threads(engine), 1, READERS_MOST);
    gsize total;

    reading.blocks = store_find(fill->store, fill->keys, fill->blocks, &error);
    if (error != NULL) {
        warn(fill, error);
        return;
    }
    if (reading.blocks <= fill->begun)
        return;
    /* The session ends within the first block to be read, or before it. */
    session_truncate(fill->session, fill->begun * ENGINE_BLOCK);
    reading.good = reading.blocks -= fill->begun;
    total = reading.blocks * ENGINE_BLOCK;
    g_mutex_init(&reading.lock);
    g_cond_init(&reading.changed);
    reading.running = n;
    for (int i = 0; i < n; i++)
        threads[i] = g_thread_new("read-back", read_blocks, &reading);

    g_mutex_lock(&reading.lock);
    while (reading.running > 0) {
        gsize done = reading.done * ENGINE_BLOCK;
        g_cond_wait_until(&reading.changed, &reading.lock, g_get_monotonic_time() + PROGRESS_US);
        g_mutex_unlock(&reading.lock);
        report_progress(fill, "reading the cache", 0, done, total);
        g_mutex_lock(&reading.lock);
    }
    g_mutex_unlock(&reading.lock);
    for (int i = 0; i < n; i++)
        g_thread_join(threads[i]);
    g_cond_clear(&reading.changed);
    g_mutex_clear(&reading.lock);

    /* Stopped by a signal: only whole blocks that were taken in order count. */
    fill->cached = MIN(reading.good, reading.next);
    if (fill->cached > 0)
        session_adopt_blocks(fill->session, fill->ids + fill->begun * ENGINE_BLOCK, fill->cached);
    if (reading.error != NULL)
        warn(fill, reading.error);
}

static void write_block(Fill *fill, const Session *session, gsize block, gint64 cost)
{
    const StoreBlock row = {
        .root = fill->root, .parent = block > 0 ? block_key(fill, block - 1) : NULL, .key = block_key(fill, block),
        .depth = block, .part_size = fill->part_bytes, .parts = (guint) fill->parts,
        .cost = (guint64) MAX(cost, 0), .turn = block >= fill->documents,
    };
    guint8 *bytes = g_malloc(fill->part_bytes * (gsize) fill->parts);
    GError *local = NULL;

    session_export_layers(session, block, 0, fill->layers, bytes);
    if (store_write(fill->store, &row, bytes, &local)) {
        fill->queued++;
    } else {
        warn(fill, local);
        store_release(fill->store);     /* nobody shall wait for what is not stored */
        fill->store = NULL;
    }
}

/* A SessionBlockFunc. */
static gboolean computed_block(Session *session, gsize block, gpointer data, GError **error)
{
    Fill *fill = data;
    gint64 now = g_get_monotonic_time();

    if (fill->store != NULL && block < fill->blocks)
        write_block(fill, session, block, fill->started != 0 ? now - fill->started : 0);
    fill->started = g_get_monotonic_time();
    return TRUE;
}

/* Reads back a block that another process has just stored. */
static gboolean take_block(Fill *fill, gsize block)
{
    g_autofree guint8 **places = g_new(guint8 *, fill->layers);
    GError *error = NULL;

    if (!read_block(fill, block, places, &error)) {
        if (error != NULL)
            warn(fill, error);
        return FALSE;
    }
    session_adopt_blocks(fill->session, fill->ids + block * ENGINE_BLOCK, 1);
    fill->cached++;
    return TRUE;
}

/* When another process is computing the block: waits for it.  TRUE: the block is in the
 * session.  FALSE: this process is to compute it, or a signal came. */
static gboolean follow_block(Fill *fill, gsize block, gsize start, gsize total)
{
    guint waited = 0;

    if (fill->store == NULL || fill->alone)
        return FALSE;
    while (!store_claim(fill->store, block_key(fill, block))) {
        StoreWait wait = store_wait(fill->store, block_key(fill, block), WAIT_MS);

        if (wait == STORE_WAIT_STORED)
            return take_block(fill, block);
        if (interrupt_requested())
            return FALSE;
        waited += wait == STORE_WAIT_TIMEOUT ? WAIT_MS : 0;
        if (waited >= WAIT_MOST_MS) {
            fill->alone = TRUE;
            return FALSE;
        }
        report_progress(fill, "following another process", start, block * ENGINE_BLOCK, total);
    }
    return FALSE;
}

/* The blocks of the prefix that the store did not have, one call each. */
static gboolean compute_blocks(Fill *fill, gsize total, GError **error)
{
    gsize start = session_length(fill->session), at;

    while ((at = session_length(fill->session)) < fill->blocks * ENGINE_BLOCK) {
        report_progress(fill, "prefill", start, at, total);
        if (at % ENGINE_BLOCK == 0 && follow_block(fill, at / ENGINE_BLOCK, start, total))
            continue;
        fill->started = at % ENGINE_BLOCK == 0 ? g_get_monotonic_time() : 0;
        if (interrupt_check(error) ||
            !session_append(fill->session, fill->ids + at, ENGINE_BLOCK - at % ENGINE_BLOCK, computed_block, fill, error))
            return FALSE;
    }
    report_progress(fill, "prefill", start, fill->blocks * ENGINE_BLOCK, total);
    return TRUE;
}

static void flush(Fill *fill)
{
    GError *error = NULL;

    if (fill->store == NULL || fill->queued == 0)
        return;
    if (store_flush(fill->store, &error))
        fill->report->stored = fill->queued * ENGINE_BLOCK;
    else
        warn(fill, error);
}

/* With a witness the last tokens are a call of their own, short enough to be noted, where cutting changes nothing. */
static gboolean append_rest(Session *session, const Engine *engine, const gint32 *ids, gsize n, GError **error)
{
    gsize first = session_witnessed(session) && engine_batch_invariant(engine) && n > ENGINE_BATCH ? n - ENGINE_BATCH : 0;

    if (first > 0 && !session_append(session, ids, first, NULL, NULL, error))
        return FALSE;
    return session_append(session, ids + first, n - first, NULL, NULL, error);
}

/* The blocks of FILL, then the ids behind them up to N. */
static gboolean fill_session(Fill *fill, const Engine *engine, KvType type, gsize n, GError **error)
{
    PrefixReport *report = fill->report;
    gint64 begin = g_get_monotonic_time(), middle;
    gsize at;
    gboolean ok;

    report->tokens = n;
    engine_state_key(engine, type, fill->root);
    plan_parts(fill, fill->session, engine);
    chain_keys(fill);
    if (fill->store != NULL)
        read_back(fill, engine);
    middle = g_get_monotonic_time();
    report->cached = fill->cached * ENGINE_BLOCK;
    report->read_seconds = (double) (middle - begin) / 1e6;

    ok = compute_blocks(fill, n, error);
    report->cached = fill->cached * ENGINE_BLOCK;
    at = session_length(fill->session);
    if (ok && n > at)
        ok = append_rest(fill->session, engine, fill->ids + at, n - at, error);
    flush(fill);
    if (!ok && fill->store != NULL)
        store_release(fill->store);
    report->compute_seconds = (double) (g_get_monotonic_time() - middle) / 1e6;
    g_free(fill->keys);
    return ok;
}

gboolean prefix_fill(Session *session, const Engine *engine, KvType type, Store *store,
                     const gint32 *ids, gsize n, gsize prefix,
                     ProgressFunc progress, gpointer data, PrefixReport *report, GError **error)
{
    Fill fill = {
        .session = session, .store = store, .ids = ids, .blocks = prefix / ENGINE_BLOCK,
        .documents = prefix / ENGINE_BLOCK, .progress = progress, .data = data, .report = report,
    };
    gboolean ok = fill_session(&fill, engine, type, n > prefix ? n : fill.blocks * ENGINE_BLOCK, error);

    report->tokens = n;
    return ok;
}

/* Shortens SESSION to what it has in common with IDS, at most N - 1 tokens: the last one's logits are needed. */
static void shorten(Session *session, const gint32 *ids, gsize n)
{
    const gint32 *have = session_tokens(session);
    gsize same = 0, most = MIN(session_length(session), n - 1);

    while (same < most && have[same] == ids[same])
        same++;
    session_truncate(session, same);
}

gboolean prefix_talk(Session *session, const Engine *engine, KvType type, Store *store,
                     const gint32 *ids, gsize n, gsize documents,
                     ProgressFunc progress, gpointer data, PrefixReport *report, GError **error)
{
    Fill fill = {
        .session = session, .store = store, .ids = ids, .blocks = (n - 1) / ENGINE_BLOCK,
        .documents = documents / ENGINE_BLOCK, .progress = progress, .data = data, .report = report,
    };

    g_return_val_if_fail(n > 0 && documents <= n, FALSE);
    shorten(session, ids, n);
    report->begun = session_length(session);
    fill.begun = report->begun / ENGINE_BLOCK;
    if (report->begun > 0 && !engine_batch_invariant(engine))
        fill.store = NULL;
    return fill_session(&fill, engine, type, n, error);
}

void prefix_keep(const Session *session, const Engine *engine, KvType type, Store *store, gsize documents,
                 PrefixReport *report)
{
    Fill fill = {
        .store = store, .ids = session_tokens(session), .blocks = session_length(session) / ENGINE_BLOCK,
        .documents = documents / ENGINE_BLOCK, .report = report,
    };
    GError *error = NULL;
    gsize found;

    report->stored = 0;
    if (store == NULL || !engine_batch_invariant(engine))
        return;
    engine_state_key(engine, type, fill.root);
    plan_parts(&fill, session, engine);
    chain_keys(&fill);
    found = store_find(store, fill.keys, fill.blocks, &error);
    if (error != NULL) {
        warn(&fill, error);
        fill.store = NULL;
    }
    for (gsize b = found; b < fill.blocks && fill.store != NULL; b++)
        write_block(&fill, session, b, 0);
    flush(&fill);
    g_free(fill.keys);
}

PrefixOutlook prefix_look(const Engine *engine, KvType type, Store *store, const gint32 *ids, gsize n, gsize prefix)
{
    Fill fill = { .ids = ids, .blocks = prefix / ENGINE_BLOCK };
    PrefixOutlook outlook = { .seconds = -1 };
    gsize found, end = n > prefix ? n : fill.blocks * ENGINE_BLOCK;

    if (store == NULL)
        return outlook;
    engine_state_key(engine, type, fill.root);
    chain_keys(&fill);
    found = store_find(store, fill.keys, fill.blocks, NULL);
    outlook.cached = found * ENGINE_BLOCK;
    outlook.seconds = store_estimate(store, fill.root, (double) found,
                                     (double) (end - outlook.cached) / ENGINE_BLOCK);
    g_free(fill.keys);
    return outlook;
}

void prefix_note_corpus(const Engine *engine, KvType type, Store *store, const gint32 *ids, gsize prefix, const char *name)
{
    Fill fill = { .ids = ids, .blocks = prefix / ENGINE_BLOCK };

    if (store == NULL || fill.blocks == 0)
        return;
    engine_state_key(engine, type, fill.root);
    chain_keys(&fill);
    store_note_corpus(store, fill.root, name, fill.keys, fill.blocks, NULL);
    g_free(fill.keys);
}
