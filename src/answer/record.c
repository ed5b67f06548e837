/* record.c - records of answers: made, written, read, compared. */
#include "config.h"
#include "src/answer/record.h"

#include <string.h>

#include "src/answer/cited_json.h"
#include "src/answer/json.h"
#include "src/answer/why_json.h"
#include "src/base/failure.h"
#include "src/base/json_text.h"

#define SEAL_BEGIN ",\"sha256\":\""
#define SEAL_END "\"}\n"
#define SEAL_HEX 64
#define SEAL_LENGTH (sizeof SEAL_BEGIN - 1 + SEAL_HEX + sizeof SEAL_END - 1)

static void free_document(gpointer data)
{
    RecordDocument *document = data;

    g_free(document->path);
    g_free(document->title);
    g_free(document->hash);
    g_free(document);
}

/* FIELD_TEXT_IF_ANY: the member is left out when it is NULL. */
typedef enum { FIELD_TEXT, FIELD_TEXT_OR_NULL, FIELD_TEXT_IF_ANY, FIELD_INT, FIELD_DOUBLE } FieldType;

/* The members of a record that are one value. */
static const struct {
    const char *name;
    FieldType type;
    gsize offset;           /* in Record */
    int since;              /* format that brought it */
} fields[] = {
    { "made", FIELD_INT, offsetof(Record, made), 1 },
    { "model", FIELD_TEXT, offsetof(Record, model), 1 },
    { "model_fingerprint", FIELD_TEXT, offsetof(Record, fingerprint), 1 },
    { "tokenizer_hash", FIELD_TEXT, offsetof(Record, tokenizer), 1 },
    { "arithmetic", FIELD_TEXT, offsetof(Record, arithmetic), 1 },
    { "isa", FIELD_TEXT, offsetof(Record, isa), 1 },
    { "kv", FIELD_TEXT, offsetof(Record, kv), 1 },
    { "corpus", FIELD_TEXT_OR_NULL, offsetof(Record, corpus), 1 },
    { "manifest_hash", FIELD_TEXT, offsetof(Record, manifest), 1 },
    { "prompt_hash", FIELD_TEXT, offsetof(Record, prompt), 1 },
    { "prompt_tokens", FIELD_INT, offsetof(Record, prompt_tokens), 1 },
    { "shown_pages", FIELD_TEXT_IF_ANY, offsetof(Record, shown_pages), 1 },
    { "question", FIELD_TEXT, offsetof(Record, question), 1 },
    { "form", FIELD_TEXT_IF_ANY, offsetof(Record, form), 1 },
    { "system", FIELD_TEXT_OR_NULL, offsetof(Record, system), 1 },
    { "temperature", FIELD_DOUBLE, offsetof(Record, temperature), 1 },
    { "top_p", FIELD_DOUBLE, offsetof(Record, top_p), 1 },
    { "seed", FIELD_INT, offsetof(Record, seed), 1 },
    { "max_tokens", FIELD_INT, offsetof(Record, max_tokens), 1 },
    { "turn", FIELD_INT, offsetof(Record, turn), 2 },
    { "first_turn", FIELD_INT, offsetof(Record, first_turn), 2 },
    { "answer", FIELD_TEXT, offsetof(Record, answer), 1 },
    { "stop_reason", FIELD_TEXT, offsetof(Record, stop_reason), 1 },
    { "status", FIELD_TEXT_IF_ANY, offsetof(Record, status), 1 },
};

/* The value of field I in RECORD, as a pointer to its type. */
#define FIELD(record, i, type) ((type *) (void *) ((char *) (record) + fields[i].offset))
#define CONST_FIELD(record, i, type) ((type const *) (const void *) ((const char *) (record) + fields[i].offset))

static void free_turn(gpointer data)
{
    RecordTurn *turn = data;

    g_free(turn->question);
    g_array_unref(turn->ids);
    g_free(turn);
}

void record_free(Record *record)
{
    if (record == NULL)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].type <= FIELD_TEXT_IF_ANY)
            g_free(*FIELD(record, i, char *));
    g_ptr_array_unref(record->documents);
    g_array_unref(record->ids);
    g_ptr_array_unref(record->earlier);
    g_clear_pointer(&record->citations, json_node_unref);
    g_clear_pointer(&record->quotations, json_node_unref);
    g_clear_pointer(&record->timings, json_node_unref);
    g_clear_pointer(&record->why, json_node_unref);
    g_free(record);
}

