/* corpus_show.h - what is in a corpus, and how corpora are written. */
#ifndef KVASIR_CLI_CORPUS_SHOW_H
#define KVASIR_CLI_CORPUS_SHOW_H

#include <json-glib/json-glib.h>

#include "cache/catalogue.h"

/* The members of CORPUS; the line of it, on standard output. */
void corpus_add_json(JsonBuilder *builder, const CatalogueCorpus *corpus);
void corpus_print(const CatalogueCorpus *corpus);

/* Sets ERROR; FALSE. */
gboolean corpus_not_found(const char *name, GError **error);

/* Writes the documents of corpus NAME with their pages and, if a model is at hand, tokens. */
gboolean corpus_show(const char *name, gboolean json, GError **error);

#endif
