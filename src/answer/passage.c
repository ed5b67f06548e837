/* passage.c - where words stand in the documents, exactly or nearly. */
#include "config.h"
#include "src/answer/passage.h"

#include <string.h>

#include "src/answer/citation.h"
#include "src/answer/sentence.h"

enum {
    GAP_MOST = 400,             /* tokens that an ellipsis may stand for */
    NEAR_MOST = 2 * GAP_MOST,   /* tokens that are looked at one by one rather than by their pairs */
    PIECE_MOST = 300,           /* tokens that are aligned at a time */
    PLACES_MOST = 4096,         /* of a pair of tokens that vote */
    CANDIDATES_MOST = 6,        /* windows that are aligned */
};

typedef enum { WORD, WIDE, MARK } TokenKind;

typedef struct {
    guint exact, lower;         /* index in names; 0 stands between documents */
    TokenKind kind;
    guint page;                 /* index in pages */
    gsize begin, end;           /* bytes in the page's text */
} Token;

typedef struct {
    guint document, page;
} PageRef;

struct PassageIndex {
    GHashTable *ids;            /* char* -> index in names */
    GPtrArray *names;
    GArray *tokens;             /* Token */
    GArray *pages;              /* PageRef */
    guint *heads, *next;        /* place + 1, or 0 */
    guint mask;
};

/* What is looked for: a part between two ellipses. */
typedef struct {
    const Token *tokens;
    guint n;
} Piece;

/* --- Tokens --- */

static guint intern(PassageIndex *index, const char *name)
{
    gpointer known = g_hash_table_lookup(index->ids, name);
    char *copy;

    if (known != NULL)
        return GPOINTER_TO_UINT(known);
    copy = g_strdup(name);
    g_ptr_array_add(index->names, copy);
    g_hash_table_insert(index->ids, copy, GUINT_TO_POINTER(index->names->len - 1));
    return index->names->len - 1;
}

/* Full-width forms and some marks as their plain fellows. */
static gunichar plain(gunichar c)
{
    if (c >= 0xff01 && c <= 0xff5e)
        return c - 0xfee0;
    if (c == 0x3002 || c == 0xff61)
        return '.';
    if (c == 0x2013 || c == 0x2014 || c == 0x2015 || c == 0x2212)
        return '-';
    return c == 0x17f ? 's' : c;
}

static gboolean is_wide(gunichar c)
{
    return c > 0x10ff && g_unichar_iswide(c) && g_unichar_isalnum(c);
}

static gboolean is_word(gunichar c)
{
    return (g_unichar_isalnum(c) || g_unichar_ismark(c) || c == '_') && !is_wide(c);
}

static gboolean is_letter(gunichar c)
{
    return g_unichar_isalpha(c) && !is_wide(c);
}

/* Characters that nobody sees. */
static gboolean is_invisible(gunichar c)
{
    return c == 0xad || (c >= 0x200b && c <= 0x200f) || c == 0x2060 || c == 0xfeff;
}

static gboolean is_apostrophe(gunichar c)
{
    return c == '\'' || c == 0x2019 || c == 0x2018 || c == 0x2bc;
}

static gboolean is_ignored(gunichar c)
{
    return g_unichar_isspace(c) || g_unichar_iscntrl(c) || c == '"' || c == '*' || c == '`' || is_apostrophe(c) ||
           (c >= 0x201a && c <= 0x201f) || c == 0xab || c == 0xbb || c == 0x2039 || c == 0x203a ||
           (c >= 0x300c && c <= 0x300f);
}

static gboolean is_soft_mark(const char *name)
{
    static const char *const marks[] = { ".", ",", ";", ":", "!", "?", "…", "、", "-" };

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (strcmp(name, marks[i]) == 0)
            return TRUE;
    return FALSE;
}

static void append_plain(GString *word, gunichar c)
{
    gunichar parts[4];
    gsize n;

    if (c < 0xfb00 || c > 0xfb06) {
        g_string_append_unichar(word, plain(c));
        return;
    }
    n = g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts));
    for (gsize i = 0; i < n && i < G_N_ELEMENTS(parts); i++)
        g_string_append_unichar(word, plain(parts[i]));
}

