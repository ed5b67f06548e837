/* cmd_plan.c - "kvasir plan": what a run will take, before it is begun.
 *
 * The time to read a prompt of n tokens is t(n) = a n + b n^2: a for the linear layers, b for attention.
 * Both are measured on one layer of the model's shape with random weights, which takes about a second
 * and needs neither the file nor its memory, and multiplied by the layers.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ingest/tree.h"
#include "src/answer/prompt.h"
#include "src/answer/source.h"
#include "src/base/columns.h"
#include "src/base/failure.h"
#include "src/cli/command.h"
#include "src/cli/deep.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/reading.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

#define DEEP 16384              /* tokens behind which attention is measured */
#define ANSWER_TOKENS 4         /* decoded per measurement */
#define SLICE_VOCABULARY 2048
#define BATCH 256               /* tokens that the engine computes at a time */
#define SAMPLE 128              /* tokens of a measurement: as fast per token as a batch, within a tenth */
#define MOST_TOKENS (1 << 24)
#define LABEL_COLUMNS 24

static struct {
    char *corpus;
    int tokens;
    gboolean only;
} option;

static const GOptionEntry entries[] = {
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &option.corpus, "Plan for the documents of CORPUS", "CORPUS" },
    { "tokens", 0, 0, G_OPTION_ARG_INT, &option.tokens, "Plan for a prompt of N tokens", "N" },
    { "only", 0, 0, G_OPTION_ARG_NONE, &option.only, "Only for the model in use, not for the sizes of GLM-4-9B", NULL },
    { NULL },
};

/* GLM-4-9B-Chat as GGUF files: the types people use, and all their bytes. */
static const struct { const char *type, *label; guint64 bytes; } sizes[] = {
    { "q4_0", "GLM-4-9B Q4_0", 5449285632u }, { "q4_k_m", "GLM-4-9B Q4_K_M", 6244892672u },
    { "q5_k", "GLM-4-9B Q5_K", 7388102656u }, { "q6_k", "GLM-4-9B Q6_K", 8255995904u },
    { "q8_0", "GLM-4-9B Q8_0", 9988964352u }, { "bf16", "GLM-4-9B BF16", 18800934912u },
};

/* What one kind of run takes. */
typedef struct {
    const char *label;
    double weights, kv, scratch;    /* bytes */
    double a, b;                    /* seconds, of all layers */
    double step, deeper;            /* of one answer token at depth 0, and more per token before it */
} Plan;

/* ---------------------------------------------------------------- the documents */

static gboolean add_files(GPtrArray *documents, char **files, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Pool) pool = reading_pool();
    g_autoptr(TreeLeft) left = tree_left_new();

    for (; *files != NULL; files++) {
        g_autofree char *front = reading_options()->site ? document_site_front(*files) : NULL;
        guint before = paths->len;
        if (strcmp(*files, "-") == 0)
            g_ptr_array_add(paths, g_strdup(*files));
        else if (!tree_collect(front != NULL ? front : *files, NULL, paths, left, error))
            return FALSE;
        if (paths->len == before && left->closed->len == 0) {
            g_set_error(error, FAILURE, FAILURE_INPUT, "%s: no documents in this folder", *files);
            return FALSE;
        }
    }
    if (left->closed->len > 0) {
        g_propagate_error(error, g_error_copy(g_ptr_array_index(left->reasons, 0)));
        return FALSE;
    }
    for (guint i = 0; i < paths->len; i++)
        if (!reading_add(pool, g_ptr_array_index(paths, i), error))
            return FALSE;
    while (pool_left(pool) > 0) {
        Document *document = pool_next(pool, NULL, NULL, error);
        if (document == NULL)
            return FALSE;
        g_ptr_array_add(documents, document);
        work_tell_unread(&command_plan, document);
    }
    return TRUE;
}

static GPtrArray *gather(char **files, GError **error)
{
    g_autoptr(GPtrArray) documents = NULL;

    if (option.corpus != NULL) {
        const char *path = settings_get()->catalogue_path;
        if (!settings_have_catalogue()) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "there are no corpora yet; \"kvasir ingest\" makes one");
            return NULL;
        }
        g_autoptr(Catalogue) catalogue = catalogue_open(path, TRUE, error);
        documents = catalogue != NULL ? source_corpus(catalogue, option.corpus, error) : NULL;
    } else {
        documents = document_list_new();
    }
    return documents != NULL && add_files(documents, files, error) ? g_steal_pointer(&documents) : NULL;
}

