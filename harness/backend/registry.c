/* registry.c: the backends that are linked in, sorted by name, and where the host programs are. */
#include "harness/backend/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKENDS_MAX 16

/* Written before main only. */
static const struct backend *backends[BACKENDS_MAX];
static size_t backends_used;

void backend_registry_add(const struct backend *backend)
{
    size_t at = backends_used;

    if (backends_used == BACKENDS_MAX)
        abort(); /* BACKENDS_MAX is too small: seen by whoever adds the backend */
    for (; at > 0 && strcmp(backends[at - 1]->name, backend->name) > 0; at--)
        backends[at] = backends[at - 1];
    backends[at] = backend;
    backends_used++;
}

size_t backend_count(void)
{
    return backends_used;
}

const struct backend *backend_at(size_t index)
{
    return index < backends_used ? backends[index] : NULL;
}

const struct backend *backend_find(const char *name)
{
    for (size_t i = 0; i < backends_used; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
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
