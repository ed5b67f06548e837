/* bibliography.c - which format a library has, and its entries by what documents have of them: file, DOI, title. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"
#include "ingest/references.h"
#include "src/base/failure.h"

enum {
    HEAD_BYTES = 4000,          /* of the first page, in which title and numbers of a paper stand */
    TITLE_WORDS = 3,            /* a title of fewer words is not looked for in running text */
    LINES_MAX = 400,            /* bytes of a title, author or key that are kept */
    AUTHORS_MAX = 8,            /* that are kept; a name tells two, or that there are more */
    FILES_MAX = 16,
};

void bib_entry_free(BibEntry *entry)
{
    g_free(entry->key);
    g_free(entry->title);
    g_free(entry->year);
    g_free(entry->doi);
    g_free(entry->arxiv);
    g_ptr_array_unref(entry->authors);
    g_ptr_array_unref(entry->files);
    g_free(entry);
}

static void free_entry(gpointer entry)
{
    bib_entry_free(entry);
}

Bibliography *bibliography_new(void)
{
    Bibliography *bibliography = g_new0(Bibliography, 1);
    bibliography->entries = g_ptr_array_new_with_free_func(free_entry);
    return bibliography;
}

void bibliography_free(Bibliography *bibliography)
{
    if (!bibliography)
        return;
    g_ptr_array_unref(bibliography->entries);
    g_free(bibliography);
}

/* VALUE as one line of LINES_MAX bytes at most; NULL if it says nothing. */
static char *line_of(const char *value)
{
    char *line = value ? clean_line(value, -1) : NULL;
    if (line && strlen(line) > LINES_MAX) {
        *g_utf8_find_prev_char(line, line + LINES_MAX) = '\0';
        g_strchomp(line);
    }
    if (line && !*line)
        g_clear_pointer(&line, g_free);
    return line;
}

BibEntry *bib_entry_new(const char *key)
{
    BibEntry *entry = g_new0(BibEntry, 1);
    char *line = line_of(key);
    entry->key = line ? line : g_strdup("?");
    entry->authors = g_ptr_array_new_with_free_func(g_free);
    entry->files = g_ptr_array_new_with_free_func(g_free);
    return entry;
}

/* VALUE in the place of what is there, if it is something; takes it. */
static void set(char **field, char *value)
{
    if (!value)
        return;
    g_free(*field);
    *field = value;
}

void bib_entry_set_title(BibEntry *entry, const char *value)
{
    set(&entry->title, line_of(value));
}

void bib_entry_add_author(BibEntry *entry, const char *family)
{
    char *line = entry->authors->len < AUTHORS_MAX ? line_of(family) : NULL;
    if (line)
        g_ptr_array_add(entry->authors, line);
}

void bib_entry_set_year(BibEntry *entry, const char *value)
{
    for (const char *p = value ? value : ""; *p; p++) {
        gsize n = strspn(p, "0123456789");
        if (n == 4) {
            set(&entry->year, g_strndup(p, n));
            return;
        }
        p += n > 0 ? n - 1 : 0;
    }
}

/* The number that begins with "10." in TEXT as far as it goes, in lower case; to be freed, or NULL.  *END: behind it. */
static char *doi_in(const char *text, const char **end)
{
    for (const char *p = text; (p = strstr(p, "10.")); p += 3) {
        gsize digits = strspn(p + 3, "0123456789");
        if ((p > text && g_ascii_isalnum(p[-1])) || digits < 4 || p[3 + digits] != '/')
            continue;
        gsize n = strcspn(p, " \t\r\n\"<>{}|\\^`");
        *end = p + n;
        while (n > 0 && strchr(".,;:)]'*", p[n - 1]))
            n--;
        return g_ascii_strdown(p, (gssize) n);
    }
    return NULL;
}

void bib_entry_set_doi(BibEntry *entry, const char *value)
{
    const char *end;
    set(&entry->doi, value ? doi_in(value, &end) : NULL);
}

