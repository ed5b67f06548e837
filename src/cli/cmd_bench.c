/* cmd_bench.c - "kvasir bench": how fast this machine does what kvasir does, and what of its best that is. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/failure.h"
#include "src/base/interrupt.h"
#include "src/cli/chain.h"
#include "src/cli/command.h"
#include "src/cli/deep.h"
#include "src/cli/settings.h"
#include "src/model/machine.h"

#define DECODE_TOKENS 8
#define CACHE_BYTES (64u << 20)
#define PART_BYTES (1u << 20)
#define TEXT_BYTES (1u << 20)
#define SLICE_VOCABULARY 2048   /* of a shape with fewer layers than its model: its output matrix shall not dominate */
#define MOST_REPEATS 100
#define MOST_DEPTHS 16

static struct {
    char *shape, *type, *depths;
    int layers, tokens, repeat;
    gboolean json;
} option = { .depths = NULL, .tokens = 512, .repeat = 3 };

static const GOptionEntry entries[] = {
    { "shape", 0, 0, G_OPTION_ARG_STRING, &option.shape, "Make random weights of this shape in memory: glm-4-9b, tiny", "SHAPE" },
    { "layers", 0, 0, G_OPTION_ARG_INT, &option.layers, "With --shape: so many layers (default: all)", "N" },
    { "type", 0, 0, G_OPTION_ARG_STRING, &option.type, "With --shape: type of the weights (default q4_0)", "TYPE" },
    { "depths", 0, 0, G_OPTION_ARG_STRING, &option.depths, "Measure behind so many tokens (default 0,8192)", "LIST" },
    { "tokens", 0, 0, G_OPTION_ARG_INT, &option.tokens, "Tokens of a prefill (default 512)", "N" },
    { "repeat", 0, 0, G_OPTION_ARG_INT, &option.repeat, "Take each figure N times (default 3)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &option.json, "Write one JSON object a line", NULL },
    { NULL },
};

typedef enum { NO_CEILING = -1, INT8 = CEILING_INT8, BF16 = CEILING_BF16, FP32 = CEILING_FP32,
               MEMORY = CEILING_MEMORY, DISK, MAPPED } Kind;
static const char *const ceiling_names[] = { "int8", "bf16", "fp32", "memory", "disk", "mapped" };

/* One line of the report. */
typedef struct {
    const char *test;
    gssize depth;               /* -1: has none */
    gsize tokens;               /* 0: has none */
    double work;                /* operations, or bytes, of one time */
    gboolean bytes;             /* WORK is in bytes */
    Kind ceiling;
    double limit;               /* of the ceiling, in 10^9 a second, or 0 */
    gsize n;
    double seconds[MOST_REPEATS];
} Figure;

typedef struct {
    Engine *engine;
    KvType kv;
    gsize depths[MOST_DEPTHS], n_depths;
    char *folder;               /* temporary */
    double disk, mapped;        /* ceilings, GB/s; 0: not measured */
} Bench;

/* ---------------------------------------------------------------- the report */

static int by_size(const void *left, const void *right)
{
    double a = *(const double *) left, b = *(const double *) right;

    return (a > b) - (a < b);
}

static void print_number(const char *name, const char *format, gboolean known, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    printf(",\"%s\":%s", name, known ? g_ascii_formatd(text, sizeof text, format, value) : "null");
}

static void print_json(const Figure *f, double median, double rate)
{
    printf("{\"test\":\"%s\"", f->test);
    print_number("depth", "%.0f", f->depth >= 0, (double) f->depth);
    print_number("tokens", "%.0f", f->tokens > 0, (double) f->tokens);
    print_number("tokens_per_s", "%.3f", f->tokens > 0, (double) f->tokens / median);
    print_number(f->bytes ? "gb_per_s" : "gops", "%.4f", f->work > 0, rate);
    if (f->ceiling != NO_CEILING)
        printf(",\"ceiling\":\"%s\"", ceiling_names[f->ceiling]);
    else
        fputs(",\"ceiling\":null", stdout);
    print_number("share", "%.4f", f->limit > 0 && f->work > 0, f->limit > 0 ? rate / f->limit : 0);
    print_number("median", "%.6f", TRUE, median);
    print_number("min", "%.6f", TRUE, f->seconds[0]);
    print_number("max", "%.6f", TRUE, f->seconds[f->n - 1]);
    puts("}");
}

static void print_cell(gboolean known, int width, const char *format, double value, const char *unit)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE] = "";

    if (known)
        g_ascii_formatd(text, sizeof text, format, value);
    printf("%*s%s", width - (int) strlen(unit), text, known ? unit : "");
    if (!known)
        printf("%*s", (int) strlen(unit), "");
}

