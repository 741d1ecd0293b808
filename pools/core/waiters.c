#include "pools/core/core.h"

#include <utlist.h>

struct waiter *waiter_make(struct keyed_pool *pool, struct pool_lease *lease)
{
    struct waiter *waiter = memory_alloc(&pool->memory[MEMORY_WAITERS], sizeof(*waiter));
    if (!waiter)
        return NULL;
    waiter->record.kind = RECORD_WAITER;
    waiter->lease = lease;
    return waiter;
}

void waiter_append(struct key_pool *key, struct waiter *waiter)
{
    waiter->key = key;
    waiter->lease->record = &waiter->record;
    DL_APPEND(key->waiters, waiter);
    key->waiting++;
}

void waiter_free(struct keyed_pool *pool, struct waiter *waiter)
{
    if (waiter->key) {
        DL_DELETE(waiter->key->waiters, waiter);
        waiter->key->waiting--;
    }
    memory_free(&pool->memory[MEMORY_WAITERS], waiter, sizeof(*waiter));
}

struct pool_lease *waiter_pop(struct keyed_pool *pool, struct key_pool *key)
{
    struct pool_lease *lease = key->waiters->lease;
    if (lease)
        lease->record = NULL;
    waiter_free(pool, key->waiters);
    return lease;
}