/* "2006.11239" or "cs/0112017" at P, without a version; to be freed, or NULL. */
static char *arxiv_at(const char *p)
{
    gsize digits = strspn(p, "0123456789");
    if (digits == 4 && p[4] == '.') {
        gsize more = strspn(p + 5, "0123456789");
        return more == 4 || more == 5 ? g_strndup(p, 5 + more) : NULL;
    }
    gsize n = strspn(p, "abcdefghijklmnopqrstuvwxyz-.ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    digits = n > 0 && p[n] == '/' ? strspn(p + n + 1, "0123456789") : 0;
    return digits == 7 ? g_ascii_strdown(p, (gssize) (n + 1 + digits)) : NULL;
}

void bib_entry_set_arxiv(BibEntry *entry, const char *value)
{
    const char *p = value ? value : "";
    if (!g_ascii_strncasecmp(p, "arxiv:", 6))
        p += 6;
    set(&entry->arxiv, arxiv_at(p));
}

void bib_entry_add_file(BibEntry *entry, const char *path)
{
    g_autofree char *valid = path ? g_strdelimit(g_strstrip(g_utf8_make_valid(path, -1)), "\\", '/') : NULL;
    if (valid && *valid && strlen(valid) < PATH_MAX && entry->files->len < FILES_MAX)
        g_ptr_array_add(entry->files, g_steal_pointer(&valid));
}

gboolean bibliography_add(Bibliography *bibliography, const char *path, const guint8 *bytes, gsize length, GError **error)
{
    gsize n;
    if (length > BIBLIOGRAPHY_MAX) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: is too large for a bibliography (limit 64 MiB)", path);
        return FALSE;
    }
    g_autofree char *text = encoding_decode(bytes, length, NULL, &n);
    const char *p = text;
    while (g_ascii_isspace(*p))
        p++;
    if (!*p)
        return TRUE;
    guint before = bibliography->entries->len, damaged = bibliography->damaged;
    if (*p == '[' || *p == '{') {
        if (csljson_read(bibliography, p, n - (gsize) (p - text))
            && (bibliography->entries->len > before || bibliography->damaged == damaged))
            return TRUE;
    } else {
        bibtex_read(bibliography, p);
        if (bibliography->entries->len > before)
            return TRUE;
    }
    g_set_error(error, FAILURE, FAILURE_INPUT, bibliography->damaged > damaged
                ? "%s: is damaged, no entry of this bibliography can be read"
                : "%s: is no bibliography in BibTeX or CSL-JSON; export it from Zotero as one of these", path);
    return FALSE;
}

gboolean bibliography_add_file(Bibliography *bibliography, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) local = NULL;
    gsize length;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) && g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: is not a regular file; name the bibliography's file", path);
        return FALSE;
    }
    if (!g_file_get_contents(path, &bytes, &length, &local)) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s", local->message);
        return FALSE;
    }
    return bibliography_add(bibliography, path, (const guint8 *) bytes, length, error);
}

/* --- Which entry a document belongs to --- */

typedef struct {
    GHashTable *files;          /* base name -> GPtrArray of BibEntry * */
    GHashTable *numbers;        /* DOI, or "arxiv:" and the number -> BibEntry * */
    GHashTable *titles;         /* words of a title -> BibEntry * */
    GHashTable *beginnings;     /* the first TITLE_WORDS of them -> GPtrArray of Title * */
} Index;

typedef struct {
    BibEntry *entry;
    char *words;
} Title;

static void free_title(gpointer data)
{
    Title *title = data;
    g_free(title->words);
    g_free(title);
}

/* TEXT in lower case, letters and digits alone, one blank between words and at both ends. */
static char *words_of(const char *text, gsize length)
{
    g_autofree char *plain = g_utf8_normalize(text, (gssize) length, G_NORMALIZE_NFKD);
    g_autofree char *folded = g_utf8_casefold(plain ? plain : "", -1);
    GString *words = g_string_new(" ");
    for (const char *p = folded; *p; p = clean_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isalnum(c))
            g_string_append_unichar(words, c);
        else if (!g_unichar_ismark(c) && words->str[words->len - 1] != ' ')
            g_string_append_c(words, ' ');
    }
    if (words->str[words->len - 1] != ' ')
        g_string_append_c(words, ' ');
    return g_string_free(words, FALSE);
}

