/*
 * skeleton: a small, complete, honest keyed pool in a shared object, to copy. How to use it: pools/plugin/README.md.
 *
 *     gcc -std=gnu11 -fPIC -shared -I. -o skeleton.so pools/plugin/skeleton.c
 *     build/churn run scenarios/ --pool ./skeleton.so
 *
 * One mutex; a list of keys, each with its slots (oldest first) and the callers that wait (in the order in which they came). An
 * invalidated item is found by its address and its slot marked, so no other key hears of it and nothing is left behind. It has
 * all operations but `share`. Lists are searched from the start: it is made to be read, not to be fast.
 */
#include "pools/keyed_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

enum slot_state { SLOT_CREATING, SLOT_IDLE, SLOT_LEASED, SLOT_CLOSING };

struct slot {
    struct slot *next;
    struct key *key;
    struct pool_item *item; /* NULL while it is being created */
    enum slot_state state;
    bool dead; /* invalidated, or given up: to be closed as soon as it is idle */
};

struct waiter {
    struct waiter *next;
    struct key *key;
    struct pool_lease *lease;
};

struct key {
    struct key *next;
    struct slot *slots; /* the one that has been idle longest comes first */
    struct waiter *waiters;
    unsigned users;      /* threads in key_drive: it must not go away under them */
    bool filling_stops;  /* a creation failed: no more for `min` until the next get or release */
    int64_t quiet_since; /* the last time an item was made or came back */
    char name[];
};

struct keyed_pool {
    pthread_mutex_t lock; /* guards everything; never held in a call of env that may call back */
    const struct pool_env *env;
    struct pool_population *pools, *keys_memory, *slots_memory, *waiters_memory;
    size_t min, max;
    int64_t ttl_ns;
    struct key *keys;
    bool closed, shutdown_pending;
};

