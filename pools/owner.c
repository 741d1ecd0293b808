/*
 * owner: an index says which keys hold an item, and only those are told that it is invalid.
 *
 * The fix that zio/zio#9306 asks for. The index maps an item to *all* its places, because one item may live in
 * several keys (the objection in zio PR 7356 to a map with one owner). An invalidation costs the same with one key
 * and with a million, and needs no memory. Eager: an idle item is closed at once. Keys that nobody uses are
 * forgotten.
 *
 *     diff pools/broadcast.c pools/owner.c
 */
#include "pools/core/core.h"

#include <utlist.h>

static enum pool_result admit(struct keyed_pool *pool, struct slot *slot)
{
    return owner_index_add(pool, slot);
}

static void dismiss(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason)
{
    (void)reason;
    owner_index_remove(pool, slot);
}

static bool is_valid(struct keyed_pool *pool, const struct slot *slot)
{
    (void)pool;
    return !slot->invalid;
}

static enum pool_result invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    struct owner_entry *entry = owner_index_find(pool, pool->env->item_value(pool->env->ctx, item));
    struct slot *slot, *next;
    DL_FOREACH_SAFE2(entry ? entry->slots : NULL, slot, next, same_next)
    {
        if (slot->item != item) /* equal, but not this one (commons-pool POOL-283) */
            continue;
        slot->invalid = true;
        if (slot->state != SLOT_IDLE)
            continue;
        pool_touch(pool, slot->key);
        pool->decide.on_invalidated_idle(pool, slot);
    }
    return POOL_OK;
}

static bool may_forget(struct keyed_pool *pool, const struct key_pool *key)
{
    (void)pool;
    (void)key;
    return true;
}

static const struct pool_strategy strategy = {
    .name = "owner",
    .side = "owners",
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

POOL_STRATEGY_REGISTER(strategy, "owner", "tells only the keys that hold the item (the fix zio/zio#9306 asks for)")
