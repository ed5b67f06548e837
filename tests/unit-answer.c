/* unit-answer.c - prompt and reply with a tiny model of random weights. */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/answer/draft.h"
#include "src/answer/prompt.h"
#include "src/answer/reply.h"
#include "src/answer/source.h"
#include "src/model/chat.h"

static Engine *engine;

/* The documents only need to be different. */
static Pack *pack_of(guint documents)
{
    Pack *pack = g_new0(Pack, 1);

    pack->ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    pack->spans = g_array_new(FALSE, FALSE, sizeof(PackSpan));
    pack->document_end = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < documents; i++) {
        g_autofree char *text = g_strdup_printf("Document %u\nIt says <|user|> and %u.\n", i, i * 7);
        guint32 end;

        tokenizer_encode(engine_tokenizer(engine), text, strlen(text), pack->ids);
        end = pack->ids->len;
        g_array_append_val(pack->document_end, end);
    }
    return pack;
}

static void free_pack(Pack *pack)
{
    g_array_unref(pack->ids);
    g_array_unref(pack->spans);
    g_array_unref(pack->document_end);
    g_free(pack);
}

static Prompt *make(const char *system, const Pack *pack, const char *question)
{
    GError *error = NULL;
    Prompt *prompt = prompt_new(engine_tokenizer(engine), system, pack, question, &error);

    g_assert_no_error(error);
    return prompt;
}

static gint32 id_at(const Prompt *prompt, gsize i)
{
    return g_array_index(prompt->ids, gint32, i);
}

static void assert_same_start(const Prompt *a, const Prompt *b, gsize n)
{
    g_assert_cmpmem(a->ids->data, n * sizeof(gint32), b->ids->data, n * sizeof(gint32));
}

static void test_prompt(void)
{
    const Tokenizer *tokenizer = engine_tokenizer(engine);
    Pack *two = pack_of(2), *three = pack_of(3);
    g_autoptr(Prompt) bare = make(NULL, two, NULL);
    g_autoptr(Prompt) asked = make(NULL, two, "What is <|assistant|>?");
    g_autoptr(Prompt) other = make(NULL, two, "Why?");
    g_autoptr(Prompt) more = make(NULL, three, "Why?");
    g_autoptr(Prompt) brief = make("", two, "Why?");
    guint roles = 0;

    g_assert_cmpuint(bare->prefix, ==, bare->ids->len);
    g_assert_cmpuint(asked->prefix, ==, bare->prefix);
    g_assert_cmpuint(asked->prefix, ==, asked->first + two->ids->len);
    assert_same_start(asked, bare, bare->prefix);
    assert_same_start(other, bare, bare->prefix);
    assert_same_start(more, bare, bare->prefix);
    g_assert_cmpuint(brief->first, <, asked->first);

    g_assert_cmpint(id_at(asked, 0), ==, tokenizer_special(tokenizer, "[gMASK]"));
    g_assert_cmpint(id_at(asked, 1), ==, tokenizer_special(tokenizer, "<sop>"));
    g_assert_cmpint(id_at(asked, asked->ids->len - 1), ==, tokenizer_special(tokenizer, "<|assistant|>"));
    /* The five of the template; text never makes one. */
    for (guint i = 0; i < asked->ids->len; i++)
        roles += tokenizer_is_special(tokenizer, id_at(asked, i));
    g_assert_cmpuint(roles, ==, 5);
    free_pack(two);
    free_pack(three);
}

static void test_fitting(void)
{
    Pack *pack = pack_of(3);
    g_autoptr(Prompt) prompt = make(NULL, pack, "Why?");
    gsize last = pack->ids->len - g_array_index(pack->document_end, guint32, 1);

    g_assert_cmpuint(prompt_documents_fitting(prompt, pack, prompt->ids->len), ==, 3);
    g_assert_cmpuint(prompt_documents_fitting(prompt, pack, prompt->ids->len - 1), ==, 2);
    g_assert_cmpuint(prompt_documents_fitting(prompt, pack, prompt->ids->len - last), ==, 2);
    g_assert_cmpuint(prompt_documents_fitting(prompt, pack, prompt->ids->len - last - 1), ==, 1);
    g_assert_cmpuint(prompt_documents_fitting(prompt, pack, 10), ==, 0);
    free_pack(pack);
}

typedef struct {
    GString *text;
    guint pieces;
} Heard;

static void hear(const char *text, gsize length, gpointer data)
{
    Heard *heard = data;

    g_assert_true(g_utf8_validate_len(text, length, NULL));
    for (const char *p = text; p < text + length; p += g_utf8_skip[(guchar) *p]) {
        gunichar c = g_utf8_get_char(p);
        g_assert_true(c == '\n' || c == '\t' || !g_unichar_iscntrl(c));
    }
    if (heard->pieces++ == 0)
        g_assert_false(g_ascii_isspace(text[0]));
    g_string_append_len(heard->text, text, (gssize) length);
}

