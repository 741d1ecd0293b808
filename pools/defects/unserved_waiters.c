/*
 * A returned invalid item lowers the size and is replaced only to reach min, whoever waits (zio PR 8833 added "or
 * somebody waits").
 */
#include "pools/core/core.h"

static bool drives_on(struct keyed_pool *pool, const struct key_pool *key, enum retire_reason reason)
{
    return key->down || key->size < pool->min || reason != RETIRE_INVALID_RETURNED;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->drives_on = drives_on;
}

static const struct pool_defect defect_unserved_waiters = {
    .name = "unserved_waiters",
    .source = "zio/zio#8820, commons-pool POOL-240",
    .about = "room freed by an invalidated item is not offered to waiters",
    .apply = apply,
};

POOL_DEFECT(defect_unserved_waiters)
