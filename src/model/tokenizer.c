/* tokenizer.c - byte-level BPE: the vocabulary, and text to ids and back.
 *
 * All bytes of all pieces lie one behind the other; two hash tables (open
 * addressing) lead from bytes to ids, one for ordinary pieces and one for specials.
 *
 * Words that are no token are merged over a list of parts threaded through an
 * array with an entry per byte: a part is known by the offset of its first byte.
 * Each part holds the rank that it would have together with its right
 * neighbour.  The next pair to merge is found by walking the list when it is
 * short, and by a heap of (rank, offset) otherwise; entries of the heap that no longer
 * agree with the list are dropped when they surface.
 */
#include "config.h"
#include "src/model/tokenizer.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "src/base/failure.h"
#include "src/model/split.h"

#define NONE G_MAXUINT32
#define HEAP_FROM 32            /* parts; below, walking the list is faster */
#define HEAP_WAYS 4             /* children of an entry */
#define AHEAD 16                /* slots fetched ahead while the table is filled */
#define BATCH 512               /* ids handed to the array at once */
#define BYTES_MAX (1u << 30)    /* of a whole vocabulary */

typedef struct {
    guint32 tag;                /* upper half of the hash */
    guint32 id;                 /* NONE: free */
} Slot;

typedef struct {
    Slot *slots;
    guint32 mask;
} Table;

struct Tokenizer {
    guint32 n;
    guint8 *bytes;
    guint32 *starts;            /* n + 1 offsets into bytes */
    guint8 *special;            /* n flags */
    Table ordinary, specials;
    guint32 longest;            /* ordinary piece, bytes */
    guint32 singles[256];       /* id of each byte */
    guint32 *doubles;           /* id of each two bytes (first << 8 | second), or NONE */
};

typedef struct {
    guint32 prev, next;         /* offsets of the neighbours; prev of the first: NONE */
    guint32 rank;               /* of this part and the next as one, or NONE */
} Part;

/* Room for merging and for ids on their way; grows, lives for one call. */
typedef struct {
    const Tokenizer *tokenizer;
    GArray *ids;
    gint32 batch[BATCH];
    guint n_batch;
    Part *parts;
    gsize parts_size;
    guint64 *heap;              /* rank << 32 | offset */
    gsize heap_size, heap_used;
} Encoder;

/* ---- the tables ---- */

static void table_init(Table *table, gsize n)
{
    gsize size = 16;

    while (size < 2 * n)
        size *= 2;
    table->slots = g_new(Slot, size);
    memset(table->slots, 0xFF, size * sizeof(Slot));
    table->mask = (guint32) (size - 1);
}

/* The slot that holds the LENGTH bytes at P of this HASH, or the free one where they belong. */
static inline Slot *table_slot(const Tokenizer *tokenizer, const Table *table, guint64 hash,
                               const guint8 *p, gsize length)
{
    guint32 at = (guint32) hash & table->mask, tag = (guint32) (hash >> 32);

    for (;; at = (at + 1) & table->mask) {
        Slot *slot = &table->slots[at];
        guint32 start;

        if (slot->id == NONE)
            return slot;
        if (slot->tag != tag)
            continue;
        start = tokenizer->starts[slot->id];
        if (tokenizer->starts[slot->id + 1] - start == length
            && memcmp(tokenizer->bytes + start, p, length) == 0)
            return slot;
    }
}

static inline guint32 table_find(const Tokenizer *tokenizer, const Table *table,
                                 const guint8 *p, gsize length)
{
    return table_slot(tokenizer, table, XXH3_64bits(p, length), p, length)->id;
}

static gboolean table_add(Tokenizer *tokenizer, Table *table, guint64 hash, guint32 id, GError **error)
{
    guint32 start = tokenizer->starts[id];
    Slot *slot = table_slot(tokenizer, table, hash, tokenizer->bytes + start, tokenizer->starts[id + 1] - start);

    if (slot->id != NONE) {
        g_set_error(error, FAILURE, FAILURE_MODEL,
                    "the vocabulary has the same token twice, as %u and as %u", slot->id, id);
        return FALSE;
    }
    slot->tag = (guint32) (hash >> 32);
    slot->id = id;
    return TRUE;
}

/* ---- life cycle ---- */

