/* latex.c - fields of BibTeX as text: what libraries use of LaTeX, in Unicode. */
#include "config.h"

#include <string.h>

#include "ingest/clean.h"
#include "ingest/references.h"

/* Accents that are one sign, and those that are a letter and want a blank or brace behind them. */
static const struct { char name; gunichar mark; } ACCENTS[] = {
    { '`', 0x300 }, { '\'', 0x301 }, { '^', 0x302 }, { '~', 0x303 }, { '=', 0x304 }, { '.', 0x307 }, { '"', 0x308 },
    { 'u', 0x306 }, { 'h', 0x309 }, { 'r', 0x30a }, { 'H', 0x30b }, { 'v', 0x30c }, { 'G', 0x30f }, { 'U', 0x30e },
    { 'd', 0x323 }, { 'c', 0x327 }, { 'k', 0x328 }, { 'b', 0x331 },
};

static const struct { const char *name, *text; } SYMBOLS[] = {
    { "ss", "ß" }, { "o", "ø" }, { "O", "Ø" }, { "l", "ł" }, { "L", "Ł" }, { "ae", "æ" }, { "AE", "Æ" }, { "oe", "œ" },
    { "OE", "Œ" }, { "aa", "å" }, { "AA", "Å" }, { "i", "i" }, { "j", "j" }, { "dh", "ð" }, { "DH", "Ð" }, { "th", "þ" },
    { "TH", "Þ" }, { "dj", "đ" }, { "DJ", "Đ" }, { "ng", "ŋ" }, { "NG", "Ŋ" }, { "S", "§" }, { "P", "¶" }, { "copyright", "©" },
    { "dots", "…" }, { "ldots", "…" }, { "textendash", "–" }, { "textemdash", "—" }, { "textquoteleft", "‘" },
    { "textquoteright", "’" }, { "textquotedblleft", "“" }, { "textquotedblright", "”" }, { "textbraceleft", "{" },
    { "textbraceright", "}" }, { "textbackslash", "\\" }, { "textasciitilde", "~" }, { "textasciicircum", "^" },
    { "textunderscore", "_" }, { "textless", "<" }, { "textgreater", ">" }, { "textbar", "|" }, { "textdegree", "°" },
    { "textregistered", "®" }, { "texttrademark", "™" }, { "times", "×" }, { "alpha", "α" }, { "beta", "β" }, { "gamma", "γ" },
    { "delta", "δ" }, { "lambda", "λ" }, { "mu", "μ" }, { "pi", "π" }, { "sigma", "σ" }, { "omega", "ω" },
};

static gunichar accent_of(const char *name, gsize length)
{
    for (gsize i = 0; length == 1 && i < G_N_ELEMENTS(ACCENTS); i++)
        if (ACCENTS[i].name == *name)
            return ACCENTS[i].mark;
    return 0;
}

static const char *symbol_of(const char *name, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SYMBOLS); i++)
        if (strlen(SYMBOLS[i].name) == length && !strncmp(SYMBOLS[i].name, name, length))
            return SYMBOLS[i].text;
    return NULL;
}

/* The letter that an accent stands over, with the accent: braces and a dotless i are seen through.  Returns what follows. */
static const char *append_accented(GString *out, const char *p, gunichar mark)
{
    p += strspn(p, " \t\r\n{");
    if (*p == '\\' && (p[1] == 'i' || p[1] == 'j') && !g_ascii_isalpha(p[2]))
        p++;
    if (!*p || *p == '}' || *p == '\\')
        return p;
    g_string_append_unichar(out, g_utf8_get_char(p));
    g_string_append_unichar(out, mark);
    return clean_next(p);
}

/* At what follows a backslash.  Returns what follows the command. */
static const char *append_command(GString *out, const char *p)
{
    gsize n = 0;
    while (g_ascii_isalpha(p[n]))
        n++;
    gboolean word = n > 0;
    if (!word && *p)
        n = (gsize) (clean_next(p) - p);
    gunichar mark = accent_of(p, n);
    const char *symbol = word ? symbol_of(p, n) : NULL, *behind = p + n;
    if (mark)
        return append_accented(out, behind, mark);
    if (symbol) {
        g_string_append(out, symbol);
        return behind + strspn(behind, " \t");
    }
    if (word)           /* \emph, \textit, ...: what they are about stays */
        return behind + strspn(behind, " \t");
    if (*p == '\\' || g_ascii_isspace(*p))
        g_string_append_c(out, ' ');
    else if (*p && !strchr("-/,;:!()[]", *p))
        g_string_append_len(out, p, (gssize) n);
    return behind;
}

/* Runs of signs that stand for one. */
static const struct { const char *latex, *text; } LIGATURES[] = {
    { "---", "—" }, { "--", "–" }, { "``", "“" }, { "''", "”" }, { "~", " " }, { "{", "" }, { "}", "" }, { "$", "" },
};