/* At a hyphen or apostrophe behind the letter LAST: where the word goes on, or NULL. */
static const char *word_goes_on(gunichar last, const char *p, const char *end)
{
    gunichar c = g_utf8_get_char(p);
    gboolean hyphen = c == '-' || c == 0x2010;
    const char *q = sentence_next_char(p);
    gboolean line = FALSE;

    if (!g_unichar_isalpha(last) || q >= end)
        return NULL;
    if (is_apostrophe(c) || hyphen || c == 0x2011 || c == 0x2013)
        if (is_letter(g_utf8_get_char(q)))
            return q;
    if (!hyphen)
        return NULL;
    for (; q < end && g_unichar_isspace(g_utf8_get_char(q)); q = sentence_next_char(q))
        line = line || *q == '\n';
    if (q >= end || q == p + 1)
        return NULL;
    c = g_utf8_get_char(q);
    return is_letter(c) && (line || g_unichar_islower(c)) ? q : NULL;
}

static void add_token(PassageIndex *index, GArray *tokens, TokenKind kind, const char *name,
                      guint page, gsize begin, gsize end)
{
    g_autofree char *lower = g_utf8_strdown(name, -1);
    Token token = { .exact = intern(index, name), .lower = intern(index, lower), .kind = kind,
                    .page = page, .begin = begin, .end = end };

    g_array_append_val(tokens, token);
}

/* A mark at P: its name in NAME; where it ends. */
static const char *read_mark(const char *p, const char *end, GString *name)
{
    gunichar c = plain(g_utf8_get_char(p));
    const char *q = sentence_next_char(p);

    g_string_truncate(name, 0);
    if (end - p >= 5 && strncmp(p, ". . .", 5) == 0) {
        g_string_append(name, "…");
        return p + 5;
    }
    while (q < end && plain(g_utf8_get_char(q)) == c && (c == '.' || c == '-' || c == 0x2026))
        q = sentence_next_char(q);
    if (c == '.' && q - p >= 3)
        c = 0x2026;
    g_string_append_unichar(name, c);
    return q;
}

static const char *read_word(const char *p, const char *end, GString *name)
{
    gunichar last = 0;
    const char *stop = p;

    g_string_truncate(name, 0);
    while (p < end) {
        gunichar c = g_utf8_get_char(p);
        const char *on;

        if (is_word(plain(c))) {
            append_plain(name, c);
            last = plain(c);
            p = stop = sentence_next_char(p);
        } else if (is_invisible(c)) {
            p = sentence_next_char(p);
        } else if ((on = word_goes_on(last, p, end)) != NULL) {
            if (is_apostrophe(c))
                g_string_append_c(name, '\'');
            p = on;
        } else {
            break;
        }
    }
    return stop;
}

static void tokenize(PassageIndex *index, const char *text, gsize length, guint page, GArray *tokens)
{
    g_autoptr(GString) name = g_string_new(NULL);
    const char *end = text + length;

    for (const char *p = text, *q; p < end; p = q) {
        gunichar c = g_utf8_get_char(p);
        TokenKind kind = MARK;

        q = sentence_next_char(p);
        if (is_ignored(c) || is_invisible(c))
            continue;
        if (is_wide(c)) {
            kind = WIDE;
            g_string_truncate(name, 0);
            g_string_append_unichar(name, c);
        } else if (is_word(plain(c))) {
            kind = WORD;
            q = read_word(p, end, name);
        } else {
            q = read_mark(p, end, name);
        }
        add_token(index, tokens, kind, name->str, page, (gsize) (p - text), (gsize) (q - text));
    }
}

/* --- The index --- */

static const Token *token_at(const PassageIndex *index, guint i)
{
    return &g_array_index(index->tokens, Token, i);
}

static guint pair_hash(const PassageIndex *index, guint a, guint b)
{
    guint64 hash = (guint64) a * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) +
                   (guint64) b * G_GUINT64_CONSTANT(0xc2b2ae3d27d4eb4f);

    return (guint) (hash >> 32) & index->mask;
}

static void link_pairs(PassageIndex *index)
{
    guint n = index->tokens->len, size = 1024;

    while (size < n && size < 1u << 30)
        size *= 2;
    index->mask = size - 1;
    index->heads = g_new0(guint, size);
    index->next = g_new0(guint, n);
    for (guint i = n; i-- > 1;) {       /* from the end, so that the chains ascend */
        guint hash = pair_hash(index, token_at(index, i - 1)->lower, token_at(index, i)->lower);
        index->next[i - 1] = index->heads[hash];
        index->heads[hash] = i;
    }
}