static void print_text(const Figure *f, double median, double rate)
{
    printf("%-12s", f->test);
    print_cell(f->depth >= 0, 8, "%.0f", (double) f->depth, "");
    print_cell(f->tokens > 0, 9, "%.0f", (double) f->tokens, "");
    print_cell(f->tokens > 0, 12, "%.1f", (double) f->tokens / median, "");
    print_cell(f->work > 0, 14, f->bytes ? "%.3f" : "%.1f", rate, f->bytes ? " GB/s" : " GOP/s");
    print_cell(f->limit > 0 && f->work > 0, 8, "%.0f", f->limit > 0 ? 100 * rate / f->limit : 0, "%");
    printf(" %-8s", f->ceiling != NO_CEILING ? ceiling_names[f->ceiling] : "");
    print_cell(TRUE, 9, "%.4f", median, "");
    print_cell(TRUE, 9, "%.4f", f->seconds[0], "");
    print_cell(TRUE, 9, "%.4f", f->seconds[f->n - 1], "");
    putchar('\n');
}

/* The median is what the rates are made of. */
static double figure_median(Figure *f)
{
    qsort(f->seconds, f->n, sizeof f->seconds[0], by_size);
    return f->n % 2 ? f->seconds[f->n / 2] : (f->seconds[f->n / 2 - 1] + f->seconds[f->n / 2]) / 2;
}

static double report(const Bench *bench, Figure *f)
{
    double median = figure_median(f), rate = f->work / median / 1e9;

    if (f->ceiling == DISK)
        f->limit = bench->disk;
    else if (f->ceiling == MAPPED)
        f->limit = bench->mapped;
    else if (f->ceiling != NO_CEILING && strcmp(f->test, "ceiling") != 0)
        f->limit = machine_ceiling((Ceiling) f->ceiling, engine_threads(bench->engine));
    if (strcmp(f->test, "ceiling") == 0)
        f->limit = 0;
    if (option.json)
        print_json(f, median, rate);
    else
        print_text(f, median, rate);
    fflush(stdout);
    return median;
}

static void print_head(const Bench *bench)
{
    const ModelInfo *info = engine_info(bench->engine);

    if (option.json)
        return;
    printf("kvasir %s: %s; %s, %d threads, %s KV; %d times each, seconds\n\n", PACKAGE_VERSION, info->name,
           engine_isa(bench->engine), engine_threads(bench->engine), kv_type_name(bench->kv), option.repeat);
    printf("%-12s%8s%9s%12s%14s%8s %-8s%9s%9s%9s\n", "test", "depth", "tokens", "tokens/s", "rate", "share",
           "of", "median", "min", "max");
}

/* ---------------------------------------------------------------- the machine */

/* Seconds to read all of a plain file. */
static double read_plain(const char *path, guint8 *buffer)
{
    int fd = chain_open_cold(path);
    gint64 start = g_get_monotonic_time();
    gssize n = fd >= 0 ? 1 : -1;

    while (n > 0)
        n = read(fd, buffer, PART_BYTES);
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
}

