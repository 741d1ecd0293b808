/*
 * apr_reslist, the resource list of Apache's portable runtime (libaprutil1), as a keyed pool: one list per key.
 *
 * What apr_reslist does not have is here, and as thin as can be: keys (forgotten when `maintain` finds them empty and min is 0), callers
 * that wait (apr's block; ours are asked again when something comes back), and invalidation before the release (apr's is
 * called *instead of* the release; an idle item has to be borrowed for it).
 * A resource is the item itself. Constructor and destructor are called by apr with its list locked.
 *
 * apr knows no leases, so that the adapter answers a second release itself; with `release=raw` it passes it on to apr.
 */
#include "pools/keyed_pool.h"

#include <apr_general.h>
#include <apr_reslist.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct key {
    struct key *next;
    struct keyed_pool *pool;
    apr_pool_t *memory;
    apr_reslist_t *list; /* NULL: destroyed */
    struct made *made;   /* constructed and not destructed */
    struct loan *loans;
    struct waiter *waiters;
    char name[];
};

struct made {
    struct made *next;
    struct pool_item *item;
};

/* A lease that is out. */
struct loan {
    struct loan *next;
    struct key *key;
    struct pool_item *item;
    bool invalid;
};

struct waiter {
    struct waiter *next;
    struct key *key;
    struct pool_lease *lease;
};

struct keyed_pool {
    pthread_mutex_t lock; /* guards what is ours */
    const struct pool_env *env;
    apr_pool_t *memory;
    int min, max;
    int64_t ttl_ns;
    struct key *keys;
    bool closed, shutdown_pending;
    bool raw; /* release=raw */
    struct {
        const struct pool_lease *lease;
        struct key *key;
        struct pool_item *item;
    } last; /* release */
};

/* ---- apr's side -------------------------------------------------------------------------------------------------- */

static apr_status_t construct(void **resource, void *params, apr_pool_t *memory)
{
    struct key *key = params;
    struct made *made = calloc(1, sizeof(*made));

    (void)memory;
    if (made == NULL)
        return APR_ENOMEM;
    if (key->pool->env->create(key->pool->env->ctx, key->name, key, &made->item) != POOL_OK) {
        free(made);
        return APR_EGENERAL;
    }
    LL_PREPEND(key->made, made);
    *resource = made->item;
    return APR_SUCCESS;
}

static struct made *made_find(const struct key *key, const struct pool_item *item)
{
    struct made *made = key->made;

    while (made != NULL && made->item != item)
        made = made->next;
    return made;
}

static apr_status_t destruct(void *resource, void *params, apr_pool_t *memory)
{
    struct key *key = params;
    struct made *made = made_find(key, resource);

    (void)memory;
    if (made != NULL) {
        LL_DELETE(key->made, made);
        free(made);
    }
    return key->pool->env->destroy(key->pool->env->ctx, resource) == POOL_OK ? APR_SUCCESS : APR_EGENERAL;
}

static size_t key_out(const struct key *key)
{
    const struct loan *loan;
    size_t count;

    LL_COUNT(key->loans, loan, count);
    return count;
}

static void key_free(struct key *key)
{
    apr_pool_destroy(key->memory);
    free(key);
}

/* apr keeps `smax` idle items whatever their age, and without a ttl gives up those above at once. */
static struct key *key_make(struct keyed_pool *pool, const char *name)
{
    size_t length = strlen(name) + 1;
    bool ages = pool->ttl_ns != INT64_MAX;
    struct key *key = calloc(1, sizeof(*key) + length);

    if (key == NULL)
        return NULL;
    key->pool = pool;
    memcpy(key->name, name, length);
    if (apr_pool_create(&key->memory, pool->memory) != APR_SUCCESS) {
        free(key);
        return NULL;
    }
    if (apr_reslist_create(&key->list, pool->min, ages ? pool->min : pool->max, pool->max,
                           ages ? pool->ttl_ns / 1000 : 0, construct, destruct, key, key->memory) != APR_SUCCESS) {
        key_free(key); /* a creation for `min` failed */
        return NULL;
    }
    LL_PREPEND(pool->keys, key);
    return key;
}

static struct key *key_find(struct keyed_pool *pool, const char *name)
{
    struct key *key = pool->keys;

    while (key != NULL && strcmp(key->name, name) != 0)
        key = key->next;
    return key;
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

static enum pool_result borrow(struct key *key, struct pool_lease *lease)
{
    struct loan *loan = calloc(1, sizeof(*loan));
    void *resource = NULL;

