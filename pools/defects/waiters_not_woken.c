/* They wait until they give up by themselves. */
#include "pools/core/core.h"

static bool closes_waiters(struct keyed_pool *pool, const struct key_pool *key)
{
    (void)pool;
    (void)key;
    return false;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->closes_waiters = closes_waiters;
}

static const struct pool_defect defect_waiters_not_woken = {
    .name = "waiters_not_woken",
    .source = "commons-pool POOL-189, effect PR 4052",
    .about = "callers that wait when the pool closes are never told",
    .apply = apply,
};

POOL_DEFECT(defect_waiters_not_woken)