static char *reply(const ReplyOptions *given, gsize capacity, Reply *result)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    GError *error = NULL;
    g_autoptr(Session) session = session_new(engine, KV_INT8, capacity, &error);
    Heard heard = { .text = g_string_new(NULL) };
    ReplyOptions options = *given;

    g_assert_no_error(error);
    chat_begin(engine_tokenizer(engine), ids);
    chat_message(engine_tokenizer(engine), CHAT_USER, NULL, "Hello", 5, ids);
    chat_generate(engine_tokenizer(engine), ids);
    session_append(session, (const gint32 *) (void *) ids->data, ids->len, NULL, NULL, &error);
    g_assert_no_error(error);
    options.text = hear;
    options.data = &heard;
    reply_generate(session, engine, &options, result, &error);
    g_assert_no_error(error);
    return g_string_free(heard.text, FALSE);
}

/* Hot random weights say every byte there is: broken characters, escapes, zeros. */
static void test_reply_text(void)
{
    gsize tokens = 0;

    for (guint64 seed = 0; seed < 20; seed++) {
        const ReplyOptions options = { .sample = { .temperature = 20, .top_p = 1, .seed = seed }, .max_tokens = 60 };
        Reply first, second;
        g_autofree char *a = reply(&options, 200, &first);
        g_autofree char *b = reply(&options, 200, &second);

        g_assert_cmpstr(a, ==, b);
        g_assert_cmpuint(first.tokens, ==, second.tokens);
        g_assert_cmpuint(first.tokens, <=, 60);
        tokens += first.tokens;
    }
    g_assert_cmpuint(tokens, >, 400);
}

/* With drafts and without: the same answer, greedy or sampled, also where it is cut off. */
static void test_reply_drafts(void)
{
    gsize drafted = 0;

    for (guint64 seed = 0; seed < 12; seed++) {
        ReplyOptions options = { .sample = { .temperature = seed ? 0.3 * (double) seed : 0, .top_p = 0.9, .seed = seed },
                                 .max_tokens = 40 + 7 * seed };
        gsize capacity = seed % 3 ? 400 : 60;
        Reply with, without;
        g_autofree char *a = reply(&options, capacity, &with);
        options.no_drafts = TRUE;
        g_autofree char *b = reply(&options, capacity, &without);

        g_assert_cmpstr(a, ==, b);
        g_assert_cmpuint(with.tokens, ==, without.tokens);
        g_assert_cmpint(with.end, ==, without.end);
        g_assert_cmpuint(without.drafted, ==, 0);
        drafted += with.drafted;
    }
    g_test_message("%" G_GSIZE_FORMAT " tokens drafted", drafted);
    g_assert_cmpuint(drafted, >, 0);
}

static void test_draft(void)
{
    static const gint32 ids[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 50, 51, 52, 53, 54 };
    g_autoptr(Draft) draft = draft_new(ids, G_N_ELEMENTS(ids));
    gint32 got[DRAFT_MAX];

    draft_cost(draft, 1, 1);
    for (int i = 0; i < 200; i++)
        draft_cost(draft, 11, 1.2);                             /* further tokens cost next to nothing */
    g_assert_cmpuint(draft_propose(draft, 10, got), ==, 0);     /* never seen */
    draft_push(draft, 2);
    draft_push(draft, 3);
    g_assert_cmpuint(draft_propose(draft, 10, got), ==, 0);     /* too short a match */
    draft_push(draft, 4);
    g_assert_cmpuint(draft_propose(draft, 3, got), ==, 3);      /* the later place */
    g_assert_cmpint(got[0], ==, 50);
    draft_push(draft, 5);
    draft_push(draft, 6);
    g_assert_cmpuint(draft_propose(draft, 2, got), ==, 2);      /* the only place */
    g_assert_cmpint(got[0], ==, 7);
    g_assert_cmpuint(draft_propose(draft, 0, got), ==, 0);
}

/* Guesses grow with what was right, and stop where they are wrong or dear. */
/* Several answers share a batch: what a guess costs is a part of what each of them has of it. */
static void test_draft_costs(void)
{
    DraftCosts costs = { { 0 }, 0 };

    g_assert_cmpfloat(draft_costs_more(&costs, 4), >=, 1);          /* a batch without guesses comes first */
    draft_costs_note(&costs, 4, 3, 5);
    g_assert_cmpfloat(draft_costs_more(&costs, 4), >=, 1);
    draft_costs_note(&costs, 4, 0, 2);
    g_assert_cmpfloat(draft_costs_more(&costs, 4), <, 1);
    for (int i = 0; i < 100; i++)
        draft_costs_note(&costs, 4, 10, 3);                         /* 0.1 each, where an answer has 0.5 of the batch */
    g_assert_cmpfloat_with_epsilon(draft_costs_more(&costs, 4), 0.2, 1e-6);
    draft_costs_note(&costs, 2, 0, 1.6);
    g_assert_cmpfloat_with_epsilon(draft_costs_more(&costs, 2), 0.125, 1e-6);
    for (int i = 0; i < 100; i++)
        draft_costs_note(&costs, 4, 1, 100);                        /* never more than an answer's part */
    g_assert_cmpfloat_with_epsilon(draft_costs_more(&costs, 4), 1, 1e-2);
}

