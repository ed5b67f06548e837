/* keeper.c - puts answers into the history beside other work. */
#include "config.h"
#include "src/cli/keeper.h"

#include <stdio.h>

#include "cache/catalogue.h"
#include "src/cli/asking.h"
#include "src/cli/output.h"
#include "src/cli/settings.h"

struct Keeper {
    const Command *command;
    GThread *thread;
    GAsyncQueue *queue;             /* of CatalogueRecord; END comes last */
    /* The thread's until it has ended. */
    Catalogue *catalogue;
    guint lost;                     /* records that are not in the history */
    GError *error;                  /* why, of the first */
};

static CatalogueRecord END;

static void free_record(gpointer record)
{
    catalogue_record_free(record);
}

static void write_records(Keeper *keeper, const GPtrArray *records)
{
    GError *error = NULL;

    /* It may be there, or free, when the next answer comes. */
    if (keeper->catalogue == NULL)
        keeper->catalogue = catalogue_open(settings_get()->catalogue_path, FALSE, &error);
    if (keeper->catalogue != NULL && catalogue_add_records(keeper->catalogue, records, &error))
        return;
    keeper->lost += records->len;
    if (keeper->error == NULL)
        keeper->error = error;
    else
        g_error_free(error);
}

static gpointer keeper_main(gpointer data)
{
    Keeper *keeper = data;
    CatalogueRecord *next = g_async_queue_pop(keeper->queue);

    while (next != &END) {
        g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);

        do
            g_ptr_array_add(records, next);
        while ((next = g_async_queue_try_pop(keeper->queue)) != NULL && next != &END);
        write_records(keeper, records);
        if (next == NULL)
            next = g_async_queue_pop(keeper->queue);
    }
    catalogue_close(keeper->catalogue);
    return NULL;
}

Keeper *keeper_new(const Command *command)
{
    Keeper *keeper = g_new0(Keeper, 1);

    keeper->command = command;
    keeper->queue = g_async_queue_new();
    keeper->thread = g_thread_new("keeper", keeper_main, keeper);
    return keeper;
}

void keeper_add(Keeper *keeper, Record *record, const Answer *answer)
{
    CatalogueRecord *row = g_new0(CatalogueRecord, 1);

    row->text = asking_record_text(record, answer);
    row->made = record->made;
    row->corpus = g_strdup(record->corpus);
    row->question = g_strdup(record->question);
    g_async_queue_push(keeper->queue, row);
}

void keeper_free(Keeper *keeper)
{
    if (keeper == NULL)
        return;
    g_async_queue_push(keeper->queue, &END);
    g_thread_join(keeper->thread);
    if (keeper->lost > 0)
        output_note("kvasir %s: warning: %s; %u answer%s not in the history\n", keeper->command->name, keeper->error->message,
                    keeper->lost, keeper->lost == 1 ? " is" : "s are");
    g_clear_error(&keeper->error);
    g_async_queue_unref(keeper->queue);
    g_free(keeper);
}
