/*
 * The per-key counter is raised before the factory is called and not lowered when it throws; also aiohttp 1.3.0,
 * urllib3 #76.
 */
#include "pools/core/core.h"

static bool frees_room(struct keyed_pool *pool, const struct slot *slot, enum pool_result result)
{
    (void)pool;
    return slot->state != SLOT_CREATING || result == POOL_OK;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->frees_room = frees_room;
}

static const struct pool_defect defect_failed_create_keeps_slot = {
    .name = "failed_create_keeps_slot",
    .source = "commons-pool POOL-243",
    .about = "a failed creation keeps its place: after max failures the key is dead",
    .apply = apply,
};

POOL_DEFECT(defect_failed_create_keeps_slot)
