#include "harness/world/world_internal.h"

#include <stdio.h>

/* ---- why a creation failed --------------------------------------------------------------------------------------- */

void factory_set_error_locked(struct world *world, const char *what, int error)
{
    if (error == 0)
        (void)snprintf(world->last_error, sizeof world->last_error, "%s", what);
    else
        (void)snprintf(world->last_error, sizeof world->last_error, "%s: %s", what, strerror(error));
}

void factory_set_error(struct world *world, const char *what, int error)
{
    pthread_mutex_lock(&world->lock);
    factory_set_error_locked(world, what, error);
    pthread_mutex_unlock(&world->lock);
}

void world_last_error(struct world *world, char *out, size_t size)
{
    pthread_mutex_lock(&world->lock);
    (void)snprintf(out, size, "%s", world->last_error);
    pthread_mutex_unlock(&world->lock);
}

/* ---- what is ordered --------------------------------------------------------------------------------------------- */

static struct fault *fault_find_locked(struct world *world, const char *key)
{
    struct fault *fault = NULL;

    HASH_FIND_STR(world->faults, key, fault);
    return fault;
}

static struct fault *fault_open_locked(struct world *world, const char *key)
{
    struct fault *fault = fault_find_locked(world, key);

    if (fault != NULL)
        return fault;
    fault = world_own_alloc(world, sizeof *fault);
    if (fault == NULL)
        return NULL;
    *fault = (struct fault){0};
    (void)snprintf(fault->key, sizeof fault->key, "%s", key);
    HASH_ADD_STR(world->faults, key, fault);
    if (fault->hh.tbl == NULL) {
        world_own_free(world, fault, sizeof *fault);
        return NULL;
    }
    return fault;
}

static void fault_forget_if_over_locked(struct world *world, struct fault *fault)
{
    if (fault->failures > 0 || fault->close_failures > 0 || fault->slow_ns > 0)
        return;
    HASH_DEL(world->faults, fault);
    world_own_free(world, fault, sizeof *fault);
}

enum err world_fail(struct world *world, const char *key, int64_t count, struct problem *why)
{
    pthread_mutex_lock(&world->lock);
    struct fault *fault = fault_open_locked(world, key);
    if (fault != NULL) {
        fault->failures = count;
        fault_forget_if_over_locked(world, fault);
    }
    pthread_mutex_unlock(&world->lock);
    return fault != NULL ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}

enum err world_fail_close(struct world *world, const char *key, int64_t count, struct problem *why)
{
    pthread_mutex_lock(&world->lock);
    struct fault *fault = fault_open_locked(world, key);
    if (fault != NULL) {
        world->close_failures += count - fault->close_failures;
        fault->close_failures = count;
        fault_forget_if_over_locked(world, fault);
    }
    pthread_mutex_unlock(&world->lock);
    return fault != NULL ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}

bool factory_close_fails_locked(struct world *world, const struct pool_item *item)
{
    struct fault *fault = world->close_failures > 0 ? world->faults : NULL;

    while (fault != NULL && (fault->close_failures == 0 || strcmp(fault->key, item->note->name) != 0))
        fault = fault->hh.next;
    if (fault == NULL)
        return false;
    fault->close_failures--;
    world->close_failures--;
    fault_forget_if_over_locked(world, fault);
    return true;
}

enum err world_slow(struct world *world, const char *key, int64_t duration_ns, struct problem *why)
{
    pthread_mutex_lock(&world->lock);
    struct fault *fault = fault_open_locked(world, key);
    if (fault != NULL) {
        fault->slow_ns = duration_ns;
        fault_forget_if_over_locked(world, fault);
    }
    pthread_mutex_unlock(&world->lock);
    return fault != NULL ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}

