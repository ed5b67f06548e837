/* unit-columns.c - text in columns of a terminal. */
#include "config.h"

#include "src/base/columns.h"

static void test_width(void)
{
    g_assert_cmpuint(columns_of(""), ==, 0);
    g_assert_cmpuint(columns_of("Grüße"), ==, 5);
    g_assert_cmpuint(columns_of("e\xcc\x81t"), ==, 2);
    g_assert_cmpuint(columns_of("红楼梦 1"), ==, 8);
    g_assert_cmpuint(columns_of("한국어カナ"), ==, 10);
}

static void test_cut(void)
{
    static const struct { const char *text; gsize columns; const char *cut, *cell; } cases[] = {
        { "", 3, "", "   " }, { "abc", 3, "abc", "abc" }, { "abcd", 3, "ab…", "ab…" }, { "红楼梦", 6, "红楼梦", "红楼梦" },
        { "红楼梦", 7, "红楼梦", "红楼梦 " }, { "红楼梦", 5, "红楼…", "红楼…" }, { "红楼梦", 4, "红…", "红… " },
        { "红楼梦", 1, "…", "…" }, { "a红楼梦", 5, "a红…", "a红… " }, { "e\xcc\x81te\xcc\x81s", 3, "e\xcc\x81t…", "e\xcc\x81t…" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *cut = columns_cut(cases[i].text, cases[i].columns);
        g_autofree char *cell = columns_cell(cases[i].text, cases[i].columns);

        g_assert_cmpstr(cut, ==, cases[i].cut);
        g_assert_cmpstr(cell, ==, cases[i].cell);
        g_assert_cmpuint(columns_of(cell), ==, cases[i].columns);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/columns/width", test_width);
    g_test_add_func("/columns/cut", test_cut);
    return g_test_run();
}
