/* unit-bibliography.c - libraries of references, and which documents they name. */
#include "config.h"

#include <string.h>

#include "ingest/bibliography.h"
#include "src/base/failure.h"

static Bibliography *read_text(const char *text)
{
    GError *error = NULL;
    Bibliography *bibliography = bibliography_new();
    bibliography_add(bibliography, "x.bib", (const guint8 *) text, strlen(text), &error);
    g_assert_no_error(error);
    return bibliography;
}

static char *join(const GPtrArray *values)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < values->len; i++)
        g_string_append_printf(text, "%s%s", i ? "|" : "", (const char *) g_ptr_array_index(values, i));
    return g_string_free(text, FALSE);
}

/* "key;authors;year;title;doi;arxiv;files", a line each. */
static char *dump(const Bibliography *bibliography)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < bibliography->entries->len; i++) {
        const BibEntry *e = g_ptr_array_index(bibliography->entries, i);
        g_autofree char *authors = join(e->authors), *files = join(e->files);
        g_string_append_printf(text, "%s;%s;%s;%s;%s;%s;%s\n", e->key, authors, e->year ? e->year : "", e->title ? e->title : "",
                               e->doi ? e->doi : "", e->arxiv ? e->arxiv : "", files);
    }
    return g_string_free(text, FALSE);
}

static void assert_reads(const char *text, const char *wanted)
{
    g_autoptr(Bibliography) bibliography = read_text(text);
    g_autofree char *got = dump(bibliography);
    g_assert_cmpstr(got, ==, wanted);
    /* What the catalogue keeps says the same. */
    g_autofree char *kept = bibliography_to_json(bibliography);
    g_autoptr(Bibliography) again = read_text(kept);
    g_autofree char *same = dump(again);
    g_assert_cmpstr(same, ==, wanted);
}

static void test_bibtex(void)
{
    assert_reads("@string{pub = \"Press\" # { of }}\n@STRING(both = pub # \"Oslo\")\n"
                 "mail who@example.org about it\n@comment{@ nothing}\n@preamble{\"x\" # pub}\n"
                 "@Article{ho:2020/a, Title = {Denoising {Diffusion}\n  Models}, AUTHOR = \"Ho, Jonathan\", year = 2020,}\n"
                 "@book(b, title = both, editor = {Ed Itor}, date = {1999-02/2000})\n",
                 "ho:2020/a;Ho;2020;Denoising Diffusion Models;;;\n"
                 "b;Itor;1999;Press of Oslo;;;\n");
}

static void test_latex(void)
{
    assert_reads("@misc{a, author = {G{\\\"o}del, Kurt and \\v{S}ev\\v c\\'{\\i}k, Jan and {\\O}rsted and Gro{\\ss}e},"
                 "title = {\\emph{On} \\& ``off'' --- 5\\% of $x$~\\textit{y} \\c{c}a {\\AA}b \\l{}odz -- \\\"{U}ber \\ldots}}\n",
                 "a;Gödel|Ševčík|Ørsted|Große;;On & “off” — 5% of x y ça Åb łodz – Über …;;;\n");
    /* Cut off in the middle of a command. */
    assert_reads("@misc{a, title = {x \\}, note={\\'}}", "a;;;x;;;\n");
}

static void test_names(void)
{
    assert_reads("@misc{a, author = {van der Berg, Jr., Jan and Ludwig van Beethoven and {Big and Group} and Plato AND "
                 "Jean-Paul Sartre\nand de la Cruz, Ana and others}}",
                 "a;van der Berg|van Beethoven|Big and Group|Plato|Sartre|de la Cruz|others;;;;;\n");
}

static void test_files(void)
{
    assert_reads("@misc{zotero, file = {Full Text:files/12/Ho - 2020.pdf:application/pdf;Snapshot:files/13/abs.html:text/html}}\n"
                 "@misc{jabref, file = {:papers/a\\;b.pdf:PDF}}\n"
                 "@misc{windows, file = {:C\\:\\\\Papers\\\\x.pdf:PDF}}\n"
                 "@misc{better, file = {/home/u/Zotero/Ho 2020.pdf}}\n",
                 "zotero;;;;;;files/12/Ho - 2020.pdf|files/13/abs.html\n"
                 "jabref;;;;;;papers/a;b.pdf\n"
                 "windows;;;;;;C:/Papers/x.pdf\n"
                 "better;;;;;;/home/u/Zotero/Ho 2020.pdf\n");
}

static void test_numbers(void)
{
    assert_reads("@misc{a, doi = {https://doi.org/10.1000/Ab\\_c.5}, eprint = {arXiv:2006.11239v2}, eprinttype = {arxiv}}\n"
                 "@misc{b, doi = {none}, eprint = {cs/0112017}, archivePrefix = {arXiv}}\n",
                 "a;;;;10.1000/ab_c.5;2006.11239;\n"
                 "b;;;;;cs/0112017;\n");
}

