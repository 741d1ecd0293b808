/*
 * Who asks for an item that is being looked at gets it as well: node-pool took an object out of its queue only after an
 * asynchronous check, so that several callers in a row were all given the first one.
 */
#include "pools/core/core.h"

static struct pool_lease *deliver(struct keyed_pool *pool, struct key_pool *key, struct slot *slot)
{
    if (key->waiting > 1)
        (void)slot_queue_again(pool, slot); /* for the next one in the queue */
    return pool_decisions_right.deliver(pool, key, slot);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->deliver = deliver;
}

static const struct pool_defect defect_served_twice = {
    .name = "served_twice",
    .source = "node-pool PR 142",
    .about = "an item that comes back is given to everybody who waits",
    .apply = apply,
};

POOL_DEFECT(defect_served_twice)
