/* The peer closes a connection that is idle. The next get finds it dead, closes it and asks again; nobody lowered the count, so with
 * max = 1 it waits for ever for a place that nothing occupies. */
#include "pools/core/core.h"

static bool frees_room(struct keyed_pool *pool, const struct slot *slot, enum pool_result result)
{
    (void)pool;
    (void)result;
    return slot->state != SLOT_CLOSING || slot->reason != RETIRE_INVALID_IDLE;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->frees_room = frees_room;
}

static const struct pool_defect defect_dead_idle_keeps_size = {
    .name = "dead_idle_keeps_size",
    .source = "netty/netty#4023, PR 4076",
    .about = "an item that died while it was idle keeps its place",
    .apply = apply,
};

POOL_DEFECT(defect_dead_idle_keeps_size)