/* Behind the TITLE_WORDS words that begin at P (a blank), or NULL where there are fewer. */
static const char *beginning_end(const char *p)
{
    for (int i = 0; p && i < TITLE_WORDS; i++)
        p = strchr(p + 1, ' ');
    return p;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_to_list(GHashTable *table, char *key, BibEntry *entry)
{
    GPtrArray *list = g_hash_table_lookup(table, key);
    if (!list)
        g_hash_table_insert(table, g_strdup(key), list = g_ptr_array_new());
    g_ptr_array_add(list, entry);
    g_free(key);
}

/* LENGTH: of the beginning of WORDS. */
static void add_title(GHashTable *table, const char *words, gsize length, BibEntry *entry)
{
    g_autofree char *beginning = g_strndup(words, length);
    GPtrArray *list = g_hash_table_lookup(table, beginning);
    Title *title = g_new0(Title, 1);
    title->entry = entry;
    title->words = g_strdup(words);
    if (!list)
        g_hash_table_insert(table, g_steal_pointer(&beginning), list = g_ptr_array_new_with_free_func(free_title));
    g_ptr_array_add(list, title);
}

/* Of equal numbers and titles the first entry counts. */
static void add_once(GHashTable *table, char *key, BibEntry *entry)
{
    if (key && !g_hash_table_contains(table, key))
        g_hash_table_insert(table, key, entry);
    else
        g_free(key);
}

static void free_list(gpointer list)
{
    g_ptr_array_unref(list);
}

static Index index_new(const Bibliography *bibliography)
{
    Index index = {
        .files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list),
        .numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .titles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .beginnings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list),
    };
    for (guint i = 0; i < bibliography->entries->len; i++) {
        BibEntry *entry = g_ptr_array_index(bibliography->entries, i);
        for (guint f = 0; f < entry->files->len; f++)
            add_to_list(index.files, g_strdup(base_of(g_ptr_array_index(entry->files, f))), entry);
        add_once(index.numbers, g_strdup(entry->doi), entry);
        add_once(index.numbers, entry->arxiv ? g_strconcat("arxiv:", entry->arxiv, NULL) : NULL, entry);
        if (!entry->title)
            continue;
        g_autofree char *words = words_of(entry->title, strlen(entry->title));
        const char *end = beginning_end(words);
        if (words[1])
            add_once(index.titles, g_strdup(words), entry);
        if (end)
            add_title(index.beginnings, words, (gsize) (end - words), entry);
    }
    return index;
}

static void index_clear(Index *index)
{
    g_hash_table_unref(index->files);
    g_hash_table_unref(index->numbers);
    g_hash_table_unref(index->titles);
    g_hash_table_unref(index->beginnings);
}

/* How many names, from the last, two paths share. */
static guint shared_names(const char *a, const char *b)
{
    const char *p = a + strlen(a), *q = b + strlen(b);
    guint shared = 0;
    while (p > a && q > b && p[-1] == q[-1]) {
        p--;
        q--;
        shared += *p == '/';
    }
    return shared + ((p == a || p[-1] == '/') && (q == b || q[-1] == '/') && *p != '/');
}

/* Among files of one name that whose folders fit best. */
static BibEntry *by_file(const Index *index, const char *path)
{
    const GPtrArray *list = g_hash_table_lookup(index->files, base_of(path));
    BibEntry *best = NULL;
    guint most = 0;
    for (guint i = 0; list && i < list->len; i++) {
        BibEntry *entry = g_ptr_array_index(list, i);
        for (guint f = 0; f < entry->files->len; f++) {
            guint shared = shared_names(path, g_ptr_array_index(entry->files, f));
            if (shared > most) {
                most = shared;
                best = entry;
            }
        }
    }
    return best;
}

/* The first DOI or arXiv number in TEXT that the library has. */
static BibEntry *by_number(const Index *index, const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    BibEntry *found = NULL;
    const char *end = text;
    for (char *doi; !found && (doi = doi_in(end, &end)); g_free(doi))
        found = g_hash_table_lookup(index->numbers, doi);
    for (const char *p = lower; !found && (p = strstr(p, "arxiv:")); p += 6) {
        g_autofree char *number = arxiv_at(p + 6 + strspn(p + 6, " "));
        g_autofree char *key = number ? g_strconcat("arxiv:", number, NULL) : NULL;
        found = key ? g_hash_table_lookup(index->numbers, key) : NULL;
    }
    return found;
}

/* The entry with the longest title of those that stand in WORDS. */
static BibEntry *by_title_within(const Index *index, const char *words)
{
    BibEntry *best = NULL;
    gsize most = 0;
    for (const char *p = words; p && p[1]; p = strchr(p + 1, ' ')) {
        const char *end = beginning_end(p);
        g_autofree char *beginning = end ? g_strndup(p, (gsize) (end - p)) : NULL;
        const GPtrArray *list = beginning ? g_hash_table_lookup(index->beginnings, beginning) : NULL;
        for (guint i = 0; list && i < list->len; i++) {
            const Title *title = g_ptr_array_index(list, i);
            gsize n = strlen(title->words);
            if (n > most && !strncmp(p, title->words, n)) {
                most = n;
                best = title->entry;
            }
        }
    }
    return best;
}