/* Seconds to copy what is in the page cache out of a mapping of the file, to memory that is in use already. */
static double copy_mapped(const char *path, guint8 *to)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);

    if (file == NULL)
        return -1;
    memcpy(to, g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
    return (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
}

/* Writes BYTES bytes, a part of BUFFER again and again. */
static gboolean write_plain(const char *path, const guint8 *buffer, gsize bytes)
{
    FILE *file = g_fopen(path, "wb");
    gboolean ok = file != NULL;

    for (gsize at = 0; ok && at < bytes; at += PART_BYTES)
        ok = fwrite(buffer, 1, PART_BYTES, file) == PART_BYTES;
    return file != NULL && fclose(file) == 0 && ok;
}

static gboolean bench_disk(Bench *bench, GError **error)
{
    g_autofree char *path = g_build_filename(bench->folder, "plain", NULL);
    g_autofree guint8 *buffer = g_malloc0(CACHE_BYTES);
    Figure f = { .test = "ceiling", .depth = -1, .work = CACHE_BYTES, .bytes = TRUE, .ceiling = DISK }, warm = f;
    gboolean ok;

    for (gsize i = 0; i < PART_BYTES; i++)
        buffer[i] = (guint8) (i * 2654435761u >> 13);
    ok = write_plain(path, buffer, CACHE_BYTES);
    for (; ok && f.n < (gsize) option.repeat; f.n++)
        ok = (f.seconds[f.n] = read_plain(path, buffer)) > 0;
    for (warm.ceiling = MAPPED; ok && warm.n < (gsize) option.repeat; warm.n++)
        ok = (warm.seconds[warm.n] = copy_mapped(path, buffer)) > 0;
    if (!ok)
        g_set_error(error, FAILURE, FAILURE_SYSTEM, "%s: %s; set TMPDIR to a folder with room", path, g_strerror(errno));
    g_unlink(path);
    if (!ok)
        return FALSE;
    bench->disk = CACHE_BYTES / 1e9 / report(bench, &f);
    bench->mapped = CACHE_BYTES / 1e9 / report(bench, &warm);
    return TRUE;
}

static gboolean bench_machine(Bench *bench, GError **error)
{
    int threads = engine_threads(bench->engine);

    for (int kind = INT8; kind <= MEMORY; kind++) {
        Figure f = { .test = "ceiling", .depth = -1, .bytes = kind == MEMORY, .ceiling = (Kind) kind, .work = 1e9 };
        double rate = machine_ceiling((Ceiling) kind, threads);

        for (; rate > 0 && f.n < (gsize) option.repeat; f.n++) {
            if (interrupt_check(error))
                return FALSE;
            rate = machine_ceiling((Ceiling) kind, threads);
            f.seconds[f.n] = 1 / rate;
        }
        if (f.n > 0)            /* else this CPU has no such instructions */
            report(bench, &f);
    }
    return bench_disk(bench, error);
}

/* ---------------------------------------------------------------- the model */

static gboolean is_full_precision(const Bench *bench)
{
    return strcmp(engine_isa(bench->engine), "blas") == 0;
}

/* Operations of attention for N tokens behind DEPTH. */
static double attention_operations(const ModelInfo *info, double n, double depth)
{
    return 4.0 * info->layers * info->heads * info->head_dim * (n * depth + n * (n + 1) / 2);
}

static gboolean take_times(Figure *f, Session *session, gboolean together, GError **error)
{
    if (deep_seconds(session, f->tokens, together, error) < 0)      /* the first touches the memory */
        return FALSE;
    for (f->n = 0; f->n < (gsize) option.repeat; f->n++)
        if ((f->seconds[f->n] = deep_seconds(session, f->tokens, together, error)) < 0)
            return FALSE;
    return TRUE;
}

/* At depth 0 nearly all is linear layers; what a deeper prefill takes beyond that is attention. */
static gboolean bench_prefill(const Bench *bench, Session *session, double *at_zero, GError **error)
{
    const ModelInfo *info = engine_info(bench->engine);
    gsize depth = session_length(session), n = (gsize) option.tokens;
    double linear = 2 * deep_layer_parameters(info) * (double) n, median;
    Kind kind = is_full_precision(bench) ? FP32 : INT8;
    Figure f = { .test = "prefill", .depth = (gssize) depth, .tokens = n, .ceiling = kind,
                 .work = linear + attention_operations(info, (double) n, (double) depth) };

    if (!take_times(&f, session, TRUE, error))
        return FALSE;
    median = report(bench, &f);
    if (depth == 0) {
        *at_zero = median;
        f.test = "linear";
        f.work = linear;
        report(bench, &f);
    } else if (*at_zero > 0 && median > *at_zero) {
        Figure a = { .test = "attention", .depth = (gssize) depth, .tokens = n, .n = 1, .seconds = { median - *at_zero },
                     .ceiling = bench->kv == KV_INT8 ? INT8 : FP32,
                     .work = 4.0 * info->layers * info->heads * info->head_dim * (double) n * (double) depth };
        report(bench, &a);
    }
    return TRUE;
}

/* Bytes that a single token reads: weights but for the embedding, at their average size, and the KV before it. */
static double decode_bytes(const ModelInfo *info, const Session *session)
{
    double weights = (deep_layer_parameters(info) + deep_output_parameters(info)) / (double) info->parameters;
    double blocks = (double) session_length(session) / ENGINE_BLOCK;

    return weights * (double) info->bytes + blocks * info->layers * (double) session_layer_bytes(session);
}

static gboolean bench_decode(const Bench *bench, Session *session, GError **error)
{
    Figure f = { .test = "decode", .depth = (gssize) session_length(session), .tokens = DECODE_TOKENS, .bytes = TRUE,
                 .ceiling = MEMORY, .work = DECODE_TOKENS * decode_bytes(engine_info(bench->engine), session) };

    if (!take_times(&f, session, FALSE, error))
        return FALSE;
    report(bench, &f);
    return TRUE;
}

/* Eight answers about the same documents at once. */
static gboolean bench_group(const Bench *bench, const Session *session, GError **error)
{
    Figure f = { .test = "group", .depth = (gssize) session_length(session), .tokens = DEEP_BRANCHES * DECODE_TOKENS,
                 .ceiling = NO_CEILING };

    if (deep_group_seconds(session, bench->engine, DEEP_BRANCHES, 1, error) < 0)    /* the first touches the memory */
        return FALSE;
    for (; f.n < (gsize) option.repeat; f.n++)
        if ((f.seconds[f.n] = deep_group_seconds(session, bench->engine, DEEP_BRANCHES, DECODE_TOKENS, error)) < 0)
            return FALSE;
    report(bench, &f);
    return TRUE;
}

static gboolean bench_depths(const Bench *bench, GError **error)
{
    double at_zero = 0;

    for (gsize i = 0; i < bench->n_depths; i++) {
        g_autoptr(Session) session = deep_session(bench->engine, bench->kv, bench->depths[i],
                                                  (gsize) MAX(option.tokens, DECODE_TOKENS), error);
        if (session == NULL || !bench_prefill(bench, session, &at_zero, error) ||
            !bench_decode(bench, session, error) || !bench_group(bench, session, error))
            return FALSE;
    }
    return TRUE;
}

/* ---------------------------------------------------------------- the cache */

static gboolean time_chain(Figure *f, Chain *chain, double (*time)(Chain *chain, GError **error), GError **error)
{
    for (f->n = 0; f->n < (gsize) option.repeat; f->n++)
        if ((f->seconds[f->n] = time(chain, error)) < 0)
            return FALSE;
    return TRUE;
}

static gboolean bench_cache(const Bench *bench, GError **error)
{
    Figure f = { .depth = -1, .bytes = TRUE };
    static const struct {
        const char *test;
        double (*time)(Chain *chain, GError **error);
        Kind ceiling;
    } figures[] = {
        { "cache_write", chain_write, NO_CEILING },
        { "cache_read", chain_read_cold, DISK },
        { "cache_warm", chain_read_warm, MAPPED },
    };
    Chain *chain = chain_new(bench->engine, bench->kv, bench->folder, CACHE_BYTES, error);
    gboolean ok = chain != NULL;

    for (gsize i = 0; ok && i < G_N_ELEMENTS(figures); i++) {
        f.test = figures[i].test;
        f.ceiling = figures[i].ceiling;
        f.tokens = chain_tokens(chain);
        f.work = (double) chain_bytes(chain);
        if ((ok = time_chain(&f, chain, figures[i].time, error)))
            report(bench, &f);
    }
    chain_free(chain);
    return ok;
}

/* ---------------------------------------------------------------- text and start */

static GString *make_text(void)
{
    static const char *const words[] = {
        "the", "of", "learning", "rate", "model", "is", "in", "a", "Table", "2024,", "results", "attention", "we",
        "show", "that", "0.003", "for", "each", "layer.", "\n\n", "Größe", "however,", "baseline", "(see", "page", "7)",
    };
    GString *text = g_string_sized_new(TEXT_BYTES + 64);
    guint32 state = 1;

    while (text->len < TEXT_BYTES) {
        state = state * 1664525u + 1013904223u;
        g_string_append(text, words[(state >> 10) % G_N_ELEMENTS(words)]);
        g_string_append_c(text, ' ');
    }
    return text;
}

static void bench_tokenizer(const Bench *bench)
{
    const Tokenizer *tokenizer = engine_tokenizer(bench->engine);
    g_autoptr(GString) text = make_text();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    Figure f = { .test = "tokenizer", .depth = -1, .bytes = TRUE, .work = (double) text->len, .ceiling = NO_CEILING };

    if (tokenizer == NULL)
        return;
    for (; f.n < (gsize) option.repeat; f.n++) {
        gint64 start = g_get_monotonic_time();
        g_array_set_size(ids, 0);
        tokenizer_encode(tokenizer, text->str, text->len, ids);
        f.seconds[f.n] = (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
    }
    f.tokens = ids->len;
    report(bench, &f);
}

static EngineOptions engine_options(void)
{
    const Settings *settings = settings_get();

    return (EngineOptions) { .isa = settings->isa, .threads = settings->threads, .precise = settings->precise,
                             .prepared = settings->no_prepare ? NULL : settings->prepared_folder };
}

/* From nothing to the logits of a first token; the file is in the page cache. */
static gboolean bench_startup(const Bench *bench, GError **error)
{
    const EngineOptions options = engine_options();
    Figure f = { .test = "startup", .depth = -1, .tokens = 1, .ceiling = NO_CEILING };

    if (option.shape != NULL)   /* there is no file */
        return TRUE;
    for (; f.n < (gsize) option.repeat; f.n++) {
        gint64 start = g_get_monotonic_time();
        g_autoptr(Engine) engine = engine_open(engine_info(bench->engine)->path, &options, error);
        if (engine == NULL)
            return FALSE;
        g_autoptr(Session) session = session_new(engine, bench->kv, ENGINE_BLOCK, error);
        if (session == NULL || deep_seconds(session, 1, FALSE, error) < 0)
            return FALSE;
        f.seconds[f.n] = (double) MAX(g_get_monotonic_time() - start, 1) / 1e6;
    }
    report(bench, &f);
    return TRUE;
}

/* ---------------------------------------------------------------- all of it */

static gboolean usage(GError **error, const char *message)
{
    g_set_error_literal(error, FAILURE, FAILURE_USAGE, message);
    return FALSE;
}

static gboolean parse_depths(Bench *bench, GError **error)
{
    g_auto(GStrv) words = g_strsplit(option.depths != NULL ? option.depths : "0,8192", ",", -1);
    guint64 most = (guint64) engine_info(bench->engine)->context, depth;

    if ((guint64) option.tokens > most) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--tokens: %d tokens do not fit into the context of %d tokens", option.tokens,
                    engine_info(bench->engine)->context);
        return FALSE;
    }
    if (g_strv_length(words) == 0 || g_strv_length(words) > MOST_DEPTHS)
        return usage(error, "--depths wants 1 to 16 numbers divided by commas");
    most = most > (guint64) option.tokens + ENGINE_BLOCK ? most - (guint64) option.tokens - ENGINE_BLOCK : 0;
    for (char **word = words; *word != NULL; word++) {
        if (!g_ascii_string_to_unsigned(*word, 10, 0, G_MAXINT32, &depth, NULL))
            return usage(error, "--depths wants numbers divided by commas, such as 0,8192,32768");
        if (depth > most && option.depths == NULL)
            continue;           /* a small model */
        if (depth > most) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "--depths: %s and the tokens behind it do not fit into the context "
                        "of %d tokens", *word, engine_info(bench->engine)->context);
            return FALSE;
        }
        bench->depths[bench->n_depths++] = (gsize) depth;
    }
    return TRUE;
}

