/*
 * racy: a shared object whose pool makes one planted mistake of the kind that only threads show.
 *
 *     churn run scenarios/selftest/contention.lua --threads 4 --under tsan --pool build/tsan/selftest/racy.so:plant=race
 *
 * scripts/stress runs it and knows what must be found. One item per key; later callers wait in line.
 *     clean    no mistake
 *     race     counts its gets without a lock: tsan and helgrind must see it
 *     wakeup   looks for waiters, lets go of the lock, and then says that nobody waits: who came in between sleeps for ever
 *     cancel   finds the waiter, lets go of the lock, and then says it was cancelled, even if it was served meanwhile
 */
#include "pools/keyed_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX    8
#define WAITERS_MAX 256

enum plant { PLANT_CLEAN, PLANT_RACE, PLANT_WAKEUP, PLANT_CANCEL, PLANT_COUNT };

struct key {
    char name[65];
    struct pool_item *item; /* idle, or out when busy; NULL: to be made */
    bool busy, dead;        /* dead: the item was invalidated while it was out */
    size_t waiting;
    struct pool_lease *waiters[WAITERS_MAX];
};

struct keyed_pool {
    const struct pool_env *env;
    enum plant plant;
    pthread_mutex_t lock;
    struct key keys[KEYS_MAX];
    int64_t gets; /* what plant=race counts */
    bool down, announce;
};

static void lock(struct keyed_pool *pool)
{
    if (pool->env->yield != NULL)
        pool->env->yield(pool->env->ctx);
    pthread_mutex_lock(&pool->lock);
}

static void unlock(struct keyed_pool *pool)
{
    pthread_mutex_unlock(&pool->lock);
    if (pool->env->yield != NULL)
        pool->env->yield(pool->env->ctx);
}

/* ---- made and ended ---------------------------------------------------------------------------------------------- */

static enum pool_result racy_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                  char *message, size_t size)
{
    static const char *const plants[PLANT_COUNT] = {"plant=clean", "plant=race", "plant=wakeup", "plant=cancel"};
    enum plant plant = PLANT_CLEAN;

    while (plant < PLANT_COUNT && strcmp(config->settings, plants[plant]) != 0)
        plant++;
    if (plant == PLANT_COUNT) {
        (void)snprintf(message, size, "expected plant=clean, race, wakeup or cancel");
        return POOL_BAD_SETTING;
    }
    struct keyed_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return POOL_NO_MEMORY;
    pool->env = env;
    pool->plant = plant;
    (void)pthread_mutex_init(&pool->lock, NULL);
    *out = pool;
    return POOL_OK;
}

static void racy_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < KEYS_MAX; i++)
        if (pool->keys[i].item != NULL)
            (void)pool->env->destroy(pool->env->ctx, pool->keys[i].item);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- borrowing --------------------------------------------------------------------------------------------------- */

static struct key *key_find(struct keyed_pool *pool, const char *name)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        struct key *key = &pool->keys[i];
        if (key->name[0] == '\0')
            (void)snprintf(key->name, sizeof key->name, "%s", name);
        if (strcmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}

/* The key is busy, and so nobody else looks at its item. */
static enum pool_result serve(struct keyed_pool *pool, struct key *key, struct pool_lease *lease)
{
    if (key->item == NULL && pool->env->create(pool->env->ctx, key->name, NULL, &key->item) != POOL_OK)
        return POOL_FAILED;
    lease->item = key->item;
    lease->record = key;
    return POOL_OK;
}

static enum pool_result racy_get(struct keyed_pool *pool, const char *name, struct pool_lease *lease)
{
    enum pool_result result = POOL_PENDING;

    if (pool->plant == PLANT_RACE)
        pool->gets++;
    lease->record = NULL;
    lock(pool);
    struct key *key = key_find(pool, name);
    if (pool->down || key == NULL) {
        result = pool->down ? POOL_CLOSED : POOL_FAILED;
    } else if (!key->busy) {
        key->busy = true;
        result = POOL_OK;
    } else if (key->waiting == WAITERS_MAX) {
        result = POOL_NO_MEMORY;
    } else {
        key->waiters[key->waiting++] = lease;
    }
    unlock(pool);
    return result == POOL_OK ? serve(pool, key, lease) : result;
}

static void remove_waiter(struct key *key, size_t index)
{
    key->waiting--;
    memmove(&key->waiters[index], &key->waiters[index + 1], (key->waiting - index) * sizeof(struct pool_lease *));
}

