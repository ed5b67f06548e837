/* chat-tools.c - the system message that offers tools.
 *
 * The sentences are the model's own, which it was trained with (string constants of
 * tokenization_chatglm.py of THUDM/glm-4-9b-chat): data needed to talk to it.
 * A function's description is printed as Python's json.dumps(ensure_ascii=False,
 * indent=4) does, for the same reason.
 */
#include "config.h"
#include "src/model/chat.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/failure.h"

#define DEPTH_MAX 100           /* of nested arrays and objects */

static const char intro[] =
    "你是一个名为 GLM-4 的人工智能助手。你是基于智谱AI训练的语言模型 GLM-4 模型开发的，你的任务是针对用户"
    "的问题和要求提供适当的答复和支持。";

static const char function_after[] =
    "\n"
    "在调用上述函数时，请使用 Json 格式表示调用的参数。";

static const char python[] =
    "\n\n"
    "## python\n"
    "\n当你向 `python` 发送包含 Python 代码的消息时，该代码将会在一个有状态的 Jupyter notebook 环境中执行"
    "。\n"
    "`python` 返回代码执行的输出，或在执行 60 秒后返回超时。\n"
    "`/mnt/data` 将会持久化存储你的文件。在此会话中，`python` 无法访问互联网。不要使用 `python` 进行任何网"
    "络请求或者在线 API 调用，这些在线内容的访问将不会成功。";

static const char simple_browser[] =
    "\n\n"
    "## simple_browser\n"
    "\n你可以使用 `simple_browser` 工具。该工具支持以下函数：\n"
    "`search(query: str, recency_days: int)`：使用搜索引擎进行查询并显示结果，可以使用 `recency_days` 参数"
    "控制搜索内容的时效性。\n"
    "`mclick(ids: list[int])`：获取一系列指定 id 的页面内容。每次调用时，须选择3-10个页面。选择多个角度的"
    "页面，同时尽可能选择可信任的信息来源。考虑到部分页面是无法加载的，你也可以多打开一些可能有用的页面而"
    "不用担心内容过多。\n"
    "`open_url(url: str)`：打开指定的 URL。\n"
    "\n使用 `【{引用 id}†{引用文本}】` 来引用内容。\n"
    "\n操作步骤：1. 使用 `search` 来获得信息列表; 2. 使用 `mclick` 来获取指定 ID 页面的内容; 3. 根据获得的"
    "内容进行回复。在回复中应当引用信息来源。\n"
    " 如果用户提供了 URL，也可以用 `open_url` 直接打开页面。\n"
    "如果初次搜索结果没有找到合适的信息，也可以再次使用 `search` 进行搜索。";

static const char cogview[] =
    "\n\n"
    "## cogview\n"
    "\n如果用户的请求中包含了对图像的描述，你可以使用 `cogview` 来生成图像并展示给用户。你需要向 `cogview"
    "` 发送图像描述，规则：\n"
    "- 发送给 `cogview` 的消息必须使用英语。用户的中文描述必须完全翻译为英语。\n"
    "- 应当尽可能详细地描述图像生成的需求，需求描述约 100 英文单词。\n"
    "- 保持用户原始描述的意图。不要虚构内容或者没见过的人物。\n"
    "- 如无特殊说明，所在地为中国，持有中国立场并遵循中国社会主义价值观。";

static const struct {
    const char *type, *text;
} built_in[] = {
    { "python", python },
    { "simple_browser", simple_browser },
    { "cogview", cogview },
};

/* ---- JSON as Python writes it ---- */

