/* split.c - the split pattern, by hand. */
#include "config.h"
#include "src/model/split.h"

#include <string.h>

#include "src/model/unicode-classes.h"

typedef enum { OTHER, LETTER, NUMBER, SPACE, BREAK } Class;     /* BREAK: \r and \n, which are \s too */

#define IS_SPACE(class) ((class) >= SPACE)

static const guint8 ascii_class[128] = {
    ['\t'] = SPACE, ['\n'] = BREAK, ['\v'] = SPACE, ['\f'] = SPACE, ['\r'] = BREAK, [' '] = SPACE,
    ['0' ... '9'] = NUMBER,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
};

/* Two bits for each character that there can be. */
static guint8 classes[0x110000 / 4];

static void set_classes(const Range *ranges, gsize n, Class class)
{
    for (gsize i = 0; i < n; i++)
        for (guint c = ranges[i].first; c <= ranges[i].last; c++)
            classes[c / 4] |= (guint8) (class << 2 * (c % 4));
}

/* The class of a character beyond ASCII. */
static inline Class wide_class(gunichar c)
{
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        set_classes(letters, G_N_ELEMENTS(letters), LETTER);
        set_classes(numbers, G_N_ELEMENTS(numbers), NUMBER);
        set_classes(spaces, G_N_ELEMENTS(spaces), SPACE);
        g_once_init_leave(&ready, 1);
    }
    return (Class) (classes[c / 4] >> 2 * (c % 4) & 3);
}

/* The class of the character at P and its SIZE in bytes. */
static inline Class class_at(const guint8 *p, guint *size)
{
    if (p[0] < 0x80) {
        *size = 1;
        return (Class) ascii_class[p[0]];
    }
    if (p[0] < 0xE0) {
        *size = 2;
        return wide_class((p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu));
    }
    if (p[0] < 0xF0) {
        *size = 3;
        return wide_class((p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
    }
    *size = 4;
    return wide_class((p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu));
}

static inline const guint8 *skip(const guint8 *p, const guint8 *end, Class class)
{
    guint size;

    while (p < end && class_at(p, &size) == class)
        p += size;
    return p;
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d): its length at P, or 0.  Without regard to case, s is also U+017F. */
static gsize contraction(const guint8 *p, const guint8 *end)
{
    gsize left = (gsize) (end - p);
    guint8 a, b;

    if (left < 2 || p[0] != '\'')
        return 0;
    a = p[1] | 0x20;
    b = left > 2 ? p[2] : 0;
    if (p[1] == 0xC5 && b == 0xBF)
        return 3;
    if (p[1] >= 0x80)
        return 0;
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return 2;
    if (b >= 0x80)
        return 0;
    b |= 0x20;
    return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/* \s*[\r\n]+ | \s+(?!\S) | \s+ : a run of white space goes up to its last line
 * break; without one up to its last character, which stays with what follows. */
static gsize space(const guint8 *text, const guint8 *end)
{
    const guint8 *p = text, *last = text, *after_break = NULL;
    guint size;
    Class class;

    while (p < end && IS_SPACE(class = class_at(p, &size))) {
        last = p;
        p += size;
        if (class == BREAK)
            after_break = p;
    }
    if (after_break)
        return (gsize) (after_break - text);
    return (gsize) ((p < end && last > text ? last : p) - text);
}

gsize split_next(const guint8 *text, const guint8 *end)
{
    guint size, second_size;
    Class class = class_at(text, &size), second = SPACE;
    const guint8 *p = text + size;
    gsize length;

    if (class == LETTER)
        return (gsize) (skip(p, end, LETTER) - text);
    if (class == NUMBER) {
        for (int i = 1; i < 3 && p < end && class_at(p, &size) == NUMBER; i++)
            p += size;
        return (gsize) (p - text);
    }
    length = contraction(text, end);
    if (length > 0)
        return length;
    if (p < end)
        second = class_at(p, &second_size);
    if (second == LETTER && class != BREAK)
        return (gsize) (skip(p, end, LETTER) - text);
    if (class == OTHER || (*text == ' ' && second == OTHER))
        return (gsize) (skip(skip(p, end, OTHER), end, BREAK) - text);
    return space(text, end);
}

/* Bytes of the character at P, or of the ill-formed part there (then *OK is
 * FALSE): what can begin a character and breaks off (Unicode, table 3-7). */
static gsize measure(const guint8 *p, const guint8 *end, gboolean *ok)
{
    guint8 lead = *p, low = 0x80, high = 0xBF;
    gsize need, got = 1;

    if (lead < 0x80) {
        need = 1;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
        need = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        need = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        need = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        need = 0;
    }
    for (; got < need && p + got < end && p[got] >= low && p[got] <= high; got++) {
        low = 0x80;
        high = 0xBF;
    }
    *ok = got == need;
    return got;
}

/* Bytes at the start of TEXT that are well-formed. */
static gsize well_formed_prefix(const guint8 *text, gsize length)
{
    const guint8 *p = text, *end = text + length;
    gboolean ok;

    while (p < end) {
        guint64 eight;
        gsize size;

        if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & G_GUINT64_CONSTANT(0x8080808080808080)) == 0)) {
            p += 8;
            continue;
        }
        size = measure(p, end, &ok);
        if (!ok)
            break;
        p += size;
    }
    return (gsize) (p - text);
}

gboolean split_well_formed(const guint8 *text, gsize length)
{
    return well_formed_prefix(text, length) == length;
}

GString *split_repair(const guint8 *text, gsize length)
{
    const guint8 *p = text, *end = text + length;
    GString *repaired = g_string_sized_new(length + length / 8);

    while (p < end) {
        gsize good = well_formed_prefix(p, (gsize) (end - p));
        gboolean ok;

        g_string_append_len(repaired, (const char *) p, (gssize) good);
        p += good;
        if (p == end)
            break;
        p += measure(p, end, &ok);
        g_string_append(repaired, "\xEF\xBF\xBD");
    }
    return repaired;
}