static BibEntry *find_entry(const Index *index, const Document *document)
{
    BibEntry *entry = by_file(index, document->path);
    const Page *first = document->pages->len > 0 ? g_ptr_array_index(document->pages, 0) : NULL;
    if (entry)
        return entry;
    g_autofree char *head = g_utf8_make_valid(first ? first->text : "", first ? (gssize) MIN(first->length, HEAD_BYTES) : 0);
    entry = by_number(index, head);
    if (entry)
        return entry;
    g_autofree char *title = words_of(document->title, strlen(document->title));
    entry = g_hash_table_lookup(index->titles, title);
    if (entry)
        return entry;
    g_autofree char *words = words_of(head, strlen(head));
    return by_title_within(index, words);
}

/* --- What it is called --- */

/* "Ho", "Ho and Salimans", "Ho et al.", or for want of authors the title or key. */
static char *author_part(const BibEntry *entry)
{
    enum { TITLE_CHARACTERS = 40 };
    const GPtrArray *authors = entry->authors;
    const char *first = authors->len > 0 ? g_ptr_array_index(authors, 0) : NULL;
    const char *second = authors->len > 1 ? g_ptr_array_index(authors, 1) : NULL;
    if (!first && entry->title && g_utf8_strlen(entry->title, -1) <= TITLE_CHARACTERS)
        return g_strdup(entry->title);
    if (!first)
        return g_strdup(entry->key);
    if (!second)
        return g_strdup(first);
    if (authors->len > 2 || !strcmp(second, "others"))
        return g_strdup_printf("%s et al.", first);
    return g_strdup_printf("%s and %s", first, second);
}

static char *plain_name(const BibEntry *entry)
{
    g_autofree char *author = author_part(entry);
    return g_strdup_printf("%s %s", author, entry->year ? entry->year : "n.d.");
}

/* The letter behind a year that several entries share: a .. z, then aa, ab, ... */
static char *letters(guint n)
{
    return n < 26 ? g_strdup_printf("%c", (int) ('a' + n))
        : g_strdup_printf("%c%c", (int) ('a' + (n / 26 - 1) % 26), (int) ('a' + n % 26));
}

/* The names of the entries in USED (entry -> char *), with letters where they would be the same. */
static GHashTable *make_names(const Bibliography *bibliography, GHashTable *used)
{
    g_autoptr(GHashTable) many = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTable *names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (guint i = 0; i < bibliography->entries->len; i++) {
        const BibEntry *entry = g_ptr_array_index(bibliography->entries, i);
        if (!g_hash_table_contains(used, entry))
            continue;
        char *name = plain_name(entry);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(many, name));
        g_hash_table_replace(many, name, GUINT_TO_POINTER(n + 1));
    }
    for (guint i = 0; i < bibliography->entries->len; i++) {
        BibEntry *entry = g_ptr_array_index(bibliography->entries, i);
        if (!g_hash_table_contains(used, entry))
            continue;
        g_autofree char *name = plain_name(entry);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(given, name));
        gboolean alone = GPOINTER_TO_UINT(g_hash_table_lookup(many, name)) == 1;
        g_autofree char *letter = alone ? g_strdup("") : letters(n);
        g_hash_table_insert(names, entry, g_strconcat(name, !alone && !entry->year ? "-" : "", letter, NULL));
        g_hash_table_replace(given, g_steal_pointer(&name), GUINT_TO_POINTER(n + 1));
    }
    return names;
}

void bibliography_name(const Bibliography *bibliography, const GPtrArray *documents, GHashTable *used)
{
    Index index = index_new(bibliography);
    g_autoptr(GHashTable) own = used ? g_hash_table_ref(used) : g_hash_table_new(NULL, NULL);
    g_autofree BibEntry **found = g_new0(BibEntry *, documents->len + 1);
    for (guint i = 0; i < documents->len; i++) {
        const Document *document = g_ptr_array_index(documents, i);
        found[i] = document ? find_entry(&index, document) : NULL;
        if (found[i])
            g_hash_table_add(own, found[i]);
    }
    g_autoptr(GHashTable) names = make_names(bibliography, own);
    for (guint i = 0; i < documents->len; i++) {
        Document *document = g_ptr_array_index(documents, i);
        if (!document)
            continue;
        g_free(document->name);
        g_free(document->key);
        document->name = found[i] ? g_strdup(g_hash_table_lookup(names, found[i])) : NULL;
        document->key = found[i] ? g_strdup(found[i]->key) : NULL;
    }
    index_clear(&index);
}
