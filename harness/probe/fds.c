/* fds.c: open file descriptors: a leaked connection shows here, whatever the pool's counters say. */
#include "harness/probe/probe.h"
#include "harness/probe/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define CHECK_FDS 7

/* "." and ".." are no descriptors. */
static int64_t count_entries(const char *bytes, ssize_t length)
{
    int64_t count = 0;

    for (ssize_t at = 0; at < length;) {
        const struct dirent64 *entry = (const void *)(bytes + at);
        count += entry->d_name[0] != '.';
        at += entry->d_reclen;
    }
    return count;
}

static bool read_fds(pid_t pid, int64_t *out)
{
    _Alignas(struct dirent64) char bytes[16 * 1024];
    char path[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    *out = 0;
    while ((n = getdents64(fd, bytes, sizeof(bytes))) > 0)
        *out += count_entries(bytes, n);
    close(fd);
    return n == 0;
}

static enum err check_fds(struct problem *why)
{
    int fds[CHECK_FDS], opened = 0;
    int64_t before = 0, after = 0;
    bool seen = read_fds(getpid(), &before);

    for (; opened < CHECK_FDS; opened++) {
        fds[opened] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fds[opened] < 0)
            break;
    }
    seen = seen && opened == CHECK_FDS && read_fds(getpid(), &after);
    while (opened > 0)
        close(fds[--opened]);
    if (!seen)
        return problem_set(why, ERR_SYSTEM, "probe fds: cannot read /proc/self/fd, or open %d files", CHECK_FDS);
    return proc_expect_change("fds", before, after, CHECK_FDS, 0, why);
}

static const struct probe fds = {
    .name = "fds", .about = "open file descriptors", .read = read_fds, .self_check = check_fds};
PROBE_REGISTER(fds)
