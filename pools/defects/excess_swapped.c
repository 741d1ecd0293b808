/* The pair (size, free) is read as (free, size): min(free - min, size) instead of min(size - min, free). */
#include "pools/core/core.h"

static int64_t excess(const struct keyed_pool *pool, const struct key_pool *key)
{
    int64_t free = (int64_t)key->count[SLOT_IDLE] - (int64_t)key->waiting;
    int64_t size = (int64_t)key->size;
    return free - (int64_t)pool->min < size ? free - (int64_t)pool->min : size;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->excess = excess;
}

static const struct pool_defect defect_excess_swapped = {
    .name = "excess_swapped",
    .source = "ZPool, docs/pools.md",
    .about = "items above min are never given up while leases are out",
    .apply = apply,
};

POOL_DEFECT(defect_excess_swapped)
