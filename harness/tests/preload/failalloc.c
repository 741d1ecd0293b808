/*
 * failalloc: a preloaded library that lets allocation FAILALLOC_NTH of one program fail (scripts/fail-alloc-harness).
 *
 * Only the program whose file name is FAILALLOC_PROGRAM: its children inherit the variables, and not the failure. When the allocation
 * is reached, the file FAILALLOC_MARK is made, so that the script knows when there are no more.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* glibc's own names: dlsym would allocate. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static _Atomic long allocations;
static long fails_at; /* written before main only */

__attribute__((constructor)) static void choose(void)
{
    char path[4096];
    const char *nth = getenv("FAILALLOC_NTH"), *program = getenv("FAILALLOC_PROGRAM");
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (nth == NULL || program == NULL || length < 0)
        return;
    path[length] = '\0';
    const char *slash = strrchr(path, '/');
    if (slash != NULL && strcmp(slash + 1, program) == 0)
        fails_at = strtol(nth, NULL, 10);
}

static int fails(void)
{
    if (fails_at == 0 || atomic_fetch_add(&allocations, 1) + 1 != fails_at)
        return 0;
    const char *mark = getenv("FAILALLOC_MARK");
    int fd = mark != NULL ? open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0666) : -1;
    if (fd >= 0)
        (void)close(fd);
    errno = ENOMEM;
    return 1;
}

/* Jansson (2.14, and later as long as akheron/jansson#362 is open) overlooks that the text of a token could not grow, and reads past it:
 * its own crash, not ours. Such a text grows in powers of two. */
static int is_jansson_text(size_t size, const void *caller)
{
    Dl_info info;
    return fails_at != 0 && size >= 32 && (size & (size - 1)) == 0 && dladdr(caller, &info) != 0 &&
           info.dli_fname != NULL && strstr(info.dli_fname, "libjansson") != NULL;
}

void *malloc(size_t size)
{
    if (is_jansson_text(size, __builtin_return_address(0)))
        return __libc_malloc(size);
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}