static Record *record_empty(void)
{
    Record *record = g_new0(Record, 1);

    record->documents = g_ptr_array_new_with_free_func(free_document);
    record->ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    record->earlier = g_ptr_array_new_with_free_func(free_turn);
    return record;
}

void record_add_earlier(Record *record, const char *question, const GArray *ids)
{
    RecordTurn *turn = g_new0(RecordTurn, 1);

    turn->question = g_strdup(question);
    turn->ids = g_array_copy((GArray *) (guintptr) ids);
    g_ptr_array_add(record->earlier, turn);
}

static void sum_int(GChecksum *sum, guint32 value)
{
    guint32 little = GUINT32_TO_LE(value);

    g_checksum_update(sum, (const guchar *) &little, sizeof little);
}

/* Over each piece of the vocabulary: whether it is special, its length, its bytes. */
static char *tokenizer_hash(const Tokenizer *tokenizer)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (gsize i = 0; i < tokenizer_size(tokenizer); i++) {
        gsize length;
        const guint8 *bytes = tokenizer_bytes(tokenizer, (gint32) i, &length);

        sum_int(sum, tokenizer_is_special(tokenizer, (gint32) i));
        sum_int(sum, (guint32) length);
        g_checksum_update(sum, bytes, (gssize) length);
    }
    return g_strdup(g_checksum_get_string(sum));
}

Record *record_new(const Engine *engine, KvType kv)
{
    Record *record = record_empty();

    record->made = g_get_real_time() / G_USEC_PER_SEC;
    record->model = g_utf8_make_valid(engine_info(engine)->name, -1);
    record->fingerprint = g_strdup(engine_info(engine)->fingerprint);
    record->tokenizer = tokenizer_hash(engine_tokenizer(engine));
    record->arithmetic = g_strdup(engine_arithmetic(engine));
    record->isa = g_strdup(engine_isa(engine));
    record->kv = g_strdup(kv_type_name(kv));
    return record;
}

