/* bibtex.c - BibTeX and biblatex: entries with their fields as they stand, macros replaced.
 *
 *     @string{jan = "January"}   @comment{...}   @preamble{...}
 *     @article{key, author = {...}, title = "..." # macro, year = 2020}
 *
 * What is no entry is a comment.  An entry that breaks off is counted, and reading goes on at the next line that begins with "@".
 */
#include "config.h"

#include <string.h>

#include "ingest/references.h"

/* No value is longer, and none grows to more by "#" and macros of macros. */
enum { VALUE_MAX = 1 << 20 };
/* With more damage than this it is no library. */
enum { DAMAGED_MAX = 1000 };

typedef struct {
    const char *p;
    GHashTable *macros;         /* name in lower case -> value */
    gsize expanded;             /* bytes that macros have given, of all values */
} Parser;

static void skip_space(Parser *in)
{
    while (g_ascii_isspace(*in->p))
        in->p++;
}

static gboolean take(Parser *in, char c)
{
    skip_space(in);
    if (*in->p != c)
        return FALSE;
    in->p++;
    return TRUE;
}

/* A name of a field, macro or kind, in lower case; to be freed, NULL if there is none. */
static char *take_name(Parser *in)
{
    skip_space(in);
    gsize n = strcspn(in->p, " \t\r\n\"#%'(),={}@\\");
    char *name = n > 0 ? g_ascii_strdown(in->p, (gssize) n) : NULL;
    in->p += n;
    return name;
}

/* The key of an entry: anything up to the comma or the end. */
static char *take_key(Parser *in)
{
    skip_space(in);
    gsize n = strcspn(in->p, ",{}=\"\n");
    char *key = g_strstrip(g_strndup(in->p, n));
    in->p += n;
    return key;
}

/* What stands up to END outside of braces; FALSE when the text ends before.  A brace behind a backslash counts, as in BibTeX. */
static gboolean take_balanced(Parser *in, char end, GString *value)
{
    guint depth = 0;
    const char *begin = in->p;
    for (; *in->p && in->p - begin <= VALUE_MAX; in->p++) {
        if (*in->p == end && depth == 0) {
            if (value->len + (gsize) (in->p - begin) <= VALUE_MAX)
                g_string_append_len(value, begin, in->p - begin);
            in->p++;
            return TRUE;
        } else if (*in->p == '{') {
            depth++;
        } else if (*in->p == '}' && depth > 0) {
            depth--;
        }
    }
    return FALSE;
}

/* A macro that nobody has defined, such as a month, stands for itself, and so does any once macros have given as much as the
 * largest library holds: a few lines of macros of macros would fill the memory. */
static gboolean take_word(Parser *in, GString *value)
{
    g_autofree char *name = take_name(in);
    const char *macro = name ? g_hash_table_lookup(in->macros, name) : NULL;
    if (!name)
        return FALSE;
    in->expanded += macro ? strlen(macro) : 0;
    if (in->expanded > BIBLIOGRAPHY_MAX)
        macro = NULL;
    if (value->len + strlen(macro ? macro : name) <= VALUE_MAX)
        g_string_append(value, macro ? macro : name);
    return TRUE;
}

/* To be freed; NULL when it is none or breaks off. */
static char *take_value(Parser *in)
{
    g_autoptr(GString) value = g_string_new(NULL);
    do {
        gboolean ok = take(in, '{') ? take_balanced(in, '}', value)
            : take(in, '"') ? take_balanced(in, '"', value) : take_word(in, value);
        if (!ok)
            return NULL;
    } while (take(in, '#'));
    return g_strdup(value->str);
}

static gboolean read_string(Parser *in, char close)
{
    g_autofree char *name = take_name(in);
    if (!name || !take(in, '='))
        return FALSE;
    char *value = take_value(in);
    if (!value || !take(in, close)) {
        g_free(value);
        return FALSE;
    }
    g_hash_table_replace(in->macros, g_steal_pointer(&name), value);
    return TRUE;
}

