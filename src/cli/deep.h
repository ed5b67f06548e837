/* deep.h - sessions that are deep without having been computed, and what one step costs there.
 *
 * For measuring only: the state behind a deep session is one real block, repeated.
 */
#ifndef KVASIR_CLI_DEEP_H
#define KVASIR_CLI_DEEP_H

#include "src/model/engine.h"

/* A session of DEPTH tokens (rounded down to whole blocks) with room for ROOM more. */
Session *deep_session(const Engine *engine, KvType kv, gsize depth, gsize room, GError **error);

/* Seconds that appending N tokens at once takes (TOGETHER), or one by one with logits; the session is as
 * before afterwards, its length a whole number of blocks.  Negative after an error. */
double deep_seconds(Session *session, gsize n, gboolean together, GError **error);

/* The same, without the time in which other processes had the cores: no more than each of ENGINE's threads has computed on average.
 * Where a thread has slept because another had its work to do that is somewhat too little, on an idle machine by a hundredth or so. */
double deep_undisturbed_seconds(Session *session, const Engine *engine, gsize n, gboolean together, GError **error);

/* Seconds that N steps of BRANCHES (at most DEEP_BRANCHES) forks of SESSION take, one token each a step, with
 * logits; making the forks is not counted.  Negative after an error. */
#define DEEP_BRANCHES 8
double deep_group_seconds(const Session *session, const Engine *engine, gsize branches, gsize n, GError **error);

/* What of ENGINE's parameters each token passes: the layers', and the output matrix's. */
double deep_layer_parameters(const ModelInfo *info);
double deep_output_parameters(const ModelInfo *info);

#endif
