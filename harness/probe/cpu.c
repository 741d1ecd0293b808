/* cpu.c: processor time used, by the kernel's own clock of that process. */
#include "harness/probe/probe.h"
#include "harness/probe/proc.h"

#include <time.h>
#include <unistd.h>

#define CHECK_CPU_NS INT64_C(5000000)

static bool read_cpu(pid_t pid, int64_t *out)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return false;
    *out = used.tv_sec * NS_PER_SEC + used.tv_nsec;
    return true;
}

/* Measured against the clock of this process alone: how long it took by the wall says nothing. */
static enum err check_cpu(struct problem *why)
{
    struct timespec now;
    int64_t before = 0, after = 0, own = 0;
    bool seen = read_cpu(getpid(), &before);

    for (after = before; seen && own < before + CHECK_CPU_NS;) {
        seen = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0;
        own = now.tv_sec * NS_PER_SEC + now.tv_nsec;
    }
    seen = seen && read_cpu(getpid(), &after);
    if (!seen)
        return problem_set(why, ERR_SYSTEM, "probe cpu_ns: cannot read the processor clock of this process");
    return proc_expect_change("cpu_ns", before, after, own - before, CHECK_CPU_NS, why);
}

static const struct probe cpu = {
    .name = "cpu_ns", .about = "processor time used", .read = read_cpu, .self_check = check_cpu};
PROBE_REGISTER(cpu)