static void test_draft_learns(void)
{
    gint32 ids[256], got[DRAFT_MAX];

    for (gint32 i = 0; i < 256; i++)
        ids[i] = i;
    g_autoptr(Draft) draft = draft_new(ids, 256);
    draft_cost(draft, 1, 1);
    for (gint32 i = 0; i < 120; i++)
        draft_push(draft, i);
    g_assert_cmpuint(draft_propose(draft, 100, got), ==, DRAFT_MAX);
    for (int i = 0; i < 200; i++)
        draft_cost(draft, 11, 1.2);                             /* cheap: what stops them is that they are wrong */
    for (gint32 i = 0; i < 600; i++)                            /* three ids of the document, then another */
        draft_push(draft, i % 4 < 3 ? 150 + i % 4 : 1000 + i);
    for (gint32 i = 150; i < 153; i++)
        draft_push(draft, i);
    g_assert_cmpuint(draft_propose(draft, 100, got), ==, 0);
    g_autoptr(Draft) fresh = draft_new(ids, 256);
    draft_cost(fresh, 1, 1);
    for (int i = 0; i < 200; i++)
        draft_cost(fresh, 2, 2);                                /* each token of a batch costs a step */
    for (gint32 i = 0; i < 12; i++)
        draft_push(fresh, i);
    g_assert_cmpuint(draft_propose(fresh, 100, got), ==, 0);
}

static void test_reply_end(void)
{
    /* Seed 1 says no stop token within the first twenty. */
    ReplyOptions options = { .sample = { .temperature = 20, .top_p = 1, .seed = 1 }, .max_tokens = 5 };
    Reply result;

    g_free(reply(&options, 200, &result));
    g_assert_cmpint(result.end, ==, REPLY_LENGTH);
    g_assert_cmpuint(result.tokens, ==, 5);
    options.max_tokens = 1000;
    g_free(reply(&options, 20, &result));
    g_assert_cmpint(result.end, ==, REPLY_FULL);
    options.max_tokens = 4000;
    g_free(reply(&options, 5000, &result));
    g_assert_cmpint(result.end, ==, REPLY_STOPPED);
}

/* A file whose time may stay the same when it changes again is read again. */
static void test_unchanged(void)
{
    static const struct { gint64 seconds, ns, added; gboolean unchanged; } cases[] = {
        /* Whole seconds may be the finest there are. */
        { 1000, 0, 1000, FALSE }, { 1000, 0, 1002, FALSE }, { 1000, 0, 1003, TRUE },
        /* Else the first whole second behind a tick will do. */
        { 1000, 1, 1000, FALSE }, { 1000, 1, 1001, TRUE }, { 1000, 899999999, 1001, TRUE }, { 1000, 900000000, 1001, FALSE },
        { 1000, 999999999, 1001, FALSE }, { 1000, 999999999, 1002, TRUE },
    };
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("kvasir-answer-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, "text", 4), ==, 4);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct timespec times[] = { { cases[i].seconds, cases[i].ns }, { cases[i].seconds, cases[i].ns } };
        SourceStamp stamp;
        CatalogueDocument row;

        g_assert_cmpint(futimens(fd, times), ==, 0);
        g_assert_true(source_stamp(path, &stamp, NULL));
        g_assert_cmpint(stamp.mtime_ns % 1000000000, ==, cases[i].ns);
        row = (CatalogueDocument) { .path = path, .added = cases[i].added, .file_size = stamp.size, .file_mtime_ns = stamp.mtime_ns };
        g_assert_cmpint(source_unchanged(&row), ==, cases[i].unchanged);
        row.file_mtime_ns++;
        g_assert_false(source_unchanged(&row));
    }
    close(fd);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    GError *error = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    path = g_test_build_filename(G_TEST_DIST, "data", "models", "tiny-a-q8_0.gguf", NULL);
    engine = engine_open(path, NULL, &error);
    g_assert_no_error(error);
    g_test_add_func("/answer/prompt", test_prompt);
    g_test_add_func("/answer/fitting", test_fitting);
    g_test_add_func("/answer/reply-text", test_reply_text);
    g_test_add_func("/answer/draft", test_draft);
    g_test_add_func("/answer/draft-learns", test_draft_learns);
    g_test_add_func("/answer/draft-costs", test_draft_costs);
    g_test_add_func("/answer/reply-drafts", test_reply_drafts);
    g_test_add_func("/answer/reply-end", test_reply_end);
    g_test_add_func("/answer/unchanged", test_unchanged);
    status = g_test_run();
    engine_free(engine);
    return status;
}
