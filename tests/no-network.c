/* no-network.c - runs a command that is killed when it, or a child of it, opens a network socket.
 *
 *     no-network COMMAND [ARGUMENT...]
 *     no-network --try                     opens one itself: must be killed
 *
 * A seccomp filter looks at socket(2) and socketpair(2): any family but AF_UNIX and AF_NETLINK ends the process with SIGSYS.
 * Status 77: this system has no such filters.
 */
#include "config.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int install(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socketpair, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = { .len = sizeof code / sizeof code[0], .filter = code };

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (!install()) {
        fprintf(stderr, "no-network: %s\n", strerror(errno));
        return 77;
    }
    if (strcmp(argv[1], "--try") == 0) {
        socket(AF_INET, SOCK_STREAM, 0);
        return 0;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "no-network: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