static int64_t now_ns(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- slots and waiters ------------------------------------------------------------------------------------------- */

static void slot_free(struct keyed_pool *pool, struct slot *slot)
{
    LL_DELETE(slot->key->slots, slot);
    pool->env->free(pool->slots_memory, slot, sizeof(*slot));
}

static int key_size(const struct key *key)
{
    const struct slot *slot;
    int count;

    LL_COUNT(key->slots, slot, count);
    return count;
}

static int key_waiting(const struct key *key)
{
    const struct waiter *waiter;
    int count;

    LL_COUNT(key->waiters, waiter, count);
    return count;
}

/* Slots in that state; with `dead_only`, the dead ones of them. */
static int key_count(const struct key *key, enum slot_state state, bool dead_only)
{
    int count = 0;

    for (const struct slot *slot = key->slots; slot != NULL; slot = slot->next)
        count += slot->state == state && (slot->dead || !dead_only);
    return count;
}

/* Takes it out of the queue and frees it; its lease is neither out nor pending any more. */
static struct pool_lease *waiter_end(struct keyed_pool *pool, struct waiter *waiter)
{
    struct pool_lease *lease = waiter->lease;

    LL_DELETE(waiter->key->waiters, waiter);
    pool->env->free(pool->waiters_memory, waiter, sizeof(*waiter));
    lease->record = NULL;
    return lease;
}

/* Answers the caller that came first, without the lock. */
static void answer_first(struct keyed_pool *pool, struct key *key, enum pool_result result, struct slot *slot)
{
    struct pool_lease *lease = waiter_end(pool, key->waiters);

    if (slot != NULL) {
        slot->state = SLOT_LEASED;
        lease->item = slot->item;
        lease->record = slot;
    }
    pthread_mutex_unlock(&pool->lock);
    pool->env->lease_done(pool->env->ctx, lease, result);
    pthread_mutex_lock(&pool->lock);
}

/* ---- what is due in a key: one step after the other, until there is none ------------------------------------------ */

/* Each step is asked with the lock held and returns with it. True: it did something. */
static bool step_serve(struct keyed_pool *pool, struct key *key)
{
    if (key->waiters == NULL)
        return false;
    struct slot *slot = key->slots;
    while (slot != NULL && !(slot->state == SLOT_IDLE && !slot->dead))
        slot = slot->next;
    if (slot == NULL && !pool->closed)
        return false;
    answer_first(pool, key, pool->closed ? POOL_CLOSED : POOL_OK, pool->closed ? NULL : slot);
    return true;
}

static bool step_close(struct keyed_pool *pool, struct key *key)
{
    struct slot *slot = key->slots;

    while (slot != NULL && !(slot->state == SLOT_IDLE && (slot->dead || pool->closed)))
        slot = slot->next;
    if (slot == NULL)
        return false;
    slot->state = SLOT_CLOSING;
    pthread_mutex_unlock(&pool->lock);
    (void)pool->env->destroy(pool->env->ctx, slot->item); /* one that could not be closed well is gone as well */
    pthread_mutex_lock(&pool->lock);
    slot_free(pool, slot);
    return true;
}

/* A creation has ended. The room of one that failed is free again before its caller is told. */
static void slot_created(struct keyed_pool *pool, struct slot *slot, enum pool_result result, struct pool_item *item)
{
    struct key *key = slot->key;

    if (result == POOL_OK) {
        slot->item = item;
        slot->state = SLOT_IDLE;
        key->quiet_since = now_ns();
        return;
    }
    slot_free(pool, slot);
    key->filling_stops = true;
    if (key->waiters != NULL)
        answer_first(pool, key, POOL_FAILED, NULL);
}

static bool step_create(struct keyed_pool *pool, struct key *key)
{
    size_t size = (size_t)key_size(key);
    bool for_waiter = key_waiting(key) > key_count(key, SLOT_CREATING, false);
    bool for_min = size < pool->min && !key->filling_stops;

    if (pool->closed || size >= pool->max || (!for_waiter && !for_min))
        return false;
    struct slot *slot = pool->env->alloc(pool->slots_memory, sizeof(*slot));
    if (slot == NULL) {
        key->filling_stops = true;
        if (for_waiter)
            answer_first(pool, key, POOL_NO_MEMORY, NULL);
        return true;
    }
    *slot = (struct slot){.key = key, .state = SLOT_CREATING};
    LL_APPEND(key->slots, slot);
    pthread_mutex_unlock(&pool->lock);
    struct pool_item *item = NULL;
    enum pool_result result = pool->env->create(pool->env->ctx, key->name, slot, &item);
    pthread_mutex_lock(&pool->lock);
    if (result != POOL_PENDING) /* otherwise skeleton_created was or will be called */
        slot_created(pool, slot, result, item);
    return true;
}

/* A key that is empty is forgotten at once: a program with ever new keys must not grow. */
static void key_forget_if_empty(struct keyed_pool *pool, struct key *key)
{
    if (key->users > 0 || key->slots != NULL || key->waiters != NULL || (pool->min > 0 && !pool->closed))
        return;
    LL_DELETE(pool->keys, key);
    pool->env->free(pool->keys_memory, key, sizeof(*key) + strlen(key->name) + 1);
}

/* Whoever changed something in a key calls this before leaving, with the lock, which is dropped. */
static void key_drive(struct keyed_pool *pool, struct key *key)
{
    key->users++;
    while (step_serve(pool, key) || step_close(pool, key) || step_create(pool, key))
        ;
    key->users--;
    key_forget_if_empty(pool, key);
    bool complete = pool->shutdown_pending && pool->keys == NULL;
    if (complete)
        pool->shutdown_pending = false;
    pthread_mutex_unlock(&pool->lock);
    if (complete)
        pool->env->shutdown_done(pool->env->ctx);
}

/* Drives every key in which something is due. With the lock, which it drops on the way and holds again at the end. */
static void drive_all(struct keyed_pool *pool)
{
    struct key *key = pool->keys;

    while (key != NULL) {
        bool due = key_count(key, SLOT_IDLE, !pool->closed) > 0 || (pool->closed && key->waiters != NULL) ||
                   (pool->closed && key->slots == NULL && key->users == 0);
        if (!due) {
            key = key->next;
            continue;
        }
        key_drive(pool, key);
        pthread_mutex_lock(&pool->lock);
        key = pool->keys; /* the list may be another by now */
    }
}

/* ---- the operations ---------------------------------------------------------------------------------------------- */

static enum pool_result skeleton_make(const struct pool_config *config, const struct pool_env *env,
                                      struct keyed_pool **out, char *message, size_t size)
{
    if (config->settings[0] != '\0') {
        (void)snprintf(message, size, "skeleton has no settings, found \"%s\"", config->settings);
        return POOL_BAD_SETTING;
    }
    struct pool_population *pools = env->population(env->ctx, "pool");
    struct keyed_pool *pool = pools != NULL ? env->alloc(pools, sizeof(*pool)) : NULL;
    if (pool == NULL)
        return POOL_NO_MEMORY;
    *pool = (struct keyed_pool){
        .env = env,
        .pools = pools,
        .keys_memory = env->population(env->ctx, "keys"),
        .slots_memory = env->population(env->ctx, "slots"),
        .waiters_memory = env->population(env->ctx, "waiters"),
        .min = config->min,
        .max = config->max,
        .ttl_ns = config->ttl_ns,
    };
    if (pool->keys_memory == NULL || pool->slots_memory == NULL || pool->waiters_memory == NULL ||
        pthread_mutex_init(&pool->lock, NULL) != 0) {
        env->free(pools, pool, sizeof(*pool));
        return POOL_NO_MEMORY;
    }
    *out = pool;
    return POOL_OK;
}

static void skeleton_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->keys != NULL) {
        struct key *key = pool->keys;
        while (key->waiters != NULL)
            (void)waiter_end(pool, key->waiters);
        while (key->slots != NULL) {
            if (key->slots->item != NULL)
                (void)pool->env->destroy(pool->env->ctx, key->slots->item);
            slot_free(pool, key->slots);
        }
        pool->closed = true; /* so that no key is kept for its `min` */
        key_forget_if_empty(pool, key);
    }
    (void)pthread_mutex_destroy(&pool->lock);
    pool->env->free(pool->pools, pool, sizeof(*pool));
}

