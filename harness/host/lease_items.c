#include "harness/host/lease.h"

/* The item it holds or held last, kept; NULL: none. */
static struct pool_item *lease_keep_item(struct lease *lease)
{
    pthread_mutex_lock(&lease->caller->lock);
    struct pool_item *item = lease->item;
    if (item != NULL && !world_item_keep(lease->host->world, item))
        item = NULL;
    pthread_mutex_unlock(&lease->caller->lock);
    return item;
}

enum err lease_invalidate(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_use(host, name, &lease, why);
    struct pool_item *item = err == ERR_NONE ? lease_keep_item(lease) : NULL;

    if (item == NULL)
        return err;
    /* Out of memory means that nothing has changed. Who must not have this item again asks once more, as a program has
     * to; so what the plan says holds also where one allocation fails. */
    enum pool_result result = POOL_NO_MEMORY;
    for (int attempt = 0; attempt < 2 && result == POOL_NO_MEMORY; attempt++) {
        caller_calls(host);
        result = host->choice->ops->invalidate(host->pool, item);
    }
    if (result == POOL_OK)
        world_item_invalidated(host->world, item);
    world_item_drop(host->world, item);
    if (result == POOL_NO_MEMORY)
        return problem_set(why, ERR_MEMORY, "invalidate %s: out of memory", name);
    return ERR_NONE;
}

enum err lease_share(struct host *host, const char *name, const char *key, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_use(host, name, &lease, why);

    if (err != ERR_NONE || lease_state(lease) != LEASE_OUT)
        return err;
    enum pool_result result = POOL_NO_MEMORY;
    for (int attempt = 0; attempt < 2 && result == POOL_NO_MEMORY; attempt++) {
        caller_calls(host);
        result = host->choice->ops->share(host->pool, &lease->out, key);
    }
    if (result == POOL_NO_MEMORY)
        return problem_set(why, ERR_MEMORY, "share %s: out of memory", name);
    return ERR_NONE;
}

enum err lease_kill(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_use(host, name, &lease, why);
    struct pool_item *item = err == ERR_NONE ? lease_keep_item(lease) : NULL;

    if (item != NULL) {
        world_item_kill(host->world, item);
        world_item_drop(host->world, item);
    }
    return err;
}