/* Sizes of all pieces, checked: the sum of their bytes, or 0 with ERROR. */
static gsize measure(const TokenizerPiece *pieces, gsize n, gsize *n_special, GError **error)
{
    gsize bytes = 0;

    *n_special = 0;
    for (gsize i = 0; i < n; i++) {
        if (pieces[i].length == 0) {
            g_set_error(error, FAILURE, FAILURE_MODEL, "token %" G_GSIZE_FORMAT " of the vocabulary is empty", i);
            return 0;
        }
        bytes += pieces[i].length;
        *n_special += pieces[i].special != FALSE;
        if (bytes > BYTES_MAX || i >= G_MAXINT32 / 2) {
            g_set_error(error, FAILURE, FAILURE_MODEL, "the vocabulary is larger than any known one");
            return 0;
        }
    }
    if (bytes == 0)
        g_set_error(error, FAILURE, FAILURE_MODEL, "the vocabulary is empty");
    return bytes;
}

/* Direct tables for the pieces of one and two bytes. */
static gboolean index_short_pieces(Tokenizer *tokenizer, GError **error)
{
    tokenizer->doubles = g_new(guint32, 65536);
    memset(tokenizer->doubles, 0xFF, 65536 * sizeof(guint32));
    memset(tokenizer->singles, 0xFF, sizeof tokenizer->singles);
    for (guint32 id = 0; id < tokenizer->n; id++) {
        const guint8 *p = tokenizer->bytes + tokenizer->starts[id];
        guint32 length = tokenizer->starts[id + 1] - tokenizer->starts[id];

        if (length == 1 && !tokenizer->special[id])
            tokenizer->singles[p[0]] = id;
        else if (length == 2 && !tokenizer->special[id])
            tokenizer->doubles[p[0] << 8 | p[1]] = id;
    }
    for (guint i = 0; i < 256; i++)
        if (tokenizer->singles[i] == NONE) {
            g_set_error(error, FAILURE, FAILURE_MODEL,
                        "the vocabulary has no token for the single byte 0x%02X", i);
            return FALSE;
        }
    return TRUE;
}

/* Copies the pieces and fills in their HASHES. */
static void copy_pieces(Tokenizer *tokenizer, const TokenizerPiece *pieces, guint64 *hashes)
{
    guint32 at = 0;

    for (guint32 i = 0; i < tokenizer->n; i++) {
        memcpy(tokenizer->bytes + at, pieces[i].bytes, pieces[i].length);
        hashes[i] = XXH3_64bits(tokenizer->bytes + at, pieces[i].length);
        tokenizer->starts[i] = at;
        at += pieces[i].length;
        tokenizer->special[i] = pieces[i].special != FALSE;
        if (!pieces[i].special)
            tokenizer->longest = MAX(tokenizer->longest, pieces[i].length);
    }
    tokenizer->starts[tokenizer->n] = at;
}

static gboolean fill_tables(Tokenizer *tokenizer, const guint64 *hashes, GError **error)
{
    Table *ordinary = &tokenizer->ordinary;

    for (guint32 i = 0; i < tokenizer->n; i++) {
        /* The table is larger than the cache, and nearly every slot a new line of it. */
        if (i + AHEAD < tokenizer->n)
            __builtin_prefetch(&ordinary->slots[(guint32) hashes[i + AHEAD] & ordinary->mask], 1);
        if (!table_add(tokenizer, tokenizer->special[i] ? &tokenizer->specials : ordinary, hashes[i], i, error))
            return FALSE;
    }
    return TRUE;
}

Tokenizer *tokenizer_new(const TokenizerPiece *pieces, gsize n, GError **error)
{
    g_autoptr(Tokenizer) tokenizer = NULL;
    g_autofree guint64 *hashes = NULL;
    gsize n_special;
    gsize bytes = measure(pieces, n, &n_special, error);

    if (bytes == 0)
        return NULL;
    tokenizer = g_new0(Tokenizer, 1);
    tokenizer->n = (guint32) n;
    tokenizer->bytes = g_malloc(bytes);
    tokenizer->starts = g_new(guint32, n + 1);
    tokenizer->special = g_new(guint8, n);
    table_init(&tokenizer->ordinary, n - n_special);
    table_init(&tokenizer->specials, n_special);
    hashes = g_new(guint64, n);
    copy_pieces(tokenizer, pieces, hashes);
    if (!fill_tables(tokenizer, hashes, error) || !index_short_pieces(tokenizer, error))
        return NULL;
    return g_steal_pointer(&tokenizer);
}

