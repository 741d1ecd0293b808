#include "pools/core/core.h"

#include <utlist.h>

static bool first_of_its_value(const struct slot *slot)
{
    const struct slot *other;
    for (other = slot->key->slots; other != slot; other = other->next) {
        if (other->item && other->value == slot->value)
            return false;
    }
    return true;
}

static void count_slot(struct keyed_pool *pool, const struct slot *slot, int64_t *value)
{
    static const enum pool_stat stats[ATTACHED_COUNT] = {POOL_STAT_LISTENERS, POOL_STAT_TIMERS, POOL_STAT_PAYLOADS};
    const struct attachment *attachment;
    if (slot->state == SLOT_IDLE && !pool->decide.is_valid(pool, slot))
        value[POOL_STAT_IDLE_DEAD]++;
    if (slot->item && first_of_its_value(slot) && value_set_contains(&slot->key->set, slot->value))
        value[POOL_STAT_TOMBSTONES_FOREIGN]--; /* the key holds this one itself */
    LL_FOREACH(slot->attachments, attachment)
    {
        value[stats[attachment->kind]]++;
    }
}

static void count_key(struct keyed_pool *pool, const struct key_pool *key, int64_t *value)
{
    const struct slot *slot;
    const struct waiter *waiter;
    value[POOL_STAT_KEYS]++;
    value[POOL_STAT_SIZE] += (int64_t)key->size;
    value[POOL_STAT_IDLE] += (int64_t)key->count[SLOT_IDLE];
    value[POOL_STAT_LEASED] += (int64_t)key->count[SLOT_LEASED];
    value[POOL_STAT_CREATING] += (int64_t)key->count[SLOT_CREATING];
    value[POOL_STAT_CLOSING] += (int64_t)key->count[SLOT_CLOSING];
    value[pool->strategy->stat] += (int64_t)key->set.count;
    value[POOL_STAT_TOMBSTONES_FOREIGN] += (int64_t)key->set.count;
    DL_FOREACH(key->slots, slot)
    {
        count_slot(pool, slot, value);
    }
    DL_FOREACH(key->waiters, waiter)
    {
        value[waiter->lease ? POOL_STAT_WAITING : POOL_STAT_WAITERS_GHOST]++;
    }
}

/* What follows from the other counts. */
static void conclude(const struct keyed_pool *pool, int64_t *value)
{
    value[POOL_STAT_FREE] = value[POOL_STAT_IDLE] - value[POOL_STAT_WAITING] - value[POOL_STAT_WAITERS_GHOST];
    /* A strategy without tombstones has none, and that is worth saying: it is what the leaking one is held against. */
    if (pool->strategy->stat != POOL_STAT_TOMBSTONES)
        value[POOL_STAT_TOMBSTONES_FOREIGN] = 0;
}

void core_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    int64_t *value = out->value;
    memset(out, 0, sizeof(*out));
    pool_lock(pool);
    value[POOL_STAT_SET_OPS] = pool->set_ops;
    for (const struct key_pool *key = pool->keys; key; key = key->hh.next)
        count_key(pool, key, value);
    value[pool->strategy->stat] += (int64_t)pool->owned;
    conclude(pool, value);
    pool->set_ops = value[POOL_STAT_SET_OPS]; /* looking is not counted */
    pool_leave(pool);
}

void core_stats_by_key(struct keyed_pool *pool, pool_tell_fn tell, void *ctx)
{
    pool_lock(pool);
    int64_t set_ops = pool->set_ops;
    for (const struct key_pool *key = pool->keys; key; key = key->hh.next) {
        struct pool_stats stats = {{0}};
        count_key(pool, key, stats.value);
        conclude(pool, stats.value);
        tell(ctx, key->name, &stats);
    }
    pool->set_ops = set_ops;
    pool_leave(pool);
}