static void write_string(GString *out, const char *text)
{
    static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";

    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        const char *found = strchr(plain, *p);

        if (found)
            g_string_append_printf(out, "\\%c", letters[found - plain]);
        else if ((guchar) *p < 0x20)
            g_string_append_printf(out, "\\u%04x", (guint) *p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

/* The shortest digits that give VALUE again; an exponent below 1e-4 and from 1e16 on. */
static void write_double(GString *out, double value)
{
    char format[16], text[64];
    int digits = 0, exponent;

    for (; digits < 17; digits++) {
        g_snprintf(format, sizeof format, "%%.%de", digits);
        g_ascii_formatd(text, sizeof text, format, value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= 16) {
        g_string_append(out, text);
        return;
    }
    g_snprintf(format, sizeof format, "%%.%df", MAX(digits - exponent, 0));
    g_string_append(out, g_ascii_formatd(text, sizeof text, format, value));
    if (digits <= exponent)
        g_string_append(out, ".0");
}

static void new_line(GString *out, int depth)
{
    g_string_append_printf(out, "\n%*s", 4 * depth, "");
}

static void write_node(GString *out, JsonNode *node, int depth);

static void write_array(GString *out, JsonArray *array, int depth)
{
    guint n = json_array_get_length(array);

    g_string_append_c(out, '[');
    for (guint i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        new_line(out, depth + 1);
        write_node(out, json_array_get_element(array, i), depth + 1);
    }
    if (n > 0)
        new_line(out, depth);
    g_string_append_c(out, ']');
}

static void write_object(GString *out, JsonObject *object, int depth)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    gboolean first = TRUE;

    g_string_append_c(out, '{');
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (!first)
            g_string_append_c(out, ',');
        first = FALSE;
        new_line(out, depth + 1);
        write_string(out, name);
        g_string_append(out, ": ");
        write_node(out, node, depth + 1);
    }
    if (!first)
        new_line(out, depth);
    g_string_append_c(out, '}');
}

static void write_node(GString *out, JsonNode *node, int depth)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        write_object(out, json_node_get_object(node), depth);
    else if (JSON_NODE_HOLDS_ARRAY(node))
        write_array(out, json_node_get_array(node), depth);
    else if (json_node_get_value_type(node) == G_TYPE_STRING)
        write_string(out, json_node_get_string(node));
    else if (json_node_get_value_type(node) == G_TYPE_INT64)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, json_node_get_int(node));
    else if (json_node_get_value_type(node) == G_TYPE_DOUBLE)
        write_double(out, json_node_get_double(node));
    else if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
    else
        g_string_append(out, "null");
}

/* ---- the message ---- */

/* Whether TEXT is shallow enough for parsers that call themselves for each level. */
static gboolean is_shallow(const char *text)
{
    gboolean quoted = FALSE;
    int depth = 0;

    for (const char *p = text; *p; p++) {
        if (quoted && *p == '\\' && p[1])
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '[' || *p == '{') && ++depth > DEPTH_MAX)
            return FALSE;
        else if (!quoted && (*p == ']' || *p == '}'))
            depth--;
    }
    return TRUE;
}

static const char *string_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

static gboolean append_function(GString *out, JsonObject *tool, guint number, GError **error)
{
    JsonNode *node = json_object_get_member(tool, "function");
    JsonObject *function = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *name = function ? string_member(function, "name") : NULL;

    if (!name) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "tool %u has no \"function\" with a \"name\"", number);
        return FALSE;
    }
    g_string_append_printf(out, "\n\n## %s\n\n", name);
    write_object(out, function, 0);
    g_string_append(out, function_after);
    return TRUE;
}

static gboolean append_tool(GString *out, JsonNode *node, guint number, GError **error)
{
    JsonObject *tool = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *type = tool ? string_member(tool, "type") : NULL;

    if (!type) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "tool %u is not an object with a \"type\"", number);
        return FALSE;
    }
    if (strcmp(type, "function") == 0)
        return append_function(out, tool, number, error);
    for (gsize i = 0; i < G_N_ELEMENTS(built_in); i++)
        if (strcmp(type, built_in[i].type) == 0) {
            g_string_append(out, built_in[i].text);
            return TRUE;
        }
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "tool %u has the type \"%s\"; known are function, python, simple_browser and cogview", number, type);
    return FALSE;
}

char *chat_tools_text(const char *tools_json, GError **error)
{
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GString) out = NULL;
    JsonArray *tools;

    if (g_utf8_validate(tools_json, -1, NULL) && is_shallow(tools_json))
        root = json_from_string(tools_json, &cause);
    if (!root || !JSON_NODE_HOLDS_ARRAY(root) || json_array_get_length(json_node_get_array(root)) == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "the tools are not a JSON array of tools%s%s",
                    cause ? ": " : "", cause ? cause->message : "");
        return NULL;
    }
    tools = json_node_get_array(root);
    out = g_string_new(intro);
    for (guint i = 0; i < json_array_get_length(tools); i++)
        if (!append_tool(out, json_array_get_element(tools, i), i + 1, error))
            return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}
