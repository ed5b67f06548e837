/* batch.c - many questions from a file, and the file that gets their answers. */
#include "config.h"
#include "src/cli/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/answer/json.h"
#include "src/base/failure.h"
#include "src/base/json_text.h"
#include "src/cli/input.h"

#define LINE_MAX_BYTES ((gsize) 1 << 20)

/* ---------------------------------------------------------------- questions */

static void free_question(gpointer data)
{
    BatchQuestion *question = data;

    json_node_unref(question->id);
    g_free(question->question);
    g_free(question->trouble);
    g_free(question->place);
    g_free(question->manifest);
    g_free(question->model);
    g_free(question);
}

static gboolean is_id(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
           (json_node_get_value_type(node) == G_TYPE_INT64 || json_node_get_value_type(node) == G_TYPE_STRING);
}

static gboolean is_text(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

static void read_object(BatchQuestion *question, JsonObject *object)
{
    JsonNode *id = json_text_member(object, "id"), *text = json_text_member(object, "question");

    if (is_text(text))
        question->question = g_strdup(json_node_get_string(text));
    else
        question->trouble = g_strdup("the object has no text \"question\"");
    if (id != NULL && is_id(id)) {
        json_node_unref(question->id);
        question->id = json_node_copy(id);
    } else if (id != NULL) {
        g_free(question->trouble);
        question->trouble = g_strdup("\"id\" is neither a whole number nor a string");
    }
}

/* The N bytes at LINE, which is line NUMBER. */
static BatchQuestion *read_line(guint number, const char *line, gsize n, gboolean json)
{
    BatchQuestion *question = g_new0(BatchQuestion, 1);

    question->line = number;
    question->id = json_node_init_int(json_node_alloc(), number);
    if (n > LINE_MAX_BYTES) {
        question->trouble = g_strdup("the line is longer than 1 MiB");
    } else if (json) {
        g_autoptr(GError) reason = NULL;
        g_autoptr(JsonObject) object = json_text_parse(line, n, &reason);

        if (object != NULL)
            read_object(question, object);
        else
            question->trouble = g_strconcat("the line: ", reason->message, NULL);
    } else if (memchr(line, '\0', n) != NULL || !g_utf8_validate(line, (gssize) n, NULL)) {
        question->trouble = g_strdup("the question is not UTF-8 text");
    } else {
        question->question = g_strndup(line, n);
    }
    if (question->question != NULL && question->trouble == NULL &&
        question->question[strspn(question->question, " \t\r\n")] == '\0')
        question->trouble = g_strdup("a question is needed");
    return question;
}

GPtrArray *batch_read(const char *path, GError **error)
{
    static const char mark[] = "\xef\xbb\xbf";          /* of UTF-8, as some editors write it */
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    GString *text = input_read(path, error);
    g_autoptr(GPtrArray) questions = g_ptr_array_new_with_free_func(free_question);
    gboolean json = FALSE;
    const char *p, *end;

    if (text == NULL)
        return NULL;
    p = text->str + (g_str_has_prefix(text->str, mark) ? strlen(mark) : 0);
    end = text->str + text->len;
    for (guint number = 1; p < end; number++) {
        const char *feed = memchr(p, '\n', (gsize) (end - p)), *next = feed != NULL ? feed + 1 : end;
        const char *last = feed != NULL ? feed : end;

        while (p < last && g_ascii_isspace(*p))
            p++;
        while (last > p && g_ascii_isspace(last[-1]))
            last--;
        if (questions->len == 0)
            json = *p == '{';
        if (p < last)
            g_ptr_array_add(questions, read_line(number, p, (gsize) (last - p), json));
        p = next;
    }
    g_string_free(text, TRUE);
    if (questions->len == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: there is no question in it", name);
        return NULL;
    }
    return g_steal_pointer(&questions);
}

/* ---------------------------------------------------------------- lines */

JsonBuilder *batch_begin(const BatchQuestion *question)
{
    JsonBuilder *builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_node(builder, "id", json_node_copy(question->id));
    if (question->question != NULL)
        json_add_text(builder, "question", question->question);
    return builder;
}

char *batch_end(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    g_object_unref(builder);
    return g_strconcat(text, "\n", NULL);
}

char *batch_trouble(const BatchQuestion *question, const char *reason)
{
    JsonBuilder *builder = batch_begin(question);

    json_add_int(builder, "line", question->line);
    json_add_text(builder, "error", reason);
    return batch_end(builder);
}

/* ---------------------------------------------------------------- output */

struct BatchOutput {
    FILE *file;                 /* owned, unless it is stdout */
    char *name;
};

void batch_output_free(BatchOutput *output)
{
    if (output == NULL)
        return;
    if (output->file != NULL && output->file != stdout)
        fclose(output->file);
    g_free(output->name);
    g_free(output);
}

static gboolean cannot(const BatchOutput *output, const char *what, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_SYSTEM, "cannot %s %s: %s", what, output->name, g_strerror(errno));
    return FALSE;
}

gboolean batch_output_write(BatchOutput *output, const char *line, GError **error)
{
    if (fputs(line, output->file) < 0 || fflush(output->file) != 0)
        return cannot(output, "write to", error);
    return TRUE;
}

/* A string that two nodes have in common when they are the same id. */
static char *id_key(JsonNode *id)
{
    return json_to_string(id, FALSE);
}