PassageIndex *passage_index_new(const GPtrArray *documents)
{
    PassageIndex *index = g_new0(PassageIndex, 1);
    const Token between = { 0 };

    index->ids = g_hash_table_new(g_str_hash, g_str_equal);
    index->names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(index->names, g_strdup(""));
    index->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    index->pages = g_array_new(FALSE, FALSE, sizeof(PageRef));
    for (guint d = 0; d < documents->len; d++) {
        const Document *document = g_ptr_array_index(documents, d);
        for (guint p = 0; p < document->pages->len; p++) {
            const Page *page = g_ptr_array_index(document->pages, p);
            PageRef ref = { d, p };
            g_array_append_val(index->pages, ref);
            tokenize(index, page->text, page->length, index->pages->len - 1, index->tokens);
        }
        g_array_append_val(index->tokens, between);
    }
    link_pairs(index);
    return index;
}

void passage_index_free(PassageIndex *index)
{
    if (index == NULL)
        return;
    g_hash_table_unref(index->ids);
    g_ptr_array_unref(index->names);
    g_array_unref(index->tokens);
    g_array_unref(index->pages);
    g_free(index->heads);
    g_free(index->next);
    g_free(index);
}

/* --- What is looked for --- */

static gboolean is_named(const PassageIndex *index, const Token *token, const char *name)
{
    return strcmp(g_ptr_array_index(index->names, token->exact), name) == 0;
}

static gboolean is_soft(const PassageIndex *index, const Token *token)
{
    return token->kind == MARK && is_soft_mark(g_ptr_array_index(index->names, token->exact));
}

/* Without the punctuation at its ends, which belongs to the sentence around it. */
static void add_piece(const PassageIndex *index, GArray *pieces, const Token *tokens, guint n)
{
    Piece piece = { tokens, n };

    while (piece.n > 0 && is_soft(index, piece.tokens + piece.n - 1))
        piece.n--;
    while (piece.n > 0 && is_soft(index, piece.tokens)) {
        if (is_named(index, piece.tokens, "-") && piece.n > 1 && piece.tokens[1].begin == piece.tokens->end)
            break;              /* a sign */
        piece.tokens++;
        piece.n--;
    }
    if (piece.n > 0)
        g_array_append_val(pieces, piece);
}

static GArray *split_pieces(const PassageIndex *index, const GArray *quote)
{
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    const Token *tokens = (const Token *) (const void *) quote->data;
    guint begin = 0;

    for (guint i = 0; i < quote->len; i++) {
        guint end = i;
        if (!is_named(index, tokens + i, "…"))
            continue;
        if (end > begin && (is_named(index, tokens + end - 1, "[") || is_named(index, tokens + end - 1, "(")))
            end--;
        add_piece(index, pieces, tokens + begin, end - begin);
        begin = i + 1;
        if (begin < quote->len && (is_named(index, tokens + begin, "]") || is_named(index, tokens + begin, ")")))
            begin++;
    }
    if (begin < quote->len)
        add_piece(index, pieces, tokens + begin, quote->len - begin);
    return pieces;
}

/* --- Exact --- */

static gboolean matches_at(const PassageIndex *index, const Piece *piece, guint at)
{
    if (at + piece->n > index->tokens->len || token_at(index, at)->lower != piece->tokens[0].lower)
        return FALSE;
    for (guint i = 1; i < piece->n; i++)
        if (token_at(index, at + i)->exact != piece->tokens[i].exact)
            return FALSE;
    return TRUE;
}

/* The first place of PIECE from FROM on, below LIMIT, or G_MAXUINT. */
static guint find_piece(const PassageIndex *index, const Piece *piece, guint from, guint limit)
{
    limit = MIN(limit, index->tokens->len);
    if (piece->n == 1 || (from < limit && limit - from <= NEAR_MOST)) {
        for (guint i = from; i < limit; i++)
            if (matches_at(index, piece, i))
                return i;
        return G_MAXUINT;
    }
    guint hash = pair_hash(index, piece->tokens[0].lower, piece->tokens[1].lower), place = index->heads[hash];
    /* Behind a place that was found the chain goes on; from its head all of it would be walked each time. */
    if (from > 0 && from < index->tokens->len && hash == pair_hash(index, token_at(index, from - 1)->lower, token_at(index, from)->lower))
        place = index->next[from - 1];
    for (; place != 0 && place - 1 < limit; place = index->next[place - 1])
        if (place - 1 >= from && matches_at(index, piece, place - 1))
            return place - 1;
    return G_MAXUINT;
}

