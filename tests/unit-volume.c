/* unit-volume.c - which pages a prompt has: selections, and volumes of a corpus that is too long for one. */
#include "config.h"

#include <string.h>

#include "src/answer/source.h"
#include "src/answer/volume.h"
#include "src/base/failure.h"
#include "tests/test-documents.h"

/* One id for each byte. */
static void encode(gpointer data, const char *text, gsize length, GArray *ids)
{
    for (gsize i = 0; i < length; i++) {
        gint32 id = (guchar) text[i];
        g_array_append_val(ids, id);
    }
}

static GPtrArray *make_documents(void)
{
    static const char *const small[] = { "aaaa", NULL }, *const empty[] = { NULL };
    static const char *const large[] = { "0123456789012345678901234567890123456789", "second page of it", "",
                                         "0123456789012345678901234567890123456789", "fifth", NULL };
    GPtrArray *documents = test_documents_new();

    g_ptr_array_add(documents, test_document("One", "text", small));
    g_ptr_array_add(documents, test_document("Two", "text", small));
    g_ptr_array_add(documents, test_document("Large", "text", large));
    g_ptr_array_add(documents, test_document("None", "text", empty));
    g_ptr_array_add(documents, test_document("Last", "text", small));
    return documents;
}

/* "documents 1-2 | document 3, pages 1-2 | ..." */
static char *plan_text(const GPtrArray *documents, gsize limit, GError **error)
{
    g_autoptr(Pack) pack = source_pack(documents, encode, NULL);
    g_autoptr(GArray) volumes = volume_plan(documents, pack, limit, encode, NULL, error);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; volumes != NULL && i < volumes->len; i++) {
        g_autofree char *volume = volume_to_text(&g_array_index(volumes, Volume, i), documents);
        g_string_append_printf(text, "%s%s", i > 0 ? " | " : "", volume);
    }
    return volumes != NULL ? g_strdup(text->str) : NULL;
}

static void test_plan(void)
{
    g_autoptr(GPtrArray) documents = make_documents();
    GError *error = NULL;
    g_autofree char *parts = plan_text(documents, 100, &error), *all = plan_text(documents, 10000, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(all, ==, "documents 1-5");
    g_assert_cmpstr(parts, ==, "documents 1-2 | document 3, pages 1-3 | document 3, pages 4-5 | documents 4-5");
    /* A page that is longer than a volume is an error that names it. */
    g_assert_null(plan_text(documents, 60, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_assert_nonnull(strstr(error->message, "Large: page 1 alone has 62 tokens; a volume can hold 60"));
    g_clear_error(&error);
}

/* No volume is longer than it may be, and together they have every page with text once. */
static void test_every_limit(void)
{
    g_autoptr(GPtrArray) documents = make_documents();
    g_autoptr(Pack) pack = source_pack(documents, encode, NULL);

    for (gsize limit = 70; limit <= pack->ids->len + 1; limit++) {
        g_autoptr(GArray) volumes = volume_plan(documents, pack, limit, encode, NULL, NULL);
        guint pages = 0;

        g_assert_nonnull(volumes);
        for (guint i = 0; i < volumes->len; i++) {
            g_autoptr(GArray) selection = volume_selection(&g_array_index(volumes, Volume, i), documents);
            g_autoptr(GPtrArray) view = selection_view(documents, selection);
            g_autoptr(Pack) part = selection_pack(view, encode, NULL);

            g_assert_cmpuint(part->ids->len, <=, limit);
            for (guint k = 0; k < part->spans->len; k++) {
                const PackSpan *span = &g_array_index(part->spans, PackSpan, k);
                g_assert_cmpuint(volume_find(volumes, span->document, span->page), ==, i);
            }
            pages += part->spans->len;
        }
        g_assert_cmpuint(pages, ==, pack->spans->len);
    }
}

/* Pages keep their numbers. */
static void test_view(void)
{
    g_autoptr(GPtrArray) documents = make_documents();
    g_autoptr(GArray) selection = selection_from_text("3:2,4-5 5:1", documents);
    g_autoptr(GPtrArray) view = selection_view(documents, selection);
    g_autoptr(Pack) pack = selection_pack(view, encode, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < pack->ids->len; i++)
        g_string_append_c(text, (char) g_array_index(pack->ids, gint32, i));
    g_assert_cmpstr(text->str, ==, "Document 3\n【3:2】\nsecond page of it\n【3:4】\n"
                    "0123456789012345678901234567890123456789\n【3:5】\nfifth\nDocument 5\n【5:1】\naaaa\n");
}

static void test_text(void)
{
    static const char *const good[] = { "1:1", "3:1-5", "3:1,3-5 5:1", "1:1 2:1 3:2" };
    static const char *const bad[] = { "", "1", "1:", "0:1", "6:1", "1:0", "1:2", "4:1", "3:5-4", "3:1-2,2", "3:3,1", "3:1 1:1",
                                       "1:1 ", " 1:1", "1:1,", "x", "1:1x", "3:1-99999999999999999999", "99999999999999999999:1" };
    g_autoptr(GPtrArray) documents = make_documents();

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GArray) selection = selection_from_text(good[i], documents);
        g_assert_nonnull(selection);
        g_autofree char *text = selection_to_text(selection);
        g_assert_cmpstr(text, ==, good[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        if (selection_from_text(bad[i], documents) != NULL)
            g_error("\"%s\" was accepted", bad[i]);
}

/* What is added at the end changes no volume but the last. */
static void test_stable(void)
{
    g_autoptr(GPtrArray) documents = make_documents();

    for (gsize limit = 70; limit < 200; limit += 7)
        for (guint n = 1; n < documents->len; n++) {
            g_autoptr(GPtrArray) some = g_ptr_array_new(), more = g_ptr_array_new();

            for (guint i = 0; i <= n; i++) {
                if (i < n)
                    g_ptr_array_add(some, g_ptr_array_index(documents, i));
                g_ptr_array_add(more, g_ptr_array_index(documents, i));
            }
            g_autoptr(Pack) less_pack = source_pack(some, encode, NULL), more_pack = source_pack(more, encode, NULL);
            g_autoptr(GArray) before = volume_plan(some, less_pack, limit, encode, NULL, NULL);
            g_autoptr(GArray) after = volume_plan(more, more_pack, limit, encode, NULL, NULL);
            g_assert_cmpuint(after->len, >=, before->len);
            for (guint i = 0; i + 1 < before->len; i++) {
                const Volume *a = &g_array_index(before, Volume, i), *b = &g_array_index(after, Volume, i);

                g_assert_true(a->first == b->first && a->last == b->last && a->first_page == b->first_page
                              && a->end_page == b->end_page && a->tokens == b->tokens);
            }
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume/plan", test_plan);
    g_test_add_func("/volume/every-limit", test_every_limit);
    g_test_add_func("/volume/stable", test_stable);
    g_test_add_func("/volume/view", test_view);
    g_test_add_func("/volume/text", test_text);
    return g_test_run();
}
