/*
 * toy: a shared object with the smallest pool there can be, and one planted truth at a time.
 *
 *     churn run scenarios/selftest/churn.lua --pool build/selftest/toy.so:plant=third
 *
 * The harness is tested on it (scripts/selftest): what each plant must be found to be is known beforehand. A key has no limit, an item lives from
 * get to release, nothing ever waits. A plant is a function that is called at every get and release with the number of the call.
 * Not thread-safe, and no example for a real pool: see pools/skeleton.c for that.
 */
#include "pools/keyed_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept {
    struct kept *next;
    size_t size;
};

struct keyed_pool {
    const struct pool_env *env;
    struct pool_population *population;
    const struct plant *plant;
    struct kept *kept; /* what the plants pile up */
    int64_t kept_count;
    int64_t gets, releases;
    int64_t leased;
    bool down;
};

/* ---- plants ------------------------------------------------------------------------------------------------ */

struct plant {
    const char *name;
    void (*on_get)(struct keyed_pool *pool);
    void (*on_release)(struct keyed_pool *pool, struct pool_item *item);
    void (*on_stats)(struct pool_stats *out);
};

static void keep(struct keyed_pool *pool, size_t size)
{
    struct kept *kept = pool->env->alloc(pool->population, size);
    if (kept == NULL)
        return;
    kept->size = size;
    kept->next = pool->kept;
    pool->kept = kept;
    pool->kept_count++;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->kept != NULL) {
        struct kept *kept = pool->kept;
        pool->kept = kept->next;
        pool->env->free(pool->population, kept, kept->size);
    }
    pool->kept_count = 0;
}

static void third(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->releases % 3 == 0)
        keep(pool, sizeof(struct kept));
}

static void bytes64(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    keep(pool, 64);
}

static void sawtooth(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->kept_count == 7)
        give_back_all(pool);
    else
        keep(pool, 64);
}

static void cache(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->kept_count < 50)
        keep(pool, 64);
}

static void late(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->releases > 100)
        keep(pool, 64);
}

/* A block that nobody can reach any more: what ordinary leak checkers are made for. */
static void lost(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->releases == 10) {
        char *volatile block = malloc(100);
        if (block != NULL)
            block[0] = 1;
        block = NULL;
    }
}

static void hang(struct keyed_pool *pool)
{
    while (pool->gets == 100)
        pause();
}

static void crash(struct keyed_pool *pool)
{
    if (pool->gets == 100)
        abort();
}

static void leave(struct keyed_pool *pool)
{
    if (pool->gets == 100)
        exit(0);
}

static void overrun(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    if (pool->releases != 10)
        return;
    /* Called by its address, or the compiler removes a write to memory that is freed unread. Through memset, which ASan
     * watches although this file is not instrumented. */
    void *(*volatile fill)(void *, int, size_t) = memset;
    char *block = malloc(24);
    if (block == NULL)
        return;
    fill(block, 1, 25);
    free(block);
}

static void destroy_twice(struct keyed_pool *pool, struct pool_item *item)
{
    if (pool->releases != 10)
        return;
    pool->env->item_ref(pool->env->ctx, item); /* so that the second destroy is a logical error, not a memory error */
    (void)pool->env->destroy(pool->env->ctx, item);
    (void)pool->env->destroy(pool->env->ctx, item);
    pool->env->item_unref(pool->env->ctx, item);
}

static void garbage(struct pool_stats *out)
{
    out->value[POOL_STAT_LEASED] = INT64_MIN + 1;
    out->value[POOL_STAT_IDLE] = INT64_MAX;
}

static void flattering(struct pool_stats *out)
{
    out->value[POOL_STAT_IDLE] = 1;
}

static const struct plant plants[] = {
    {.name = "clean"},
    {.name = "third", .on_release = third},
    {.name = "bytes64", .on_release = bytes64},
    {.name = "sawtooth", .on_release = sawtooth},
    {.name = "cache", .on_release = cache},
    {.name = "late", .on_release = late},
    {.name = "lost", .on_release = lost},
    {.name = "hang", .on_get = hang},
    {.name = "crash", .on_get = crash},
    {.name = "exit", .on_get = leave},
    {.name = "overrun", .on_release = overrun},
    {.name = "destroy_twice", .on_release = destroy_twice},
    {.name = "garbage", .on_stats = garbage},
    {.name = "flattering", .on_stats = flattering},
};

static const struct plant *plant_find(const char *settings)
{
    const char *name = strncmp(settings, "plant=", 6) == 0 ? settings + 6 : (*settings == '\0' ? "clean" : settings);
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
        if (strcmp(plants[i].name, name) == 0)
            return &plants[i];
    return NULL;
}

/* ---- the pool ------------------------------------------------------------------------------------------------ */

static enum pool_result toy_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                 char *message, size_t size)
{
    const struct plant *plant = plant_find(config->settings);
    if (plant == NULL) {
        snprintf(message, size, "expected plant=NAME with a name of harness/tests/pools/toy.c, found %s",
                 config->settings);
        return POOL_BAD_SETTING;
    }
    struct pool_population *population = env->population(env->ctx, "toy");
    struct keyed_pool *pool = population != NULL ? env->alloc(population, sizeof(*pool)) : NULL;
    if (pool == NULL)
        return POOL_NO_MEMORY;
    *pool = (struct keyed_pool){.env = env, .population = population, .plant = plant};
    *out = pool;
    return POOL_OK;
}

static void toy_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    give_back_all(pool);
    pool->env->free(pool->population, pool, sizeof(*pool));
}

static enum pool_result toy_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->down)
        return POOL_CLOSED;
    pool->gets++;
    if (pool->plant->on_get != NULL)
        pool->plant->on_get(pool);
    enum pool_result result = pool->env->create(pool->env->ctx, key, lease, &lease->item);
    if (result != POOL_OK)
        return POOL_FAILED;
    lease->record = pool;
    pool->leased++;
    return POOL_OK;
}

static enum pool_result toy_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (lease->record == NULL)
        return POOL_VOID;
    struct pool_item *item = lease->item;
    lease->record = NULL;
    lease->item = NULL;
    pool->leased--;
    pool->releases++;
    if (pool->plant->on_release != NULL)
        pool->plant->on_release(pool, item);
    if (pool->plant->on_release != destroy_twice || pool->releases != 10)
        (void)pool->env->destroy(pool->env->ctx, item);
    return POOL_OK;
}

static enum pool_result toy_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    (void)pool;
    (void)item; /* it is destroyed at release anyway */
    return POOL_OK;
}

static enum pool_result toy_shutdown(struct keyed_pool *pool)
{
    if (pool->down)
        return POOL_VOID;
    pool->down = true;
    give_back_all(pool);
    return POOL_OK;
}

static void toy_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
    out->value[POOL_STAT_IDLE] = 0;
    out->value[POOL_STAT_LEASED] = pool->leased;
    out->value[POOL_STAT_SIZE] = pool->leased;
    if (pool->plant->on_stats != NULL)
        pool->plant->on_stats(out);
}

static const struct keyed_pool_ops toy = {
    .abi = KEYED_POOL_ABI,
    .name = "toy",
    .about = "one planted truth at a time, for the harness's own tests",
    .make = toy_make,
    .free = toy_free,
    .get = toy_get,
    .release = toy_release,
    .invalidate = toy_invalidate,
    .shutdown = toy_shutdown,
    .stats = toy_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &toy;
}
