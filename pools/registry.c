#include "pools/keyed_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOLS_MAX 64

static struct {
    const struct keyed_pool_ops *pools[POOLS_MAX]; /* sorted by name; filled before main, read-only after */
    size_t count;
} registry;

void pool_registry_add(const struct keyed_pool_ops *ops)
{
    size_t at = registry.count;
    const char *wrong = registry.count == POOLS_MAX ? "more pools than POOLS_MAX" : pool_ops_check(ops);
    if (!wrong && pool_registry_find(ops->name))
        wrong = "a pool of that name is registered already";
    if (wrong) {
        fprintf(stderr, "pools: %s: %s\n", ops->name ? ops->name : "?", wrong);
        abort();
    }
    for (; at > 0 && strcmp(registry.pools[at - 1]->name, ops->name) > 0; at--)
        registry.pools[at] = registry.pools[at - 1];
    registry.pools[at] = ops;
    registry.count++;
}

const struct keyed_pool_ops *pool_registry_find(const char *name)
{
    for (size_t i = 0; i < registry.count; i++) {
        if (strcmp(registry.pools[i]->name, name) == 0)
            return registry.pools[i];
    }
    return NULL;
}

size_t pool_registry_count(void)
{
    return registry.count;
}

const struct keyed_pool_ops *pool_registry_at(size_t index)
{
    return index < registry.count ? registry.pools[index] : NULL;
}

/* The first function that every pool must have and this one lacks. */
static const char *missing_hook(const struct keyed_pool_ops *ops)
{
    if (!ops->make)
        return "make is missing";
    if (!ops->free)
        return "free is missing";
    if (!ops->get)
        return "get is missing";
    if (!ops->release)
        return "release is missing";
    if (!ops->invalidate)
        return "invalidate is missing";
    if (!ops->shutdown)
        return "shutdown is missing";
    return ops->stats ? NULL : "stats is missing";
}

const char *pool_ops_check(const struct keyed_pool_ops *ops)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    if (!ops)
        return "no operations";
    if (ops->abi < 1 || ops->abi > KEYED_POOL_ABI)
        return "built for another version of keyed_pool.h (abi): compile it again with this one";
    if (!ops->name || !*ops->name || ops->name[strspn(ops->name, letters)] != '\0')
        return "name: expected [a-z0-9_-]+";
    if (!ops->about)
        return "about is missing";
    return missing_hook(ops);
}

const char *pool_result_name(enum pool_result result)
{
    static const char *const names[POOL_RESULT_COUNT] = {
        [POOL_OK] = "ok",
        [POOL_PENDING] = "pending",
        [POOL_FAILED] = "failed",
        [POOL_CLOSED] = "closed",
        [POOL_VOID] = "void",
        [POOL_NO_MEMORY] = "no memory",
        [POOL_UNSUPPORTED] = "unsupported",
        [POOL_BAD_SETTING] = "bad setting",
    };
    return (unsigned)result < POOL_RESULT_COUNT ? names[result] : "unknown";
}

const char *pool_stat_name(enum pool_stat stat)
{
    static const char *const names[POOL_STAT_COUNT] = {
        [POOL_STAT_IDLE] = "idle",
        [POOL_STAT_LEASED] = "leased",
        [POOL_STAT_WAITING] = "waiting",
        [POOL_STAT_CREATING] = "creating",
        [POOL_STAT_CLOSING] = "closing",
        [POOL_STAT_SIZE] = "size",
        [POOL_STAT_FREE] = "free",
        [POOL_STAT_KEYS] = "keys",
        [POOL_STAT_TOMBSTONES] = "tombstones",
        [POOL_STAT_TOMBSTONES_FOREIGN] = "tombstones_foreign",
        [POOL_STAT_MEMBERS] = "members",
        [POOL_STAT_IDLE_DEAD] = "idle_dead",
        [POOL_STAT_TIMERS] = "timers",
        [POOL_STAT_LISTENERS] = "listeners",
        [POOL_STAT_PAYLOADS] = "payloads",
        [POOL_STAT_WAITERS_GHOST] = "waiters_ghost",
        [POOL_STAT_SET_OPS] = "set_ops",
    };
    return (unsigned)stat < POOL_STAT_COUNT ? names[stat] : "unknown";
}