static guint document_at(const PassageIndex *index, guint at)
{
    return g_array_index(index->pages, PageRef, token_at(index, at)->page).document;
}

/* The passage of the tokens from BEGIN to before END. */
static Passage make_passage(const PassageIndex *index, guint begin, guint end, double likeness)
{
    const Token *first = token_at(index, begin), *last = token_at(index, end - 1);
    PageRef from = g_array_index(index->pages, PageRef, first->page);
    PageRef to = g_array_index(index->pages, PageRef, last->page);

    return (Passage) { .document = from.document, .first = from.page, .last = to.page,
                       .begin = first->begin, .end = last->end, .likeness = likeness };
}

/* The end of the pieces behind the first one, which begins at BEGIN, or 0. */
static guint follow_pieces(const PassageIndex *index, const GArray *pieces, guint begin)
{
    guint end = begin + g_array_index(pieces, Piece, 0).n;

    for (guint i = 1; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        guint at = find_piece(index, piece, end, end + GAP_MOST);
        if (at == G_MAXUINT || document_at(index, at) != document_at(index, begin))
            return 0;
        end = at + piece->n;
    }
    return end;
}

static gboolean find_chain(const PassageIndex *index, const GArray *pieces, const GArray *wanted, Passage *passage)
{
    gboolean found = FALSE;
    guint at = 0;

    if (pieces->len == 0)
        return FALSE;
    while ((at = find_piece(index, &g_array_index(pieces, Piece, 0), at, G_MAXUINT)) != G_MAXUINT) {
        guint end = follow_pieces(index, pieces, at);
        if (end != 0) {
            Passage here = make_passage(index, at, end, 1);
            gboolean on = passage_is_on(&here, wanted);
            if (on || !found)
                *passage = here;
            found = TRUE;
            if (on || wanted->len == 0)
                break;
        }
        at++;
    }
    return found;
}

gboolean passage_find_exact(PassageIndex *index, const char *text, const GArray *wanted, Passage *passage)
{
    g_autoptr(GArray) quote = g_array_new(FALSE, FALSE, sizeof(Token));
    g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(Piece));

    tokenize(index, text, strlen(text), 0, quote);
    add_piece(index, whole, (const Token *) (const void *) quote->data, quote->len);
    if (find_chain(index, whole, wanted, passage))
        return TRUE;
    g_autoptr(GArray) pieces = split_pieces(index, quote);
    return pieces->len > 0 && find_chain(index, pieces, wanted, passage);
}

/* --- Near --- */

/* Characters of tokens in lower case, and the token that each is of. */
typedef struct {
    GArray *chars, *owners;
} Spelling;

static Spelling spell(const PassageIndex *index, const Token *tokens, guint n)
{
    Spelling out = { g_array_new(FALSE, FALSE, sizeof(gunichar)), g_array_new(FALSE, FALSE, sizeof(guint)) };
    const gunichar space = ' ';

    for (guint i = 0; i < n; i++) {
        if (i > 0 && tokens[i].kind == WORD && tokens[i - 1].kind == WORD) {
            g_array_append_val(out.chars, space);
            g_array_append_val(out.owners, i);
        }
        for (const char *p = g_ptr_array_index(index->names, tokens[i].lower); *p != '\0'; p = sentence_next_char(p)) {
            gunichar c = g_utf8_get_char(p);
            g_array_append_val(out.chars, c);
            g_array_append_val(out.owners, i);
        }
    }
    return out;
}

static void clear_spelling(Spelling *spelling)
{
    g_array_unref(spelling->chars);
    g_array_unref(spelling->owners);
}

