/* prompt.h - the whole prompt as token ids: documents first, the question last.
 *
 *   [gMASK]<sop> <|system|> system <|user|> preface, pack, question <|assistant|>
 *   '------------- prefix: never depends on the question ------'
 *
 * A conversation goes on behind it: answer <|user|> question <|assistant|> ...
 * A file without a title that the question names is introduced before it ("Document 2 is the file b.txt.").
 *
 * The preface, the pack and the question are tokenized one by one, so that the prefix is
 * the same to the id whatever is asked, and documents added at the end leave what is
 * before them as it was.
 */
#ifndef KVASIR_ANSWER_PROMPT_H
#define KVASIR_ANSWER_PROMPT_H

#include "ingest/pack.h"
#include "src/model/tokenizer.h"

typedef struct {
    GArray *ids;            /* gint32 */
    gsize first;            /* where the ids of the pack begin */
    gsize prefix;           /* how many ids do not depend on the question */
    gsize lead, asked;      /* from where to where the last question's first words are the same whatever is asked */
} Prompt;

/* What the model is told when the user gives no system message of his own. */
extern const char prompt_system[];
/* What it shall reply when the answer is not in the documents. */
extern const char prompt_not_found[];

/* SYSTEM NULL: prompt_system; "": none.  QUESTION NULL: the prefix alone.  FAILURE_MODEL when the vocabulary
 * lacks the special tokens of the template. */
Prompt *prompt_new(const Tokenizer *tokenizer, const char *system, const Pack *pack,
                   const char *question, GError **error);

/* A question and the ids of its answer as they were generated (gint32; a stop token at their end is left out), or NULL
 * for the question that is to be answered. */
typedef struct {
    const char *question;
    const GArray *ids;
    gboolean quote;         /* to be answered with quotations alone, see quote.h; the first turn only */
} PromptTurn;

/* The same with a conversation: what was said before stays before the model.  The last turn may be one to be answered. */
Prompt *prompt_new_turns(const Tokenizer *tokenizer, const char *system, const Pack *pack,
                         const PromptTurn *turns, gsize n, GError **error);

void prompt_free(Prompt *prompt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Prompt, prompt_free)

/* A PackEncodeFunc; DATA is the Tokenizer. */
void prompt_encode(gpointer tokenizer, const char *text, gsize length, GArray *ids);

/* How many of the pack's documents, from the first, fit into LIMIT tokens
 * together with the rest of the prompt. */
gsize prompt_documents_fitting(const Prompt *prompt, const Pack *pack, gsize limit);

#endif