/* The key of that name, made when it is new. NULL: out of memory. */
static struct key *key_find(struct keyed_pool *pool, const char *name)
{
    size_t length = strlen(name) + 1;
    struct key *key = pool->keys;

    while (key != NULL && strcmp(key->name, name) != 0)
        key = key->next;
    if (key != NULL)
        return key;
    key = pool->env->alloc(pool->keys_memory, sizeof(*key) + length);
    if (key == NULL)
        return NULL;
    *key = (struct key){.quiet_since = now_ns()};
    memcpy(key->name, name, length);
    LL_PREPEND(pool->keys, key);
    return key;
}

static enum pool_result get_locked(struct keyed_pool *pool, const char *name, struct pool_lease *lease,
                                   struct waiter **out)
{
    if (pool->closed)
        return POOL_CLOSED;
    struct waiter *waiter = pool->env->alloc(pool->waiters_memory, sizeof(*waiter));
    struct key *key = waiter != NULL ? key_find(pool, name) : NULL;
    if (key == NULL) {
        pool->env->free(pool->waiters_memory, waiter, sizeof(*waiter));
        return POOL_NO_MEMORY;
    }
    *waiter = (struct waiter){.key = key, .lease = lease};
    LL_APPEND(key->waiters, waiter);
    *out = waiter;
    lease->item = NULL;
    lease->record = waiter;
    key->filling_stops = false;
    return POOL_PENDING;
}

/* Joins the queue, and is answered from there: mostly before this returns. */
static enum pool_result skeleton_get(struct keyed_pool *pool, const char *name, struct pool_lease *lease)
{
    struct waiter *waiter = NULL;

    pthread_mutex_lock(&pool->lock);
    enum pool_result result = get_locked(pool, name, lease, &waiter);
    if (result == POOL_PENDING)
        key_drive(pool, waiter->key);
    else
        pthread_mutex_unlock(&pool->lock);
    return result;
}

static enum pool_result skeleton_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    pthread_mutex_lock(&pool->lock);
    if (lease->item == NULL) { /* never taken, still waiting, or released already */
        pthread_mutex_unlock(&pool->lock);
        return POOL_VOID;
    }
    struct slot *slot = lease->record;
    lease->item = NULL;
    lease->record = NULL;
    slot->state = SLOT_IDLE;
    LL_DELETE(slot->key->slots, slot); /* to the end: it is the one that has been idle shortest */
    LL_APPEND(slot->key->slots, slot);
    slot->key->quiet_since = now_ns();
    slot->key->filling_stops = false;
    key_drive(pool, slot->key);
    return POOL_OK;
}

