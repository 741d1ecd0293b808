/*
 * control: the pool of the positive control (D6, docs/verdicts.md). It leaks, and every run looks whether that is seen on
 * this machine, under this backend, before it believes that another pool does not. Not listed: nobody tests it.
 *
 * Of every three releases one leaves an entry behind, and the first one loses a block of CONTROL_LOST_BYTES: with
 * `lost=uncounted` behind the world's back, which is for tools to find; with `lost=counted` the world misses it. With
 * `,race` two gets of the key "race", on two threads, write to the same memory unguarded. With `,frail` it loses the block only where
 * there is no memory for an entry (--fail-alloc).
 */
#include "harness/host/host.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
};

struct keyed_pool {
    const struct pool_env *env;
    struct pool_population *population;
    struct entry *entries;
    pthread_mutex_t lock; /* guards what follows */
    int64_t releases;
    bool loses_counted, races, frail;
    int arrived; /* at the race; both threads wait here for the other, without any order between them */
    int64_t unguarded;
};

#define WAITS_MAX 1000000 /* for a second thread that may not come */

static enum pool_result control_make(const struct pool_config *config, const struct pool_env *env,
                                     struct keyed_pool **out, char *message, size_t size)
{
    size_t length = strcspn(config->settings, ",");
    const char *words = config->settings + length;
    bool counted = strncmp(config->settings, "lost=counted", length) == 0 && length == strlen("lost=counted");
    bool uncounted = strncmp(config->settings, "lost=uncounted", length) == 0 && length == strlen("lost=uncounted");
    bool races = strcmp(words, ",race") == 0, frail = strcmp(words, ",frail") == 0;

    if ((!counted && !uncounted) || (*words && !races && !frail)) {
        (void)snprintf(message, size, "expected lost=counted or lost=uncounted, and ,race or ,frail, found \"%s\"",
                       config->settings);
        return POOL_BAD_SETTING;
    }
    struct pool_population *population = env->population(env->ctx, "control");
    struct keyed_pool *pool = population != NULL ? env->alloc(population, sizeof *pool) : NULL;
    if (pool == NULL)
        return POOL_NO_MEMORY;
    *pool = (struct keyed_pool){.env = env, .population = population};
    pool->loses_counted = counted;
    pool->races = races;
    pool->frail = frail;
    pthread_mutex_init(&pool->lock, NULL);
    *out = pool;
    return POOL_OK;
}

static void control_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->entries != NULL) {
        struct entry *entry = pool->entries;
        pool->entries = entry->next;
        pool->env->free(pool->population, entry, sizeof *entry);
    }
    pthread_mutex_destroy(&pool->lock);
    pool->env->free(pool->population, pool, sizeof *pool);
}

/* The planted race. Relaxed: whatever tells the threads of each other would be an order, and no race. */
static void race(struct keyed_pool *pool)
{
    (void)__atomic_fetch_add(&pool->arrived, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < WAITS_MAX && __atomic_load_n(&pool->arrived, __ATOMIC_RELAXED) < 2; i++)
        (void)sched_yield();
    pool->unguarded++;
}

static enum pool_result control_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    if (pool->races && strcmp(key, "race") == 0)
        race(pool);
    enum pool_result result = pool->env->create(pool->env->ctx, key, lease, &lease->item);

    if (result == POOL_OK)
        lease->record = pool;
    return result == POOL_OK ? POOL_OK : POOL_FAILED;
}

/* Written to, so that no compiler does without it. */
static void lose_block(struct keyed_pool *pool)
{
    char *volatile block =
        pool->loses_counted ? pool->env->alloc(pool->population, CONTROL_LOST_BYTES) : malloc(CONTROL_LOST_BYTES);

    if (block != NULL)
        block[0] = 1;
    block = NULL;
}

static void leak_entry(struct keyed_pool *pool)
{
    struct entry *entry = pool->env->alloc(pool->population, sizeof *entry);

    if (entry == NULL) {
        if (pool->frail)
            lose_block(pool);
        return;
    }
    entry->next = pool->entries;
    pool->entries = entry;
}

static enum pool_result control_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    if (lease->record == NULL)
        return POOL_VOID;
    lease->record = NULL;
    (void)pool->env->destroy(pool->env->ctx, lease->item);
    pthread_mutex_lock(&pool->lock);
    pool->releases++;
    if (pool->releases == 1 && !pool->frail)
        lose_block(pool);
    if (pool->releases % 3 == 0)
        leak_entry(pool);
    pthread_mutex_unlock(&pool->lock);
    return POOL_OK;
}

static enum pool_result control_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    (void)pool;
    (void)item; /* no item outlives its lease */
    return POOL_OK;
}

static enum pool_result control_shutdown(struct keyed_pool *pool)
{
    (void)pool;
    return POOL_OK;
}

/* It tells nothing of itself: the harness has to see it from outside. */
static void control_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    (void)pool;
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
}

static const struct keyed_pool_ops control = {
    .abi = KEYED_POOL_ABI,
    .name = "control",
    .about = "leaks one entry in three cycles and loses a block: what every run must be able to see",
    .make = control_make,
    .free = control_free,
    .get = control_get,
    .release = control_release,
    .invalidate = control_invalidate,
    .shutdown = control_shutdown,
    .stats = control_stats,
};

const struct keyed_pool_ops *control_pool(void)
{
    return &control;
}
