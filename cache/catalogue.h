/* catalogue.h - the catalogue: corpora, documents and their pages, in SQLite.
 *
 * Precious data (XDG data folder, 0700/0600).  The cache layer does not know
 * the ingest layer's types: rows are plain structs here.
 */
#ifndef KVASIR_CACHE_CATALOGUE_H
#define KVASIR_CACHE_CATALOGUE_H

#include <glib.h>

typedef struct Catalogue Catalogue;

typedef struct {
    char *label, *text;
    int state;                      /* as the ingest layer numbers it */
} CataloguePage;

typedef struct {
    gint64 id;                      /* 0 before it is stored */
    char *path, *format, *title, *author, *date, *hash;
    char *text_hash;                /* for catalogue_put() only: of the text alone, or NULL; documents of one are stored once */
    gboolean incomplete;            /* likewise: not all could be read, so an equal HASH does not make two files equal */
    gboolean distinct;              /* likewise: none of the others, whatever they say; only one of its path makes way for it */
    gint64 added;                   /* seconds since 1970, when the file was last read */
    gint64 file_size, file_mtime_ns;    /* only to skip re-reading; content decides */
    GPtrArray *pages;               /* CataloguePage*, or NULL when not loaded */
} CatalogueDocument;

typedef struct {
    char *name;
    guint documents, pages;
    guint64 text_bytes;
    gint64 created, changed;
} CatalogueCorpus;

/* An answer as it was given; see src/answer/record.h. */
typedef struct {
    gint64 id;                      /* its number in the history, from 1; given by catalogue_add_record() */
    gint64 made;                    /* seconds since 1970 */
    char *corpus, *question;        /* CORPUS may be NULL */
    char *text;                     /* the record, one JSON object */
    gint64 conversation, turn;      /* which turn (from 1) of which conversation it is, or 0; ignored when adding */
} CatalogueRecord;

/* A conversation is the records that are its turns. */
typedef struct {
    gint64 id;                      /* from 1 */
    gint64 made, changed;           /* of the first and the last turn */
    gint64 turns;
    char *corpus, *question;        /* of the first turn; CORPUS may be NULL */
} CatalogueConversation;

/* Opens or makes the file PATH (folder 0700, file 0600).  READ_ONLY: it must be there; works in a
 * folder that cannot be written.  FAILURE_CACHE when it is not a catalogue or of a newer format (left untouched).
 * Every row carries a checksum: damage is an error (FAILURE_CACHE) that names the document, never
 * wrong text.  One thread at a time uses a Catalogue; several processes may use the file. */
Catalogue *catalogue_open(const char *path, gboolean read_only, GError **error);
void catalogue_close(Catalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalogue, catalogue_close)

/* An empty array of CataloguePage*, which it owns. */
GPtrArray *catalogue_page_list_new(void);
void catalogue_document_free(CatalogueDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatalogueDocument, catalogue_document_free)
void catalogue_corpus_free(CatalogueCorpus *corpus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatalogueCorpus, catalogue_corpus_free)

/* GPtrArray of CatalogueCorpus* with free function, by name. */
GPtrArray *catalogue_corpora(Catalogue *catalogue, GError **error);
/* NULL without ERROR: no corpus of that name. */
CatalogueCorpus *catalogue_corpus(Catalogue *catalogue, const char *name, GError **error);
/* GPtrArray of CatalogueDocument* in pack order (order of adding; a changed document comes
 * last); WITH_PAGES loads the texts.  NULL without ERROR: no such corpus. */
GPtrArray *catalogue_documents(Catalogue *catalogue, const char *corpus, gboolean with_pages, GError **error);
/* Loads the pages of DOCUMENT, one of CORPUS that was listed without. */
gboolean catalogue_load_pages(Catalogue *catalogue, const char *corpus, CatalogueDocument *document, GError **error);
/* *HAS: whether the document with this ID has a page in one of the STATES, 1 << state each. */
gboolean catalogue_has_pages(Catalogue *catalogue, gint64 id, guint states, gboolean *has, GError **error);
/* The hashes of all documents of all corpora: a set of char *. */
GHashTable *catalogue_hashes(Catalogue *catalogue, GError **error);
/* Adds or, when CORPUS has one of the same path, replaces; all in one transaction; makes the corpus if it is new.
 * Content decides: a document whose hash is there already is that one, renamed, or, if the file at the stored one's path is
 * still there, a copy of it; the same goes for a document that is new and says, by its TEXT_HASH, what another one says.  One
 * whose content has changed goes behind all others, and the old content stays if it has a copy.
 * *CHANGED (may be NULL): FALSE when the hash was there already. */
