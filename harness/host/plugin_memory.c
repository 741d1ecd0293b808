/*
 * What a plug-in takes from malloc: a table of its blocks. The table is mapped memory, because it must not show in what it
 * counts, and holds the addresses inverted, because memcheck would take it for a place from which they are still reachable.
 *
 * Allocators have no argument for a context: so this state belongs to the process, like the heap itself. The functions that
 * every allocation passes are hidden from ThreadSanitizer: their lock would order what the threads of a pool do, and
 * races between them would not be seen any more.
 */
#include "harness/host/plugin.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define UNSEEN    __attribute__((no_sanitize("thread")))
#define ROOM_LOG2 12 /* at first */

struct entry {
    uintptr_t hidden; /* ~address; 0: free */
    size_t size;
};

static struct {
    atomic_bool counts;
    atomic_flag lock; /* guards the rest */
    struct entry *entries;
    unsigned room_log2;
    int64_t bytes, blocks;
} memory = {.lock = ATOMIC_FLAG_INIT};

/* Those that the host starts say so. */
static _Thread_local enum place here = PLACE_PLUGIN;

enum place place_enter(enum place place)
{
    enum place was = here;

    here = place;
    return was;
}

UNSEEN bool plugin_counts_here(void)
{
    return here == PLACE_PLUGIN && atomic_load_explicit(&memory.counts, memory_order_relaxed);
}

/* ---- the table: linear probing, at most half full ---------------------------------------------------------------- */

UNSEEN static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&memory.lock, memory_order_acquire))
        (void)sched_yield();
}

UNSEEN static void unlock(void)
{
    atomic_flag_clear_explicit(&memory.lock, memory_order_release);
}

UNSEEN static size_t home_of(uintptr_t hidden, unsigned room_log2)
{
    return (size_t)((~hidden >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - room_log2));
}

/* Where it is, or where it would be. */
UNSEEN static struct entry *place_of(struct entry *entries, unsigned room_log2, uintptr_t hidden)
{
    size_t mask = ((size_t)1 << room_log2) - 1, at = home_of(hidden, room_log2);

    while (entries[at].hidden != 0 && entries[at].hidden != hidden)
        at = (at + 1) & mask;
    return &entries[at];
}

UNSEEN static bool resize_locked(unsigned room_log2)
{
    size_t room = (size_t)1 << room_log2;
    struct entry *entries =
        mmap(NULL, room * sizeof *entries, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (entries == MAP_FAILED)
        return false;
    size_t old_room = memory.entries != NULL ? (size_t)1 << memory.room_log2 : 0;
    for (size_t i = 0; i < old_room; i++)
        if (memory.entries[i].hidden != 0)
            *place_of(entries, room_log2, memory.entries[i].hidden) = memory.entries[i];
    if (memory.entries != NULL)
        (void)munmap(memory.entries, old_room * sizeof *entries);
    memory.entries = entries;
    memory.room_log2 = room_log2;
    return true;
}

/* Those behind it that would not be found any more move up. */
UNSEEN static void remove_locked(struct entry *entry)
{
    size_t mask = ((size_t)1 << memory.room_log2) - 1, hole = (size_t)(entry - memory.entries);

    for (size_t at = (hole + 1) & mask; memory.entries[at].hidden != 0; at = (at + 1) & mask) {
        size_t home = home_of(memory.entries[at].hidden, memory.room_log2);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        memory.entries[hole] = memory.entries[at];
        hole = at;
    }
    memory.entries[hole].hidden = 0;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* Without room for the table the count would be wrong from here on: there is none any more. */
UNSEEN void plugin_took_back(const void *ptr, size_t size)
{
    uintptr_t hidden = ~(uintptr_t)ptr;

    lock();
    if ((size_t)memory.blocks * 2 >= (size_t)1 << memory.room_log2 && !resize_locked(memory.room_log2 + 1)) {
        atomic_store_explicit(&memory.counts, false, memory_order_relaxed);
    } else {
        *place_of(memory.entries, memory.room_log2, hidden) = (struct entry){hidden, size};
        memory.bytes += (int64_t)size;
        memory.blocks++;
    }
    unlock();
}

UNSEEN void plugin_took(const void *ptr, size_t size)
{
    if (ptr != NULL && plugin_counts_here())
        plugin_took_back(ptr, size);
}

UNSEEN bool plugin_gave_back(const void *ptr, size_t *size)
{
    if (ptr == NULL || !atomic_load_explicit(&memory.counts, memory_order_relaxed))
        return false;
    lock();
    struct entry *entry = place_of(memory.entries, memory.room_log2, ~(uintptr_t)ptr);
    bool known = entry->hidden != 0;
    if (known) {
        *size = entry->size;
        memory.bytes -= (int64_t)entry->size;
        memory.blocks--;
        remove_locked(entry);
    }
    unlock();
    return known;
}

/* ---- watching ---------------------------------------------------------------------------------------------------- */

/* Declared by hand and weak, as in tools.c. */
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *ptr,
                                                                                      size_t size),
                                                                    void (*on_free)(const volatile void *ptr));

UNSEEN static void sanitizer_malloc(const volatile void *ptr, size_t size)
{
    plugin_took((const void *)(uintptr_t)ptr, size);
}

UNSEEN static void sanitizer_free(const volatile void *ptr)
{
    size_t size;

    (void)plugin_gave_back((const void *)(uintptr_t)ptr, &size);
}

/* A tool may have put an allocator of its own in the place of ours: look whether a block is seen. */
static bool sees_blocks(void)
{
    void *(*volatile take)(size_t) = malloc; /* or the compiler does without the block */
    int64_t bytes, blocks;
    enum place was = place_enter(PLACE_PLUGIN);
    void *block = take(3);
    bool seen = block != NULL && plugin_memory(&bytes, &blocks) && bytes == 3 && blocks == 1;

    free(block);
    (void)place_enter(was);
    return seen && plugin_memory(&bytes, &blocks) && bytes == 0 && blocks == 0;
}

void plugin_memory_watch(void)
{
    const char *asked = getenv("CHURN_PLUGIN_COUNT");

    (void)place_enter(PLACE_HOST);
    if (asked != NULL && strcmp(asked, "no") == 0)
        return;
    if (memory.entries != NULL || !resize_locked(ROOM_LOG2))
        return;
    atomic_store_explicit(&memory.counts, true, memory_order_relaxed);
    if (__sanitizer_install_malloc_and_free_hooks != NULL)
        (void)__sanitizer_install_malloc_and_free_hooks(sanitizer_malloc, sanitizer_free);
    if (!sees_blocks())
        atomic_store_explicit(&memory.counts, false, memory_order_relaxed);
}

bool plugin_memory(int64_t *bytes, int64_t *blocks)
{
    if (!atomic_load_explicit(&memory.counts, memory_order_relaxed))
        return false;
    lock();
    *bytes = memory.bytes;
    *blocks = memory.blocks;
    unlock();
    return true;
}