/* Tokens of the prompt's prefix; 0 after an error. */
static gsize count_tokens(const Engine *engine, char **files, GError **error)
{
    const Tokenizer *tokenizer;
    g_autoptr(GPtrArray) documents = NULL;

    if (option.tokens > 0)
        return (gsize) option.tokens;
    tokenizer = work_tokenizer(engine, error);
    documents = tokenizer != NULL ? gather(files, error) : NULL;
    if (documents == NULL)
        return 0;
    g_autoptr(Pack) pack = source_pack(documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    g_autoptr(Prompt) prompt = prompt_new(tokenizer, NULL, pack, NULL, error);
    if (prompt == NULL)
        return 0;
    printf("%u %s; tokens are counted with the vocabulary of %s\n", documents->len,
           documents->len == 1 ? "document" : "documents", engine_info(engine)->name);
    return prompt->ids->len;
}

/* ---------------------------------------------------------------- the measurement */

/* The faster of two: what the machine can do when nothing else runs. */
static double quickest(Session *session, const Engine *engine, gsize n, gboolean together, GError **error)
{
    double first = deep_undisturbed_seconds(session, engine, n, together, error);
    double second = first < 0 ? first : deep_undisturbed_seconds(session, engine, n, together, error);

    return MIN(first, second);
}

/* Buffers of a batch, as the session makes them. */
static double scratch_bytes(const ModelInfo *info)
{
    double q = (double) info->heads * info->head_dim, widest = MAX(2.0 * info->ffn, (double) info->hidden + q);

    return BATCH * (info->hidden + 2 * widest + 2.25 * q + 0.25 * widest) * sizeof(float);
}

/* What attention adds behind DEEP tokens; it does not depend on the weights. */
static gboolean measure_deep(Plan *plan, const Engine *slice, int layers, double t0, double d0, GError **error)
{
    gsize depth = MIN(DEEP, (gsize) engine_info(slice)->context / 2) / ENGINE_BLOCK * ENGINE_BLOCK;
    g_autoptr(Session) session = NULL;
    double t, d;

    if (depth == 0)
        return TRUE;
    session = deep_session(slice, settings_get()->kv, depth, SAMPLE, error);
    if (session == NULL || (t = quickest(session, slice, SAMPLE, TRUE, error)) < 0
        || (d = quickest(session, slice, ANSWER_TOKENS, FALSE, error)) < 0)
        return FALSE;
    plan->b = layers * MAX(t - t0, 0) / (2.0 * SAMPLE * (double) depth);
    plan->deeper = layers * MAX(d - d0, 0) / ANSWER_TOKENS / (double) depth;
    return TRUE;
}

/* Fills in all of PLAN but the label and the weights, for N tokens with a model of shape WHOLE.  What
 * attention takes is measured only where PLAN does not have it. */
static gboolean measure(Plan *plan, const EngineShape *whole, gsize n, GError **error)
{
    const EngineOptions options = { .isa = settings_get()->isa, .threads = settings_get()->threads,
                                    .precise = settings_get()->precise,
                                    .prepared = settings_get()->no_prepare ? NULL : settings_get()->prepared_folder };
    EngineShape shape = *whole;
    double t0, d0, output;

    shape.layers = 1;
    shape.vocabulary = MIN(whole->vocabulary, SLICE_VOCABULARY);
    g_autoptr(Engine) slice = engine_open_synthetic(&shape, &options, error);
    if (slice == NULL)
        return FALSE;
    const ModelInfo *info = engine_info(slice);
    g_autoptr(Session) flat = session_new(slice, settings_get()->kv, SAMPLE, error);
    if (flat == NULL || (t0 = quickest(flat, slice, MIN(SAMPLE, session_capacity(flat)), TRUE, error)) < 0
        || (d0 = quickest(flat, slice, ANSWER_TOKENS, FALSE, error)) < 0
        || (plan->b <= 0 && !measure_deep(plan, slice, whole->layers, t0, d0, error)))
        return FALSE;
    /* The slice has hardly an output matrix; its share of the time is that of its parameters. */
    output = (double) whole->vocabulary * whole->hidden / (deep_layer_parameters(info) * whole->layers);
    plan->a = MAX(whole->layers * t0 / SAMPLE - plan->b * SAMPLE, 0);
    plan->step = whole->layers * d0 / ANSWER_TOKENS * (1 + output);
    plan->kv = ceil((double) n / ENGINE_BLOCK) * whole->layers * (double) session_layer_bytes(flat);
    plan->scratch = scratch_bytes(info);
    return TRUE;
}

/* ---------------------------------------------------------------- the report */

static double memory_available(void)
{
    g_autofree char *text = NULL;
    const char *line;
    double kilobytes = 0;

    if (g_file_get_contents("/proc/meminfo", &text, NULL, NULL) && (line = strstr(text, "MemAvailable:")) != NULL)
        kilobytes = g_ascii_strtod(line + strlen("MemAvailable:"), NULL);
    return kilobytes * 1024;
}

/* Free bytes where the cache is, or will be; negative if that cannot be told. */
static double disk_available(void)
{
    g_autofree char *folder = g_path_get_dirname(settings_get()->store_path);
    struct statvfs status;

    while (statvfs(folder, &status) != 0) {
        char *parent = g_path_get_dirname(folder);
        if (strcmp(parent, folder) == 0 || errno != ENOENT) {
            g_free(parent);
            return -1;
        }
        g_free(folder);
        folder = parent;
    }
    return (double) status.f_bavail * (double) status.f_frsize;
}

static void print_size(double bytes)
{
    g_autofree char *text = bytes < 1e9 ? g_strdup_printf("%.1f MB", bytes / 1e6) : g_strdup_printf("%.2f GB", bytes / 1e9);

    printf("%10s", text);
}

static void print_time(double seconds)
{
    g_autofree char *text = seconds < 100 ? g_strdup_printf("%.1f s", seconds)
                            : seconds < 6000 ? g_strdup_printf("%.0f min", seconds / 60)
                            : g_strdup_printf("%.1f h", seconds / 3600);

    printf("%10s", text);
}

static void print_head(gsize n)
{
    g_autoptr(GString) count = g_string_new(NULL);
    double disk = disk_available();

    meter_count(count, n);
    printf("prompt of %s tokens, %s KV; memory available", count->str, kv_type_name(settings_get()->kv));
    print_size(memory_available());
    if (disk >= 0) {
        fputs(", disk for the cache", stdout);
        print_size(disk);
    }
    printf("\n\n%-24s%10s%10s%10s%10s  %-4s%10s%10s  %s\n", "model", "weights", "KV", "scratch", "together", "fits",
           "reading", "answer", "t(n) of the reading");
}

/* The first cell of a row.  A model may have any name. */
static void print_label(const char *label)
{
    g_autofree char *valid = g_utf8_make_valid(label, -1);
    g_autofree char *cell = columns_cell(valid, LABEL_COLUMNS);

    fputs(cell, stdout);
}

static void print_plan(const Plan *plan, double n)
{
    double together = plan->weights + plan->kv + plan->scratch;
    double rate = 1 / (plan->step + plan->deeper * n);

    print_label(plan->label);
    print_size(plan->weights);
    print_size(plan->kv);
    print_size(plan->scratch);
    print_size(together);
    printf("  %-4s", together <= memory_available() ? "yes" : "no");
    print_time(plan->a * n + plan->b * n * n);
    printf("%6.*f t/s  %.3g n + %.3g n^2 s\n", rate < 1000 ? 1 : 0, rate, plan->a, plan->b);
    fflush(stdout);
}

/* "Q4_K 161, F32 2": a type that can be made and costs about the same as the first. */
static char *main_type(const ModelInfo *info)
{
    g_autofree char *first = g_ascii_strdown(info->weight_types, (gssize) strcspn(info->weight_types, " "));

    if (strcmp(first, "q4_1") == 0 || strcmp(first, "q5_1") == 0)
        first[3] = '0';
    return g_steal_pointer(&first);
}

static gboolean plan_model(const ModelInfo *info, gsize n, GError **error)
{
    g_autofree char *type = main_type(info);
    const EngineShape shape = { info->name, type, info->layers, info->hidden, info->heads, info->kv_heads,
                                info->head_dim, info->ffn, info->vocabulary, info->context };
    Plan plan = { .label = info->name, .weights = (double) info->bytes };

    if (!measure(&plan, &shape, n, error))
        return FALSE;
    print_plan(&plan, (double) n);
    return TRUE;
}

/* Those that do not fit are told, too, but not measured: their weights alone could fill the memory. */
static gboolean plan_sizes(gsize n, GError **error)
{
    EngineShape shape;
    Plan plan = { 0 };

    engine_shape_find("glm-4-9b", &shape);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        plan.label = sizes[i].label;
        plan.weights = (double) sizes[i].bytes;
        shape.type = sizes[i].type;
        if (plan.weights > memory_available()) {
            print_label(plan.label);
            print_size(plan.weights);
            puts("  does not fit");
            continue;
        }
        if (!measure(&plan, &shape, n, error))
            return FALSE;
        print_plan(&plan, (double) n);
    }
    return TRUE;
}

