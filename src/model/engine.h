/* engine.h - the engine's whole boundary: a loaded model and token sequences.
 *
 * An Engine is a model, read-only and shareable between threads.  A Session is
 * one mutable sequence of tokens with its KV cache; one thread at a time uses
 * it (session_import_layers and session_layer_place excepted).  Nothing above this header sees a tensor.
 *
 * Blocks.  Every ENGINE_BLOCK tokens of a session make a block, counted from
 * position 0.  The KV bytes of a whole block depend only on the tokens up to its end, on the
 * model, the KV type and the arithmetic (engine_state_key); they can be taken
 * out and put back, and what is computed after that is the same to the bit.
 *
 * Arithmetic.  With the integer sets ("c", "avx2", "avx512") a position's
 * result does not depend on how the sequence was cut into calls, on the number of threads
 * or on the set.  With the "blas" set (full-precision activations) it does not
 * depend on threads, and whole blocks do not depend on the calls that
 * appended them as long as each call starts at a block border or each sequence is cut in the same way.
 */
#ifndef KVASIR_MODEL_ENGINE_H
#define KVASIR_MODEL_ENGINE_H

#include <glib.h>

#include "src/base/progress.h"
#include "src/model/tokenizer.h"

#define ENGINE_BLOCK 256        /* tokens of a block */
#define ENGINE_KEY_BYTES 32     /* a SHA-256 */

typedef struct Engine Engine;
typedef struct Session Session;

typedef enum { KV_INT8, KV_F16, KV_F32 } KvType;

/* Names as on the command line: "int8", "f16", "f32"; NULL / FALSE if unknown. */
const char *kv_type_name(KvType type);
gboolean kv_type_parse(const char *name, KvType *type);

typedef struct {
    const char *isa;        /* cap on the compute set: "c", "blas", "avx2", "avx512"; NULL: the best there is */
    int threads;            /* 0: physical cores */
    gboolean precise;       /* full-precision activations through BLAS */
    const char *prepared;   /* folder of prepared weights; NULL: rows are interleaved anew at each use */
} EngineOptions;

typedef struct {
    char *path;             /* as opened */
    char *name;             /* general.name, or the file's base name */
    char *architecture;     /* "chatglm", "glm4" */
    char *format;           /* "GGUF" or "safetensors" */
    char *weight_types;     /* e.g. "Q4_K 161, Q6_K 1, F32 201" (tensors of each) */
    guint64 parameters;
    guint64 bytes;          /* of all weights */
    int layers, hidden, heads, kv_heads, head_dim, ffn, vocabulary, context;
    int rotary_dim;
    double rope_theta, norm_eps;
    gboolean qkv_bias, sandwich_norms, tied_output;
    char *fingerprint;      /* hex; identifies the weights' content and the shapes */
    GStrv warnings;         /* things odd about the file, sentences; empty vector if none */
} ModelInfo;

/* What the model at PATH is, without making an engine of it: every check that opening makes is made.
 * FAILURE_MODEL on error; free with model_info_free. */
ModelInfo *model_info_read(const char *path, GError **error);
void model_info_free(ModelInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelInfo, model_info_free)

/* Opens a GGUF file or a Hugging Face directory.  FAILURE_MODEL on error, with
 * the field that is wrong.  OPTIONS may be NULL. */
Engine *engine_open(const char *path, const EngineOptions *options, GError **error);

/* Prepared weights: the rows interleaved for the integer kernels, in a file of the folder that the options
 * name.  Results are the same bytes with and without.  Models of less than ENGINE_PREPARE_FILE bytes
 * and synthetic ones are prepared in memory when they are opened. */
#define ENGINE_PREPARE_FILE (64u << 20)
typedef enum {
    PREPARED_NO_USE,        /* floating-point weights, BLAS, plain C, or no folder named */
    PREPARED_MISSING,       /* no file, or one that cannot be used */
    PREPARED_USED,
} PreparedState;
/* *REASON (may be NULL): why a file that is there cannot be used, or NULL. */
PreparedState engine_prepared(const Engine *engine, const char **reason);
/* Path of the file for this model in FOLDER; free with g_free. */
char *engine_prepared_path(const Engine *engine, const char *folder);
/* Writes that file anew and uses it.  The engine's sessions must not be computing.  FAILURE_SYSTEM when there is no room or
 * no permission, or another process is at it; FAILURE_MODEL when no matrix of the model can be prepared. */
