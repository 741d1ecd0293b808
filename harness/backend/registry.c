/* registry.c: the backends that are linked in, sorted by name, and where the host programs are. */
#include "harness/backend/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct registry backends; /* written before main only */

void backend_registry_add(const struct backend *backend)
{
    registry_add(&backends, backend->name, backend);
}

size_t backend_count(void)
{
    return backends.count;
}

const struct backend *backend_at(size_t index)
{
    return registry_at(&backends, index);
}

const struct backend *backend_find(const char *name)
{
    return registry_find(&backends, name);
}

/* Cuts the last part of a path. */
static void cut_last_part(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash && slash != path)
        *slash = '\0';
}

enum err backend_build_folder(char **out, struct problem *why)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    *out = NULL;
    if (length < 0)
        return problem_set(why, ERR_SYSTEM, "cannot read /proc/self/exe: %s", strerror(errno));
    path[length] = '\0';
    cut_last_part(path);
    const char *last = strrchr(path, '/');
    if (last && (strcmp(last, "/asan") == 0 || strcmp(last, "/tsan") == 0))
        cut_last_part(path);
    *out = strdup(path);
    return *out ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}
