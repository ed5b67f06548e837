/* corpus_show.c - what is in a corpus: its documents with their pages, tokens and states. */
#include "config.h"
#include "src/cli/corpus_show.h"

#include <stdio.h>

#include "src/answer/json.h"
#include "src/answer/prompt.h"
#include "src/answer/source.h"
#include "src/base/failure.h"
#include "src/cli/meter.h"
#include "src/cli/naming.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"
#include "src/cli/work.h"

void corpus_add_json(JsonBuilder *builder, const CatalogueCorpus *corpus)
{
    json_add_text(builder, "name", corpus->name);
    json_add_int(builder, "documents", corpus->documents);
    json_add_int(builder, "pages", corpus->pages);
    json_add_int(builder, "text_bytes", (gint64) corpus->text_bytes);
    json_add_int(builder, "created", corpus->created);
    json_add_int(builder, "changed", corpus->changed);
}

/* In a line of a table: a name may hold a newline. */
static void print_name(const char *name)
{
    g_autofree char *visible = output_visible(name, "");

    fputs(visible, stdout);
}

void corpus_print(const CatalogueCorpus *corpus)
{
    g_autofree char *size = g_format_size_full(corpus->text_bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *changed = output_time(corpus->changed);

    print_name(corpus->name);
    printf("  %u document%s, %u page%s, %s of text, changed %s\n", corpus->documents,
           corpus->documents == 1 ? "" : "s", corpus->pages, corpus->pages == 1 ? "" : "s", size, changed);
}

gboolean corpus_not_found(const char *name, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_USAGE, "there is no corpus \"%s\"; \"kvasir corpus list\" shows those there are",
                name);
    return FALSE;
}

/* A corpus as it is shown. */
typedef struct {
    const CatalogueCorpus *corpus;
    const GPtrArray *rows, *copies;     /* CatalogueDocument * */
    const Naming *naming;
    Engine *engine;                     /* NULL: tokens are not counted */
    Pack *pack;                         /* of all documents, with its vocabulary; or NULL */
} Show;

static guint count_pages(const CatalogueDocument *row, PageState state)
{
    guint n = 0;

    for (guint i = 0; i < row->pages->len; i++)
        n += ((const CataloguePage *) g_ptr_array_index(row->pages, i))->state == (int) state;
    return n;
}

/* Of document I, its header and the marks of its pages included. */
static guint count_tokens(const Show *show, guint i)
{
    const guint32 *ends = (const guint32 *) (void *) show->pack->document_end->data;

    return ends[i] - (i > 0 ? ends[i - 1] : 0);
}

/* Entries of the bibliography that have no document. */
static void add_unused(JsonBuilder *builder, const Naming *naming)
{
    json_builder_set_member_name(builder, "bibliography_unused");
    json_builder_begin_array(builder);
    for (guint i = 0; i < naming->unused->len; i++)
        json_builder_add_string_value(builder, ((const BibEntry *) g_ptr_array_index(naming->unused, i))->key);
    json_builder_end_array(builder);
}

/* Of a library of thousands; JSON has them all. */
enum { UNUSED_SHOWN = 20 };

static void print_unused(const Naming *naming)
{
    guint n = naming->unused->len;

    if (naming->bibliography->entries->len == 0)
        return;
    printf("bibliography: %u entries, %u without a document", naming->bibliography->entries->len, n);
    for (guint i = 0; i < MIN(n, UNUSED_SHOWN); i++)
        printf("%s %s", i > 0 ? "," : ":", ((const BibEntry *) g_ptr_array_index(naming->unused, i))->key);
    if (n > UNUSED_SHOWN)
        printf(", and %u more", n - UNUSED_SHOWN);
    putchar('\n');
}

/* The states that a reader should know of; a page with text and an empty one are as they should be. */
static const PageState NOTABLE[] = { PAGE_SCAN, PAGE_UNREADABLE, PAGE_DAMAGED, PAGE_RECOGNISED };

