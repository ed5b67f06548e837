/* sandbox.c - what a process that reads strangers' files gives up. */
#include "config.h"
#include "ingest/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

static void limit(int resource, guint64 value)
{
    struct rlimit old, now = { value, value };

    if (getrlimit(resource, &old) != 0)
        return;
    if (old.rlim_max != RLIM_INFINITY)
        now.rlim_cur = now.rlim_max = MIN(old.rlim_max, value);
    setrlimit(resource, &now);
}

static void limit_resources(guint64 memory)
{
    /* A write beyond the limit is an error, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
/* The shadow memory of AddressSanitizer takes terabytes of addresses. */
#ifndef __SANITIZE_ADDRESS__
    if (memory > 0)
        limit(RLIMIT_AS, memory);
#endif
}

#if defined HAVE_LINUX_LANDLOCK_H && defined SYS_landlock_create_ruleset
/* No file can be written, made, removed or renamed but /dev/null. */
static void forbid_writing(void)
{
    struct landlock_ruleset_attr writes = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
            LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    struct landlock_path_beneath_attr null = {
        .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
        .parent_fd = open("/dev/null", O_PATH | O_CLOEXEC),
    };
    long rules = syscall(SYS_landlock_create_ruleset, &writes, sizeof writes, 0);

    if (rules >= 0) {
        syscall(SYS_landlock_add_rule, (int) rules, LANDLOCK_RULE_PATH_BENEATH, &null, 0);
        syscall(SYS_landlock_restrict_self, (int) rules, 0);
        close((int) rules);
    }
    if (null.parent_fd >= 0)
        close(null.parent_fd);
}
#else
static void forbid_writing(void)
{
}
#endif

#ifdef HAVE_SECCOMP
/* Calls that no reader needs: network, other processes, rights, the kernel itself, changes of files.  They
 * fail as if permission were missing, so that a library that tries one goes on. */
static const char *const FORBIDDEN[] = {
    "socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmmsg",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "pidfd_send_signal", "kill", "tkill",
    "setns", "unshare", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsmount",
    "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "acct", "quotactl",
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink",
    "symlinkat", "mknod", "mknodat", "truncate", "chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat",
    "setxattr", "lsetxattr", "removexattr", "lremovexattr", "creat", "openat2", "open_by_handle_at",
};

static void forbid_opening(scmp_filter_ctx filter, const char *call, unsigned flags)
{
    static const unsigned CHANGES[] = { O_CREAT, O_TRUNC };
    int number = seccomp_syscall_resolve_name(call);

    if (number == __NR_SCMP_ERROR)
        return;
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), number, 1,
                     SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDWR));
    for (gsize i = 0; i < G_N_ELEMENTS(CHANGES); i++)
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), number, 1,
                         SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, CHANGES[i], CHANGES[i]));
}

static void forbid_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (filter == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(FORBIDDEN); i++) {
        int number = seccomp_syscall_resolve_name(FORBIDDEN[i]);
        if (number != __NR_SCMP_ERROR)
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    }
    forbid_opening(filter, "open", 1);
    forbid_opening(filter, "openat", 2);
    seccomp_load(filter);
    seccomp_release(filter);
}
#else
static void forbid_calls(void)
{
}
#endif

void sandbox_enter(guint64 memory)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    forbid_writing();
    forbid_calls();
    limit_resources(memory);
}
