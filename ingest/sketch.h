/* sketch.h - how much two texts have in common, from a kilobyte of each.
 *
 * Every run of 16 letters and digits (case and all else left out, so that white space, marks and layout do not matter, and no language
 * needs words) has a number; a text keeps the least of each of 256 classes of numbers (min-hash of one permutation).  The share of
 * classes in which two texts have the same least estimates the share of runs that they have in common, by about 2 %.
 */
#ifndef KVASIR_INGEST_SKETCH_H
#define KVASIR_INGEST_SKETCH_H

#include <glib.h>

enum { SKETCH_CLASSES = 256, SKETCH_RUN = 16 };

typedef struct {
    guint32 least[SKETCH_CLASSES];      /* 0: none so far */
    guint32 ring[SKETCH_RUN];           /* the last letters */
    guint64 letters, hash;
} Sketch;

/* Of an empty text. */
void sketch_begin(Sketch *sketch);
/* Goes on with TEXT, well-formed UTF-8. */
void sketch_add(Sketch *sketch, const char *text);
/* How much of two texts is the same, in percent of both (Dice); 0 where one has less than 500 letters, of which nothing can be said. */
guint sketch_likeness(const Sketch *a, const Sketch *b);

/* Sketches, found by what they have in common. */
typedef struct SketchIndex SketchIndex;
SketchIndex *sketch_index_new(void);
void sketch_index_free(SketchIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SketchIndex, sketch_index_free)
/* Takes a copy. */
void sketch_index_add(SketchIndex *index, const Sketch *sketch);
/* By how much one of them is like SKETCH, at LEAST so many percent, and its *NUMBER (in order of adding, from 0); 0: none is.  Of
 * several it is the most like one, as far as can be told from a few of very many. */
guint sketch_index_find(const SketchIndex *index, const Sketch *sketch, guint least, guint *number);

#endif
