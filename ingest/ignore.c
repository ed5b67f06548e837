/* ignore.c - patterns of files to leave out, in the syntax of gitignore(5). */
#include "config.h"

#include <string.h>

#include "ingest/ignore.h"

typedef struct {
    char **segments;        /* between slashes */
    gboolean keep;          /* "!" */
    gboolean folders;       /* "/" at its end */
} Pattern;

struct Ignore {
    GArray *patterns;
};

static void clear_pattern(gpointer pattern)
{
    g_strfreev(((Pattern *) pattern)->segments);
}

/* The end of LINE without blanks, unless a backslash stands before one. */
static gsize trimmed(const char *line, gsize length)
{
    while (length > 0 && strchr(" \t\r", line[length - 1]) && !(length > 1 && line[length - 2] == '\\'))
        length--;
    return length;
}

static void add_line(Ignore *ignore, const char *line, gsize length)
{
    Pattern pattern = { 0 };
    length = trimmed(line, length);
    if (length == 0 || *line == '#')
        return;
    if (*line == '!') {
        pattern.keep = TRUE;
        line++;
        length--;
    }
    while (length > 0 && line[length - 1] == '/') {
        pattern.folders = TRUE;
        length--;
    }
    gboolean anchored = memchr(line, '/', length) != NULL;
    if (length > 0 && *line == '/') {
        line++;
        length--;
    }
    if (length == 0)
        return;
    g_autofree char *glob = g_strndup(line, length);
    g_autofree char *whole = anchored ? g_strdup(glob) : g_strconcat("**/", glob, NULL);
    pattern.segments = g_strsplit(whole, "/", -1);
    g_array_append_val(ignore->patterns, pattern);
}

Ignore *ignore_new(const char *text, gsize length)
{
    Ignore *ignore = g_new0(Ignore, 1);
    const char *end = text + length;
    ignore->patterns = g_array_new(FALSE, FALSE, sizeof(Pattern));
    g_array_set_clear_func(ignore->patterns, clear_pattern);
    for (const char *line = text; line < end; ) {
        const char *feed = memchr(line, '\n', (gsize) (end - line));
        const char *stop = feed ? feed : end;
        /* A NUL ends what can be a name. */
        add_line(ignore, line, strnlen(line, (gsize) (stop - line)));
        line = stop + 1;
    }
    return ignore;
}

void ignore_free(Ignore *ignore)
{
    if (!ignore)
        return;
    g_array_unref(ignore->patterns);
    g_free(ignore);
}

static const char *next_char(const char *p)
{
    p++;
    while (((guchar) *p & 0xc0) == 0x80)
        p++;
    return p;
}

/* "[a-z]" at P against the letter at C: the pattern's next character, or NULL if it is no class.  Bytes: a class of
 * letters beyond ASCII is rare in names of files. */
static const char *match_class(const char *p, char c, gboolean *matches)
{
    gboolean negated = p[1] == '!' || p[1] == '^', found = FALSE;
    const char *q = p + 1 + negated;
    for (gboolean first = TRUE; *q && (*q != ']' || first); first = FALSE) {
        if (*q == '\\' && q[1])
            q++;
        guchar low = (guchar) *q++, high = low;
        if (*q == '-' && q[1] && q[1] != ']') {
            q += q[1] == '\\' && q[2] ? 2 : 1;
            high = (guchar) *q++;
        }
        found |= (guchar) c >= low && (guchar) c <= high;
    }
    *matches = found != negated;
    return *q == ']' ? q + 1 : NULL;
}

/* One character of the pattern that is no star against one of NAME; the pattern's next, or NULL. */
static const char *match_one(const char *p, const char *name)
{
    gboolean matches;
    if (*p == '?')
        return p + 1;
    if (*p == '[') {
        const char *next = match_class(p, *name, &matches);
        if (next)
            return matches ? next : NULL;
    }
    if (*p == '\\' && p[1])
        p++;
    return *p && *p == *name ? p + 1 : NULL;
}

/* A segment of a pattern against a segment of a path.  On failure only the last star need be tried again, so that the time
 * is at most the product of both lengths. */
static gboolean match_segment(const char *p, const char *name)
{
    const char *star = NULL, *retry = NULL;
    while (*name) {
        const char *next;
        if (*p == '*') {
            star = ++p;
            retry = name;
        } else if (*p && (next = match_one(p, name))) {
            name = *p == '?' ? next_char(name) : name + 1;
            p = next;
        } else if (star) {
            retry = next_char(retry);
            name = retry;
            p = star;
        } else {
            return FALSE;
        }
    }
    while (*p == '*')
        p++;
    return !*p;
}

/* The same with segments as characters and "**" as star. */
static gboolean match_path(char *const *pattern, char *const *path)
{
    char *const *star = NULL, *const *retry = NULL;
    while (*path) {
        if (*pattern && !strcmp(*pattern, "**")) {
            /* At the end, "**" is what is in a folder, not the folder itself. */
            if (!pattern[1])
                return TRUE;
            star = ++pattern;
            retry = path;
        } else if (*pattern && match_segment(*pattern, *path)) {
            pattern++;
            path++;
        } else if (star) {
            path = ++retry;
            pattern = star;
        } else {
            return FALSE;
        }
    }
    return !*pattern;
}

IgnoreVerdict ignore_match(const Ignore *ignore, const char *path, gboolean folder)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    for (guint i = ignore->patterns->len; i-- > 0; ) {
        const Pattern *pattern = &g_array_index(ignore->patterns, Pattern, i);
        if ((!pattern->folders || folder) && match_path(pattern->segments, segments))
            return pattern->keep ? IGNORE_KEEP : IGNORE_DROP;
    }
    return IGNORE_SILENT;
}
