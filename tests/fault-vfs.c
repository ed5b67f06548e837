/* fault-vfs.c - an SQLite VFS whose writes fail on command. */
#include "config.h"
#include "tests/fault-vfs.h"

#include <sqlite3.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;         /* lies behind this struct */
    gboolean log;               /* a write-ahead log */
} File;

static sqlite3_vfs *parent;
static GMutex lock;
static struct {
    FaultKind kind;
    gint countdown, hits;
    gboolean for_ever;
} fault;
static guint64 written[2];      /* bytes: of databases, of logs; under lock */

void
fault_vfs_arm(FaultKind kind, gint countdown, gboolean for_ever)
{
    g_mutex_lock(&lock);
    fault.kind = kind;
    fault.countdown = countdown;
    fault.for_ever = for_ever;
    fault.hits = 0;
    g_mutex_unlock(&lock);
}

gint
fault_vfs_hits(void)
{
    gint hits;

    g_mutex_lock(&lock);
    hits = fault.hits;
    g_mutex_unlock(&lock);
    return hits;
}

guint64
fault_vfs_written(gboolean log)
{
    guint64 bytes;

    g_mutex_lock(&lock);
    bytes = written[log];
    g_mutex_unlock(&lock);
    return bytes;
}

/* Whether the operation of this KIND that is about to happen is to fail. */
static gboolean
fails(FaultKind kind)
{
    gboolean now = FALSE;

    g_mutex_lock(&lock);
    if (fault.kind == kind && fault.countdown > 0) {
        now = fault.countdown == 1;
        if (!now || !fault.for_ever)
            fault.countdown--;
        fault.hits += now;
    }
    g_mutex_unlock(&lock);
    return now;
}

static sqlite3_file *
real_of(sqlite3_file *file)
{
    return ((File *) (void *) file)->real;
}

static int
file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int
file_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
    if (fails(FAULT_READ))
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), out, n, offset);
}

static int
file_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    if (fails(FAULT_FULL))
        return SQLITE_FULL;
    if (fails(FAULT_SHORT)) {
        real_of(file)->pMethods->xWrite(real_of(file), bytes, n / 2, offset);
        return SQLITE_IOERR_WRITE;
    }
    g_mutex_lock(&lock);
    written[((File *) (void *) file)->log] += (guint64) n;
    g_mutex_unlock(&lock);
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, n, offset);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int
file_sync(sqlite3_file *file, int flags)
{
    if (fails(FAULT_SYNC))
        return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int
file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
file_check_reserved(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int
file_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int
file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
file_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **map)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, map);
}

static int
file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
file_shm_unmap(sqlite3_file *file, int delete_it)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_it);
}

static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock,
    file_check_reserved, file_control, file_sector_size, file_characteristics, file_shm_map, file_shm_lock,
    file_shm_barrier, file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
    File *f = (File *) (void *) file;
    int rc;

    f->real = (sqlite3_file *) (void *) (f + 1);
    rc = parent->xOpen(parent, name, f->real, flags, flags_out);
    f->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    f->log = (flags & SQLITE_OPEN_WAL) != 0;
    return rc;
}

void
fault_vfs_install(void)
{
    static sqlite3_vfs vfs;

    parent = sqlite3_vfs_find(NULL);
    vfs = *parent;
    vfs.zName = "fault";
    vfs.szOsFile = (int) sizeof(File) + parent->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.pNext = NULL;
    sqlite3_vfs_register(&vfs, 1);
}