/* Fields by name; the first of a name counts. */
static gboolean read_fields(Parser *in, char close, GHashTable *fields)
{
    while (take(in, ',')) {
        g_autofree char *name = NULL;
        skip_space(in);
        if (*in->p == close || *in->p == ',')
            continue;
        name = take_name(in);
        if (!name || !take(in, '='))
            return FALSE;
        char *value = take_value(in);
        if (!value)
            return FALSE;
        if (g_hash_table_contains(fields, name))
            g_free(value);
        else
            g_hash_table_insert(fields, g_steal_pointer(&name), value);
    }
    return take(in, close);
}

/* The first of NAMES that the entry has, as text; to be freed. */
static char *field_text(GHashTable *fields, const char *const *names)
{
    for (; *names; names++) {
        const char *value = g_hash_table_lookup(fields, *names);
        if (value && *value)
            return latex_text(value);
    }
    return NULL;
}

static void take_entry(Bibliography *bibliography, const char *key, GHashTable *fields)
{
    static const char *const TITLE[] = { "title", "booktitle", NULL }, *const YEAR[] = { "date", "year", NULL };
    static const char *const DOI[] = { "doi", NULL }, *const EPRINT[] = { "eprint", NULL };
    static const char *const ARCHIVE[] = { "archiveprefix", "eprinttype", NULL };
    BibEntry *entry = bib_entry_new(key);
    g_autofree char *title = field_text(fields, TITLE), *year = field_text(fields, YEAR);
    g_autofree char *doi = field_text(fields, DOI), *eprint = field_text(fields, EPRINT);
    g_autofree char *archive = field_text(fields, ARCHIVE);
    const char *authors = g_hash_table_lookup(fields, "author"), *files = g_hash_table_lookup(fields, "file");
    if (!authors)
        authors = g_hash_table_lookup(fields, "editor");
    bib_entry_set_title(entry, title);
    bib_entry_set_year(entry, year);
    bib_entry_set_doi(entry, doi);
    if (eprint && archive && !g_ascii_strcasecmp(archive, "arxiv"))
        bib_entry_set_arxiv(entry, eprint);
    if (authors)
        latex_names(entry, authors);
    if (files)
        latex_files(entry, files);
    g_ptr_array_add(bibliography->entries, entry);
}

/* At what follows "@"; FALSE when it breaks off. */
static gboolean read_object(Bibliography *bibliography, Parser *in)
{
    g_autofree char *kind = take_name(in);
    if (!kind)
        return TRUE;                                        /* an "@" in a comment: an address, say */
    char close = take(in, '{') ? '}' : take(in, '(') ? ')' : '\0';
    if (!close || !strcmp(kind, "comment"))
        return TRUE;                                        /* what stands in it is passed over like any comment */
    if (!strcmp(kind, "string"))
        return read_string(in, close);
    if (!strcmp(kind, "preamble")) {
        g_autofree char *value = take_value(in);
        return value && take(in, close);
    }
    g_autofree char *key = take_key(in);
    g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!*key || !read_fields(in, close, fields))
        return FALSE;
    take_entry(bibliography, key, fields);
    return TRUE;
}

/* Whether what stands before P on its line is blank. */
static gboolean begins_line(const char *text, const char *p)
{
    while (p > text && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    return p == text || p[-1] == '\n' || p[-1] == '\r';
}

void bibtex_read(Bibliography *bibliography, const char *text)
{
    g_autoptr(GHashTable) macros = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Parser in = { text, macros, 0 };
    gboolean broken = FALSE;
    while (bibliography->entries->len < BIBLIOGRAPHY_ENTRIES && bibliography->damaged < DAMAGED_MAX
           && (in.p = strchr(in.p, '@'))) {
        const char *at = in.p++;
        if (broken && !begins_line(text, at))
            continue;
        broken = !read_object(bibliography, &in);
        bibliography->damaged += broken;
        if (broken)
            in.p = at + 1;
    }
}
