/*
 * finalizers=captured (zio PR 9329): the factory's environment has captured the keyed pool's scope, so an item's
 * finalizer is registered there and not with the item. Retiring an item then closes nothing; the registrations pile up
 * and the items stay open until the whole pool ends.
 */
#include "pools/core/core.h"

#include <utlist.h>

struct captured {
    struct keyed_pool *pool;
    struct pool_item *item; /* OWNED: the first reference */
    struct pool_finalizer *finalizer;
    struct captured *prev, *next;
};

/* The scope closes; the pool may still be alive. */
static void captured_run(void *arg)
{
    struct captured *captured = arg;
    struct keyed_pool *pool = captured->pool;
    struct pool_item *item = captured->item;
    pool_lock(pool);
    DL_DELETE(pool->captured, captured);
    memory_free(&pool->memory[MEMORY_CAPTURED], captured, sizeof(*captured));
    pool_unlock(pool);
    (void)pool->env->destroy(pool->env->ctx, item);
}

enum pool_result captured_own_item(struct keyed_pool *pool, struct slot *slot)
{
    struct captured *captured = memory_alloc(&pool->memory[MEMORY_CAPTURED], sizeof(*captured));
    if (!captured)
        return POOL_NO_MEMORY;
    captured->pool = pool;
    captured->item = slot->item;
    captured->finalizer = pool->env->scope_add(pool->env->ctx, pool->scope, captured_run, captured);
    if (!captured->finalizer) {
        memory_free(&pool->memory[MEMORY_CAPTURED], captured, sizeof(*captured));
        return POOL_NO_MEMORY;
    }
    DL_APPEND(pool->captured, captured);
    slot->captured = true;
    return POOL_OK;
}

enum pool_result captured_close_item(struct keyed_pool *pool, struct slot *slot)
{
    return slot->captured ? POOL_OK : pool->env->destroy(pool->env->ctx, slot->item);
}

void captured_close_all(struct keyed_pool *pool, bool locked)
{
    while (pool->captured) {
        struct captured *captured = pool->captured;
        struct pool_item *item = captured->item;
        DL_DELETE(pool->captured, captured);
        pool->env->scope_remove(pool->env->ctx, captured->finalizer);
        memory_free(&pool->memory[MEMORY_CAPTURED], captured, sizeof(*captured));
        if (locked)
            pool_unlock(pool);
        (void)pool->env->destroy(pool->env->ctx, item);
        if (locked)
            pool_lock(pool);
    }
}
