/*
 * toy: a shared object with the smallest pool there can be, and one planted truth at a time.
 *
 *     churn run scenarios/selftest/churn.lua --pool build/selftest/toy.so:plant=third
 *
 * The harness is tested on it (scripts/selftest): what each plant must be found to be is known beforehand. A plant is a function that is
 * called at every get and release.
 */
#include "harness/tests/pools/simple.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct planted {
    const struct plant *plant;
    struct kept *kept; /* what the plants pile up */
    int64_t count;
};

struct kept {
    struct kept *next;
    size_t size;
};

/* ---- plants ------------------------------------------------------------------------------------------------ */

struct plant {
    const char *name;
    void (*on_get)(struct keyed_pool *pool);
    void (*on_release)(struct keyed_pool *pool);
    void (*on_stats)(struct pool_stats *out);
};

static void keep(struct keyed_pool *pool, size_t size)
{
    struct kept *kept = pool->env->alloc(pool->population, size);
    if (kept == NULL)
        return;
    kept->size = size;
    kept->next = pool->planted->kept;
    pool->planted->kept = kept;
    pool->planted->count++;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->planted->kept != NULL) {
        struct kept *kept = pool->planted->kept;
        pool->planted->kept = kept->next;
        pool->env->free(pool->population, kept, kept->size);
    }
    pool->planted->count = 0;
}

static void third(struct keyed_pool *pool)
{
    if (pool->releases % 3 == 0)
        keep(pool, sizeof(struct kept));
}

static void bytes64(struct keyed_pool *pool)
{
    keep(pool, 64);
}

static void sawtooth(struct keyed_pool *pool)
{
    if (pool->planted->count == 7)
        give_back_all(pool);
    else
        keep(pool, 64);
}

static void cache(struct keyed_pool *pool)
{
    if (pool->planted->count < 50)
        keep(pool, 64);
}

/* A run has 366 cycles: only the run with twice as many fills it, and not in its first half. */
static void large_cache(struct keyed_pool *pool)
{
    if (pool->planted->count < 400)
        keep(pool, 64);
}

/* One more at each square number: never full, and ever slower. */
static void root(struct keyed_pool *pool)
{
    int64_t next = pool->planted->count + 1;
    if (pool->releases == next * next)
        keep(pool, 64);
}

/* Of the 366 cycles the first 6 only warm up. This begins in the first third of the others ... */
static void late(struct keyed_pool *pool)
{
    if (pool->releases > 100)
        keep(pool, 64);
}

/* ... these in the second, which twice the cycles tell apart: a leak, ... */
static void later(struct keyed_pool *pool)
{
    if (pool->releases > 190)
        keep(pool, 64);
}

/* ... a cache that is full before long, ... */
static void later_cache(struct keyed_pool *pool)
{
    if (pool->releases > 190 && pool->planted->count < 100)
        keep(pool, 64);
}

/* ... one that is full after three quarters of twice the cycles, ... */
static void later_large_cache(struct keyed_pool *pool)
{
    if (pool->releases > 190 && pool->planted->count < 350)
        keep(pool, 64);
}

/* ... and this in the last third: the price of forgiving a jump. */
static void last(struct keyed_pool *pool)
{
    if (pool->releases > 260)
        keep(pool, 64);
}

/* A block that nobody can reach any more: what ordinary leak checkers are made for. */
static void lost(struct keyed_pool *pool)
{
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

static void overrun(struct keyed_pool *pool)
{
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
    {.name = "large_cache", .on_release = large_cache},
    {.name = "root", .on_release = root},
    {.name = "late", .on_release = late},
    {.name = "later", .on_release = later},
    {.name = "later_cache", .on_release = later_cache},
    {.name = "later_large_cache", .on_release = later_large_cache},
    {.name = "last", .on_release = last},
    {.name = "lost", .on_release = lost},
    {.name = "hang", .on_get = hang},
    {.name = "crash", .on_get = crash},
    {.name = "exit", .on_get = leave},
    {.name = "overrun", .on_release = overrun},
    {.name = "destroy_twice"},
    {.name = "garbage", .on_stats = garbage},
    {.name = "flattering", .on_stats = flattering},
};

static bool toy_read(struct planted *planted, const char *settings)
{
    const char *name = strncmp(settings, "plant=", 6) == 0 ? settings + 6 : (*settings == '\0' ? "clean" : settings);
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
        if (strcmp(plants[i].name, name) == 0)
            planted->plant = &plants[i];
    return planted->plant != NULL;
}

static bool toy_get(struct keyed_pool *pool)
{
    if (pool->planted->plant->on_get != NULL)
        pool->planted->plant->on_get(pool);
    return true;
}

static void destroy_twice(struct keyed_pool *pool, struct pool_item *item)
{
    pool->env->item_ref(pool->env->ctx, item); /* so that the second destroy is a logical error, not a memory error */
    (void)pool->env->destroy(pool->env->ctx, item);
    (void)pool->env->destroy(pool->env->ctx, item);
    pool->env->item_unref(pool->env->ctx, item);
}

static bool toy_release(struct keyed_pool *pool, struct pool_item *item)
{
    const struct plant *plant = pool->planted->plant;
    bool twice = strcmp(plant->name, "destroy_twice") == 0 && pool->releases == 10;
    if (plant->on_release != NULL)
        plant->on_release(pool);
    if (twice)
        destroy_twice(pool, item);
    return !twice;
}

static void toy_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    if (pool->planted->plant->on_stats != NULL)
        pool->planted->plant->on_stats(out);
}

const struct planting planting = {
    .name = "toy",
    .about = "one planted truth at a time, for the harness's own tests",
    .planted_size = sizeof(struct planted),
    .read = toy_read,
    .expected = "plant=NAME with a name of harness/tests/pools/toy.c",
    .get = toy_get,
    .release = toy_release,
    .give_back = give_back_all,
    .stats = toy_stats,
};