void tokenizer_free(Tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    g_free(tokenizer->bytes);
    g_free(tokenizer->starts);
    g_free(tokenizer->special);
    g_free(tokenizer->ordinary.slots);
    g_free(tokenizer->specials.slots);
    g_free(tokenizer->doubles);
    g_free(tokenizer);
}

gsize tokenizer_size(const Tokenizer *tokenizer)
{
    return tokenizer->n;
}

/* ---- merging ---- */

static void emit(Encoder *encoder, guint32 id)
{
    if (encoder->n_batch == BATCH) {
        g_array_append_vals(encoder->ids, encoder->batch, BATCH);
        encoder->n_batch = 0;
    }
    encoder->batch[encoder->n_batch++] = (gint32) id;
}

/* Adds an entry; smaller entries move up. */
static void heap_push(Encoder *encoder, guint64 entry)
{
    gsize at = encoder->heap_used++;

    if (encoder->heap_used > encoder->heap_size) {
        encoder->heap_size = MAX(2 * encoder->heap_size, 1024);
        encoder->heap = g_renew(guint64, encoder->heap, encoder->heap_size);
    }
    while (at > 0 && encoder->heap[(at - 1) / HEAP_WAYS] > entry) {
        encoder->heap[at] = encoder->heap[(at - 1) / HEAP_WAYS];
        at = (at - 1) / HEAP_WAYS;
    }
    encoder->heap[at] = entry;
}

/* Takes the smallest entry off a heap that is not empty. */
static guint64 heap_pop(Encoder *encoder)
{
    guint64 *heap = encoder->heap, top = heap[0], entry = heap[--encoder->heap_used];
    gsize at = 0, child = 1, used = encoder->heap_used;

    for (; child < used; child = HEAP_WAYS * at + 1) {
        gsize n = MIN(HEAP_WAYS, used - child), least = child;
        guint64 value = heap[child];

        /* Without branches: which child is the least cannot be guessed. */
        for (gsize i = 1; i < n; i++) {
            gboolean less = heap[child + i] < value;

            value = less ? heap[child + i] : value;
            least = less ? child + i : least;
        }
        if (value >= entry)
            break;
        heap[at] = value;
        at = least;
    }
    heap[at] = entry;
    return top;
}

/* Rank of the parts at AT and behind it as one token. */
static guint32 rank_at(const Encoder *encoder, const guint8 *word, guint32 length, guint32 at)
{
    const Part *parts = encoder->parts;
    guint32 middle = parts[at].next;
    guint32 size;

    if (middle == length)
        return NONE;
    size = parts[middle].next - at;
    if (size > encoder->tokenizer->longest)
        return NONE;
    return table_find(encoder->tokenizer, &encoder->tokenizer->ordinary, word + at, size);
}

/* Makes one part of the parts at AT and behind it. */
static void join(Encoder *encoder, const guint8 *word, guint32 length, guint32 at)
{
    Part *parts = encoder->parts;
    guint32 gone = parts[at].next;

    parts[at].next = parts[gone].next;
    parts[gone].rank = NONE;
    if (parts[at].next < length)
        parts[parts[at].next].prev = at;
    parts[at].rank = rank_at(encoder, word, length, at);
    if (parts[at].prev != NONE)
        parts[parts[at].prev].rank = rank_at(encoder, word, length, parts[at].prev);
}

static void merge_by_list(Encoder *encoder, const guint8 *word, guint32 length)
{
    const Part *parts = encoder->parts;

    for (;;) {
        guint32 best = NONE, at = 0;

        for (guint32 i = 0; i < length; i = parts[i].next)
            if (parts[i].rank < best) {
                best = parts[i].rank;
                at = i;
            }
        if (best == NONE)
            return;
        join(encoder, word, length, at);
    }
}

static void offer(Encoder *encoder, guint32 at)
{
    if (encoder->parts[at].rank != NONE)
        heap_push(encoder, (guint64) encoder->parts[at].rank << 32 | at);
}

static void merge_by_heap(Encoder *encoder, const guint8 *word, guint32 length)
{
    const Part *parts = encoder->parts;

    encoder->heap_used = 0;
    for (guint32 i = 0; i < length; i++)
        offer(encoder, i);
    while (encoder->heap_used > 0) {
        guint64 entry = heap_pop(encoder);
        guint32 at = (guint32) entry;

        if (parts[at].rank != (guint32) (entry >> 32))
            continue;
        join(encoder, word, length, at);
        offer(encoder, at);
        if (parts[at].prev != NONE)
            offer(encoder, parts[at].prev);
    }
}

