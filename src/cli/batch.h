/* batch.h - many questions from a file, and the file that gets their answers.
 *
 * Questions are lines of text, or JSON Lines when the first line begins with "{": objects with "question" and, if one likes, "id", a
 * whole number or a string.  The id of a question without one is the number of its line.
 *
 * Each question gets one line in the output, an object that begins with its id, in the order of the questions.  A line is written in
 * one piece when it is final; so all that an interrupted run leaves behind is whole lines, and perhaps the beginning of one.
 */
#ifndef KVASIR_CLI_BATCH_H
#define KVASIR_CLI_BATCH_H

#include <json-glib/json-glib.h>

typedef struct {
    guint line;                 /* from 1 */
    JsonNode *id;
    char *question;             /* NULL: there is none */
    char *trouble;              /* why it cannot be asked, a sentence; NULL: it can */
    gboolean answered;          /* the output has its line already */
    char *place, *manifest, *model; /* then: which line that is, and what it says of the documents and the model, or NULL */
} BatchQuestion;

/* The questions of the file PATH ("-": standard input), GPtrArray of BatchQuestion* with free function.  A line that is no question is
 * one with `trouble`; empty lines are passed over.  FAILURE_INPUT when the file cannot be read, FAILURE_USAGE when there is none. */
GPtrArray *batch_read(const char *path, GError **error);

/* A new object that has the id; the caller adds members and ends it. */
JsonBuilder *batch_begin(const BatchQuestion *question);
/* Ends the object of BUILDER, which is freed; the line with its line feed, g_free. */
char *batch_end(JsonBuilder *builder);
/* The line of a question that got no answer, for REASON. */
char *batch_trouble(const BatchQuestion *question, const char *reason);

typedef struct BatchOutput BatchOutput;

/* Opens PATH (NULL: standard output).  What a file has already stays: questions whose lines are there become `answered`, and the
 * beginning of a line without an end is cut off.  FAILURE_USAGE when a line is no line of a batch or answers another question than
 * the one with its id, when another process is writing to it, or PATH is no regular file; FAILURE_SYSTEM when it cannot be opened. */
BatchOutput *batch_output_open(const char *path, const GPtrArray *questions, GError **error);
/* How many of QUESTIONS are answered from documents of another manifest hash than MANIFEST, or by another model than MODEL (NULL: not
 * compared).  *FIRST (g_free): a sentence of the first of them. */
guint batch_differing(const GPtrArray *questions, const char *manifest, const char *model, char **first);
gboolean batch_output_write(BatchOutput *output, const char *line, GError **error);
void batch_output_free(BatchOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchOutput, batch_output_free)

#endif
