/*
 * The wait itself is not interrupted when its caller gives up: 50 time-outs on an exhausted pool leave 50 ghosts
 * (free = -50).
 */
#include "pools/core/core.h"

static void on_cancelled(struct keyed_pool *pool, struct waiter *waiter)
{
    (void)pool;
    waiter->lease = NULL; /* nobody waits here any more, but the record stays */
}

static struct pool_lease *deliver(struct keyed_pool *pool, struct key_pool *key, struct slot *slot)
{
    struct pool_lease *lease = waiter_pop(pool, key);
    if (lease)
        slot_set_leased(pool, slot, lease);
    else
        slot_set_idle(slot); /* the ghost gives it back */
    return lease;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_cancelled = on_cancelled;
    decisions->deliver = deliver;
}

static const struct pool_defect defect_ghost_waiters = {
    .name = "ghost_waiters",
    .source = "ZPool since zio PR 6701",
    .about = "a cancelled waiter stays in the queue, and the next item hops through it",
    .apply = apply,
};

POOL_DEFECT(defect_ghost_waiters)
