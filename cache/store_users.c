/* store_users.c - which blocks running processes use.
 *
 * Each open store that may write is a user: a random number, and a lock on the byte at that
 * offset of the file PATH-users.  The lock goes with the open file, so it ends
 * when the process ends, however that comes about, and a user is alive exactly as long as its byte is locked.  Rows of
 * in_use and claim carry the user's number; those of dead users count for nothing
 * and are deleted on occasion.  It is enough to mark a chain's last block:
 * leaves go first, so what it hangs on stays.
 *
 * The locks are those of the open file description (F_OFD_SETLK), not of the process: two stores in
 * one process are two users.
 */
#include "config.h"
#include "cache/store_internal.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "src/base/interrupt.h"

/* How often a waiting process looks. */
#define WAIT_STEP_MS 50

static struct flock
byte_of(gint64 user)
{
    return (struct flock) { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = user, .l_len = 1 };
}

static gint64
random_user(void)
{
    gint64 user;

    do {
        user = (gint64) ((guint64) (g_random_int() & 0x3fffffff) << 32 | g_random_int());
    } while (user == 0);
    return user;
}

/* Without the file (no permission, odd file system) the store works unmarked. */
void
store_user_join(Store *store)
{
    g_autofree char *path = g_strconcat(store->db.path, "-users", NULL);

    store->users_fd = g_open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (store->users_fd < 0)
        return;
    for (int tries = 0; tries < 8 && !store->user; tries++) {
        gint64 user = random_user();
        struct flock lock = byte_of(user);

        if (fcntl(store->users_fd, F_OFD_SETLK, &lock) == 0)
            store->user = user;
    }
}

void
store_user_leave(Store *store)
{
    if (store->user) {
        g_mutex_lock(&store->lock);
        database_do(&store->db, NULL, "DELETE FROM in_use WHERE user = ?", "i", store->user);
        database_do(&store->db, NULL, "DELETE FROM claim WHERE user = ?", "i", store->user);
        g_mutex_unlock(&store->lock);
    }
    if (store->users_fd >= 0)
        close(store->users_fd);
}

static gboolean
is_alive(Store *store, gint64 user)
{
    struct flock lock = byte_of(user);

    if (user == store->user)
        return TRUE;
    if (user <= 0 || store->users_fd < 0)
        return FALSE;
    return fcntl(store->users_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

gboolean
store_mark(Store *store, gint64 block, GError **error)
{
    return !store->user || database_do(&store->db, error, "INSERT OR IGNORE INTO in_use VALUES (?, ?)", "ii",
                                       store->user, block);
}

gboolean
store_unmark(Store *store, gint64 block, GError **error)
{
    return !store->user || database_do(&store->db, error, "DELETE FROM in_use WHERE user = ? AND block = ?", "ii",
                                       store->user, block);
}

gboolean
store_purge_users(Store *store, GError **error)
{
    g_autoptr(GArray) users = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *s = database_query(&store->db, error, "SELECT user FROM in_use UNION SELECT user FROM claim", "");
    int row = s ? database_step(&store->db, s, error) : -1;

    for (; row == 1; row = database_step(&store->db, s, error)) {
        gint64 user = sqlite3_column_int64(s, 0);

        if (!is_alive(store, user))
            g_array_append_val(users, user);
    }
    for (guint i = 0; i < users->len && row == 0; i++) {
        gint64 user = g_array_index(users, gint64, i);

        if (!database_do(&store->db, error, "DELETE FROM in_use WHERE user = ?", "i", user)
            || !database_do(&store->db, error, "DELETE FROM claim WHERE user = ?", "i", user))
            row = -1;
    }
    return row == 0;
}

/* In a read or write transaction on DB.  *STORED: the block is there; *OWNER: the living user that has the claim, or 0. */
static gboolean
look_at_claim(Store *store, Database *db, const guint8 *key, gboolean *stored, gint64 *owner)
{
    gint64 id = 0;

    *owner = 0;
    if (!database_get(db, 0, &id, NULL, "SELECT id FROM block WHERE key = ?", "k", key)
        || !database_get(db, 0, owner, NULL, "SELECT user FROM claim WHERE key = ?", "k", key))
        return FALSE;
    *stored = id != 0;
    if (*owner && !is_alive(store, *owner))
        *owner = 0;
    return TRUE;
}

gboolean
store_claim(Store *store, const guint8 key[STORE_KEY_BYTES])
{
    StoreState state;
    gboolean stored = FALSE, mine = TRUE;
    gint64 owner = 0;

    if (!store->user)
        return TRUE;
    g_mutex_lock(&store->lock);
    database_be_patient(&store->db, FALSE);
    if (store_begin(store, &state, NULL)) {
        if (look_at_claim(store, &store->db, key, &stored, &owner))
            mine = !stored && (!owner || owner == store->user);
        if (!mine || owner == store->user
            || !database_do(&store->db, NULL, "INSERT OR REPLACE INTO claim VALUES (?, ?)", "ki", key, store->user))
            database_rollback(&store->db);
        else
            database_commit(&store->db, NULL);
    }
    database_be_patient(&store->db, TRUE);
    g_mutex_unlock(&store->lock);
    return mine;
}

StoreWait
store_wait(Store *store, const guint8 key[STORE_KEY_BYTES], guint timeout_ms)
{
    for (guint waited = 0; ; waited += WAIT_STEP_MS) {
        Database *reader = store_reader(store, NULL);
        gboolean stored = FALSE, ok = FALSE;
        gint64 owner = 0;

        if (reader) {
            ok = database_begin_read(reader, NULL) && look_at_claim(store, reader, key, &stored, &owner);
            store_reader_return(store, reader);
        }
        if (ok && stored)
            return STORE_WAIT_STORED;
        if (!ok || !owner)
            return STORE_WAIT_FREE;
        if (waited >= timeout_ms || interrupt_requested())
            return STORE_WAIT_TIMEOUT;
        g_usleep(WAIT_STEP_MS * 1000);
    }
}

void
store_release(Store *store)
{
    if (!store->user)
        return;
    g_mutex_lock(&store->lock);
    database_be_patient(&store->db, FALSE);
    database_do(&store->db, NULL, "DELETE FROM claim WHERE user = ?", "i", store->user);
    database_be_patient(&store->db, TRUE);
    g_mutex_unlock(&store->lock);
}