/* The fewest edits that make NEEDLE out of a part of HAY (Sellers 1980), and that part: characters FIRST to LAST. */
static guint align(const GArray *needle, const GArray *hay, guint *first, guint *last)
{
    const gunichar *a = (const gunichar *) (const void *) needle->data;
    const gunichar *b = (const gunichar *) (const void *) hay->data;
    guint n = needle->len, best = G_MAXUINT;
    g_autofree guint *cost = g_new(guint, n + 1);
    g_autofree guint *start = g_new0(guint, n + 1);

    for (guint i = 0; i <= n; i++)
        cost[i] = i;
    for (guint j = 0; j < hay->len; j++) {
        guint diagonal = 0, diagonal_start = j;

        cost[0] = 0;
        start[0] = j + 1;
        for (guint i = 1; i <= n; i++) {
            guint left = cost[i] + 1, left_start = start[i];
            guint value = diagonal + (a[i - 1] != b[j]), value_start = diagonal_start;

            diagonal = cost[i];
            diagonal_start = start[i];
            if (left < value) {
                value = left;
                value_start = left_start;
            }
            if (cost[i - 1] + 1 < value) {
                value = cost[i - 1] + 1;
                value_start = start[i - 1];
            }
            cost[i] = value;
            start[i] = value_start;
        }
        if (cost[n] < best) {
            best = cost[n];
            *first = start[n];
            *last = j;
        }
    }
    return best;
}

/* A pair of tokens found: where, less where it is in what is looked for. */
typedef struct {
    gint64 diagonal;
    guint place;
} Vote;

typedef struct {
    guint votes, place;
    gint64 from, to;            /* diagonals */
} Candidate;

static int compare_votes(gconstpointer a, gconstpointer b)
{
    const Vote *x = a, *y = b;

    if (x->diagonal != y->diagonal)
        return x->diagonal < y->diagonal ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *x = a, *y = b;

    if (x->votes != y->votes)
        return x->votes > y->votes ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Tokens from FROM to before TO. */
typedef struct {
    guint from, to;
} Range;

static GArray *collect_votes(const PassageIndex *index, const Piece *piece, Range range)
{
    GArray *votes = g_array_new(FALSE, FALSE, sizeof(Vote));

    for (guint i = 0; i + 1 < piece->n; i++) {
        guint a = piece->tokens[i].lower, b = piece->tokens[i + 1].lower, n = 0;
        guint place = index->heads[pair_hash(index, a, b)];
        for (; place != 0 && n < PLACES_MOST; place = index->next[place - 1]) {
            Vote vote = { (gint64) place - 1 - i, place - 1 };
            if (place - 1 < range.from || place - 1 >= range.to ||
                token_at(index, place - 1)->lower != a || token_at(index, place)->lower != b)
                continue;
            g_array_append_val(votes, vote);
            n++;
        }
    }
    g_array_sort(votes, compare_votes);
    return votes;
}

/* Groups of votes whose diagonals lie within SLACK, the best first. */
static GArray *collect_candidates(const PassageIndex *index, const Piece *piece, Range range, guint slack,
                                  const GArray *wanted)
{
    g_autoptr(GArray) votes = collect_votes(index, piece, range);
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));

    for (guint i = 0, j; i < votes->len; i = j) {
        const Vote *first = &g_array_index(votes, Vote, i), *last = first;
        for (j = i + 1; j < votes->len && g_array_index(votes, Vote, j).diagonal - first->diagonal <= slack; j++)
            last = &g_array_index(votes, Vote, j);
        Passage here = make_passage(index, first->place, first->place + 1, 0);
        Candidate candidate = { .votes = 2 * (j - i) + (passage_is_on(&here, wanted) ? 1 : 0), .place = first->place,
                                .from = first->diagonal, .to = last->diagonal };
        g_array_append_val(candidates, candidate);
    }
    g_array_sort(candidates, compare_candidates);
    guint n = 0;
    while (n < MIN(candidates->len, CANDIDATES_MOST) &&
           g_array_index(candidates, Candidate, n).votes >= g_array_index(candidates, Candidate, 0).votes / 4)
        n++;
    g_array_set_size(candidates, n);
    return candidates;
}

/* Aligns a piece of N tokens with what lies around CANDIDATE, from token LOWEST on; the tokens from
 * *BEGIN to before *END. */
