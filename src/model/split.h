/* split.h - cutting text into words before they are looked up and merged.
 *
 * The pattern is the one of GLM-4 (the same as cl100k_base), leftmost,
 * alternatives in order:
 *
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,3}
 *   | ' '?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
 *
 * with the classes of Unicode 16 (\s: White_Space), whatever GLib has.  It is
 * matched by hand: every alternative is decided by the classes of one or two
 * characters and the extent of a run, so time is linear whatever the text, and
 * there is no stack or backtracking to run out of.
 */
#ifndef KVASIR_MODEL_SPLIT_H
#define KVASIR_MODEL_SPLIT_H

#include <glib.h>

/* Bytes of the word that starts at TEXT; TEXT is well-formed UTF-8 and TEXT < END. */
gsize split_next(const guint8 *text, const guint8 *end);

/* Whether TEXT is well-formed UTF-8 (NUL bytes are text like any other). */
gboolean split_well_formed(const guint8 *text, gsize length);

/* A copy of TEXT with each maximal ill-formed part replaced by U+FFFD. */
GString *split_repair(const guint8 *text, gsize length);

#endif
