/* outcome.c - what became of a question. */
#include "config.h"
#include "src/answer/outcome.h"

#include <string.h>

#include "src/answer/answer.h"
#include "src/answer/refusal.h"
#include "src/answer/sentence.h"

const char *outcome_name(Outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_SUPPORTED] = "supported", [OUTCOME_PARTLY] = "partly_supported", [OUTCOME_BY_ATTENTION] = "by_attention",
        [OUTCOME_UNSUPPORTED] = "unsupported", [OUTCOME_NOT_THERE] = "not_in_documents",
    };

    return names[outcome];
}

gboolean outcome_found(Outcome outcome)
{
    return outcome <= OUTCOME_BY_ATTENTION;
}

/* What the words of an answer say. */
typedef struct {
    guint refusals, cited, others;      /* sentences; of the others, those with page marks */
    gboolean first;                     /* the first sentence is a refusal */
} Words;

static Words read_words(const char *text, const GArray *marks)
{
    Words words = { 0 };
    gsize length = strlen(text);

    for (gsize at = 0, end; at < length; at = end) {
        gboolean cited = FALSE;

        end = why_sentence_end(text, at, marks);
        g_autoptr(GHashTable) set = sentence_words(text + at, end - at);
        for (guint m = 0; m < marks->len; m++) {
            const WhyMark *mark = &g_array_index(marks, WhyMark, m);
            cited = cited || (mark->known && mark->at >= at && mark->at < end);
        }
        if (g_hash_table_size(set) == 0)
            continue;
        if (refusal_of(text + at, end - at) >= (cited ? REFUSAL_STRONG : REFUSAL_WEAK)) {
            words.first = words.first || words.others + words.refusals == 0;
            words.refusals++;
        } else {
            words.others++;
            words.cited += cited;
        }
    }
    return words;
}

static gboolean any_stands_out(const Answer *answer)
{
    const GArray *sentences = answer->why != NULL ? why_sentences(answer->why) : NULL;

    for (guint i = 0; sentences != NULL && i < sentences->len; i++)
        if (g_array_index(sentences, WhySentence, i).stands_out)
            return TRUE;
    return FALSE;
}

/* Whether attention could tell that nothing is there, and does. */
static gboolean nothing_stands_out(const Answer *answer)
{
    return answer->why != NULL && why_heads(answer->why)->calibrated && why_heads(answer->why)->threshold > 0 &&
           why_sentences(answer->why)->len > 0 && !any_stands_out(answer);
}

static gboolean all_quotations_fail(const GArray *quotations)
{
    for (guint i = 0; i < quotations->len; i++)
        if (g_array_index(quotations, Quotation, i).status != QUOTATION_NOT_FOUND)
            return FALSE;
    return quotations->len > 0;
}

static gboolean shares_words(const GArray *citations)
{
    for (guint i = 0; i < citations->len; i++)
        if (g_array_index(citations, Citation, i).end > 0)
            return TRUE;
    return FALSE;
}

Outcome answer_judge(const Answer *answer, const GArray *marks)
{
    const GArray *citations = citation_reader_list(answer->citations);
    Words words = read_words(answer->text->str, marks);
    gboolean attended = any_stands_out(answer);

    if (words.refusals > 0 && !answer->verbatim && (words.first || words.cited == 0))
        return OUTCOME_NOT_THERE;
    if (all_quotations_fail(answer->quotations) && !attended)
        return OUTCOME_UNSUPPORTED;
    if (citations->len == 0)
        return attended ? OUTCOME_BY_ATTENTION : OUTCOME_UNSUPPORTED;
    if (!answer->verbatim && answer->quotations->len == 0 && nothing_stands_out(answer) && !shares_words(citations))
        return OUTCOME_UNSUPPORTED;
    return words.refusals > 0 ? OUTCOME_PARTLY : OUTCOME_SUPPORTED;
}
