/* json.h - members of JSON objects, one line each where they are written. */
#ifndef KVASIR_ANSWER_JSON_H
#define KVASIR_ANSWER_JSON_H

#include <json-glib/json-glib.h>

static inline void json_add_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static inline void json_add_double(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, value);
}

/* To the microsecond. */
static inline void json_add_seconds(JsonBuilder *builder, const char *name, double value)
{
    json_add_double(builder, name, (double) (gint64) (value * 1e6) / 1e6);
}

static inline void json_add_boolean(JsonBuilder *builder, const char *name, gboolean value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

/* NULL becomes null; bytes that are not UTF-8 (a path may have any) become U+FFFD. */
static inline void json_add_text(JsonBuilder *builder, const char *name, const char *value)
{
    g_autofree char *valid = value != NULL ? g_utf8_make_valid(value, -1) : NULL;

    json_builder_set_member_name(builder, name);
    if (valid != NULL)
        json_builder_add_string_value(builder, valid);
    else
        json_builder_add_null_value(builder);
}

/* Takes VALUE over. */
static inline void json_add_node(JsonBuilder *builder, const char *name, JsonNode *value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_value(builder, value);
}

#endif
