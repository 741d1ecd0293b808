/* What is due: items above min of keys that were quiet for the time-to-live, and keys that nobody uses. */
#include "pools/core/core.h"

#include <utlist.h>

static bool is_quiet(const struct keyed_pool *pool, const struct key_pool *key, int64_t now_ns)
{
    return now_ns - key->last_touched_ns >= pool->ttl_ns;
}

/* The clock is the key's, not the item's, as in ZPool: the key gives up all it may, oldest first, or nothing. */
static void shrink(struct keyed_pool *pool, struct key_pool *key)
{
    int64_t excess = pool->decide.excess(pool, key);
    for (; excess > 0 && key->idle; excess--)
        slot_doom(pool, key->idle, RETIRE_GIVEN_UP);
    pool_touch(pool, key); /* also fills up to min when an item was lost */
}

static bool is_unused(const struct keyed_pool *pool, const struct key_pool *key)
{
    return !key->slots && !key->waiters && !key->touched && key->drivers == 0 && pool->min == 0;
}

void core_maintain(struct keyed_pool *pool)
{
    int64_t now_ns = pool->decide.now_ns();
    struct key_pool *key, *next;
    pool_lock(pool);
    if (pool->down)
        goto out;
    for (key = pool->keys; key; key = key->hh.next) {
        pool->decide.on_tick(pool, key, now_ns);
        if (is_quiet(pool, key, now_ns))
            shrink(pool, key);
    }
    pool_drive_touched(pool);
    for (key = pool->keys; key; key = next) {
        next = key->hh.next;
        if (is_unused(pool, key) && is_quiet(pool, key, now_ns) && pool->decide.may_forget(pool, key))
            key_free(pool, key);
    }
out:
    pool_leave(pool);
}