/* The SHA-256 of the documents' hashes, each on a line. */
static char *manifest_hash(const GPtrArray *documents)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (guint i = 0; i < documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(documents, i);

        g_checksum_update(sum, (const guchar *) document->hash, -1);
        g_checksum_update(sum, (const guchar *) "\n", 1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* Absolute, so that the file is found from everywhere; standard input has no path. */
static char *document_path(const Document *document)
{
    g_autofree char *path = NULL;

    if (document->path == NULL || strcmp(document->path, RECORD_STDIN) == 0)
        return g_strdup(RECORD_STDIN);
    path = g_canonicalize_filename(document->path, NULL);
    return g_utf8_make_valid(path, -1);
}

void record_set_documents(Record *record, const GPtrArray *documents, guint in_corpus)
{
    for (guint i = 0; i < documents->len; i++) {
        const Document *document = g_ptr_array_index(documents, i);
        RecordDocument *copy = g_new0(RecordDocument, 1);

        copy->path = document != NULL ? document_path(document) : g_strdup("");
        copy->title = g_utf8_make_valid(document != NULL && document->title != NULL ? document->title : "", -1);
        copy->hash = document != NULL ? document_hash(document) : g_strdup("");
        copy->in_corpus = i < in_corpus;
        g_ptr_array_add(record->documents, copy);
    }
    g_free(record->manifest);
    record->manifest = manifest_hash(record->documents);
}

char *record_manifest(const GPtrArray *documents)
{
    g_autoptr(Record) record = record_empty();

    record_set_documents(record, documents, 0);
    return g_steal_pointer(&record->manifest);
}

void record_set_prompt(Record *record, const Prompt *prompt)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (guint i = 0; i < prompt->ids->len; i++)
        sum_int(sum, (guint32) g_array_index(prompt->ids, gint32, i));
    g_free(record->prompt);
    record->prompt = g_strdup(g_checksum_get_string(sum));
    record->prompt_tokens = prompt->ids->len;
}

void record_set_answer(Record *record, const Answer *answer)
{
    record->answer = g_strdup(answer->text->str);
    g_array_append_vals(record->ids, answer->ids->data, answer->ids->len);
    record->stop_reason = g_strdup(reply_end_name(answer->reply.end));
    record->status = g_strdup(outcome_name(answer->outcome));
    record->citations = cited_json_citations(answer);
    if (answer->quotations->len > 0)
        record->quotations = cited_json_quotations(answer);
    if (answer->why != NULL)
        record->why = why_to_json(answer);
}

const char *record_citation_name(JsonObject *citation)
{
    const char *title = json_object_get_string_member(citation, "document_title");

    return json_object_get_string_member_with_default(citation, "document_name", title);
}

static void add_documents(JsonBuilder *builder, const GPtrArray *documents)
{
    json_builder_set_member_name(builder, "documents");
    json_builder_begin_array(builder);
    for (guint i = 0; i < documents->len; i++) {
        const RecordDocument *document = g_ptr_array_index(documents, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "path", document->path);
        json_add_text(builder, "title", document->title);
        json_add_text(builder, "hash", document->hash);
        json_add_boolean(builder, "in_corpus", document->in_corpus);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_ids(JsonBuilder *builder, const GArray *ids)
{
    json_builder_set_member_name(builder, "answer_ids");
    json_builder_begin_array(builder);
    for (guint i = 0; i < ids->len; i++)
        json_builder_add_int_value(builder, g_array_index(ids, gint32, i));
    json_builder_end_array(builder);
}

/* Only where there are some. */
static void add_earlier(JsonBuilder *builder, const GPtrArray *earlier)
{
    if (earlier->len == 0)
        return;
    json_builder_set_member_name(builder, "earlier");
    json_builder_begin_array(builder);
    for (guint i = 0; i < earlier->len; i++) {
        const RecordTurn *turn = g_ptr_array_index(earlier, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "question", turn->question);
        add_ids(builder, turn->ids);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_members(JsonBuilder *builder, const Record *r)
{
    json_add_int(builder, "kvasir_record", RECORD_FORMAT);
    json_add_text(builder, "program", PACKAGE_STRING);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].type == FIELD_INT)
            json_add_int(builder, fields[i].name, *CONST_FIELD(r, i, gint64));
        else if (fields[i].type == FIELD_DOUBLE)
            json_add_double(builder, fields[i].name, *CONST_FIELD(r, i, double));
        else if (fields[i].type != FIELD_TEXT_IF_ANY || *CONST_FIELD(r, i, char *) != NULL)
            json_add_text(builder, fields[i].name, *CONST_FIELD(r, i, char *));
    }
    add_documents(builder, r->documents);
    add_earlier(builder, r->earlier);
    add_ids(builder, r->ids);
    json_add_node(builder, "citations", json_node_copy(r->citations));
    if (r->quotations != NULL)
        json_add_node(builder, "quotations", json_node_copy(r->quotations));
    if (r->why != NULL)
        json_add_node(builder, "why", json_node_copy(r->why));
    json_add_node(builder, "timings", json_node_copy(r->timings));
}

char *record_to_text(const Record *record)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;
    g_autofree char *hash = NULL;

    json_builder_begin_object(builder);
    add_members(builder, record);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    text[strlen(text) - 1] = '\0';      /* the brace */
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    return g_strconcat(text, SEAL_BEGIN, hash, SEAL_END, NULL);
}

static gboolean sealed(const char *text, gsize length)
{
    g_autofree char *hash = NULL;
    g_autofree char *end = NULL;

    if (length < SEAL_LENGTH)
        return FALSE;
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize) (length - SEAL_LENGTH));
    end = g_strconcat(SEAL_BEGIN, hash, SEAL_END, NULL);
    return memcmp(text + length - SEAL_LENGTH, end, SEAL_LENGTH) == 0;
}

/* Member NAME of O if it is of TYPE; else *OK becomes FALSE. */
static JsonNode *member(JsonObject *o, const char *name, GType type, gboolean *ok)
{
    JsonNode *node = json_object_get_member(o, name);

    if (node != NULL && (type == JSON_TYPE_ARRAY ? JSON_NODE_HOLDS_ARRAY(node) :
                         type == JSON_TYPE_OBJECT ? JSON_NODE_HOLDS_OBJECT(node) :
                         JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type))
        return node;
    *ok = FALSE;
    return NULL;
}