/* The key's item came back: to the next in line, or it rests. */
static void hand_over(struct keyed_pool *pool, struct key *key)
{
    struct pool_item *unwanted = NULL;
    struct pool_lease *next = NULL;

    lock(pool);
    bool none = key->waiting == 0;
    if (pool->plant == PLANT_WAKEUP) {
        unlock(pool);
        lock(pool);
    }
    if (!none && key->waiting > 0) {
        next = key->waiters[0];
        remove_waiter(key, 0);
    } else {
        key->busy = false;
        unwanted = pool->down ? key->item : NULL;
        key->item = pool->down ? NULL : key->item;
    }
    unlock(pool);
    if (unwanted != NULL)
        (void)pool->env->destroy(pool->env->ctx, unwanted);
    if (next != NULL)
        pool->env->lease_done(pool->env->ctx, next, serve(pool, key, next));
}

static bool all_rest(const struct keyed_pool *pool)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        if (pool->keys[i].busy)
            return false;
    return true;
}

static enum pool_result racy_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    struct key *key = lease->record;
    struct pool_item *dead = NULL;

    if (key == NULL)
        return POOL_VOID;
    lock(pool);
    if (key->dead)
        dead = key->item;
    key->item = key->dead ? NULL : key->item;
    key->dead = false;
    lease->item = NULL;
    lease->record = NULL;
    unlock(pool);
    if (dead != NULL)
        (void)pool->env->destroy(pool->env->ctx, dead);
    hand_over(pool, key);
    lock(pool);
    bool announce = pool->announce && all_rest(pool);
    pool->announce = pool->announce && !announce;
    unlock(pool);
    if (announce)
        pool->env->shutdown_done(pool->env->ctx);
    return POOL_OK;
}

static bool forget_waiter(struct keyed_pool *pool, const struct pool_lease *lease, bool remove)
{
    for (size_t k = 0; k < KEYS_MAX; k++)
        for (size_t i = 0; i < pool->keys[k].waiting; i++)
            if (pool->keys[k].waiters[i] == lease) {
                if (remove)
                    remove_waiter(&pool->keys[k], i);
                return true;
            }
    return false;
}

static enum pool_result racy_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    lock(pool);
    bool found = forget_waiter(pool, lease, pool->plant != PLANT_CANCEL);
    if (found && pool->plant == PLANT_CANCEL) {
        unlock(pool);
        lock(pool);
        (void)forget_waiter(pool, lease, true);
    }
    unlock(pool);
    return found ? POOL_OK : POOL_VOID;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static enum pool_result racy_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    struct pool_item *idle = NULL;

    lock(pool);
    for (size_t i = 0; i < KEYS_MAX; i++) {
        struct key *key = &pool->keys[i];
        if (key->item != item)
            continue;
        key->dead = key->busy;
        idle = key->busy ? NULL : item;
        key->item = key->busy ? item : NULL;
    }
    unlock(pool);
    if (idle != NULL)
        (void)pool->env->destroy(pool->env->ctx, idle);
    return POOL_OK;
}

/* Nobody waits when the plan shuts down. */
static enum pool_result racy_shutdown(struct keyed_pool *pool)
{
    lock(pool);
    bool again = pool->down;
    pool->down = true;
    pool->announce = !again && !all_rest(pool);
    enum pool_result result = again ? POOL_VOID : pool->announce ? POOL_PENDING : POOL_OK;
    unlock(pool);
    for (size_t i = 0; i < KEYS_MAX && !again; i++) {
        struct key *key = &pool->keys[i];
        if (!key->busy && key->item != NULL) {
            (void)pool->env->destroy(pool->env->ctx, key->item);
            key->item = NULL;
        }
    }
    return result;
}

static void racy_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    lock(pool);
    out->value[POOL_STAT_WAITING] = 0;
    for (size_t i = 0; i < KEYS_MAX; i++)
        out->value[POOL_STAT_WAITING] += (int64_t)pool->keys[i].waiting;
    unlock(pool);
}

static const struct keyed_pool_ops racy_ops = {
    .abi = KEYED_POOL_ABI,
    .name = "racy",
    .about = "one planted mistake of threads",
    .make = racy_make,
    .free = racy_free,
    .get = racy_get,
    .release = racy_release,
    .cancel = racy_cancel,
    .invalidate = racy_invalidate,
    .shutdown = racy_shutdown,
    .stats = racy_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &racy_ops;
}
