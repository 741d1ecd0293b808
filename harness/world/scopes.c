#include "harness/world/world_internal.h"

#include <stdio.h>

/* ---- finalizers -------------------------------------------------------------------------------------------------- */

static void finalizer_unlink_locked(struct world *world, struct pool_finalizer *finalizer)
{
    struct pool_scope *scope = finalizer->scope;

    if (finalizer->next != NULL)
        finalizer->next->previous = finalizer->previous;
    else
        scope->last = finalizer->previous;
    if (finalizer->previous != NULL)
        finalizer->previous->next = finalizer->next;
    world->counts[scope->count]--;
}

struct pool_finalizer *scope_add(void *ctx, struct pool_scope *scope, pool_finalizer_fn run, void *arg)
{
    struct world *world = ctx;
    struct pool_finalizer *finalizer = population_alloc(scope->population, sizeof *finalizer);

    if (finalizer == NULL)
        return NULL;
    *finalizer = (struct pool_finalizer){.run = run, .arg = arg, .scope = scope};
    pthread_mutex_lock(&world->lock);
    finalizer->previous = scope->last;
    if (scope->last != NULL)
        scope->last->next = finalizer;
    scope->last = finalizer;
    world->counts[scope->count]++;
    pthread_mutex_unlock(&world->lock);
    return finalizer;
}

void scope_remove(void *ctx, struct pool_finalizer *finalizer)
{
    struct world *world = ctx;
    struct pool_population *population = finalizer->scope->population;

    pthread_mutex_lock(&world->lock);
    finalizer_unlink_locked(world, finalizer);
    pthread_mutex_unlock(&world->lock);
    population_free(population, finalizer, sizeof *finalizer);
}

/* Runs the newest finalizer without the lock, so that it may add and remove others. False: there is none. */
static bool scope_run_last(struct world *world, struct pool_scope *scope)
{
    pthread_mutex_lock(&world->lock);
    struct pool_finalizer *finalizer = scope->last;
    if (finalizer != NULL)
        finalizer_unlink_locked(world, finalizer);
    pthread_mutex_unlock(&world->lock);
    if (finalizer == NULL)
        return false;
    finalizer->run(finalizer->arg);
    population_free(scope->population, finalizer, sizeof *finalizer);
    return true;
}

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

enum err scopes_init(struct world *world, struct problem *why)
{
    world->app_scope.count = WORLD_FINALIZERS;
    world->app_scope.population = population_find(world, "finalizers");
    if (world->app_scope.population == NULL || population_find(world, "request_finalizers") == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    return ERR_NONE;
}

struct pool_scope *world_app_scope(struct world *world)
{
    return &world->app_scope;
}

static struct pool_scope *scope_open_locked(struct world *world, const char *name, struct pool_population *population)
{
    struct pool_scope *scope = NULL;

    HASH_FIND_STR(world->scopes, name, scope);
    if (scope != NULL)
        return scope;
    scope = world_own_alloc(world, sizeof *scope);
    if (scope == NULL)
        return NULL;
    *scope = (struct pool_scope){.population = population, .count = WORLD_REQUEST_FINALIZERS};
    (void)snprintf(scope->name, sizeof scope->name, "%s", name);
    HASH_ADD_STR(world->scopes, name, scope);
    if (scope->hh.tbl == NULL) {
        world_own_free(world, scope, sizeof *scope);
        return NULL;
    }
    return scope;
}

struct pool_scope *world_scope(struct world *world, const char *name)
{
    struct pool_population *population = population_find(world, "request_finalizers");

    pthread_mutex_lock(&world->lock);
    struct pool_scope *scope = scope_open_locked(world, name, population);
    pthread_mutex_unlock(&world->lock);
    return scope;
}

bool world_scope_close(struct world *world, const char *name)
{
    struct pool_scope *scope = NULL;

    pthread_mutex_lock(&world->lock);
    HASH_FIND_STR(world->scopes, name, scope);
    if (scope != NULL)
        HASH_DEL(world->scopes, scope);
    pthread_mutex_unlock(&world->lock);
    if (scope == NULL)
        return false;
    while (scope_run_last(world, scope)) {
    }
    world_own_free(world, scope, sizeof *scope);
    return true;
}

static void scope_drop_finalizers(struct world *world, struct pool_scope *scope)
{
    while (scope->last != NULL)
        scope_remove(world, scope->last);
}

void scopes_free_all(struct world *world)
{
    struct pool_scope *scope, *next;

    HASH_ITER(hh, world->scopes, scope, next)
    {
        scope_drop_finalizers(world, scope);
        HASH_DEL(world->scopes, scope);
        world_own_free(world, scope, sizeof *scope);
    }
    scope_drop_finalizers(world, &world->app_scope);
}
