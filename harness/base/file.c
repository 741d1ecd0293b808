#include "harness/base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return ERR_SYSTEM;
        bytes += written;
        length -= (size_t)written;
    }
    return ERR_NONE;
}

enum err file_write_whole(const char *path, const void *bytes, size_t length, struct problem *why)
{
    char aside[PATH_MAX];
    int wide = snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
    if (wide < 0 || (size_t)wide >= sizeof(aside))
        return problem_set(why, ERR_SYSTEM, "cannot write %.200s: the path is too long", path);
    int fd = mkostemp(aside, O_CLOEXEC);
    if (fd < 0)
        return problem_set(why, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));

    bool written = write_all(fd, bytes, length) == ERR_NONE && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    int trouble = errno;
    if (close(fd) != 0 && written) {
        written = false;
        trouble = errno;
    }
    if (written && rename(aside, path) == 0)
        return ERR_NONE;
    if (written)
        trouble = errno;
    (void)unlink(aside);
    return problem_set(why, ERR_SYSTEM, "cannot write %s: %s", path, strerror(trouble));
}

static enum err read_all(int fd, const char *path, size_t limit, struct buffer *out, struct problem *why)
{
    for (;;) {
        char block[16 * 1024];
        ssize_t got = read(fd, block, sizeof(block));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return problem_set(why, ERR_INPUT, "cannot read %s: %s", path, strerror(errno));
        if ((size_t)got > limit - out->length)
            return problem_set(why, ERR_INPUT, "%s: expected at most %zu bytes, found more", path, limit);
        buffer_add(out, block, (size_t)got);
        if (out->failed)
            return problem_set(why, ERR_MEMORY, "out of memory while reading %s", path);
        if (got == 0)
            return ERR_NONE;
    }
}

enum err file_read_whole(const char *path, size_t limit, struct buffer *out, struct problem *why)
{
    *out = (struct buffer){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return problem_set(why, ERR_INPUT, "cannot read %s: %s", path, strerror(errno));
    enum err err = read_all(fd, path, limit, out, why);
    (void)close(fd);
    if (err != ERR_NONE)
        buffer_free(out);
    return err;
}

/* One level; a folder that is there already is fine. */
static bool make_one(const char *path)
{
    struct stat info;
    return mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

enum err folder_make(const char *path, struct problem *why)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(part))
        return problem_set(why, ERR_SYSTEM, "cannot make the folder \"%.200s\": the path is empty or too long", path);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (!make_one(part))
            return problem_set(why, ERR_SYSTEM, "cannot make the folder %s: %s", part,
                               errno == EEXIST ? "a file of that name is in the way" : strerror(errno));
        part[i] = path[i];
    }
    return ERR_NONE;
}
