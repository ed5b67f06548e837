/* fingerprint.c - a SHA-256 that identifies a model. */
#include "config.h"
#include "src/model/fingerprint.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

static void add_text(GChecksum *sum, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_text(GChecksum *sum, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_checksum_update(sum, (const guchar *) text, (gssize) strlen(text));
}

static void add_hash(GChecksum *sum, XXH3_state_t *state)
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    g_checksum_update(sum, canonical.digest, sizeof canonical.digest);
}

static guint64 sample_offset(const StoredTensor *tensor, guint i)
{
    guint64 last = tensor->bytes - FINGERPRINT_PAGE;

    return i == FINGERPRINT_SAMPLES - 1 ? last : last / (FINGERPRINT_SAMPLES - 1) * i;
}

static gboolean is_sampled(const StoredTensor *tensor)
{
    return tensor->bytes > (guint64) FINGERPRINT_PAGE * FINGERPRINT_SAMPLES;
}

/* Asks the system to read all samples at once: one after the other, each would
 * wait for the disk and drag in the pages around it. */
static void prefetch(const GPtrArray *tensors)
{
    guintptr page = (guintptr) sysconf(_SC_PAGESIZE);

    for (guint t = 0; t < tensors->len; t++) {
        const StoredTensor *tensor = tensors->pdata[t];
        for (guint i = 0; is_sampled(tensor) && i < FINGERPRINT_SAMPLES; i++) {
            guintptr first = (guintptr) (tensor->data + sample_offset(tensor, i));
            guintptr start = first / page * page;
            /* Advice only: a failure changes nothing. */
            (void) posix_madvise((void *) start, first + FINGERPRINT_PAGE - start, POSIX_MADV_WILLNEED);
        }
    }
}

static void add_tensor(GChecksum *sum, XXH3_state_t *state, const StoredTensor *tensor, gboolean whole)
{
    add_text(sum, "%s %s", tensor->name, tensor->type_text);
    for (guint i = 0; i < tensor->n_dims; i++)
        add_text(sum, " %" G_GUINT64_FORMAT, tensor->dims[i]);
    add_text(sum, "\n");
    XXH3_128bits_reset(state);
    if (whole || !is_sampled(tensor))
        XXH3_128bits_update(state, tensor->data, tensor->bytes);
    else
        for (guint i = 0; i < FINGERPRINT_SAMPLES; i++)
            XXH3_128bits_update(state, tensor->data + sample_offset(tensor, i), FINGERPRINT_PAGE);
    add_hash(sum, state);
}

static void add_vocabulary(GChecksum *sum, XXH3_state_t *state, const Tokenizer *tokenizer)
{
    gsize n = tokenizer ? tokenizer_size(tokenizer) : 0;

    XXH3_128bits_reset(state);
    for (gsize i = 0; i < n; i++) {
        gsize length;
        const guint8 *bytes = tokenizer_bytes(tokenizer, (gint32) i, &length);
        guint8 head[5] = { (guint8) length, (guint8) (length >> 8), (guint8) (length >> 16), (guint8) (length >> 24),
                           tokenizer_is_special(tokenizer, (gint32) i) ? 1 : 0 };
        XXH3_128bits_update(state, head, sizeof head);
        XXH3_128bits_update(state, bytes, length);
    }
    add_text(sum, "tokens %" G_GSIZE_FORMAT "\n", n);
    add_hash(sum, state);
}

static int by_name(gconstpointer left, gconstpointer right)
{
    const StoredTensor *a = *(const StoredTensor *const *) left;
    const StoredTensor *b = *(const StoredTensor *const *) right;

    return strcmp(a->name, b->name);
}

char *fingerprint_compute(const ModelInfo *info, const GPtrArray *tensors, const Tokenizer *tokenizer)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    XXH3_state_t *state = XXH3_createState();
    guint64 bytes = 0;

    for (guint i = 0; i < tensors->len; i++) {
        g_ptr_array_add(sorted, tensors->pdata[i]);
        bytes += ((const StoredTensor *) tensors->pdata[i])->bytes;
    }
    g_ptr_array_sort(sorted, by_name);
    gboolean whole = bytes <= FINGERPRINT_WHOLE;
    if (!whole)
        prefetch(sorted);
    add_text(sum, "kvasir weights 1\n%s %d %d %d %d %d %d %d %d %d %a %a %d %d %d\n", info->architecture, info->layers,
             info->hidden, info->heads, info->kv_heads, info->head_dim, info->ffn, info->vocabulary, info->context,
             info->rotary_dim, info->rope_theta, info->norm_eps, info->qkv_bias, info->sandwich_norms,
             info->tied_output);
    add_vocabulary(sum, state, tokenizer);
    for (guint i = 0; i < sorted->len; i++)
        add_tensor(sum, state, sorted->pdata[i], whole);
    XXH3_freeState(state);
    return g_strdup(g_checksum_get_string(sum));
}