static void add_document(JsonBuilder *builder, const Show *show, guint i)
{
    const CatalogueDocument *row = g_ptr_array_index(show->rows, i);
    const Document *named = g_ptr_array_index(show->naming->documents, i);

    json_builder_begin_object(builder);
    json_add_text(builder, "path", row->path);
    json_add_text(builder, "format", row->format);
    json_add_text(builder, "title", row->title);
    json_add_text(builder, "author", row->author);
    json_add_text(builder, "date", row->date);
    json_add_text(builder, "name", named->name);
    json_add_text(builder, "key", named->key);
    json_add_text(builder, "hash", row->hash);
    json_add_int(builder, "added", row->added);
    json_add_int(builder, "pages", row->pages->len);
    for (guint k = 0; k < G_N_ELEMENTS(NOTABLE); k++)
        json_add_int(builder, page_state_name(NOTABLE[k]), count_pages(row, NOTABLE[k]));
    if (show->pack != NULL)
        json_add_int(builder, "tokens", count_tokens(show, i));
    json_builder_set_member_name(builder, "copies");
    json_builder_begin_array(builder);
    for (guint k = 0; k < show->copies->len; k++) {
        const CatalogueDocument *copy = g_ptr_array_index(show->copies, k);
        g_autofree char *path = g_utf8_make_valid(copy->path, -1);
        if (g_strcmp0(copy->hash, row->hash) == 0)
            json_builder_add_string_value(builder, path);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void show_json(const Show *show)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    corpus_add_json(builder, show->corpus);
    if (show->pack != NULL) {
        json_add_int(builder, "tokens", show->pack->ids->len);
        json_add_text(builder, "model", engine_info(show->engine)->name);
        json_add_int(builder, "context", engine_info(show->engine)->context);
    }
    json_builder_set_member_name(builder, "contents");
    json_builder_begin_array(builder);
    for (guint i = 0; i < show->rows->len; i++)
        add_document(builder, show, i);
    json_builder_end_array(builder);
    add_unused(builder, show->naming);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

static void print_states(const CatalogueDocument *row)
{
    guint told = 0;

    for (guint k = 0; k < G_N_ELEMENTS(NOTABLE); k++) {
        guint n = count_pages(row, NOTABLE[k]);
        if (n > 0)
            printf("%s%u %s", told++ > 0 ? ", " : "(", n, page_state_name(NOTABLE[k]));
    }
    fputs(told > 0 ? ")  " : "", stdout);
}

static void print_document(const Show *show, guint i)
{
    const CatalogueDocument *row = g_ptr_array_index(show->rows, i);
    const Document *named = g_ptr_array_index(show->naming->documents, i);

    printf("%4u  ", i + 1);
    if (show->pack != NULL)
        printf("%7u tokens  ", count_tokens(show, i));
    printf("%4u page%s  ", row->pages->len, row->pages->len == 1 ? " " : "s");
    print_states(row);
    print_name(row->path);
    fputs("  ", stdout);
    print_name(row->title != NULL ? row->title : "");
    if (row->author != NULL || row->date != NULL)
        output_print(" (%s%s%s)", row->author != NULL ? row->author : "", row->author != NULL && row->date != NULL ? ", " : "",
                     row->date != NULL ? row->date : "");
    if (named->name != NULL)
        output_print("  [%s]", named->name);
    for (guint k = 0; k < show->copies->len; k++) {
        const CatalogueDocument *copy = g_ptr_array_index(show->copies, k);
        if (g_strcmp0(copy->hash, row->hash) != 0)
            continue;
        fputs("  = ", stdout);
        print_name(copy->path);
    }
    putchar('\n');
}

/* All tokens against the context. */
static void print_total(const Show *show)
{
    g_autoptr(GString) line = g_string_new(NULL);
    gint64 context, tokens;

    if (show->pack == NULL)
        return;
    context = engine_info(show->engine)->context;
    tokens = show->pack->ids->len;
    meter_count(line, (guint64) tokens);
    g_string_append_printf(line, " tokens with the vocabulary of %s, whose context has ", engine_info(show->engine)->name);
    meter_count(line, (guint64) context);
    g_string_append_printf(line, " (%" G_GINT64_FORMAT "%%)%s", 100 * tokens / MAX(context, 1),
                           tokens > context ? ": it is read in volumes" : "");
    puts(line->str);
}

static void show_text(const Show *show)
{
    corpus_print(show->corpus);
    for (guint i = 0; i < show->rows->len; i++)
        print_document(show, i);
    print_total(show);
    print_unused(show->naming);
}

/* Counts tokens, if a model is at hand; without one all else is shown. */
static void count_all(Show *show)
{
    g_autoptr(GError) local = NULL;
    const Tokenizer *tokenizer;

    show->engine = settings_open_reader(&local);
    tokenizer = show->engine != NULL ? work_tokenizer(show->engine, &local) : NULL;
    if (tokenizer != NULL)
        show->pack = source_pack(show->naming->documents, prompt_encode, (gpointer) (guintptr) tokenizer);
    else if (!settings_get()->quiet)
        output_note("kvasir corpus: tokens are not counted: %s\n", local->message);
}

gboolean corpus_show(const char *name, gboolean json, GError **error)
{
    g_autoptr(Catalogue) catalogue = NULL;
    g_autoptr(CatalogueCorpus) corpus = NULL;
    g_autoptr(GPtrArray) rows = NULL, copies = NULL;
    GError *local = NULL;

    if (!settings_have_catalogue())
        return corpus_not_found(name, error);
    catalogue = catalogue_open(settings_get()->catalogue_path, TRUE, &local);
    if (catalogue != NULL)
        corpus = catalogue_corpus(catalogue, name, &local);
    if (corpus != NULL)
        rows = catalogue_documents(catalogue, name, TRUE, &local);
    if (rows != NULL)
        copies = catalogue_copies(catalogue, name, &local);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (rows == NULL)
        return corpus_not_found(name, error);
    g_autoptr(Naming) naming = naming_new(catalogue, name, rows, error);
    if (naming == NULL)
        return FALSE;
    Show show = { .corpus = corpus, .rows = rows, .copies = copies, .naming = naming };
    count_all(&show);
    if (json)
        show_json(&show);
    else
        show_text(&show);
    g_clear_pointer(&show.pack, pack_free);
    g_clear_pointer(&show.engine, engine_free);
    return TRUE;
}
