/* asking.h - what the commands that answer questions share: options, and the records of answers. */
#ifndef KVASIR_CLI_ASKING_H
#define KVASIR_CLI_ASKING_H

#include "src/answer/answer.h"
#include "src/answer/record.h"
#include "src/cli/command.h"
#include "src/cli/gather.h"

/* What the command line said. */
typedef struct {
    char *corpus, *system;
    char **bibliographies;
    gboolean no_history, no_drafts, quote, why, longcite;
    int max_tokens;
    double temperature, top_p;
    gint64 seed;
} Asking;

extern Asking asking;

/* Rows of a GOptionEntry table that fill it. */
#define ASKING_ENTRIES \
    { "corpus", 'c', 0, G_OPTION_ARG_FILENAME, &asking.corpus, "Ask about the documents of CORPUS", "CORPUS" }, \
    { "bibliography", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &asking.bibliographies, \
      "Cite documents as FILE (BibTeX or CSL-JSON) names them", "FILE" }, \
    { "max-tokens", 0, 0, G_OPTION_ARG_INT, &asking.max_tokens, "Stop the answer after N tokens (default 1024)", "N" }, \
    { "no-drafts", 0, 0, G_OPTION_ARG_NONE, &asking.no_drafts, \
      "Do not guess tokens from the documents: the same answer, slower", NULL }, \
    { "temperature", 0, 0, G_OPTION_ARG_DOUBLE, &asking.temperature, \
      "Sample with temperature T (default 0: always the likeliest token)", "T" }, \
    { "top-p", 0, 0, G_OPTION_ARG_DOUBLE, &asking.top_p, "Sample among the likeliest tokens that make up P (default 1)", "P" }, \
    { "seed", 0, 0, G_OPTION_ARG_INT64, &asking.seed, "Seed for sampling (default 0)", "SEED" }, \
    { "why", 0, 0, G_OPTION_ARG_NONE, &asking.why, "Show the pages that each sentence rests on, by attention", NULL }, \
    { "longcite", 0, 0, G_OPTION_ARG_NONE, &asking.longcite, "Ask and read answers in LongCite's form, whatever the model's name", NULL }, \
    { "system", 0, 0, G_OPTION_ARG_FILENAME, &asking.system, "Tell the model TEXT instead of kvasir's own rules", "TEXT" }, \
    { "no-history", 0, 0, G_OPTION_ARG_NONE, &asking.no_history, "Do not keep the answer in the history", NULL }

/* FAILURE_USAGE names the option that is wrong. */
gboolean asking_check(GError **error);
/* The same for a question. */
gboolean asking_check_question(const char *question, GError **error);

/* The pack of DOCUMENTS in the form that the model cites in. */
Pack *asking_pack(const Engine *engine, const GPtrArray *documents);

/* How answers are generated, without the fields that answer_generate() sets. */
ReplyOptions asking_reply_options(void);

/* The prompt for QUESTION (NULL: its prefix) and an empty answer to it, as the options say.  PACK has what ANSWER may draw on. */
Prompt *asking_prompt(const Engine *engine, const Pack *pack, const char *question, GError **error);
Answer *asking_answer(const Engine *engine, const GPtrArray *documents, const Pack *pack, AnswerShowFunc show);

/* Tokens that must be left for the answer: what was asked for, but not for that reason
 * fewer documents than a short answer needs. */
gsize asking_room(const Engine *engine);
/* Whether PROMPT leaves that room in the context; else FAILURE_USAGE, with how many of the DOCUMENTS of PACK would fit. */
gboolean asking_check_room(const Engine *engine, const Prompt *prompt, const Pack *pack, const GPtrArray *documents, GError **error);

/* Whether answers are kept in the catalogue. */
gboolean asking_keeps_history(void);

/* A new record of what the answer to QUESTION follows from. */
Record *asking_record(const Engine *engine, const Gathered *gathered, const Prompt *prompt, const char *question);
/* Adds to RECORD what came out; its text (g_free). */
char *asking_record_text(Record *record, const Answer *answer);
/* The same, and puts it into the history; its text (g_free).  That the history cannot be written is
 * only a warning: the answer is given. */
char *asking_keep(const Command *command, Record *record, const Answer *answer);

#endif
