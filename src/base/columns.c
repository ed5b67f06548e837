/* columns.c - how many columns of a terminal text takes. */
#include "config.h"
#include "src/base/columns.h"

static gsize width(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

gsize columns_of(const char *text)
{
    gsize n = 0;

    for (; *text != '\0'; text += g_utf8_skip[(guchar) *text])
        n += width(g_utf8_get_char(text));
    return n;
}

gsize columns_fit(const char *text, gsize columns)
{
    const char *p = text;

    for (gsize n = 0; *p != '\0'; p += g_utf8_skip[(guchar) *p])
        if ((n += width(g_utf8_get_char(p))) > columns)
            break;
    return (gsize) (p - text);
}

char *columns_cut(const char *text, gsize columns)
{
    if (columns_of(text) <= columns)
        return g_strdup(text);
    return g_strdup_printf("%.*s…", (int) columns_fit(text, columns - 1), text);
}

char *columns_cell(const char *text, gsize columns)
{
    g_autofree char *cut = columns_cut(text, columns);

    return g_strdup_printf("%s%*s", cut, (int) (columns - columns_of(cut)), "");
}
