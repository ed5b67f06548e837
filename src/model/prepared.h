/* prepared.h - a model's weights interleaved for the kernels, in a file of the cache folder or in memory.
 *
 * The file FOLDER/FINGERPRINT-LAYOUT.weights holds, little-endian:
 *
 *   PreparedHeader      4096 bytes at most with what follows, filled up with zeros to a multiple of 4096
 *   PreparedEntry[n]    one for each quantised matrix: of each layer q, k, v, o, gate, up, down; then the output matrix
 *   panels              of each matrix (src/kernel/layout.h), where its entry says, one behind the other
 *
 * Opening checks all of header and table (their checksum too) and the file's size, but not the
 * panels, which prepared_verify reads as a whole.  A file is written under a name of its own, flushed and renamed:
 * one that has its name is whole.  What it was made from is told by the fingerprint alone, as blocks of the KV store are.
 */
#ifndef KVASIR_MODEL_PREPARED_H
#define KVASIR_MODEL_PREPARED_H

#include "src/kernel/kernel.h"
#include "src/model/engine.h"
#include "src/model/weights.h"

#define PREPARED_LAYOUT 1       /* changes with src/kernel/layout.h */

typedef struct {
    char magic[16];             /* "kvasir weights\n" */
    guint32 version;            /* 1 */
    guint32 layout;             /* PREPARED_LAYOUT */
    guint64 tensors;
    guint64 file_bytes;
    char fingerprint[64];       /* hex, of the model */
    char name[128];             /* of the model, for lists; UTF-8, filled up with zeros */
    guint64 checksum;           /* XXH3 of this header with 0 here, and the table */
} PreparedHeader;

typedef struct {
    guint64 type, rows, columns;
    guint64 offset, bytes;      /* of the panels */
    guint64 checksum;           /* XXH3 of them */
} PreparedEntry;

/* "FOLDER/FINGERPRINT-LAYOUT.weights"; free with g_free. */
char *prepared_path(const char *folder, const char *fingerprint);

/* Whether WEIGHTS have a matrix that can be prepared. */
gboolean prepared_wanted(const Weights *weights);
/* Bytes that the file of WEIGHTS has. */
guint64 prepared_bytes(const Weights *weights);
/* Maps the file at PATH, notes that it is in use (a shared lock, and the time of now) and lets the tensors of WEIGHTS
 * point into it.  FALSE without ERROR when there is none; FAILURE_CACHE when it cannot be used, and WEIGHTS are as they were. */
gboolean prepared_attach(Weights *weights, const char *path, GError **error);
/* Writes the file.  FAILURE_SYSTEM: no room, not writable, or another process is writing it;
 * FAILURE_INTERRUPTED: nothing is left of it. */
gboolean prepared_write(const Weights *weights, const Kernels *kernels, int threads, const char *path,
                        ProgressFunc progress, gpointer data, GError **error);
/* Compares every byte of the panels that are attached with the checksums in PATH. */
gboolean prepared_verify(const Weights *weights, const char *path, ProgressFunc progress, gpointer data, GError **error);
/* Prepares in memory what has no panels yet. */
void prepared_in_memory(Weights *weights, const Kernels *kernels, int threads);

#endif