static void test_csl(void)
{
    assert_reads("[{\"id\": \"ho\", \"title\": \"T\", \"DOI\": \"10.1000/X\", \"issued\": {\"date-parts\": [[2020, 1]]},"
                 "\"author\": [{\"family\": \"Ho\"}, {\"family\": \"Berg\", \"non-dropping-particle\": \"van den\"},"
                 "{\"literal\": \"A Group\"}]},"
                 "{\"id\": 7, \"title\": \"U\", \"issued\": {\"raw\": \"May 1998\"}, \"editor\": [{\"family\": \"E\"}]}]",
                 "ho;Ho|van den Berg|A Group;2020;T;10.1000/x;;\n7;E;1998;U;;;\n");
    assert_reads("{\"items\": [{\"citationKey\": \"k\", \"date\": \"2021-03\", \"creators\": [{\"creatorType\": \"editor\","
                 "\"lastName\": \"No\"}, {\"creatorType\": \"author\", \"lastName\": \"Yes\"}],"
                 "\"attachments\": [{\"path\": \"C:\\\\d\\\\y.pdf\"}, {\"title\": \"link\"}]}, {\"itemType\": \"note\"}]}",
                 "k;Yes;2021;;;;C:/d/y.pdf\n");
}

static void assert_refused(const char *text, gsize length, const char *words)
{
    g_autoptr(Bibliography) bibliography = bibliography_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(bibliography_add(bibliography, "x.bib", (const guint8 *) text, length, &error));
    g_assert_error(error, FAILURE, FAILURE_INPUT);
    g_assert_true(g_str_has_prefix(error->message, "x.bib: "));
    g_assert_nonnull(strstr(error->message, words));
}

static void test_damaged(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(Bibliography) partly = read_text("@misc{a, title = {never closed\n@misc{b, title = {Fine}}\n@misc{c, title}\n");
    g_autofree char *got = dump(partly);
    g_assert_cmpstr(got, ==, "b;;;Fine;;;\n");
    g_assert_cmpuint(partly->damaged, ==, 2);
    assert_refused("<html>", 6, "is no bibliography");
    assert_refused("{\"a\": 1}", 8, "is no bibliography");
    assert_refused("[1, 2", 5, "is no bibliography");
    assert_refused("[] []", 5, "is no bibliography");
    assert_refused("@misc{a, title", 14, "is damaged");
    assert_refused("[5, {\"title\": \"x\"}]", 19, "is damaged");
    for (int i = 0; i < 1000000; i++)
        g_string_append_c(deep, '[');
    assert_refused(deep->str, deep->len, "is no bibliography");
    /* Macros that double in each line must not grow for ever, nor damage cost time without end. */
    g_string_assign(deep, "@string{a0 = \"0123456789\"}\n");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(deep, "@string{a%d = a%d # a%d}\n", i + 1, i, i);
    g_string_append(deep, "@misc{x, title = a60}\n");
    for (int i = 0; i < 200000; i++)
        g_string_append(deep, "@misc{y, title = {\n");
    g_autoptr(Bibliography) bomb = read_text(deep->str);
    g_assert_cmpuint(bomb->entries->len, ==, 1);
    g_autoptr(Bibliography) empty = read_text(" \n");
    g_assert_cmpuint(empty->entries->len, ==, 0);
}

static Document *document(const char *path, const char *text)
{
    GError *error = NULL;
    Document *document = document_read_bytes(path, (const guint8 *) text, strlen(text), NULL, &error);
    g_assert_no_error(error);
    return document;
}

static const char *name_of(const GPtrArray *documents, guint i)
{
    return ((const Document *) g_ptr_array_index(documents, i))->name;
}

static void test_matching(void)
{
    g_autoptr(Bibliography) bibliography = read_text(
        "@misc{file, author={Ho, J}, year=2020, file={:12/paper.pdf:PDF}}\n"
        "@misc{other, author={Wu, J}, year=2020, file={:13/paper.pdf:PDF}}\n"
        "@misc{doi, author={Li, J and Ma, K}, year=2021, doi={10.1000/Xy.1}}\n"
        "@misc{arxiv, author={Do, J and Re, M and Mi, F}, year=2006, eprint={2006.11239}, archiveprefix={arXiv}}\n"
        "@misc{title, author={Fa, J and others}, year=1999, title={The {H\\\"o}rsaal of Very Large Things}}\n"
        "@misc{short, author={So, J}, year=1998, title={Very Large}}\n"
        "@misc{longer, author={La, J}, title={Very Large Things: Second Part}}\n");
    g_autoptr(GPtrArray) documents = document_list_new();
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(documents, document("/x/12/paper.pdf.txt", "nothing"));
    g_ptr_array_add(documents, document("/x/13/a.txt", "See https://doi.org/10.1000/XY.1, 2020."));
    g_ptr_array_add(documents, document("/x/13/b.txt", "arXiv:2006.11239v2 [cs.LG]"));
    g_ptr_array_add(documents, document("/x/13/c.txt", "Journal of Things\n\nThe Hörsaal of\nvery LARGE things\n\nJ. Fa"));
    g_ptr_array_add(documents, document("/x/13/d.txt", "very large"));
    g_ptr_array_add(documents, document("/x/13/e.txt", "Very Large Things - Second Part\nby J. La"));
    g_ptr_array_add(documents, NULL);
    Document *first = g_ptr_array_index(documents, 0);
    g_free(first->path);
    first->path = g_strdup("/x/13/paper.pdf");
    bibliography_name(bibliography, documents, used);
    g_assert_cmpstr(name_of(documents, 0), ==, "Wu 2020");
    g_assert_cmpstr(name_of(documents, 1), ==, "Li and Ma 2021");
    g_assert_cmpstr(name_of(documents, 2), ==, "Do et al. 2006");
    g_assert_cmpstr(name_of(documents, 3), ==, "Fa et al. 1999");
    g_assert_cmpstr(name_of(documents, 4), ==, NULL);
    g_assert_cmpstr(name_of(documents, 5), ==, "La n.d.");
    g_assert_cmpstr(((Document *) g_ptr_array_index(documents, 5))->key, ==, "longer");
    g_assert_cmpuint(g_hash_table_size(used), ==, 5);
}

