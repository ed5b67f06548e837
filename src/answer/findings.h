/* findings.h - what the answers about several volumes found, put together for the last question about all of it. */
#ifndef KVASIR_ANSWER_FINDINGS_H
#define KVASIR_ANSWER_FINDINGS_H

#include "src/answer/answer.h"
#include "src/answer/selection.h"

/* Whether ANSWER, which is finished, has pages to go on with: those that it cites and, for sentences that cite none, the page that
 * stood out (why.h).  An answer that says that nothing is there has none. */
gboolean findings_has(const Answer *answer);

/* Which of ANSWERS (of Answer*, finished, best volume first, at least one) to give when their findings are not put together: the
 * first with pages behind it, else one that says that nothing is there. */
guint findings_best(const GPtrArray *answers);

/* These pages of ANSWERS, each of which was about a view of DOCUMENTS; by ENCODE and DATA they make a pack of at most LIMIT
 * tokens.  Where all are more than that each answer loses its last ones, and only when the first of each are still
 * too many the last answers count for nothing; *USED: how many are left. */
GArray *findings_selection(const GPtrArray *answers, const GPtrArray *documents, gsize limit, PackEncodeFunc encode, gpointer data,
                           guint *used);

#endif
