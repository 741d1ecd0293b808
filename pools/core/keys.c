#include "pools/core/hash.h"
#include "pools/core/core.h"

#include <utlist.h>

/* The application's scope closes: the key is shut down, as a ZPool is by its finalizer. */
static void key_scope_closed(void *arg)
{
    struct key_pool *key = arg;
    struct keyed_pool *pool = key->pool;
    pool_lock(pool);
    key->finalizer = NULL;
    key->down = true;
    key_drive(pool, key);
    pool_leave(pool);
}

struct key_pool *key_find(struct keyed_pool *pool, const char *name)
{
    struct key_pool *key = NULL;
    HASH_FIND(hh, pool->keys, name, strlen(name), key);
    return key;
}

static struct key_pool *key_make(struct keyed_pool *pool, const char *name)
{
    const struct memory *hash_memory = &pool->memory[MEMORY_KEYS];
    size_t length = strlen(name);
    struct key_pool *key = memory_alloc(hash_memory, sizeof(*key) + length + 1);
    if (!key)
        return NULL;
    key->pool = pool;
    key->name_size = length + 1;
    key->last_touched_ns = pool->decide.now_ns();
    memcpy(key->name, name, length + 1);
    key->finalizer = pool->env->scope_add(pool->env->ctx, pool->scope, key_scope_closed, key);
    if (!key->finalizer)
        goto out;
    HASH_ADD(hh, pool->keys, name[0], (unsigned)length, key);
    if (key->hh.tbl)
        return key;
    pool->env->scope_remove(pool->env->ctx, key->finalizer);
out:
    memory_free(hash_memory, key, sizeof(*key) + length + 1);
    return NULL;
}

struct key_pool *key_find_or_make(struct keyed_pool *pool, const char *name)
{
    struct key_pool *key = key_find(pool, name);
    return key ? key : key_make(pool, name);
}

void key_free(struct keyed_pool *pool, struct key_pool *key)
{
    const struct memory *hash_memory = &pool->memory[MEMORY_KEYS];
    while (key->slots) {
        struct slot *slot = key->slots;
        if (slot->item)
            (void)pool->decide.close_item(pool, slot);
        pool->decide.dismiss(pool, slot, RETIRE_GIVEN_UP);
        slot_free(pool, slot);
    }
    while (key->waiters)
        waiter_free(pool, key->waiters);
    value_set_clear(&key->set, &pool->memory[MEMORY_SIDE]);
    if (key->finalizer)
        pool->env->scope_remove(pool->env->ctx, key->finalizer);
    HASH_DELETE(hh, pool->keys, key);
    memory_free(hash_memory, key, sizeof(*key) + key->name_size);
}
