/* destroy throws past the line that lowers the counter. */
#include "pools/core/core.h"

static bool frees_room(struct keyed_pool *pool, const struct slot *slot, enum pool_result result)
{
    (void)pool;
    return slot->state != SLOT_CLOSING || result == POOL_OK;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->frees_room = frees_room;
}

static const struct pool_defect defect_destroy_failure_keeps_size = {
    .name = "destroy_failure_keeps_size",
    .source = "commons-pool POOL-133",
    .about = "a destructor that fails keeps its place",
    .apply = apply,
};

POOL_DEFECT(defect_destroy_failure_keeps_size)
