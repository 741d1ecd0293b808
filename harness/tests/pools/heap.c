/*
 * heap: a shared object with a pool that takes memory from malloc and its family, behind the world's back; the harness has to count it by
 * itself (`plugin_bytes`, `plugin_blocks`).
 *
 *     churn run scenarios/selftest/churn.lua --pool build/selftest/heap.so:plant=third
 *
 * clean       each release allocates by another function of the family, and frees what the release before allocated
 * third       the same, and one release in three keeps a block of 48 bytes, reachable until the pool is freed
 * family      keeps one block by each function, over and over: ten releases keep HEAP_ROUND_BYTES in HEAP_ROUND_BLOCKS (harness/tests/test_plugin.c)
 * thread      a thread of the pool's own does the allocating; keeps a block of 24 bytes with each release
 *
 * The pool itself is honest, with memory of the world's.
 */
#include "harness/tests/pools/simple.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 8192

struct planted {
    void (*plant)(struct keyed_pool *pool);
    void *previous;
    void *kept[KEPT_MAX];
    size_t count;
};

/* ---- plants ------------------------------------------------------------------------------------------------------ */

/* NULL for the one that ends with nothing. */
static void *take(int64_t nth)
{
    void *block = NULL;

    switch (nth % 10) {
    case 0:
        return malloc(40);
    case 1:
        return calloc(5, 9);
    case 2:
        return strdup("churn");
    case 3:
        return realloc(malloc(10), 1000); /* grows */
    case 4:
        return aligned_alloc(64, 128);
    case 5:
        return posix_memalign(&block, 64, 72) == 0 ? block : NULL;
    case 6:
        return strndup("churn pools", 5);
    case 7:
        return reallocarray(NULL, 3, 7);
    case 8:
        return malloc(0); /* counts as one byte */
    default:
        return realloc(malloc(100), 0); /* frees */
    }
}

static void keep(struct keyed_pool *pool, void *block)
{
    if (pool->planted->count == KEPT_MAX)
        free(block);
    else
        pool->planted->kept[pool->planted->count++] = block;
}

static void clean(struct keyed_pool *pool)
{
    free(pool->planted->previous);
    pool->planted->previous = take(pool->releases - 1);
}

static void third(struct keyed_pool *pool)
{
    clean(pool);
    if ((pool->releases - 1) % 3 == 0)
        keep(pool, malloc(48));
}

static void family(struct keyed_pool *pool)
{
    keep(pool, take(pool->releases - 1));
}

static void *take_in_thread(void *arg)
{
    (void)arg;
    return malloc(24);
}

static void thread(struct keyed_pool *pool)
{
    pthread_t id;
    void *block = NULL;

    if (pthread_create(&id, NULL, take_in_thread, NULL) == 0 && pthread_join(id, &block) == 0)
        keep(pool, block);
}

static const struct {
    const char *name;
    void (*plant)(struct keyed_pool *pool);
} plants[] = {
    {"", clean}, {"plant=clean", clean}, {"plant=third", third}, {"plant=family", family}, {"plant=thread", thread}};

static bool heap_read(struct planted *planted, const char *settings)
{
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
        if (strcmp(plants[i].name, settings) == 0)
            planted->plant = plants[i].plant;
    return planted->plant != NULL;
}

static bool heap_release(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    pool->planted->plant(pool);
    return true;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->planted->count > 0)
        free(pool->planted->kept[--pool->planted->count]);
    free(pool->planted->previous);
    pool->planted->previous = NULL;
}

const struct planting planting = {
    .name = "heap",
    .about = "takes memory from malloc by itself, for the harness's own tests",
    .planted_size = sizeof(struct planted),
    .read = heap_read,
    .expected = "plant=clean, third, family or thread",
    .release = heap_release,
    .give_back = give_back_all,
};
