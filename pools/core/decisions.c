/* The right answers. A defect in pools/defects/ replaces one of them. */
#include "pools/core/core.h"

#include <time.h>

static enum pool_result own_item(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    (void)slot; /* whoever holds the slot closes its item */
    return POOL_OK;
}

static enum pool_result close_item(struct keyed_pool *pool, struct slot *slot)
{
    return pool->env->destroy(pool->env->ctx, slot->item);
}

static enum slot_fate on_created(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    (void)slot; /* wanted or not any more: it can serve the next caller */
    return FATE_KEEP;
}

static enum slot_fate on_returned(struct keyed_pool *pool, struct slot *slot, enum retire_reason *reason)
{
    bool valid = pool->decide.is_valid(pool, slot);
    *reason = RETIRE_INVALID_RETURNED;
    return valid ? FATE_KEEP : FATE_RETIRE; /* one that is kept in a closed key is closed by key_drive */
}

static enum pool_result on_released_again(struct keyed_pool *pool, const struct pool_lease *lease)
{
    (void)pool;
    (void)lease;
    return POOL_VOID;
}

static struct pool_lease *deliver(struct keyed_pool *pool, struct key_pool *key, struct slot *slot)
{
    struct pool_lease *lease = waiter_pop(pool, key);
    slot_set_leased(pool, slot, lease);
    return lease;
}

static void nothing_hangs_on(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    (void)slot;
}

static void on_tick(struct keyed_pool *pool, struct key_pool *key, int64_t now_ns)
{
    (void)pool;
    (void)key;
    (void)now_ns;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_cancelled(struct keyed_pool *pool, struct waiter *waiter)
{
    waiter_free(pool, waiter);
}

static bool closes_waiters(struct keyed_pool *pool, const struct key_pool *key)
{
    (void)pool;
    (void)key;
    return true;
}

static void on_invalidated_idle(struct keyed_pool *pool, struct slot *slot)
{
    slot_doom(pool, slot, RETIRE_INVALID_IDLE);
}

static bool frees_room(struct keyed_pool *pool, const struct slot *slot, enum pool_result result)
{
    (void)pool;
    (void)slot;
    (void)result; /* also when the factory or the destructor failed */
    return true;
}

static bool drives_on(struct keyed_pool *pool, const struct key_pool *key, enum retire_reason reason)
{
    (void)pool;
    (void)key;
    (void)reason;
    return true;
}

static int64_t excess(const struct keyed_pool *pool, const struct key_pool *key)
{
    return (int64_t)key->size - (int64_t)pool->min;
}

const struct pool_decisions pool_decisions_right = {
    .own_item = own_item,
    .close_item = close_item,
    .on_created = on_created,
    .on_returned = on_returned,
    .on_released_again = on_released_again,
    .deliver = deliver,
    .on_leased = nothing_hangs_on,
    .on_kept = nothing_hangs_on,
    .on_tick = on_tick,
    .now_ns = now_ns,
    .on_cancelled = on_cancelled,
    .closes_waiters = closes_waiters,
    .on_invalidated_idle = on_invalidated_idle,
    .frees_room = frees_room,
    .drives_on = drives_on,
    .excess = excess,
};
