/*
 * membership: every key keeps the set of its live members; to invalidate an item is to ask every key to forget it.
 *
 * ZIO 2.1.13 and later (zio/zio PR 9307). Still asks every key, but one that does not have the item has nothing to
 * write down. Lazy: an item that was forgotten stays idle until it is taken out.
 */
#include "pools/core/core.h"

static enum pool_result admit(struct keyed_pool *pool, struct slot *slot)
{
    pool->set_ops++;
    enum value_set_result added = value_set_insert(&slot->key->set, &pool->memory[MEMORY_SIDE], slot->item);
    return added == VALUE_SET_NO_MEMORY ? POOL_NO_MEMORY : POOL_OK;
}

static void dismiss(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason)
{
    if (reason == RETIRE_INVALID_IDLE || reason == RETIRE_INVALID_RETURNED)
        return; /* it is invalid because it is not in the set; an equal item may be by now */
    pool->set_ops++;
    value_set_remove(&slot->key->set, &pool->memory[MEMORY_SIDE], slot->value);
}

static bool is_valid(struct keyed_pool *pool, const struct slot *slot)
{
    pool->set_ops++;
    return value_set_contains(&slot->key->set, slot->value);
}

static enum pool_result invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    uint64_t value = pool->env->item_value(pool->env->ctx, item);
    for (struct key_pool *key = pool->keys; key; key = key->hh.next) {
        pool->set_ops++;
        value_set_remove(&key->set, &pool->memory[MEMORY_SIDE], value);
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
    .name = "membership",
    .side = "members",
    .stat = POOL_STAT_MEMBERS,
    .decisions =
        {
            .admit = admit,
            .dismiss = dismiss,
            .is_valid = is_valid,
            .invalidate = invalidate,
            .may_forget = may_forget,
        },
};

POOL_STRATEGY_REGISTER(strategy, "membership",
                       "asks every key to forget the item, writes nothing down (ZIO 2.1.13 and later)")
