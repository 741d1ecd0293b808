/* The creation was started for one caller and ends after that caller has gone; also pg-pool #3543, lettuce #3607. */
#include "pools/core/core.h"

static enum slot_fate on_created(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    bool nobody_waits = slot->wanted && !slot->key->waiters && !slot->key->down;
    return nobody_waits ? FATE_ABANDON : FATE_KEEP;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_created = on_created;
}

static const struct pool_defect defect_drop_after_cancel = {
    .name = "drop_after_cancel",
    .source = "netty/netty#9669",
    .about = "an item whose caller gave up while it was made is neither kept nor closed",
    .apply = apply,
};

POOL_DEFECT(defect_drop_after_cancel)
