/* bibliography.h - a library of references as a source of names: BibTeX and biblatex, CSL-JSON, and the JSON of Better BibTeX.
 *
 * It says by what name a document is cited ("Ho 2020", "Ho and Salimans 2020a", "Ho et al. 2021") and nothing else: names stand
 * in what people read and never in what is packed, so that no prefix depends on them.  A document belongs to the entry that
 * lists its file, else to that whose DOI or arXiv number stands on its first page, else to that whose title it has or
 * begins with.
 */
#ifndef KVASIR_INGEST_BIBLIOGRAPHY_H
#define KVASIR_INGEST_BIBLIOGRAPHY_H

#include "ingest/document.h"

/* A file is not larger, a library has not more entries. */
#define BIBLIOGRAPHY_MAX ((gsize) 64 << 20)
#define BIBLIOGRAPHY_ENTRIES 200000

typedef struct {
    char *key;              /* never NULL */
    char *title, *year;     /* or NULL */
    char *doi, *arxiv;      /* in lower case, bare; or NULL */
    GPtrArray *authors;     /* char *: family names of the first eight; "others" stands for more */
    GPtrArray *files;       /* char *: paths of the first 16 as the library has them, "/" between folders */
} BibEntry;

typedef struct {
    GPtrArray *entries;     /* BibEntry *, in the order of the library */
    guint damaged;          /* entries that could not be read */
} Bibliography;

Bibliography *bibliography_new(void);
void bibliography_free(Bibliography *bibliography);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bibliography, bibliography_free)

/* Adds what is in BYTES; PATH is for messages.  FAILURE_INPUT when they are none of these formats.  An empty file is a library
 * without entries. */
gboolean bibliography_add(Bibliography *bibliography, const char *path, const guint8 *bytes, gsize length, GError **error);
/* The same from a file. */
gboolean bibliography_add_file(Bibliography *bibliography, const char *path, GError **error);
/* As one text that bibliography_add() reads again; to be freed. */
char *bibliography_to_json(const Bibliography *bibliography);

/* Gives each of DOCUMENTS (Document *, NULL allowed) that has an entry its name and key, takes them from the others.  USED (a set,
 * may be NULL) gets the entries that have a document. */
void bibliography_name(const Bibliography *bibliography, const GPtrArray *documents, GHashTable *used);

#endif