static char *get_text(JsonObject *o, const char *name, gboolean *ok)
{
    JsonNode *node = member(o, name, G_TYPE_STRING, ok);

    return node != NULL ? g_strdup(json_node_get_string(node)) : NULL;
}

static char *get_text_or_null(JsonObject *o, const char *name, gboolean *ok)
{
    JsonNode *node = json_object_get_member(o, name);

    return node != NULL && JSON_NODE_HOLDS_NULL(node) ? NULL : get_text(o, name, ok);
}

static gint64 get_int(JsonObject *o, const char *name, gboolean *ok)
{
    JsonNode *node = member(o, name, G_TYPE_INT64, ok);

    return node != NULL ? json_node_get_int(node) : 0;
}

static double get_double(JsonObject *o, const char *name, gboolean *ok)
{
    JsonNode *node = member(o, name, G_TYPE_DOUBLE, ok);

    return node != NULL ? json_node_get_double(node) : 0;
}

static JsonNode *get_copy(JsonObject *o, const char *name, GType type, gboolean *ok)
{
    JsonNode *node = member(o, name, type, ok);

    return node != NULL ? json_node_copy(node) : NULL;
}

static void get_documents(JsonObject *o, GPtrArray *documents, gboolean *ok)
{
    JsonNode *node = member(o, "documents", JSON_TYPE_ARRAY, ok);
    JsonArray *array = node != NULL ? json_node_get_array(node) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        RecordDocument *document;

        if (!JSON_NODE_HOLDS_OBJECT(element)) {
            *ok = FALSE;
            return;
        }
        document = g_new0(RecordDocument, 1);
        g_ptr_array_add(documents, document);
        document->path = get_text(json_node_get_object(element), "path", ok);
        document->title = get_text(json_node_get_object(element), "title", ok);
        document->hash = get_text(json_node_get_object(element), "hash", ok);
        node = member(json_node_get_object(element), "in_corpus", G_TYPE_BOOLEAN, ok);
        document->in_corpus = node != NULL && json_node_get_boolean(node);
    }
}

static void get_ids(JsonObject *o, GArray *ids, gboolean *ok)
{
    JsonNode *node = member(o, "answer_ids", JSON_TYPE_ARRAY, ok);
    JsonArray *array = node != NULL ? json_node_get_array(node) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        gint64 value = -1;

        if (JSON_NODE_HOLDS_VALUE(element) && json_node_get_value_type(element) == G_TYPE_INT64)
            value = json_node_get_int(element);
        if (value < 0 || value > G_MAXINT32) {
            *ok = FALSE;
            return;
        }
        gint32 id = (gint32) value;
        g_array_append_val(ids, id);
    }
}

static void get_earlier(JsonObject *o, Record *record, gboolean *ok)
{
    JsonNode *node = json_object_has_member(o, "earlier") ? member(o, "earlier", JSON_TYPE_ARRAY, ok) : NULL;
    JsonArray *array = node != NULL ? json_node_get_array(node) : NULL;

    for (guint i = 0; *ok && array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
        g_autofree char *question = NULL;

        *ok = JSON_NODE_HOLDS_OBJECT(element);
        if (!*ok)
            return;
        question = get_text(json_node_get_object(element), "question", ok);
        get_ids(json_node_get_object(element), ids, ok);
        if (question != NULL)
            record_add_earlier(record, question, ids);
    }
}

/* Whether member NAME of O, if it is there, is a text. */
static void check_text(JsonObject *o, const char *name, gboolean *ok)
{
    if (json_object_has_member(o, name))
        member(o, name, G_TYPE_STRING, ok);
}

/* Enough for those who show them: all are objects with numbers of pages and a title; a name and a passage are texts. */
static void check_citations(JsonNode *citations, gboolean *ok)
{
    JsonArray *array = citations != NULL ? json_node_get_array(citations) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        JsonObject *o = JSON_NODE_HOLDS_OBJECT(element) ? json_node_get_object(element) : NULL;

        if (o == NULL) {
            *ok = FALSE;
            return;
        }
        member(o, "document_title", G_TYPE_STRING, ok);
        member(o, "start_page_number", G_TYPE_INT64, ok);
        member(o, "end_page_number", G_TYPE_INT64, ok);
        check_text(o, "document_name", ok);
        check_text(o, "cited_text", ok);
    }
}

