/* Symptom 3 of zio/zio#9306: a dead connection of a key that nobody uses again is never closed. */
#include "pools/core/core.h"

static void on_invalidated_idle(struct keyed_pool *pool, struct slot *slot)
{
    (void)pool;
    (void)slot; /* is_valid will say no, some day */
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_invalidated_idle = on_invalidated_idle;
}

static const struct pool_defect defect_lazy_idle = {
    .name = "lazy_idle",
    .source = "ZPool",
    .about = "an invalidated idle item stays open until somebody takes it out",
    .only = "owner",
    .apply = apply,
};

POOL_DEFECT(defect_lazy_idle)
