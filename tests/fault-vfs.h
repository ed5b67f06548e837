/* fault-vfs.h - an SQLite VFS on top of the default one whose writes fail on command. */
#ifndef KVASIR_TESTS_FAULT_VFS_H
#define KVASIR_TESTS_FAULT_VFS_H

#include <glib.h>

typedef enum {
    FAULT_FULL,             /* no space: nothing is written */
    FAULT_SHORT,            /* half of it is written, then an I/O error */
    FAULT_SYNC,             /* writes go well, but fsync fails */
    FAULT_READ,             /* reads fail */
} FaultKind;

/* Registers it as the default VFS; once, before the first database is opened. */
void fault_vfs_install(void);

/* From now on the COUNTDOWN-th operation of KIND (counted from 1) fails, and all after it when
 * FOR_EVER.  0: none fails. */
void fault_vfs_arm(FaultKind kind, gint countdown, gboolean for_ever);
/* How many operations failed since it was armed. */
gint fault_vfs_hits(void);
/* Bytes that were written into databases, or with LOG into their write-ahead logs, since it was installed. */
guint64 fault_vfs_written(gboolean log);

#endif
