/* unit-sketch.c - what two texts have in common. */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "ingest/sketch.h"

/* N words from SEED on, each CHANGED-th of them another one (0: none); to be freed. */
static char *text_of(guint n, guint seed, guint changed)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        guint word = (seed + i) * 2654435761u;
        if (changed && i % changed == changed - 1)
            word = ~word;
        g_string_append_printf(text, "%s%x", i % 12 ? " " : "\n", word >> 4);
    }
    return g_string_free(text, FALSE);
}

static guint likeness(const char *a, const char *b)
{
    Sketch one, two;
    sketch_begin(&one);
    sketch_begin(&two);
    sketch_add(&one, a);
    sketch_add(&two, b);
    g_assert_cmpuint(sketch_likeness(&one, &two), ==, sketch_likeness(&two, &one));
    return sketch_likeness(&one, &two);
}

static void test_likeness(void)
{
    g_autofree char *text = text_of(3000, 0, 0), *touched = text_of(3000, 0, 100), *other = text_of(3000, 9000, 0);
    g_autofree char *shifted = text_of(3000, 300, 0), *upper = g_ascii_strup(text, -1), *few = text_of(20, 0, 0);
    g_assert_cmpuint(likeness(text, text), ==, 100);
    /* White space, marks and case do not count. */
    g_strdelimit(upper, "\n", ',');
    g_assert_cmpuint(likeness(text, upper), ==, 100);
    /* One word of a hundred has 16 + 6 runs of 700. */
    g_assert_cmpuint(likeness(text, touched), >=, 94);
    g_assert_cmpuint(likeness(text, touched), <=, 99);
    /* A tenth at the end is another one. */
    g_assert_cmpuint(likeness(text, shifted), >=, 85);
    g_assert_cmpuint(likeness(text, shifted), <=, 95);
    g_assert_cmpuint(likeness(text, other), <=, 2);
    /* Of a few words nothing can be said. */
    g_assert_cmpuint(likeness(few, few), ==, 0);
    g_assert_cmpuint(likeness("", text), ==, 0);
}

/* The letters of a script that has no words, in pieces. */
static void test_pieces(void)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < 700; i++)
        g_string_append_unichar(text, 0x4e00 + i * i % 997);
    Sketch whole, pieces;
    sketch_begin(&whole);
    sketch_begin(&pieces);
    sketch_add(&whole, text->str);
    for (const char *p = text->str; *p; p = g_utf8_find_next_char(p, NULL)) {
        char letter[8] = { 0 };
        memcpy(letter, p, (gsize) g_utf8_skip[*(const guchar *) p]);
        sketch_add(&pieces, letter);
    }
    g_assert_cmpmem(&whole, sizeof whole, &pieces, sizeof pieces);
    g_assert_cmpuint(sketch_likeness(&whole, &pieces), ==, 100);
    g_string_free(text, TRUE);
}

static void test_index(void)
{
    g_autoptr(SketchIndex) index = sketch_index_new();
    Sketch sketch;
    guint number = 99;
    for (guint i = 0; i < 200; i++) {
        g_autofree char *text = text_of(500, i * 1000, i == 77 ? 30 : 0);
        sketch_begin(&sketch);
        sketch_add(&sketch, text);
        sketch_index_add(index, &sketch);
    }
    g_autofree char *text = text_of(500, 77000, 0), *other = text_of(500, 770000, 0);
    sketch_begin(&sketch);
    sketch_add(&sketch, text);
    guint percent = sketch_index_find(index, &sketch, 80, &number);
    g_assert_cmpuint(number, ==, 77);
    g_assert_cmpuint(percent, >=, 80);
    g_assert_cmpuint(sketch_index_find(index, &sketch, 99, &number), ==, 0);
    /* The most like one of two. */
    sketch_index_add(index, &sketch);
    g_assert_cmpuint(sketch_index_find(index, &sketch, 80, &number), ==, 100);
    g_assert_cmpuint(number, ==, 200);
    sketch_begin(&sketch);
    sketch_add(&sketch, other);
    g_assert_cmpuint(sketch_index_find(index, &sketch, 80, &number), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sketch/likeness", test_likeness);
    g_test_add_func("/sketch/pieces", test_pieces);
    g_test_add_func("/sketch/index", test_index);
    return g_test_run();
}
