/* One item that is busy all the time piles up (releases a second) x ttl timers. */
#include "pools/core/core.h"

static void on_kept(struct keyed_pool *pool, struct slot *slot)
{
    int64_t now_ns = pool->decide.now_ns();
    slot_attach(pool, slot, ATTACHED_TIMER, pool->ttl_ns < INT64_MAX - now_ns ? now_ns + pool->ttl_ns : INT64_MAX);
}

static void on_tick(struct keyed_pool *pool, struct key_pool *key, int64_t now_ns)
{
    for (struct slot *slot = key->slots; slot; slot = slot->next)
        slot_detach_due(pool, slot, now_ns);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_kept = on_kept;
    decisions->on_tick = on_tick;
}

static const struct pool_defect defect_timer_per_release = {
    .name = "timer_per_release",
    .source = "kafka-journal PR 500",
    .about = "every release arms an expiry timer, none is taken back",
    .apply = apply,
};

POOL_DEFECT(defect_timer_per_release)