    if (loan == NULL)
        return POOL_NO_MEMORY;
    if (apr_reslist_acquire(key->list, &resource) != APR_SUCCESS) {
        free(loan);
        return POOL_FAILED;
    }
    loan->key = key;
    loan->item = resource;
    LL_PREPEND(key->loans, loan);
    lease->item = resource;
    lease->record = loan;
    return POOL_OK;
}

static struct pool_lease *waiter_end(struct waiter *waiter)
{
    struct pool_lease *lease = waiter->lease;

    LL_DELETE(waiter->key->waiters, waiter);
    free(waiter);
    lease->record = NULL;
    return lease;
}

/* With the lock, which is dropped for each answer. */
static void serve(struct keyed_pool *pool, struct key *key)
{
    while (key->waiters != NULL && (pool->closed || key_out(key) < (size_t)pool->max)) {
        struct pool_lease *lease = waiter_end(key->waiters);
        enum pool_result result = pool->closed ? POOL_CLOSED : borrow(key, lease);
        pthread_mutex_unlock(&pool->lock);
        pool->env->lease_done(pool->env->ctx, lease, result);
        pthread_mutex_lock(&pool->lock);
    }
}

/* Takes out what is idle, and with `only` destroys that item, otherwise all; what stays goes back in the order it had. */
static void sweep(struct key *key, const struct pool_item *only)
{
    const struct made *made;
    size_t idle, kept = 0;

    LL_COUNT(key->made, made, idle);
    idle -= key_out(key);
    void **resources = calloc(idle + 1, sizeof(*resources));

    for (; resources != NULL && idle > 0; idle--) {
        void *resource = NULL;
        if (apr_reslist_acquire(key->list, &resource) != APR_SUCCESS)
            break;
        if (only == NULL || resource == only)
            (void)apr_reslist_invalidate(key->list, resource);
        else
            resources[kept++] = resource;
    }
    while (kept > 0)
        (void)apr_reslist_release(key->list, resources[--kept]);
    free(resources);
}

/* Once the last lease is back: apr_reslist_destroy aborts the program while one is out. */
static void close_if_idle(struct key *key)
{
    if (!key->pool->closed || key->list == NULL)
        return;
    sweep(key, NULL);
    if (key_out(key) > 0)
        return;
    (void)apr_reslist_destroy(key->list);
    key->list = NULL;
}

static bool is_over(const struct keyed_pool *pool)
{
    const struct key *key = pool->keys;

    while (key != NULL && key->list == NULL)
        key = key->next;
    return key == NULL;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static enum pool_result apr_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                 char *message, size_t size)
{
    bool raw = strcmp(config->settings, "release=raw") == 0;
    if (config->settings[0] != '\0' && !raw) {
        (void)snprintf(message, size, "expected release=raw or nothing, found \"%s\"", config->settings);
        return POOL_BAD_SETTING;
    }
    struct keyed_pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL || pthread_mutex_init(&pool->lock, NULL) != 0 || apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool->memory, NULL) != APR_SUCCESS) {
        free(pool);
        return POOL_NO_MEMORY;
    }
    pool->env = env;
    pool->min = (int)config->min;
    pool->max = (int)config->max;
    pool->ttl_ns = config->ttl_ns;
    pool->raw = raw;
    *out = pool;
    return POOL_OK;
}

static void apr_free(struct keyed_pool *pool)
{
    if (pool == NULL)
        return;
    pool->closed = true;
    while (pool->keys != NULL) {
        struct key *key = pool->keys;
        while (key->waiters != NULL)
            (void)waiter_end(key->waiters);
        while (key->loans != NULL) {
            struct loan *loan = key->loans;
            LL_DELETE(key->loans, loan);
            (void)apr_reslist_invalidate(key->list, loan->item);
            free(loan);
        }
        close_if_idle(key);
        LL_DELETE(pool->keys, key);
        key_free(key);
    }
    apr_pool_destroy(pool->memory);
    apr_terminate();
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* POOL_PENDING: it has joined the queue. */
static enum pool_result get_locked(struct keyed_pool *pool, const char *name, struct pool_lease *lease)
{
    struct key *key = key_find(pool, name);

    lease->item = NULL;
    lease->record = NULL;
    pool->last.lease = NULL;
    if (pool->closed)
        return POOL_CLOSED;
    if (key == NULL)
        key = key_make(pool, name);
    if (key == NULL)
        return POOL_FAILED;
    if (key_out(key) < (size_t)pool->max)
        return borrow(key, lease);
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    if (waiter == NULL)
        return POOL_NO_MEMORY;
    *waiter = (struct waiter){.key = key, .lease = lease};
    LL_APPEND(key->waiters, waiter);
    lease->record = waiter;
    return POOL_PENDING;
}

static enum pool_result apr_get(struct keyed_pool *pool, const char *name, struct pool_lease *lease)
{
    pthread_mutex_lock(&pool->lock);
    enum pool_result result = get_locked(pool, name, lease);
    pthread_mutex_unlock(&pool->lock);
    return result;
}

static enum pool_result apr_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    pthread_mutex_lock(&pool->lock);
    if (lease->item == NULL) {
        bool again = pool->raw && pool->last.lease == lease && !pool->closed;
        if (again)
            (void)apr_reslist_release(pool->last.key->list, pool->last.item);
        pthread_mutex_unlock(&pool->lock);
        return again ? POOL_OK : POOL_VOID;
    }
    struct loan *loan = lease->record;
    struct key *key = loan->key;
    pool->last.lease = loan->invalid ? NULL : lease;
    pool->last.key = key;
    pool->last.item = loan->item;
    lease->item = NULL;
    lease->record = NULL;
    LL_DELETE(key->loans, loan);
    if (loan->invalid || pool->closed)
        (void)apr_reslist_invalidate(key->list, loan->item);
    else
        (void)apr_reslist_release(key->list, loan->item);
    free(loan);
    serve(pool, key);
    close_if_idle(key);
    bool complete = pool->shutdown_pending && is_over(pool);
    if (complete)
        pool->shutdown_pending = false;
    pthread_mutex_unlock(&pool->lock);
    if (complete)
        pool->env->shutdown_done(pool->env->ctx);
    return POOL_OK;
}

