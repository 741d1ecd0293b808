/*
 * Shutdown: every key closes its waiters and its idle items; leases come back one by one and their items are closed
 * then. When the last slot of every key is gone, whoever leaves the pool last finishes: captured finalizers, keys, the
 * answer.
 */
#include "pools/core/core.h"

static void finish(struct keyed_pool *pool)
{
    struct key_pool *key, *next;
    pool->finishing = true;
    captured_close_all(pool, true);
    for (key = pool->keys; key; key = next) {
        next = key->hh.next;
        if (!key->waiters) /* a caller whom nobody told may still cancel */
            key_free(pool, key);
    }
    pool->finished = true;
}

void pool_leave(struct keyed_pool *pool)
{
    if (pool->down && pool->undrained == 0 && pool->drivers == 0 && !pool->finishing)
        finish(pool);
    bool announce = pool->finished && pool->announce;
    if (announce)
        pool->announce = false;
    pool_unlock(pool);
    if (announce)
        pool->env->shutdown_done(pool->env->ctx);
}

enum pool_result core_shutdown(struct keyed_pool *pool)
{
    pool_lock(pool);
    if (pool->down) {
        pool_leave(pool);
        return POOL_VOID;
    }
    pool->down = true;
    for (struct key_pool *key = pool->keys; key; key = key->hh.next) {
        key->down = true;
        pool->undrained += !key->drained;
        pool_touch(pool, key);
    }
    pool_drive_touched(pool);
    if (pool->undrained == 0 && pool->drivers == 0 && !pool->finishing)
        finish(pool);
    pool->announce = !pool->finished;
    enum pool_result result = pool->finished ? POOL_OK : POOL_PENDING;
    pool_leave(pool);
    return result;
}
