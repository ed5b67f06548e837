/* cache_status.c - what "kvasir cache status" shows. */
#include "config.h"
#include "src/cli/cache_status.h"

#include <stdio.h>
#include <string.h>

#include "src/answer/json.h"
#include "src/cli/meter.h"
#include "src/cli/output.h"
#include "src/cli/prepared_files.h"
#include "src/cli/settings.h"

char *cache_size_text(guint64 bytes)
{
    return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* Null when it is negative: not known. */
static void add_seconds(JsonBuilder *builder, const char *name, double seconds)
{
    json_builder_set_member_name(builder, name);
    if (seconds < 0)
        json_builder_add_null_value(builder);
    else
        json_builder_add_double_value(builder, (double) (gint64) (seconds * 1e3 + 0.5) / 1e3);
}

static void add_key(JsonBuilder *builder, const guint8 *root)
{
    g_autoptr(GString) key = g_string_new(NULL);

    for (guint b = 0; b < STORE_KEY_BYTES; b++)
        g_string_append_printf(key, "%02x", (guint) root[b]);
    json_add_text(builder, "root", key->str);
}

static void add_models(JsonBuilder *builder, const GArray *roots)
{
    json_builder_set_member_name(builder, "models");
    json_builder_begin_array(builder);
    for (guint i = 0; i < roots->len; i++) {
        const StoreRoot *root = &g_array_index(roots, StoreRoot, i);

        json_builder_begin_object(builder);
        add_key(builder, root->root);
        json_add_text(builder, "note", root->note);
        json_add_int(builder, "blocks", root->blocks);
        json_add_int(builder, "bytes", root->bytes);
        json_add_int(builder, "conversation_blocks", root->turns);
        json_add_int(builder, "conversation_bytes", root->turn_bytes);
        add_seconds(builder, "recompute_s", root->seconds);
        json_add_int(builder, "last_used", (guint64) root->last_used);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_corpora(JsonBuilder *builder, const GArray *corpora)
{
    json_builder_set_member_name(builder, "corpora");
    json_builder_begin_array(builder);
    for (guint i = 0; i < corpora->len; i++) {
        const StoreCorpus *corpus = &g_array_index(corpora, StoreCorpus, i);

        json_builder_begin_object(builder);
        json_add_text(builder, "corpus", corpus->name);
        add_key(builder, corpus->root);
        json_add_int(builder, "blocks", corpus->blocks);
        json_add_int(builder, "cached", corpus->cached);
        json_add_int(builder, "bytes", corpus->bytes);
        json_add_int(builder, "shared_blocks", corpus->shared);
        json_add_int(builder, "shared_bytes", corpus->shared_bytes);
        add_seconds(builder, "recompute_s", corpus->seconds);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void cache_status_print_json(const StoreStatus *status, const GArray *roots, const GArray *corpora)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_text(builder, "path", settings_get()->store_path);
    json_add_int(builder, "blocks", status->blocks);
    json_add_int(builder, "bytes", status->bytes);
    json_add_int(builder, "limit", status->limit);
    json_add_int(builder, "prepared_bytes", prepared_files_bytes(NULL));
    json_add_int(builder, "file_bytes", status->file_bytes);
    json_add_int(builder, "hits", status->hits);
    json_add_int(builder, "hit_bytes", status->hit_bytes);
    add_seconds(builder, "saved_s", status->saved);
    json_add_int(builder, "written", status->written);
    json_add_int(builder, "evicted", status->evicted);
    json_add_int(builder, "dropped", status->dropped);
    add_models(builder, roots);
    add_corpora(builder, corpora);
    json_builder_end_object(builder);
    output_json(builder, FALSE);
}

static void print_seconds(double seconds)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (seconds < 0)
        return;
    meter_time(text, seconds);
    printf(", %s to compute again", text->str);
}

/* A line for each corpus of ROOT. */
static void print_corpora(const StoreRoot *root, const GArray *corpora)
{
    for (guint i = 0; i < corpora->len; i++) {
        const StoreCorpus *corpus = &g_array_index(corpora, StoreCorpus, i);
        g_autofree char *size = cache_size_text(corpus->bytes), *shared = cache_size_text(corpus->shared_bytes);

        if (memcmp(corpus->root, root->root, STORE_KEY_BYTES) != 0)
            continue;
        printf("  %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " blocks (%u%%), %s", corpus->name, corpus->cached,
               corpus->blocks, (guint) (100 * corpus->cached / MAX(corpus->blocks, 1)), size);
        if (corpus->shared > 0)
            printf(", of which %s are shared with another corpus", shared);
        print_seconds(corpus->seconds);
        putchar('\n');
    }
}

static void print_root(const StoreRoot *root)
{
    g_autofree char *size = cache_size_text(root->bytes), *used = output_time(root->last_used);
    g_autofree char *turns = cache_size_text(root->turn_bytes);

    printf("%s: %" G_GUINT64_FORMAT " blocks, %s", root->note != NULL ? root->note : "(unnamed model)", root->blocks, size);
    if (root->turns > 0)
        printf(" (%s of conversations)", turns);
    print_seconds(root->seconds);
    printf(", last used %s\n", used);
}

void cache_status_print(const StoreStatus *status, const GArray *roots, const GArray *corpora)
{
    g_autofree char *bytes = cache_size_text(status->bytes), *limit = cache_size_text(status->limit);
    g_autofree char *file = cache_size_text(status->file_bytes), *hits = cache_size_text(status->hit_bytes);
    guint files;
    g_autofree char *prepared = cache_size_text(prepared_files_bytes(&files));
    g_autoptr(GString) saved = g_string_new(NULL);

    meter_time(saved, status->saved);
    printf("store      %s\n", settings_get()->store_path);
    printf("kept       %" G_GUINT64_FORMAT " blocks, %s (limit: %s)\n", status->blocks, bytes,
           status->limit ? limit : "none");
    printf("file       %s\n", file);
    if (files > 0)
        printf("prepared   %u file%s of weights, %s, within the same limit\n", files, files > 1 ? "s" : "", prepared);
    printf("read back  %" G_GUINT64_FORMAT " blocks, %s since it was made: %s of computing saved\n", status->hits, hits,
           saved->str);
    printf("written    %" G_GUINT64_FORMAT " blocks; evicted %" G_GUINT64_FORMAT "; dropped as damaged %" G_GUINT64_FORMAT
           "\n", status->written, status->evicted, status->dropped);
    for (guint i = 0; i < roots->len; i++) {
        putchar('\n');
        print_root(&g_array_index(roots, StoreRoot, i));
        print_corpora(&g_array_index(roots, StoreRoot, i), corpora);
    }
}