static double align_candidate(const PassageIndex *index, const Spelling *needle, guint n, guint slack, guint lowest,
                              const Candidate *candidate, guint *begin, guint *end)
{
    gint64 from = MAX(candidate->from - slack, lowest), to = MIN(candidate->to + n + slack, (gint64) index->tokens->len);
    guint low = candidate->place, high = candidate->place + 1, first = 0, last = 0, edits;
    Spelling hay;

    while (low > from && token_at(index, low - 1)->exact != 0)
        low--;
    while (high < to && token_at(index, high)->exact != 0)
        high++;
    hay = spell(index, token_at(index, low), high - low);
    edits = align(needle->chars, hay.chars, &first, &last);
    first = MIN(first, last);
    *begin = low + g_array_index(hay.owners, guint, first);
    *end = low + g_array_index(hay.owners, guint, last) + 1;
    clear_spelling(&hay);
    return 1 - (double) edits / needle->chars->len;
}

static gboolean find_near_piece(const PassageIndex *index, const Piece *piece, Range range, const GArray *wanted,
                                guint *begin, guint *end, double *likeness)
{
    guint slack = piece->n / 4 + 4;
    g_autoptr(GArray) candidates = collect_candidates(index, piece, range, slack, wanted);
    Spelling needle = spell(index, piece->tokens, piece->n);
    gboolean best_on = FALSE;

    *likeness = 0;
    for (guint i = 0; i < candidates->len; i++) {
        guint b = 0, e = 0;
        double value = align_candidate(index, &needle, piece->n, slack, range.from,
                                       &g_array_index(candidates, Candidate, i), &b, &e);
        Passage here = make_passage(index, b, e, value);
        gboolean on = passage_is_on(&here, wanted);

        if (value < *likeness || (value <= *likeness && (best_on || !on)))
            continue;
        *likeness = value;
        *begin = b;
        *end = e;
        best_on = on;
    }
    clear_spelling(&needle);
    return *likeness >= PASSAGE_LIKENESS;
}

/* Long pieces in parts, so that the time grows with the length and not with its square. */
static GArray *cut_pieces(const GArray *pieces)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(Piece));

    for (guint i = 0; i < pieces->len; i++) {
        Piece piece = g_array_index(pieces, Piece, i);
        guint parts = (piece.n + PIECE_MOST - 1) / PIECE_MOST;
        for (guint k = 0; k < parts; k++) {
            guint from = piece.n * k / parts, to = piece.n * (k + 1) / parts;
            Piece part = { piece.tokens + from, to - from };
            g_array_append_val(out, part);
        }
    }
    return out;
}

gboolean passage_find_near(PassageIndex *index, const char *text, const GArray *wanted, Passage *passage)
{
    g_autoptr(GArray) quote = g_array_new(FALSE, FALSE, sizeof(Token));
    guint first = 0, before = 0;
    double least = 1;

    tokenize(index, text, strlen(text), 0, quote);
    g_autoptr(GArray) pieces = split_pieces(index, quote);
    g_autoptr(GArray) parts = cut_pieces(pieces);
    for (guint i = 0; i < parts->len; i++) {
        const Piece *part = &g_array_index(parts, Piece, i);
        /* An edit at a joint may be counted on both sides of it. */
        Range range = { i > 0 ? before - 1 : 0, i > 0 ? before + GAP_MOST + part->n : G_MAXUINT };
        guint begin = 0, end = 0;
        double likeness;

        if (!find_near_piece(index, part, range, wanted, &begin, &end, &likeness) ||
            (i > 0 && document_at(index, begin) != document_at(index, first)))
            return FALSE;
        if (i == 0)
            first = begin;
        before = end;
        least = MIN(least, likeness);
    }
    if (parts->len == 0)
        return FALSE;
    *passage = make_passage(index, first, before, least);
    return TRUE;
}

gboolean passage_is_on(const Passage *passage, const GArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        const Citation *citation = &g_array_index(wanted, Citation, i);
        if (citation->document == passage->document && citation->first <= passage->last &&
            passage->first <= citation->last)
            return TRUE;
    }
    return FALSE;
}

char *passage_text(const Passage *passage, const GPtrArray *documents)
{
    const Document *document = g_ptr_array_index(documents, passage->document);
    GString *out = g_string_new(NULL);

    for (guint i = passage->first; i <= passage->last; i++) {
        const Page *page = g_ptr_array_index(document->pages, i);
        gsize begin = i == passage->first ? passage->begin : 0;
        gsize end = i == passage->last ? passage->end : page->length;
        if (i > passage->first)
            g_string_append_c(out, '\n');
        g_string_append_len(out, page->text + begin, (gssize) (end - begin));
    }
    return g_string_free(out, FALSE);
}
