/* chat.h - GLM-4's chat template as token ids.
 *
 *   [gMASK] <sop> { role-token  encode(metadata "\n")  encode(content) } <|assistant|>
 *
 * Role token, metadata with its newline, and content are encoded separately
 * (ARCHITECTURE.md, section 6).  A message with empty content is left out.
 */
#ifndef KVASIR_MODEL_CHAT_H
#define KVASIR_MODEL_CHAT_H

#include "src/model/tokenizer.h"

typedef enum { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_OBSERVATION } ChatRole;

/* TRUE if the vocabulary has the special tokens of the template; else FAILURE_MODEL. */
gboolean chat_check(const Tokenizer *tokenizer, GError **error);

/* [gMASK]<sop>. */
void chat_begin(const Tokenizer *tokenizer, GArray *ids);
/* The role token and encode(METADATA "\n"); METADATA may be NULL for none. */
void chat_open(const Tokenizer *tokenizer, ChatRole role, const char *metadata, GArray *ids);
/* A whole message. */
void chat_message(const Tokenizer *tokenizer, ChatRole role, const char *metadata,
                  const char *content, gsize length, GArray *ids);
/* <|assistant|>: the model speaks next. */
void chat_generate(const Tokenizer *tokenizer, GArray *ids);

/* Text of the system message that offers tools; TOOLS is the JSON array in the
 * OpenAI form ({"type": "function", "function": {...}}, or {"type": "python" | "simple_browser" | "cogview"}).
 * Free with g_free; NULL and ERROR (FAILURE_USAGE) when it is not such an array or is empty. */
char *chat_tools_text(const char *tools_json, GError **error);

/* Whether ID ends the model's turn (<|endoftext|>, <|user|>, <|observation|>). */
gboolean chat_is_stop(const Tokenizer *tokenizer, gint32 id);

#endif
