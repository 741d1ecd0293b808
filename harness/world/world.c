#include "harness/world/world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what a pool is made with ------------------------------------------------------------------------------------ */

static void pass_lease_done(void *ctx, struct pool_lease *lease, enum pool_result result)
{
    const struct world *world = ctx;

    if (world->listener.lease_done != NULL)
        world->listener.lease_done(world->listener.ctx, lease, result);
}

static void pass_shutdown_done(void *ctx)
{
    const struct world *world = ctx;

    if (world->listener.shutdown_done != NULL)
        world->listener.shutdown_done(world->listener.ctx);
}

static void pass_yield(void *ctx)
{
    const struct world *world = ctx;

    world->listener.yield(world->listener.ctx);
}

static struct pool_population *env_population(void *ctx, const char *name)
{
    return population_find(ctx, name);
}

static void world_fill_env(struct world *world)
{
    world->env = (struct pool_env){
        .ctx = world,
        .create = factory_create,
        .destroy = item_destroy,
        .item_value = item_value,
        .item_ref = item_ref,
        .item_unref = item_unref,
        .item_hold = item_hold,
        .population = env_population,
        .alloc = population_alloc,
        .free = population_free,
        .scope_add = scope_add,
        .scope_remove = scope_remove,
        .lease_done = pass_lease_done,
        .shutdown_done = pass_shutdown_done,
        .yield = world->listener.yield != NULL ? pass_yield : NULL,
    };
}

const struct pool_env *world_env(struct world *world)
{
    return &world->env;
}

void world_set_pool(struct world *world, const struct keyed_pool_ops *ops, struct keyed_pool *pool)
{
    world->ops = ops;
    world->pool = pool;
}

/* ---- made and ended ---------------------------------------------------------------------------------------------- */

enum err world_make(const struct plan_shape *shape, const struct world_listener *listener, struct world **out,
                    struct problem *why)
{
    struct world *world = calloc(1, sizeof *world);
    enum err err = ERR_NONE;

    *out = NULL;
    if (world == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    world->own_bytes = (int64_t)sizeof *world;
    world->own_blocks = 1;
    world->shape = *shape;
    world->listener = *listener;
    world->identities.reuse = shape->reuse_identities;
    world->listen_fd = -1;
    (void)pthread_mutex_init(&world->lock, NULL);
    world_fill_env(world);

    err = scopes_init(world, why);
    if (err != ERR_NONE)
        goto out;
    world->items_population = population_find(world, "items");
    world->payloads_population = population_find(world, "payloads");
    if (world->items_population == NULL || world->payloads_population == NULL) {
        err = problem_set(why, ERR_MEMORY, "out of memory");
        goto out;
    }
    if (shape->items == PLAN_ITEMS_TCP)
        err = tcp_listen(world, why);
out:
    if (err == ERR_NONE)
        *out = world;
    else
        (void)world_free(world, NULL, 0);
    return err;
}

/* "96 bytes in 3 blocks of tombstones, 1 of slots" */
static int64_t world_say_lost(const struct world *world, char *lost, size_t size)
{
    int64_t total = 0, bytes = 0;
    size_t used = 0;

    for (const struct pool_population *at = world->populations; at != NULL; at = at->next)
        bytes += at->bytes;
    for (const struct pool_population *at = world->populations; at != NULL; at = at->next) {
        if (at->blocks == 0)
            continue;
        if (total == 0 && size > 0)
            used = (size_t)snprintf(lost, size, "%lld bytes in %lld block%s of %s", (long long)bytes,
                                    (long long)at->blocks, at->blocks == 1 ? "" : "s", at->name);
        else if (used < size)
            used += (size_t)snprintf(lost + used, size - used, ", %lld of %s", (long long)at->blocks, at->name);
        total += at->blocks;
    }
    return total;
}

int64_t world_free(struct world *world, char *lost, size_t size)
{
    if (world == NULL)
        return 0;
    int64_t blocks = world_say_lost(world, lost, size);
    world->listener = (struct world_listener){0}; /* what follows is the world's own doing */
    factory_free_all(world);
    scopes_free_all(world);
    items_free_all(world);
    populations_free_all(world);
    world_own_free(world, world->identities.taken, world->identities.words * sizeof *world->identities.taken);
    if (world->listen_fd >= 0)
        (void)close(world->listen_fd);
    (void)pthread_mutex_destroy(&world->lock);
    free(world);
    return blocks;
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

static int64_t populations_sum_locked(const struct world *world, bool bytes)
{
    int64_t sum = 0;

    for (const struct pool_population *at = world->populations; at != NULL; at = at->next)
        sum += bytes ? at->bytes : at->blocks;
    return sum;
}

static int64_t world_count_locked(const struct world *world, enum world_count which)
{
    switch (which) {
    case WORLD_OPEN:
        return world->counts[WORLD_CREATED] - world->counts[WORLD_DESTROYED];
    case WORLD_BYTES_LIVE:
        return populations_sum_locked(world, true);
    case WORLD_BLOCKS_LIVE:
        return populations_sum_locked(world, false);
    case WORLD_OWN_BYTES:
        return world->own_bytes;
    case WORLD_OWN_BLOCKS:
        return world->own_blocks;
    default:
        return world->counts[which];
    }
}

int64_t world_count(struct world *world, enum world_count which)
{
    pthread_mutex_lock(&world->lock);
    int64_t count = world_count_locked(world, which);
    pthread_mutex_unlock(&world->lock);
    return count;
}

void world_fail_alloc(struct world *world, int64_t nth)
{
    pthread_mutex_lock(&world->lock);
    world->alloc_fails_at = nth > 0 ? world->allocs_asked + nth : 0;
    pthread_mutex_unlock(&world->lock);
}

int64_t world_allocs_asked(struct world *world)
{
    pthread_mutex_lock(&world->lock);
    int64_t asked = world->allocs_asked;
    pthread_mutex_unlock(&world->lock);
    return asked;
}