char *latex_text(const char *field)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = field; *p; ) {
        gsize i = 0;
        if (*p == '\\') {
            p = append_command(out, p + 1);
            continue;
        }
        while (i < G_N_ELEMENTS(LIGATURES) && !g_str_has_prefix(p, LIGATURES[i].latex))
            i++;
        const char *next = clean_next(p);
        if (i < G_N_ELEMENTS(LIGATURES)) {
            g_string_append(out, LIGATURES[i].text);
            next = p + strlen(LIGATURES[i].latex);
        } else {
            g_string_append_len(out, p, next - p);
        }
        p = next;
    }
    return clean_line(out->str, (gssize) out->len);
}

/* FIELD cut where WORD (or with one character, that) stands outside of braces; of char *. */
static GPtrArray *split(const char *field, const char *word)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    gsize n = strlen(word);
    const char *begin = field, *p = field;
    for (int depth = 0; *p; p++) {
        depth += *p == '{' ? 1 : *p == '}' && depth > 0 ? -1 : 0;
        if (depth > 0 || g_ascii_strncasecmp(p, word, n))
            continue;
        g_ptr_array_add(parts, g_strstrip(g_strndup(begin, (gsize) (p - begin))));
        p += n - 1;
        begin = p + 1;
    }
    g_ptr_array_add(parts, g_strstrip(g_strdup(begin)));
    return parts;
}

/* Whether a word of a name is a particle, such as "van": in lower case, and not braced. */
static gboolean is_particle(const char *word)
{
    g_autofree char *text = latex_text(word);
    return (*word != '{' || word[1] == '\\') && g_unichar_islower(g_utf8_get_char(text));
}

/* Of "First von Last" what begins with the particle, or the last word. */
static char *last_name(const char *name)
{
    g_autoptr(GPtrArray) words = split(name, " ");
    GString *last = g_string_new(NULL);
    guint from = 0, n = words->len;
    while (from + 1 < n && !is_particle(g_ptr_array_index(words, from)))
        from++;
    for (guint i = from; i < n; i++)
        if (*(const char *) g_ptr_array_index(words, i))
            g_string_append_printf(last, "%s%s", last->len ? " " : "", (const char *) g_ptr_array_index(words, i));
    return g_string_free(last, FALSE);
}

void latex_names(BibEntry *entry, const char *field)
{
    g_autofree char *flat = g_strdelimit(g_strdup(field), "\t\r\n~", ' ');
    g_autoptr(GPtrArray) names = split(flat, " and ");
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GPtrArray) parts = split(g_ptr_array_index(names, i), ",");
        g_autofree char *last = parts->len > 1 ? g_strdup(g_ptr_array_index(parts, 0)) : last_name(g_ptr_array_index(parts, 0));
        g_autofree char *text = latex_text(last);
        bib_entry_add_author(entry, text);
    }
}

/* TEXT cut at CUT where no backslash stands before it, backslashes taken away; of char *. */
static GPtrArray *split_escaped(const char *text, char cut, gboolean keep)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) part = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            if (keep)
                g_string_append_c(part, '\\');
            g_string_append_c(part, *++p);
        } else if (*p == cut) {
            g_ptr_array_add(parts, g_strdup(part->str));
            g_string_truncate(part, 0);
        } else {
            g_string_append_c(part, *p);
        }
    }
    g_ptr_array_add(parts, g_strdup(part->str));
    return parts;
}

/* "path", ":path:PDF" or "description:path:type"; "C" before a colon is a drive. */
static void add_file(BibEntry *entry, const char *item)
{
    g_autoptr(GPtrArray) parts = split_escaped(item, ':', FALSE);
    const char *first = g_ptr_array_index(parts, 0);
    if (parts->len == 1 || (parts->len == 2 && strlen(first) == 1)) {
        bib_entry_add_file(entry, item);
        return;
    }
    /* The description is first, the type last; between them a colon may stand in the path. */
    guint to = parts->len > 2 ? parts->len - 1 : 2;
    g_autoptr(GString) path = g_string_new(g_ptr_array_index(parts, 1));
    for (guint i = 2; i < to; i++)
        g_string_append_printf(path, ":%s", (const char *) g_ptr_array_index(parts, i));
    bib_entry_add_file(entry, path->str);
}

void latex_files(BibEntry *entry, const char *field)
{
    g_autofree char *bare = g_strdelimit(g_strdup(field), "\r\n\t", ' ');
    g_autoptr(GPtrArray) items = split_escaped(bare, ';', TRUE);
    for (guint i = 0; i < items->len; i++)
        add_file(entry, g_strstrip(g_ptr_array_index(items, i)));
}
