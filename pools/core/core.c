#include "pools/core/core.h"

#include <utlist.h>

void pool_lock(struct keyed_pool *pool)
{
    if (pool->env->yield)
        pool->env->yield(pool->env->ctx);
    pthread_mutex_lock(&pool->lock);
}

void pool_unlock(struct keyed_pool *pool)
{
    pthread_mutex_unlock(&pool->lock);
    if (pool->env->yield)
        pool->env->yield(pool->env->ctx);
}

static bool memory_init(struct keyed_pool *pool)
{
    const struct pool_env *env = pool->env;
    const char *const names[MEMORY_COUNT] = {"pool", "keys", "slots", "waiters", pool->strategy->side, "captured"};
    for (size_t i = 0; i < MEMORY_COUNT; i++) {
        pool->memory[i] = (struct memory){env, env->population(env->ctx, names[i])};
        if (!pool->memory[i].population)
            return false;
    }
    return true;
}

enum pool_result core_make(const struct pool_strategy *strategy, const struct pool_config *config,
                           const struct pool_env *env, struct keyed_pool **out, char *message, size_t size)
{
    struct pool_decisions decide;
    enum pool_result result = pool_settings_apply(&decide, strategy, config->settings, message, size);
    if (result != POOL_OK)
        return result;
    struct memory memory = {env, env->population(env->ctx, "pool")};
    struct keyed_pool *pool = memory.population ? memory_alloc(&memory, sizeof(*pool)) : NULL;
    if (!pool)
        return POOL_NO_MEMORY;
    pool->env = env;
    pool->strategy = strategy;
    pool->decide = decide;
    pool->min = config->min;
    pool->max = config->max;
    pool->ttl_ns = config->ttl_ns;
    pool->scope = config->scope;
    if (!memory_init(pool) || pthread_mutex_init(&pool->lock, NULL) != 0) {
        memory_free(&memory, pool, sizeof(*pool));
        return POOL_NO_MEMORY;
    }
    *out = pool;
    return POOL_OK;
}

void core_free(struct keyed_pool *pool)
{
    if (!pool)
        return;
    while (pool->keys)
        key_free(pool, pool->keys);
    captured_close_all(pool, false);
    pthread_mutex_destroy(&pool->lock);
    memory_free(&pool->memory[MEMORY_POOL], pool, sizeof(*pool));
}

/* Joins the queue of the key. POOL_OK: *key is where. */
static enum pool_result enqueue(struct keyed_pool *pool, const char *name, struct pool_lease *lease,
                                struct key_pool **key)
{
    if (pool->down)
        return POOL_CLOSED;
    struct waiter *waiter = waiter_make(pool, lease);
    if (!waiter)
        return POOL_NO_MEMORY;
    *key = key_find_or_make(pool, name);
    if (!*key || (*key)->down) {
        waiter_free(pool, waiter);
        return *key ? POOL_CLOSED : POOL_NO_MEMORY;
    }
    waiter_append(*key, waiter);
    return POOL_OK;
}

/* Every get is answered through lease_done, mostly before it returns: one way in, one way out. */
enum pool_result core_get(struct keyed_pool *pool, const char *name, struct pool_lease *lease)
{
    struct key_pool *key = NULL;
    lease->item = NULL;
    lease->record = NULL;
    pool_lock(pool);
    enum pool_result result = enqueue(pool, name, lease, &key);
    if (result == POOL_OK) {
        key->fill_stopped = false;
        key_drive(pool, key);
        result = POOL_PENDING;
    }
    pool_leave(pool);
    return result;
}

static void take_back(struct keyed_pool *pool, struct slot *slot)
{
    enum retire_reason reason = RETIRE_GIVEN_UP;
    switch (pool->decide.on_returned(pool, slot, &reason)) {
    case FATE_KEEP:
        slot_set_idle(slot);
        pool->decide.on_kept(pool, slot);
        break;
    case FATE_RETIRE:
        slot_doom(pool, slot, reason);
        break;
    case FATE_ABANDON:
        slot_abandon(pool, slot);
        break;
    }
}

enum pool_result core_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    enum pool_result result = POOL_OK;
    pool_lock(pool);
    struct slot *slot = slot_of_lease(lease);
    if (slot) {
        struct key_pool *key = slot->key;
        lease->item = NULL;
        lease->record = NULL;
        key->fill_stopped = false;
        take_back(pool, slot);
        key_drive(pool, key);
    } else {
        result = pool->decide.on_released_again(pool, lease);
    }
    pool_leave(pool);
    return result;
}

enum pool_result core_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    enum pool_result result = POOL_VOID;
    pool_lock(pool);
    struct record *record = lease->record;
    if (record && record->kind == RECORD_WAITER) {
        lease->record = NULL;
        pool->decide.on_cancelled(pool, (struct waiter *)record);
        result = POOL_OK;
    }
    pool_leave(pool);
    return result;
}

enum pool_result core_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    pool_lock(pool);
    enum pool_result result = pool->decide.invalidate(pool, item);
    pool_drive_touched(pool);
    pool_leave(pool);
    return result;
}

static bool key_holds(const struct key_pool *key, const struct pool_item *item)
{
    const struct slot *slot;
    DL_FOREACH(key->slots, slot)
    {
        if (slot->item == item)
            return true;
    }
    return false;
}

/* A second place for `item`, in another key. */
static enum pool_result add_member(struct keyed_pool *pool, struct key_pool *key, struct pool_item *item)
{
    if (key->size >= pool->max || key_holds(key, item))
        return POOL_VOID;
    struct slot *slot = slot_make(pool, key);
    if (!slot)
        return POOL_NO_MEMORY;
    pool->env->item_hold(pool->env->ctx, item);
    if (slot_adopt(pool, slot, item) == POOL_OK) {
        slot_set_idle(slot);
        return POOL_OK;
    }
    slot_doom(pool, slot, RETIRE_NOT_ADOPTED); /* gives the hold back */
    return POOL_NO_MEMORY;
}

enum pool_result core_share(struct keyed_pool *pool, struct pool_lease *lease, const char *name)
{
    enum pool_result result = POOL_VOID;
    pool_lock(pool);
    const struct slot *slot = slot_of_lease(lease);
    if (slot && pool->decide.is_valid(pool, slot) && !pool->down) {
        struct key_pool *key = key_find_or_make(pool, name);
        result = !key ? POOL_NO_MEMORY : key->down ? POOL_VOID : add_member(pool, key, slot->item);
        if (key)
            key_drive(pool, key);
    }
    pool_leave(pool);
    return result;
}

void core_created(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item)
{
    struct slot *slot = ticket;
    pool_lock(pool);
    struct key_pool *key = slot->key;
    creation_end(pool, slot, result, item);
    key_drive(pool, key);
    pool_leave(pool);
}