static gboolean get_members(JsonObject *o, int format, Record *r)
{
    gboolean ok = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].since > format || (fields[i].type == FIELD_TEXT_IF_ANY && !json_object_has_member(o, fields[i].name)))
            continue;
        if (fields[i].type == FIELD_INT)
            *FIELD(r, i, gint64) = get_int(o, fields[i].name, &ok);
        else if (fields[i].type == FIELD_DOUBLE)
            *FIELD(r, i, double) = get_double(o, fields[i].name, &ok);
        else if (fields[i].type != FIELD_TEXT_OR_NULL)
            *FIELD(r, i, char *) = get_text(o, fields[i].name, &ok);
        else
            *FIELD(r, i, char *) = get_text_or_null(o, fields[i].name, &ok);
    }
    get_documents(o, r->documents, &ok);
    get_ids(o, r->ids, &ok);
    get_earlier(o, r, &ok);
    r->citations = get_copy(o, "citations", JSON_TYPE_ARRAY, &ok);
    check_citations(r->citations, &ok);
    if (json_object_has_member(o, "quotations"))
        r->quotations = get_copy(o, "quotations", JSON_TYPE_ARRAY, &ok);
    r->timings = get_copy(o, "timings", JSON_TYPE_OBJECT, &ok);
    if (json_object_has_member(o, "why")) {
        r->why = get_copy(o, "why", JSON_TYPE_OBJECT, &ok);
        ok = ok && why_json_check(r->why);
    }
    return ok && r->max_tokens > 0 && r->max_tokens <= G_MAXINT32 && r->temperature >= 0 && r->temperature <= 100 &&
           r->top_p > 0 && r->top_p <= 1 && r->turn >= 0 && r->first_turn >= 0 && r->first_turn <= r->turn;
}

static Record *no_record(const char *name, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_INPUT, "%s: not a record of an answer, as \"kvasir ask --record\" writes it", name);
    return NULL;
}

Record *record_from_text(const char *name, const char *text, gsize length, GError **error)
{
    g_autoptr(Record) record = record_empty();
    g_autoptr(JsonObject) object = NULL;
    JsonNode *format;

    if (!g_str_has_prefix(text, "{\"") || length > G_MAXSSIZE)
        return no_record(name, error);
    if (!sealed(text, length)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: the record has been changed since it was written "
                    "(its content does not have the SHA-256 at its end)", name);
        return NULL;
    }
    object = json_text_parse(text, length, NULL);
    format = object != NULL ? json_text_member(object, "kvasir_record") : NULL;
    if (format == NULL || !JSON_NODE_HOLDS_VALUE(format))
        return no_record(name, error);
    if (json_node_get_int(format) > RECORD_FORMAT) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: the record has format %" G_GINT64_FORMAT
                    ", which is newer than this program's %d; use a newer kvasir", name,
                    json_node_get_int(format), RECORD_FORMAT);
        return NULL;
    }
    if (!get_members(object, (int) json_node_get_int(format), record))
        return no_record(name, error);
    if (record->form != NULL && strcmp(record->form, RECORD_LONGCITE) != 0 && strcmp(record->form, RECORD_QUOTATIONS) != 0) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: the record has the form \"%s\", which this program does not know; "
                    "use a newer kvasir", name, record->form);
        return NULL;
    }
    return g_steal_pointer(&record);
}

static void G_GNUC_PRINTF(2, 3) differ(GPtrArray *differences, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    g_ptr_array_add(differences, g_strdup_vprintf(format, values));
    va_end(values);
}

static void compare_documents(const Record *then, const Record *now, GPtrArray *differences)
{
    guint both = MIN(then->documents->len, now->documents->len);

    for (guint i = 0; i < both; i++) {
        const RecordDocument *a = g_ptr_array_index(then->documents, i), *b = g_ptr_array_index(now->documents, i);

        if (b->hash[0] == '\0' || strcmp(a->hash, b->hash) == 0)
            continue;
        if (strcmp(a->path, b->path) == 0)
            differ(differences, "document %u, %s, has changed", i + 1, a->path);
        else
            differ(differences, "document %u was %s; %s has another content", i + 1, a->path,
                   b->path);
    }
    for (guint i = both; i < then->documents->len; i++)
        differ(differences, "document %u, %s, is missing", i + 1,
               ((const RecordDocument *) g_ptr_array_index(then->documents, i))->path);
    for (guint i = both; i < now->documents->len; i++)
        differ(differences, "document %u, %s, is not in the record", i + 1,
               ((const RecordDocument *) g_ptr_array_index(now->documents, i))->path);
}

