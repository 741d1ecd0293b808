/*
 * An invalid item that comes back only lowers the size; the step that closes an empty pool is run by valid items
 * alone. With min > 0 a useless replacement is made, and closing that one ends the shutdown.
 */
#include "pools/core/core.h"

static bool drives_on(struct keyed_pool *pool, const struct key_pool *key, enum retire_reason reason)
{
    return !(key->down && reason == RETIRE_INVALID_RETURNED && pool->min == 0);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->drives_on = drives_on;
}

static const struct pool_defect defect_shutdown_stuck = {
    .name = "shutdown_stuck",
    .source = "ZPool, seen on 2.0.3, 2.1.12 and 2.1.27",
    .about = "shutdown never ends when the last lease was invalidated and min is 0",
    .apply = apply,
};

POOL_DEFECT(defect_shutdown_stuck)
