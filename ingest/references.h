/* references.h - the parts of bibliography.h (internal to ingest).
 *
 * bibtex.c      a library in BibTeX    -> entries, with their fields as they stand
 * latex.c       a field of BibTeX      -> text, names
 * csljson.c     a library in JSON     <-> entries
 * bibliography.c which format it is; entries by what documents have of them
 */
#ifndef KVASIR_INGEST_REFERENCES_H
#define KVASIR_INGEST_REFERENCES_H

#include "ingest/bibliography.h"

BibEntry *bib_entry_new(const char *key);
void bib_entry_free(BibEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BibEntry, bib_entry_free)

/* These take what VALUE says as one line, if it says something. */
void bib_entry_set_title(BibEntry *entry, const char *value);
void bib_entry_add_author(BibEntry *entry, const char *family);
/* The first number of four digits in VALUE. */
void bib_entry_set_year(BibEntry *entry, const char *value);
/* With or without the address of a resolver before it. */
void bib_entry_set_doi(BibEntry *entry, const char *value);
void bib_entry_set_arxiv(BibEntry *entry, const char *value);
void bib_entry_add_file(BibEntry *entry, const char *path);

/* TEXT (UTF-8) as BibTeX. */
void bibtex_read(Bibliography *bibliography, const char *text);
/* TEXT as an array of CSL-JSON items or an object that has one as "items" or "references".  FALSE: it is neither. */
gboolean csljson_read(Bibliography *bibliography, const char *text, gsize length);

/* A field of BibTeX as text: commands and accents of LaTeX in Unicode, braces gone; to be freed. */
char *latex_text(const char *field);
/* The family names in a list of names as BibTeX has them ("von Last, Jr, First and ..."), appended to ENTRY. */
void latex_names(BibEntry *entry, const char *field);
/* The paths in a "file" field in the forms of Zotero, JabRef and Mendeley, appended to ENTRY. */
void latex_files(BibEntry *entry, const char *field);

#endif