void record_compare_engines(const Record *then, const Record *now, GPtrArray *differences)
{
    if (strcmp(then->fingerprint, now->fingerprint) != 0)
        differ(differences, "the model is another: then %s (%.12s), now %s (%.12s)", then->model, then->fingerprint,
               now->model, now->fingerprint);
    if (strcmp(then->tokenizer, now->tokenizer) != 0)
        differ(differences, "the tokenizer is another: then %.12s, now %.12s", then->tokenizer, now->tokenizer);
    if (strcmp(then->arithmetic, now->arithmetic) != 0)
        differ(differences, "the arithmetic is another: then %s (%s), now %s (%s)", then->arithmetic, then->isa,
               now->arithmetic, now->isa);
    if (strcmp(then->kv, now->kv) != 0)
        differ(differences, "the type of the KV cache is another: then %s, now %s", then->kv, now->kv);
}

void record_compare_inputs(const Record *then, const Record *now, GPtrArray *differences)
{
    guint before = differences->len;

    record_compare_engines(then, now, differences);
    compare_documents(then, now, differences);
    if (differences->len == before && now->prompt != NULL && strcmp(then->manifest, now->manifest) != 0)
        differ(differences, "the hash of the documents is not the recorded one, though each document's is");
    /* What is left when all else is equal: other rules or another form of the prompt in this version. */
    if (differences->len == before && now->prompt != NULL && strcmp(then->prompt, now->prompt) != 0)
        differ(differences, "the prompt is another: then %" G_GINT64_FORMAT " tokens (%.12s), now %" G_GINT64_FORMAT
               " (%.12s)", then->prompt_tokens, then->prompt, now->prompt_tokens, now->prompt);
}

/* The token at INDEX as people may read it; g_free. */
static char *token_text(const Record *record, guint index, const Tokenizer *tokenizer)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *escaped = NULL;
    gint32 id;

    if (index >= record->ids->len)
        return g_strdup("the end");
    id = g_array_index(record->ids, gint32, index);
    tokenizer_decode(tokenizer, &id, 1, TRUE, text);
    escaped = g_strescape(text->str, NULL);
    return g_strdup_printf("%d \"%s\"", id, escaped);
}

/* CITATIONS without what a bibliography calls documents and where passages stand on the page: that may change, the answer does not. */
static JsonNode *bare(JsonNode *citations)
{
    static const char *const names[] = { "document_name", "document_key", "rectangles" };
    g_autofree char *text = json_to_string(citations, FALSE);
    JsonNode *copy = json_from_string(text, NULL);
    JsonArray *array = json_node_get_array(copy);

    for (guint i = 0; i < json_array_get_length(array); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(names); k++)
            json_object_remove_member(json_array_get_object_element(array, i), names[k]);
    return copy;
}

static gboolean same_citations(JsonNode *then, JsonNode *now)
{
    g_autoptr(JsonNode) a = bare(then), b = bare(now);

    return json_node_equal(a, b);
}

void record_compare_answers(const Record *then, const Record *now, const Tokenizer *tokenizer, GPtrArray *differences)
{
    guint both = MIN(then->ids->len, now->ids->len), same = 0;

    while (same < both && g_array_index(then->ids, gint32, same) == g_array_index(now->ids, gint32, same))
        same++;
    if (same < MAX(then->ids->len, now->ids->len)) {
        g_autofree char *was = token_text(then, same, tokenizer);
        g_autofree char *is = token_text(now, same, tokenizer);

        differ(differences, "the answer differs from token %u on: then %s, now %s", same + 1, was, is);
        return;
    }
    if (strcmp(then->stop_reason, now->stop_reason) != 0)
        differ(differences, "the answer ended otherwise: then %s, now %s", then->stop_reason, now->stop_reason);
    if (strcmp(then->answer, now->answer) != 0)
        differ(differences, "the text of the answer differs, though its tokens are the same");
    if (!same_citations(then->citations, now->citations))
        differ(differences, "the citations differ, though the answer's tokens are the same");
}
