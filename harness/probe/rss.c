/* rss.c: resident memory: noisy, it only confirms. */
#include "harness/probe/probe.h"
#include "harness/probe/proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static bool read_rss(pid_t pid, int64_t *out)
{
    char text[256];
    int64_t resident;

    if (!proc_read(pid, "statm", text, sizeof(text)) || sscanf(text, "%*d %" SCNd64, &resident) != 1)
        return false;
    *out = resident * sysconf(_SC_PAGESIZE);
    return true;
}

static enum err check_rss(struct problem *why)
{
    int64_t before = 0, after = 0;
    bool seen = read_rss(getpid(), &before);
    void *memory = proc_touch_memory();

    seen = seen && memory && read_rss(getpid(), &after);
    proc_untouch_memory(memory);
    if (!seen)
        return problem_set(why, ERR_SYSTEM, "probe rss_bytes: cannot read /proc/self/statm, or map memory");
    return proc_expect_change("rss_bytes", before, after, PROC_CHECK_BYTES, PROC_CHECK_BYTES / 4, why);
}

static const struct probe rss = {
    .name = "rss_bytes", .about = "resident memory", .read = read_rss, .self_check = check_rss};
PROBE_REGISTER(rss)
