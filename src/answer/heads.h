/* heads.h - which attention heads are asked where an answer comes from.
 *
 * Calibration (calibrate.h) finds the heads of a model that look at what is being copied, and keeps them in a small file of the
 * cache folder, one for each fingerprint of weights.  Without it, the heads of the upper half of the layers stand in: their
 * average points at the right page less surely, so that nothing is decided by it.
 */
#ifndef KVASIR_ANSWER_HEADS_H
#define KVASIR_ANSWER_HEADS_H

#include "src/model/engine.h"

#define HEADS_FORMAT 1
#define HEADS_MOST 16           /* that calibration keeps */

typedef struct {
    WitnessHead *list;
    gsize n;
    gboolean calibrated;
    double threshold;           /* a page stands out from this share of the attention on; 0: calibration found no such limit */
    guint right, asked;         /* questions of the calibration: those whose page was named, and all */
} Heads;

/* All heads of the upper half of the layers. */
Heads *heads_default(const Engine *engine);
void heads_free(Heads *heads);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Heads, heads_free)

/* Where the heads of ENGINE's model are kept in FOLDER; g_free. */
char *heads_path(const Engine *engine, const char *folder);
/* Those that calibration kept.  NULL without ERROR when there are none; FAILURE_CACHE when the file is damaged, of another
 * format or of another model. */
Heads *heads_load(const Engine *engine, const char *folder, GError **error);
/* FAILURE_SYSTEM when the file cannot be written. */
gboolean heads_save(const Heads *heads, const Engine *engine, const char *folder, GError **error);

#endif
