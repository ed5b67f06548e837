/* longcite.c - the form of LongCite-glm4-9b. */
#include "config.h"
#include "src/answer/longcite.h"

#include <string.h>

#include "src/answer/sentence.h"

/* As published with the model (LongCite: Enabling LLMs to Generate Fine-grained Citations in Long-context QA). */
const char longcite_preface[] =
    "Please answer the user's question based on the following document. When a sentence S in your response uses information from "
    "some chunks in the document (i.e., <C{s1}>-<C_{e1}>, <C{s2}>-<C{e2}>, ...), please append these chunk numbers to S in the "
    "format \"<statement>{S}<cite>[{s1}-{e1}][{s2}-{e2}]...</cite></statement>\". You must answer in the same language as the "
    "user's question.\n\n[Document Start]\n";
const char longcite_lead[] = "\n[Document End]\n\n";

gboolean longcite_is(const char *name)
{
    g_autofree char *folded = g_ascii_strdown(name, -1);

    return strstr(folded, "longcite") != NULL;
}

/* The number at *P, which moves behind it. */
static guint64 read_number(const char **p)
{
    guint64 n = g_ascii_strtoull(*p, NULL, 10);

    while (g_ascii_isdigit(**p))
        (*p)++;
    return n;
}

GArray *longcite_ranges(const char *inner)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(LongciteRange));
    gboolean open = FALSE;              /* a dash after the first number of a range */

    for (const char *p = inner; *p != '\0';) {
        gunichar c = g_utf8_get_char(p);

        if (g_ascii_isdigit(*p)) {
            guint64 n = read_number(&p);
            LongciteRange range = { n, n };

            if (open && ranges->len > 0)
                g_array_index(ranges, LongciteRange, ranges->len - 1).last = n;
            else
                g_array_append_val(ranges, range);
            open = FALSE;
            continue;
        }
        if (c == '-' || c == '~' || c == 0xff5e || (c >= 0x2010 && c <= 0x2015))
            open = TRUE;
        else if (c == ',' || c == ';' || c == '[' || c == 0xff0c || c == 0x3001)
            open = FALSE;
        p = sentence_next_char(p);
    }
    return ranges;
}

LongciteTag longcite_tag(const char *text, gsize *length)
{
    static const struct {
        const char *text;
        LongciteTag tag;
    } tags[] = {
        { "<statement>", LONGCITE_STATEMENT }, { "</statement>", LONGCITE_STATEMENT_END },
        { "<cite>", LONGCITE_CITE }, { "</cite>", LONGCITE_CITE_END },
    };

    *length = 0;
    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        *length = strlen(tags[i].text);
        if (strncmp(text, tags[i].text, *length) == 0)
            return tags[i].tag;
        if (strlen(text) < *length && strncmp(text, tags[i].text, strlen(text)) == 0)
            return LONGCITE_UNSURE;
    }
    return LONGCITE_TEXT;
}
