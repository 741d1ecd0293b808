/*
 * broadcast: an invalidated item leaves a tombstone in the pool of every active key.
 *
 * ZIO 2.0.3 - 2.1.12 (zio/zio#9306), @effect/io 0.3 - 0.41, effect 2.0.0 - 3.2.9. Only an item that comes out of a
 * key takes its tombstone out of that key, and it can come out of no key but its own: K-1 tombstones an invalidation
 * stay for ever.
 *
 *     diff pools/broadcast.c pools/owner.c
 */
#include "pools/core/core.h"

static enum pool_result admit(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    (void)slot; /* nobody writes down who owns what: that is why everybody has to be told */
    return POOL_OK;
}

static void dismiss(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason)
{
    (void)reason;
    pool->set_ops++;
    value_set_remove(&slot->key->set, &pool->memory[MEMORY_SIDE], slot->value);
}

static bool is_valid(struct keyed_pool *pool, const struct slot *slot)
{
    pool->set_ops++;
    return !value_set_contains(&slot->key->set, slot->value);
}

/* Out of memory half way: takes back what was added, so that nothing has changed. */
static void take_back(struct keyed_pool *pool, const struct key_pool *end, uint64_t value)
{
    for (struct key_pool *key = pool->keys; key != end; key = key->hh.next) {
        if (key->fresh)
            value_set_remove(&key->set, &pool->memory[MEMORY_SIDE], value);
    }
}

static enum pool_result invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    for (struct key_pool *key = pool->keys; key; key = key->hh.next) {
        pool->set_ops++;
        enum value_set_result added = value_set_insert(&key->set, &pool->memory[MEMORY_SIDE], item);
        if (added == VALUE_SET_NO_MEMORY) {
            take_back(pool, key, pool->env->item_value(pool->env->ctx, item));
            return POOL_NO_MEMORY;
        }
        key->fresh = added == VALUE_SET_ADDED;
    }
    return POOL_OK;
}

static bool may_forget(struct keyed_pool *pool, const struct key_pool *key)
{
    (void)pool;
    (void)key; /* ZKeyedPool keeps its keys until it closes */
    return false;
}

static const struct pool_strategy strategy = {
    .name = "broadcast",
    .side = "tombstones",
    .stat = POOL_STAT_TOMBSTONES,
    .decisions =
        {
            .admit = admit,
            .dismiss = dismiss,
            .is_valid = is_valid,
            .invalidate = invalidate,
            .may_forget = may_forget,
        },
};

POOL_STRATEGY_REGISTER(strategy, "broadcast", "leaks: tells every key of every invalidated item (ZIO 2.0.3 - 2.1.12)")
