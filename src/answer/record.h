/* record.h - an answer with all that it follows from, so that it can be made again and compared.
 *
 * A record is one line, a JSON object (kvasir-verify(1) lists its members) whose last
 * member is the SHA-256 of all bytes before that member: a record in which any byte was changed is found.
 */
#ifndef KVASIR_ANSWER_RECORD_H
#define KVASIR_ANSWER_RECORD_H

#include <json-glib/json-glib.h>

#include "src/answer/answer.h"
#include "src/answer/prompt.h"
#include "src/model/engine.h"

#define RECORD_FORMAT 2
#define RECORD_QUOTATIONS "quotations"      /* forms */
#define RECORD_LONGCITE "longcite"
#define RECORD_STDIN "standard input"       /* in the place of a path */

typedef struct {
    char *path, *title, *hash;  /* the path is absolute */
    gboolean in_corpus;         /* of the catalogue; else a file */
} RecordDocument;

typedef struct {
    char *question;
    GArray *ids;                /* gint32: of the answer, with the stop token if there was one */
} RecordTurn;

typedef struct {
    gint64 made;                /* seconds since 1970 */
    char *model, *fingerprint, *tokenizer, *arithmetic, *isa, *kv;
    char *corpus;               /* or NULL */
    GPtrArray *documents;       /* of RecordDocument*, in pack order */
    char *manifest, *prompt;    /* hashes: of the documents' hashes; of the prompt's ids */
    char *shown_pages;          /* selection_to_text() of the pages that the prompt had; NULL: all */
    char *question;
    char *form;                 /* RECORD_LONGCITE; RECORD_QUOTATIONS: of quotations alone, see quote.h; NULL: marks of pages */
    char *system;               /* NULL: kvasir's own rules */
    gint64 prompt_tokens, max_tokens, seed;
    double temperature, top_p;
    gint64 turn, first_turn;    /* of a conversation: which turn it is, and the first that the model saw; else 0 */
    GPtrArray *earlier;         /* of RecordTurn*: what was said from the first turn that the model saw to this one */
    char *answer;               /* as shown, with [n] for marks */
    GArray *ids;                /* gint32, with the stop token if there was one */
    char *stop_reason;
    char *status;               /* outcome_name(), or NULL in records of before; not compared */
    JsonNode *citations;        /* an array, see cited_json.h */
    JsonNode *quotations;       /* such an array, or NULL: there are none; not compared */
    JsonNode *timings;          /* an object; not compared */
    JsonNode *why;              /* what the sentences looked at, as of why_to_json(), or NULL; not compared */
} Record;

void record_free(Record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)

/* A new record that says what computes: model, tokenizer (which there must be), arithmetic, KV type. */
Record *record_new(const Engine *engine, KvType kv);
/* DOCUMENTS (Document*), the first IN_CORPUS of which are of the corpus.  NULL is one that could not be read: it
 * is not compared. */
void record_set_documents(Record *record, const GPtrArray *documents, guint in_corpus);
/* The manifest hash that such a record has; g_free. */
char *record_manifest(const GPtrArray *documents);
/* Adds a turn that was before the model: its question, and the ids of its answer (gint32), which are copied. */
void record_add_earlier(Record *record, const char *question, const GArray *ids);
void record_set_prompt(Record *record, const Prompt *prompt);

/* What came out, but for the timings. */
void record_set_answer(Record *record, const Answer *answer);

/* What the document of a citation, an element of that array, is called: its name or else its title. */
const char *record_citation_name(JsonObject *citation);

/* The line, with its line feed; g_free. */
char *record_to_text(const Record *record);
/* NAME is for messages.  FAILURE_INPUT when TEXT is no record, of a newer format, or a byte of it was changed. */
Record *record_from_text(const char *name, const char *text, gsize length, GError **error);

/* Appends to DIFFERENCES (of char*) a sentence for each thing that NOW computes with and THEN did not: model, tokenizer,
 * arithmetic, KV type. */
void record_compare_engines(const Record *then, const Record *now, GPtrArray *differences);
/* The same, and for what they compute from: documents and, if NOW has one, the prompt. */
void record_compare_inputs(const Record *then, const Record *now, GPtrArray *differences);
/* The same for what came out: tokens, the reason of the end, text, citations.  TOKENIZER shows the first tokens that differ. */
void record_compare_answers(const Record *then, const Record *now, const Tokenizer *tokenizer, GPtrArray *differences);

#endif
