/*
 * malloc and its family, in front of the C library's: each call is passed on, and told to plugin_memory.c. For the host
 * program only (not its tests), native and under memcheck; a sanitizer has hooks of its own for this.
 */
#include "harness/host/plugin.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- those behind us --------------------------------------------------------------------------------------------- */

static struct {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *ptr, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    void (*free)(void *ptr);
    bool found, searching;
} next;

/* What dlsym itself allocates during the search; never used again. */
static _Alignas(max_align_t) char early[4096];
static size_t early_used;

static void *early_alloc(size_t size)
{
    size_t whole = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);

    if (whole < size || whole > sizeof early - early_used)
        return NULL;
    early_used += whole;
    return early + early_used - whole; /* zeroed */
}

static bool is_early(const void *ptr)
{
    return (uintptr_t)ptr - (uintptr_t)early < sizeof early;
}

static void find_one(void *function, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (symbol == NULL)
        abort();
    memcpy(function, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function */
}

/* The first allocation of a process is made long before it has threads. False: this one is made by the search. */
static bool find_next(void)
{
    if (next.found)
        return true;
    if (next.searching)
        return false;
    next.searching = true;
    find_one(&next.malloc, "malloc");
    find_one(&next.calloc, "calloc");
    find_one(&next.realloc, "realloc");
    find_one(&next.memalign, "memalign");
    find_one(&next.free, "free");
    next.found = true;
    return true;
}

/* ---- the family -------------------------------------------------------------------------------------------------- */

/* ASan makes an empty block one byte long; so that all count alike, we do too. */
static size_t never_empty(size_t size)
{
    return size == 0 && plugin_counts_here() ? 1 : size;
}

void *malloc(size_t size)
{
    if (!find_next())
        return early_alloc(size);
    size = never_empty(size);
    void *ptr = next.malloc(size);
    plugin_took(ptr, size);
    return ptr;
}

void free(void *ptr)
{
    size_t size;

    if (ptr == NULL || is_early(ptr) || !find_next())
        return;
    (void)plugin_gave_back(ptr, &size); /* first: then another thread may get the same address */
    next.free(ptr);
}

void *calloc(size_t count, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    if (!find_next())
        return early_alloc(whole);
    whole = never_empty(whole);
    void *ptr = next.calloc(1, whole);
    plugin_took(ptr, whole);
    return ptr;
}

/* A block belongs to whoever gave it its size last. */
void *realloc(void *ptr, size_t size)
{
    size_t old_size;

    if (ptr == NULL)
        return malloc(size);
    if (!find_next() || is_early(ptr)) {
        void *moved = malloc(size);
        size_t there = sizeof early - (size_t)((char *)ptr - early);
        return moved != NULL ? memcpy(moved, ptr, size < there ? size : there) : NULL;
    }
    bool was_known = plugin_gave_back(ptr, &old_size);
    void *moved = next.realloc(ptr, size);
    if (moved != NULL)
        plugin_took(moved, size);
    else if (size > 0 && was_known)
        plugin_took_back(ptr, old_size);
    return moved;
}

void *memalign(size_t alignment, size_t size)
{
    if (!find_next())
        return NULL;
    size = never_empty(size);
    void *ptr = next.memalign(alignment, size);
    plugin_took(ptr, size);
    return ptr;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    int saved = errno;

    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    void *ptr = memalign(alignment, size);
    errno = saved;
    if (ptr == NULL)
        return ENOMEM;
    *out = ptr;
    return 0;
}

void *valloc(size_t size)
{
    return memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void *pvalloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = size == 0 ? page : (size + page - 1) / page * page;

    if (whole < size) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(page, whole);
}

#endif