/* Ids of a word that is no token itself; LENGTH is at least 2. */
static void merge(Encoder *encoder, const guint8 *word, guint32 length)
{
    const Tokenizer *tokenizer = encoder->tokenizer;
    Part *parts;

    if (length > encoder->parts_size) {
        encoder->parts_size = MAX(length, MIN(2 * encoder->parts_size, TOKENIZER_WORD_MAX));
        g_free(encoder->parts);
        encoder->parts = g_new(Part, encoder->parts_size);
    }
    parts = encoder->parts;
    for (guint32 i = 0; i < length; i++) {
        parts[i].prev = i - 1;      /* NONE for the first */
        parts[i].next = i + 1;
        parts[i].rank = i + 1 < length ? tokenizer->doubles[word[i] << 8 | word[i + 1]] : NONE;
    }
    if (length < HEAP_FROM)
        merge_by_list(encoder, word, length);
    else
        merge_by_heap(encoder, word, length);
    for (guint32 i = 0; i < length; i = parts[i].next) {
        guint32 size = parts[i].next - i;

        emit(encoder, size == 1 ? tokenizer->singles[word[i]]
                                : table_find(tokenizer, &tokenizer->ordinary, word + i, size));
    }
}

/* ---- text to ids ---- */

static void encode_word(Encoder *encoder, const guint8 *word, gsize length)
{
    const Tokenizer *tokenizer = encoder->tokenizer;
    guint32 id = NONE;

    if (length == 1)
        id = tokenizer->singles[*word];
    else if (length <= tokenizer->longest)
        id = table_find(tokenizer, &tokenizer->ordinary, word, length);
    if (id != NONE)
        emit(encoder, id);
    else
        merge(encoder, word, (guint32) length);
}

/* TEXT is well-formed. */
static void encode_text(Encoder *encoder, const guint8 *text, gsize length)
{
    const guint8 *end = text + length;

    while (text < end) {
        gsize word = split_next(text, end);

        for (; word > TOKENIZER_WORD_MAX; word -= TOKENIZER_WORD_MAX, text += TOKENIZER_WORD_MAX)
            encode_word(encoder, text, TOKENIZER_WORD_MAX);
        encode_word(encoder, text, word);
        text += word;
    }
}

void tokenizer_encode(const Tokenizer *tokenizer, const char *text, gsize length, GArray *ids)
{
    Encoder encoder = { .tokenizer = tokenizer, .ids = ids };
    const guint8 *bytes = (const guint8 *) text;

    if (split_well_formed(bytes, length)) {
        encode_text(&encoder, bytes, length);
    } else {
        g_autoptr(GString) repaired = split_repair(bytes, length);

        encode_text(&encoder, (const guint8 *) repaired->str, repaired->len);
    }
    if (encoder.n_batch > 0)
        g_array_append_vals(ids, encoder.batch, encoder.n_batch);
    g_free(encoder.parts);
    g_free(encoder.heap);
}

/* ---- ids to text, names ---- */

gint32 tokenizer_special(const Tokenizer *tokenizer, const char *name)
{
    guint32 id = table_find(tokenizer, &tokenizer->specials, (const guint8 *) name, strlen(name));

    return id == NONE ? -1 : (gint32) id;
}

gboolean tokenizer_is_special(const Tokenizer *tokenizer, gint32 id)
{
    return id >= 0 && (guint32) id < tokenizer->n && tokenizer->special[id];
}

const guint8 *tokenizer_bytes(const Tokenizer *tokenizer, gint32 id, gsize *length)
{
    if (id < 0 || (guint32) id >= tokenizer->n) {
        *length = 0;
        return NULL;
    }
    *length = tokenizer->starts[id + 1] - tokenizer->starts[id];
    return tokenizer->bytes + tokenizer->starts[id];
}

void tokenizer_decode(const Tokenizer *tokenizer, const gint32 *ids, gsize n,
                      gboolean with_specials, GString *text)
{
    for (gsize i = 0; i < n; i++) {
        gsize length;
        const guint8 *bytes = tokenizer_bytes(tokenizer, ids[i], &length);

        if (bytes && (with_specials || !tokenizer->special[ids[i]]))
            g_string_append_len(text, (const char *) bytes, (gssize) length);
    }
}
