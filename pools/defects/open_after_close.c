/* The closed pool refuses the item, and the one who gives it back has no use for it either. */
#include "pools/core/core.h"

static enum slot_fate on_returned(struct keyed_pool *pool, struct slot *slot, enum retire_reason *reason)
{
    return slot->key->down ? FATE_ABANDON : pool_decisions_right.on_returned(pool, slot, reason);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_returned = on_returned;
}

static const struct pool_defect defect_open_after_close = {
    .name = "open_after_close",
    .source = "netty/netty#5977, commons-pool POOL-263",
    .about = "an item released after shutdown stays open",
    .apply = apply,
};

POOL_DEFECT(defect_open_after_close)
