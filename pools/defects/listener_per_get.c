/* A long-lived item collects one listener for each of its leases. */
#include "pools/core/core.h"

static void on_leased(struct keyed_pool *pool, struct slot *slot)
{
    slot_attach(pool, slot, ATTACHED_LISTENER, INT64_MAX);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_leased = on_leased;
}

static const struct pool_defect defect_listener_per_get = {
    .name = "listener_per_get",
    .source = "zio-http #1867, PR 1950",
    .about = "a close listener is added at every get instead of once per item",
    .apply = apply,
};

POOL_DEFECT(defect_listener_per_get)