static gboolean plan_all(char **files, GError **error)
{
    g_autoptr(Engine) engine = settings_open_engine(error);
    gsize n = engine != NULL ? count_tokens(engine, files, error) : 0;

    if (n == 0)
        return FALSE;
    print_head(n);
    if (!plan_model(engine_info(engine), n, error) || (!option.only && !plan_sizes(n, error)))
        return FALSE;
    if (n > (gsize) engine_info(engine)->context)
        output_note("kvasir plan: the model's context has only %d tokens\n", engine_info(engine)->context);
    return TRUE;
}

static int run(int argc, char **argv)
{
    GError *error = NULL;
    int status = command_parse(&command_plan, entries, TRUE, &argc, &argv);

    if (status >= 0)
        return status;
    if (option.tokens < 0 || option.tokens > MOST_TOKENS)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "--tokens wants a number from 1 to %d", MOST_TOKENS);
    else if (option.tokens > 0 && (argc > 1 || option.corpus != NULL))
        g_set_error(&error, FAILURE, FAILURE_USAGE, "--tokens goes without documents");
    else if (option.tokens == 0 && argc < 2 && option.corpus == NULL)
        g_set_error(&error, FAILURE, FAILURE_USAGE, "name documents, a corpus with -c, or a number with --tokens");
    else if (plan_all(argv + 1, &error))
        return command_finish(&command_plan, 0);
    return command_fail(&command_plan, error);
}

const Command command_plan = {
    "plan", "tell what memory, disk and time a prompt will take",
    "[-m MODEL] [--only] -c CORPUS | FILE... | --tokens N", run, TRUE,
};