gboolean catalogue_put(Catalogue *catalogue, const char *corpus, const CatalogueDocument *document,
                       gboolean *changed, GError **error);
/* The copies: files of CORPUS (path, times, and the hash of the document) that have the content of a document with another path.
 * GPtrArray of CatalogueDocument* with free function, by path; empty if there is no such corpus. */
GPtrArray *catalogue_copies(Catalogue *catalogue, const char *corpus, GError **error);
/* The path (*DOCUMENT, to be freed) of the document that stands for the copy at PATH; NULL: there is no such copy. */
gboolean catalogue_copy_of(Catalogue *catalogue, const char *corpus, const char *path, char **document, GError **error);
/* A document that has a copy stays, under that one's path. */
gboolean catalogue_remove_document(Catalogue *catalogue, const char *corpus, const char *path, gboolean *found, GError **error);
/* How many tokens a volume of CORPUS has at most; 0: it was not said. */
gboolean catalogue_volume_tokens(Catalogue *catalogue, const char *corpus, gint64 *tokens, GError **error);
gboolean catalogue_set_volume_tokens(Catalogue *catalogue, const char *corpus, gint64 tokens, GError **error);
/* The bibliography of CORPUS as it was set (*TEXT, to be freed); NULL: it has none, or there is no such corpus. */
gboolean catalogue_bibliography(Catalogue *catalogue, const char *corpus, char **text, GError **error);
/* In the place of the one before; TEXT NULL: none. */
gboolean catalogue_set_bibliography(Catalogue *catalogue, const char *corpus, const char *text, GError **error);
gboolean catalogue_remove_corpus(Catalogue *catalogue, const char *corpus, gboolean *found, GError **error);

void catalogue_record_free(CatalogueRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatalogueRecord, catalogue_record_free)
/* Appends RECORD, whose number (*ID) is one more than the last. */
gboolean catalogue_add_record(Catalogue *catalogue, const CatalogueRecord *record, gint64 *id, GError **error);
/* The same for all of RECORDS (of CatalogueRecord *, whose ids are set), in one transaction. */
gboolean catalogue_add_records(Catalogue *catalogue, const GPtrArray *records, GError **error);
/* GPtrArray of CatalogueRecord* with free function, by number; those about CORPUS, or (NULL) all. */
GPtrArray *catalogue_records(Catalogue *catalogue, const char *corpus, GError **error);
/* NULL without ERROR: no record of that number. */
CatalogueRecord *catalogue_record(Catalogue *catalogue, gint64 id, GError **error);
/* Removes the N records IDS in one transaction; FOUND[i]: there was one.  FAILURE_USAGE, and all stay, when one is a turn of a
 * conversation, which would have a gap without it. */
gboolean catalogue_remove_records(Catalogue *catalogue, const gint64 *ids, gsize n, gboolean *found, GError **error);

/* Who changes a conversation says which record its last turn is (LAST; 0: it has none): if it is another one, another process
 * has gone on with the conversation, and nothing is changed. */

/* catalogue_add_record(), and makes it turn NUMBER of *CONVERSATION in the place of those from NUMBER on, which stay in the
 * history as records; with *CONVERSATION 0 the first turn of a new one.  *ID: the record's number, or 0 when LAST is not the last
 * turn; *CONVERSATION is 0 then if it was removed. */
gboolean catalogue_add_turn(Catalogue *catalogue, const CatalogueRecord *record, gint64 *conversation, gint64 number,
                            gint64 last, gint64 *id, GError **error);
/* A new conversation whose turns are RECORDS (of CatalogueRecord *, whose ids are set), in one transaction. */
gboolean catalogue_add_conversation(Catalogue *catalogue, const GPtrArray *records, gint64 *conversation, GError **error);
/* Takes the turns from NUMBER on out of CONVERSATION; as records they stay in the history.  *DONE: LAST was its last one. */
gboolean catalogue_cut_turns(Catalogue *catalogue, gint64 conversation, gint64 number, gint64 last, gboolean *done,
                             GError **error);
/* GPtrArray of CatalogueRecord* with free function, by turn; empty when there is no such conversation. */
GPtrArray *catalogue_turns(Catalogue *catalogue, gint64 conversation, GError **error);

void catalogue_conversation_free(CatalogueConversation *conversation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatalogueConversation, catalogue_conversation_free)
/* GPtrArray of CatalogueConversation* with free function, by number; those about CORPUS, or (NULL) all. */
GPtrArray *catalogue_conversations(Catalogue *catalogue, const char *corpus, GError **error);
/* Removes CONVERSATION and its records. */
gboolean catalogue_remove_conversation(Catalogue *catalogue, gint64 conversation, gboolean *found, GError **error);

#endif
