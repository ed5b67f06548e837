/* man.c - manual pages: through mandoc, or groff where that is missing; a page for each section.
 *
 * Both render to a terminal's text with bold as overstrikes ("H\bH"), wide enough that a paragraph is one
 * line.  A bold line at the left edge is a section's heading, one between edge and text a subsection's.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/clean.h"
#include "ingest/encoding.h"
#include "ingest/program.h"
#include "ingest/sections.h"
#include "ingest/unpack.h"
#include "src/base/failure.h"

enum { SECONDS = 10, OUTPUT_MAX = 64 << 20 };
/* Where text begins, in columns; headings begin before. */
enum { INDENT = 4 };

/* For groff: what could read files is gone before the page is read; the macros, which .TH would load, come
 * first.  (mandoc reads none but by .so, see program.c.) */
static const char LOAD_MAN[] = ".do mso an-old.tmac\n";
static const char NO_FILES[] = ".rm so\n.rm mso\n.rm nx\n.rm cf\n.rm trf\n.rm rd\n.rm open\n.rm opena\n"
    ".rm sy\n.rm pi\n.rm pso\n.rm psbb\n";

static gboolean starts_line(const char *line, const char *request)
{
    return g_str_has_prefix(line, request) && g_ascii_isspace(line[strlen(request)]);
}

/* The line with the first .TH, .Dd or .so in the head of TEXT, or NULL. */
static const char *find_request(const char *text)
{
    enum { HEAD_LINES = 200 };
    const char *line = text;
    for (int i = 0; line && i < HEAD_LINES; i++) {
        if (starts_line(line, ".TH") || starts_line(line, ".Dd") || starts_line(line, ".so"))
            return line;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return NULL;
}

gboolean man_is_page(const guint8 *bytes, gsize length)
{
    enum { HEAD_BYTES = 32768 };
    if (length < 4 || (bytes[0] != '.' && bytes[0] != '\'')
        || !(g_ascii_isalpha(bytes[1]) || bytes[1] == '\\' || bytes[1] == '"' || bytes[1] == ' '))
        return FALSE;
    g_autofree char *head = g_strndup((const char *) bytes, MIN(length, HEAD_BYTES));
    return find_request(head) != NULL;
}

/* "ls" of "dir/ls.1.gz", "1" to SECTION (to be freed); SECTION may stay NULL. */
static char *split_name(const char *path, char **section)
{
    g_autofree char *inner = unpack_inner_name(path);
    char *name = g_path_get_basename(inner);
    char *dot = strrchr(name, '.');
    if (dot && dot > name && g_ascii_isdigit(dot[1])) {
        *section = g_strdup(dot + 1);
        *dot = '\0';
    }
    return name;
}

/* ".so man1/grep.1", as pages with several names have it. */
static Document *read_reference(const char *path, const char *request)
{
    g_autofree char *section = NULL, *target_section = NULL;
    g_autofree char *name = split_name(path, &section);
    g_auto(GStrv) words = g_strsplit_set(request, " \t\r\n", -1);
    const char *file = words[1] ? words[1] : "";
    g_autofree char *target = split_name(file, &target_section);
    Document *document = document_new(path, "man");
    g_autofree char *title = g_strdup_printf("%s(%s)", name, section ? section : "");
    g_autofree char *text = g_strdup_printf("%s: see %s(%s)", section ? title : name, target,
                                            target_section ? target_section : "");
    if (section)
        document_set_title(document, title);
    document_add_page(document, NULL, text, -1, PAGE_TEXT);
    return document;
}

/* The title at the left of a page's first line.  Names are in upper case there by custom; the file has the true one. */
static void set_title(Document *document, const char *path, const char *line)
{
    g_autofree char *section = NULL;
    g_autofree char *base = split_name(path, &section);
    const char *stop = strstr(line, "  ");
    g_autofree char *whole = g_strndup(line, stop ? (gsize) (stop - line) : strlen(line));
    char *open = strrchr(whole, '(');
    if (!open || open == whole || open[1] == ')')
        return;
    g_autofree char *name = g_strndup(whole, (gsize) (open - whole));
    g_autofree char *upper = g_ascii_strup(name, -1);
    g_autofree char *title = NULL;
    if (!g_ascii_strcasecmp(name, base))
        title = g_strconcat(base, open, NULL);
    else if (!strcmp(name, upper))
        title = g_ascii_strdown(whole, -1);
    else
        title = g_strdup(whole);
    document_set_title(document, title);
}

/* The date in a page's last line: "Month D, YYYY", "Month YYYY", or what document_set_date() knows. */
static void set_date(Document *document, const char *line)
{
    static const char *const MONTHS[] = { "January", "February", "March", "April", "May", "June", "July", "August",
        "September", "October", "November", "December" };
    for (int i = 0; i < 12; i++) {
        const char *p = strstr(line, MONTHS[i]);
        if (!p)
            continue;
        g_auto(GStrv) words = g_strsplit_set(p, " ,", -1);
        int day = 0, year = 0;
        for (int k = 1; words[k] && k < 5 && !year; k++) {
            int value = atoi(words[k]);
            if (value >= 1900 && value < 3000)
                year = value;
            else if (value >= 1 && value <= 31 && !day)
                day = value;
        }
        g_autofree char *date = !year ? NULL : day ? g_strdup_printf("%04d-%02d-%02d", year, i + 1, day)
            : g_strdup_printf("%04d-%02d", year, i + 1);
        document_set_date(document, date);
        return;
    }
    g_auto(GStrv) columns = g_regex_split_simple(" {2,}", line, 0, 0);
    for (char **column = columns; *column && !document->date; column++)
        if (!strchr(*column, '('))
            document_set_date(document, *column);
}

/* LINE (LENGTH bytes) without overstrikes to OUT; whether its first letter is bold. */
static gboolean append_plain(GString *out, const char *line, gsize length)
{
    const char *end = line + length;
    gboolean bold = FALSE, seen = FALSE;
    while (line < end) {
        const char *next = clean_next(line);
        if (next < end && *next == '\b') {
            bold |= !seen && next + 1 < end && !strncmp(line, next + 1, (gsize) (next - line));
            line = next + 1;
            continue;
        }
        seen |= *line != ' ';
        gunichar c = g_utf8_get_char(line);
        if (c == 0x2010 || c == 0x2212)     /* a hyphen and a minus are both "-" to those who type a command */
            g_string_append_c(out, '-');
        else
            g_string_append_len(out, line, next - line);
        line = next;
    }
    return bold;
}

static void append_line(GString *out, GArray *headings, const char *plain, gboolean bold, guint indent)
{
    guint spaces = (guint) strspn(plain, " ");
    if (bold && spaces < indent) {
        Heading heading = { .start = out->len, .level = spaces == 0 ? 1 : 2 };
        g_string_append(out, spaces == 0 ? "# " : "## ");
        heading.label = out->len;
        heading.length = strlen(plain + spaces);
        g_array_append_val(headings, heading);
        g_string_append(out, plain + spaces);
    } else {
        g_string_append(out, plain + MIN(spaces, indent));
    }
    g_string_append_c(out, '\n');
}

/* The rendered page: first line, sections, last line. */
static void add_text(Document *document, const char *path, const char *text, guint indent)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) plain = g_string_new(NULL);
    g_autoptr(GArray) headings = g_array_new(FALSE, FALSE, sizeof(Heading));
    gsize last = strlen(text);
    gboolean first = TRUE;

    while (last > 0 && g_ascii_isspace(text[last - 1]))
        last--;
    for (const char *line = text; line < text + last; ) {
        gsize n = strcspn(line, "\n");
        g_string_truncate(plain, 0);
        gboolean bold = append_plain(plain, line, MIN(n, (gsize) (text + last - line)));
        const char *next = line + n + (line[n] == '\n');
        if (first && plain->len > 0) {
            set_title(document, path, plain->str);
            first = FALSE;
        } else if (next > text + last || line + n == text + last) {
            set_date(document, plain->str);
        } else {
            append_line(out, headings, plain->str, bold, indent);
        }
        line = next;
    }
    sections_add(document, out->str, out->len, headings);
}

