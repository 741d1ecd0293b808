/*
 * A map from an item to one owner: the second key that gets the item is not written down. Not a leak: a stale item
 * is leased again.
 */
#include "pools/core/core.h"

static enum pool_result admit(struct keyed_pool *pool, struct slot *slot)
{
    return owner_index_find(pool, slot->value) ? POOL_OK : owner_index_add(pool, slot);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->admit = admit;
}

static const struct pool_defect defect_single_owner = {
    .name = "single_owner",
    .source = "review of zio PR 7356",
    .about = "an item in several keys is invalidated in one of them only",
    .only = "owner",
    .apply = apply,
};

POOL_DEFECT(defect_single_owner)
