/* bench-tokenizer.c - how fast vocabularies load and text is encoded; not a test.
 *
 *     make tests/bench-tokenizer && tests/bench-tokenizer TOKENIZER.MODEL [FILE...]
 *
 * CPU time of one thread, the best of several runs: of loading, of each file, and of
 * words without a break, which are merged as one.
 */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include "src/model/tokenizer.h"

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static void measure(const Tokenizer *tokenizer, const char *name, const char *text, gsize length)
{
    double best = 1e9;
    guint tokens = 0;

    for (int run = 0; run < 5 && (run == 0 || best < 1); run++) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint32));
        double start = seconds();

        tokenizer_encode(tokenizer, text, length, ids);
        best = MIN(best, seconds() - start);
        tokens = ids->len;
    }
    printf("%-24s %10zu bytes %9u tokens %9.2f ms %7.1f MB/s\n", name, length, tokens, best * 1e3,
           (double) length / best / 1e6);
}

static void measure_word(const Tokenizer *tokenizer, const char *name, gsize length, gboolean letters)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(GString) word = g_string_sized_new(length);

    while (word->len < length)
        g_string_append_c(word, (char) (letters ? 'a' + g_rand_int_range(random, 0, 26) : ' '));
    measure(tokenizer, name, word->str, word->len);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Tokenizer) tokenizer = NULL;
    double start = seconds();

    if (argc < 2) {
        fputs("usage: bench-tokenizer TOKENIZER.MODEL [FILE...]\n", stderr);
        return 2;
    }
    tokenizer = tokenizer_load(argv[1], &error);
    if (!tokenizer) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    printf("loaded in %.1f ms\n", (seconds() - start) * 1e3);
    for (int i = 2; i < argc; i++) {
        g_autofree char *text = NULL;
        gsize length;

        if (g_file_get_contents(argv[i], &text, &length, NULL))
            measure(tokenizer, argv[i], text, length);
    }
    measure_word(tokenizer, "word of letters", 100000, TRUE);
    measure_word(tokenizer, "word of letters", 10000000, TRUE);
    measure_word(tokenizer, "spaces", 10000000, FALSE);
    return 0;
}