static GByteArray *render(const char *path, GString *text, guint *indent, GError **error)
{
    g_autofree char *mandoc = g_find_program_in_path("mandoc");
    g_autofree char *groff = mandoc ? NULL : g_find_program_in_path("groff");
    const char *const by_mandoc[] = { mandoc, "-K", "utf-8", "-T", "utf8", "-O", "width=1000,indent=4", NULL };
    const char *macros = starts_line(find_request(text->str), ".Dd") ? "-mdoc" : "-man";
    const char *const by_groff[] = { groff, "-S", "-Kutf8", "-t", macros, "-Tutf8", "-P-c", "-rLL=1000n", "-rIN=4n", NULL };

    *indent = INDENT;
    if (!mandoc && !groff) {
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: is a manual page; install mandoc (or groff) to read it", path);
        return NULL;
    }
    if (!mandoc) {
        gboolean mdoc = !strcmp(macros, "-mdoc");
        g_string_prepend(text, NO_FILES);
        if (!mdoc)
            g_string_prepend(text, LOAD_MAN);
        *indent += mdoc;
    }
    return program_filter(path, mandoc ? by_mandoc : by_groff, (const guint8 *) text->str, text->len, SECONDS,
                          OUTPUT_MAX, error);
}

Document *man_read(const char *path, const guint8 *bytes, gsize length, GError **error)
{
    gsize n;
    char *decoded = encoding_decode(bytes, length, NULL, &n);
    g_autoptr(GString) source = g_string_new_len(decoded, (gssize) n);
    const char *request = find_request(source->str);
    guint indent;

    g_free(decoded);
    if (request && starts_line(request, ".so"))
        return read_reference(path, request);
    g_autoptr(GByteArray) rendered = request ? render(path, source, &indent, error) : NULL;
    if (!request)
        g_set_error(error, FAILURE, FAILURE_INPUT, "%s: is no manual page", path);
    if (!rendered)
        return NULL;
    g_autofree char *text = g_utf8_make_valid((const char *) rendered->data, (gssize) rendered->len);
    Document *document = document_new(path, "man");
    add_text(document, path, text, indent);
    if (document->pages->len == 0)
        document_add_page(document, NULL, "", 0, PAGE_EMPTY);
    return document;
}
