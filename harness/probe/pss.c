/* pss.c: resident memory, shared pages divided among those who share them: noisy, it only confirms. */
#include "harness/probe/probe.h"
#include "harness/probe/proc.h"

#include <unistd.h>

static bool read_pss(pid_t pid, int64_t *out)
{
    char text[4096];
    int64_t kib;

    if (!proc_read(pid, "smaps_rollup", text, sizeof(text)) || !proc_find_number(text, "Pss", &kib))
        return false;
    *out = kib * 1024;
    return true;
}

static enum err check_pss(struct problem *why)
{
    int64_t before = 0, after = 0;
    bool seen = read_pss(getpid(), &before);
    void *memory = proc_touch_memory();

    seen = seen && memory && read_pss(getpid(), &after);
    proc_untouch_memory(memory);
    if (!seen)
        return problem_set(why, ERR_SYSTEM, "probe pss_bytes: cannot read /proc/self/smaps_rollup, or map memory");
    return proc_expect_change("pss_bytes", before, after, PROC_CHECK_BYTES, PROC_CHECK_BYTES / 4, why);
}

static const struct probe pss = {
    .name = "pss_bytes", .about = "resident memory, by share", .read = read_pss, .self_check = check_pss};
PROBE_REGISTER(pss)