static enum pool_result apr_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    pthread_mutex_lock(&pool->lock);
    bool waits = lease->item == NULL && lease->record != NULL;
    if (waits)
        (void)waiter_end(lease->record);
    pthread_mutex_unlock(&pool->lock);
    return waits ? POOL_OK : POOL_VOID;
}

static bool mark_loan(struct key *key, const struct pool_item *item)
{
    struct loan *loan = key->loans;

    while (loan != NULL && loan->item != item)
        loan = loan->next;
    if (loan != NULL)
        loan->invalid = true;
    return loan != NULL;
}

static enum pool_result apr_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    bool found = false;

    pthread_mutex_lock(&pool->lock);
    for (struct key *key = pool->keys; key != NULL && !found; key = key->next)
        found = mark_loan(key, item);
    for (struct key *key = pool->keys; key != NULL && !found && !pool->closed; key = key->next)
        if (made_find(key, item) != NULL)
            sweep(key, item);
    pthread_mutex_unlock(&pool->lock);
    return POOL_OK;
}

static void apr_maintain(struct keyed_pool *pool)
{
    struct key *key, *next;

    pthread_mutex_lock(&pool->lock);
    LL_FOREACH_SAFE(pool->keys, key, next)
    {
        if (key->list != NULL)
            (void)apr_reslist_maintain(key->list);
        if (key->list == NULL || pool->closed || pool->min > 0 || key->made != NULL || key->waiters != NULL)
            continue;
        (void)apr_reslist_destroy(key->list);
        LL_DELETE(pool->keys, key);
        key_free(key);
    }
    pthread_mutex_unlock(&pool->lock);
}

static enum pool_result apr_shutdown(struct keyed_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool first = !pool->closed;
    pool->closed = true;
    for (struct key *key = pool->keys; key != NULL; key = key->next) {
        close_if_idle(key);
        serve(pool, key);
    }
    bool complete = is_over(pool);
    if (first)
        pool->shutdown_pending = !complete;
    pthread_mutex_unlock(&pool->lock);
    if (!first)
        return POOL_VOID;
    return complete ? POOL_OK : POOL_PENDING;
}

/* apr tells one number: how many are out. */
static void apr_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        out->value[i] = -1;
    out->value[POOL_STAT_LEASED] = 0;
    pthread_mutex_lock(&pool->lock);
    for (const struct key *key = pool->keys; key != NULL; key = key->next)
        if (key->list != NULL)
            out->value[POOL_STAT_LEASED] += apr_reslist_acquired_count(key->list);
    pthread_mutex_unlock(&pool->lock);
}

static const struct keyed_pool_ops reslist = {
    .abi = KEYED_POOL_ABI,
    .name = "apr_reslist",
    .about = "Apache's resource list, one for each key",
    .make = apr_make,
    .free = apr_free,
    .get = apr_get,
    .release = apr_release,
    .cancel = apr_cancel,
    .invalidate = apr_invalidate,
    .maintain = apr_maintain,
    .shutdown = apr_shutdown,
    .stats = apr_stats,
};

const struct keyed_pool_ops *churn_keyed_pool(void);
const struct keyed_pool_ops *churn_keyed_pool(void)
{
    return &reslist;
}
