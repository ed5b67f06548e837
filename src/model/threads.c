/* threads.c - the one place that decides how many threads work. */
#include "config.h"
#include "src/model/threads.h"

#include <glib.h>
#include <sched.h>
#include <stdio.h>

/* "package:core" of a CPU, so that hyper-threads of one core look alike; NULL where unknown. */
static char *core_name(int cpu)
{
    g_autofree char *package_file = g_strdup_printf("/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
    g_autofree char *core_file = g_strdup_printf("/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
    g_autofree char *package = NULL, *core = NULL;

    if (!g_file_get_contents(package_file, &package, NULL, NULL) ||
        !g_file_get_contents(core_file, &core, NULL, NULL))
        return NULL;
    return g_strdup_printf("%s:%s", g_strstrip(package), g_strstrip(core));
}

static int physical_cores(void)
{
    g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cpu_set_t allowed;
    int unknown = 0;

    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return (int) g_get_num_processors();
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        char *name = CPU_ISSET(cpu, &allowed) ? core_name(cpu) : NULL;
        if (name)
            g_hash_table_add(cores, name);
        else
            unknown += CPU_ISSET(cpu, &allowed) ? 1 : 0;
    }
    return (int) g_hash_table_size(cores) + unknown;
}

/* CPUs that the control group's quota allows, rounded up; 0 for no quota. */
static int quota(void)
{
    g_autofree char *text = NULL;
    long long used, period;

    if (!g_file_get_contents("/sys/fs/cgroup/cpu.max", &text, NULL, NULL) ||
        sscanf(text, "%lld %lld", &used, &period) != 2 || used <= 0 || period <= 0)
        return 0;
    return (int) MIN((used + period - 1) / period, THREADS_MAX);
}

int threads_count(int requested)
{
    if (requested > 0)
        return MIN(requested, THREADS_MAX);
    int cores = physical_cores(), limit = quota();

    return CLAMP(limit && limit < cores ? limit : cores, 1, THREADS_MAX);
}
