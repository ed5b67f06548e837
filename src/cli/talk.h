/* talk.h - a conversation about documents: its state, and what can be done with it.
 *
 * The model sees the documents and behind them the turns from `first` on.  When a question does not fit any more, the oldest
 * turns are left out until the others take at most half of what the context has behind the documents; they stay in the
 * conversation for people.  A turn is a Record; those of the history are in the catalogue, too.
 */
#ifndef KVASIR_CLI_TALK_H
#define KVASIR_CLI_TALK_H

#include "src/cli/asking.h"

typedef struct {
    Engine *engine;
    Store *store;                   /* or NULL */
    Heads *heads;                   /* whose attention is noted */
    Meter *meter;
    Gathered gathered;
    Pack *pack;
    Session *session;
    GPtrArray *turns;               /* of Record* */
    GArray *kept;                   /* of gint64: their numbers in the history, while the conversation is kept */
    guint first;                    /* the turns before this one are not before the model any more */
    gint64 conversation;            /* its number in the catalogue; 0: not kept (yet) */
    guint retries;                  /* of the last question */
    gboolean json;                  /* a JSON object a line for each turn */
    gboolean warned;                /* that the context is nearly full */
    gboolean failed;                /* some question was not answered */
} Talk;

/* Opens model and store, gathers the documents of asking.corpus and FILES, and puts them before the model. */
gboolean talk_begin(Talk *talk, char **files, GError **error);
/* The same with the turns and the documents of a CONVERSATION of the catalogue. */
gboolean talk_take_up(Talk *talk, gint64 conversation, GError **error);
void talk_end(Talk *talk);

/* Asks and shows the answer.  FAILURE_INTERRUPTED: as far as it came, the answer is a turn. */
gboolean talk_ask(Talk *talk, const char *question, GError **error);
/* The last question again, with another draw; the answer that was there goes when the new one begins. */
gboolean talk_retry(Talk *talk, GError **error);
/* Takes the last turn out; FALSE when there is none. */
gboolean talk_undo(Talk *talk);
/* Begins a new conversation about the same documents. */
void talk_renew(Talk *talk);
/* Tokens of the conversation as the model sees it, those of the documents among them. */
gsize talk_tokens(const Talk *talk, gsize *documents);

/* Does what LINE, which begins with "/", says.  *QUIT is set when it says to end. */
gboolean talk_command(Talk *talk, const char *line, gboolean *quit, GError **error);
/* The names of commands, with "/", NULL-terminated. */
const char *const *talk_command_names(void);

#endif
