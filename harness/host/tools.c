#include "harness/host/host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_MEMCHECK 1
#else
#define HAVE_MEMCHECK 0
#endif

/* Declared by hand and weak: gcc 12 ships no sanitizer/allocator_interface.h, and without ASan they are not there. */
__attribute__((weak)) void __asan_init(void); /* TSan has the others too, and rounds */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *ptr,
                                                                                      size_t size),
                                                                    void (*on_free)(const volatile void *ptr));

/* ASan tells bytes but not blocks; its hooks have no argument for a context, so this cannot live anywhere else. */
static _Atomic int64_t asan_blocks;

static void count_malloc(const volatile void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
    atomic_fetch_add_explicit(&asan_blocks, 1, memory_order_relaxed);
}

static void count_free(const volatile void *ptr)
{
    (void)ptr;
    atomic_fetch_sub_explicit(&asan_blocks, 1, memory_order_relaxed);
}

/* Only memcheck knows which bytes are defined; helgrind, which is Valgrind as well, knows nothing of blocks either. */
static bool is_memcheck(void)
{
#if HAVE_MEMCHECK
    unsigned char byte = 0, bits = 0;

    return RUNNING_ON_VALGRIND && VALGRIND_GET_VBITS(&byte, &bits, 1) == 1;
#else
    return false;
#endif
}

enum tool tool_watch(void)
{
    if (is_memcheck())
        return TOOL_MEMCHECK;
    if (__asan_init == NULL || __sanitizer_get_current_allocated_bytes == NULL)
        return TOOL_NONE;
    if (__sanitizer_install_malloc_and_free_hooks != NULL)
        (void)__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
    return TOOL_ASAN;
}

static void memcheck_measure(int64_t *bytes, int64_t *blocks)
{
#if HAVE_MEMCHECK
    unsigned long leaked = 0, dubious = 0, reachable = 0, suppressed = 0;

    VALGRIND_DO_QUICK_LEAK_CHECK;
    VALGRIND_COUNT_LEAKS(leaked, dubious, reachable, suppressed);
    *bytes = (int64_t)(leaked + dubious + reachable + suppressed);
    VALGRIND_COUNT_LEAK_BLOCKS(leaked, dubious, reachable, suppressed);
    *blocks = (int64_t)(leaked + dubious + reachable + suppressed);
#endif
    (void)bytes;
    (void)blocks;
}

void tool_measure(enum tool tool, int64_t *bytes, int64_t *blocks)
{
    *bytes = 0;
    *blocks = 0;
    if (tool == TOOL_MEMCHECK)
        memcheck_measure(bytes, blocks);
    if (tool == TOOL_ASAN) {
        *bytes = (int64_t)__sanitizer_get_current_allocated_bytes();
        *blocks = asan_blocks;
    }
}

/* ---- where growth comes from -------------------------------------------------------------------------------------- */

struct explain explain_asked(enum tool tool)
{
    struct explain explain = {0, 0};
    const char *asked = getenv("CHURN_EXPLAIN");
    long first = 0, last = 0;

    if (tool == TOOL_MEMCHECK && asked != NULL && sscanf(asked, "%ld,%ld", &first, &last) == 2)
        explain = (struct explain){first, last};
    return explain;
}

/* The lines around the list are looked for in the log by harness/backend/growth.c. */
void explain_rung(const struct explain *explain, int64_t rung)
{
#if HAVE_MEMCHECK
    if (explain->last == 0 || (rung != explain->first && rung != explain->last))
        return;
    if (rung == explain->first) {
        VALGRIND_DO_QUICK_LEAK_CHECK;
        return;
    }
    VALGRIND_CLO_CHANGE("--show-leak-kinds=all");
    VALGRIND_PRINTF("churn: growth begins\n");
    VALGRIND_DO_ADDED_LEAK_CHECK;
    VALGRIND_PRINTF("churn: growth ends\n");
    VALGRIND_CLO_CHANGE("--show-leak-kinds=definite,indirect");
#endif
    (void)explain;
    (void)rung;
}
