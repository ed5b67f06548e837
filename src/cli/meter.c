/* meter.c - progress on stderr. */
#include "config.h"
#include "src/cli/meter.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/cli/output.h"

enum {
    REDRAW_US = 200 * 1000,         /* on a terminal */
    LINE_US = 10 * 1000 * 1000,     /* elsewhere */
    WINDOW = 16,                    /* samples that the rate is taken over */
    SAMPLE_US = 500 * 1000,
    FIT_LEAST = 6,                  /* intervals, before a slope is believed */
};

typedef struct {
    gint64 time;
    guint64 done;
} Sample;

struct Meter {
    gboolean quiet, terminal, drawn;
    char *phase;                    /* the one being shown, or NULL */
    gint64 began, last;             /* of the phase; of the last output */
    Sample samples[WINDOW];
    guint first, count;             /* ring of samples */
    /* Weighted sums for the line "seconds a unit = a + b position": attention makes later tokens dearer. */
    struct { guint intervals; double w, wn, wnn, wt, wnt; } fit;
};

Meter *meter_new(gboolean quiet)
{
    Meter *meter = g_new0(Meter, 1);

    meter->quiet = quiet;
    meter->terminal = output_terminal(STDERR_FILENO);
    return meter;
}

void meter_free(Meter *meter)
{
    if (meter == NULL)
        return;
    meter_clear(meter);
    g_free(meter->phase);
    g_free(meter);
}

void meter_clear(Meter *meter)
{
    if (!meter->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    meter->drawn = FALSE;
}

void meter_count(GString *text, guint64 n)
{
    g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, n);
    gsize length = strlen(digits);

    for (gsize i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
}

void meter_time(GString *line, double seconds)
{
    guint64 s = (guint64) (seconds + 0.5);

    if (s < 60)
        g_string_append_printf(line, "%u s", (guint) s);
    else if (s < 3600)
        g_string_append_printf(line, "%u min %02u s", (guint) (s / 60), (guint) (s % 60));
    else
        g_string_append_printf(line, "%" G_GUINT64_FORMAT " h %02u min", s / 3600, (guint) (s % 3600 / 60));
}

static void add_interval(Meter *meter, const Sample *from, gint64 now, guint64 done)
{
    double w = (double) (done - from->done), n = (double) from->done + w / 2;
    double t = (double) (now - from->time) / 1e6 / w;

    meter->fit.intervals++;
    meter->fit.w += w;
    meter->fit.wn += w * n;
    meter->fit.wnn += w * n * n;
    meter->fit.wt += w * t;
    meter->fit.wnt += w * n * t;
}

/* Seconds from DONE to TOTAL by the fitted line. */
static double seconds_left(const Meter *meter, guint64 done, guint64 total)
{
    double n = (double) done, end = (double) total;
    double w = meter->fit.w, wn = meter->fit.wn, wt = meter->fit.wt;
    double det = w * meter->fit.wnn - wn * wn, a, b = 0;

    if (meter->fit.intervals >= FIT_LEAST && det > 0)
        b = MAX(0, (w * meter->fit.wnt - wn * wt) / det);
    a = (wt - b * wn) / w;
    if (a < 0) {
        a = 0;
        b = meter->fit.wnt / meter->fit.wnn;
    }
    return a * (end - n) + b * (end * end - n * n) / 2;
}

static void add_sample(Meter *meter, gint64 now, guint64 done)
{
    guint last = (meter->first + meter->count - 1) % WINDOW;

    if (meter->count > 0 && now - meter->samples[last].time < SAMPLE_US)
        return;
    if (meter->count == WINDOW) {
        meter->first = (meter->first + 1) % WINDOW;
        meter->count--;
    }
    if (meter->count > 0 && done > meter->samples[last].done)
        add_interval(meter, &meter->samples[last], now, done);
    last = (meter->first + meter->count++) % WINDOW;
    meter->samples[last].time = now;
    meter->samples[last].done = done;
}

/* Units a second over the window; 0 when that cannot be said yet. */
static double recent_rate(const Meter *meter, gint64 now, guint64 done)
{
    gint64 time = now - meter->samples[meter->first].time;
    guint64 units = done - meter->samples[meter->first].done;

    return time >= SAMPLE_US && units > 0 ? (double) units * 1e6 / (double) time : 0;
}

static GString *format_line(const Meter *meter, const Progress *p, gint64 now)
{
    GString *line = g_string_new(p->phase);
    double rate = recent_rate(meter, now, p->done);

    g_string_append(line, ": ");
    meter_count(line, p->done);
    if (p->total > 0) {
        g_string_append(line, " of ");
        meter_count(line, p->total);
    }
    g_string_append_printf(line, " %s", p->unit);
    if (p->total > 0)
        g_string_append_printf(line, " (%u%%)", (guint) (100.0 * (double) p->done / (double) p->total));
    if (rate > 0 && meter->fit.intervals > 0) {
        g_string_append_printf(line, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
        if (p->total > p->done) {
            g_string_append(line, ", ");
            meter_time(line, seconds_left(meter, p->done, p->total));
            g_string_append(line, " left");
        }
    }
    return line;
}

static void draw(Meter *meter, GString *line)
{
    struct winsize size;

    if (!meter->terminal) {
        fprintf(stderr, "kvasir: %s\n", line->str);
        return;
    }
    /* A line that wraps could not be redrawn.  It is ASCII but for the phase, so bytes do. */
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && line->len >= size.ws_col)
        g_string_truncate(line, size.ws_col - 1U);
    fprintf(stderr, "\r%s\033[K", line->str);
    fflush(stderr);
    meter->drawn = TRUE;
}

void meter_update(const Progress *progress, gpointer data)
{
    Meter *meter = data;
    gint64 now = g_get_monotonic_time();

    if (meter->quiet)
        return;
    if (g_strcmp0(meter->phase, progress->phase) != 0) {
        g_free(meter->phase);
        meter->phase = g_strdup(progress->phase);
        meter->began = meter->last = now;
        meter->first = meter->count = 0;
        memset(&meter->fit, 0, sizeof meter->fit);
    }
    if (meter->count > 0 && progress->done < meter->samples[meter->first].done)
        meter->first = meter->count = 0;
    add_sample(meter, now, progress->done);
    if (now - meter->last < (meter->terminal ? REDRAW_US : LINE_US))
        return;
    meter->last = now;
    g_autoptr(GString) line = format_line(meter, progress, now);
    draw(meter, line);
}
