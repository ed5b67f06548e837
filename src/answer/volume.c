/* volume.c - documents that are too many for one prompt, cut into volumes. */
#include "config.h"
#include "src/answer/volume.h"

#include <string.h>

#include "src/base/failure.h"

/* Behind the documents stand the question and the answer. */
#define ROOM 4096

gsize volume_limit(const Engine *engine, gsize wanted)
{
    gsize context = (gsize) engine_info(engine)->context;
    gsize most = context - MIN(ROOM, context / 4);

    return wanted > 0 ? MIN(wanted, most) : most;
}

typedef struct {
    const GPtrArray *documents;
    gsize limit;
    PackEncodeFunc encode;
    gpointer data;
    GArray *volumes;
} Plan;

static guint page_count(const GPtrArray *documents, guint document)
{
    return ((const Document *) g_ptr_array_index(documents, document))->pages->len;
}

/* The tokens of DOCUMENT in PACK: what stands before it changes none of them. */
static gsize document_tokens(const Pack *pack, guint document)
{
    const guint32 *end = (const guint32 *) (const void *) pack->document_end->data;

    return end[document] - (document > 0 ? end[document - 1] : 0);
}

/* How many tokens PAGE takes, with its mark. */
static gsize page_tokens(const Plan *plan, guint document, guint page)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    const Document *d = g_ptr_array_index(plan->documents, document);
    const Page *text = g_ptr_array_index(d->pages, page);

    if (text->length == 0)
        return 0;
    g_autofree char *mark = pack_mark(d, document, page);
    plan->encode(plan->data, mark, strlen(mark), ids);
    plan->encode(plan->data, text->text, text->length, ids);
    plan->encode(plan->data, "\n", 1, ids);
    return ids->len;
}

/* Cuts DOCUMENT, which is longer than the limit, between pages. */
static gboolean plan_parts(Plan *plan, guint document, GError **error)
{
    const Document *d = g_ptr_array_index(plan->documents, document);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autofree char *header = pack_header(d, document);
    Volume part = { document, document, 0, 0, 0 };

    plan->encode(plan->data, header, strlen(header), ids);
    part.tokens = ids->len;
    for (guint page = 0; page < d->pages->len; page++) {
        gsize n = page_tokens(plan, document, page);

        if (ids->len + n > plan->limit) {
            g_set_error(error, FAILURE, FAILURE_USAGE, "%s: page %u alone has %" G_GSIZE_FORMAT " tokens; a volume can hold %"
                        G_GSIZE_FORMAT, d->path, page + 1, ids->len + n, plan->limit);
            return FALSE;
        }
        if (part.tokens + n > plan->limit) {
            g_array_append_val(plan->volumes, part);
            part.first_page = page;
            part.tokens = ids->len;
        }
        part.tokens += n;
        part.end_page = page + 1;
    }
    g_array_append_val(plan->volumes, part);
    return TRUE;
}

/* Puts DOCUMENT of N tokens behind the last volume, or begins a new one. */
static void plan_whole(Plan *plan, guint document, gsize n, gboolean *open)
{
    Volume *last = *open ? &g_array_index(plan->volumes, Volume, plan->volumes->len - 1) : NULL;

    if (last != NULL && last->tokens + n <= plan->limit) {
        last->last = document;
        last->end_page = page_count(plan->documents, document);
        last->tokens += n;
    } else {
        const Volume volume = { document, document, 0, page_count(plan->documents, document), n };
        g_array_append_val(plan->volumes, volume);
    }
    *open = TRUE;
}

GArray *volume_plan(const GPtrArray *documents, const Pack *pack, gsize limit, PackEncodeFunc encode, gpointer data,
                    GError **error)
{
    Plan plan = { documents, limit, encode, data, NULL };
    g_autoptr(GArray) volumes = plan.volumes = g_array_new(FALSE, FALSE, sizeof(Volume));
    gboolean open = FALSE;

    for (guint i = 0; i < documents->len; i++) {
        gsize n = document_tokens(pack, i);

        if (n <= limit) {
            plan_whole(&plan, i, n, &open);
            continue;
        }
        /* Its parts are volumes of their own, so that they stay as they are whatever is added before the next cut. */
        if (!plan_parts(&plan, i, error))
            return NULL;
        open = FALSE;
    }
    return g_steal_pointer(&volumes);
}

GArray *volume_selection(const Volume *volume, const GPtrArray *documents)
{
    GArray *selection = g_array_new(FALSE, FALSE, sizeof(PageRun));

    for (guint i = volume->first; i <= volume->last; i++) {
        guint begin = i == volume->first ? volume->first_page : 0;
        guint end = i == volume->last ? volume->end_page : page_count(documents, i);
        const PageRun run = { i, begin, end - 1 };

        if (end > begin)
            g_array_append_val(selection, run);
    }
    return selection;
}

guint volume_find(const GArray *volumes, guint document, guint page)
{
    guint i = 0;

    while (i + 1 < volumes->len) {
        const Volume *next = &g_array_index(volumes, Volume, i + 1);
        if (document < next->first || (document == next->first && page < next->first_page))
            break;
        i++;
    }
    return i;
}

char *volume_to_text(const Volume *volume, const GPtrArray *documents)
{
    if (volume->first != volume->last)
        return g_strdup_printf("documents %u-%u", volume->first + 1, volume->last + 1);
    if (volume->first_page == 0 && volume->end_page == page_count(documents, volume->first))
        return g_strdup_printf("document %u", volume->first + 1);
    if (volume->first_page + 1 == volume->end_page)
        return g_strdup_printf("document %u, page %u", volume->first + 1, volume->end_page);
    return g_strdup_printf("document %u, pages %u-%u", volume->first + 1, volume->first_page + 1, volume->end_page);
}

char *volume_title(const char *corpus, guint index)
{
    return g_strdup_printf("%s (volume %u)", corpus, index + 1);
}

gboolean volume_is_titled(const char *title, const char *corpus)
{
    const char *open = g_strrstr(title, " (volume ");
    guint64 number;
    g_autofree char *again = NULL;

    if (open == NULL || strncmp(title, corpus, strlen(corpus)) != 0 || title + strlen(corpus) != open)
        return FALSE;
    number = g_ascii_strtoull(open + strlen(" (volume "), NULL, 10);
    again = number > 0 && number <= G_MAXUINT ? volume_title(corpus, (guint) number - 1) : NULL;
    return g_strcmp0(again, title) == 0;
}
