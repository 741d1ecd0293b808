/* The pool itself; what is planted in it is in the file beside which it is linked. */
#include "harness/tests/pools/simple.h"

#include <stdio.h>
#include <string.h>

static size_t whole_size(void)
{
    return sizeof(struct keyed_pool) + planting.planted_size;
}

static enum pool_result simple_make(const struct pool_config *config, const struct pool_env *env,
                                    struct keyed_pool **out, char *message, size_t size)
{
    struct pool_population *population = env->population(env->ctx, planting.name);
    struct keyed_pool *pool = population != NULL ? env->alloc(population, whole_size()) : NULL;

    if (pool == NULL)
        return POOL_NO_MEMORY;
    memset(pool, 0, whole_size());
    *pool = (struct keyed_pool){.env = env, .population = population, .planted = (struct planted *)(void *)(pool + 1)};
    enum pool_result result = POOL_OK;
    if (!planting.read(pool->planted, config->settings)) {
        (void)snprintf(message, size, "expected %s, found %s", planting.expected, config->settings);
        result = POOL_BAD_SETTING;
    } else if (planting.begin != NULL && !planting.begin(pool)) {
        result = POOL_NO_MEMORY;
    }
    if (result != POOL_OK) {
        env->free(population, pool, whole_size());
        return result;
    }
    *out = pool;
    return POOL_OK;
}

static void simple_give_back(struct keyed_pool *pool)
{
    if (planting.give_back != NULL)
        planting.give_back(pool);
}

static void simple_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    simple_give_back(pool);
    pool->env->free(pool->population, pool, whole_size());
}

static enum pool_result simple_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->down)
        return POOL_CLOSED;
    pool->gets++;
    if ((planting.get != NULL && !planting.get(pool)) ||
        pool->env->create(pool->env->ctx, key, lease, &lease->item) != POOL_OK)
        return POOL_FAILED;
    lease->record = pool;
    pool->leased++;
    return POOL_OK;
}

static enum pool_result simple_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (lease->record == NULL)
        return POOL_VOID;
    struct pool_item *item = lease->item;
    lease->record = NULL;
    lease->item = NULL;
    pool->leased--;
    pool->releases++;
    if (planting.release == NULL || planting.release(pool, item))
        (void)pool->env->destroy(pool->env->ctx, item);
    return POOL_OK;
}

static enum pool_result simple_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item; /* it is destroyed at release anyway */
    if (planting.invalidate != NULL)
        planting.invalidate(pool);
    return POOL_OK;
}

static enum pool_result simple_shutdown(struct keyed_pool *pool)
{
    if (pool->down)
        return POOL_VOID;
    pool->down = true;
    simple_give_back(pool);
    return POOL_OK;
}

static void simple_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
    out->value[POOL_STAT_IDLE] = 0;
    out->value[POOL_STAT_LEASED] = pool->leased;
    out->value[POOL_STAT_SIZE] = pool->leased;
    if (planting.stats != NULL)
        planting.stats(pool, out);
}

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    static struct keyed_pool_ops ops = {
        .abi = KEYED_POOL_ABI,
        .make = simple_make,
        .free = simple_free,
        .get = simple_get,
        .release = simple_release,
        .invalidate = simple_invalidate,
        .shutdown = simple_shutdown,
        .stats = simple_stats,
    };

    ops.name = planting.name;
    ops.about = planting.about;
    ops.maintain = planting.maintain;
    return &ops;
}