/* What the next creation for the key is to suffer. A failure is used up when the creation begins. */
static void fault_take(struct world *world, const char *key, bool *fails, int64_t *slow_ns)
{
    pthread_mutex_lock(&world->lock);
    struct fault *fault = fault_find_locked(world, key);
    *fails = fault != NULL && fault->failures > 0;
    *slow_ns = fault != NULL ? fault->slow_ns : 0;
    if (*fails) {
        fault->failures--;
        fault_forget_if_over_locked(world, fault);
    }
    pthread_mutex_unlock(&world->lock);
}

/* ---- creations --------------------------------------------------------------------------------------------------- */

static enum pool_result factory_finish(struct world *world, const char *key, bool fails, struct pool_item **item)
{
    *item = NULL;
    if (fails)
        factory_set_error(world, "the factory was told to fail", 0);
    else
        *item = item_make(world, key);
    return *item != NULL ? POOL_OK : POOL_FAILED;
}

/* Behind all that are due before it or at the same time. */
static void creation_insert_locked(struct world *world, struct creation *creation)
{
    struct creation *before = world->last_creation;

    while (before != NULL && before->due_ns > creation->due_ns)
        before = before->previous;
    creation->previous = before;
    creation->next = before != NULL ? before->next : world->first_creation;
    if (creation->next != NULL)
        creation->next->previous = creation;
    else
        world->last_creation = creation;
    if (before != NULL)
        before->next = creation;
    else
        world->first_creation = creation;
}

static struct creation *creation_take_due_locked(struct world *world, int64_t now)
{
    struct creation *first = world->first_creation;

    if (first == NULL || first->due_ns > now)
        return NULL;
    world->first_creation = first->next;
    if (first->next != NULL)
        first->next->previous = NULL;
    else
        world->last_creation = NULL;
    world->counts[WORLD_CREATING]--;
    return first;
}

static enum pool_result factory_postpone(struct world *world, const char *key, void *ticket, bool fails,
                                         int64_t slow_ns)
{
    struct creation *creation = world_own_alloc(world, sizeof *creation);
    int64_t now = clock_now_ns();

    if (creation == NULL) {
        factory_set_error(world, "out of memory", 0);
        return POOL_FAILED;
    }
    *creation = (struct creation){.ticket = ticket, .fails = fails};
    creation->due_ns = slow_ns > INT64_MAX - now ? INT64_MAX : now + slow_ns;
    (void)snprintf(creation->key, sizeof creation->key, "%s", key);
    pthread_mutex_lock(&world->lock);
    creation_insert_locked(world, creation);
    world->counts[WORLD_CREATING]++;
    pthread_mutex_unlock(&world->lock);
    return POOL_PENDING;
}

enum pool_result factory_create(void *ctx, const char *key, void *ticket, struct pool_item **item)
{
    struct world *world = ctx;
    bool fails;
    int64_t slow_ns;

    fault_take(world, key, &fails, &slow_ns);
    if (slow_ns > 0)
        return factory_postpone(world, key, ticket, fails, slow_ns);
    return factory_finish(world, key, fails, item);
}

void world_complete_due(struct world *world)
{
    int64_t now =
        clock_now_ns(); /* once: what the answers start anew is for the next time, else this might never end */

    for (;;) {
        struct pool_item *item = NULL;

        pthread_mutex_lock(&world->lock);
        struct creation *creation = creation_take_due_locked(world, now);
        pthread_mutex_unlock(&world->lock);
        if (creation == NULL)
            return;
        enum pool_result result = factory_finish(world, creation->key, creation->fails, &item);
        world->ops->created(world->pool, creation->ticket, result, item);
        world_own_free(world, creation, sizeof *creation);
    }
}

void factory_free_all(struct world *world)
{
    struct fault *fault, *next;

    HASH_ITER(hh, world->faults, fault, next)
    {
        HASH_DEL(world->faults, fault);
        world_own_free(world, fault, sizeof *fault);
    }
    while (world->first_creation != NULL) {
        struct creation *creation = world->first_creation;
        world->first_creation = creation->next;
        world_own_free(world, creation, sizeof *creation);
    }
}
