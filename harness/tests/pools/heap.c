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
 * The pool itself is honest, with memory of the world's. Not thread-safe. An item lives from get to release; nothing ever waits.
 */
#include "pools/keyed_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 8192

struct keyed_pool {
    const struct pool_env *env;
    struct pool_population *population;
    void (*plant)(struct keyed_pool *pool);
    void *previous;
    void *kept[KEPT_MAX];
    size_t kept_count;
    int64_t releases, leased;
    bool down;
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
    if (pool->kept_count == KEPT_MAX)
        free(block);
    else
        pool->kept[pool->kept_count++] = block;
}

static void clean(struct keyed_pool *pool)
{
    free(pool->previous);
    pool->previous = take(pool->releases);
}

static void third(struct keyed_pool *pool)
{
    clean(pool);
    if (pool->releases % 3 == 0)
        keep(pool, malloc(48));
}

static void family(struct keyed_pool *pool)
{
    keep(pool, take(pool->releases));
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

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

static enum pool_result heap_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                  char *message, size_t size)
{
    size_t i = 0, count = sizeof(plants) / sizeof(plants[0]);

    while (i < count && strcmp(plants[i].name, config->settings) != 0)
        i++;
    if (i == count) {
        (void)snprintf(message, size, "expected plant=clean, third, family or thread, found %s", config->settings);
        return POOL_BAD_SETTING;
    }
    struct pool_population *population = env->population(env->ctx, "heap");
    struct keyed_pool *pool = population != NULL ? env->alloc(population, sizeof(*pool)) : NULL;
    if (pool == NULL)
        return POOL_NO_MEMORY;
    memset(pool, 0, sizeof(*pool));
    pool->env = env;
    pool->population = population;
    pool->plant = plants[i].plant;
    *out = pool;
    return POOL_OK;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->kept_count > 0)
        free(pool->kept[--pool->kept_count]);
    free(pool->previous);
    pool->previous = NULL;
}

static void heap_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    give_back_all(pool);
    pool->env->free(pool->population, pool, sizeof(*pool));
}

static enum pool_result heap_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->down)
        return POOL_CLOSED;
    if (pool->env->create(pool->env->ctx, key, lease, &lease->item) != POOL_OK)
        return POOL_FAILED;
    lease->record = pool;
    pool->leased++;
    return POOL_OK;
}

static enum pool_result heap_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (lease->record == NULL)
        return POOL_VOID;
    struct pool_item *item = lease->item;
    lease->record = NULL;
    lease->item = NULL;
    pool->leased--;
    pool->plant(pool);
    pool->releases++;
    (void)pool->env->destroy(pool->env->ctx, item);
    return POOL_OK;
}

static enum pool_result heap_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    (void)pool;
    (void)item; /* it is destroyed at release anyway */
    return POOL_OK;
}

static enum pool_result heap_shutdown(struct keyed_pool *pool)
{
    if (pool->down)
        return POOL_VOID;
    pool->down = true;
    give_back_all(pool);
    return POOL_OK;
}

static void heap_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
    out->value[POOL_STAT_IDLE] = 0;
    out->value[POOL_STAT_LEASED] = pool->leased;
    out->value[POOL_STAT_SIZE] = pool->leased;
}

static const struct keyed_pool_ops heap = {
    .abi = KEYED_POOL_ABI,
    .name = "heap",
    .about = "takes memory from malloc by itself, for the harness's own tests",
    .make = heap_make,
    .free = heap_free,
    .get = heap_get,
    .release = heap_release,
    .invalidate = heap_invalidate,
    .shutdown = heap_shutdown,
    .stats = heap_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &heap;
}