gboolean engine_prepare(Engine *engine, const char *folder, ProgressFunc progress, gpointer data, GError **error);
/* Bytes that the file for this model has. */
guint64 engine_prepared_bytes(const Engine *engine);
/* Removes the file of prepared weights PATH, finished or not, unless a running process uses or writes it. */
gboolean engine_prepared_remove_unused(const char *path);
/* Reads all of it and compares checksums; FAILURE_CACHE when it is damaged or missing. */
gboolean engine_prepared_verify(const Engine *engine, const char *folder, ProgressFunc progress, gpointer data,
                                GError **error);
/* The NAME of the model that the prepared weights at PATH were made from (free with g_free); NULL when PATH is no such file. */
char *engine_prepared_name(const char *path);

/* A model's shape without its weights.  hidden is a multiple of 256, ffn and heads * head_dim of 32. */
typedef struct {
    const char *name;       /* "glm-4-9b" */
    const char *type;       /* of the weights: "q4_0", "q4_k_m" ... */
    int layers, hidden, heads, kv_heads, head_dim, ffn, vocabulary, context;
} EngineShape;

/* The shape of a known NAME: "glm-4-9b" or "tiny"; FALSE if there is none. */
gboolean engine_shape_find(const char *name, EngineShape *shape);
/* An engine of that shape with random weights made in memory, for measuring; it has no tokenizer. */
Engine *engine_open_synthetic(const EngineShape *shape, const EngineOptions *options, GError **error);
void engine_free(Engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

const ModelInfo *engine_info(const Engine *engine);
/* NULL if the model brings none (a directory without tokenizer.model). */
const Tokenizer *engine_tokenizer(const Engine *engine);
/* The compute set in use, e.g. "avx2", and the number of threads. */
const char *engine_isa(const Engine *engine);
int engine_threads(const Engine *engine);

/* The root of all block keys: SHA-256 over model fingerprint, KV type and
 * arithmetic version.  Equal keys mean interchangeable blocks. */
void engine_state_key(const Engine *engine, KvType type, guint8 key[ENGINE_KEY_BYTES]);
/* Human-readable arithmetic version, e.g. "int8-2" or "blas-2 (Haswell)". */
const char *engine_arithmetic(const Engine *engine);

/* A new empty session for at most MAX_TOKENS tokens (clamped to the model's
 * context; 0: the whole context).  Memory is reserved, not used, until needed. */
Session *session_new(const Engine *engine, KvType type, gsize max_tokens, GError **error);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

gsize session_length(const Session *session);
gsize session_capacity(const Session *session);
const gint32 *session_tokens(const Session *session);

/* Appends N tokens and computes their state.  Stops early, keeping all whole
 * pieces done so far (see session_length), with FAILURE_INTERRUPTED when
 * interrupt_requested(); FAILURE_USAGE when the context is full or an id is
 * out of range.  ON_BLOCK (may be NULL) is called whenever a block has become
 * whole, with its index; it may export it; FALSE from it (with ERROR set) stops. */
typedef gboolean (*SessionBlockFunc)(Session *session, gsize block, gpointer data, GError **error);
gboolean session_append(Session *session, const gint32 *tokens, gsize n,
                        SessionBlockFunc on_block, gpointer data, GError **error);

/* The same without blocks, for N <= ENGINE_BATCH tokens, with the logits behind each of them:
 * LOGITS gets N rows of VOCABULARY floats.  On failure nothing of the call is kept. */
#define ENGINE_BATCH 64
gboolean session_append_logits(Session *session, const gint32 *tokens, gsize n, float *logits, GError **error);

/* A further session that continues where SESSION ends, for at most MAX_TOKENS tokens (0: as many as SESSION).
 * Both go on independently, also in different threads, and give what a session gives that computed everything
 * itself.  Memory is shared, but for the last 1023 tokens at most; SESSION may be freed first.
 * FAILURE_USAGE when SESSION is longer than MAX_TOKENS, FAILURE_SYSTEM when there is no memory. */
Session *session_fork(const Session *session, gsize max_tokens, GError **error);

/* Appends to each of COUNT different sessions of one engine and KV type its next N[i] tokens (0: none); TOKENS has
 * them one session after the other, ENGINE_GROUP in all at most.  One reading of the weights serves all sessions,
 * and one reading of the keys and values that forks share serves those forks that stand side by side.
 * LOGITS (may be NULL) gets a row of VOCABULARY floats for each token.  The bytes are those of appending
 * to each session alone (with the "blas" set the sessions do step one after the other).  Errors as of
 * session_append; after one nothing of the call is kept. */
#define ENGINE_GROUP 256
gboolean engine_step_group(Session *const *sessions, const gsize *n, gsize count, const gint32 *tokens,
                           float *logits, GError **error);

/* Attention as a witness.  From now on SESSION notes, for calls that append at most ENGINE_BATCH tokens, how much of
 * the attention of each of the N (layer, head)s fell on each tile of ENGINE_TILE keys; N = 0: no longer, as at first.
 * What is computed stays the same to the bit; forks do not inherit it. */
#define ENGINE_TILE 64
typedef struct {
    int layer, head;
} WitnessHead;
void session_witness(Session *session, const WitnessHead *heads, gsize n);

/* Shares that the TOKENth token of the last call that appended gave to tile 0, 1 ..: sum 1, N_TILES of them, the last
 * one the token's own; HEAD is an index into the heads set.  Valid until the next call that appends, even when the
 * session has been shortened meanwhile; NULL when that call was too long or nothing is noted. */
const float *session_witness_mass(const Session *session, gsize token, gsize head, gsize *n_tiles);

/* Whether SESSION notes at all, and for how many tokens of the last call that appended it did: 0 when that was too long. */
gboolean session_witnessed(const Session *session);
gsize session_witness_tokens(const Session *session);

/* Of such shares, over KEYS keys in all (the token's position + 1), what fell on positions FROM .. TO-1; a tile
 * that lies there in part counts in proportion. */
double witness_between(const float *mass, gsize keys, gsize from, gsize to);

/* Whether a batch gives the bytes that single steps give (the integer sets). */
gboolean engine_batch_invariant(const Engine *engine);

/* Shortens to at most N tokens; returns the length that remains, which may be
 * less than N (the state keeps certain positions only); append from there again. */
gsize session_truncate(Session *session, gsize n);

/* Logits of the last position, VOCABULARY floats, valid until the next call on
 * the session; computed on demand.  NULL if the last call was an import or the session is empty.
 * Ids that must never be sampled (padding) are left as computed; see sample.h. */
const float *session_logits(Session *session);

/* Taking blocks out and putting them back.  A block's bytes are the
 * concatenation of `layers` equal parts of session_layer_bytes() each. */
gsize session_layer_bytes(const Session *session);
/* Copies layers FIRST .. FIRST+N-1 of a whole block to OUT. */
void session_export_layers(const Session *session, gsize block, int first, int n, guint8 *out);
/* The reverse, for a block at or behind the current length; does not change
 * the length.  Different (block, layers) may be imported from different threads at once. */
void session_import_layers(Session *session, gsize block, int first, int n, const guint8 *bytes);
/* Where LAYER of such a block lies, session_layer_bytes() of them: for whoever reads a block to its place without a copy.
 * Valid until the session is appended to, truncated or freed. */
guint8 *session_layer_place(Session *session, gsize block, int layer);
/* Makes N_BLOCKS imported blocks part of the sequence: TOKENS are the
 * n_blocks * ENGINE_BLOCK ids behind the current length, which must be a block border. */
void session_adopt_blocks(Session *session, const gint32 *tokens, gsize n_blocks);

#endif
