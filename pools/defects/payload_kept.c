/*
 * The pooled channel and the objects of finished requests refer to each other: an idle item keeps all its past
 * leases.
 */
#include "pools/core/core.h"

static void on_leased(struct keyed_pool *pool, struct slot *slot)
{
    slot_attach(pool, slot, ATTACHED_PAYLOAD, INT64_MAX);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_leased = on_leased;
}

static const struct pool_defect defect_payload_kept = {
    .name = "payload_kept",
    .source = "reactor-netty #3367, #3416",
    .about = "what a lease hung on its item is not taken off when the item comes back",
    .apply = apply,
};

POOL_DEFECT(defect_payload_kept)
