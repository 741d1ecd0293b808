/* proc.c: reading /proc with one buffer of the caller's. */
#include "harness/probe/proc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool proc_read(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    size_t used = 0;
    ssize_t n = 1;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (n > 0 && used + 1 < size) {
        n = pread(fd, out + used, size - 1 - used, (off_t)used);
        used += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    out[used] = '\0';
    return n >= 0 && used > 0;
}

bool proc_find_number(const char *text, const char *label, int64_t *out)
{
    size_t length = strlen(label);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, label, length) == 0 && line[length] == ':') {
            *out = strtoll(line + length + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

enum err proc_expect_change(const char *probe, int64_t before, int64_t after, int64_t change, int64_t tolerance,
                            struct problem *why)
{
    int64_t moved = after - before;

    if (moved >= change - tolerance && moved <= change + tolerance)
        return ERR_NONE;
    return problem_set(why, ERR_SYSTEM,
                       "probe %s: expected a change of %" PRId64 ", give or take %" PRId64 ", found %" PRId64, probe,
                       change, tolerance, moved);
}

void *proc_touch_memory(void)
{
    void *memory = mmap(NULL, (size_t)PROC_CHECK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    memset(memory, 1, (size_t)PROC_CHECK_BYTES);
    return memory;
}

void proc_untouch_memory(void *memory)
{
    if (memory)
        munmap(memory, (size_t)PROC_CHECK_BYTES);
}
