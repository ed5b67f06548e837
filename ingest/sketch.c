/* sketch.c - min-hash of letters in runs, and an index of them. */
#include "config.h"
#include "ingest/sketch.h"

#include <string.h>

#include "ingest/clean.h"

enum {
    LETTERS_MIN = 500,
    /* Classes that the index looks at: texts that are to be found share four in five of all, so the chance to share none of these is
     * one in hundreds of thousands. */
    KEYS = 8,
    /* Of very many that are like each other, the last so many are compared. */
    COMPARED_MAX = 64,
};

#define FACTOR G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)

struct SketchIndex {
    GArray *sketches;           /* Sketch */
    GHashTable *members[KEYS];  /* the least of a class -> GArray of guint, the numbers of those that have it */
};

void sketch_begin(Sketch *sketch)
{
    *sketch = (Sketch) { .hash = 0 };
}

/* FACTOR to the power of SKETCH_RUN: what the letter that leaves a run was multiplied by. */
static guint64 leaving(void)
{
    guint64 power = 1;
    for (int i = 0; i < SKETCH_RUN; i++)
        power *= FACTOR;
    return power;
}

/* The run that ends here.  The upper bits of the product are mixed best. */
static void note(Sketch *sketch)
{
    guint64 mixed = (sketch->hash ^ (sketch->hash >> 31)) * G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
    guint32 *least = &sketch->least[mixed >> 56];
    guint32 value = (guint32) (mixed >> 24) | 1;
    if (*least == 0 || value < *least)
        *least = value;
}

void sketch_add(Sketch *sketch, const char *text)
{
    const guint64 power = leaving();
    for (const char *p = text; *p; p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c < 0x80 ? !g_ascii_isalnum((char) c) : !g_unichar_isalnum(c))
            continue;
        guint32 letter = c < 0x80 ? (guint32) g_ascii_tolower((char) c) : g_unichar_tolower(c);
        guint32 *place = &sketch->ring[sketch->letters % SKETCH_RUN];
        sketch->hash = sketch->hash * FACTOR + letter - *place * power;
        *place = letter;
        if (++sketch->letters >= SKETCH_RUN)
            note(sketch);
    }
}

guint sketch_likeness(const Sketch *a, const Sketch *b)
{
    guint same = 0, all = 0;
    if (a->letters < LETTERS_MIN || b->letters < LETTERS_MIN)
        return 0;
    for (guint i = 0; i < SKETCH_CLASSES; i++) {
        all += a->least[i] != 0 || b->least[i] != 0;
        same += a->least[i] != 0 && a->least[i] == b->least[i];
    }
    return all ? 200 * same / (all + same) : 0;
}

SketchIndex *sketch_index_new(void)
{
    SketchIndex *index = g_new0(SketchIndex, 1);
    index->sketches = g_array_new(FALSE, FALSE, sizeof(Sketch));
    for (guint k = 0; k < KEYS; k++)
        index->members[k] = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_array_unref);
    return index;
}

void sketch_index_free(SketchIndex *index)
{
    if (!index)
        return;
    g_array_unref(index->sketches);
    for (guint k = 0; k < KEYS; k++)
        g_hash_table_unref(index->members[k]);
    g_free(index);
}

void sketch_index_add(SketchIndex *index, const Sketch *sketch)
{
    guint number = index->sketches->len;
    g_array_append_val(index->sketches, *sketch);
    for (guint k = 0; k < KEYS && sketch->letters >= LETTERS_MIN; k++) {
        gpointer key = GUINT_TO_POINTER(sketch->least[k]);
        GArray *numbers = g_hash_table_lookup(index->members[k], key);
        if (!numbers) {
            numbers = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(index->members[k], key, numbers);
        }
        g_array_append_val(numbers, number);
    }
}

guint sketch_index_find(const SketchIndex *index, const Sketch *sketch, guint least, guint *number)
{
    guint best = 0;
    for (guint k = 0; k < KEYS; k++) {
        const GArray *numbers = g_hash_table_lookup(index->members[k], GUINT_TO_POINTER(sketch->least[k]));
        for (guint i = 0; numbers && i < MIN(numbers->len, COMPARED_MAX); i++) {
            guint n = g_array_index(numbers, guint, numbers->len - 1 - i);
            guint like = sketch_likeness(sketch, &g_array_index(index->sketches, Sketch, n));
            if (like >= MAX(least, best + 1)) {
                best = like;
                *number = n;
            }
        }
    }
    return best;
}