static gboolean check_options(GError **error)
{
    if (option.tokens < 1 || option.tokens > 65536)
        return usage(error, "--tokens wants a number from 1 to 65536");
    if (option.repeat < 1 || option.repeat > MOST_REPEATS)
        return usage(error, "--repeat wants a number from 1 to 100");
    if (option.shape == NULL && (option.layers != 0 || option.type != NULL))
        return usage(error, "--layers and --type go with --shape");
    if (option.layers < 0 || option.layers > 1000)
        return usage(error, "--layers wants a number from 1 to 1000");
    return TRUE;
}

static Engine *open_engine(GError **error)
{
    const EngineOptions options = engine_options();
    EngineShape shape;
    int whole;

    if (option.shape == NULL)
        return settings_open_engine(error);
    if (!engine_shape_find(option.shape, &shape)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "there is no shape \"%s\"; use glm-4-9b or tiny", option.shape);
        return NULL;
    }
    whole = shape.layers;
    if (option.layers > 0)
        shape.layers = option.layers;
    if (shape.layers < whole)
        shape.vocabulary = MIN(shape.vocabulary, SLICE_VOCABULARY);
    if (option.type != NULL)
        shape.type = option.type;
    return engine_open_synthetic(&shape, &options, error);
}

static gboolean bench_all(Bench *bench, GError **error)
{
    bench->kv = settings_get()->kv;
    if (!check_options(error) || (bench->engine = open_engine(error)) == NULL || !parse_depths(bench, error))
        return FALSE;
    bench->folder = g_dir_make_tmp("kvasir-bench.XXXXXX", error);
    if (bench->folder == NULL) {
        g_prefix_error(error, "set TMPDIR to a folder with room: ");
        return FALSE;
    }
    print_head(bench);
    if (!bench_machine(bench, error) || !bench_depths(bench, error) || !bench_cache(bench, error))
        return FALSE;
    bench_tokenizer(bench);
    return bench_startup(bench, error);
}

static int run(int argc, char **argv)
{
    Bench bench = { 0 };
    GError *error = NULL;
    int status = command_parse(&command_bench, entries, TRUE, &argc, &argv);

    if (status >= 0)
        return status;
    if (argc > 1)
        usage(&error, "it takes options only");
    else
        bench_all(&bench, &error);
    if (bench.folder != NULL)
        g_rmdir(bench.folder);
    g_free(bench.folder);
    engine_free(bench.engine);
    return error != NULL ? command_fail(&command_bench, error) : command_finish(&command_bench, 0);
}

const Command command_bench = {
    "bench", "measure how fast this machine computes, reads and writes",
    "[-m MODEL | --shape SHAPE [--layers N] [--type TYPE]] [--json]", run,
};
