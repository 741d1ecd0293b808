/*
 * leak: a shared object with a pool that keeps so many bytes per operation, to measure how small a leak is found.
 *
 *     churn noise scenarios/selftest/churn.lua --pool build/selftest/leak.so:bytes=0.5
 *
 * bytes=N     bytes kept per operation on average, a decimal fraction; default 0, a clean pool
 * through=W   malloc (default): memory that only the kernel counts. env: memory that the harness counts exactly
 *
 * Each get, release and invalidate is an operation. What is kept is real: a block of malloc is 16 bytes longer than its usable part
 * in steps of 16, so the pool waits until a whole block is due, and writes to all of it. It stays reachable until the pool is freed.
 * Not thread-safe. An item lives from get to release; nothing ever waits.
 */
#include "pools/keyed_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 8  /* of a block of glibc's malloc on 64 bits */
#define STEP   16 /* its blocks are multiples of this, */
#define LEAST  32 /* and at least so long */

struct kept {
    struct kept *next;
    size_t size;
};

struct keyed_pool {
    const struct pool_env *env;
    struct pool_population *population;
    struct kept *kept;
    double rate, due; /* bytes per operation; bytes that were not kept yet */
    bool counted;     /* through=env */
    int64_t leased;
    bool down;
};

static void keep_what_is_due(struct keyed_pool *pool)
{
    if (pool->due < LEAST)
        return;
    size_t block = (size_t)pool->due / STEP * STEP, size = block - HEADER;
    struct kept *kept = pool->counted ? pool->env->alloc(pool->population, size) : malloc(size);
    if (kept == NULL)
        return;
    memset(kept, 0x5a, size);
    *kept = (struct kept){.next = pool->kept, .size = size};
    pool->kept = kept;
    pool->due -= (double)block;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->kept != NULL) {
        struct kept *kept = pool->kept;
        pool->kept = kept->next;
        if (pool->counted)
            pool->env->free(pool->population, kept, kept->size);
        else
            free(kept);
    }
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

static bool read_rate(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && (*end == '\0' || *end == ':') && *out >= 0 && *out <= 1e6;
}

/* One setting; returns where the next one begins, NULL: not understood. */
static const char *read_setting(struct keyed_pool *pool, const char *text)
{
    if (strncmp(text, "bytes=", 6) == 0 && !read_rate(text + 6, &pool->rate))
        return NULL;
    if (strncmp(text, "bytes=", 6) != 0) {
        bool is_env = strncmp(text, "through=env", 11) == 0, is_malloc = strncmp(text, "through=malloc", 14) == 0;
        if (!is_env && !is_malloc)
            return NULL;
        pool->counted = is_env;
    }
    text += strcspn(text, ":");
    return *text == ':' ? text + 1 : text;
}

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

static enum pool_result leak_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                  char *message, size_t size)
{
    struct keyed_pool made = {.env = env, .population = env->population(env->ctx, "leak")};
    for (const char *at = config->settings; at != NULL && *at != '\0';) {
        at = read_setting(&made, at);
        if (at == NULL) {
            snprintf(message, size, "expected bytes=N and through=malloc or through=env, found %s", config->settings);
            return POOL_BAD_SETTING;
        }
    }
    struct keyed_pool *pool = made.population != NULL ? env->alloc(made.population, sizeof(*pool)) : NULL;
    if (pool == NULL)
        return POOL_NO_MEMORY;
    *pool = made;
    *out = pool;
    return POOL_OK;
}

static void leak_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    give_back_all(pool);
    pool->env->free(pool->population, pool, sizeof(*pool));
}

static enum pool_result leak_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->down)
        return POOL_CLOSED;
    pool->due += pool->rate;
    if (pool->env->create(pool->env->ctx, key, lease, &lease->item) != POOL_OK)
        return POOL_FAILED;
    lease->record = pool;
    pool->leased++;
    return POOL_OK;
}

static enum pool_result leak_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (lease->record == NULL)
        return POOL_VOID;
    struct pool_item *item = lease->item;
    lease->record = NULL;
    lease->item = NULL;
    pool->leased--;
    pool->due += pool->rate;
    keep_what_is_due(pool);
    (void)pool->env->destroy(pool->env->ctx, item);
    return POOL_OK;
}

static enum pool_result leak_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item; /* it is destroyed at release anyway */
    pool->due += pool->rate;
    return POOL_OK;
}

static enum pool_result leak_shutdown(struct keyed_pool *pool)
{
    if (pool->down)
        return POOL_VOID;
    pool->down = true;
    give_back_all(pool);
    return POOL_OK;
}

static void leak_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
    out->value[POOL_STAT_IDLE] = 0;
    out->value[POOL_STAT_LEASED] = pool->leased;
    out->value[POOL_STAT_SIZE] = pool->leased;
}

static const struct keyed_pool_ops leak = {
    .abi = KEYED_POOL_ABI,
    .name = "leak",
    .about = "keeps so many bytes per operation, to measure how small a leak is found",
    .make = leak_make,
    .free = leak_free,
    .get = leak_get,
    .release = leak_release,
    .invalidate = leak_invalidate,
    .shutdown = leak_shutdown,
    .stats = leak_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &leak;
}
