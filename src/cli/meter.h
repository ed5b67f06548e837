/* meter.h - progress on stderr: one line redrawn on a terminal (phase, done of
 * total, rate, time left), a line every ten seconds elsewhere, nothing with -q. */
#ifndef KVASIR_CLI_METER_H
#define KVASIR_CLI_METER_H

#include "src/base/progress.h"

typedef struct Meter Meter;

Meter *meter_new(gboolean quiet);
/* A ProgressFunc; DATA is the Meter. */
void meter_update(const Progress *progress, gpointer data);
/* Removes the line; before anything else is printed. */
void meter_clear(Meter *meter);
/* Appends "1,234,567" to TEXT. */
void meter_count(GString *text, guint64 n);
/* Appends "12 s", "3 min 05 s" or "2 h 40 min". */
void meter_time(GString *text, double seconds);
void meter_free(Meter *meter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Meter, meter_free)

#endif