/* Letters go to entries that have documents, in the order of the library. */
static void test_letters(void)
{
    g_autoptr(Bibliography) bibliography = read_text(
        "@misc{one, author={Ho, J}, year=2020, title={A first long title}}\n"
        "@misc{none, author={Ho, J}, year=2020, title={Nobody has this one}}\n"
        "@misc{two, author={Ho, J}, year=2020, title={A second long title}}\n"
        "@misc{alone, author={Ho, J}, year=2021, title={A third long title}}\n");
    g_autoptr(GPtrArray) documents = document_list_new();
    g_ptr_array_add(documents, document("c.txt", "A third long title"));
    g_ptr_array_add(documents, document("b.txt", "A second long title"));
    g_ptr_array_add(documents, document("a.txt", "A first long title"));
    g_autofree char *before = document_hash(g_ptr_array_index(documents, 0));
    bibliography_name(bibliography, documents, NULL);
    g_assert_cmpstr(name_of(documents, 0), ==, "Ho 2021");
    g_assert_cmpstr(name_of(documents, 1), ==, "Ho 2020b");
    g_assert_cmpstr(name_of(documents, 2), ==, "Ho 2020a");
    /* A name is no content. */
    g_autofree char *after = document_hash(g_ptr_array_index(documents, 0));
    g_assert_cmpstr(before, ==, after);
}

/* What a few kilobytes may grow to. */
static void test_bounds(void)
{
    g_autoptr(GString) text = g_string_new("@string{a1 = \"x y\" # \"z\"}\n@book{c, title = a1}\n"), json = g_string_new("[[]");
    for (int i = 2; i < 200; i++)
        g_string_append_printf(text, "@string{a%d = a%d # a%d}\n", i, i - 1, i - 1);
    g_string_append(text, "@book{a, title = a1, author = {A and B and C and D and E and F and G and H and I}, file = {f");
    for (int i = 0; i < 100; i++)
        g_string_append_printf(text, ";%d", i);
    g_string_append(text, "}}\n");
    /* Once macros have given too much, they stand for themselves. */
    assert_reads(text->str, "c;;;x yz;;;\na;A|B|C|D|E|F|G|H;;a1;;;f|0|1|2|3|4|5|6|7|8|9|10|11|12|13|14\n");

    g_string_assign(text, "@book{");
    for (int i = 0; i < 500; i++)
        g_string_append_c(text, i == 398 ? ' ' : 'k');
    g_string_append(text, ", title = x}\n@book{\xe2\x80\x8b, title = y}\n");
    g_autofree char *wanted = g_strdup_printf("%.398s;;;x;;;\n?;;;y;;;\n", text->str + strlen("@book{"));
    assert_reads(text->str, wanted);

    g_autoptr(Bibliography) none = bibliography_new();
    for (int i = 0; i < 60 * BIBLIOGRAPHY_ENTRIES; i++)
        g_string_append(json, ",1");
    g_string_append_c(json, ']');
    g_assert_false(bibliography_add(none, "x.json", (const guint8 *) json->str, json->len, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bibliography/bibtex", test_bibtex);
    g_test_add_func("/bibliography/latex", test_latex);
    g_test_add_func("/bibliography/names", test_names);
    g_test_add_func("/bibliography/files", test_files);
    g_test_add_func("/bibliography/numbers", test_numbers);
    g_test_add_func("/bibliography/csl-json", test_csl);
    g_test_add_func("/bibliography/damaged", test_damaged);
    g_test_add_func("/bibliography/bounds", test_bounds);
    g_test_add_func("/bibliography/matching", test_matching);
    g_test_add_func("/bibliography/letters", test_letters);
    return g_test_run();
}