static enum pool_result skeleton_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    pthread_mutex_lock(&pool->lock);
    if (lease->record == NULL || lease->item != NULL) { /* not pending */
        pthread_mutex_unlock(&pool->lock);
        return POOL_VOID;
    }
    struct waiter *waiter = lease->record;
    struct key *key = waiter->key;
    (void)waiter_end(pool, waiter);
    key_drive(pool, key);
    return POOL_OK;
}

static enum pool_result skeleton_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    pthread_mutex_lock(&pool->lock);
    for (struct key *key = pool->keys; key != NULL; key = key->next) {
        for (struct slot *slot = key->slots; slot != NULL; slot = slot->next) {
            if (slot->item != item || slot->state == SLOT_CLOSING)
                continue;
            slot->dead = true;
            key_drive(pool, key);
            return POOL_OK;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return POOL_OK;
}

static void skeleton_created(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item)
{
    struct slot *slot = ticket;
    struct key *key = slot->key;

    pthread_mutex_lock(&pool->lock);
    key->users++; /* a failure frees the slot, and tells a caller without the lock */
    slot_created(pool, slot, result, item);
    key->users--;
    key_drive(pool, key);
}

/* Of a key that was quiet for so long, the oldest idle items above `min` are given up; those that are out count as kept. */
static void key_expire(const struct keyed_pool *pool, struct key *key, int64_t now)
{
    size_t live = 0;

    if (pool->ttl_ns == INT64_MAX || now - key->quiet_since < pool->ttl_ns)
        return;
    for (const struct slot *slot = key->slots; slot != NULL; slot = slot->next)
        live += !slot->dead;
    for (struct slot *slot = key->slots; slot != NULL && live > pool->min; slot = slot->next) {
        if (slot->state == SLOT_IDLE && !slot->dead) {
            slot->dead = true;
            live--;
        }
    }
}

static void skeleton_maintain(struct keyed_pool *pool)
{
    int64_t now = now_ns();

    pthread_mutex_lock(&pool->lock);
    for (struct key *key = pool->keys; key != NULL; key = key->next)
        key_expire(pool, key, now);
    drive_all(pool);
    pthread_mutex_unlock(&pool->lock);
}

static enum pool_result skeleton_shutdown(struct keyed_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool first = !pool->closed;
    pool->closed = true;
    if (first)
        drive_all(pool);
    bool complete = pool->keys == NULL;
    if (first)
        pool->shutdown_pending = !complete;
    pthread_mutex_unlock(&pool->lock);
    if (!first)
        return POOL_VOID;
    return complete ? POOL_OK : POOL_PENDING;
}

static void key_add_stats(const struct key *key, int64_t *value)
{
    value[POOL_STAT_KEYS]++;
    value[POOL_STAT_IDLE] += key_count(key, SLOT_IDLE, false);
    value[POOL_STAT_IDLE_DEAD] += key_count(key, SLOT_IDLE, true);
    value[POOL_STAT_LEASED] += key_count(key, SLOT_LEASED, false);
    value[POOL_STAT_CREATING] += key_count(key, SLOT_CREATING, false);
    value[POOL_STAT_CLOSING] += key_count(key, SLOT_CLOSING, false);
    value[POOL_STAT_SIZE] += key_size(key);
    value[POOL_STAT_WAITING] += key_waiting(key);
    value[POOL_STAT_FREE] = value[POOL_STAT_IDLE] - value[POOL_STAT_WAITING];
}

static void skeleton_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++) /* what it does not have, it does not count */
        out->value[i] = i <= POOL_STAT_KEYS || i == POOL_STAT_IDLE_DEAD ? 0 : -1;
    pthread_mutex_lock(&pool->lock);
    for (const struct key *key = pool->keys; key != NULL; key = key->next)
        key_add_stats(key, out->value);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

static const struct keyed_pool_ops skeleton = {
    .abi = KEYED_POOL_ABI,
    .name = "skeleton",
    .about = "a small honest pool, to copy",
    .make = skeleton_make,
    .free = skeleton_free,
    .get = skeleton_get,
    .release = skeleton_release,
    .cancel = skeleton_cancel,
    .invalidate = skeleton_invalidate,
    .created = skeleton_created,
    .maintain = skeleton_maintain,
    .shutdown = skeleton_shutdown,
    .stats = skeleton_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &skeleton;
}