/* Questions that wait for their lines, by id: GQueue of BatchQuestion*. */
static GHashTable *index_questions(const GPtrArray *questions)
{
    GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_queue_free);

    for (guint i = 0; i < questions->len; i++) {
        BatchQuestion *question = g_ptr_array_index(questions, i);
        char *key = id_key(question->id);
        GQueue *queue = g_hash_table_lookup(index, key);

        if (queue == NULL)
            g_hash_table_insert(index, g_strdup(key), queue = g_queue_new());
        g_queue_push_tail(queue, question);
        g_free(key);
    }
    return index;
}

static gboolean is_answer(JsonObject *object)
{
    JsonNode *id = json_text_member(object, "id");

    return id != NULL && is_id(id) && (json_object_has_member(object, "answer") || json_object_has_member(object, "error"));
}

/* The text member NAME of OBJECT, or NULL. */
static char *text_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_text_member(object, name);

    return is_text(node) ? g_strdup(json_node_get_string(node)) : NULL;
}

/* The line of the output at LINE: its question is answered. */
static gboolean take_line(const char *place, const char *line, gsize n, GHashTable *index, GError **error)
{
    g_autoptr(JsonObject) object = json_text_parse(line, n, NULL);
    g_autofree char *key = NULL;
    BatchQuestion *question;
    JsonNode *text;
    GQueue *queue;

    if (object == NULL || !is_answer(object)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: this is no answer of a batch; name another file with --output", place);
        return FALSE;
    }
    key = id_key(json_object_get_member(object, "id"));
    queue = g_hash_table_lookup(index, key);
    question = queue != NULL ? g_queue_pop_head(queue) : NULL;
    if (question == NULL)
        return TRUE;
    text = json_text_member(object, "question");
    if (question->question != NULL && is_text(text) && g_strcmp0(json_node_get_string(text), question->question) != 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s answers another question than the one that has the id %s now; "
                    "name another file with --output", place, key);
        return FALSE;
    }
    question->answered = TRUE;
    question->place = g_strdup(place);
    question->manifest = text_member(object, "manifest_hash");
    question->model = text_member(object, "model");
    return TRUE;
}

guint batch_differing(const GPtrArray *questions, const char *manifest, const char *model, char **first)
{
    guint n = 0;

    *first = NULL;
    for (guint i = 0; i < questions->len; i++) {
        const BatchQuestion *q = g_ptr_array_index(questions, i);
        gboolean documents = q->manifest != NULL && strcmp(q->manifest, manifest) != 0;

        if (!documents && (q->model == NULL || model == NULL || strcmp(q->model, model) == 0))
            continue;
        if (n++ == 0)
            *first = documents ? g_strdup_printf("%s was answered from other documents than these", q->place)
                               : g_strdup_printf("%s was answered by %s, not by %s", q->place, q->model, model);
    }
    return n;
}

/* Whether the N bytes at TEXT can be the beginning of a line that was not written to its end. */
static gboolean is_beginning(const char *text, gsize n)
{
    static const char beginning[] = "{\"id\":";
    g_autoptr(JsonObject) whole = json_text_parse(text, n, NULL);

    return memcmp(text, beginning, MIN(n, strlen(beginning))) == 0 && (whole == NULL || is_answer(whole));
}

/* Takes the lines that are there; *KEEP: the bytes of them. */
static gboolean take_lines(const BatchOutput *output, const GString *text, const GPtrArray *questions, gsize *keep, GError **error)
{
    g_autoptr(GHashTable) index = index_questions(questions);
    const char *p = text->str, *end = p + text->len, *feed;

    for (guint number = 1; (feed = memchr(p, '\n', (gsize) (end - p))) != NULL; number++, p = feed + 1) {
        g_autofree char *place = g_strdup_printf("%s, line %u", output->name, number);

        if (!take_line(place, p, (gsize) (feed - p), index, error))
            return FALSE;
    }
    *keep = (gsize) (p - text->str);
    if (is_beginning(p, text->len - *keep))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s ends with what is no answer of a batch; name another file with --output",
                output->name);
    return FALSE;
}

/* What is no regular file has nothing to go on with, and reading it may have no end. */
static gboolean is_file(const BatchOutput *output, GError **error)
{
    struct stat status;

    if (fstat(fileno(output->file), &status) == 0 && S_ISREG(status.st_mode))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s is not a regular file; without --output the answers go to standard output",
                output->name);
    return FALSE;
}

static gboolean read_all(const BatchOutput *output, GString *text, GError **error)
{
    char buffer[65536];
    size_t n;

    while ((n = fread(buffer, 1, sizeof buffer, output->file)) > 0)
        g_string_append_len(text, buffer, (gssize) n);
    return !ferror(output->file) || cannot(output, "read", error);
}

BatchOutput *batch_output_open(const char *path, const GPtrArray *questions, GError **error)
{
    g_autoptr(BatchOutput) output = g_new0(BatchOutput, 1);
    g_autoptr(GString) text = g_string_new(NULL);
    gsize keep;
    int fd;

    output->name = g_strdup(path != NULL ? path : "standard output");
    if (path == NULL) {
        output->file = stdout;
        return g_steal_pointer(&output);
    }
    fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || (output->file = fdopen(fd, "r+")) == NULL) {
        cannot(output, "open", error);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "another kvasir is writing to %s", path);
        return NULL;
    }
    if (!is_file(output, error) || !read_all(output, text, error) || !take_lines(output, text, questions, &keep, error))
        return NULL;
    /* Between reading and writing C wants a change of place. */
    if (fseek(output->file, (long) keep, SEEK_SET) != 0 || (keep < text->len && ftruncate(fd, (off_t) keep) != 0)) {
        cannot(output, "write to", error);
        return NULL;
    }
    return g_steal_pointer(&output);
}
