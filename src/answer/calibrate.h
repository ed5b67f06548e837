/* calibrate.h - which heads of a model look at what is being copied.
 *
 * A document of made-up pages, in each one fact of the same form, is put before the model as any documents are; then for each
 * of some of the facts its question, and behind it the right answer, given to the model rather than asked of it.  A head
 * is good when, while these words are computed, its attention falls on the page of the fact rather than on the others: its score is the
 * share there less the mean share of the other pages, over all questions.  The best HEADS_MOST are kept, those far below the best not.
 *
 * The same with questions about facts that are not there and made-up answers tells how much the best page gets when nothing is to be
 * found; the limit between the two, if there is one, is Heads.threshold.
 */
#ifndef KVASIR_ANSWER_CALIBRATE_H
#define KVASIR_ANSWER_CALIBRATE_H

#include "src/answer/heads.h"
#include "src/base/progress.h"

/* Fewer pages named right than this share: the heads are of no use, and calibrate_heads() fails. */
#define CALIBRATE_LEAST 0.75

/* FAILURE_MODEL when no heads of the model do this (a model of random weights, say), FAILURE_INTERRUPTED. */
Heads *calibrate_heads(const Engine *engine, KvType kv, ProgressFunc progress, gpointer data, GError **error);

#endif
